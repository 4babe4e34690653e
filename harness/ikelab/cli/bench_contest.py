from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from .. import cleanup
from ..bench import figures as remembered
from ..bench import prober, stream
from ..bench import summary as sums
from ..bench.claim import CLAIM, CLAIMANTS, MEASURES, Finding, judge, overall
from ..bench.contest import FAULTS, KINDS, SIZES, Contest, Plan
from ..bench.contestants import table
from ..bench.contestants.table import OPENVPN, RAW, REFERENCE
from ..bench.decision import Decision
from ..bench.profile import CannotProfile, Profile
from ..bench.tunnel import missing as missing_iperf3
from ..report.bench import BenchPage, write_bench
from ..report.page import ReportError
from ..result import document
from ..workplace import carry, workplace
from .bench_history import Keeper, history_option
from .bench_profile import or_sentence, profile_option, profile_row, show_profile
from .common import EXIT_NOT_EXPECTED, environment, json_option, require_root, shown, usage, write_json

LIMIT_S = 12 * 60
EXIT_UNDECIDED = 4
COLOURS = {Decision.HOLDS: "green", Decision.DOES_NOT_HOLD: "red", Decision.UNDECIDED: "yellow"}
rounds_option = click.option("--rounds", type=click.IntRange(1, 30), default=5, show_default=True,
                             help="Each plays every measure of every CONTESTANT once.")
probes_option = click.option("--probes", type=click.IntRange(1, 5000), default=500, show_default=True,
                             help="Round trips of one measurement.")


@click.command()
@click.argument("wanted", metavar="[CONTESTANT]...", nargs=-1)
@rounds_option
@click.option("--seconds", type=click.IntRange(1, 10), default=2, show_default=True, help="Of one stream.")
@probes_option
@click.option("--measure", "kinds", multiple=True, type=click.Choice(KINDS), help="Only that; may be given more than once.")
@click.option("--steps", type=click.IntRange(1, 10), default=Plan.steps, show_default=True, help="Of each search for a rate.")
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Also write one HTML page.")
@profile_option
@history_option
@json_option
def contest(wanted: tuple[str, ...], rounds: int, seconds: int, probes: int, kinds: tuple[str, ...], steps: int, page: Path | None,
            with_profile: bool, history_file: Path | None, json_file: Path | None) -> None:
    """Tunnels of several makers side by side, with controls: TCP, UDP without loss, round trips, and what they cost.

    All are up at once, each between two namespaces of its own, and take turns; ratios are of figures of the same round.
    CONTESTANT: raw, null-cipher, reference, one-packet, libipsec, openvpn, wireguard-go, xfrm; all but one-packet without.
    Who is not installed is told and left out. docs/PERFORMANCE.md says what the figures are.

    \b
    Example:
      ikelab bench contest
      ikelab bench contest raw reference openvpn --measure rtt --rounds 10 --page rtt.html
    """
    started = time.time()
    names = _names(wanted)
    chosen = tuple(one for one in KINDS if one in kinds) or KINDS
    plan = Plan(rounds=rounds, seconds=seconds, steps=steps, probes=probes, kinds=chosen)
    keeper = Keeper("contest", history_file, "ikeref")
    played = _play(names, plan, with_profile)
    _show(played, plan)
    keeper.keep(remembered.contest(played.figures))
    claim, goals = sums.judged(played.figures)
    _show_findings("IPsec has half OpenVPN's latency: what each adds to the link's round trip", claim)
    _show_findings("What the reference is to reach", goals)
    if with_profile:
        show_profile(f"the {REFERENCE}'s daemons, one stream", played.profile, played.no_profile)
    _show_commands(played, plan)
    found = {**document([], started), "plan": asdict(plan), "results": sums.rows(
        played.figures, played.versions, played.commands, played.absent, names), "ratios": sums.ratio_rows(played.figures),
        "claim": sums.finding_rows(claim), "goals": sums.finding_rows(goals), "measured_by": _measured_by(played, plan)}
    if with_profile:
        found["profile"] = profile_row(played.profile, played.no_profile)
    write_json(json_file, found)
    if page is not None:
        try:
            write_bench(page, BenchPage(played.figures, played.versions, played.absent, played.commands, claim, goals,
                                        found["machine"], found["started"], plan.rounds, found["measured_by"],
                                        time.time() - started, played.profile, played.no_profile))
        except ReportError as error:
            raise environment(str(error)) from error


@click.command()
@rounds_option
@probes_option
@history_option
@json_option
def claim(rounds: int, probes: int, history_file: Path | None, json_file: Path | None) -> None:
    """Whether IPsec has half OpenVPN's latency: measured here and now, for the reference and strongSwan's libipsec.

    What a tunnel adds to the round trip of the bare link: median and 99th percentile, idle and under load, each at most half
    of what OpenVPN adds, as far as the 95 % interval over the rounds can tell. Exit status: 0 it holds in all that was
    measured, 1 it does not in some, 4 neither can be said, 3 it could not be measured, 2 wrong usage.

    \b
    Example:
      ikelab bench claim
      ikelab bench claim --rounds 20 --json claim.json
    """
    started = time.time()
    plan = Plan(rounds=rounds, probes=probes, kinds=("rtt",))
    keeper = Keeper("contest", history_file, "ikeref")  # of the same figures
    played = _play((RAW, *CLAIMANTS, OPENVPN), plan)
    keeper.keep(remembered.contest(played.figures))
    for name in (RAW, OPENVPN):
        if name in played.absent:
            raise environment(f"the claim needs {name}: {played.absent[name]}")
    findings = [one for one in judge(CLAIM, played.figures) if one.ratio]
    _show(played, plan)
    _show_findings("IPsec has half OpenVPN's latency: what each adds to the link's round trip", findings)
    verdict = overall(findings)
    click.secho(f"\nthe claim {_sentence(verdict)}", fg=COLOURS[verdict], bold=True)
    write_json(json_file, {**document([], started), "plan": asdict(plan), "verdict": str(verdict), "results": sums.rows(
        played.figures, played.versions, played.commands, played.absent, (RAW, *CLAIMANTS, OPENVPN)),
        "ratios": sums.finding_rows(findings), "measured_by": _measured_by(played, plan)})
    if verdict is not Decision.HOLDS:
        raise SystemExit(EXIT_NOT_EXPECTED if verdict is Decision.DOES_NOT_HOLD else EXIT_UNDECIDED)


def _sentence(verdict: Decision) -> str:
    return {Decision.HOLDS: "holds here, in all that was measured", Decision.DOES_NOT_HOLD: "does not hold here",
            Decision.UNDECIDED: "is undecided at this confidence: more --rounds, or a quieter machine"}[verdict]


# ---- the play ----


class Played:
    """What is left when everything is taken down."""

    profile: Profile | None = None
    no_profile = ""  # why there is none; empty: none was asked for, or there is one

    def __init__(self, contest: Contest):
        self.figures = {name: dict(of) for name, of in contest.figures.items()}
        self.versions, self.absent = dict(contest.versions), dict(contest.absent)
        self.commands = {name: list(of) for name, of in contest.commands.items()}
        self.addresses = {name: one.contestant.addresses() for name, one in contest.entrants.items()}
        self.probers = {name: one.prober for name, one in contest.entrants.items()}


def _names(wanted: Sequence[str]) -> tuple[str, ...]:
    unknown = [name for name in wanted if name not in table.NAMES]
    if unknown:
        raise usage(f"there is no contestant {unknown[0]}; there are: {', '.join(table.NAMES)}")
    chosen = wanted or [line.name for line in table.TABLE if line.by_default]
    return tuple(name for name in table.NAMES if name in chosen)


def _play(names: Sequence[str], plan: Plan, with_profile: bool = False) -> Played:
    able = sum(1 for name in names if not table.line(name).kind.missing())
    takes = plan.estimate_s(able)
    if takes > LIMIT_S:
        raise usage(f"that would take {takes / 60:.0f} minutes, and {LIMIT_S // 60} are the limit; ask for fewer CONTESTANTs, "
                    "--rounds, --seconds or --measure")
    require_root()
    if ("tcp" in plan.kinds or with_profile) and (sentence := missing_iperf3()):
        raise environment(sentence)
    if not prober.program().exists():
        raise environment(f"{prober.program()} is not built; run `make`")
    home = cleanup.build_directory() / "results" / "bench-contest"
    work = workplace(home)
    click.echo(f"about {max(takes / 60, 1):.0f} min: {able} contestants, {plan.rounds} rounds", err=True)
    try:
        with Contest(names, work, lambda text: click.echo(text, err=True)) as contest:
            contest.play(plan)
            played = Played(contest)
            if with_profile:
                played.profile, played.no_profile = or_sentence(lambda: contest.profile(REFERENCE, plan.seconds),
                                                                (CannotProfile, *FAULTS))
    finally:
        carry(work, home)
    played.absent = {name: why.replace(str(work), shown(home)) for name, why in played.absent.items()}
    if not any(name != RAW for name in played.figures):
        raise environment("nothing was measured: " + ("; ".join(f"{name}: {why}" for name, why in played.absent.items())
                                                      or "ask for a CONTESTANT beside raw"))
    return played


# ---- what is shown ----


def _show(played: Played, plan: Plan) -> None:
    for section in sums.SECTIONS:
        rows = sums.cells(section, played.figures)
        if not rows:
            continue
        click.secho(f"\n{section.title}", bold=True)
        click.echo(f"{'':<14}" + "".join(f"{column.head:>12}" for column in section.columns))
        for name, values in rows:
            click.echo(f"{name:<14}" + "".join(f"{value:>12}" for value in values))
    for name, why in played.absent.items():
        click.echo(f"{name:<14}unsupported: {why}")
    if "tcp" in plan.kinds:
        click.echo(sums.NOTE)
    found = sums.ratios(played.figures)
    if found:
        click.secho("\nof the reference's", bold=True)
    for one in found:
        click.echo(f"  {one.contestant:<14}{one.measure:<9}{one.ratio}")
    click.secho("\nversions", bold=True)
    for name, version in played.versions.items():
        click.echo(f"  {name:<14}{version}")


def _show_findings(title: str, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    click.secho(f"\n{title}", bold=True)
    for one in findings:
        said = one.statement
        click.echo(f"  {said.one} of {said.other}, {MEASURES[said.measure]}, {said.bound}: {one.ratio}: "
                   + click.style(str(one.decision), fg=COLOURS[one.decision]))


def _measured_by(played: Played, plan: Plan) -> list[str]:
    """As for the first of them; the addresses are each contestant's own."""
    name = next(iter(played.addresses))
    source, destination = played.addresses[name]
    found = []
    if "tcp" in plan.kinds:
        found += ["gateway: " + " ".join(stream.SERVER_COMMAND),
                  "client: " + " ".join(stream.client_command(source, destination, plan.seconds)),
                  "gateway: perf stat --event raw_syscalls:sys_enter --pid PIDS"]
    found.append(f"gateway: build/prober answer {destination} {prober.PORT}")
    one = played.probers[name]
    if "udp" in plan.kinds:
        found += ["client: " + " ".join(one.load_command(octets, 10_000, plan.load_seconds)) for octets in SIZES]
    if "rtt" in plan.kinds:
        found.append("client: " + " ".join(one.rtt_command(plan.probes, 1000)))
    return [line.replace(str(prober.program()), "build/prober") for line in found]


def _show_commands(played: Played, plan: Plan) -> None:
    click.secho("\nto repeat it by hand (configurations: build/results/bench-contest)", bold=True)
    for name, lines in played.commands.items():
        click.echo(f"  {name}")
        for line in lines:
            click.echo(f"    {line}")
    click.echo("  measured by, between the addresses of each")
    for line in _measured_by(played, plan):
        click.echo(f"    {line}")
