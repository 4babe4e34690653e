"""What a run says in the end: figures for people and programs, and every survivor with its place."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from . import records
from .explained import Explained
from .mutant import ROOMS, Mutant
from .records import Record

Found = tuple[Mutant, Record]


@dataclass
class Figures:
    """Explained ones are out of `counted`."""

    counted: int = 0
    by_life: int = 0
    by_tests: int = 0
    survivors: list[Found] = field(default_factory=list)
    explained: list[tuple[Found, Explained]] = field(default_factory=list)
    broken: list[Found] = field(default_factory=list)
    wrong: list[tuple[Found, Explained]] = field(default_factory=list)  # explained by an exact entry, and caught after all

    @property
    def percent(self) -> float:
        return 100 * (self.by_life + self.by_tests) / self.counted if self.counted else 0.0

    @property
    def beyond_life(self) -> float:
        """Of those that a plain life does not catch."""
        rest = self.counted - self.by_life
        return 100 * self.by_tests / rest if rest else 0.0


def figures(found: Iterable[Found], entries: list[Explained]) -> Figures:
    total = Figures()
    for mutant, record in found:
        if record.outcome == records.BROKEN:
            total.broken.append((mutant, record))
        if record.outcome not in records.COUNTED:
            continue
        reason = next((entry for entry in entries if entry.fits(mutant)), None)
        caught = record.outcome in records.CAUGHT
        if reason is not None and not caught:
            total.explained.append(((mutant, record), reason))
            continue
        if reason is not None and reason.was and reason.becomes:
            total.wrong.append(((mutant, record), reason))
        total.counted += 1
        total.by_life += record.outcome == records.LIFE
        total.by_tests += caught and record.outcome != records.LIFE
        if not caught:
            total.survivors.append((mutant, record))
    return total


def words(total: Figures, found: list[Found], tests: int, unsound: list[str]) -> list[str]:
    kinds = Counter(record.outcome for _, record in found)
    lines = [f"{'room':<10}{'mutants':>8}{'life':>6}{'tests':>7}{'survive':>9}{'explained':>11}"]
    for room in ROOMS:
        part = figures([one for one in found if one[0].room == room], [entry for _, entry in total.explained])
        lines.append(f"{room:<10}{part.counted + len(part.explained):>8}{part.by_life:>6}{part.by_tests:>7}"
                     f"{len(part.survivors):>9}{len(part.explained):>11}")
    lines += ["", f"{total.counted + len(total.explained)} mutants and {tests} tests; {kinds[records.NONE]} more changed nothing or did "
              "not compile"]
    if unsound:
        lines.append(f"left out, because they do not pass with the reference as it is: {', '.join(unsound)}")
    doubtful = Counter(name for _, record in found for name in record.doubtful)
    if doubtful:
        lines.append("failed at times, and not for the fault's sake: " + ", ".join(f"{name} ({n})" for name, n in doubtful.most_common()))
    lines.append(f"caught: {total.by_life} by the plain life, {total.by_tests} by a test "
                 f"({kinds[records.TEST]} failed, {kinds[records.UNTESTABLE]} could not begin, {kinds[records.NOTE]} noted a SHOULD)")
    lines.append(f"not caught: {len(total.survivors)} ({sum(r.outcome == records.UNREACHED for _, r in total.survivors)} where no test "
                 f"comes, {kinds[records.UNDECIDED]} ran out of time); explained: {len(total.explained)}")
    lines.append(f"{total.percent:.1f} % caught; {total.beyond_life:.1f} % of those that a plain life does not catch")
    return lines


def survivors(total: Figures) -> list[str]:
    """One a line, room by room."""
    order = sorted(total.survivors, key=lambda one: (ROOMS.index(one[0].room), one[0].file, one[0].line))
    return [f"ref/{mutant.file}:{mutant.line}: {mutant.function}: {mutant.operator}"
            f"{' [no test comes here]' if record.outcome == records.UNREACHED else ''}"
            f"{' [out of time]' if record.outcome == records.UNDECIDED else ''}: {mutant.change}" for mutant, record in order]


def write(path: Path, total: Figures, found: list[Found]) -> None:
    path.write_text(json.dumps({
        "percent": round(total.percent, 2), "percent_beyond_life": round(total.beyond_life, 2), "counted": total.counted,
        "caught_by_life": total.by_life, "caught_by_tests": total.by_tests, "survivors": len(total.survivors),
        "explained": len(total.explained),
        "mutants": [{"file": f"ref/{mutant.file}", "line": mutant.line, "function": mutant.function, "operator": mutant.operator,
                     "was": mutant.was, "becomes": mutant.becomes, "outcome": record.outcome, "by": record.by,
                     "reason": record.reason, "seconds": record.seconds} for mutant, record in found]}, indent=1) + "\n")
