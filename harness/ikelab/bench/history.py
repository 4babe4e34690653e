"""What runs of the bench have measured, one after the other: a file of JSON lines, each line a run.

    history = History(path)                  # HistoryError before anything is measured, not after
    history.append(record("tunnel", figures, started))
    history.read()                           # the oldest first

harness/schema/history.schema.json describes a line; read() holds every line to it.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
import platform
import ssl
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..result import SCHEMA as RESULTS
from ..result import machine
from .measure import ROOT

SCHEMA = RESULTS.parent / "history.schema.json"
LESS, MORE = "less", "more"
MEASURED = ("ref", "Makefile")  # what a commit has to be without changes in for a run to be of it


class HistoryError(Exception):
    """It cannot be read or written; one sentence with the remedy."""


@dataclass(frozen=True)
class Figure:
    """One number of a run. The same name in other runs of the same bench makes a series."""

    name: str
    value: float
    unit: str
    better: str  # LESS or MORE
    tolerance: float | None = None  # of a count, which is the same every time: by what share it may differ. None: it scatters
    control: bool = False  # of what is no part of the reference: where it changes too, the machine has changed


@dataclass(frozen=True)
class Record:
    """One run."""

    bench: str
    commit: str  # 40 digits, or "" where nobody knows
    dirty: bool  # the reference was not as that commit has it
    date: str  # when it began
    machine: Mapping[str, Any]
    libraries: Mapping[str, str]  # what it was built with and what it calls
    figures: tuple[Figure, ...]

    @property
    def name(self) -> str:
        return (self.commit[:8] or "unknown") + ("+" if self.dirty else "")


def record(bench: str, figures: Iterable[Figure], started: float, libraries: Mapping[str, str] | None = None) -> Record:
    """Of this tree and this machine. `libraries`: what is known of them better than here."""
    commit, dirty = _commit()
    return Record(bench, commit, dirty, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
                  {**machine(), "processor": _processor()}, dict(libraries or _libraries()),
                  tuple(one for one in figures if math.isfinite(one.value)))


class History:
    def __init__(self, path: Path):
        """Whether it can be written shows here. A directory that is missing is made."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.open("ab").close()
        except OSError as error:
            raise HistoryError(f"cannot write the history {path}: {error.strerror}; give another --history FILE") from error

    def append(self, one: Record) -> None:
        """A line, whole or not at all, whoever else writes meanwhile. After a line that somebody was killed in, a new one."""
        line = json.dumps(asdict(one), separators=(",", ":")).encode() + b"\n"
        try:
            with self.path.open("r+b", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                end = file.seek(0, os.SEEK_END)
                if end and os.pread(file.fileno(), 1, end - 1) != b"\n":
                    line = b"\n" + line
                if file.write(line) != len(line):
                    file.truncate(end)
                    raise OSError(0, "the disk is full")
        except OSError as error:
            raise HistoryError(f"cannot write the history {self.path}: {error.strerror}; make room, or give another "
                               "--history FILE") from error


def read(path: Path, last: int | None = None) -> list[Record]:
    """The oldest first; of each bench only so many. Raises HistoryError, also for one bad line: what is left out would be missed by
    nobody."""
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise HistoryError(f"cannot read the history {path}: {error.strerror}; runs of `ikelab bench` write it, or name "
                           "another with --history FILE") from error
    except UnicodeDecodeError as error:
        raise HistoryError(f"the history {path} is no text: {error}; name another with --history FILE") from error
    found: list[Record] = []
    seen: Counter[str] = Counter()
    for number, line in reversed([*enumerate(lines, 1)]):
        if not line.strip():
            continue
        one = _parsed(path, number, line)
        bench = str(one.get("bench")) if isinstance(one, dict) else ""
        seen[bench] += 1
        if last is None or seen[bench] <= last:
            found.append(_record(path, number, one))
    return found[::-1]


def _parsed(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _no_run(path, number, str(error)) from error


def _record(path: Path, number: int, found: Any) -> Record:
    import jsonschema

    try:
        _validator().validate(found)
    except jsonschema.ValidationError as error:
        raise _no_run(path, number, error.message) from error
    return Record(**{**found, "figures": tuple(Figure(**one) for one in found["figures"])})


def _no_run(path: Path, number: int, why: str) -> HistoryError:
    return HistoryError(f"line {number} of {path} is no run of the bench ({why[:100]}); remove that line")


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


@cache
def _validator() -> Any:
    import jsonschema

    return jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))


# ---- of which commit, and where ----


def _commit() -> tuple[str, bool]:
    head = _git("rev-parse", "--verify", "--quiet", "HEAD")
    return (head, _git("status", "--porcelain", "--", *MEASURED) != "") if head else ("", False)


def stale(build: Path, program: str) -> bool:
    """It was built of other sources than this tree has now, so nobody knows of which commit it is."""
    directory = os.path.relpath(build.resolve(), ROOT) if build.resolve().is_relative_to(ROOT) else str(build.resolve())
    try:
        return subprocess.run(["make", "--question", f"BUILD={directory}", f"{directory}/{program}"], cwd=ROOT, check=False,
                              env={name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS")},
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode != 0
    except OSError:
        return False


def _git(*words: str) -> str:
    """"" where there is no git, or no repository."""
    try:
        return subprocess.run(["git", *words], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False).stdout.strip()
    except OSError:
        return ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _libraries() -> dict[str, str]:
    """Debian's Python and the reference call the same libcrypto."""
    return {"libcrypto": ssl.OPENSSL_VERSION, "libc": " ".join(platform.libc_ver())}
