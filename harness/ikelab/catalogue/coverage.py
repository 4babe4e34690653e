"""Holds catalogue, tests and the committed list of ids together. An id that was once given is named in reports and in
tests of people whom we do not know, so it stays: a row may be reworded, its id may not go or move."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from .marks import Mark
from .model import Catalogue, Requirement

HEADER = ("# Every id that was ever given, one a line. ci/trace.py --update adds new ones; none is ever taken out.\n")


def read_ids(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def write_ids(path: Path, catalogue: Catalogue) -> int:
    """Adds the ids that are not there yet, in the catalogue's order; how many those were."""
    known = read_ids(path)
    new = [row.id for row in catalogue.requirements if row.id not in set(known)]
    order = {row.id: number for number, row in enumerate(catalogue.requirements)}
    every = sorted([*known, *new], key=lambda name: order.get(name, -1))
    path.write_text(HEADER + "".join(f"{name}\n" for name in every), encoding="utf-8")
    return len(new)


def problems(catalogue: Catalogue, marks: Iterable[Mark], known: Iterable[str]) -> Iterator[str]:
    """Ids that vanished, ids nobody wrote down, marks that lead nowhere."""
    rows, known = catalogue.by_id(), set(known)
    for name in sorted(known - rows.keys()):
        yield f"{name}: the catalogue had this id and has it no longer; bring the row back, with whatever words"
    new = sorted(rows.keys() - known)
    if new:
        yield f"{len(new)} ids are not in the list of ids ({', '.join(new[:3])}{' ...' if new[3:] else ''}); " \
              "run ci/trace.py --update and commit the list"
    for mark in marks:
        if mark.id not in rows:
            yield f"{mark}: {mark.test} names {mark.id}, which is in no file of vectors/requirements"
        elif rows[mark.id].testable == "no":
            yield f"{mark}: {mark.test} names {mark.id}, which says that it cannot be tested ({rows[mark.id].reason}); " \
                  "change the row if it can"
        elif rows[mark.id].untested:
            yield f"{mark}: {mark.test} names {mark.id}, which says that it has no test ({rows[mark.id].untested}); " \
                  "take `untested` out of the row"
        elif mark.soft:
            yield f"{mark}: {mark.test} asks for {mark.id} by should(), and its @requirement does not name it; add it there"


def untested(catalogue: Catalogue) -> list[Requirement]:
    """Rows that want a test and have none: MUST and MUST NOT, and SHOULD and SHOULD NOT that do not say why."""
    return [row for row in catalogue.requirements if row.wants_a_test]
