"""From a captured frame to an IP datagram: Ethernet (with VLAN tags), IPv4, IPv6, fragments, UDP."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from . import capture

ICMP, TCP, UDP, FRAGMENT, ESP, AH, ICMPV6 = 1, 6, 17, 44, 50, 51, 58
PROTOCOL_NAMES = {ICMP: "ICMP", TCP: "TCP", UDP: "UDP", ESP: "ESP", AH: "AH", ICMPV6: "ICMPv6",
                  4: "IPv4", 41: "IPv6", 132: "SCTP", 59: "dummy"}
IPV6_EXTENSIONS = {0, 43, 60, 135}

IKE_PORT, NATT_PORT = 500, 4500
NON_ESP_MARKER = bytes(4)


@dataclass(slots=True)
class Datagram:
    """One IP datagram; `payload` is what follows the UDP header, or the IP header where there is none."""

    time_ns: int
    link: str
    src: str
    dst: str
    protocol: int
    payload: bytes
    sport: int = 0
    dport: int = 0
    length: int = 0  # octets of the IP datagram
    tos: int = 0

    @property
    def protocol_name(self) -> str:
        return PROTOCOL_NAMES.get(self.protocol, f"protocol {self.protocol}")

    @property
    def kind(self) -> str:
        """ike, esp, keepalive (RFC 3948 2) or clear."""
        if self.protocol == ESP:
            return "esp"
        if self.protocol != UDP:
            return "clear"
        if NATT_PORT in (self.sport, self.dport):
            if self.payload == b"\xff":
                return "keepalive"
            if self.payload[:4] == NON_ESP_MARKER:
                return "ike"
            return "esp" if len(self.payload) > 8 else "clear"
        return "ike" if IKE_PORT in (self.sport, self.dport) else "clear"

    @property
    def ike_octets(self) -> bytes:
        return self.payload[4:] if NATT_PORT in (self.sport, self.dport) else self.payload


@lru_cache(maxsize=4096)
def _address(octets: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET if len(octets) == 4 else socket.AF_INET6, octets)


def datagrams(frames: Iterable[capture.Frame]) -> Iterator[Datagram]:
    """The IP datagrams of the frames, fragments joined, everything else left out."""
    fragments = Fragments()
    for frame in frames:
        octets = network_octets(frame)
        if octets:
            datagram = parse_ip(octets, frame.time_ns, frame.link, fragments)
            if datagram is not None:
                yield datagram


def network_octets(frame: capture.Frame) -> bytes:
    data, kind = frame.octets, frame.link_type
    if kind == capture.ETHERNET:
        at, ether_type = 14, data[12:14]
        while ether_type in (b"\x81\x00", b"\x88\xa8"):
            ether_type, at = data[at + 2 : at + 4], at + 4
        return data[at:] if ether_type in (b"\x08\x00", b"\x86\xdd") else b""
    if kind in (capture.RAW_IP, capture.RAW_IPV4, capture.RAW_IPV6, 12):
        return data
    if kind == capture.LINUX_SLL:
        return data[16:] if data[14:16] in (b"\x08\x00", b"\x86\xdd") else b""
    if kind == capture.LINUX_SLL2:
        return data[20:] if data[:2] in (b"\x08\x00", b"\x86\xdd") else b""
    return b""


@dataclass(slots=True)
class _Pieces:
    parts: dict[int, bytes] = field(default_factory=dict)
    total: int | None = None


class Fragments:
    """Joins IP fragments, each link by itself (RFC 791 3.2, RFC 8200 4.5)."""

    def __init__(self) -> None:
        self._waiting: dict[tuple, _Pieces] = {}

    def add(self, key: tuple, offset: int, more: bool, data: bytes) -> bytes | None:
        pieces = self._waiting.setdefault(key, _Pieces())
        pieces.parts[offset] = data
        if not more:
            pieces.total = offset + len(data)
        if pieces.total is None or sum(map(len, pieces.parts.values())) < pieces.total:
            return None
        joined = b"".join(pieces.parts[at] for at in sorted(pieces.parts))
        del self._waiting[key]
        return joined


def parse_ip(data: bytes, time_ns: int = 0, link: str = "",
             fragments: Fragments | None = None) -> Datagram | None:
    """None for what is no whole IP datagram (a fragment that still waits for the others, junk)."""
    version = data[0] >> 4 if data else 0
    if version == 4 and len(data) >= 20:
        return _parse_ipv4(data, time_ns, link, fragments)
    if version == 6 and len(data) >= 40:
        return _parse_ipv6(data, time_ns, link, fragments)
    return None


def _parse_ipv4(data: bytes, time_ns: int, link: str,
                fragments: Fragments | None) -> Datagram | None:
    header = (data[0] & 15) * 4
    total, identification, flags = struct.unpack_from(">HHH", data, 2)
    if header < 20 or total < header or len(data) < total:
        return None
    src, dst, body = _address(data[12:16]), _address(data[16:20]), data[header:total]
    offset, more = (flags & 0x1FFF) * 8, bool(flags & 0x2000)
    if offset or more:
        if fragments is None:
            return None
        joined = fragments.add((link, src, dst, identification, data[9]), offset, more, body)
        if joined is None:
            return None
        body, total = joined, header + len(joined)
    return _transport(Datagram(time_ns, link, src, dst, data[9], body, length=total, tos=data[1]))


def _parse_ipv6(data: bytes, time_ns: int, link: str,
                fragments: Fragments | None) -> Datagram | None:
    first, length, following = struct.unpack_from(">IHB", data)
    if len(data) < 40 + length:
        return None
    src, dst, body = _address(data[8:24]), _address(data[24:40]), data[40 : 40 + length]
    total = 40 + length
    while following in IPV6_EXTENSIONS and len(body) >= 8:
        size = (body[1] + 1) * 8
        following, body = body[0], body[size:]
    if following == FRAGMENT and len(body) >= 8:
        (field_, identification) = struct.unpack_from(">HI", body, 2)
        if fragments is None:
            return None
        joined = fragments.add((link, src, dst, identification, body[0]), field_ & 0xFFF8,
                               bool(field_ & 1), body[8:])
        if joined is None:
            return None
        following, body, total = body[0], joined, 40 + len(joined)
    tos = first >> 20 & 0xFF
    return _transport(Datagram(time_ns, link, src, dst, following, body, length=total, tos=tos))


def _transport(datagram: Datagram) -> Datagram:
    body = datagram.payload
    if datagram.protocol in (UDP, TCP) and len(body) >= 8:
        datagram.sport, datagram.dport = struct.unpack_from(">HH", body)
        if datagram.protocol == UDP:
            (length,) = struct.unpack_from(">H", body, 4)
            datagram.payload = body[8:length] if length >= 8 else body[8:]
    return datagram
