from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..bench import commit as commits
from ..bench.history import HistoryError, Record, read
from ..report.page import ReportError
from ..result import document
from .bench_history import history_option, history_path
from .common import EXIT_NOT_EXPECTED, environment, json_option, shown, usage, write_json

if TYPE_CHECKING:
    from ..bench.trend import Change, Series

Subjects = Mapping[tuple[str, str], Sequence[str]]  # of the commits between two, the newest first
LEVEL, LEAST = 0.01, 5.0
BARS = " ▁▂▃▄▅▆▇█"
SUBJECTS_SHOWN = 3
HEAD = f"{'runs':>5}{'level':>10}  {'the last twenty':<20}{'change':>7}"
DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?")


@click.command()
@click.argument("wanted", metavar="[FIGURE]...", nargs=-1)
@history_option
@click.option("--last", type=click.IntRange(2), default=200, show_default=True, help="Of each bench only so many runs.")
@click.option("--level", type=click.FloatRange(1e-4, 0.5), default=LEVEL, show_default=True,
              help="How probable it may be that a history without a change shows one.")
@click.option("--least", type=click.FloatRange(0), default=LEAST, show_default=True, metavar="PERCENT",
              help="A smaller change of what scatters is none.")
@click.option("--since", metavar="COMMIT|DATE", help="For the exit status: only what changed after it was measured.")
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Also write one HTML page.")
@json_option
def trend(wanted: tuple[str, ...], history_file: Path | None, last: int, level: float, least: float, since: str | None,
          page: Path | None, json_file: Path | None) -> None:
    """What the history of all runs says: where a figure has changed, and between which commits.

    FIGURE: how names of figures begin; all without. Every run of another `bench` command is appended to it.
    Exit status: 0 nothing became worse, 1 something did, 3 there is no history, 2 wrong usage, or a line of it is no run.

    \b
    Example:
      ikelab bench trend --page trend.html
      ikelab bench trend --since v0.1.0 "build ns/octet" esp
    """
    from ..bench.trend import trend as series_of  # numpy, which no other command needs
    from ..report.trend import TrendPage, write_trend

    started = time.time()
    path = history_path(history_file)
    runs = _runs(path, last)
    date = _date(since, runs)
    found = series_of(_wanted(runs, wanted), level, least / 100)
    if wanted and all(one.figure.control for one in found):
        raise usage("no figure of the history begins so; `ikelab bench trend` without FIGURE shows all")
    subjects = _subjects(found)
    _show(found, subjects)
    alarms = [one for series in found for one in series.alarms(date)]
    write_json(json_file, {**document([], started), "history": str(path), "runs": len(runs), "level": level, "least": least / 100,
                           "alarms": len(alarms), "results": [_row(one, subjects) for one in found]})
    if page is not None:
        try:
            write_trend(page, TrendPage(shown(path), len(runs), runs[0].date[:10], runs[-1].date[:10], found, level, least / 100,
                                        subjects))
        except ReportError as error:
            raise environment(str(error)) from error
    _tell(found, len(runs), len(alarms))
    if alarms:
        raise SystemExit(EXIT_NOT_EXPECTED)


def _runs(path: Path, last: int) -> list[Record]:
    if not path.exists():
        raise environment(f"there is no history {shown(path)} yet; runs of `ikelab bench` write it, or name one with --history FILE")
    try:
        found = read(path, last)
    except HistoryError as error:
        raise usage(str(error)) from error
    if not found:
        raise environment(f"the history {shown(path)} is empty; runs of `ikelab bench` write it")
    return found


def _wanted(runs: Sequence[Record], wanted: tuple[str, ...]) -> list[Record]:
    """And the controls, which say whether it was the machine."""
    return [replace(one, figures=tuple(figure for figure in one.figures if not wanted or figure.name.startswith(wanted)
                                       or figure.control)) for one in runs]


def _date(since: str | None, runs: Sequence[Record]) -> str:
    if since is None:
        return ""
    if DATE.fullmatch(since):
        return since
    sha = commits.known(since) or since
    dates = [one.date for one in runs if sha and one.commit.startswith(sha)]
    if not dates:
        raise usage(f"no run of the history is of {since!r}; give a commit that was measured, or a date such as 2026-11-22")
    return max(dates)


def _subjects(found: Sequence[Series]) -> Subjects:
    pairs = {(change.last.commit, change.first.commit) for one in found for change in one.changes}
    return {pair: commits.between(*pair) for pair in pairs}


# ---- what is shown ----


def _show(found: Sequence[Series], subjects: Subjects) -> None:
    bench = ""
    for one in found:
        if one.counted and not one.changes:
            continue
        if one.bench != bench:
            bench = one.bench
            click.echo()
            click.secho(f"{bench:<36}{HEAD}", bold=True)
        click.echo(_line(one))
    for one in found:
        for change in one.changes:
            _show_change(one, change, subjects.get((change.last.commit, change.first.commit), ()))


def _line(series: Series) -> str:
    name = series.figure.name if len(series.figure.name) <= 35 else series.figure.name[:32] + "..."
    change = "few" if series.too_short else _percent(series.changes[-1]) if series.changes else "-"
    return f"{name:<36}{len(series.values):>5}{_number(series.level):>10}  {_sparks(series.values[-20:]):<20}{change:>7}"


def _sparks(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return "".join(BARS[1 + round(7 * (one - low) / (high - low))] if high > low else BARS[4] for one in values)


def _show_change(series: Series, change: Change, subjects: Sequence[str]) -> None:
    word = "worse" if change.worse else "better"
    colour = "bright_black" if change.excuses else "red" if change.worse else "green"
    unit = f" {series.figure.unit}" if series.figure.unit and not series.counted else ""
    click.echo()
    click.secho(f"{word}: {series.figure.name}", fg=colour)
    click.echo(f"  {_number(change.before)} -> {_number(change.after)}{unit} ({_percent(change)}), between {change.last.name} and "
               f"{change.first.name}")
    for line in subjects[:SUBJECTS_SHOWN]:
        click.echo(f"    {line[:76]}")
    if len(subjects) > SUBJECTS_SHOWN:
        click.echo(f"    and {len(subjects) - SUBJECTS_SHOWN} more: git log {change.last.commit[:8]}..{change.first.commit[:8]}")
    for why in change.excuses:
        click.echo(f"    not the reference's doing: {why}"[:80])


def _percent(change: Change) -> str:
    """In seven columns."""
    if change.share is None:
        return "new"
    if change.share >= 9.995:
        return f"x {change.share + 1:,.0f}"
    return f"{100 * change.share:+.0f} %" if abs(change.share) >= 0.1 else f"{100 * change.share:+.1f}%"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"


def _tell(found: Sequence[Series], runs: int, alarms: int) -> None:
    counted = [one for one in found if one.counted]
    if counted:
        still = sum(not one.changes for one in counted)
        click.echo(f"\n{still:,} of {len(counted):,} counts are as they were in all runs")
    short = sum(one.too_short for one in found)
    if short:
        click.echo(f"{short} figures have too few runs to say anything")
    text = f"{alarms} changes for the worse in {runs} runs" if alarms else f"nothing became worse in {runs} runs"
    click.secho(text, fg="red" if alarms else None, bold=True)


def _row(series: Series, subjects: Subjects) -> dict[str, Any]:
    return {"bench": series.bench, "figure": asdict(series.figure), "machine": series.machine,
            "runs": [{"commit": run.commit, "dirty": run.dirty, "date": run.date, "value": value}
                     for run, value in zip(series.runs, series.values)],
            "changes": [{"number": one.number, "before": one.before, "after": one.after, "worse": one.worse,
                         "excuses": list(one.excuses), "last": one.last.commit, "first": one.first.commit,
                         "commits": list(subjects.get((one.last.commit, one.first.commit), ()))} for one in series.changes]}
