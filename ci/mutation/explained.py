"""ci/mutation.toml: survivors that no test of the wire can ever catch, each with its reason."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .mutant import Mutant

FIELDS = {"file", "function", "operator", "was", "becomes", "reason"}


class BadEntry(Exception):
    """In one sentence."""


@dataclass(frozen=True)
class Explained:
    """What is left empty fits anything; white space does not count."""

    file: str
    function: str
    reason: str
    operator: str = ""
    was: str = ""
    becomes: str = ""

    def fits(self, mutant: Mutant) -> bool:
        return (self.file == mutant.file and self.function == mutant.function
                and self.operator in ("", mutant.operator)
                and (not self.was or _same(self.was, mutant.was))
                and (not self.becomes or _same(self.becomes, mutant.becomes)))

    def __str__(self) -> str:
        return ": ".join(one for one in (self.file, self.function, self.operator, self.was) if one)


def _same(one: str, other: str) -> bool:
    return one.split() == other.split()


def read(path: Path) -> list[Explained]:
    try:
        found = tomllib.loads(path.read_text()).get("survivor", [])
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadEntry(f"{path}: {error}") from error
    entries = []
    for number, one in enumerate(found, 1):
        if not {"file", "function", "reason"} <= one.keys() <= FIELDS or not str(one["reason"]).strip():
            raise BadEntry(f"{path}: survivor {number} needs file, function and reason, and may have operator, was, becomes")
        entries.append(Explained(**one))
    return entries


def misfits(entries: Iterable[Explained], mutants: list[Mutant]) -> list[Explained]:
    """Those that fit nothing that could be planted."""
    return [entry for entry in entries if not any(entry.fits(mutant) for mutant in mutants)]
