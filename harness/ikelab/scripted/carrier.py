"""The scripted peer's sockets in a host of the topology, and who gets what arrives on them."""

from __future__ import annotations

import errno
import select
import socket
import struct
import time
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from ..keys import KeyStore
from ..topology.host import Host
from ..topology.plan import family_of
from ..vectors import derivation
from ..wire.ike import HEADER_LENGTH, Header, Proposal, Transform
from ..wire.octets import Malformed
from ..wire.packet import ESP, IKE_PORT, NATT_PORT, NON_ESP_MARKER
from ..wire.registry import Exchange, TransformType
from . import ip
from .draws import Draws
from .message import Outgoing
from .payloads import KE, SA, Nonce

PATIENCE_S = 2.0  # without a sound; then the peer is asked whether it is there at all
AGAIN_S = 0.5
DEADLINE_S = 10.0  # of one expectation, on a machine that has other things to do
PRIVATE_USE = 65535  # a transform that nobody knows (RFC 7296 3.3.2)
KEEPALIVE = b"\xff"
IPPROTO_UDP, UDP_SEGMENT = 17, 103  # udp(7)
QUOTED = 520  # octets of a packet that an ICMP error has of it: as many as 576 leave room for (RFC 1812 4.3.2.3)


@dataclass(slots=True, frozen=True)
class Arrived:
    """One datagram, its Non-ESP marker taken off. `source` is address and port; `port` is ours, 0 for bare ESP, and `at`
    the address of ours that it came to."""

    time_ns: int
    port: int
    source: tuple[str, int]
    octets: bytes
    at: str = ""

    @property
    def begins(self) -> bool:
        """Whether it is an IKE_SA_INIT request."""
        try:
            header = Header.parse(self.octets[:HEADER_LENGTH])
        except Malformed:
            return False
        return header.exchange_type == Exchange.IKE_SA_INIT and not header.response and header.spi_r == bytes(8)


class Receiver(Protocol):
    def arrived(self, datagram: Arrived) -> None: ...


class Witness(Protocol):
    """Sees every IKE datagram as it is, the Non-ESP marker not included."""

    def went(self, octets: bytes) -> None: ...

    def came(self, octets: bytes) -> None: ...


class Carrier:
    """Use as a context manager. `ike` and `esp` say who gets a message of an SPI (its receiver's, and for IKE its sender's
    as well); what nobody gets is in `strangers`."""

    def __init__(self, host: Host, local: str, remote: str, ports: tuple[int, int] = (IKE_PORT, NATT_PORT),
                 patience_s: float = PATIENCE_S):
        self.local, self.remote = local, remote
        self._host = host
        self.patience_s = patience_s
        self._marked = {ports[1]}  # of our ports those on which an IKE message has the Non-ESP marker in front
        self.ike_port, self.natt_port = ports
        self.ike: dict[bytes, Receiver] = {}
        self.esp: dict[bytes, Receiver] = {}
        self.strangers: deque[Arrived] = deque()
        self.keepalives: list[Arrived] = []
        self.keys = KeyStore()
        self.witness: Witness | None = None
        self.draws = Draws("probe")
        self._home = local
        self._family = socket.AF_INET6 if family_of(local) == 6 else socket.AF_INET
        self._poll = select.poll()
        self._ports: dict[int, tuple[int, socket.socket]] = {}  # by descriptor: port, 0 for bare ESP
        self._of_address: dict[str, dict[int, socket.socket]] = {}
        self.move(local)

    def move(self, local: str) -> None:
        """Sends from that address of the host's from now on; what still comes to the others is heard."""
        if local not in self._of_address:
            self._of_address[local] = self._host.call(self._open, local)
            for port, one in self._of_address[local].items():
                self._poll.register(one, select.POLLIN)
                self._ports[one.fileno()] = (port, one)
        self.local, self._sockets = local, self._of_address[local]

    def _open(self, local: str) -> dict[int, socket.socket]:
        found = {}
        for port in (self.ike_port, self.natt_port):
            found[port] = self._udp(local, port)
        found[0] = socket.socket(self._family, socket.SOCK_RAW, ESP)
        found[0].bind((local, 0))
        return found

    def _udp(self, local: str, port: int) -> socket.socket:
        found = socket.socket(self._family, socket.SOCK_DGRAM)
        found.bind((local, port))
        return found

    def open_port(self, marked: bool = False) -> int:
        """One more UDP port of ours, as a NAT would have put it in place of 500, or `marked` of 4500; its number. It is
        of the address that we send from now, until forget()."""
        one = self._host.call(self._udp, self.local, 0)
        number: int = one.getsockname()[1]
        self._sockets[number] = one
        self._ports[one.fileno()] = (number, one)
        self._poll.register(one, select.POLLIN)
        if marked:
            self._marked.add(number)
        return number

    def _close_extra(self) -> None:
        for sockets in self._of_address.values():
            for number in set(sockets) - {0, self.ike_port, self.natt_port}:
                one = sockets.pop(number)
                self._poll.unregister(one)
                del self._ports[one.fileno()]
                self._marked.discard(number)
                one.close()

    def close(self) -> None:
        for _, one in self._ports.values():
            one.close()

    def __enter__(self) -> Carrier:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Out.

    def send_ike(self, octets: bytes, port: int, to: tuple[str, int]) -> None:
        """`port` is ours. On 4500 the Non-ESP marker goes first (RFC 7296 2.23, RFC 3948 2.2)."""
        if self.witness is not None:
            self.witness.went(octets)
        self.send_raw(NON_ESP_MARKER + octets if port in self._marked else octets, port, to)

    def send_esp(self, octets: bytes, to: tuple[str, int], tos: int = 0, port: int | None = None) -> None:
        """In UDP, or bare where `to` has the port 0. `tos`: DSCP and ECN of the outer header; `port`: ours, 4500 by
        default."""
        port = (self.natt_port if port is None else port) if to[1] else 0
        level, name = (socket.IPPROTO_IPV6, socket.IPV6_TCLASS) if self._family == socket.AF_INET6 else (
            socket.IPPROTO_IP, socket.IP_TOS)
        self._sockets[port].setsockopt(level, name, tos)
        self.send_raw(octets, port, to)
        if tos:
            self._sockets[port].setsockopt(level, name, 0)

    def send_esp_train(self, packets: list[bytes], to: tuple[str, int], port: int) -> None:
        """Several at once: in UDP, those of one size in one call, so that nobody can take the first before the last is there."""
        port = port if to[1] else 0
        wire = self._sockets[port]
        while packets:
            size = len(packets[0])
            count = next((at for at, one in enumerate(packets) if len(one) != size), len(packets)) if port else 1
            train, packets = packets[:count], packets[count:]
            try:
                wire.sendmsg([b"".join(train)], [(IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", size))] if count > 1 else [], 0, to)
            except OSError as error:
                if count == 1 or error.errno not in (errno.EIO, errno.EINVAL, errno.EMSGSIZE, errno.ENOPROTOOPT):
                    raise
                for one in train:  # a device or kernel that cannot
                    wire.sendto(one, to)

    def send_raw(self, octets: bytes, port: int, to: tuple[str, int]) -> None:
        """The payload of a UDP datagram, as it is."""
        self._sockets[port].sendto(octets, to)

    def send_ip(self, packet: bytes) -> None:
        """A whole IPv4 packet, its header as it is but for what the kernel fills in (length and checksum)."""
        with self._host.call(socket.socket, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as one:
            one.sendto(packet, (socket.inet_ntoa(packet[16:20]), 0))

    def send_unreachable(self, about: Arrived) -> None:
        """ICMP (v6): port unreachable, about a UDP datagram of the peer's (RFC 792, RFC 4443 3.1)."""
        six = self._family == socket.AF_INET6
        body = about.octets if about.port == self.ike_port else NON_ESP_MARKER + about.octets
        quoted = ip.ip(self.remote, self.local, ip.UDP, ip.udp(self.remote, self.local, about.source[1], about.port, body))
        self._send_icmp(bytes([1, 4] if six else [3, 3]) + bytes(6) + quoted[: 40 + 8 if six else 20 + 8])

    def send_too_big(self, about: bytes, mtu: int) -> None:
        """ICMP (v6): fragmentation needed, or packet too big, about an IP packet of the peer's as it crossed the wire: no
        more octets than that pass (RFC 1191 4, RFC 4443 3.2)."""
        six = self._family == socket.AF_INET6
        self._send_icmp(bytes([2, 0] if six else [3, 4]) + bytes(2) + mtu.to_bytes(4, "big") + about[:QUOTED])

    def _send_icmp(self, message: bytes) -> None:
        """From us to the peer; the checksum is put in."""
        six = self._family == socket.AF_INET6
        covered = (ip.pseudo_header(self.local, self.remote, ip.ICMPV6, len(message)) if six else b"") + message
        message = message[:2] + ip.checksum(covered).to_bytes(2, "big") + message[4:]
        kind = socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP
        with self._host.call(socket.socket, self._family, socket.SOCK_RAW, kind) as one:
            one.bind((self.local, 0))
            one.sendto(message, (self.remote, 0))

    # In.

    def forget(self) -> None:
        """Nobody gets anything any more; what has arrived, and all keys, are thrown away."""
        while self._take(0):
            pass
        self._close_extra()
        self.move(self._home)
        self.ike.clear()
        self.esp.clear()
        self.strangers.clear()
        self.keepalives.clear()
        self.keys = KeyStore()

    def wait(self, seconds: float) -> bool:
        """Takes what has arrived, or the first that does; False when nothing did in that time."""
        if not self._take(seconds):
            return False
        while self._take(0):
            pass
        return True

    def _take(self, seconds: float) -> bool:
        ready = self._poll.poll(max(0.0, seconds) * 1000)
        for descriptor, _ in ready:
            port, wire = self._ports[descriptor]
            octets, source = wire.recvfrom(65535)
            self._route(port, octets, (source[0], source[1] if port else 0), wire.getsockname()[0])
        return bool(ready)

    def _route(self, port: int, octets: bytes, source: tuple[str, int], at: str) -> None:
        now = time.time_ns()
        if port == 0:
            header = (octets[0] & 0xF) * 4 if self._family == socket.AF_INET else 0  # IPv6 comes without its header
            self._esp(Arrived(now, 0, source, octets[header:], at))
        elif port in self._marked and octets[:4] != NON_ESP_MARKER:
            if octets == KEEPALIVE:
                self.keepalives.append(Arrived(now, port, source, octets, at))
            else:
                self._esp(Arrived(now, port, source, octets, at))
        else:
            self._ike(Arrived(now, port, source, octets[4:] if port in self._marked else octets, at))

    def _esp(self, datagram: Arrived) -> None:
        receiver = self.esp.get(datagram.octets[:4])
        if receiver is not None:
            receiver.arrived(datagram)

    def _ike(self, datagram: Arrived) -> None:
        octets = datagram.octets
        if self.witness is not None:
            self.witness.came(octets)
        receiver = self.ike.get(octets[:8]) or self.ike.get(octets[8:16])
        if receiver is not None and len(octets) >= HEADER_LENGTH:
            receiver.arrived(datagram)
        else:
            self.strangers.append(datagram)

    # Whether there is anybody.

    def prove_chance(self, deadline_s: float = DEADLINE_S) -> bool:
        """Whether the peer answers an IKE_SA_INIT that nobody can accept: when it has, it has had its chance to answer
        all that was sent before, and it keeps nothing of the question. False: it is silent altogether."""
        probe = _Probe(self.draws.spi(8))
        private = self.draws.private("curve25519")
        transforms = [Transform(TransformType.ENCR, PRIVATE_USE), Transform(TransformType.PRF, 5),
                      Transform(TransformType.INTEG, 12), Transform(TransformType.KE, 31)]
        octets = Outgoing(Exchange.IKE_SA_INIT, [SA(Proposal(1, 1, b"", transforms)),
                                                 KE(31, derivation.public_value("curve25519", private)),
                                                 Nonce(self.draws.octets(32))], probe.spi, bytes(8), 0).datagram(None)
        self.ike[probe.spi] = probe
        end = time.monotonic() + deadline_s
        again = 0.0
        while not probe.answered and (now := time.monotonic()) < end:
            if now >= again:
                self.send_ike(octets, self.ike_port, (self.remote, self.ike_port))
                again = now + AGAIN_S
            self.wait(min(end, again) - now)
        del self.ike[probe.spi]
        return probe.answered


class _Probe:
    def __init__(self, spi: bytes):
        self.spi = spi
        self.answered = False

    def arrived(self, datagram: Arrived) -> None:
        self.answered |= Header.parse(datagram.octets).response
