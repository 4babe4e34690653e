"""What the commands share: faults with an exit status, the --json option, verdict lines."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from ..result import Result, counts, write_document
from ..verdict import Verdict

EXIT_NOT_EXPECTED, EXIT_USAGE, EXIT_ENVIRONMENT = 1, 2, 3
COLOURS = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.UNSUPPORTED: "bright_black",
           Verdict.INCONCLUSIVE: "yellow", Verdict.EXPECTED_FAIL: "magenta"}


class Fault(click.ClickException):
    """One clear sentence with its remedy, and the exit status."""

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.exit_code = status

    def show(self, file: Any = None) -> None:
        click.echo(f"ikelab: {self.message}", err=True)


def usage(message: str) -> Fault:
    return Fault(message, EXIT_USAGE)


def environment(message: str) -> Fault:
    return Fault(message, EXIT_ENVIRONMENT)


class PlayOrMerge(click.Group):
    """`COMMAND merge DIR...` beside `COMMAND [FILTER]...`, which `COMMAND play [FILTER]...` is as well: any other first word
    is a filter."""

    def parse_args(self, context: click.Context, words: list[str]) -> list[str]:
        if words[:1] in (["merge"], ["play"], ["-h"], ["--help"]):
            return super().parse_args(context, words)
        return super().parse_args(context, ["play", *words])


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False),
                        metavar="FILE", help="Also write the results as one JSON object.")(function)


def write_json(json_file: Path | None, found: dict[str, Any]) -> None:
    if json_file is None:
        return
    try:
        write_document(json_file, found)
    except OSError as error:
        raise environment(f"cannot write {json_file}: {error.strerror}; give another --json FILE") from error


def require_root() -> None:
    if os.geteuid() != 0:
        raise environment("network namespaces need root; run it again with sudo")




def columns() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns
    except OSError:
        return 80


def result_line(result: Result) -> str:
    """One line a scenario, within 80 columns for usual names; more where there are a cause in the packets and a reason."""
    verdict = click.style(f"{result.verdict:<13}", fg=COLOURS[result.verdict])
    felt = f"{result.outage_ms:5.0f} ms" if result.outage_ms is not None else " " * 8
    how = "" if result.authentication == "psk" else f" ({result.authentication})"
    names = f"{result.scenario:<20}  {result.initiator} > {result.responder}{how}"
    line = f"{verdict} {result.seconds:5.2f} s {felt}  {names}"
    if result.verdict is Verdict.PASS or not result.reason:
        return line
    told = [result.cause, *result.reason.splitlines()] if result.cause else result.reason.splitlines()
    reason = [piece for part in told for piece in textwrap.wrap(part, 66)]
    return "\n".join([line, *(" " * 14 + piece for piece in reason[:8])])


def shown(path: Path) -> str:
    """As short as it can be said from here: a line of 80 columns has to hold it."""
    return min(str(path), os.path.relpath(path), key=len)


def summary_line(results: Iterable[Result]) -> str:
    found = counts(results)
    parts = [click.style(f"{found[v]} {v}", fg=COLOURS[v]) for v in Verdict if found[v]]
    return ", ".join(parts) or "nothing was played"


def version_lines(results: Iterable[Result]) -> list[str]:
    versions: dict[str, str] = {}
    for one in results:
        versions.update({one.initiator: one.initiator_version, one.responder: one.responder_version})
    return [f"{name} {version}".strip() for name, version in sorted(versions.items())]
