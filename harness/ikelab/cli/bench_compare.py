from __future__ import annotations

import shutil
import statistics
import textwrap
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from .. import cleanup
from ..bench import commit as commits
from ..bench import measure as counting
from ..bench import prober
from ..bench.callgrind import ProfileError
from ..bench.compare import KINDS, MEMORY, RTT, TUNNEL, Compared, Finding, Says
from ..bench.judge import Judgement, Kind, judge
from ..bench.tunnel import missing as missing_iperf3
from ..result import document
from ..workplace import workplace
from .common import EXIT_NOT_EXPECTED, environment, json_option, require_root, usage, write_json

GATE, THIS = "gate", "build"
PROGRAMS = {"ikebench": (GATE, MEMORY), "ikeref": (TUNNEL, RTT)}
COLOURS = {Says.FASTER: "green", Says.SLOWER: "red", Says.NOTHING: None}
HEAD = f"{'medians':<28}{'first':>9}{'second':>9}  ratio"


@click.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="[B]", default=THIS)
@click.option("--rounds", type=click.IntRange(3, 30), default=6, show_default=True, help="Each plays every measure of both once.")
@click.option("--measure", "kinds", multiple=True, type=click.Choice((GATE, *KINDS)), help="Only that; may be given more than once.")
@click.option("--case", "cases", multiple=True, metavar="CASE", help="Of the gate, only cases whose names begin so.")
@json_option
def compare(before: str, after: str, rounds: int, kinds: tuple[str, ...], cases: tuple[str, ...], json_file: Path | None) -> None:
    """Whether B is faster or slower than A: commits, built here with the same compiler, that take turns.

    B is this build as it is when it is left out, or called "build". Counted are the gate's cases; measured are handshakes in memory, a
    TCP stream and round trips through a tunnel between two of each. What would be said of a ratio is measured once more, and
    said when it comes out again. Exit status: 0 nothing is slower, 1 something is, 2 wrong usage, 3 nothing could be measured.

    \b
    Example:
      ikelab bench compare HEAD~1
      ikelab bench compare v0.1.0 main --measure rtt --rounds 20
    """
    started = time.time()
    chosen = [one for one in (GATE, *KINDS) if not kinds or one in kinds]
    builds, without = _builds((before, after), chosen)
    chosen = [one for one in chosen if one not in without]
    if TUNNEL in chosen or RTT in chosen:
        require_root()
    if TUNNEL in chosen and (sentence := missing_iperf3()):
        raise environment(sentence)
    if RTT in chosen and not prober.program().exists():
        raise environment(f"{prober.program()} is not built; run `make`")
    judgement = _counted(builds, cases) if GATE in chosen else Judgement()
    findings, absent = _measured(builds, rounds, [one for one in chosen if one != GATE])
    absent = {**without, **absent}
    if not findings and GATE not in chosen:
        raise environment("nothing was measured: " + "; ".join(f"{kind}: {why}" for kind, why in absent.items()))
    _show(before, after, findings, absent)
    changed = [one for one in judgement.findings if one.kind in (Kind.WORSE, Kind.BETTER)]
    for one in changed:
        click.secho(str(one), fg="green" if one.kind is Kind.BETTER else "red")
    slower = [one for one in findings if one.says is Says.SLOWER]
    worse = [one for one in changed if one.kind is Kind.WORSE]
    write_json(json_file, {**document([], started), "before": before, "after": after, "rounds": rounds,
                           "commits": [commits.known(one) if one != THIS else "" for one in (before, after)],
                           "results": [_row(one) for one in findings], "absent": absent,
                           "counts": [{"case": one.case, "verdict": str(one.kind), "metric": one.metric.name if one.metric else "",
                                       "before": one.before, "after": one.after} for one in changed],
                           "not_compared": judgement.not_compared})
    _tell(before, after, len(slower), len({one.case for one in worse}))
    if slower or worse:
        raise SystemExit(EXIT_NOT_EXPECTED)


def _builds(names: Sequence[str], chosen: list[str]) -> tuple[list[Path], dict[str, str]]:
    """Where the programs of each are; and what cannot be measured, since one of them is older than that."""
    try:
        return [_build(one, chosen) for one in names], {}
    except commits.NoBench as error:
        rest = [one for one in chosen if one not in (GATE, MEMORY)]
        if not rest:
            raise usage(str(error)) from error
        return [_build(one, rest) for one in names], {one: str(error) for one in chosen if one not in rest}


def _build(name: str, chosen: list[str]) -> Path:
    programs = [program for program, kinds in PROGRAMS.items() if any(one in chosen for one in kinds)]
    if name == THIS:
        directory = cleanup.build_directory().resolve()
        for one in programs:
            if not (directory / one).exists():
                raise environment(f"{directory / one} is not built; run `make build/{one}`")
        return directory
    click.echo(f"building {name}", err=True)
    try:
        return commits.build(name, *programs)
    except commits.NoBench:
        raise
    except commits.NoSuchCommit as error:
        raise usage(str(error)) from error
    except commits.CannotBuild as error:
        raise environment(str(error)) from error


def _counted(builds: list[Path], cases: tuple[str, ...]) -> Judgement:
    click.echo("counting instructions", err=True)
    try:
        one, other = (counting.measure(build / "ikebench", cases) for build in builds)
    except (counting.CannotMeasure, ProfileError) as error:
        raise environment(str(error)) from error
    except counting.NoSuchCase as error:
        raise usage(str(error)) from error
    return judge(one.cases, one.built, other.cases, other.built)


def _measured(builds: list[Path], rounds: int, kinds: list[str]) -> tuple[list[Finding], dict[str, str]]:
    home = cleanup.build_directory() / "results" / "bench-compare"
    work = workplace(home)
    try:
        with Compared(*builds, work, kinds, lambda text: click.echo(text, err=True)) as compared:
            compared.play(rounds)
            return compared.findings(), compared.absent
    finally:
        if work != home:
            shutil.rmtree(work, ignore_errors=True)


# ---- what is shown ----


def _show(before: str, after: str, findings: list[Finding], absent: dict[str, str]) -> None:
    if findings:
        click.echo(f"first: {before}; second: {after}")
        click.secho(HEAD, bold=True)
    for one in findings:
        medians = [statistics.median(values) for values in (one.measure.before, one.measure.after)]
        click.echo(f"{one.measure.name:<28}" + "".join(f"{_number(value):>9}" for value in medians) + f"  {one.ratio or '-'}")
        click.secho(f"{'':<48}{one.says}", fg=COLOURS[one.says])
    for kind, why in absent.items():
        click.secho("\n  ".join(textwrap.wrap(f"{kind}: not measured: {why}", 76)), fg="yellow")


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _tell(before: str, after: str, slower: int, worse: int) -> None:
    if worse:
        click.secho(f"{worse} cases of the gate cost more; `bench gate --against` names functions", fg="red")
    if slower:
        click.secho(f"{after} is slower than {before} in {slower} measures", fg="red", bold=True)
    elif not worse:
        click.secho(f"{after} is not slower than {before} in anything that can be told", bold=True)


def _row(one: Finding) -> dict[str, Any]:
    measure = one.measure
    return {"measure": measure.name, "unit": measure.unit, "better": measure.better, "before": measure.before,
            "after": measure.after, "ratio": asdict(one.ratio) if one.ratio else None, "says": str(one.says)}
