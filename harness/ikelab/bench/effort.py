"""What a daemon costs the machine it runs on: processor time, memory, threads, of a process and all below it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
PROC = Path("/proc")


@dataclass(frozen=True)
class Effort:
    processor_s: float  # since it began, children that have ended included
    resident_mib: float
    threads: int


def family(pid: int) -> list[int]:
    """The process and its descendants."""
    children: dict[int, list[int]] = {}
    for one, parent in _parents():
        children.setdefault(parent, []).append(one)
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += children.get(one, [])
    return found


def effort(pid: int) -> Effort:
    """Of the whole family. Raises OSError when the process has ended."""
    found = {pid: _stat(pid), **{one: stat for one in family(pid)[1:] if (stat := _stat_or_none(one))}}
    return Effort(sum(_processor_s(one, fields) for one, fields in found.items()),
                  sum(int(fields[21]) for fields in found.values()) * PAGE / 2**20,
                  sum(int(fields[17]) for fields in found.values()))


def bind(pid: int, processors: set[int]) -> None:
    """Every thread of the whole family, and so those that they will make."""
    for one in family(pid):
        for thread in _threads(one):
            try:
                os.sched_setaffinity(thread, processors)
            except ProcessLookupError:
                continue  # it has ended meanwhile


def _processor_s(pid: int, fields: list[str]) -> float:
    """In ticks the kernel tells the time of all threads, also of those that have ended, and of children that were waited for;
    of threads that live it tells nanoseconds."""
    own, waited_for = (sum(map(int, fields[first:first + 2])) / TICKS for first in (11, 13))
    return max(own, sum(_ran_s(pid, thread) for thread in _threads(pid))) + waited_for


def _ran_s(pid: int, thread: int) -> float:
    try:
        return int((PROC / str(pid) / "task" / str(thread) / "schedstat").read_text().split()[0]) / 1e9
    except (OSError, IndexError):
        return 0.0


def _parents() -> Iterator[tuple[int, int]]:
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat_or_none(int(entry.name))):
            yield int(entry.name), int(fields[1])


def _stat(pid: int) -> list[str]:
    """The fields from `state` on: the name before it may hold anything."""
    return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _stat_or_none(pid: int) -> list[str] | None:
    try:
        return _stat(pid)
    except (OSError, ProcessLookupError):
        return None


def _threads(pid: int) -> list[int]:
    try:
        return [int(entry.name) for entry in (PROC / str(pid) / "task").iterdir()]
    except OSError:
        return []
