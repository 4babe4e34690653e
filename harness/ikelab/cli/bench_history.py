"""What the commands of the bench share: where a run is remembered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from ..bench.history import Figure, History, HistoryError, record, stale
from ..cleanup import build_directory
from .common import environment

VARIABLE = "IKELAB_HISTORY"


def history_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--history", "history_file", type=click.Path(path_type=Path, dir_okay=False), envvar=VARIABLE,
                        metavar="FILE", help=f"Of all runs, for `bench trend`; build/history.jsonl without, or ${VARIABLE}."
                        )(function)


def history_path(history_file: Path | None) -> Path:
    return history_file or build_directory() / "history.jsonl"


class Keeper:
    """Opened before anything is measured, so that nothing is measured in vain. Who has asked for no history is not held up by
    one that cannot be written."""

    def __init__(self, bench: str, history_file: Path | None, *programs: str):
        """`programs`: what is measured, in build/."""
        self._bench, self._started = bench, time.time()
        self._history: History | None = None
        for one in programs:
            if (build_directory() / one).exists() and stale(build_directory(), one):
                click.echo(f"this run will not be remembered: {one} is older than its sources; run `make build/{one}`", err=True)
                return
        try:
            self._history = History(history_path(history_file))
        except HistoryError as error:
            if history_file is not None:
                raise environment(str(error)) from error
            click.echo(f"this run will not be remembered: {error}", err=True)

    def keep(self, figures: Iterable[Figure], libraries: Mapping[str, str] | None = None) -> None:
        found = record(self._bench, figures, self._started, libraries)
        if not found.figures or self._history is None:
            return
        try:
            self._history.append(found)
        except HistoryError as error:
            raise environment(str(error)) from error
