from __future__ import annotations

import os
import shutil
import statistics
import textwrap
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import click

from .. import cleanup
from ..bench import figures as remembered
from ..bench import handshake as handshakes
from ..bench import load as loads
from ..bench.handshake import Address, Play, Processors, Responder
from ..bench.load import CannotLoad, Pace
from ..bench.ratio import Ratio, ratio
from ..bench.way import AUTHENTICATIONS, KEY_EXCHANGES, Way
from ..peers import table
from ..peers.contract import PeerError, PeerUnsupported
from ..peers.neutral import ChildSpec, PeerSpec
from ..peers.table import PeerKind
from ..process import ProcessError
from ..result import document
from ..workplace import workplace
from .bench_history import Keeper, history_option
from .common import environment, json_option, require_root, usage, write_json

REFERENCE = "reference"
LIMIT_S = 900
STEP_SHARE = 0.5  # of --seconds, one step of the search and one point of the curve
HEAD = f"{'':<20}{'at a':>5}{'each':>8}{'each s':>9}{'median':>9}{'99 %':>9}{'':>7}{'':>5}{'of':>8}"
UNITS = f"{'':<20}{'time':>5}{'s':>8}{'of cpu':>9}{'ms':>9}{'ms':>9}{'MiB':>7}{'thr.':>5}{'ref.':>8}"
CURVE = f"{'offered of most':<20}{'a second':>10}{'done':>10}{'median ms':>11}{'90 %':>9}{'99 %':>9}{'max':>9}"


@dataclass
class Cell:
    """One responder, one way: what was measured, or why nothing was."""

    name: str
    way: Way
    version: str = ""
    comparable: bool = True
    reason: str = ""  # nothing else is known then
    at_a_time: int = 0
    search: list[Play] = field(default_factory=list)
    plays: list[Play] = field(default_factory=list)
    curve: list[Play] = field(default_factory=list)
    to_reference: Ratio | None = None  # of handshakes a second
    cpu_to_reference: Ratio | None = None  # of handshakes a second of the responder's processor


@click.command()
@click.option("--peer", "peers", multiple=True, metavar="PEER",
              help="A responder of `ikelab peers list`; may be said again. Without: all that are played by default.")
@click.option("--address", metavar="A", help="Somebody's responder at this address, which is configured for it already.")
@click.option("--auth", "authentications", multiple=True, type=click.Choice([*AUTHENTICATIONS]), help="Default: psk.")
@click.option("--key-exchange", "key_exchanges", multiple=True, type=click.Choice(KEY_EXCHANGES), help="Default: x25519.")
@click.option("--psk", default="", metavar="KEY", help="Of --address: the shared key, as text or 0x and hexadecimal digits.")
@click.option("--local-id", default="client", show_default=True, help="Of --address: as whom all clients come.")
@click.option("--remote-id", default="any", show_default=True, help="Of --address: who the responder has to be.")
@click.option("--local-net", default=handshakes.INNER, show_default=True, help="Of --address: each client asks for one of it.")
@click.option("--remote-net", default="0.0.0.0/0", show_default=True, help="Of --address: what the Child SA is to reach.")
@click.option("--rounds", type=click.IntRange(1, 30), default=4, show_default=True, help="Each plays every responder once.")
@click.option("--seconds", type=click.FloatRange(0.2, 30), default=2.0, show_default=True, help="Of one play.")
@click.option("--count", type=click.IntRange(1, 100_000), help="No search, no curve: so many handshakes a play, 16 at a time.")
@click.option("--curve/--no-curve", "with_curve", default=True, show_default=True, help="Latency against offered load.")
@history_option
@json_option
def handshake(peers: tuple[str, ...], address: str | None, authentications: tuple[str, ...], key_exchanges: tuple[str, ...],
              psk: str, local_id: str, remote_id: str, local_net: str, remote_net: str, rounds: int, seconds: float,
              count: int | None, with_curve: bool, history_file: Path | None,
              json_file: Path | None) -> None:
    """How many handshakes a second a responder bears, how long each takes, and what that costs it.

    A handshake is IKE_SA_INIT and IKE_AUTH with a Child SA; its Delete follows at once. The generator, build/ikeload, is the
    same for all. For each --auth and --key-exchange: more at a time until no more come through, then rounds in which the
    responders take turns, then strangers at a quarter to nine tenths of that. docs/PERFORMANCE.md says what the figures are.

    \b
    Example:
      ikelab bench handshake --peer reference --peer strongswan-5.9.8
      ikelab bench handshake --auth rsa2048 --auth ecdsa256 --json handshake.json
      ikelab bench handshake --address 198.51.100.7 --psk 0x0123456789abcdef
    """
    started = time.time()
    ways = [Way(*one) for one in product(authentications or ("psk",), key_exchanges or ("x25519",))]
    entry = _entry(peers, address, authentications, psk, local_id, remote_id, local_net, remote_net)
    kinds = [] if entry else _kinds(peers)
    _bounded(len(ways) * (len(kinds) or 1), rounds, seconds, count, with_curve)
    if entry is None:
        require_root()
    if sentence := loads.missing():
        raise environment(sentence)
    keeper = Keeper("handshake", history_file, "ikeref")
    processors = Processors.of(os.sched_getaffinity(0))
    home = cleanup.build_directory() / "results" / "bench-handshake"
    work = workplace(home)
    cells: list[Cell] = []
    try:
        for number, way in enumerate(ways):
            found = _measure(way, kinds, entry, work / str(number), processors, rounds, seconds, count, with_curve)
            _show(way, found)
            cells += found
    finally:
        if work != home:
            shutil.rmtree(work, ignore_errors=True)
    _notes(cells, processors)
    keeper.keep(figure for one in cells if one.name == REFERENCE and one.plays
                for figure in remembered.handshake(f"{one.way}, {one.at_a_time} at a time" if count else str(one.way), one.plays))
    write_json(json_file, {**document([], started), "rounds": rounds, "seconds": seconds, "count": count,
                           "processors": asdict(processors), "results": [_row(one) for one in cells]})
    if all(one.reason for one in cells):
        raise environment("nothing was measured: the rows say why")


# ---- what was asked for ----


def _entry(peers: tuple[str, ...], address: str | None, authentications: tuple[str, ...], psk: str, local_id: str,
           remote_id: str, local_net: str, remote_net: str) -> PeerSpec | None:
    """How the generator is configured for --address."""
    if address is None:
        if psk:
            raise usage("--psk is for --address: peers of the lab get a key of their own")
        return None
    if peers:
        raise usage("--peer and --address are measured in runs of their own; give one of them")
    if not psk or {*authentications} - {"psk"}:
        raise usage("at --address clients prove themselves by a shared key; give --psk, and no other --auth")
    return PeerSpec("responder", local_id, remote_id, psk, remote_addresses=(address,),
                    children=(ChildSpec(local_ts=(local_net,), remote_ts=(remote_net,)),))


def _kinds(names: Sequence[str]) -> list[PeerKind]:
    """The reference first where it is among them: the others' ratios are to it."""
    chosen = [one.name for one in table.available(only_default=True)] if not names else [*dict.fromkeys(names)]
    try:
        kinds = [table.kind(name) for name in chosen]
    except KeyError as error:
        raise usage(str(error.args[0])) from error
    return sorted(kinds, key=lambda one: one.name != REFERENCE)


def _bounded(cells: int, rounds: int, seconds: float, count: int | None, with_curve: bool) -> None:
    steps = len(handshakes.STEPS) + (len(handshakes.SHARES) if with_curve else 0)
    takes = cells * (rounds + STEP_SHARE * steps) * seconds
    if count is None and takes > LIMIT_S:
        raise usage(f"that would be {takes:.0f} s of handshakes, and {LIMIT_S} are the limit; ask for fewer --rounds, --seconds, "
                    "--auth or --key-exchange, or --no-curve")


# ---- measuring ----


def _measure(way: Way, kinds: list[PeerKind], entry: PeerSpec | None, work: Path, processors: Processors, rounds: int,
             seconds: float, count: int | None, with_curve: bool) -> list[Cell]:
    """All responders of a way stand side by side, so that they can take turns."""
    with ExitStack() as stack:
        cells, standing = [], []
        for number, kind in enumerate(kinds or [None]):
            name = kind.name if kind else entry.remote_addresses[0]  # type: ignore[union-attr]
            cell = Cell(name, way)
            cells.append(cell)
            try:
                one = _open(stack, kind, entry, way, work / str(number), processors)
                cell.version, cell.comparable = one.version, one.comparable
                if count is None:
                    cell.at_a_time, cell.search = handshakes.saturate(one, seconds * STEP_SHARE)
                else:
                    cell.at_a_time = min(count, 16)
                standing.append((cell, one))
            except (CannotLoad, PeerError, ProcessError) as error:
                said = str(error)
                cell.reason = said if isinstance(error, PeerUnsupported) else f"nothing was measured: {said}"
        try:
            _play(standing, rounds, seconds, count)
            for cell, one in standing if with_curve and count is None else ():
                cell.curve = handshakes.curve(one, statistics.median(play.load.per_second for play in cell.plays),
                                              seconds * STEP_SHARE)
        except (CannotLoad, PeerError, ProcessError, OSError) as error:
            raise environment(f"the measurement of {way} broke off: {error}") from error
    _compare(cells)
    return cells


def _open(stack: ExitStack, kind: PeerKind | None, entry: PeerSpec | None, way: Way, directory: Path,
          processors: Processors) -> Responder | Address:
    directory.mkdir(parents=True)
    if kind is None:
        assert entry is not None
        return stack.enter_context(Address(entry, way, directory, processors))
    if missing := kind.available():
        raise ProcessError(missing)
    return stack.enter_context(Responder(kind, way, directory, processors))


def _play(standing: list[tuple[Cell, Responder | Address]], rounds: int, seconds: float, count: int | None) -> None:
    if count is not None:
        for cell, one in standing:
            cell.plays = [one.play(Pace(cell.at_a_time), loads.GRACE_S, count) for _ in range(rounds)]
        return
    plays = handshakes.rounds([one for _, one in standing], [cell.at_a_time for cell, _ in standing], rounds, seconds)
    for (cell, _), found in zip(standing, plays):
        cell.plays = found


def _compare(cells: list[Cell]) -> None:
    reference = next((one for one in cells if one.name == REFERENCE and one.plays), None)
    for one in cells:
        if reference is not None and one is not reference and one.plays:
            one.to_reference = _ratio([play.load.per_second for play in one.plays],
                                      [play.load.per_second for play in reference.plays])
            one.cpu_to_reference = _ratio([play.per_processor_s or 0 for play in one.plays],
                                          [play.per_processor_s or 0 for play in reference.plays])


def _ratio(one: list[float], other: list[float]) -> Ratio | None:
    return ratio(one, other) if min(*one, *other) > 0 else None


# ---- what is shown ----


def _show(way: Way, cells: list[Cell]) -> None:
    click.secho(f"{way!s:<20}{HEAD[20:]}", bold=True)
    click.echo(UNITS)
    for one in cells:
        click.echo(_line(one) if one.plays else f"{one.name:<20}{_wrapped(one.reason)}")
    for one in cells:
        if one.to_reference is not None:
            click.echo(f"\n{one.name}, of the reference:\n  each second        {one.to_reference}")
            if one.cpu_to_reference is not None:
                click.echo(f"  each second of cpu {one.cpu_to_reference}")
    for one in cells:
        if one.curve:
            _show_curve(one)
    click.echo()


def _line(cell: Cell) -> str:
    rate = statistics.median(play.load.per_second for play in cell.plays)
    cpu = [play.per_processor_s for play in cell.plays if play.per_processor_s]
    times = [statistics.median(play.load.latency_us[name] for play in cell.plays) / 1000 for name in ("median", "p99")]
    after = cell.plays[-1].after
    flag = ">" if any(play.load.generator_is_the_limit for play in cell.plays) else ""
    memory = f"{after.resident_mib:>7.0f}{after.threads:>5}" if after else f"{'?':>7}{'?':>5}"
    share = f"{cell.to_reference.mean:.2f}" if cell.to_reference else "1" if cell.name == REFERENCE else "-"
    return (f"{cell.name + ('' if cell.comparable else ' *'):<20}{cell.at_a_time:>5}{flag + format(rate, ',.0f'):>8}"
            f"{format(statistics.median(cpu), ',.0f') if cpu else '?':>9}{times[0]:>9.2f}{times[1]:>9.2f}{memory}{share:>8}")


def _show_curve(cell: Cell) -> None:
    click.echo()
    click.secho(f"{cell.name:<20}{CURVE[20:]}", bold=True)
    for share, play in zip(handshakes.SHARES, cell.curve):
        times = (play.load.latency_us[name] / 1000 for name in ("median", "p90", "p99", "max"))
        median, *rest = times
        click.echo(f"{share:>15.0%}{'':<5}{play.pace.rate:>10,.0f}{play.load.per_second:>10,.0f}{median:>11.2f}"
                   + "".join(f"{one:>9.2f}" for one in rest))


def _wrapped(reason: str) -> str:
    """Beside the name, at 80 columns."""
    return ("\n" + " " * 20).join(textwrap.wrap(reason, 60)[:6])


def _notes(cells: list[Cell], processors: Processors) -> None:
    plays = [play for one in cells for play in one.plays]
    if any(play.load.generator_is_the_limit for play in plays):
        click.echo("> the generator was the limit, not the responder: it bears at least so many")
    if any(not one.comparable and one.plays for one in cells) and any(one.name != REFERENCE for one in cells):
        for name in dict.fromkeys(one.name for one in cells if not one.comparable and one.plays):
            click.echo(f"* {name}: {handshakes.NO_GUEST}")
    failed = sum(play.load.failed + play.load.unfinished + play.load.lost for play in plays)
    if failed:
        click.secho(f"{failed} handshakes failed, were not finished, or were ended by the responder; --json says which", fg="red")
    if processors.shared and cells:
        click.echo("responder and generator shared the one processor there is: rates are of both together")


def _row(cell: Cell) -> dict[str, Any]:
    return {"peer": cell.name, "version": cell.version, "authentication": cell.way.authentication,
            "key_exchange": cell.way.key_exchange, "comparable": cell.comparable, "reason": cell.reason,
            "at_a_time": cell.at_a_time, "search": [one.to_json() for one in cell.search],
            "plays": [one.to_json() for one in cell.plays], "curve": [one.to_json() for one in cell.curve],
            "ratio_to_reference": None if cell.to_reference is None or len(cell.plays) == 1 else {
                "per_second": asdict(cell.to_reference),
                "per_processor_s": asdict(cell.cpu_to_reference) if cell.cpu_to_reference else None}}
