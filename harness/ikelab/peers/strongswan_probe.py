"""Shows that what strongswan.py declares as missing really is: each probe tries, and tells what it saw."""

from __future__ import annotations

import re
import select
import socket
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ikelab import topology
from ikelab.peers.contract import PeerError, PeerTimeout
from ikelab.peers.neutral import ChildSpec, DaemonSpec, PeerSpec, Retransmission, both_sides
from ikelab.peers.strongswan import StrongSwan

ETH_P_ALL = 0x0003
PORT = 4007
UNLIKELY_TOS = 0xB9  # DSCP EF with ECT(1): nothing sets it by itself


@dataclass(frozen=True)
class Lack:
    """What a probe saw. `real`: the declared lack is true."""

    name: str
    real: bool
    evidence: str


class _World:
    """Two instances of one version on one link, ready to be told what to do."""

    def __init__(self, make: Callable[[Path], StrongSwan], net: topology.Topology, child: ChildSpec,
                 encapsulate: bool) -> None:
        self.client, self.gateway = net.host("client"), net.host("gateway")
        if child.mode == "tunnel":
            child = replace(child, local_ts=child.local_ts or (self.client.protected[0],),
                            remote_ts=child.remote_ts or (self.gateway.protected[0],))
        self.net = net
        spec = PeerSpec(
            "gateway", "client.example", "gateway.example", "probe",
            remote_addresses=(self.gateway.reachable_address(4),), children=(child,), mobike=False,
            force_encapsulation=encapsulate, retransmission=Retransmission(200, 1.5, 3))
        ours, theirs = both_sides(spec, local_addresses=())
        self.a, self.b = make(net.directory / "a"), make(net.directory / "b")
        for peer, entry in ((self.a, ours), (self.b, theirs)):
            peer.declares_nothing = True
            peer.configure(DaemonSpec((entry,)))

    def start(self) -> None:
        self.b.start(self.gateway)
        self.a.start(self.client)

    def send(self, tos: int = 0) -> None:
        """One protected datagram from the client."""
        self.client.call(_send, self.client.inside_address(4), self.gateway.inside_address(4), tos)


@contextmanager
def _world(make: Callable[[Path], StrongSwan], child: ChildSpec = ChildSpec(),
           encapsulate: bool = False, layout: str = "pair"):  # type: ignore[no-untyped-def]
    with topology.create(layout) as net:
        world = _World(make, net, child, encapsulate)
        try:
            yield world
        finally:
            world.a.kill()
            world.b.kill()


def _refuses(make: Callable[[Path], StrongSwan], name: str, child: ChildSpec) -> Lack:
    with _world(make, child) as world:
        try:
            world.start()
            world.a.initiate(deadline_s=3)
        except PeerError as error:
            return Lack(name, True, f"a Child SA with it comes to nothing: {error.error or error}")
        return Lack(name, False, "a Child SA with it came up")


def transport_mode(make: Callable[[Path], StrongSwan]) -> Lack:
    """A transport-mode Child SA is refused."""
    return _refuses(make, "transport-mode", ChildSpec(mode="transport"))


def peer_in_policy(make: Callable[[Path], StrongSwan]) -> Lack:
    """A tunnel to the other side's outer address is never set up."""
    return _refuses(make, "peer-in-policy", ChildSpec(remote_ts=("192.0.2.2",)))


def selectors_elsewhere(make: Callable[[Path], StrongSwan]) -> Lack:
    """A Child SA is refused one of whose local selectors is somebody else's address."""
    return _refuses(make, "selectors-elsewhere", ChildSpec(local_ts=("10.1.0.1", "10.1.0.7")))


def esn(make: Callable[[Path], StrongSwan]) -> Lack:
    """A Child SA with extended sequence numbers is refused."""
    return _refuses(make, "esn", ChildSpec(proposals=("aes256gcm16-esn",)))


def esp_bare(make: Callable[[Path], StrongSwan]) -> Lack:
    """Without a NAT and without being told to, ESP is in UDP all the same."""
    with _world(make) as world:
        world.start()
        world.a.initiate()
        encapsulated = world.a.child_sa().udp_encapsulation
        return Lack("esp-bare", encapsulated, f"without a NAT, encapsulated: {encapsulated}")


def acquire(make: Callable[[Path], StrongSwan]) -> Lack:
    """A packet of a policy with start = "traffic" starts no IKE SA: it leaves in the clear instead."""
    with _world(make, ChildSpec(start="traffic")) as world, _Listener(world) as wire:
        try:
            world.start()
        except PeerError as error:
            return Lack("acquire", True, f"the policy is refused: {error}")
        world.send()
        # Either answer shows as a packet: IKE_SA_INIT on port 500, or the packet itself.
        seen = wire.first(lambda packet: _destination_port(packet) in (PORT, 500))
        port = _destination_port(seen) if seen else None
        return Lack("acquire", port != 500, {500: "IKE_SA_INIT was sent", PORT: "the packet left in the "
                                             "clear", None: "nothing was sent"}[port])


def acquire_keeps_packet(make: Callable[[Path], StrongSwan]) -> Lack:
    """The packet that starts a Child SA does not arrive; those that follow do."""
    with _world(make, ChildSpec(start="traffic")) as world:
        try:
            world.start()
            world.send()
            world.a.wait_for(lambda status: bool(status.installed()), deadline_s=2)
        except PeerError as error:
            return Lack("acquire-keeps-packet", True, f"no packet starts a Child SA: {error}")
        for _ in range(2):
            world.send()
        _await_packets_in(world, 2)
        try:
            world.b.wait_for(lambda status: status.installed()[0].packets_in == 3, deadline_s=0.5)
        except PeerTimeout:
            return Lack("acquire-keeps-packet", True, "of 3 packets, 2 arrived")
        return Lack("acquire-keeps-packet", False, "all 3 packets arrived")


def _outer_tos(make: Callable[[Path], StrongSwan], name: str, mask: int) -> Lack:
    with _world(make, encapsulate=True) as world:
        world.start()
        world.a.initiate()
        with _Listener(world) as wire:
            world.send(UNLIKELY_TOS)
            seen = wire.first(lambda packet: _destination_port(packet) == 4500)
        got = seen[1] if seen else None
        return Lack(name, got is not None and got & mask != UNLIKELY_TOS & mask,
                    f"inner TOS {UNLIKELY_TOS:#04x}, outer {got if got is None else hex(got)}")


def dscp(make: Callable[[Path], StrongSwan]) -> Lack:
    """The outer header's DSCP is not the inner one's."""
    return _outer_tos(make, "dscp", 0xFC)


def ecn(make: Callable[[Path], StrongSwan]) -> Lack:
    """The outer header's ECN is not the inner one's."""
    return _outer_tos(make, "ecn", 0x03)


def replay_window(make: Callable[[Path], StrongSwan]) -> Lack:
    """A packet that is held back while 200 others pass is refused, though the window was to hold 1024."""
    with _world(make, ChildSpec(replay_window=1024), encapsulate=True) as world:
        world.start()
        world.a.initiate()
        with _Listener(world) as wire:
            world.gateway.run(["nft", "-f", "-"], input=_DROP_ESP)
            world.send()
            held = wire.first(lambda packet: _destination_port(packet) == 4500, frame=True)
            world.gateway.run(["nft", "delete", "table", "inet", "probe"])
            if held is None:
                raise PeerError("no ESP packet could be held back")
            for number in range(1, 201):
                world.send()
                # In step, so that no queue between the two overflows.
                _await_packets_in(world, number)
            world.client.call(_inject, world.client.links[0], held)
            world.send()
            _await_packets_in(world, 201)
            # What charon has opened, it opened in order: the held one is counted by now, or never.
            counted = world.b.child_sa().packets_in
        return Lack("replay-window", counted == 201, f"of 202 packets, one late by 200, {counted} were accepted")


def address_update_by_esp(make: Callable[[Path], StrongSwan]) -> Lack:
    """ESP from a new mapping moves nothing."""
    with _world(make, layout="behind_nat") as world:
        world.start()
        world.a.initiate()
        before = world.b.ike_sa().remote
        world.net.nat().rebind()
        with _Listener(world) as wire:
            world.send()
            seen = wire.first(lambda packet: _destination_port(packet) == 4500)
        if seen is None or _source_port(seen) == before.port:
            raise PeerError("the NAT did not give a new port")
        try:
            world.b.wait_for(lambda status: status.established()[0].remote != before, deadline_s=0.5)
            return Lack("dynamic-address-update-by-esp", False, "the IKE SA moved")
        except PeerTimeout:
            return Lack("dynamic-address-update-by-esp", True,
                        f"ESP came from port {_source_port(seen)}, the SA stays at {before.port}")


def cookie_always(make: Callable[[Path], StrongSwan]) -> Lack:
    """With the threshold at 0 the first IKE_SA_INIT is answered as it is; with a COOKIE asked for, it would come twice."""
    with _world(make) as world, _Listener(world) as wire:
        world.b.configure(replace(world.b.spec, cookie_threshold=0))  # type: ignore[type-var]
        world.start()
        world.a.initiate()
        asked = 0
        while wire.first(_asks_for_an_ike_sa, deadline_s=0.2):
            asked += 1
        return Lack("cookie-always", asked == 1, f"IKE_SA_INIT was asked {asked} times")


def counters_replayed(make: Callable[[Path], StrongSwan]) -> Lack:
    """What VICI lists of a Child SA has nothing about replays."""
    with _world(make) as world:
        world.start()
        world.a.initiate()
        told = sorted(key for section in world.a.sections() for sa in section.values() if isinstance(sa, dict)
                      for child in dict(sa["child-sas"]).values() for key in child)
        return Lack("counters-replayed", not any("replay" in key for key in told), f"told: {', '.join(told)}")


def liveness_by_command(make: Callable[[Path], StrongSwan]) -> Lack:
    """No command of charon's own tool asks for a liveness check."""
    with _world(make) as world:
        world.start()
        listed = world.client.run(["chroot", world.a.root, "/usr/sbin/swanctl", "--help"], check=False)
        words = re.findall(r"--([a-z][a-z-]+)", listed.stdout + listed.stderr)
        found = [word for word in words if "live" in word or "dpd" in word or "ping" in word]
        return Lack("liveness-by-command", "initiate" in words and not found, f"commands: {', '.join(words)}")


PROBES: dict[str, Callable[[Callable[[Path], StrongSwan]], Lack]] = {
    "transport-mode": transport_mode,
    "peer-in-policy": peer_in_policy,
    "selectors-elsewhere": selectors_elsewhere,
    "esn": esn,
    "esp-bare": esp_bare,
    "acquire": acquire,
    "acquire-keeps-packet": acquire_keeps_packet,
    "dscp": dscp,
    "ecn": ecn,
    "replay-window": replay_window,
    "dynamic-address-update-by-esp": address_update_by_esp,
    "cookie-always": cookie_always,
    "counters-replayed": counters_replayed,
    "liveness-by-command": liveness_by_command,
}

_DROP_ESP = """table inet probe {
    chain input {
        type filter hook prerouting priority 0;
        udp dport 4500 drop
    }
}
"""


def _await_packets_in(world: _World, number: int) -> None:
    world.b.wait_for(lambda status: status.installed()[0].packets_in >= number,
                     f"ESP packet {number}", deadline_s=5)


class _Listener:
    """IPv4 packets that arrive at the gateway's end of the link."""

    def __init__(self, world: _World) -> None:
        self._socket = world.gateway.call(_open_packet_socket, world.gateway.links[0])

    def first(self, wanted: Callable[[bytes], bool], deadline_s: float = 1.0,
              frame: bool = False) -> bytes | None:
        """The first packet that is wanted, on request with its Ethernet header."""
        while select.select([self._socket], [], [], deadline_s)[0]:
            whole = self._socket.recv(65535)
            packet = whole[14:]
            if packet and packet[0] >> 4 == 4 and wanted(packet):
                return whole if frame else packet
        return None

    def __enter__(self) -> _Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def _open_packet_socket(interface: str) -> socket.socket:
    listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    listener.bind((interface, ETH_P_ALL))
    return listener


def _asks_for_an_ike_sa(packet: bytes) -> bool:
    """An IKE_SA_INIT request, by the header's exchange type and response flag (RFC 7296 3.1)."""
    ike = packet[(packet[0] & 15) * 4 + 8 :]
    return _destination_port(packet) == 500 and len(ike) > 19 and ike[18] == 34 and not ike[19] & 0x20


def _send(source: str, destination: str, tos: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
        sender.bind((source, 0))
        sender.sendto(b"protected", (destination, PORT))


def _inject(interface: str, frame: bytes) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((interface, 0))
        sender.send(frame)


def _source_port(packet: bytes) -> int | None:
    return _port(packet, 0)


def _destination_port(packet: bytes) -> int | None:
    return _port(packet, 2)


def _port(packet: bytes, offset: int) -> int | None:
    """Of a UDP datagram in IPv4."""
    header = (packet[0] & 15) * 4
    if packet[9] != socket.IPPROTO_UDP or len(packet) < header + 8:
        return None
    return int.from_bytes(packet[header + offset : header + offset + 2], "big")
