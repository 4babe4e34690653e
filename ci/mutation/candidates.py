"""Every fault that could be planted, and which of them are: a seeded choice, spread over files and operators."""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from .mutant import ROOMS, Mutant
from .operators import OPERATORS, Change
from .source import Source

WEIGHTS = {one.name: one.weight for one in OPERATORS}
T = TypeVar("T")


def files(root: Path) -> list[str]:
    """The C files of the protocol's rooms."""
    return [f"{room}/{path.name}" for room in ROOMS for path in sorted((root / room).glob("*.c"))]


def of_file(root: Path, name: str) -> list[Mutant]:
    """All that this file offers, in the order of its text."""
    source, found, same = Source(root, name), [], Counter[tuple[str, ...]]()
    for place in source.places():
        for operator in OPERATORS:
            for change in operator.find(source, place):
                mutant = _mutant(source, place.function, operator.name, change)
                key = (mutant.function, mutant.operator, mutant.was, mutant.becomes)
                found.append(replace(mutant, number=same[key]))
                same[key] += 1
    return found


def _mutant(source: Source, function: str, operator: str, change: Change) -> Mutant:
    return Mutant(source.name, function, operator, change.start, change.end, source.text[change.start:change.end],
                  change.becomes, source.line(change.start), source.line(max(change.start, change.end - 1)))


def all_of(root: Path) -> list[Mutant]:
    return [mutant for name in files(root) for mutant in of_file(root, name)]


def chosen(mutants: Iterable[Mutant], seed: str) -> list[Mutant]:
    """All of them, those first that are tried first: any beginning of this list is spread over files, and in a file over
    operators. A file has a share by the root of what it offers, so that small ones are not forgotten."""
    by_file: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in sorted(mutants, key=lambda one: luck(seed, one.identity)):
        by_file[mutant.file].append(mutant)
    queues = [spread(several, lambda one: one.operator, WEIGHTS, f"{seed} {name}") for name, several in by_file.items()]
    shares = {name: math.sqrt(len(several)) for name, several in by_file.items()}
    return spread([mutant for queue in queues for mutant in queue], lambda one: one.file, shares, seed)


def spread(items: Iterable[T], kind: Callable[[T], str], weights: Mapping[str, float], seed: str) -> list[T]:
    """Kinds by turns, each as often as it weighs, and items of a kind in their order. Luck says which kind begins."""
    seen: Counter[str] = Counter()
    keyed = []
    for order, item in enumerate(items):
        name = kind(item)
        keyed.append(((seen[name] + luck(seed, name)) / weights[name], order, item))
        seen[name] += 1
    return [item for _, _, item in sorted(keyed, key=lambda one: one[:2])]


def luck(*words: str) -> float:
    """From 0 to 1, always the same for the same words."""
    return int.from_bytes(hashlib.sha256("\0".join(words).encode()).digest()[:8], "big") / 2**64
