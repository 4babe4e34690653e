from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ..bench import crowd as crowds
from ..bench import figures as remembered
from ..bench.crowd import BOUND, JITTER_S, RATE, SUITES, Comeback, Held, Memory, Storm
from ..cleanup import build_directory
from ..result import document
from .bench_history import Keeper, history_option
from .common import EXIT_NOT_EXPECTED, environment, json_option, write_json

DEFAULT = (1000, 10000, 100000)
SPREADS = (("lost", 0), ("lost", 10), ("kept", 10))
HELD: tuple[tuple[str, Callable[[Held], float]], ...] = (
    ("responder's IKE SA with its Child SA", lambda held: held.responder),
    ("initiator's", lambda held: held.initiator),
    ("ESP SAs of one side", lambda held: held.esp),
    ("the larger side with its ESP SAs", lambda held: held.worse),
)
STORM: tuple[tuple[str, Callable[[Storm], str]], ...] = (
    ("seconds from the first to the last", lambda one: f"{len(one.per_second):,}"),
    ("rekeys in a second, on average", lambda one: f"{one.mean:,.1f}"),
    ("rekeys in a second, at most", lambda one: f"{one.most:,}"),
    ("processor time of one, both sides (us)", lambda one: f"{one.cpu_ns / 1000 / max(one.rekeyed, 1):,.0f}"),
)
COMEBACK: tuple[tuple[str, Callable[[Comeback], str]], ...] = (
    ("seconds until all are back", lambda one: f"{one.seconds:,}"),
    ("half-open at most", lambda one: f"{one.half_open_most:,}"),
    ("cookies demanded", lambda one: f"{one.cookies:,}"),
    ("datagrams without room", lambda one: f"{one.dropped:,}"),
    ("clients that began anew", lambda one: f"{one.again:,}"),
    ("processor time of one, both sides (us)", lambda one: f"{one.cpu_ns / 1000 / one.pairs:,.0f}"),
)
PARTS = ("memory", "storm", "comeback")


@click.command()
@click.argument("sizes", metavar="[PAIRS]...", nargs=-1, type=click.IntRange(1, 1_000_000))
@click.option("--only", type=click.Choice(PARTS), help="One of the three.")
@click.option("--suite", type=click.Choice(list(SUITES)), default=next(iter(SUITES)), show_default=True, help="For the memory.")
@history_option
@json_option
def crowd(sizes: tuple[int, ...], only: str | None, suite: str, history_file: Path | None, json_file: Path | None) -> None:
    """A gateway with so many clients, in memory: what memory each takes, a storm of rekeys, and everybody comes back.

    Fails when an idle IKE SA with its Child SA takes over 6 KiB, a rekey loses one, or a client does not come back.
    PAIRS: how many; 1000, 10000 and 100000 without. A hundred thousand take some 2 GB, for both ends are in one process.
    docs/PERFORMANCE.md says what is counted.

    \b
    Example:
      ikelab bench crowd
      ikelab bench crowd 1000 --only memory --suite aes256-sha256
    """
    started = time.time()
    program = build_directory().resolve() / "ikecrowd"
    keeper = Keeper("crowd", history_file, "ikecrowd")
    found: list[Memory | Storm | Comeback] = []
    try:
        for part in PARTS if only is None else (only,):
            found += _play(program, part, sizes or DEFAULT, suite)
    except crowds.CannotPlay as error:
        raise environment(str(error)) from error
    keeper.keep(figure for one in found if not isinstance(one, Comeback) for figure in remembered.crowd(one, suite))
    write_json(json_file, {**document([], started), "suite": suite, "bound": BOUND, "rate": RATE,
                           "results": [_row(one) for one in found]})
    for one in found:
        if not one.good:
            click.secho(_wrong(one), fg="red")
    if not all(one.good for one in found):
        raise SystemExit(EXIT_NOT_EXPECTED)


def _row(one: Memory | Storm | Comeback) -> dict[str, Any]:
    return {"part": type(one).__name__.lower(), **asdict(one), "verdict": "same" if one.good else "worse"}


def _wrong(one: Memory | Storm | Comeback) -> str:
    if isinstance(one, Memory):
        return f"an idle pair among {one.pairs:,} takes {one.idle.worse:,.0f} octets; {BOUND:,} are the limit"
    if isinstance(one, Storm):
        return f"of {one.pairs:,} {one.rekeyed:,} were rekeyed and {one.lost:,} lost"
    return (f"of {one.pairs:,} {one.back:,} are back, the gateway has {one.stale:,} IKE SAs too many, and had "
            f"{one.half_open_most:,} half-open ones, where {one.half_open_max:,} are the limit")


def _play(program: Path, part: str, sizes: Sequence[int], suite: str) -> Sequence[Memory | Storm | Comeback]:
    if part == "memory":
        memories = [crowds.memory(program, size, suite) for size in sizes]
        _head("octets of the heap, of so many pairs", sizes)
        for title, held in (("in use", [one.used for one in memories]), ("idle for ten minutes", [one.idle for one in memories])):
            _table(title, HELD, held)
        return memories
    if part == "storm":
        return _storms(program, sizes)
    return _comebacks(program, sizes)


def _storms(program: Path, sizes: Sequence[int]) -> list[Storm]:
    found: list[Storm] = []
    _head("all that began at one moment is rekeyed", sizes)
    for kind, name in (("child", "Child SAs"), ("ike", "IKE SAs")):
        for jitter in (JITTER_S[kind], 0):
            row = [crowds.storm(program, size, kind, jitter) for size in sizes]
            _table(f"{name}, after an hour less up to {jitter} s", STORM, row)
            found += row
    return found


def _comebacks(program: Path, sizes: Sequence[int]) -> list[Comeback]:
    found: list[Comeback] = []
    _head(f"all come back, {RATE:,} datagrams a second", sizes)
    for gateway, spread in SPREADS:
        row = [crowds.comeback(program, size, gateway, spread) for size in sizes]
        _table(f"begun {f'within {spread} s' if spread else 'at once'}, all state {gateway}", COMEBACK, row)
        found += row
    return found


def _head(title: str, sizes: Sequence[int]) -> None:
    click.secho(f"{title:<42}" + "".join(f"{size:>12,}" for size in sizes), bold=True)


def _table(title: str, rows: Sequence[tuple[str, Callable[[Any], float | str]]], found: Sequence[Any]) -> None:
    click.echo(f"{title}:")
    for name, value in rows:
        cells = (value(one) for one in found)
        click.echo(f"  {name:<40}" + "".join(f"{cell if isinstance(cell, str) else f'{cell:,.0f}':>12}" for cell in cells))
