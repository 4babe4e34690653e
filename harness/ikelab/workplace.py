"""Where a play's daemons, captures and tools write while they run: in memory. A disk may hold up whoever creates or appends
to a file for as long as its journal is busy, and a daemon that waits for its own log answers nobody. What is left of a
play is carried to its directory when all in it has ended."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from . import cleanup

ROOM = 256 << 20  # octets, which several plays at a time are far from


def workplace(home: Path) -> Path:
    """An empty directory of this run's in memory, or `home` itself where there is no room for one. What was in `home`
    is removed."""
    shutil.rmtree(home, ignore_errors=True)
    memory = cleanup.MEMORY
    if not memory.is_dir() or not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < ROOM:
        home.mkdir(parents=True)
        return home
    work = cleanup.MEMORY / f"{cleanup.current_run().next_prefix()}-work"
    work.mkdir(mode=0o755)
    return work


def carry(work: Path, home: Path) -> None:
    """Files and directories; sockets and FIFOs are nothing without who had them open. Raises OSError, and nothing is left
    in memory in any case."""
    if work == home:
        return
    try:
        _copy(work, home)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for entry in os.scandir(source):
        if entry.is_symlink():
            (target / entry.name).symlink_to(os.readlink(entry.path))
        elif entry.is_dir():
            _copy(Path(entry.path), target / entry.name)
        elif entry.is_file():
            shutil.copyfile(entry.path, target / entry.name)
            (target / entry.name).chmod(stat.S_IMODE(entry.stat().st_mode))
