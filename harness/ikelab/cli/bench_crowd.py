from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click

from ..bench import crowd as crowds
from ..bench.crowd import BOUND, SUITES, Held, Memory
from ..cleanup import build_directory
from ..result import document
from .common import EXIT_NOT_EXPECTED, environment, json_option, write_json

DEFAULT = (1000, 10000, 100000)
ROWS: tuple[tuple[str, Callable[[Held], float]], ...] = (
    ("responder's IKE SA with its Child SA", lambda held: held.responder),
    ("initiator's", lambda held: held.initiator),
    ("ESP SAs of one side", lambda held: held.esp),
)


@click.command()
@click.argument("sizes", metavar="[PAIRS]...", nargs=-1, type=click.IntRange(1, 1_000_000))
@click.option("--suite", type=click.Choice(list(SUITES)), default=next(iter(SUITES)), show_default=True)
@json_option
def crowd(sizes: tuple[int, ...], suite: str, json_file: Path | None) -> None:
    """What memory an IKE SA with its Child SA takes among so many in one process; fail when an idle one takes over 6 KiB.

    PAIRS: how many; 1000, 10000 and 100000 without. A hundred thousand take some 2 GB, for both ends are in one process.
    docs/PERFORMANCE.md says what is counted.

    \b
    Example:
      ikelab bench crowd
      ikelab bench crowd 1000 --suite aes256-sha256
    """
    started = time.time()
    program = build_directory().resolve() / "ikecrowd"
    try:
        found = [crowds.memory(program, size, suite) for size in sizes or DEFAULT]
    except crowds.CannotPlay as error:
        raise environment(str(error)) from error
    _show(found)
    over = [one for one in found if one.idle.worse > BOUND]
    write_json(json_file, {**document([], started), "suite": suite, "bound": BOUND,
                           "results": [{**asdict(one), "verdict": "worse" if one in over else "same"} for one in found]})
    for one in over:
        click.secho(f"an idle pair among {one.pairs:,} takes {one.idle.worse:,.0f} octets; {BOUND:,} are the limit", fg="red")
    if over:
        raise SystemExit(EXIT_NOT_EXPECTED)


def _show(found: list[Memory]) -> None:
    click.secho(f"{'octets of the heap, of so many pairs':<40}" + "".join(f"{one.pairs:>12,}" for one in found), bold=True)
    for title, held in (("in use", [one.used for one in found]), ("idle for ten minutes", [one.idle for one in found])):
        click.echo(f"{title}:")
        for name, value in (*ROWS, ("the larger side with its ESP SAs", lambda one: one.worse)):
            click.echo(f"  {name:<38}" + "".join(f"{value(one):>12,.0f}" for one in held))
