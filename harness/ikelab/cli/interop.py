from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import click

from ..interop import baseline as earlier
from ..interop import document, junit, plan
from ..interop.crew import Crew, CrewError, workers_for
from ..interop.matrix import LETTERS, Matrix, groups, lines, matrix, told_alone, why
from ..interop.schedule import Schedule
from ..peers import build as builder
from ..peers import table
from ..report import ReportError
from ..report.interop import write_matrix
from ..result import Result, write_document
from ..stage.proof import METHODS
from .common import COLOURS, EXIT_NOT_EXPECTED, PlayOrMerge, columns, environment, json_option, shown, summary_line, usage
from .progress import Progress
from .run import check_environment, matching, prepare, relocated

TOLD_LINES = 60  # of what did not pass; the rest is in the report


def outputs(function: Any) -> Any:
    """--junit, --html, --baseline, --out, --json."""
    file = click.Path(path_type=Path, dir_okay=False)
    for option in (
        click.option("--out", type=click.Path(path_type=Path), metavar="DIR",
                     help="Where everything goes (default: build/results/<time>, and `latest` points to it)."),
        click.option("--baseline", type=file, metavar="FILE",
                     help="An earlier run's JSON: the exit code says whether anything is worse than there."),
        click.option("--html", "html_file", type=file, metavar="FILE", help="The page (default: DIR/interop.html)."),
        click.option("--junit", "junit_file", type=file, metavar="FILE", help="Also write JUnit XML, for CI servers."),
    ):
        function = option(function)
    return json_option(function)


def _methods(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> list[str]:
    """Each once, in the order of METHODS."""
    named = {word for one in given for word in one.split(",")}
    if wrong := named.difference(METHODS):
        raise click.BadParameter(f"{sorted(wrong)[0]!r} is not one of {', '.join(METHODS)}")
    return [method for method in METHODS if method in named]


@click.group(cls=PlayOrMerge, invoke_without_command=False)
def interop() -> None:
    """Play every initiator with every responder, and show the matrix.

    \b
    ikelab interop [FILTER]... [OPTIONS]     what `interop play --help` names
    ikelab interop merge DIR...              one report from the shards of a run

    \b
    Example:
      ikelab interop
      ikelab interop rekey --initiator strongswan-6.0.1 --responder libreswan-5.2
    """


@interop.command("play")
@click.argument("filters", nargs=-1, metavar="[FILTER]...")
@click.option("--initiator", multiple=True, metavar="PEER", help="Only these rows (default: every peer that is built).")
@click.option("--responder", multiple=True, metavar="PEER", help="Only these columns.")
@click.option("--scenarios", "choice", type=click.Choice(plan.CHOICES), default="auto", show_default=True,
              help="What a cell plays; auto: all with the reference, the core between third parties.")
@click.option("--authentication", "methods", multiple=True, default=METHODS[:1], callback=_methods,
              metavar=f"[{'|'.join(METHODS)}]", show_default=True,
              help="How the sides prove themselves where the scenario does not say; may be given again, or several with "
                   "commas. auto plays by the first of them as it says, by another what that adds.")
@click.option("--workers", default=0, metavar="N", help="Scenarios at a time (default: by cores and memory).")
@click.option("--budget", default=0.0, metavar="SECONDS",
              help="What a cell may take, its scenarios together; the rest of it is inconclusive (default: no limit).")
@click.option("--shard", "shard_text", metavar="K/N", default="1/1", help="Only the K-th of N parts of the matrix.")
@click.option("--mirror", metavar="URI", help="Where to take peers from that are named and not built.")
@outputs
def play_matrix(filters: tuple[str, ...], initiator: tuple[str, ...], responder: tuple[str, ...], choice: plan.Choice,
                methods: list[str], workers: int, budget: float, shard_text: str, mirror: str | None,
                junit_file: Path | None, html_file: Path | None, baseline: Path | None, out: Path | None,
                json_file: Path | None) -> None:
    """Play the scenarios whose name contains a FILTER (all without one) in every cell of the matrix.

    \b
    Example:
      ikelab interop --junit interop.xml --json interop.json --baseline yesterday.json
      ikelab interop --shard 2/4 --out part2
      ikelab interop --authentication psk,certificate
    """
    started = time.time()
    before = _read_baseline(baseline)
    try:
        number, parts = plan.parse_shard(shard_text)
        patterns = plan.read_patterns()
    except plan.PlanError as error:
        raise usage(str(error)) from error
    rows, row_gaps = _kinds(initiator, mirror)
    columns_, column_gaps = _kinds(responder, mirror)
    not_built = sorted({*row_gaps, *column_gaps})
    check_environment(tuple(kind.name for kind in rows), tuple(kind.name for kind in columns_))
    directory = prepare(out, started)
    about = document.About(budget_s=budget, scenarios=choice, authentication=methods, not_built=not_built,
                           shards=[] if parts == 1 else [shard_text])
    guests = any(kind.tier == "uml-kernel" for kind in (*rows, *columns_))
    about.workers = workers or workers_for(guests)
    results: list[Result] = []
    progress = Progress()

    def tell(result: Result) -> None:
        results.append(result)
        progress.tell(result)

    try:
        crew = Crew(directory, about.workers, tell)
    except CrewError as error:
        raise environment(str(error)) from error
    interrupted = False
    try:
        found = plan.cells(rows, columns_, matching(crew.scenarios, filters), choice, patterns, methods,
                           everywhere=bool(initiator and responder))
        cells = plan.shard(found, number, parts)
        if not cells:
            raise usage(f"nothing to play: no scenario matches {' '.join(filters) or 'the choice'}, or the shard is "
                        f"empty; `ikelab run --list` names all scenarios")
        progress.begin(cells, about.workers)
        crew.play(Schedule(cells, budget))
    except KeyboardInterrupt:
        interrupted = True
    finally:
        progress.end()
        crew.close()
    about.seconds, about.deaths = round(time.time() - started, 1), crew.deaths
    _finish(results, started, about, directory, before, junit_file, html_file, json_file)
    if interrupted:
        click.echo("interrupted: the rest was not played")
        raise SystemExit(EXIT_NOT_EXPECTED)


@interop.command("merge")
@click.argument("directories", nargs=-1, required=True, metavar="DIR...", type=click.Path(path_type=Path))
@outputs
def merge(directories: tuple[Path, ...], junit_file: Path | None, html_file: Path | None, baseline: Path | None,
          out: Path | None, json_file: Path | None) -> None:
    """One report from DIRs that `ikelab interop --shard` wrote, on this machine or on others.

    \b
    Example:
      ikelab interop merge part1 part2 part3 --out whole
    """
    before = _read_baseline(baseline)
    started = time.time()
    directory = prepare(out, started)
    try:
        results, about = document.merged([document.read(one.resolve(), directory) for one in directories])
    except earlier.BaselineError as error:
        raise usage(str(error)) from error
    if about.shards:
        click.echo(f"these are only the parts {', '.join(about.shards)}")
    _finish(results, started, about, directory, before, junit_file, html_file, json_file)


def _kinds(names: tuple[str, ...], mirror: str | None) -> tuple[list[table.PeerKind], list[str]]:
    """Those named, built first where they are not; without names all that are built, and a sentence for each that is
    not."""
    if not names:
        gaps = [f"{kind.name}: {missing}" for kind in table.TABLE if (missing := kind.available())]
        return list(table.available()), gaps
    try:
        kinds = [table.kind(name) for name in dict.fromkeys(names)]
    except KeyError as error:
        raise usage(str(error.args[0])) from error
    roots = list(dict.fromkeys(root for kind in kinds for root in kind.roots() if root.missing()))
    if roots:
        try:
            builder.build(roots, mirror, click.echo)
        except builder.BuildFailed as error:
            raise environment(str(error)) from error
    return kinds, []


def _read_baseline(path: Path | None) -> list[Result] | None:
    """Before anything is played: a wrong file must not cost an hour."""
    try:
        return None if path is None else earlier.read(path)
    except earlier.BaselineError as error:
        raise usage(str(error)) from error


def _finish(results: list[Result], started: float, about: document.About, directory: Path,
            before: list[Result] | None, junit_file: Path | None, html_file: Path | None, json_file: Path | None) -> None:
    """Writes everything, prints the matrix, and ends with the exit code."""
    found = matrix(results)
    written = document.build(results, started, about)
    html_file = html_file or directory / "interop.html"
    try:
        write_document(directory / "results.json", written)
        if json_file is not None:
            write_document(json_file, relocated(written, directory, json_file))
        if junit_file is not None:
            junit.write(junit_file, found)
        write_matrix(html_file, directory, found, about)
    except ReportError as error:
        raise environment(str(error)) from error
    except OSError as error:
        raise environment(f"cannot write {error.filename or directory}: {error.strerror}; make room, or give another "
                          f"file or --out DIR") from error
    _show(found, results, about)
    click.echo(f"{summary_line(results)} in {about.seconds:.0f} s; report: {shown(html_file)}")
    good = all(one.verdict.as_expected for one in results) if before is None else _compare(before, results)
    if not good or not results:
        raise SystemExit(EXIT_NOT_EXPECTED)


def _show(found: Matrix, results: list[Result], about: document.About) -> None:
    click.echo()
    for line in lines(found, columns(), COLOURS):
        click.echo(line)
    click.echo()
    alone = told_alone(sorted(results, key=lambda one: (one.verdict.as_expected, one.identity)))
    for one in alone[:TOLD_LINES]:
        click.secho(f"{LETTERS[one.verdict]} {one.identity}", fg=COLOURS[one.verdict])
        click.echo(f"    {why(one)[:240]}")
    if len(alone) > TOLD_LINES:
        click.echo(f"  ... and {len(alone) - TOLD_LINES} more in the report")
    for group in groups(results):
        click.secho(f"{LETTERS[group.verdict]} {group.count} x {group.reason[:160]} "
                    f"({group.cells} cell{'s' if group.cells > 1 else ''})", fg=COLOURS[group.verdict])
    for sentence in (*about.deaths, *(f"not played: {one}" for one in about.not_built)):
        click.echo(sentence)
    for name, version in found.versions.items():
        click.echo(f"  {name} {version}".rstrip())
    from ..interop.matrix import where_the_time_went

    spent = where_the_time_went(results)
    click.echo(f"time of {about.workers} workers: " + ", ".join(
        f"{name.replace('_', ' ')} {seconds:.0f} s" for name, seconds in spent.items()))


def _compare(before: list[Result], results: list[Result]) -> bool:
    found = earlier.compare(before, results)
    click.echo(f"since the baseline: {len(found.worse)} worse, {len(found.fixed)} fixed, {len(found.other)} otherwise, "
               f"{len(found.as_before)} not as expected as before, {len(found.gone)} not played now")
    for colour, changes in (("red", found.worse), ("green", found.fixed), ("yellow", found.other)):
        for change in changes:
            click.secho(f"  {change}", fg=colour)
    return not found.worse
