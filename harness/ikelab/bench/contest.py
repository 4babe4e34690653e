"""Contestants side by side: every measure of every one in every round, by turns.

    with Contest(names, directory) as contest:
        contest.play(Plan(rounds=6))
        contest.figures["openvpn"]["tcp1"]   # a figure a round
        contest.absent["xfrm"]               # why it is not among them
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ikelab.peers.contract import PeerError
from ikelab.process import ProcessError, await_that

from . import stream
from .contestants import table
from .contestants.contract import START_S, Contestant
from .prober import Prober
from .profile import CannotProfile, Profile, Profiler
from .rate import STEPS, lossless
from .stream import CannotPlay
from .usage import CallCounter, usage

SIZES = (64, 512, 1400)  # octets of an inner packet with its header
PER = 1400  # octets of a stream that calls and wake-ups are told for: about a packet
STREAMS = 8
LOAD_OCTETS, LOAD_RATE = 1400, 5_000  # what round trips are measured beside: the same for everybody, 56 Mbit/s
LOAD_HEAD_S = 0.2  # for which a load has flowed before the first probe
LOAD_TAIL = 20  # times as long as it should take: it is ended when the last probe is back
INTERVAL_US = 1000
KINDS = ("tcp", "udp", "rtt")
FAULTS = (CannotPlay, ProcessError, PeerError, OSError)


@dataclass(frozen=True)
class Plan:
    rounds: int = 6
    seconds: int = 2  # of a stream
    load_seconds: float = 0.3  # of each step of the bisection
    steps: int = STEPS
    probes: int = 500
    kinds: tuple[str, ...] = KINDS

    def estimate_s(self, contestants: int) -> float:
        """What it takes when nothing else runs."""
        tcp = 2 * (self.seconds + 0.5) if "tcp" in self.kinds else 0
        udp = len(SIZES) * 1.3 * (self.steps + 1) * (self.load_seconds + 0.1) if "udp" in self.kinds else 0
        rtt = 2 * self.probes * (INTERVAL_US + 300) / 1e6 + LOAD_HEAD_S if "rtt" in self.kinds else 0
        once = self.seconds + 2 if "tcp" in self.kinds else 0
        return contestants * (self.rounds * (tcp + udp + rtt) + once + 2)


@dataclass
class Entrant:
    """One that is up, and what is measured of it."""

    name: str
    contestant: Contestant
    prober: Prober
    figures: dict[str, list[float]] = field(default_factory=dict)

    def add(self, measure: str, value: float) -> None:
        self.figures.setdefault(measure, []).append(value)

    def close(self) -> None:
        self.prober.close()
        self.contestant.close()


class Contest:
    """All that can be played are up at once from here on. An idle daemon does next to nothing."""

    def __init__(self, names: Sequence[str], directory: Path, tell: Callable[[str], None] = lambda _: None):
        self.entrants: dict[str, Entrant] = {}
        self.absent: dict[str, str] = {}
        self.versions: dict[str, str] = {}
        self._tell = tell
        try:
            for name in names:
                self._enter(table.line(name), directory)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Contest:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        while self.entrants:
            self.entrants.popitem()[1].close()

    @property
    def figures(self) -> dict[str, dict[str, list[float]]]:
        return {name: one.figures for name, one in self.entrants.items()}

    @property
    def commands(self) -> dict[str, list[str]]:
        return {name: one.contestant.commands for name, one in self.entrants.items()}

    def play(self, plan: Plan) -> None:
        for number in range(plan.rounds):
            for kind in plan.kinds:
                for take in _TAKES[kind]:
                    self._in_turns(number, lambda one: take(one, plan))
            self._tell(f"round {number + 1} of {plan.rounds}")
        if "tcp" in plan.kinds:  # once, and no other figure comes of it: who counts is in the way
            self._in_turns(0, lambda one: _count(one, plan.seconds))

    def profile(self, name: str, seconds: int) -> Profile:
        """Of one's processes during a stream that no figure comes of. Raises CannotProfile, or what a stream may raise."""
        if name not in self.entrants or not self.entrants[name].contestant.pids:
            raise CannotProfile(f"{name} is not among those that were measured")
        one = self.entrants[name].contestant
        profiler = Profiler(one.pids)
        try:
            stream.mbit(one.client, one.gateway, *one.addresses(), seconds)
            return profiler.end()
        finally:
            profiler.close()

    # Inside.

    def _enter(self, line: table.Line, directory: Path) -> None:
        if sentence := line.kind.missing():
            self.absent[line.name] = sentence
            return
        place = directory / line.name
        place.mkdir(parents=True)
        try:
            contestant = line.kind(place)
            try:
                prober = _ready(contestant)
            except BaseException:
                contestant.close()
                raise
        except FAULTS as error:
            self.absent[line.name] = f"it did not come up: {error}"
            return
        self.versions[line.name] = line.kind.version()
        self.entrants[line.name] = Entrant(line.name, contestant, prober)
        self._tell(f"{line.name} is up")

    def _in_turns(self, first: int, take: Callable[[Entrant], None]) -> None:
        """Each round begins with another. Who fails is out, and it is said why."""
        for one in rotated(list(self.entrants.values()), first):
            try:
                take(one)
            except FAULTS as error:
                self.absent[one.name] = f"it failed while it was measured: {error}"
                self.entrants.pop(one.name).close()


def rotated(items: list[Entrant], first: int) -> Iterator[Entrant]:
    for i in range(len(items)):
        yield items[(first + i) % len(items)]


def _ready(contestant: Contestant) -> Prober:
    """Packets get through: the one condition that is the same for all."""
    source, destination = contestant.addresses()
    end = time.monotonic() + START_S
    await_that(lambda: destination in contestant.gateway.run(["ip", "-o", "addr"]).stdout, f"{destination} at the gateway",
               START_S)
    prober = Prober(contestant.client, contestant.gateway, destination)
    try:
        while not prober.reaches():
            if time.monotonic() > end:
                raise CannotPlay(f"no packet gets from {source} to {destination} within {START_S:g} s")
    except BaseException:
        prober.close()
        raise
    return prober


# ---- what is measured ----


def _tcp(one: Entrant, plan: Plan) -> None:
    before = usage(one.contestant.pids)
    rate, octets = stream.mbit(one.contestant.client, one.contestant.gateway, *one.contestant.addresses(), plan.seconds)
    one.add("tcp1", rate)
    if one.contestant.pids:
        spent = usage(one.contestant.pids).since(before)
        one.add("ns_per_octet", spent.seconds * 1e9 / max(octets, 1))
        one.add("wake_ups", spent.wake_ups * PER / max(octets, 1))


def _tcp_many(one: Entrant, plan: Plan) -> None:
    rate, _ = stream.mbit(one.contestant.client, one.contestant.gateway, *one.contestant.addresses(), plan.seconds, STREAMS)
    one.add("tcp8", rate)


def _udp(octets: int) -> Callable[[Entrant, Plan], None]:
    def take(one: Entrant, plan: Plan) -> None:
        rate = lossless(lambda wanted: one.prober.load(octets, wanted, plan.load_seconds), steps=plan.steps)
        if rate is None:
            raise CannotPlay(f"not even a thousand packets of {octets} octets a second get through")
        one.add(f"udp{octets}", rate)
    return take


def _rtt_idle(one: Entrant, plan: Plan) -> None:
    _add_round_trips(one, "idle", plan.probes)


def _rtt_loaded(one: Entrant, plan: Plan) -> None:
    load = one.prober.start_load(LOAD_OCTETS, LOAD_RATE, LOAD_HEAD_S + LOAD_TAIL * plan.probes * INTERVAL_US / 1e6)
    try:
        time.sleep(LOAD_HEAD_S)
        _add_round_trips(one, "loaded", plan.probes)
    finally:
        load.kill()


def _add_round_trips(one: Entrant, when: str, probes: int) -> None:
    found = one.prober.rtt(probes, INTERVAL_US)
    one.add(f"rtt_{when}_min", found.minimum)
    one.add(f"rtt_{when}_median", found.median)
    one.add(f"rtt_{when}_p99", found.p99)


def _count(one: Entrant, seconds: int) -> None:
    if not one.contestant.pids:
        return
    counter = CallCounter(one.contestant.pids)
    try:
        _, octets = stream.mbit(one.contestant.client, one.contestant.gateway, *one.contestant.addresses(), seconds)
    finally:
        calls = counter.end()
    if calls is not None:
        one.add("calls", calls * PER / max(octets, 1))


_TAKES: dict[str, tuple[Callable[[Entrant, Plan], None], ...]] = {
    "tcp": (_tcp, _tcp_many), "udp": tuple(_udp(octets) for octets in SIZES), "rtt": (_rtt_idle, _rtt_loaded)}
