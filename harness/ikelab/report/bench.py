"""The page of a contest: who carries how much, how fast, and what is said of it. One file that needs nothing else."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..bench import summary as sums
from ..bench.claim import MEASURES, Figures, Finding, overall
from ..bench.contestants import table
from ..bench.contestants.table import RAW
from ..bench.profile import Profile
from .page import write_page


@dataclass(frozen=True)
class BenchPage:
    figures: Figures
    versions: Mapping[str, str]
    absent: Mapping[str, str]
    commands: Mapping[str, Sequence[str]]
    claim: Sequence[Finding]
    goals: Sequence[Finding]
    machine: Mapping[str, Any]
    started: str
    rounds: int
    measured_by: Sequence[str]
    seconds: float
    profile: Profile | None = None
    no_profile: str = ""  # why there is none; empty: none was asked for


@dataclass(frozen=True)
class Bar:
    """A cell: what it says, and how long its bar is, in percent of the longest beside the link's own."""

    text: str
    percent: float
    beyond: bool = False  # the link's own is longer than there is room


def write_bench(target: Path, page: BenchPage) -> Path:
    """Raises ReportError."""
    return write_page(
        target, "bench.html", "--page",
        page=page, sections=[(section, _bars(section, page.figures)) for section in sums.SECTIONS
                             if sums.cells(section, page.figures)],
        against={(one.contestant, one.measure): str(one.ratio) for one in sums.ratios(page.figures)},
        verdict=str(overall(page.claim)) if page.claim else "", lines=table.TABLE, measures=MEASURES, note=sums.NOTE,
        version=__version__)


def _bars(section: sums.Section, figures: Figures) -> list[tuple[str, list[Bar]]]:
    longest = {column.measure: max((statistics.median(of[column.measure]) for name, of in figures.items()
                                    if name != RAW and column.measure in of), default=0.0) for column in section.columns}
    rows = []
    for name, texts in sums.cells(section, figures):
        bars = []
        for column, text in zip(section.columns, texts):
            values = figures[name].get(column.measure)
            share = 100 * statistics.median(values) / longest[column.measure] if values and longest[column.measure] > 0 else 0.0
            bars.append(Bar(text, min(max(share, 0.0), 100.0), share > 100.0))
        rows.append((name, bars))
    return rows
