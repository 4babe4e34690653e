"""What is to be played: cells, the scenarios of each, and how the cells are dealt out to shards.

All of it follows from the table of peers, the scenarios and the options alone, so that every machine of a sharded run
comes to the same plan by itself.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from ..peers.table import PeerKind
from ..stage.proof import METHODS

CORE = Path(__file__).resolve().parents[3] / "scenarios" / "core.toml"
Choice = Literal["auto", "core", "all"]
CHOICES: tuple[Choice, ...] = ("auto", "core", "all")
# What a scenario costs, in seconds of a processor: measured, docs/INTEROP.md. Half of what iked costs is its start.
SCENARIO_S = 0.05
PEER_S = {"userspace": 0.05, "host-kernel": 0.05, "uml-kernel": 0.4}
OF_ITS_OWN_S = {"reference-xfrm": 0.25, "libreswan": 0.35, "openiked": 0.75}  # names begin so


class PlanError(Exception):
    """The plan cannot be made; the message says what to do."""


@dataclass(slots=True, frozen=True)
class Cell:
    """One initiator with one responder, and the names of the scenarios they play, in order."""

    initiator: PeerKind
    responder: PeerKind
    scenarios: tuple[str, ...]
    choice: str  # "core", "all" or "added"
    authentication: str = METHODS[0]

    @property
    def name(self) -> str:
        return f"{self.initiator.name} > {self.responder.name}, {self.authentication}"

    @property
    def pair(self) -> tuple[str, str]:
        return self.initiator.name, self.responder.name

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from every other cell of the plan."""
        return *self.pair, self.authentication

    @property
    def guests(self) -> frozenset[str]:
        """Whose guests a worker needs to play this."""
        return frozenset(kind.name for kind in (self.initiator, self.responder) if kind.tier == "uml-kernel")

    @property
    def scenario_s(self) -> float:
        return SCENARIO_S + peer_s(self.initiator) + peer_s(self.responder)

    @property
    def cost_s(self) -> float:
        """Likely processor time: for order and balance only."""
        return len(self.scenarios) * self.scenario_s


def peer_s(kind: PeerKind) -> float:
    """What it costs to have that peer in a scenario."""
    if kind.tier == "uml-kernel":
        for name, seconds in OF_ITS_OWN_S.items():
            if kind.name.startswith(name):
                return seconds
    return PEER_S.get(kind.tier, 0.5)


def is_reference(kind: PeerKind) -> bool:
    """The reference over any of its data planes."""
    return kind.name.split("-")[0] == "reference"


def plays_all(one: PeerKind, other: PeerKind) -> bool:
    """Whether the whole is asked of them: of the reference with everybody. Over the kernel's data plane it is the same
    protocol in the same program, so with others the core shows that the kernel has been told the right things."""
    return "reference" in (one.name, other.name) or is_reference(one) and is_reference(other)


def adds(one: PeerKind, other: PeerKind) -> bool:
    """Whether a further method of authentication is worth playing between them: it is a matter of two implementations,
    whatever their versions, and none of data planes."""
    names = {kind.name.split("-")[0] for kind in (one, other)}
    return len(names) == 2 and not any(is_reference(kind) and kind.name != "reference" for kind in (one, other))


def estimate_s(cells: Iterable[Cell], workers: int, cores: int) -> float:
    """How long it is likely to take when nobody else has work for this machine."""
    return sum(cell.cost_s for cell in cells) / max(1, min(workers, cores))


@dataclass(slots=True, frozen=True)
class Patterns:
    """What scenarios/core.toml says. Names may use *."""

    core: tuple[str, ...]
    added: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by method: what it adds to the methods before it
    own_method: tuple[str, ...] = ()  # these say themselves how the sides prove themselves


def read_patterns(path: Path = CORE) -> Patterns:
    try:
        found = tomllib.loads(path.read_text())
        added = {method: tuple(map(str, found["added"][method])) for method in METHODS[1:]}
        return Patterns(tuple(map(str, found["core"])), added, tuple(map(str, found["own_method"])))
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise PlanError(f"{path} lacks a list of scenario names ({error}); correct it") from error


def named_by(names: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """Those of `names` that the patterns name. [ and ] are letters of a name; * stands for anything."""
    escaped = [pattern.replace("[", "[[]") for pattern in patterns]
    return [name for name in names if any(fnmatchcase(name, one) for one in escaped)]


def cells(initiators: Sequence[PeerKind], responders: Sequence[PeerKind], names: Sequence[str], choice: Choice,
          patterns: Patterns, methods: Sequence[str] = METHODS[:1], everywhere: bool = False) -> list[Cell]:
    """Every initiator with every responder, once for each method of authentication. `auto`: by the first method all
    scenarios or the core, as plays_all() says; by each further one what it adds, where adds() says so or `everywhere`.
    No scenario that has a method of its own is played twice. A cell that has nothing to play is left out."""
    own = set(named_by(names, patterns.own_method))
    found = []
    for one in initiators:
        for other in responders:
            played: set[str] = set()
            for method in methods:
                further = choice == "auto" and method != methods[0]
                if further and not (everywhere or adds(one, other)):
                    continue
                kind = "added" if further else "all" if choice == "auto" and plays_all(one, other) else choice
                kind = "core" if kind == "auto" else kind
                chosen = {"all": names, "core": named_by(names, patterns.core),
                          "added": named_by(names, patterns.added.get(method, ()))}[kind]
                cell = Cell(one, other, tuple(name for name in chosen if name not in own & played), kind, method)
                played.update(cell.scenarios)
                if cell.scenarios:
                    found.append(cell)
    return found


def shard(found: Sequence[Cell], number: int, count: int) -> list[Cell]:
    """The number-th (from 1) of `count` parts: whole cells, dear ones first to the part that has least so far. Keeps
    the order of `found`."""
    loads = [0.0] * count
    mine = set()
    for cell in sorted(found, key=lambda one: (-one.cost_s, one.name)):
        part = loads.index(min(loads))
        loads[part] += cell.cost_s
        if part == number - 1:
            mine.add(cell.key)
    return [cell for cell in found if cell.key in mine]


def parse_shard(text: str) -> tuple[int, int]:
    number, _, count = text.partition("/")
    if not (number.isdigit() and count.isdigit() and 1 <= int(number) <= int(count)):
        raise PlanError(f"--shard {text}: write it as K/N with 1 <= K <= N, as in 2/4")
    return int(number), int(count)
