from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ..bench import baseline as baselines
from ..bench import commit as commits
from ..bench import daemon_calls
from ..bench import figures as remembered
from ..bench import measure as measuring
from ..bench.baseline import Baseline
from ..bench.callgrind import ProfileError
from ..bench.counts import Counts
from ..bench.judge import Finding, Judgement, Kind, judge, judge_calls, updated
from ..bench.measure import Measurement
from ..cleanup import build_directory
from ..result import document
from .bench_compare import compare
from ..workplace import carry, workplace
from .bench_contest import claim, contest
from .bench_crowd import crowd
from .bench_handshake import handshake
from .bench_history import Keeper, history_option
from .bench_trend import trend
from .bench_tunnel import tunnel
from .common import EXIT_NOT_EXPECTED, environment, json_option, usage, write_json

COLUMNS = f"{'each operation of':<37}{'core':>10}{'copies':>8}{'alloc':>6}{'calls':>6}{'libcrypto':>12}"
FUNCTIONS_SHOWN = 5
CALLS = "calls"  # how the names of the daemon's cases begin


@click.group()
def bench() -> None:
    """How fast the reference is, beside others too, and whether it has become slower."""


for command in (tunnel, contest, claim, handshake, crowd, compare, trend):
    bench.add_command(command)


@bench.command()
@click.argument("wanted", metavar="[CASE]...", nargs=-1)
@click.option("--update", "reason", metavar="REASON", help="Write the baseline anew; the reason is kept in it.")
@click.option("--against", "commit", metavar="COMMIT", help="Compare with this commit, built here, not with the baseline.")
@click.option("--runs", type=click.IntRange(1), default=1, metavar="N", help="Count N times; every run has to say the same.")
@click.option("--quiet", is_flag=True, help="Only what is worse, better, new or gone.")
@click.option("--list", "name_them", is_flag=True, help="Name the cases, count none.")
@history_option
@json_option
def gate(wanted: tuple[str, ...], reason: str | None, commit: str | None, runs: int, quiet: bool, name_them: bool,
         history_file: Path | None, json_file: Path | None) -> None:
    """Count the instructions of fixed cases over the core and the system calls of a daemon for fixed pieces of work, and fail when
    one takes over 1 % more instructions, or one call more, than the baseline says.

    CASE: how names of cases begin; all without. docs/PERFORMANCE.md says what they are.

    \b
    Example:
      ikelab bench gate
      ikelab bench gate esp lookup
      ikelab bench gate calls
      ikelab bench gate --against HEAD~1 handshake.psk
      ikelab bench gate --update "IKE_AUTH carries ADDITIONAL_TS_POSSIBLE now"
    """
    started = time.time()
    program = build_directory().resolve() / "ikebench"
    if name_them:
        click.echo("\n".join([*_able(measuring.cases, program), *daemon_calls.PIECES]))
        return
    if reason is not None and (wanted or commit or not reason.strip()):
        raise usage("--update takes a reason, and counts all cases: leave out CASE and --against")
    keeper = Keeper("gate", history_file, "ikebench", "ikeref")
    held = None if reason is not None else _held(commit, wanted)
    of_core, of_daemon = _parted(wanted)
    found = _measured(program, of_core, runs) if of_core is not None else None
    calls, not_counted = _calls(of_daemon, runs) if of_daemon is not None and commit is None else ({}, "")
    keeper.keep(remembered.gate(found.cases if found else {}, calls), found.built if found else {})
    if not quiet:
        _show(found.cases if found else {}, calls)
    if reason is not None:
        assert found is not None
        _update(found, reason.strip(), None if not_counted else calls)
        return
    assert held is not None
    before, where = held
    judgement = _judged(before, found, None if not_counted or commit else calls, wanted)
    write_json(json_file, {**document([], started), "built": found.built if found else before.built, "compared_with": where,
                           "runs": runs, "not_compared": judgement.not_compared,
                           "results": _rows(found, before, calls, judgement) + _not_counted_row(not_counted)})
    _tell(judgement, where, commit is not None)
    if not_counted:
        click.secho(f"not counted: system calls of the daemon: {not_counted}", fg="yellow")
    if isinstance(before, Measurement) and found:
        _show_functions(judgement.findings, before, found)
    if judgement.failed:
        raise SystemExit(EXIT_NOT_EXPECTED)


def _parted(wanted: tuple[str, ...]) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """What is wanted of the core's cases and of the daemon's; (): all, None: nothing."""
    of_daemon = tuple(word for word in wanted if word.startswith(CALLS))
    of_core = tuple(word for word in wanted if word not in of_daemon)
    return of_core if of_core or not wanted else None, of_daemon if of_daemon or not wanted else None


def _judged(before: Baseline | Measurement, found: Measurement | None, calls: dict[str, daemon_calls.Calls] | None,
            wanted: tuple[str, ...]) -> Judgement:
    judgement = Judgement()
    if found is not None:
        judgement = judge({name: counts for name, counts in before.cases.items() if _wanted(name, wanted)}, before.built,
                          found.cases, found.built)
    if calls is not None and isinstance(before, Baseline):
        of_daemon = _parted(wanted)[1]
        if of_daemon is not None:
            judgement.findings += judge_calls({name: one for name, one in before.calls.items() if _wanted(name, of_daemon)}, calls)
    return judgement


def _calls(wanted: tuple[str, ...], runs: int) -> tuple[dict[str, daemon_calls.Calls], str]:
    """What the daemon calls, by case; or why nobody could count, which is no failure where nobody asked for it by name."""
    home = build_directory() / "results" / "bench-calls"
    work = workplace(home)
    try:
        found = daemon_calls.measure(work / "1", wanted, build_directory().resolve() / "ikeref")
        for number in range(2, runs + 1):
            again = daemon_calls.measure(work / str(number), wanted, build_directory().resolve() / "ikeref")
            if again != found:
                click.echo(f"run {number} counted otherwise: {found}, then {again}", err=True)
                raise SystemExit(EXIT_NOT_EXPECTED)
        return found, ""
    except measuring.NoSuchCase as error:
        raise usage(str(error)) from error
    except measuring.CannotMeasure as error:
        if wanted:
            raise environment(str(error)) from error
        return {}, str(error)
    finally:
        carry(work, home)


def _able(function: Any, *arguments: Any) -> Any:
    """What it returns, or the sentence it ends with and its exit status."""
    try:
        return function(*arguments)
    except (measuring.CannotMeasure, commits.CannotBuild, ProfileError) as error:
        raise environment(str(error)) from error
    except (measuring.NoSuchCase, commits.NoSuchCommit, baselines.BaselineError) as error:
        raise usage(str(error)) from error


def _held(commit: str | None, wanted: tuple[str, ...]) -> tuple[Baseline | Measurement, str]:
    """What is compared with, and what that is called. Before anything is counted here: a fault is told at once."""
    if commit is None:
        return _able(baselines.read), "the baseline"
    return _able(measuring.measure, _able(commits.program, commit), wanted), commit


def _measured(program: Path, wanted: tuple[str, ...], runs: int) -> Measurement:
    found = _able(measuring.measure, program, wanted)
    for number in range(2, runs + 1):
        again = _able(measuring.measure, program, wanted)
        other = [name for name in found.cases if again.cases.get(name) != found.cases[name]]
        for name in other:
            click.echo(f"run {number} counted otherwise: {name}: {found.cases[name]}, then {again.cases.get(name)}", err=True)
        if other:
            raise SystemExit(EXIT_NOT_EXPECTED)
    if runs > 1:
        click.echo(f"{runs} runs of {len(found.cases)} cases counted the same")
    return found


def _wanted(name: str, wanted: tuple[str, ...]) -> bool:
    return not wanted or name.startswith(wanted)


# ---- what is shown ----


def _show(cases: dict[str, Counts], calls: dict[str, daemon_calls.Calls]) -> None:
    if cases:
        click.secho(COLUMNS, bold=True)
    for name, counts in cases.items():
        own, copies, allocations, calls_each, library = (_each(value, counts.operations) for value in (
            counts.own, counts.copies, counts.allocations, counts.library_calls, counts.library))
        click.echo(f"{name:<37}{own:>10}{copies:>8}{allocations:>6}{calls_each:>6}{library:>12}")
    if cases:
        click.echo()
    if calls:
        click.secho(f"{'system calls of a daemon for':<37}{'calls':>10}", bold=True)
    for name, one in calls.items():
        click.echo(f"{name:<37}{sum(one.values()):>10}  {daemon_calls.named(one)}")
    if calls:
        click.echo()


def _each(value: int, operations: int) -> str:
    """One digit behind the point where it says something."""
    share = value / operations
    return f"{share:,.0f}" if share >= 100 or share == int(share) else f"{share:.1f}"


def _tell(judgement: Judgement, where: str, is_commit: bool) -> None:
    for one in judgement.findings:
        click.secho(str(one), fg="green" if one.kind is Kind.BETTER else "red")
    for text in judgement.not_compared:
        click.secho(f"not compared: {text}", fg="yellow")
    if judgement.not_compared:
        click.echo("`ikelab bench gate --against COMMIT` counts both with what is here")
    if judgement.failed:
        remedy = "" if is_commit else '; what has to cost more, or is new: `ikelab bench gate --update "REASON"`'
        click.secho(f"{len(judgement.failed_cases)} cases not as in {where}{remedy}", fg="red", bold=True)
    elif not judgement.findings:
        click.secho(f"no case differs from {where} by more than 1 %", bold=True)
    elif is_commit:
        click.secho(f"no case is worse than in {where}", bold=True)
    else:
        click.secho('no case is worse than in the baseline; what is better is held by --update "REASON"', bold=True)


def _show_functions(findings: Iterable[Finding], before: Measurement, after: Measurement) -> None:
    """Of each case that differs: which functions of the core it is that differ most."""
    for case in dict.fromkeys(one.case for one in findings if one.kind in (Kind.WORSE, Kind.BETTER)):
        was, now = before.functions[case], after.functions[case]
        by = {name: now.get(name, 0) - was.get(name, 0) for name in {*was, *now}}
        most = sorted((name for name in by if by[name]), key=lambda name: (-abs(by[name]), name))[:FUNCTIONS_SHOWN]
        if most:
            click.echo(f"{case}:")
        for name in most:
            click.echo(f"  {by[name]:>+10,}  {name}")


def _rows(found: Measurement | None, before: Baseline | Measurement, calls: dict[str, daemon_calls.Calls],
          judgement: Judgement) -> list[dict[str, Any]]:
    verdicts = {one.case: str(one.kind) for one in judgement.findings if one.kind is Kind.BETTER}
    verdicts.update({one.case: str(one.kind) for one in judgement.failed})
    called_before = before.calls if isinstance(before, Baseline) else {}
    rows = [{"case": name, "verdict": verdicts.get(name, "same"), "reason": _reason(judgement, name), **asdict(counts),
             "before": asdict(before.cases[name]) if name in before.cases else None}
            for name, counts in (found.cases if found else {}).items()]
    rows += [{"case": name, "verdict": verdicts.get(name, "same"), "reason": _reason(judgement, name), "calls": dict(one),
              "before": called_before.get(name)} for name, one in calls.items()]
    return rows + [{"case": one.case, "verdict": "gone", "reason": str(one),
                    "before": asdict(before.cases[one.case]) if one.case in before.cases else called_before.get(one.case)}
                   for one in judgement.findings if one.kind is Kind.GONE]


def _not_counted_row(reason: str) -> list[dict[str, Any]]:
    return [{"case": CALLS, "verdict": "unsupported", "reason": reason}] if reason else []


def _reason(judgement: Judgement, case: str) -> str:
    return "; ".join(str(one) for one in judgement.findings if one.case == case)


# ---- the baseline ----


def _update(found: Measurement, reason: str, calls: dict[str, daemon_calls.Calls] | None) -> None:
    old = _able(baselines.read) if baselines.PATH.exists() else None
    new = updated(old, found.cases, found.built, baselines.dated(reason), calls)
    if calls is None:
        click.secho("system calls of the daemon could not be counted; what stands of them stays", fg="yellow")
    if old is not None and new.cases == old.cases and new.built == old.built and new.calls == old.calls:
        click.echo("no case differs by more than 1 %: the baseline stays as it is")
        return
    try:
        baselines.write(new)
    except OSError as error:
        raise environment(f"cannot write {baselines.PATH}: {error.strerror}; check who may write there") from error
    now, then = {**new.cases, **new.calls}, {**old.cases, **old.calls} if old else {}
    changed = sum(1 for name in {*now, *then} if then.get(name) != now.get(name))
    click.echo(f"{changed} of {len(now)} cases written into {baselines.PATH}; commit it with what made them so")
