from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from .. import cleanup
from ..bench import figures as remembered
from ..bench import tunnel as tunnels
from ..bench.history import Figure
from ..bench.profile import CannotProfile, Profile
from ..bench.ratio import Ratio, ratio
from ..bench.tunnel import Cost, Stream, Tunnel
from ..bench.variant import BadVariant, Variant, variant
from ..peers.contract import PeerError
from ..process import ProcessError
from ..result import document
from ..workplace import workplace
from .bench_history import Keeper, history_option
from .bench_profile import or_sentence, profile_option, profile_row, show_profile
from .common import environment, json_option, require_root, usage, write_json

RAW_SECONDS, COST_SECONDS = 1, 1
LIMIT_S = 60
DEFAULT = ("build",)
FAULTS = (CannotProfile, tunnels.CannotPlay, PeerError, ProcessError)
Played = tuple[list[list[Stream]], list[float], list[Cost], list[tuple[Profile | None, str]]]


@click.command()
@click.argument("wanted", metavar="[VARIANT]...", nargs=-1)
@click.option("--rounds", type=click.IntRange(1, 30), default=6, show_default=True, help="Each plays every VARIANT once.")
@click.option("--seconds", type=click.IntRange(1, 10), default=2, show_default=True, help="Of one stream.")
@click.option("--plain-esp", is_flag=True, help="ESP by itself, not in UDP.")
@profile_option
@history_option
@json_option
def tunnel(wanted: tuple[str, ...], rounds: int, seconds: int, plain_esp: bool, with_profile: bool,
           history_file: Path | None, json_file: Path | None) -> None:
    """One TCP stream through two references; of several VARIANTs, how much faster each is than the first.

    A VARIANT is a setting of the configuration (KEY=VALUE), a build of ikeref (its path), or both joined by commas; "build"
    is this build as it is. Streams take turns, beside the tunnel too, so that ratios mean something on a busy machine.
    docs/PERFORMANCE.md says what the figures are.

    \b
    Example:
      ikelab bench tunnel /tmp/before/ikeref build
      ikelab bench tunnel --plain-esp --json tunnel.json
    """
    started = time.time()
    variants = _variants(wanted or DEFAULT)
    takes = rounds * (len(variants) * seconds + RAW_SECONDS) + len(variants) * (COST_SECONDS + with_profile * seconds)
    if takes > LIMIT_S:
        raise usage(f"that would be {takes} s of traffic, and {LIMIT_S} are the limit; ask for fewer --rounds or --seconds")
    require_root()
    if sentence := tunnels.missing():
        raise environment(sentence)
    keeper = Keeper("tunnel", history_file, "ikeref")
    home = cleanup.build_directory() / "results" / "bench-tunnel"
    work = workplace(home)
    try:
        streams, control, costs, profiles = _play(variants, work, rounds, seconds, not plain_esp, with_profile)
    except (tunnels.CannotPlay, PeerError, ProcessError) as error:
        raise environment(f"nothing was measured: {error}") from error
    finally:
        if work != home:
            shutil.rmtree(work, ignore_errors=True)
    ratios = [(ratio([play.mbit for play in one], [play.mbit for play in streams[0]]),
               ratio([play.ns_per_octet for play in one], [play.ns_per_octet for play in streams[0]])) for one in streams]
    _show(variants, streams, control, costs, ratios)
    for one, (profile, reason) in zip(variants, profiles):
        show_profile(one.name, profile, reason)
    keeper.keep(_figures(variants, streams, control, costs, plain_esp))
    write_json(json_file, {**document([], started), "rounds": rounds, "seconds": seconds, "udp_encapsulation": not plain_esp,
                           "control_mbit": control, "results": _rows(variants, streams, costs, ratios),
                           **({"profiles": [profile_row(*one) for one in profiles]} if with_profile else {})})


def _variants(words: Sequence[str]) -> list[Variant]:
    try:
        found = [Variant(word) if word == "build" else variant(word) for word in words]
    except BadVariant as error:
        raise usage(str(error)) from error
    if not any(one.program is None for one in found) or (cleanup.build_directory() / "ikeref").exists():
        return found
    raise environment(f"{cleanup.build_directory() / 'ikeref'} is not built; run `make`")


def _play(variants: list[Variant], work: Path, count: int, seconds: int,
          encapsulate: bool, with_profile: bool) -> Played:
    with ExitStack() as stack:
        opened: list[Tunnel] = []
        for number, one in enumerate(variants):
            directory = work / str(number)
            directory.mkdir()
            opened.append(stack.enter_context(Tunnel(one, directory, encapsulate)))
        streams, control = tunnels.rounds(opened, count, seconds, RAW_SECONDS)
        costs = [one.cost(COST_SECONDS) for one in opened]
        return streams, control, costs, [or_sentence(lambda: one.profile(seconds), FAULTS) for one in opened if with_profile]


def _figures(variants: list[Variant], streams: list[list[Stream]], control: list[float], costs: list[Cost],
             plain_esp: bool) -> list[Figure]:
    """Of this build; another program is of who knows what commit."""
    found = [figure for one, plays, cost in zip(variants, streams, costs) if one.program is None
             for figure in remembered.tunnel(one.name + (" plain-esp" if plain_esp else ""), plays, control, cost)]
    return [remembered.raw(control), *found] if found else []


# ---- what is shown ----


def _show(variants: list[Variant], streams: list[list[Stream]], control: list[float], costs: list[Cost],
          ratios: list[tuple[Ratio, Ratio]]) -> None:
    raw = statistics.median(control)
    click.secho(f"{'one TCP stream':<34}{'Mbit/s':>9}{'of raw':>8}{'ns/octet':>10}", bold=True)
    click.echo(f"{'beside the tunnel (raw veth)':<34}{raw:>9,.0f}{1:>8.3f}")
    for one, plays in zip(variants, streams):
        mbit = statistics.median(play.mbit for play in plays)
        spent = statistics.median(play.ns_per_octet for play in plays)
        click.echo(f"{_short(one.name):<34}{mbit:>9,.0f}{mbit / raw:>8.3f}{spent:>10.2f}")
    click.echo()
    click.secho(f"{'both daemons, each packet or wake-up':<34}{'calls':>8}{'us':>7}{'packets':>9}{'octets':>10}", bold=True)
    for one, cost in zip(variants, costs):
        calls = "?" if cost.calls_per_packet is None else f"{cost.calls_per_packet:.2f}"
        click.echo(f"{_short(one.name):<34}{calls:>8}{cost.us_per_packet:>7.2f}{cost.packets_per_wake_up:>9.1f}"
                   f"{cost.octets_per_wake_up:>10,.0f}")
    for one, (speed, spent) in list(zip(variants, ratios))[1:]:
        click.secho(f"\n{one.name}, of {variants[0].name}:", bold=True)
        click.echo(f"  Mbit/s    {speed}\n  ns/octet  {spent}")


def _short(name: str) -> str:
    return name if len(name) <= 32 else "..." + name[-29:]


def _rows(variants: list[Variant], streams: list[list[Stream]], costs: list[Cost],
          ratios: list[tuple[Ratio, Ratio]]) -> list[dict[str, Any]]:
    return [{"variant": one.name, "streams": [asdict(play) for play in plays], "cost": asdict(cost),
             "ratio_to_first": None if number == 0 or len(plays) == 1 else {"mbit": asdict(speed), "ns_per_octet": asdict(spent)}}
            for number, (one, plays, cost, (speed, spent)) in enumerate(zip(variants, streams, costs, ratios))]
