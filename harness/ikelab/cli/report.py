from __future__ import annotations

import time
from pathlib import Path

import click

from ..cleanup import build_directory
from ..report import ReportError, write_report
from ..result import document, read_results
from .common import EXIT_NOT_EXPECTED, json_option, summary_line, usage, write_json


@click.command()
@click.argument("directory", required=False, type=click.Path(path_type=Path))
@json_option
def report(directory: Path | None, json_file: Path | None) -> None:
    """Make report.html from what a run has left in DIRECTORY (default: the latest run).

    \b
    Example:
      ikelab report build/results/latest
    """
    directory = directory or build_directory() / "results" / "latest"
    try:
        target = write_report(directory)
    except ReportError as error:
        raise usage(str(error)) from error
    results = read_results(directory)
    write_json(json_file, document(results, time.time()))
    click.echo(f"{summary_line(results)}: {target}")
    if not all(one.verdict.as_expected for one in results):
        raise SystemExit(EXIT_NOT_EXPECTED)
