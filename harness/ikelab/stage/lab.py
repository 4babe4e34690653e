"""The lab around one scenario: topology and capture, settings for both sides, flows, marks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import keys
from ..capture import Capture
from ..guest.machine import Guest
from ..guest.pool import pool
from ..link import Relay
from ..peers import table
from ..peers.contract import PeerTimeout, PeerUnsupported
from ..peers.neutral import DEFAULT_ESP, DaemonSpec
from ..topology import LAYOUTS, Topology, create
from ..topology.host import Host
from ..process import ProcessError, await_that
from ..trace import Mark, Scene, Trace, annotate
from ..traffic import Flow
from ..wire import capture as capture_file
from ..wire import packet
from ..wire.packet import Datagram
from ..workplace import workplace
from . import on_the_wire, stranger
from .proof import Proof
from .setting import Setting
from .side import Side


NEVER = 10**9  # an ordinal that no packet reaches: such a rule only counts


@dataclass(slots=True)
class Play:
    """What is known before the scenario begins."""

    scenario: str
    title: str
    initiator: str
    responder: str
    directory: Path  # for what is left of it
    layout: str = "pair"
    relayed: Any = ()
    needs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    requirements: list[str] = field(default_factory=list)
    authentication: str = "psk"  # of who is not told otherwise: one of proof.METHODS


class Lab:
    def __init__(self, play: Play):
        self.play = play
        self.directory = workplace(play.directory)
        self.setting = Setting(proof=Proof(play.authentication, self.directory / "credentials"))
        self.client = Side("client", play.initiator, self)
        self.gateway = Side("gateway", play.responder, self)
        self.sides = [self.client, self.gateway]
        self.flow = Flows(self)
        self.marks: list[Mark] = []
        self.traffic: list[Any] = []
        self.capture: Capture | None = None
        self.trace: Trace | None = None  # after the end, for presenters
        self.guests: dict[str, Guest] = {}  # hosts that a guest inhabits
        self.boot_s = 0.0  # what it took to have them
        self.dead_guests: list[str] = []  # after close(): those that did not live to see it, and why
        self._topology: Topology | None = None
        self._specs: tuple[DaemonSpec, DaemonSpec] | None = None
        self._addresses: dict[str, str] = {}
        self._afterwards: list[Callable[[Trace], None]] = []

    # For scenarios.

    @property
    def topology(self) -> Topology:
        assert self._topology is not None, "the lab is not open"
        return self._topology

    def configure(self, **changes: Any) -> None:
        """For both sides: family=6 (outside), inner=(4, 6), fields of PeerSpec and DaemonSpec, certificate=Certificate(...)
        or None for the shared key, and child={...} with fields of ChildSpec as the client sees them."""
        self.setting.change("both", changes)

    def host(self, name: str) -> Host:
        return self.topology.host(name)

    def side(self, name: str) -> Side:
        return next(side for side in self.sides if side.name == name)

    def relay(self, link: str) -> Relay:
        relay = self.topology.link(link).relay
        if relay is None:
            raise ValueError(f"link {link} has no relay: @topology(..., relayed=({link!r},))")
        return relay

    def another(self, host: str = "second") -> Side:
        """One more client, of the client's kind, in that host. Ask before anything starts."""
        side = Side(host, self.play.initiator, self)
        side.peer = table.kind(side.kind).create(self.directory / host)
        self.sides.append(side)
        return side

    def half_open(self, count: int = 1) -> None:
        """Strangers in the client's host ask the gateway for an IKE SA, and never come back."""
        self.mark("client", f"is not alone: {count} IKE_SA_INIT from somebody who will never come back")
        for _ in range(count):
            assert stranger.knock(self.client.host, self.gateway.host.reachable_address(self.setting.family)), \
                "the gateway did not answer a stranger's IKE_SA_INIT"

    def rebind(self, nat: str = "nat") -> None:
        """The NAT forgets its mappings; new ones get other ports."""
        self.mark(nat, "forgets its mappings; new ones get other ports")
        self.topology.nat(nat).rebind()

    def mapping_timeout(self, seconds: int, nat: str = "nat") -> None:
        self.topology.nat(nat).mapping_timeout(seconds)

    def pass_by(self, link: str, packets: str, count: int = 1, deadline_s: float = 10.0, **match: Any) -> None:
        """Until so many more of these packets have crossed a relayed link; words as of link.relay."""
        watched = self.relay(link).drop(None, packets, NEVER, **match)
        try:
            watched.wait_matched(count, deadline_s)
        except ProcessError as error:
            raise PeerTimeout(f"no {count} packets of {packets} crossed {link} in {deadline_s:g} s") from error
        watched.remove()

    def silence(self, link: str, seconds: float, deadline_s: float = 10.0) -> None:
        """Until nothing of ours has crossed a relayed link for so long: no IKE, no ESP, no keepalive."""
        watched = [self.relay(link).drop(None, kind, NEVER) for kind in ("ike", "esp", "keepalive")]
        seen, since = -1, 0.0

        def silent() -> bool:
            nonlocal seen, since
            now, count = time.monotonic(), sum(rule.matched for rule in watched)
            if count != seen:
                seen, since = count, now
            return now - since >= seconds

        try:
            await_that(silent, "silence", deadline_s, interval_s=0.02)
        except ProcessError as error:
            raise PeerTimeout(f"never were there {seconds:g} s of silence on {link} in {deadline_s:g} s") from error
        for rule in watched:
            rule.remove()

    def mark(self, host: str, text: str) -> None:
        """One line of the scenario's own in the trace and the ladder."""
        self.marks.append(Mark(time.time_ns(), host, text))

    def afterwards(self, check: Callable[[Trace], None]) -> None:
        """`check(trace)` is called when all has been decoded; what it raises is the verdict."""
        self._afterwards.append(check)

    def agree(self, child: str | None = None) -> None:
        """Both sides see the same Child SA. Sides may learn of it one after the other."""
        want = self.client.agreement(child)
        self.gateway.wait_for(
            lambda status: any(sa.agreement().mirrored() == want for sa in status.installed(child)),
            f"a Child SA that mirrors {want}", deadline_s=2)

    def settle(self, deadline_s: float = 5) -> None:
        """Quiet: the same one IKE SA and the same Child SAs on both sides, one a policy, and nothing
        half-done. After whatever happened, this is how it has to end (RFC 7296 2.8.1, 2.25)."""
        end = time.monotonic() + deadline_s
        while (problem := self._unsettled()) and time.monotonic() < end:
            self.client.daemon.wait_event(0.01)
        if problem:
            raise PeerTimeout(f"the sides did not agree within {deadline_s:g} s: {problem}")

    def _unsettled(self) -> str:
        """"" or what is not quiet yet."""
        client, gateway = self.client.status(), self.gateway.status()
        for name, status in (("client", client), ("gateway", gateway)):
            if len(status.ike_sas) != 1 or not status.established():
                return f"the {name} has {status.ike_sas or 'no IKE SA'}"
            wanted = sorted(child.name for child in self.client.daemon.spec.peer().children)
            # Lingering inbound halves, for packets that are late, are no Child SAs any more.
            if sorted(sa.child for sa in status.child_sas if sa.state != "deleted") != wanted or \
                    len(status.installed()) != len(wanted):
                return f"the {name} has {status.child_sas or 'no Child SA'}"
        if client.ike_sas[0].spis != gateway.ike_sas[0].spis:
            return f"two IKE SAs: {client.ike_sas[0]} and {gateway.ike_sas[0]}"
        ours = {sa.agreement() for sa in client.installed()}
        theirs = {sa.mirrored() for sa in gateway.installed()}
        return "" if ours == theirs else f"different Child SAs: {ours} and {theirs}"

    # For the plugin.

    def open(self) -> None:
        """Topology and capture: from here on no packet is missed."""
        for side in self.sides:
            side.peer = table.kind(side.kind).create(self.directory / side.name)
            side.peer.require(*self.play.needs.get("both", ()), *self.play.needs.get(side.name, ()))
        logs = self.directory / "logs"
        logs.mkdir(exist_ok=True)
        for side in self.sides:
            if (root := getattr(side.peer, "guest_root", None)) is not None:
                started = time.monotonic()
                self.guests[side.name] = pool().take(table.GUEST_KERNEL.path, root)
                if side is self.client and "second" in LAYOUTS[self.play.layout][0]().hosts:
                    self.guests["second"] = pool().take(table.GUEST_KERNEL.path, root)  # for another()
                self.boot_s += time.monotonic() - started
        self._topology = create(self.play.layout, relayed=self.play.relayed, directory=logs, guests=self.guests)
        self.learn_addresses()
        self.capture = Capture(self.topology.capture_points(), self.directory)

    def close(self) -> None:
        if self._topology is not None:
            self._topology.close()
        while self.guests:
            name, guest = self.guests.popitem()
            if not guest.running:
                self.dead_guests.append(f"the guest of the {name} {guest.last_words()}")
            pool().give_back(guest)

    def spec(self, side: str) -> DaemonSpec:
        """Made once, when the first side starts; a later change holds from a restart on."""
        inner = () if self.setting.transport else self.setting.inner
        if any(family != self.setting.family for family in inner):
            for one in self.sides:
                one.require("mixed-families")
        more = [one.name for one in self.sides if one not in (self.client, self.gateway)]
        self.setting.esp = next((one.daemon.default_esp for one in self.sides
                                 if one.daemon.default_esp != DEFAULT_ESP), DEFAULT_ESP)
        return self.setting.specs(self.topology, more)[side]

    def evidence(self) -> tuple[list[Datagram], keys.KeyStore]:
        """What has crossed the outer links so far, and all keys that are known by now."""
        assert self.capture is not None
        files = [path for path in self.capture.files.values() if path.exists()]
        outer = self.outer_links()
        seen = [one for one in packet.datagrams(capture_file.read_captures(files)) if one.link in outer]
        return seen, keys.load(side.peer.directory for side in self.sides if side.peer and side.peer.directory.exists())

    def nat_seen_by(self, side: Side) -> tuple[bool, bool]:
        """Whether that side is behind a NAT, and whether the other one is, as the packets that came to it say. For
        peers that do not tell."""
        assert self.capture is not None
        self.capture.flush()
        for one in self.sides:
            if one.peer is not None and one.should_run:
                one.peer.ike_keys()
        trace = annotate(*self.evidence(), self.scene())
        found = on_the_wire.nat_seen_at(self.addresses_of(side.name), trace)
        if found is None:
            raise PeerUnsupported(f"{side.kind} does not tell who is behind a NAT, and no packet says so")
        return found

    def move(self, *uplinks: str, families: tuple[int, ...]) -> None:
        move = getattr(self.topology, "uplink", None)
        if move is None:
            raise ValueError(f"the layout {self.play.layout} has no uplinks; use @topology(\"roaming\")")
        move(*uplinks, families=families)
        self.learn_addresses()

    def check_afterwards(self, trace: Trace) -> None:
        for check in self._afterwards:
            check(trace)

    def outer_links(self) -> set[str]:
        """Capture points where nothing protected may be seen."""
        return {point.name for name, link in self.topology.links.items()
                if not any(end.inner for end in self.topology.plan.links[name].ends)
                for point in link.capture_points}

    def addresses_of(self, host: str) -> tuple[str, ...]:
        return tuple(address for address, name in self._addresses.items() if name == host)

    def scene(self) -> Scene:
        world = self.topology
        ends = {side.name for side in self.sides}
        middle = set(world.hosts) - ends - {"alice", "bob"}
        order = [name for name in world.hosts if name in ends or name in world.nats]
        links = {}
        for link in world.links.values():
            near, *far = link.capture_points
            links[near.name] = (link.hosts[0],) if far else link.hosts
            if far:
                links[far[0].name] = (link.hosts[1],)
        return Scene(dict(self._addresses), order, links, middle)

    def learn_addresses(self) -> None:
        for name, host in self.topology.hosts.items():
            for address in [*self.topology.plan.addresses(name), *host.addresses, *host.inside]:
                self._addresses.setdefault(address, name)


class Flows:
    """traffic.Flow, with every flow remembered for the result's metrics."""

    def __init__(self, lab: Lab):
        self._lab = lab
        self._flow = Flow()

    @contextmanager
    def udp(self, *ends: Any, **options: Any) -> Iterator[Any]:
        with self._flow.udp(*ends, **options) as traffic:
            self._lab.traffic.append(traffic)
            yield traffic

    @contextmanager
    def tcp(self, *ends: Any, **options: Any) -> Iterator[Any]:
        with self._flow.tcp(*ends, **options) as traffic:
            self._lab.traffic.append(traffic)
            yield traffic

    def ping(self, *ends: Any, **options: Any) -> Any:
        return self._flow.ping(*ends, **options)

    def datagram(self, *ends: Any, **options: Any) -> Any:
        return self._flow.datagram(*ends, **options)

    def reaches(self, *ends: Any, **options: Any) -> bool:
        return self._flow.reaches(*ends, **options)
