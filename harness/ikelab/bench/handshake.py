"""Handshakes with one responder after the other, all by the same load generator.

    with Responder(kind, way, directory, processors) as responder:
        best = saturate(responder, seconds=1)          # how many at a time it takes until no more come through
        play = responder.play(Pace(best), seconds=2)   # what the clients saw, and what it cost the responder

The responder stands in a namespace of its own and is bound to one processor, the generator to another where there is
one. Every client asks for an inner address of its own; of a responder that does not narrow, all for the same net.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .. import topology
from ..guest.machine import Guest
from ..guest.pool import pool
from ..peers import table
from ..peers.contract import Peer
from ..peers.neutral import DaemonSpec, PeerSpec, Retransmission
from ..peers.table import PeerKind
from ..stage.proof import Proof
from ..stage.setting import Setting
from ..topology import Topology
from . import effort
from .effort import Effort
from .load import CannotLoad, Generator, Load, Pace
from .way import Way

START_S = 30.0
INNER = "10.64.0.0/16"  # of which every client has an address
STEPS = (1, 4, 16, 64)  # at a time
ENOUGH = 1.05  # one step more that brings less ends the search
SHARES = (0.25, 0.5, 0.75, 0.9)  # of saturation, offered
NO_GUEST = "in a guest, whose kernel is not this machine's: not to be compared"


@dataclass(frozen=True)
class Processors:
    """Which one the responder is bound to, and which one the generator."""

    responder: int | None
    generator: int | None

    @classmethod
    def of(cls, allowed: Iterable[int]) -> Processors:
        numbers = sorted(allowed)
        return cls(numbers[-1], numbers[0])

    @property
    def shared(self) -> bool:
        return self.responder == self.generator


@dataclass(frozen=True)
class Play:
    """One run of the generator, and the responder's share in it."""

    pace: Pace
    load: Load
    processor_s: float | None  # of the responder; None: it is not to be seen from here
    before: Effort | None
    after: Effort | None

    @property
    def per_processor_s(self) -> float | None:
        """Handshakes, each with its Delete, that a whole second of the responder's processor makes."""
        return self.load.done / self.processor_s if self.processor_s else None

    def to_json(self) -> dict[str, Any]:
        return {"at_a_time": self.pace.at_a_time, "rate": self.pace.rate, "load": self.load.to_json(),
                "responder": None if self.after is None or self.before is None else {
                    "processor_s": self.processor_s, "per_processor_s": self.per_processor_s,
                    "before": asdict(self.before), "after": asdict(self.after)}}


class Responder:
    """One of the table's peers, configured, started and bound, until close()."""

    def __init__(self, kind: PeerKind, way: Way, directory: Path, processors: Processors) -> None:
        self.name, self.way = kind.name, way
        self.peer: Peer = kind.create(directory / "gateway")
        self.processors = processors
        self._guests: dict[str, Guest] = {}
        self._world: Topology | None = None
        try:
            self._open(directory)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Responder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.peer.kill()
        if self._world is not None:
            self._world.close()
        for guest in self._guests.values():
            pool().give_back(guest)
        self._guests.clear()

    @property
    def comparable(self) -> bool:
        """Its kernel is this machine's."""
        return self.peer.tier != "uml-kernel"

    @property
    def version(self) -> str:
        return self.peer.version()

    def play(self, pace: Pace, seconds: float = 0.0, count: int = 0) -> Play:
        before = self._effort()
        load = self._generator.play(pace, seconds, count, whole=self._whole)
        after = self._effort()
        spent = None if before is None or after is None else after.processor_s - before.processor_s
        return Play(pace, load, spent, before, after)

    # Inside.

    def _open(self, directory: Path) -> None:
        self._whole = False
        logs = directory / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        if (root := getattr(self.peer, "guest_root", None)) is not None:
            self._guests["gateway"] = pool().take(table.GUEST_KERNEL.path, root)
        self._world = world = topology.create("pair", directory=logs, guests=self._guests)
        specs = self._specs(world, directory)
        client, gateway = world.host("client"), world.host("gateway")
        self._generator = Generator(directory / "client", client.netns, self.processors.generator)
        self._generator.configure(specs["client"])
        self.peer.configure(specs["gateway"])
        self.peer.start(gateway, START_S)
        if (pid := self.peer.process_id()) is not None and self.processors.responder is not None:
            effort.bind(pid, {self.processors.responder})
        self._whole = self.play(Pace(1), START_S, 1).load.done == 0  # for it does not narrow, or else the search will tell

    def _specs(self, world: Topology, directory: Path) -> dict[str, DaemonSpec]:
        setting = Setting(esp=self.peer.default_esp)
        setting.proof = Proof("psk" if self.way.certificate is None else "certificate", directory / "credentials")
        setting.change("both", {**LIKE, "proposals": (self.way.proposal,), "certificate": self.way.certificate,
                                "child": {"local_ts": (INNER,)}})
        return setting.specs(world)

    def _effort(self) -> Effort | None:
        pid = self.peer.process_id()
        return None if pid is None else effort.effort(pid)


# What every side is like: nothing goes on but handshakes, equal identities are no reason to end another's SA, and many
# clients of one address are no flood.
LIKE: dict[str, Any] = {"initial_contact": False, "mobike": False, "keepalive_ms": 0, "liveness_ms": 0, "flood_limits": False,
                        "quiet": True, "retransmission": Retransmission(timeout_ms=1000, tries=4)}


class Address:
    """Somebody's responder, which is configured already: nothing of it is seen but its answers."""

    comparable = False
    version = ""

    def __init__(self, entry: PeerSpec, way: Way, directory: Path, processors: Processors) -> None:
        """`entry`: as the generator is to be configured."""
        self.name, self.way = entry.remote_addresses[0], way
        both = {name: value for name, value in LIKE.items() if name in PeerSpec.__dataclass_fields__}
        self._generator = Generator(directory / "client", None, processors.generator)
        self._generator.configure(DaemonSpec((replace(entry, **both, proposals=(way.proposal,)),)))

    def __enter__(self) -> Address:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def play(self, pace: Pace, seconds: float = 0.0, count: int = 0) -> Play:
        return Play(pace, self._generator.play(pace, seconds, count), None, None, None)


def saturate(responder: Responder | Address, seconds: float, steps: Sequence[int] = STEPS) -> tuple[int, list[Play]]:
    """How many at a time brought most through, and what was tried. Raises CannotLoad when none came through at all."""
    plays: list[Play] = []
    best = steps[0]
    most = 0.0
    for at_a_time in steps:
        play = responder.play(Pace(at_a_time), seconds)
        plays.append(play)
        if most and play.load.per_second < most * ENOUGH:
            break
        if play.load.per_second > most:
            best, most = at_a_time, play.load.per_second
    if not most:
        causes = ", ".join(f"{cause} {times}" for cause, times in plays[0].load.causes.items())
        raise CannotLoad(f"no handshake came to its end: {causes or 'none was answered in time'}")
    return best, plays


def rounds(responders: Sequence[Responder | Address], at_a_time: Sequence[int], count: int, seconds: float) -> list[list[Play]]:
    """The plays of every responder. They take turns, and each round begins with another, so that what a machine does in
    between falls on all of them."""
    plays: list[list[Play]] = [[] for _ in responders]
    for number in range(count):
        for i in range(len(responders)):
            which = (number + i) % len(responders)
            plays[which].append(responders[which].play(Pace(at_a_time[which]), seconds))
    return plays


def curve(responder: Responder | Address, saturation: float, seconds: float) -> list[Play]:
    """Latency against offered load: strangers that come independently of each other, at shares of what it can bear."""
    return [responder.play(Pace(rate=max(saturation * share, 1.0)), seconds) for share in SHARES]
