from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from ..result import document
from ..vectors import packages, reference, runner, sources
from ..vectors.model import Kind, Outcome, VectorFileError
from ..vectors.runner import Key, Tally
from ..vectors.sources import NotRun, Source
from .common import EXIT_NOT_EXPECTED, environment, json_option, usage, write_json

FAILURES_SHOWN = 20
COLUMNS = f"{'source':<12} {'algorithm':<30} {'side':<7}{'run':>7}{'passed':>8}{'refused':>9}{'failed':>8}{'n/a':>7}"


@click.command()
@click.argument("filter_text", metavar="[FILTER]", default="")
@click.option("--impl", type=click.Choice(["ref", "python", "all"]), default="all",
              help="Which side: the C reference, the Python derivation, or both (default).")
@click.option("--files", is_flag=True, help="Name every file of a package that is not run, with the reason.")
@json_option
def vectors(filter_text: str, impl: str, files: bool, json_file: Path | None) -> None:
    """Run test vectors: published ones, those of packages, whole exchanges. FILTER: part of SOURCE/FILE.

    \b
    Example:
      ikelab vectors
      ikelab vectors --impl ref exchange/rekey
      ikelab vectors wycheproof/x25519 --json vectors.json
    """
    sides = ("ref", "python") if impl == "all" else (impl,)
    started, rows, failed, any_file = time.time(), [], False, False
    missing: list[str] = []
    totals: dict[str, Counter[Kind]] = {}
    for source in _sources(filter_text, missing):
        any_file = any_file or bool(source.files or source.not_run)
        if not source.files and not source.not_run:
            continue
        found = _run(source, sides)
        if not rows:
            click.secho(COLUMNS, bold=True)
        _show(source, found, files)
        rows += _rows(source, found)
        totals[source.name] = Counter(outcome.kind for outcome in found)
        failed = failed or totals[source.name][Kind.FAILED] > 0
    if not any_file and not missing:
        raise usage(f"no vector file has {filter_text!r} in SOURCE/FILE; `ikelab vectors --files` names them all")
    _show_totals(totals, time.time() - started)
    written = document([], started)
    written["results"] = rows
    write_json(json_file, written)
    if missing:
        raise environment("; ".join(missing))
    if failed:
        raise SystemExit(EXIT_NOT_EXPECTED)


def _sources(filter_text: str, missing: list[str]) -> Iterator[Source]:
    """Those with a file that the filter keeps. A package that is not there counts as missing, unless the
    filter asks for files of the repository alone."""
    named, own_asked = filter_text.split("/")[0], False
    for source in sources.own():
        kept = _kept(source, filter_text)
        own_asked = own_asked or bool(filter_text and kept.files)
        yield kept
    for name, bring in ((sources.WYCHEPROOF, sources.wycheproof), (sources.NIST, sources.nist_files)):
        if own_asked or (named != name and named in (sources.WYCHEPROOF, sources.NIST, *sources.OWN)):
            continue
        try:
            yield _kept(bring(), filter_text)
        except packages.Missing as error:
            missing.append(str(error))


def _kept(source: Source, filter_text: str) -> Source:
    def asked(name: str) -> bool:
        return filter_text in f"{source.name}/{name}"

    return Source(source.name, source.version, [file for file in source.files if asked(file.name)],
                  [file for file in source.not_run if asked(file.name)])


def _run(source: Source, sides: tuple[str, ...]) -> list[Outcome]:
    try:
        return runner.outcomes(source.files, sides)
    except reference.NoRunner as error:
        raise environment(str(error)) from error
    except VectorFileError as error:
        raise usage(str(error)) from error


def _show(source: Source, found: list[Outcome], files: bool) -> None:
    table = runner.tally(found)
    for key in sorted(table):
        click.echo(_line(key, table[key]))
    reasons: dict[str, Counter[str]] = {}
    for (_, _, side), one in table.items():
        reasons.setdefault(side, Counter()).update(one.reasons)
    for side, why in sorted(reasons.items()):
        for reason, count in why.most_common():
            click.echo(f"    not applicable to {side}: {count} tests: {reason}")
    _show_not_run(source.not_run, files)
    for text in _failures(found)[:FAILURES_SHOWN]:
        click.secho(f"    failed: {text}", fg="red")


def _line(key: Key, one: Tally) -> str:
    source, algorithm, side = key
    counts = one.counts
    line = (f"{source:<12} {algorithm:<30} {side:<7}{one.run:>7}{counts[Kind.PASSED]:>8}"
            f"{counts[Kind.REFUSED]:>9}{counts[Kind.FAILED]:>8}{counts[Kind.NOT_APPLICABLE]:>7}")
    return click.style(line, fg="red") if counts[Kind.FAILED] else line


def _show_not_run(not_run: list[NotRun], files: bool) -> None:
    if files:
        for one in not_run:
            click.echo(f"    not run: {one.name}: {one.reason}")
        return
    for reason, count in Counter(one.reason for one in not_run).most_common():
        click.echo(f"    not run: {count} files: {reason}")


def _show_totals(totals: dict[str, Counter[Kind]], seconds: float) -> None:
    everything: Counter[Kind] = Counter()
    click.echo()
    for name, counts in totals.items():
        everything.update(counts)
        click.echo(f"{name}: {_sum(counts)}")
    click.secho(f"all: {_sum(everything)}; {seconds:.0f} s", bold=True,
                fg="red" if everything[Kind.FAILED] else None)


def _sum(counts: Counter[Kind]) -> str:
    run = sum(counts.values()) - counts[Kind.NOT_APPLICABLE]
    return (f"{run} run, {counts[Kind.PASSED]} passed, {counts[Kind.REFUSED]} refused as they should be, "
            f"{counts[Kind.FAILED]} failed, {counts[Kind.NOT_APPLICABLE]} not applicable")


def _failures(found: list[Outcome]) -> list[str]:
    return [f"{one.source}/{one.file}, group {one.group}, test {one.tc_id}, {one.implementation}: {one.reason}"
            for one in found if one.kind is Kind.FAILED]


def _rows(source: Source, found: list[Outcome]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for (name, algorithm, side), one in sorted(runner.tally(found).items()):
        mine = [o for o in found if (o.algorithm, o.implementation) == (algorithm, side)]
        rows.append({"source": name, "source_version": source.version, "algorithm": algorithm,
                     "implementation": side, "run": one.run, "passed": one.counts[Kind.PASSED],
                     "refused": one.counts[Kind.REFUSED], "failed": one.counts[Kind.FAILED],
                     "not_applicable": one.counts[Kind.NOT_APPLICABLE], "reasons": dict(one.reasons),
                     "failures": _failures(mine)[:FAILURES_SHOWN]})
    return rows + [{"source": one.source, "file": one.name, "reason": one.reason} for one in source.not_run]
