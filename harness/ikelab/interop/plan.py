"""What is to be played: cells, the scenarios of each, and how the cells are dealt out to shards.

All of it follows from the table of peers, the scenarios and the options alone, so that every machine of a sharded run
comes to the same plan by itself.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from ..peers.table import PeerKind

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
    choice: str  # "core" or "all"

    @property
    def name(self) -> str:
        return f"{self.initiator.name} > {self.responder.name}"

    @property
    def pair(self) -> tuple[str, str]:
        return self.initiator.name, self.responder.name

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


def estimate_s(cells: Iterable[Cell], workers: int, cores: int) -> float:
    """How long it is likely to take when nobody else has work for this machine."""
    return sum(cell.cost_s for cell in cells) / max(1, min(workers, cores))


def core_patterns(path: Path = CORE) -> list[str]:
    try:
        found = tomllib.loads(path.read_text())["core"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise PlanError(f"{path} has no list `core` of scenario names ({error}); correct it") from error
    return [str(one) for one in found]


def core(names: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """Those of `names` that the patterns name. [ and ] are letters of a name; * stands for anything."""
    escaped = [pattern.replace("[", "[[]") for pattern in patterns]
    return [name for name in names if any(fnmatchcase(name, one) for one in escaped)]


def cells(initiators: Sequence[PeerKind], responders: Sequence[PeerKind], names: Sequence[str], choice: Choice,
          patterns: Sequence[str]) -> list[Cell]:
    """Every initiator with every responder. `auto`: all scenarios or the core, as plays_all() says. A cell that has nothing to play is left out."""
    short, found = tuple(core(names, patterns)), []
    for one in initiators:
        for other in responders:
            whole = choice == "all" or choice == "auto" and plays_all(one, other)
            cell = Cell(one, other, tuple(names) if whole else short, "all" if whole else "core")
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
            mine.add(cell.pair)
    return [cell for cell in found if cell.pair in mine]


def parse_shard(text: str) -> tuple[int, int]:
    number, _, count = text.partition("/")
    if not (number.isdigit() and count.isdigit() and 1 <= int(number) <= int(count)):
        raise PlanError(f"--shard {text}: write it as K/N with 1 <= K <= N, as in 2/4")
    return int(number), int(count)
