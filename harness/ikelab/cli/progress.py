"""How far a matrix is: a bar on a terminal, a line for each finished cell elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from ..interop.matrix import CellResults
from ..interop.plan import Cell, estimate_s
from ..result import Result
from .common import COLOURS, result_line


class Progress:
    def __init__(self) -> None:
        self._wanted: dict[tuple[str, str, str], int] = {}
        self._cells: dict[tuple[str, str, str], CellResults] = {}
        self._bar: Bar | None = None
        self._task: object = None
        self._bad = 0

    def begin(self, cells: Sequence[Cell], workers: int) -> None:
        self._wanted = {cell.key: len(cell.scenarios) for cell in cells}
        total = sum(self._wanted.values())
        minutes = estimate_s(cells, workers, os.cpu_count() or 1) / 60
        click.echo(f"{len(cells)} cells, {total} scenarios, {workers} at a time; "
                   f"{f'about {minutes:.0f} minutes' if minutes >= 1 else 'less than a minute'} when nothing else runs here")
        if sys.stdout.isatty():
            self._bar = Bar(TextColumn("{task.description}"), BarColumn(bar_width=None), MofNCompleteColumn(),
                            TimeElapsedColumn(), TimeRemainingColumn(), console=Console())
            self._task = self._bar.add_task("playing", total=total)
            self._bar.start()

    def tell(self, result: Result) -> None:
        key = (result.initiator, result.responder, result.authentication)
        cell = self._cells.setdefault(key, CellResults(*key))
        cell.results.append(result)
        if not result.verdict.as_expected:
            self._bad += 1
            if self._bad <= 200:
                self._say(result_line(result))
        if self._bar is not None:
            bad = f", [red]{self._bad} not as expected[/]" if self._bad else ""
            self._bar.update(self._task, advance=1, description=f"playing{bad}")  # type: ignore[arg-type]
        elif len(cell.results) == self._wanted.get(key):
            done = sum(len(one.results) for one in self._cells.values())
            words = f"{cell.name}: {cell.passed} of {len(cell.results)} pass"
            click.secho(f"[{done}/{sum(self._wanted.values())}] {words}, {cell.worst}", fg=COLOURS[cell.worst])

    def end(self) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _say(self, line: str) -> None:
        if self._bar is not None:
            self._bar.console.print(click.unstyle(line), highlight=False, markup=False)
        else:
            click.echo(line)
