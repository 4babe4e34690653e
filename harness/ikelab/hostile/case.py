"""Cases by seed and number. All that is random about a case is drawn when it is made, and is in its words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .ground import Ground

GROUPS = ("header", "chain", "proposals", "identity", "certificates", "order", "fragments", "selectors", "floods",
          "cookies", "esp")
BOTH = ("responder", "initiator")


class State(Enum):
    """What the peer is brought to before the case begins."""

    APART = "apart"  # as responder it has heard nothing; as initiator it waits for the answer to IKE_SA_INIT
    KEYED = "keyed"  # there are keys, and nobody has proved anything; as initiator it waits for the answer to IKE_AUTH
    ESTABLISHED = "established"


@dataclass(slots=True, frozen=True)
class Deed:
    """What a generator has drawn. `stranger`: nothing in it proves who we are, so nobody may be taken for authenticated."""

    state: State
    words: str
    play: Callable[[Ground], None]
    stranger: bool = False


@dataclass(slots=True, frozen=True)
class Case:
    group: str
    seed: str
    number: int
    kind: str  # the generator's name
    deed: Deed

    def __str__(self) -> str:
        return f"{self.group} {self.number} ({self.kind}: {self.deed.words})"


Generator = Callable[[Random], Deed]


class Generators:
    """Of one group, in the order of the file: case n is of kind n modulo their number, so that a few cases are of all
    kinds."""

    def __init__(self, group: str):
        self.group = group
        self.by_kind: dict[str, Generator] = {}

    def __call__(self, function: Generator) -> Generator:
        self.by_kind[function.__name__] = function
        return function

    def case(self, seed: str, number: int, role: str) -> Case:
        kinds = [(kind, one) for kind, one in self.by_kind.items() if role in roles_of(one)]
        kind, generator = kinds[number % len(kinds)]
        return Case(self.group, seed, number, kind, generator(Random(f"{seed}/{self.group}/{kind}/{number}")))


def only(role: str) -> Callable[[Generator], Generator]:
    """Of a generator whose cases are for peers of one role."""
    def mark(function: Generator) -> Generator:
        function.roles = (role,)  # type: ignore[attr-defined]
        return function
    return mark


def roles_of(generator: Generator) -> tuple[str, ...]:
    return getattr(generator, "roles", BOTH)


def generators(group: str) -> Generators:
    """Those of a module of this package."""
    return import_module(f".{group}", __package__).GENERATORS


def cases(group: str, seed: str, numbers: Iterable[int], role: str) -> Iterator[Case]:
    found = generators(group)
    return (found.case(seed, number, role) for number in numbers)
