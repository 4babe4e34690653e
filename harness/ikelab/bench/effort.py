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
    fields = [_stat(pid), *(stat for one in family(pid)[1:] if (stat := _stat_or_none(one)))]
    return Effort(sum(sum(map(int, one[11:15])) for one in fields) / TICKS,
                  sum(int(one[21]) for one in fields) * PAGE / 2**20, sum(int(one[17]) for one in fields))


def bind(pid: int, processors: set[int]) -> None:
    """Every thread of the whole family, and so those that they will make."""
    for one in family(pid):
        for thread in _threads(one):
            try:
                os.sched_setaffinity(thread, processors)
            except ProcessLookupError:
                continue  # it has ended meanwhile


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
