"""What is known already, a file a mutant: a second run only does what has changed since."""

from __future__ import annotations

import base64
import json
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

# What a mutant came to.
NONE = "none"  # it is no mutant: it does not compile, or to the same code
LIFE = "life"  # not even a plain life works
TEST = "test"  # a test fails
UNTESTABLE = "untestable"  # a test's beginning does not come about, which `ikelab conform` counts as not in order either
NOTE = "note"  # a test passes, and notes a SHOULD that the reference meets
SURVIVED = "survived"
UNREACHED = "unreached"  # no test comes to its lines
UNDECIDED = "undecided"  # its time was over
BROKEN = "broken"  # the run itself went wrong, and says why
CAUGHT = (LIFE, TEST, UNTESTABLE, NOTE)
COUNTED = (*CAUGHT, SURVIVED, UNREACHED, UNDECIDED)


@dataclass
class Record:
    """`sources` and `harness` are digests of what it was judged with; `played`: the tests that saw nothing, with the
    digests of their files; `doubtful`: those of them that failed at first, and not, or not only with the fault, when played
    alone. `by`: the test that caught it, and `by_digest` its file's."""

    identity: str
    outcome: str
    sources: str
    harness: str
    by: str = ""
    by_digest: str = ""
    reason: str = ""
    seconds: float = 0.0
    played: dict[str, str] = field(default_factory=dict)
    doubtful: list[str] = field(default_factory=list)

    def holds(self, sources: str, harness: str, tests: dict[str, str]) -> bool:
        """Whether a run with these sources and tests (those that come to the mutant's lines) would say the same."""
        if self.sources != sources or self.outcome in (UNDECIDED, BROKEN):
            return False
        if self.outcome == NONE:
            return True
        if self.harness != harness:
            return False
        if self.outcome in CAUGHT:
            return self.outcome == LIFE or tests.get(self.by) == self.by_digest
        return not self.unplayed(tests)

    def unplayed(self, tests: dict[str, str]) -> list[str]:
        return [name for name, digest in tests.items() if self.played.get(name) != digest]


class Records:
    def __init__(self, folder: Path):
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, identity: str) -> Path:
        return self._folder / f"{identity}.json"

    def get(self, identity: str) -> Record | None:
        found = _read(self.path(identity))
        try:
            return Record(**found) if isinstance(found, dict) else None
        except TypeError:
            return None  # of an older kind

    def put(self, record: Record) -> None:
        _write(self.path(record.identity), asdict(record))

    def kills(self) -> dict[str, str]:
        """By which test each mutant was caught, ever."""
        return {path.stem: found["by"] for path in self._folder.glob("*.json")
                if isinstance(found := _read(path), dict) and found.get("by")}


@dataclass
class Clean:
    """A test with the reference as it is: what it comes to, and which blocks (reach.py) it comes to."""

    digest: str
    verdict: str
    notes: list[str]
    seconds: float
    blocks: str  # base64 of zlib of one bit a block

    @property
    def bits(self) -> bytes:
        return zlib.decompress(base64.b64decode(self.blocks))


def text_of(bits: bytes) -> str:
    return base64.b64encode(zlib.compress(bits)).decode()


@dataclass
class CleanRun:
    """All tests with the reference as it is. `booted`: what it takes to bring a setup up, by the setup's own text."""

    sources: str
    harness: str
    tests: dict[str, Clean] = field(default_factory=dict)
    booted: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        _write(path, asdict(self))

    @classmethod
    def read(cls, path: Path, sources: str, harness: str) -> CleanRun:
        """Empty when it is of other sources."""
        found = _read(path)
        if not isinstance(found, dict) or (found.get("sources"), found.get("harness")) != (sources, harness):
            return cls(sources, harness)
        return cls(sources, harness, {name: Clean(**one) for name, one in found["tests"].items()}, found["booted"])


def in_order(names: Iterable[str], hint: str, of_function: Counter[str], of_file: Counter[str],
             cost: dict[str, float]) -> list[str]:
    """The test that caught this very mutant before, then those that caught others in its function, then in its file; the
    quick ones first."""
    return sorted(names, key=lambda name: (name != hint, -of_function[name], -of_file[name], cost.get(name, 0.0), name))


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def _write(path: Path, what: Any) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(what, indent=1) + "\n")
    temporary.replace(path)
