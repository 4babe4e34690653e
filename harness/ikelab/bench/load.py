"""build/ikeload: many clients of one responder, and what came of them."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .. import process
from ..cleanup import build_directory
from ..peers import reference_config
from ..peers.neutral import DaemonSpec
from ..process import ProcessError

GRACE_S = 30.0  # beside what it was asked for: its own five seconds, and a machine that has other things to do


class CannotLoad(Exception):
    """One sentence with the remedy."""


@dataclass(frozen=True)
class Pace:
    """A closed loop of so many at a time, or an open one of so many a second."""

    at_a_time: int = 0
    rate: float = 0.0

    def words(self) -> list[str]:
        return ["--rate", f"{self.rate:g}"] if self.rate else ["--at-a-time", str(self.at_a_time)]


@dataclass(frozen=True)
class Load:
    """One run, as ikeload tells it; times in microseconds. docs/PERFORMANCE.md says what each is."""

    offered: int
    done: int
    failed: int
    causes: dict[str, int]
    unfinished: int
    lost: int
    seconds: float
    per_second: float
    latency_us: dict[str, Any]
    retransmissions: int
    processor_s: float
    waited_s: float
    generator_is_the_limit: bool

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def program() -> Path:
    return build_directory().resolve() / "ikeload"


def missing() -> str:
    """"" or the remedy."""
    return "" if program().exists() else f"{program()} is not built: run `make`"


@dataclass(frozen=True)
class Generator:
    """`spec` is what a client is like: one peer with one child."""

    directory: Path
    netns: str | None  # None: this machine's own
    processor: int | None  # that it is bound to

    @property
    def config(self) -> Path:
        return self.directory / "ikeload.conf"

    def configure(self, spec: DaemonSpec) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.config.write_text(reference_config.daemon_conf(spec, directory=self.directory))
        self.config.chmod(0o600)

    def play(self, pace: Pace, seconds: float = 0.0, count: int = 0, whole: bool = False, keep: bool = False) -> Load:
        """At most so many handshakes and seconds."""
        bound = [] if self.processor is None else ["taskset", "--cpu-list", str(self.processor)]
        words = [*bound, program(), "--config", self.config.name, *pace.words(),
                 *(["--seconds", f"{seconds:g}"] if seconds else []), *(["--count", str(count)] if count else []),
                 *(["--whole"] if whole else []), *(["--keep"] if keep else [])]
        try:
            done = process.run(self.netns, words, cwd=self.directory, timeout=(seconds or 10) + GRACE_S, check=False)
        except ProcessError as error:
            raise CannotLoad(f"{error}; does the peer answer at all?") from error
        return read(done)


def read(done: subprocess.CompletedProcess[str]) -> Load:
    """What it printed. Raises CannotLoad with what it said instead."""
    if done.returncode != 0:
        raise CannotLoad((done.stderr.strip().splitlines() or [f"ikeload ended with status {done.returncode}"])[-1])
    try:
        said = json.loads(done.stdout)
        return Load(**{name: said[name] for name in Load.__dataclass_fields__})
    except (ValueError, KeyError) as error:
        raise CannotLoad(f"ikeload printed what cannot be read ({error}): {done.stdout[:80]!r}") from error
