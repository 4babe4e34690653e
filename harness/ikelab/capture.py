"""Captures every link of a topology in one process (harness/capture/capture.c).

    with Capture(topology.capture_points(), directory) as capture:    # listens when this returns
        ...
        capture.flush()              # all that has crossed a link so far is in the files now
    capture.result.files["wire"], capture.result.dropped

A capture that dropped packets proves nothing: the scenario is `inconclusive`.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ikelab import process
from ikelab.cleanup import build_directory

DEADLINE_S = 10.0


class CaptureError(Exception):
    """The capture could not start or write; the words are capture's own."""


class Point(Protocol):
    """A topology's CapturePoint."""

    name: str
    netns: str
    interface: str


@dataclass(frozen=True)
class CaptureResult:
    """What was captured: a file, and packets received and dropped, by link."""

    files: dict[str, Path]
    received: dict[str, int] = field(default_factory=dict)
    dropped_by_link: dict[str, int] = field(default_factory=dict)

    @property
    def dropped(self) -> int:
        return sum(self.dropped_by_link.values())


class Capture:
    """Listens from construction to stop(). Files are <directory>/<link>.pcap, nanosecond pcap."""

    def __init__(self, points: Iterable[Point], directory: Path, *, buffer_kib: int = 4096):
        program = build_directory() / "capture"
        if not program.exists():
            raise CaptureError(f"{program} is missing; run `make`")
        self._points = list(points)
        self.files = {point.name: directory / f"{point.name}.pcap" for point in self._points}
        self.result: CaptureResult | None = None
        directory.mkdir(parents=True, exist_ok=True)
        self._process = process.popen(
            None, [program, "--buffer", str(buffer_kib),
                   *(f"{p.netns}:{p.interface}={self.files[p.name]}" for p in self._points)],
            name="capture", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._unread = b""
        self._expect("ready")

    def flush(self) -> None:
        """Returns when every packet that has crossed a link before is in its file."""
        self._tell(b"flush\n")
        self._expect("flushed")

    def stop(self) -> CaptureResult:
        """Takes what is still under way, ends, and reports; again: the same report."""
        if self.result is None:
            self._tell(b"quit\n")
            links = json.loads(self._read_line())["links"]
            process.leave(self._process)
            names = [point.name for point in self._points]
            self.result = CaptureResult(
                self.files,
                {name: link["received"] for name, link in zip(names, links, strict=True)},
                {name: link["dropped"] for name, link in zip(names, links, strict=True)})
        return self.result

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.stop()
            return
        try:  # keep what there is, but let the first error be the one that is seen
            self.stop()
        except CaptureError:
            self._process.kill()

    def _tell(self, line: bytes) -> None:
        try:
            os.write(self._process.stdin.fileno(), line)
        except (OSError, ValueError):
            self._fail()

    def _expect(self, word: str) -> None:
        line = self._read_line()
        if line != word:
            self._process.kill()
            raise CaptureError(f"capture said `{line}` instead of `{word}`")

    def _read_line(self) -> str:
        end = time.monotonic() + DEADLINE_S
        descriptor = self._process.stdout.fileno()
        while b"\n" not in self._unread:
            left = end - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                self._process.kill()
                raise CaptureError(f"capture did not answer within {DEADLINE_S:g} s")
            octets = os.read(descriptor, 65536)
            if not octets:
                self._fail()
            self._unread += octets
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

    def _fail(self) -> None:
        status = self._process.wait()
        said = self._process.stderr.read().decode(errors="replace").strip().splitlines()
        self._process.stop()
        raise CaptureError(said[-1] if said else f"capture ended with status {status}")
