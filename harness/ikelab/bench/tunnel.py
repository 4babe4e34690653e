"""One TCP stream through two references: how much gets through, and what the daemons do for it.

    with Tunnel(variant, directory, encapsulate=True) as tunnel:
        stream = tunnel.stream(2)        # through the tunnel
        control = tunnel.raw(1)          # by the same link, beside it
        cost = tunnel.cost(1)            # system calls, wake-ups, packets

The link is a veth pair that segments and checks as network cards do (elsewhere the lab turns that off, so that every
packet can be captured). iperf3 makes the stream: beside the tunnel it has to be many times faster than through it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from ikelab import topology
from ikelab.peers.reference import Reference
from ikelab.stage.setting import Setting
from ikelab.topology import interface
from ikelab.topology.host import Host

from . import stream
from .prober import Prober
from .profile import Profile, Profiler
from .stream import START_S, CannotPlay
from .usage import CallCounter, usage
from .variant import Variant

__all__ = ["CannotPlay", "Cost", "Stream", "Tunnel", "missing", "rounds"]


@dataclass(frozen=True)
class Stream:
    mbit: float  # per second, as the receiver counts
    ns_per_octet: float  # processor time of both daemons: what a busy machine changes least


@dataclass(frozen=True)
class Cost:
    """Of the sending and the receiving daemon together; None where nobody can count it here."""

    packets: int  # ESP, both ways
    octets: int  # of inner packets
    wake_ups: int  # times that a daemon had nothing to do and slept
    system_calls: int | None
    seconds: float  # of processor time

    @property
    def packets_per_wake_up(self) -> float:
        return self.packets / max(self.wake_ups, 1)

    @property
    def octets_per_wake_up(self) -> float:
        return self.octets / max(self.wake_ups, 1)

    @property
    def calls_per_packet(self) -> float | None:
        return None if self.system_calls is None else self.system_calls / max(self.packets, 1)

    @property
    def us_per_packet(self) -> float:
        return self.seconds * 1e6 / max(self.packets, 1)


def missing() -> str:
    """"" or why nothing can be measured here."""
    return "" if shutil.which("iperf3") else "iperf3 makes the stream and is not there: run `ci/install.sh`"


class Tunnel:
    """Two hosts, two daemons and a Child SA between them, until close()."""

    def __init__(self, variant: Variant, directory: Path, encapsulate: bool = True):
        self.variant = variant
        self._world = topology.create("pair", directory=directory)
        self.sides: list[Reference] = []
        try:
            self._open(directory, encapsulate)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Tunnel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for side in self.sides:
            side.kill()
        self._world.close()

    def stream(self, seconds: int) -> Stream:
        before = [self._spent(side) for side in self.sides]
        mbit = self._iperf(seconds, self._client.inside_address(), self._gateway.inside_address())
        _, octets, _, time_s = self._since(before)
        return Stream(mbit, time_s * 1e9 / max(octets, 1))

    def raw(self, seconds: int) -> float:
        """Mbit/s that arrive by the same link in the clear: what is not protected passes beside the tunnel."""
        return self._iperf(seconds, self._client.address(), self._gateway.address())

    def profile(self, seconds: int) -> Profile:
        """Of both daemons during a stream that no figure comes of. Raises CannotProfile."""
        profiler = Profiler(side.pid for side in self.sides)
        try:
            self.stream(seconds)
            return profiler.end()
        finally:
            profiler.close()

    def prober(self) -> Prober:
        """Through the tunnel; to be closed by who asked."""
        return Prober(self._client, self._gateway, self._gateway.inside_address())

    def cost(self, seconds: int) -> Cost:
        """What the daemons do for a stream of so many seconds, which no figure comes of: who counts is in the way."""
        pids = [side.pid for side in self.sides]
        calls = CallCounter(pids)
        before = [self._spent(side) for side in self.sides]
        self.stream(seconds)
        packets, octets, wake_ups, time_s = self._since(before)
        return Cost(int(packets), int(octets), int(wake_ups), calls.end(), time_s)

    # Inside.

    @property
    def _client(self) -> Host:
        return self._world.host("client")

    @property
    def _gateway(self) -> Host:
        return self._world.host("gateway")

    def _open(self, directory: Path, encapsulate: bool) -> None:
        setting = Setting()
        setting.change("both", {"force_encapsulation": encapsulate})
        specs = setting.specs(self._world)
        for host in (self._client, self._gateway):
            host.call(interface.offload_on, host.links)
            side = Reference(directory / host.name, self.variant.program)
            side.configure(specs[host.name])
            (file,) = side.configuration()
            file.write_text(self.variant.lines() + file.read_text())
            self.sides.append(side)
        for side, host in reversed(list(zip(self.sides, (self._client, self._gateway)))):
            side.start(host, START_S)
        self.sides[0].initiate(deadline_s=START_S)

    def _iperf(self, seconds: int, source: str, destination: str) -> float:
        return stream.mbit(self._client, self._gateway, source, destination, seconds)[0]

    def _since(self, before: list[tuple[int, int, int, float]]) -> tuple[float, ...]:
        after = [self._spent(side) for side in self.sides]
        return tuple(sum(now[i] - then[i] for now, then in zip(after, before)) for i in range(4))

    @staticmethod
    def _spent(side: Reference) -> tuple[int, int, int, float]:
        child = side.status().child_sas[0]
        spent = usage([side.pid])
        return (child.packets_in + child.packets_out, child.octets_in + child.octets_out, spent.wake_ups, spent.seconds)


def rounds(tunnels: list[Tunnel], count: int, seconds: int, raw_seconds: int) -> tuple[list[list[Stream]], list[float]]:
    """The streams of every tunnel, and the control's Mbit/s, in every round. Each round begins with another, so that what a machine
    does in between falls on all of them."""
    streams: list[list[Stream]] = [[] for _ in tunnels]
    control = []
    for number in range(count):
        control.append(tunnels[number % len(tunnels)].raw(raw_seconds))
        for i in range(len(tunnels)):
            which = (number + i) % len(tunnels)
            streams[which].append(tunnels[which].stream(seconds))
    return streams, control
