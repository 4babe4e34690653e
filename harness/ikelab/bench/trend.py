"""What the history says: every series, where it has changed, between which commits, and what else changed there.

    found = trend(history.read(path), level=0.01, least=0.05)
    [series for series in found if series.alarms]
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .changepoint import can_tell, divisive, steps
from .history import LESS, Figure, Record


@dataclass(frozen=True)
class Change:
    """From the level of the runs before to that of the runs since, each a median between two changes."""

    number: int  # of the first run of the new level
    before: float
    after: float
    last: Record  # the last run of the old level
    first: Record  # the first run of the new one
    worse: bool
    excuses: tuple[str, ...]  # why it is not the reference's doing; none: it is

    @property
    def share(self) -> float | None:
        """None: from nothing to something."""
        return self.after / self.before - 1 if self.before else None

    @property
    def alarming(self) -> bool:
        return self.worse and not self.excuses


@dataclass
class Series:
    """A figure of one bench on one kind of machine."""

    bench: str
    figure: Figure  # of the last run
    machine: str
    runs: list[Record] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    too_short: bool = False  # it has too few runs to say anything

    @property
    def counted(self) -> bool:
        return self.figure.tolerance is not None

    @property
    def level(self) -> float:
        """Of the runs since the last change."""
        return statistics.median(self.values[self.changes[-1].number if self.changes else 0:])

    def alarms(self, since: str = "") -> list[Change]:
        """Changes for the worse of the reference's own, whose new level began after this date."""
        return [one for one in self.changes if one.alarming and one.first.date > since]


def trend(history: Iterable[Record], level: float, least: float) -> list[Series]:
    """`level`: how probable it is that all these series together show a change where there is none. `least`: a change of
    what scatters that is smaller is none that anybody would look for."""
    found = _series(history)
    of_each = level / max(sum(not one.counted for one in found), 1)
    for one in found:
        if one.counted:
            places = steps(one.values, one.figure.tolerance or 0.0)
        else:
            one.too_short = not can_tell(len(one.values), of_each)
            places = [] if one.too_short else large(one.values, divisive(one.values, of_each), least)
        one.changes = _changes(one, places)
    _excuse(found)
    return found


def large(values: Sequence[float], places: Sequence[int], least: float) -> list[int]:
    """Without those across which the level differs too little; the smallest goes first, for its sides become one."""
    kept = list(places)
    while kept:
        levels = _levels(values, kept)
        sizes = [_size(a, b) for a, b in zip(levels, levels[1:])]
        smallest = min(range(len(kept)), key=sizes.__getitem__)
        if sizes[smallest] >= least:
            break
        del kept[smallest]
    return kept


def _series(history: Iterable[Record]) -> list[Series]:
    """In the order in which they first come. Another processor makes another series: its times are not comparable."""
    found: dict[tuple[str, str, str], Series] = {}
    for record in history:
        machine = f"{record.machine['processor']}, {record.machine['cpus']} processors"
        for figure in record.figures:
            one = found.setdefault((record.bench, figure.name, machine), Series(record.bench, figure, machine))
            one.figure = figure
            one.runs.append(record)
            one.values.append(figure.value)
    return list(found.values())


def _changes(series: Series, places: Sequence[int]) -> list[Change]:
    levels = _levels(series.values, places)
    return [Change(place, before, after, series.runs[place - 1], series.runs[place],
                   (after > before) == (series.figure.better == LESS),
                   _others(series.runs[place - 1], series.runs[place], series.counted))
            for place, before, after in zip(places, levels, levels[1:])]


def _levels(values: Sequence[float], places: Sequence[int]) -> list[float]:
    bounds = [0, *places, len(values)]
    return [statistics.median(values[first:end]) for first, end in zip(bounds, bounds[1:]) if end > first]


def _size(before: float, after: float) -> float:
    """By what factor, whichever of them is the greater, less 1."""
    low, high = sorted((abs(before), abs(after)))
    return high / low - 1 if low and before * after > 0 else float(before != after)


# ---- what else it may have been ----


def _others(last: Record, first: Record, counted: bool) -> tuple[str, ...]:
    """What differs beside the commit, and whether that does. Who counts instructions has no kernel."""
    found = []
    if last.commit and last.commit == first.commit and not last.dirty and not first.dirty:
        found.append("it is the same commit")
    found += [f"{what}: {before} then, {now} now" for what, before, now in
              (*([] if counted else _differing({"kernel": last.machine["kernel"]}, {"kernel": first.machine["kernel"]})),
               *_differing(last.libraries, first.libraries))]
    return tuple(found)


def _differing(last: Mapping[str, Any], first: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    return [(key, last[key], first[key]) for key in last if key in first and last[key] != first[key]]


def _excuse(found: Sequence[Series]) -> None:
    """A change of what is no part of the reference, in the same runs, is the machine's; and then others are as well."""
    moved = {(one.bench, one.machine, id(one.runs[change.number + near])): one.figure.name
             for one in found if one.figure.control for change in one.changes for near in (-1, 0, 1)
             if 0 <= change.number + near < len(one.runs)}
    for one in found:
        for place, change in enumerate(one.changes):
            control = moved.get((one.bench, one.machine, id(change.first)))
            if control and not one.counted:
                sentence = "it is a control itself" if one.figure.control else f"{control} changed there too"
                one.changes[place] = Change(change.number, change.before, change.after, change.last, change.first, change.worse,
                                            (*change.excuses, sentence))
