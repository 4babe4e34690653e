"""Hard times for one ikeref: memory that cannot be had, a calendar that somebody sets (harness/hardship/hardship.c)."""

from __future__ import annotations

import mmap
import shlex
import struct
from pathlib import Path

from ikelab.cleanup import build_directory

LIBRARY = (build_directory() / "hardship.so").resolve()
IKEREF = (build_directory() / "ikeref").resolve()
NEVER = 2**64 - 1
_PAGE = struct.Struct("=QQQQqq")  # struct hardship
_ASKED, _FROM, _TO, _FAILED, _CALENDAR, _UPTIME = range(0, 48, 8)


class Hardship:
    """The page. `program` is to be started instead of ikeref; it is one, under these conditions."""

    def __init__(self, directory: Path):
        file = directory / "hardship"
        file.write_bytes(_PAGE.pack(0, NEVER, NEVER, 0, 0, 0).ljust(mmap.PAGESIZE, b"\0"))
        with file.open("r+b") as opened:
            self._page = mmap.mmap(opened.fileno(), mmap.PAGESIZE)
        self.program = script(directory / "ikeref-in-hardship",
                              f"LD_PRELOAD={LIBRARY} IKELAB_HARDSHIP={shlex.quote(str(file))} exec {IKEREF} \"$@\"")

    def fail(self, first: int, count: int = NEVER) -> None:
        """From the `first` request for memory on, counted from now, `count` get none."""
        start = self.asked + first
        self._put(_TO, 0)
        self._put(_FROM, start)
        self._put(_TO, min(start + count, NEVER))

    def reset(self, first: int, count: int) -> None:
        """The same for a daemon that is still to start: counted from its first request."""
        self._put(_ASKED, 0)
        self.fail(first, count)

    def relent(self) -> None:
        self._put(_TO, 0)

    def set_calendar(self, seconds_ahead: int) -> None:
        struct.pack_into("=q", self._page, _CALENDAR, seconds_ahead * 10**9)

    def pass_time(self, seconds: int) -> None:
        """For what the daemon looks up, not for what it waits for: it notices when something else wakes it."""
        so_far = struct.unpack_from("=q", self._page, _UPTIME)[0]
        struct.pack_into("=q", self._page, _UPTIME, so_far + seconds * 10**9)

    @property
    def asked(self) -> int:
        return self._get(_ASKED)

    @property
    def failed(self) -> int:
        return self._get(_FAILED)

    def _get(self, offset: int) -> int:
        return struct.unpack_from("=Q", self._page, offset)[0]

    def _put(self, offset: int, value: int) -> None:
        struct.pack_into("=Q", self._page, offset, value)


def script(path: Path, command: str) -> Path:
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)
    return path
