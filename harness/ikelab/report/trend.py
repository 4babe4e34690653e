"""The page of the history: a chart of every series that scatters or has changed. One file that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from .. import __version__
from ..bench.trend import Change, Series
from .page import write_page

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 520, 150, 58, 12, 12, 22


@dataclass(frozen=True)
class TrendPage:
    history: str
    runs: int
    first: str  # dates
    last: str
    series: Sequence[Series]
    level: float
    least: float
    subjects: Mapping[tuple[str, str], Sequence[str]]  # of commits between two, the newest first


def write_trend(target: Path, page: TrendPage) -> Path:
    """Raises ReportError."""
    shown = [one for one in page.series if not one.counted or one.changes]
    return write_page(
        target, "trend.html", "--page",
        page=page, changes=[(one, change) for one in page.series for change in one.changes],
        charts=[(one, chart(one)) for one in shown if len(one.values) > 1], alone=sum(len(one.values) == 1 for one in shown),
        steady=sum(one.counted and not one.changes for one in page.series), kind=kind, percent=percent, number=number, version=__version__)


def kind(change: Change) -> str:
    return ("worse" if change.worse else "better") if not change.excuses else "other"


def percent(change: Change) -> str:
    return f"{100 * change.share:+.1f} %" if change.share is not None else "from nothing"


def number(value: float) -> str:
    """Four digits that say something."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 1000 or value == int(value) else f"{value:.4g}"


def chart(series: Series) -> str:
    """Each run a point, each level a line, each change a dashed line between two runs. As SVG."""
    low, high = min(series.values), max(series.values)
    room = (high - low) * 0.1 or abs(high) * 0.1 or 1.0
    low, high = (max(low - room, 0.0) if low >= 0 else low - room), high + room

    def x(place: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (place + 0.5) / len(series.values)

    def y(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(series.figure.name)}">']
    for value in (low, (low + high) / 2, high):
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
                     f'<text class="axis" x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{number(value)}</text>')
    bounds = [0, *(one.number for one in series.changes), len(series.values)]
    for first, end, level in zip(bounds, bounds[1:], _levels(series)):
        parts.append(f'<line class="level" x1="{x(first - 0.5):.1f}" x2="{x(end - 0.5):.1f}" y1="{y(level):.1f}" '
                     f'y2="{y(level):.1f}"/>')
    for one in series.changes:
        parts.append(f'<line class="change {kind(one)}" x1="{x(one.number - 0.5):.1f}" x2="{x(one.number - 0.5):.1f}" y1="{TOP}" '
                     f'y2="{HEIGHT - BOTTOM}"/>')
    for place, (run, value) in enumerate(zip(series.runs, series.values)):
        parts.append(f'<circle class="run" cx="{x(place):.1f}" cy="{y(value):.1f}" r="3"><title>{escape(run.name)}, {escape(run.date)}: '
                     f'{number(value)} {escape(series.figure.unit)}</title></circle>')
    for place, anchor in ((0, "start"), (len(series.runs) - 1, "end")):
        at = LEFT if anchor == "start" else WIDTH - RIGHT
        parts.append(f'<text class="axis" x="{at}" y="{HEIGHT - 5}" text-anchor="{anchor}">'
                     f'{escape(series.runs[place].name)}, {series.runs[place].date[:10]}</text>')
    return "".join([*parts, "</svg>"])


def _levels(series: Series) -> list[float]:
    return [one.before for one in series.changes] + [series.level]
