"""Where a program can be killed: before any system call of its that changes something. strace does it."""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ikelab import process

# Between two of these nothing changes that others could see. Messages to the kernel are sendto.
CHANGING = ("sendto", "sendmmsg", "ioctl", "bind", "mkdir", "unlink", "unlinkat", "write", "clone", "clone3", "vfork",
            "fchownat", "setresuid", "capset", "seccomp", "exit_group")


@dataclass(frozen=True)
class Point:
    """Before the `number`th call of this name, from 1."""

    call: str
    number: int

    def __str__(self) -> str:
        return f"{self.call}-{self.number}"


def watched(log: Path) -> list[str]:
    """The words before a program that tell its system calls to `log`."""
    return ["strace", "-q", "-o", str(log), "-e", f"trace={','.join(CHANGING)}", "--"]


def stepped(point: Point) -> list[str]:
    """The words before a program that is killed there."""
    return ["strace", "-q", "-o", os.devnull, "-e", f"trace={point.call}", "-e", injection(point), "--"]


def injection(point: Point) -> str:
    return f"inject={point.call}:signal=KILL:when={point.number}"


def points(log: Path) -> list[Point]:
    """In order, until it says that it is ready, or to the end."""
    text = log.read_text(errors="replace").partition('write(1, "{')[0]
    calls = re.findall(r"^([a-z0-9_]+)\(", text, re.MULTILINE)
    seen: Counter[str] = Counter()
    found = []
    for call in calls:
        seen[call] += 1
        found.append(Point(call, seen[call]))
    return found


def chosen(all_points: list[Point], count: int) -> list[Point]:
    """All of them when IKELAB_ROBUST=all, else `count`, evenly."""
    if os.environ.get("IKELAB_ROBUST") == "all" or len(all_points) <= count:
        return all_points
    return [all_points[(2 * i + 1) * len(all_points) // (2 * count)] for i in range(count)]


class Attached:
    """strace on a living daemon, from here on."""

    def __init__(self, pid: int, directory: Path, options: list[str]):
        self.log = directory / "strace.log"
        self._said = directory / "strace.said"
        self._said.unlink(missing_ok=True)  # of the one before
        self._process = process.popen(None, ["strace", "-o", str(self.log), *options, "-p", str(pid)], log=self._said)
        process.await_that(lambda: "attached" in self._said.read_text(), "strace to be attached")

    def detach(self) -> None:
        self._process.signal(signal.SIGINT)
        self._process.wait(10)

    def wait(self) -> None:
        self._process.wait(20)


def attach_to_watch(pid: int, directory: Path) -> Attached:
    return Attached(pid, directory, ["-e", f"trace={','.join(CHANGING)}"])


def attach_to_kill(pid: int, directory: Path, point: Point) -> Attached:
    return Attached(pid, directory, ["-e", f"trace={point.call}", "-e", injection(point)])
