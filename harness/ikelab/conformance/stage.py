"""One implementation in one role and configuration, up for as many tests as are played with it, and the scripted peer's
sockets on the other side of the wire. Between tests it is looked at: what a test has left is taken away."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .. import workplace
from ..capture import Capture
from ..guest.machine import Guest
from ..guest.pool import pool
from ..peers import table
from ..peers.contract import Peer, PeerError, PeerUnsupported
from ..peers.neutral import ChildSpec, DaemonSpec, Eap, Lifetime, PeerSpec, Retransmission
from ..pki import Certificate
from ..process import ProcessError
from ..scripted.carrier import PATIENCE_S, Carrier
from ..scripted.ike_sa import IkeSa, Inside
from ..stage.proof import Proof
from ..stage.setting import Setting
from ..topology import Topology, create
from ..topology.host import Host
from ..topology.plan import family_of
from ..trace import Scene
from ..wire import capture as capture_file
from ..wire.packet import network_octets
from ..wire.registry import Exchange
from . import outside
from .library import Library

HOSTS = {"initiator": ("client", "gateway"), "responder": ("gateway", "client")}  # of the peer, and of the scripted one
GUEST_PATIENCE_S = 6.0  # a guest's programs are slow at arithmetic
HALF_OPEN = ("half-open", "connecting")
HALF_OPEN_MAX = 12  # which a responder may keep of earlier tests: they go by themselves, and ask for no cookies yet
CLEAN_S = 1.0  # to come to rest by itself, when it was told to
PCAP_HEADER = 24
_HASHES = "sha256-sha384-sha512"
_REST = "prfsha256-prfsha384-prfsha512-x25519-ecp256-ecp384-ecp521-modp2048-modp3072-modp4096"
EVERY_ESP = ("aes256gcm16-aes192gcm16-aes128gcm16-chacha20poly1305", f"aes256-aes192-aes128-{_HASHES}")
EVERY_IKE = tuple(f"{words}-{_REST}" for words in EVERY_ESP)


@dataclass(frozen=True)
class Setup:
    """What tests have in common that share a stage. `configuration`: JSON, of the fields that lab.configure takes."""

    peer: str
    role: str
    layout: str = "pair"
    configuration: str = "{}"
    outside: str = ""  # "INTERFACE=ADDRESS" of a box that is in no namespace of ours

    @classmethod
    def of(cls, peer: str, role: str, layout: str, configuration: Mapping[str, Any], outside: str = "") -> Setup:
        return cls(peer, role, layout, json.dumps(configuration, sort_keys=True), outside)

    @property
    def name(self) -> str:
        """Of the implementation, as results have it."""
        return Path(self.peer).stem if self.peer.startswith(table.DRIVER) else self.peer


def in_words(spec: PeerSpec) -> PeerSpec:
    """The scripted peer has no proposals of its own: where an implementation is left to its own, ours are all we know."""
    children = tuple(replace(one, proposals=one.proposals or EVERY_ESP) for one in spec.children)
    return replace(spec, proposals=spec.proposals or EVERY_IKE, children=children)


class Stage:
    def __init__(self, setup: Setup, directory: Path):
        self.setup, self.home = setup, directory
        self.directory = directory  # once open, where all of it writes (workplace.py)
        self.guests: dict[str, Guest] = {}
        self.restarts = 0
        self.lives = 0  # sanity exchanges so far
        self.silent = False  # whether it answered nothing any more, when it was last restarted
        self.ended = ""  # how it had, when it was last restarted without having been told to
        self.boot_s = 0.0
        self._world: Topology | None = None
        self._capture: Capture | None = None
        self._carrier: Carrier | None = None
        self._library: Library | None = None
        self._offsets: dict[str, int] = {}
        self._moved: tuple[str, str] | None = None  # the peer's address now, and at home
        self._told_path_mtu = False  # its host believes something of a path
        self.sas: list[IkeSa] = []  # of the test that is on

    # Life and death.

    def open(self) -> None:
        """Raises what the lab or an adapter raises; close() is due in any case."""
        self.directory = workplace.workplace(self.home)
        own, other = HOSTS[self.setup.role]
        self.peer: Peer = table.kind(self.setup.peer).create(self.directory / own)
        if (root := getattr(self.peer, "guest_root", None)) is not None:
            started = time.monotonic()
            self.guests[own] = pool().take(table.GUEST_KERNEL.path, root)
            self.boot_s = time.monotonic() - started
        logs = self.directory / "logs"
        logs.mkdir()
        self._world = self._create(own, other, logs)
        self._capture = Capture(self._world.capture_points(), self.directory)
        self._offsets = {}
        setting = self._setting()
        specs = setting.specs(self._world)
        self.spec: PeerSpec = in_words(specs[other].peer())
        self.family = setting.family
        # tests fail on purpose, all from one address
        self.peer.configure(replace(self._known(specs[own]), flood_limits=self._flood_limits))
        self.peer.start(self.host)
        self._open_carrier()

    def _create(self, own: str, other: str, logs: Path) -> Topology:
        if not self.setup.outside:
            return create(self.setup.layout, directory=logs, guests=self.guests)
        if self.setup.layout != "pair":
            raise PeerUnsupported(f"the layout {self.setup.layout} cannot be made around a box that is outside")
        return outside.world(outside.Outside.parse(self.setup.outside), own, other, logs)

    def _setting(self) -> Setting:
        setting = Setting(proof=Proof(directory=self.directory / "credentials"), esp=self.peer.default_esp)
        asked = _lists_as_tuples(json.loads(self.setup.configuration))
        self._fixed, self._two = asked.pop("fixed_address", False), asked.pop("two_addresses", False)
        self._flood_limits = asked.pop("flood_limits", False)
        for where in (asked, asked.get("client", {}), asked.get("gateway", {})):
            if where.get("certificate"):
                where["certificate"] = Certificate(**where["certificate"])
        for who in ("client", "gateway"):
            setting.change(who, asked.pop(who, {}))
        if asked.get("eap"):
            asked["eap"] = Eap(**asked["eap"])
        for where in (asked, asked.get("child", {})):
            for name, kind in (("retransmission", Retransmission), ("lifetime", Lifetime)):
                if name in where:
                    where[name] = kind(**where[name])
        if "children" in asked:
            asked["children"] = tuple(ChildSpec(**one) for one in asked["children"])
        if self.setup.outside:
            asked.setdefault("family", family_of(outside.Outside.parse(self.setup.outside).address))
        setting.change("both", asked)
        return setting

    def _known(self, spec: DaemonSpec) -> DaemonSpec:
        """A responder would take us from anywhere; with `fixed_address` it is told where we are, and that is all, with
        `two_addresses` that we may be at another as well."""
        if not self._fixed and not self._two:
            return spec
        ours = (self.other.address(self.family), *([self.another_address()] if self._two else []))
        return replace(spec, peers=tuple(replace(one, remote_addresses=ours) for one in spec.peers))

    def _open_carrier(self) -> None:
        remote = self.host.reachable_address(self.family)
        patience = GUEST_PATIENCE_S if self.guests else PATIENCE_S
        self._carrier = Carrier(self.other, self.other.address(self.family), remote, patience_s=patience)

    def close(self) -> None:
        if self._carrier is not None:
            self._carrier.close()
        if self._library is not None:
            self._library.close()
        peer = getattr(self, "peer", None)
        if peer is not None and peer.running():
            peer.kill()
        if self._capture is not None:
            with contextlib.suppress(Exception):
                self._capture.stop()
        if self._world is not None:
            self._world.close()
        while self.guests:
            pool().give_back(self.guests.popitem()[1])
        self._carrier = self._library = self._capture = self._world = None
        with contextlib.suppress(OSError):  # each test has its own part already, and has said that there is no room
            workplace.carry(self.directory, self.home)
        self.directory = self.home

    def restart(self) -> None:
        """The daemon forgets everything, and begins anew."""
        self.restarts += 1
        self.peer.kill()
        self.peer.start(self.host)

    # Who is where.

    @property
    def world(self) -> Topology:
        assert self._world is not None, "the stage is not open"
        return self._world

    @property
    def carrier(self) -> Carrier:
        assert self._carrier is not None, "the stage is not open"
        return self._carrier

    @property
    def host(self) -> Host:
        """The peer's."""
        return self.world.host(HOSTS[self.setup.role][0])

    @property
    def other(self) -> Host:
        """The scripted peer's."""
        return self.world.host(HOSTS[self.setup.role][1])

    @property
    def inside(self) -> Inside:
        return {family: (self.other.inside_address(family), self.host.inside_address(family)) for family in (4, 6)}

    def another_address(self) -> str:
        """A second address of the scripted peer's host in the network of its first; it stays."""
        if self.setup.outside:
            raise PeerUnsupported("this machine's own interface gets no second address for a test")
        first = self.other.address(self.family)
        found = str(ipaddress.ip_address(first) + 100)
        if found not in self.other.addresses:
            prefix = 64 if self.family == 6 else 24
            nodad = " nodad" if self.family == 6 else ""
            self.other.ip(f"addr add {found}/{prefix} dev {self.other.links[0]}{nodad}")
            self.other.addresses.append(found)
        return found

    def renumber(self) -> str:
        """The peer's host has another address of the same network from now on, until the test is over; once more, a
        third."""
        if self.setup.outside:
            raise PeerUnsupported("a box that is outside has the address that it has")
        old = self.host.address(self.family)
        new = str(ipaddress.ip_address(old) + 100)
        self._moved = (new, self._moved[1] if self._moved else old)
        self.host.renumber(old, new)
        return new

    def tell_path_mtu(self, about: bytes, mtu: int) -> None:
        """By ICMP; it counts until the test is over."""
        if self.setup.outside:
            raise PeerUnsupported("a box that is outside would believe for ten minutes what it is told of the path's MTU")
        self._told_path_mtu = True
        self.carrier.send_too_big(about, mtu)

    def scene(self) -> Scene:
        hosts = {address: self.setup.name if host is self.host else "scripted" if host is self.other else name
                 for name, host in self.world.hosts.items()
                 for address in [*self.world.plan.addresses(name), *host.addresses, *host.inside]}
        order = ["scripted", *self.world.nats, self.setup.name]
        return Scene(hosts, order if self.setup.role == "responder" else order[::-1])

    def library(self) -> Library:
        """What the scripted peer's host has to give by HTTP."""
        if self._library is None:
            self._library = Library(self.other, self.other.address(self.family))
        return self._library

    @property
    def pool(self) -> tuple[str, ...]:
        """What the peer assigns addresses of."""
        assert self.peer.spec is not None
        return self.peer.spec.peer().pool

    # Packets of one test.

    def mark_packets(self) -> None:
        """From here on they are the next test's."""
        assert self._capture is not None
        self._capture.flush()
        self._offsets = {name: path.stat().st_size for name, path in self._capture.files.items()}

    def packets(self, directory: Path) -> list[Path]:
        """A file a link with what has crossed it since mark_packets()."""
        assert self._capture is not None
        self._capture.flush()
        found = []
        for name, path in self._capture.files.items():
            with path.open("rb") as file:
                header = file.read(PCAP_HEADER)
                file.seek(max(PCAP_HEADER, self._offsets.get(name, 0)))
                found.append(directory / f"{name}.pcap")
                found[-1].write_bytes(header + file.read())
        return found

    def on_the_wire(self) -> list[bytes]:
        """The IP packets since mark_packets(), as they crossed the links, fragments one by one."""
        directory = self.directory / "looked-at"
        directory.mkdir(exist_ok=True)
        frames = capture_file.read_captures(self.packets(directory))
        return [octets for octets in map(network_octets, frames) if octets]

    # Cleanliness.

    def tidy(self) -> None:
        """Takes away what the test has left: by Delete, by command, and what then is still there by a restart."""
        for sa in self.sas:
            while sa.replaced_by is not None and sa.deleted:
                sa = sa.replaced_by
            if sa.authenticated and not sa.deleted and self.left():
                with contextlib.suppress(AssertionError):
                    _answer(sa, Exchange.INFORMATIONAL)
                    sa.delete()
        self.sas.clear()
        if self._moved is not None:
            self.host.renumber(*self._moved)
            self._moved = None
        if self._told_path_mtu:
            self.host.forget_path_mtus()
            self._told_path_mtu = False
        if not self.peer.ends_what_it_begins_anew and any(one.begins for one in self.carrier.strangers):
            self.restart()
        if self.left():
            self.tell_to_end()
        if self.left():
            self.silent = not self.peer.running() or not self.carrier.prove_chance()
            self.ended = "" if self.peer.running() else self.peer.how_it_ended()
            self.restart()
        self.carrier.forget()

    def left(self) -> str:
        """What the peer still has of a test, in words; "" when it is as it was."""
        try:
            status = self.peer.status()
        except PeerUnsupported:
            return ""  # it never tells
        except PeerError:
            return "it does not tell its state"
        half_open = [one for one in status.ike_sas if self.setup.role == "responder" and one.state in HALF_OPEN]
        if len(half_open) > HALF_OPEN_MAX:
            return f"{len(half_open)} half-open IKE SAs"
        return "; ".join(str(one) for one in [*status.ike_sas, *status.child_sas] if one not in half_open) or \
            self.peer.left_over()

    def tell_to_end(self) -> None:
        """A daemon that asks itself may need our answer to end in order; it does not get one."""
        end = time.monotonic() + CLEAN_S
        with contextlib.suppress(PeerError, ProcessError):
            self.peer.delete("ike", wait=False)
            while self.left() and time.monotonic() < end:
                if not self.carrier.wait(0.02):
                    continue
                for sa in list(self.carrier.ike.values()):
                    if isinstance(sa, IkeSa) and sa.keymat is not None:
                        _answer(sa)


def _answer(sa: IkeSa, *exchanges: int) -> None:
    """What the peer has asked and waits for, by default in whatever exchange: some end nothing before that, and some begin
    an IKE SA anew that is deleted meanwhile."""
    for request in [one for one in sa.inbox if not one.header.response]:
        if request.exchange in exchanges or not exchanges:
            sa.inbox.remove(request)
            sa.accept_delete(request)


def _lists_as_tuples(value: Any) -> Any:
    """JSON has no tuples, and configurations are of those."""
    if isinstance(value, list):
        return tuple(map(_lists_as_tuples, value))
    if isinstance(value, dict):
        return {name: _lists_as_tuples(one) for name, one in value.items()}
    return value
