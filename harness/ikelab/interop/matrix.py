"""Cells from results: counts, the worst verdict, the table on a terminal, and what did not pass."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import click

from ..peers import table
from ..result import Result
from ..stage.proof import METHODS
from ..verdict import Verdict

# Worst first, and the letter that stands for it behind the counts.
WORST = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.EXPECTED_FAIL, Verdict.UNSUPPORTED, Verdict.PASS)
LETTERS = {Verdict.FAIL: "F", Verdict.INCONCLUSIVE: "?", Verdict.EXPECTED_FAIL: "x", Verdict.UNSUPPORTED: "u",
           Verdict.PASS: " "}
LEGEND = "F fail   ? inconclusive   x expected-fail   u unsupported   (the worst of a cell; passed/of)"
_PLACE = re.compile(r" \(test_\w+\.py:\d+\)\s*\Z")
NEVER = 9999  # where a peer stands that the table does not know


@dataclass(slots=True)
class CellResults:
    initiator: str
    responder: str
    authentication: str = METHODS[0]
    results: list[Result] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.initiator} > {self.responder}{by(self.authentication)}"

    @property
    def passed(self) -> int:
        return sum(one.verdict is Verdict.PASS for one in self.results)

    @property
    def worst(self) -> Verdict:
        found = {one.verdict for one in self.results}
        return next(verdict for verdict in WORST if verdict in found)

    @property
    def verdicts(self) -> Counter[Verdict]:
        return Counter(one.verdict for one in self.results)

    @property
    def seconds(self) -> float:
        return sum(one.seconds for one in self.results)

    @property
    def text(self) -> str:
        """231/242x"""
        return f"{self.passed}/{len(self.results)}{LETTERS[self.worst]}".rstrip()


@dataclass(slots=True)
class Matrix:
    """`cells` by initiator, responder and method of authentication."""

    cells: dict[tuple[str, str, str], CellResults]
    initiators: list[str]
    responders: list[str]
    methods: list[str]
    versions: dict[str, str]

    @property
    def in_order(self) -> list[CellResults]:
        """Row by row."""
        return [cell for one in self.initiators for other in self.responders for cell in self.between(one, other)]

    def between(self, initiator: str, responder: str) -> list[CellResults]:
        """One for each method that they have played by."""
        return [self.cells[key] for method in self.methods if (key := (initiator, responder, method)) in self.cells]


def matrix(results: Iterable[Result]) -> Matrix:
    """Peers stand in the order of their table, scenarios in that of their names."""
    cells: dict[tuple[str, str, str], CellResults] = {}
    versions: dict[str, str] = {}
    for one in sorted(results, key=lambda result: result.identity):
        key = one.initiator, one.responder, one.authentication
        cells.setdefault(key, CellResults(*key)).results.append(one)
        for name, version in ((one.initiator, one.initiator_version), (one.responder, one.responder_version)):
            versions[name] = version or versions.get(name, "")
    order = {name: at for at, name in enumerate(table.names())}
    rows, columns, played_by = ({key[axis] for key in cells} for axis in (0, 1, 2))

    def sort(names: set[str]) -> list[str]:
        return sorted(names, key=lambda name: (order.get(name, NEVER), name))

    methods = [method for method in METHODS if method in played_by]
    return Matrix(cells, sort(rows), sort(columns), methods, {name: versions[name] for name in sort(set(versions))})


def by(method: str) -> str:
    """Behind the name of a cell that was not played by the usual method."""
    return "" if method == METHODS[0] else f", {method}"


def lines(found: Matrix, width: int, colours: dict[Verdict, str]) -> list[str]:
    """Rows initiate, columns respond; where a row was played by several methods of authentication, or by another than
    the first, each has a line below its name. Columns have numbers, so that nine of them fit; those that do not fit
    follow in a second table."""
    numbers = {name: at + 1 for at, name in enumerate(dict.fromkeys([*found.responders, *found.initiators]))}
    label = max(*(len(name) + 4 for name in numbers), *(len(method) + 6 for method in found.methods), 4)
    cell_width = max((len(one.text) for one in found.cells.values()), default=1) + 1
    at_once = max((width - label) // cell_width, 1)
    further = found.methods if METHODS[0] not in found.methods else found.methods[1:]
    told = []
    for start in range(0, len(found.responders), at_once):
        columns = found.responders[start:start + at_once]
        told.append(" " * label + "".join(f"{numbers[name]:>{cell_width}}" for name in columns).rstrip())
        for one in found.initiators:
            told.append(f"{numbers[one]:>2}  {one}".ljust(label)
                        + _row(found, one, columns, METHODS[0], cell_width, colours))
            for method in further:
                cells = _row(found, one, columns, method, cell_width, colours)
                if any(found.cells.get((one, other, method)) for other in columns):
                    told.append(f"      {method}".ljust(label) + cells)
        told.append("")
    if set(found.responders) - set(found.initiators):
        told += [f"{numbers[name]:>2}  {name}" for name in found.responders if name not in found.initiators] + [""]
    return [*told, LEGEND]


def _row(found: Matrix, one: str, columns: Sequence[str], method: str, width: int, colours: dict[Verdict, str]) -> str:
    words = ""
    for other in columns:
        cell = found.cells.get((one, other, method))
        nothing = "." if method in found.methods else ""
        text = f"{cell.text if cell else nothing:>{width}}"
        words += click.style(text, fg=colours[cell.worst]) if cell else text
    return words.rstrip()


def why(result: Result) -> str:
    """One line: the cause in the packets, and what the scenario found."""
    found = headline(result.reason)
    if not result.cause:
        return found
    return f"{result.cause} [{found}]" if found else result.cause


def headline(reason: str) -> str:
    """The first line of a reason, and where in the scenario it came up: the lines between explain an assertion."""
    lines = [" ".join(line.split()) for line in reason.splitlines() if line.strip()]
    if not lines:
        return ""
    place = _PLACE.search(reason)
    found = _PLACE.sub("", lines[0])
    return f"{found}{place.group()}" if place else found


@dataclass(slots=True, frozen=True)
class Group:
    """Results that are not to be told one by one: the same verdict for the same reason."""

    verdict: Verdict
    reason: str
    count: int
    cells: int


def told_alone(results: Iterable[Result]) -> list[Result]:
    """What did not pass and has to be looked at one by one."""
    return [one for one in results if one.verdict not in (Verdict.PASS, Verdict.UNSUPPORTED)
            and (one.artefacts or one.cause)]


def groups(results: Iterable[Result]) -> list[Group]:
    """All others that did not pass: unsupported, and what was never played; the most frequent first."""
    found: dict[tuple[Verdict, str], list[Result]] = {}
    for one in results:
        if one.verdict is Verdict.UNSUPPORTED or one.verdict is not Verdict.PASS and not (one.artefacts or one.cause):
            found.setdefault((one.verdict, _same(one.reason)), []).append(one)
    made = [Group(verdict, reason, len(those), len({(one.initiator, one.responder, one.authentication) for one in those}))
            for (verdict, reason), those in found.items()]
    return sorted(made, key=lambda one: (WORST.index(one.verdict), -one.count, one.reason))


def _same(reason: str) -> str:
    """What results of one group have in common."""
    return _PLACE.sub("", headline(reason))


def where_the_time_went(results: Sequence[Result]) -> dict[str, float]:
    """Seconds of the workers, all together; `between` is what no scenario says it has spent."""
    found: Counter[str] = Counter()
    for one in results:
        found.update(one.spent)
    between = sum(one.seconds for one in results) - sum(found.values())
    return {**{name: round(seconds, 1) for name, seconds in found.items()}, "between": round(max(between, 0.0), 1)}
