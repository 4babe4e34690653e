from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from ..peers import table
from ..result import Result
from ..trace.render import terminal
from ..verdict import Verdict
from .common import EXIT_NOT_EXPECTED, json_option, shown
from .explain import decode
from .run import INTERRUPTED, Watcher, check_environment, finish, play, prepare

SCENARIO = "demo.demo"


@click.command()
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Where everything goes.")
@json_option
def demo(out: Path | None, json_file: Path | None) -> None:
    """Watch the reference cross a NAT, roam and rekey while traffic flows; then with strongSwan.

    \b
    Example:
      ikelab demo
    """
    check_environment((), ())
    started = time.time()
    directory = prepare(out, started)
    watcher = Watcher(echo=lambda line: None)
    found, status = pairs(), 0
    for initiator, responder in found:
        click.secho(f"{initiator} > {responder}: connect, roam, rekey, end ...", bold=True)
        before = len(watcher.results)
        status = play(watcher, directory, (SCENARIO,), (initiator,), (responder,), 1)
        for result in watcher.results[before:]:
            show(result, directory, whole=(initiator, responder) == ("reference", "reference"))
        if status == INTERRUPTED:
            break
    finish(watcher, directory, started, json_file)
    missing = [kind.available() for kind in table.TABLE if kind.by_default and kind.available()]
    for sentence in missing:
        click.echo(f"not shown: {sentence}")
    if status == INTERRUPTED:
        click.echo("interrupted: the rest was not played")
        raise SystemExit(EXIT_NOT_EXPECTED)
    good = len(watcher.results) == len(found) and not watcher.problems and all(
        one.verdict.as_expected for one in watcher.results)
    report = shown(directory / "report.html")
    click.secho(f"{'pass' if good else 'fail'}: the report is {report}", fg="green" if good else "red", bold=True)
    if not good:
        raise SystemExit(EXIT_NOT_EXPECTED)


def pairs() -> list[tuple[str, str]]:
    """The reference with itself first, then with each other peer that is here, in both roles."""
    others = [kind.name for kind in table.available(only_default=True) if kind.name != "reference"]
    found = [("reference", "reference")]
    for name in others:
        found += [("reference", name), (name, "reference")]
    return found


def show(result: Result, directory: Path, whole: bool) -> None:
    """The whole exchange for the first pair; for the others what the user felt."""
    place = directory / result.artefacts
    if whole and any(place.glob("*.pcap")):
        trace, _ = decode((place,), (), [])
        for line in terminal(trace, 80, sys.stdout.isatty()):
            click.echo(line)
    felt = []
    if result.outage_ms is not None:
        felt.append(f"outage {result.outage_ms:.0f} ms")
    if result.packets_sent is not None:
        felt.append(f"{result.packets_lost} of {result.packets_sent} lost")
    if result.esp_packets is not None:
        felt.append(f"{result.ike_messages} IKE messages, {result.esp_packets} ESP packets")
    click.echo(f"  {result.verdict}: {'; '.join(felt)}; {result.seconds:.1f} s")
    if result.verdict is not Verdict.PASS and result.reason:
        click.echo(f"  {result.reason}")
