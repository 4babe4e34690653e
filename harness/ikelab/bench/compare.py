"""Two builds by turns: whether the second one is faster or slower than the first.

    with Compared(before, after, directory) as compared:
        compared.play(rounds=6)
        compared.findings()              # of every measure: a ratio, and what it says
        compared.absent["rtt"]           # why nothing was measured

A ratio's interval lies beside 1 by chance once in twenty times, so with ten measures every other run would say something of two
builds that are the same. What would be said is therefore measured once more, and said when the second time says so as well.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from ikelab.peers.contract import PeerError
from ikelab.process import ProcessError

from .history import LESS, MORE
from .measure import CERTIFICATES
from .prober import Prober
from .ratio import Ratio, ratio
from .stream import CannotPlay
from .tunnel import Tunnel
from .variant import Variant

MEMORY, TUNNEL, RTT = KINDS = ("memory", "tunnel", "rtt")
WAYS = ("psk.x25519", "ecdsa256.x25519")
MEMORY_S, STREAM_S = 0.5, 2
PROBES, INTERVAL_US = 200, 500
RATE = re.compile(r"rate (\S+) +([0-9.]+) a second")
FAULTS = (CannotPlay, ProcessError, PeerError, OSError)


class Says(StrEnum):
    FASTER = "faster"
    SLOWER = "slower"
    NOTHING = "nothing to be said"


@dataclass
class Measure:
    """Figures of the same place were taken one after the other."""

    name: str
    kind: str
    unit: str
    better: str
    before: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)

    def ratio(self, first: int = 0) -> Ratio | None:
        """Of the second build to the first, from this round on; None: there are no two rounds, or a figure is nothing."""
        one, other = self.after[first:], self.before[first:]
        return ratio(one, other) if len(one) > 1 and min(*one, *other) > 0 else None

    def says(self, first: int = 0) -> Says:
        found = self.ratio(first)
        if found is None or found.low <= 1 <= found.high:
            return Says.NOTHING
        return Says.FASTER if (found.mean > 1) == (self.better == MORE) else Says.SLOWER


@dataclass(frozen=True)
class Finding:
    measure: Measure
    ratio: Ratio | None  # of all rounds
    says: Says


class Compared:
    """Each of the two is a directory with ikebench and ikeref."""

    def __init__(self, before: Path, after: Path, directory: Path, kinds: Sequence[str] = KINDS,
                 tell: Callable[[str], None] = lambda _: None):
        self.absent: dict[str, str] = {}
        self.measures: dict[str, Measure] = {}
        self._builds, self._directory, self._tell = (before, after), directory, tell
        self._first_time = 0  # rounds of the first time
        self._stack = ExitStack()
        self._tunnels: list[Tunnel] = []
        self._probers: list[Prober] = []
        self._kinds = [one for one in KINDS if one in kinds]
        try:
            self._try((TUNNEL, RTT), self._open)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Compared:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._stack.close()

    def play(self, rounds: int) -> None:
        """And once more what would be said after that."""
        self._rounds(rounds, self._kinds)
        self._first_time = rounds
        again = [kind for kind in self._kinds if any(one.kind == kind and one.says() is not Says.NOTHING
                                                     for one in self.measures.values())]
        if again:
            self._tell(f"once more: {', '.join(again)}")
            self._rounds(rounds, again)

    def findings(self) -> list[Finding]:
        return [Finding(one, one.ratio(), self._said(one)) for one in self.measures.values()]

    # Inside.

    def _said(self, one: Measure) -> Says:
        """What both times say; the first is that of the first rounds alone."""
        early = Measure(one.name, one.kind, one.unit, one.better, one.before[:self._first_time], one.after[:self._first_time])
        return one.says(self._first_time) if early.says() is one.says(self._first_time) else Says.NOTHING

    def _open(self) -> None:
        if TUNNEL not in self._kinds and RTT not in self._kinds:
            return
        for number, build in enumerate(self._builds):
            directory = self._directory / str(number)
            directory.mkdir(parents=True)
            tunnel = self._stack.enter_context(Tunnel(Variant(build.parent.name, build / "ikeref"), directory))
            self._tunnels.append(tunnel)
            if RTT in self._kinds:
                self._probers.append(tunnel.prober())
                self._stack.callback(self._probers[-1].close)

    def _rounds(self, count: int, kinds: Sequence[str]) -> None:
        takes = {MEMORY: self._memory, TUNNEL: self._stream, RTT: self._round_trips}
        for number in range(count):
            for kind in kinds:  # one that fails on the way is in self._kinds no more
                if kind in self._kinds:
                    self._try((kind,), lambda: [takes[kind](which) for which in ((0, 1) if number % 2 == 0 else (1, 0))])
            self._tell(f"round {number + 1} of {count}")

    def _try(self, kinds: Sequence[str], play: Callable[[], object]) -> None:
        """When it fails these kinds are out, and it is said why."""
        try:
            play()
        except FAULTS as error:
            self.absent.update({one: str(error) for one in kinds if one in self._kinds})
            self._kinds = [one for one in self._kinds if one not in kinds]
            self.measures = {name: one for name, one in self.measures.items() if one.kind not in kinds}

    def _add(self, which: int, name: str, kind: str, unit: str, better: str, value: float) -> None:
        one = self.measures.setdefault(name, Measure(name, kind, unit, better))
        (one.after if which else one.before).append(value)

    def _memory(self, which: int) -> None:
        program = self._builds[which] / "ikebench"
        done = subprocess.run([program, "--rate", f"{MEMORY_S:g}", "--certificates", CERTIFICATES, *WAYS], capture_output=True,
                              text=True, check=False, stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"})
        rates = dict(RATE.findall(done.stdout))
        if done.returncode != 0 or not {*WAYS} <= {*rates}:
            raise CannotPlay(f"{program} plays no handshakes in memory (--rate): it may be from before that was added")
        for way in WAYS:
            self._add(which, f"in memory, {way}", MEMORY, "handshakes a second", MORE, float(rates[way]))

    def _stream(self, which: int) -> None:
        stream = self._tunnels[which].stream(STREAM_S)
        self._add(which, "stream, Mbit/s", TUNNEL, "Mbit/s", MORE, stream.mbit)
        self._add(which, "stream, ns/octet", TUNNEL, "ns", LESS, stream.ns_per_octet)

    def _round_trips(self, which: int) -> None:
        found = self._probers[which].rtt(PROBES, INTERVAL_US)
        self._add(which, "round trip, least", RTT, "us", LESS, found.minimum)
        self._add(which, "round trip, median", RTT, "us", LESS, found.median)
