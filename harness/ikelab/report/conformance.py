"""The page of a conformance run: requirements down, implementations across; a cell leads to the packets that decided it.

One file that needs nothing else; without JavaScript it reads the same, but that nothing can be filtered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from .. import __version__
from ..catalogue.model import Catalogue, Requirement
from ..result import Result, counts, machine
from ..verdict import Verdict
from .page import write_page
from .interop import WHOLE_MAX, Entry, clipped, fill, identity_of, read_text
from .ladder import STYLE

NOTE = "note"  # a SHOULD was not met
# Which of several tests of one requirement is shown: the first of these that there is.
WORST = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.EXPECTED_FAIL, NOTE, Verdict.PASS, Verdict.UNSUPPORTED)


@dataclass(slots=True, frozen=True)
class Column:
    """One implementation in one role."""

    peer: str
    role: str
    version: str = ""


@dataclass(slots=True)
class Cell:
    """What the tests of one requirement came to."""

    state: str
    entry: Entry
    tests: int


@dataclass(slots=True)
class Row:
    requirement: Requirement
    rfc: int
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)

    @property
    def states(self) -> str:
        return " ".join(sorted({cell.state for cell in self.cells.values()}))


@dataclass(slots=True)
class Coverage:
    """Of one RFC."""

    rfc: int
    title: str
    tested: list[Requirement]
    untested: list[Requirement]
    untestable: list[Requirement]


def under_test(result: Result) -> str:
    return result.initiator if result.role == "initiator" else result.responder


def version_of(result: Result) -> str:
    return result.initiator_version if result.role == "initiator" else result.responder_version


def state_of(result: Result, requirement: str = "") -> str:
    """A verdict, or that it passed with a note (about this requirement, where one is named)."""
    if result.verdict is Verdict.PASS and any(requirement in note for note in result.notes):
        return NOTE
    return str(result.verdict)


def columns(results: Iterable[Result]) -> list[Column]:
    found = {(under_test(one), one.role): Column(under_test(one), one.role, version_of(one)) for one in results}
    return [found[key] for key in sorted(found)]


def coverage(catalogue: Catalogue) -> list[Coverage]:
    """The catalogue's requirements already have their tests (catalogue.marks.with_tests)."""
    return [Coverage(one.rfc, one.title, [row for row in one.requirements if row.tests],
                     [row for row in one.requirements if not row.tests and row.testable != "no"],
                     [row for row in one.requirements if row.testable == "no"]) for one in catalogue.documents]


def rows(catalogue: Catalogue, entries: list[Entry]) -> list[Row]:
    """Those that a result decides, in the catalogue's order."""
    found = []
    for document in catalogue.documents:
        for requirement in document.requirements:
            row = Row(requirement, document.rfc)
            for entry in (one for one in entries if requirement.id in one.result.requirements):
                _add(row, entry, (under_test(entry.result), entry.result.role))
            if row.cells:
                found.append(row)
    return found


def _add(row: Row, entry: Entry, column: tuple[str, str]) -> None:
    state = state_of(entry.result, row.requirement.id)
    cell = row.cells.setdefault(column, Cell(state, entry, 0))
    cell.tests += 1
    if WORST.index(state) < WORST.index(cell.state):
        cell.state, cell.entry = state, entry


# Where many implementations stand side by side.
SHORT = {"expected-fail": "known", "unsupported": "n/a", "inconclusive": "?"}


def write_conformance(target: Path, directory: Path, results: list[Result], catalogue: Catalogue) -> Path:
    """Writes the page. `directory`: what the results' artefacts are relative to. Raises ReportError."""
    target, room = Path(target).resolve(), WHOLE_MAX
    entries = []
    for one in sorted(results, key=lambda result: (result.test, under_test(result), result.role)):
        entry = Entry(identity_of(one.identity), one, "; ".join(one.notes) or one.reason)
        if one.artefacts:
            fill(entry, directory / one.artefacts, target.parent, room)
            if not entry.trace and room > 0:
                entry.trace = clipped(read_text(directory / one.artefacts / "trace.txt"), from_end=False)
            room -= entry.octets
        entries.append(entry)
    covered = coverage(catalogue)
    return write_page(
        target, "conformance.html", "--html",
        columns=columns(results), rows=rows(catalogue, entries), entries=entries, coverage=covered, counts=counts(results),
        verdicts=[v.value for v in Verdict], total=len(results), notes=sum(bool(one.notes) for one in results),
        machine=machine(), version=__version__, ladder_style=STYLE, state_of=state_of, under_test=under_test,
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), levels=("MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY"),
        SHORT=SHORT, good=bool(results) and all(one.verdict.as_expected for one in results))
