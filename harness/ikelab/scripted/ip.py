"""Inner packets: as much of IP as an ESP test has to put into a packet, and to see in one (RFC 791, 8200, 792, 4443)."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

IPV4, IPV6, NO_NEXT_HEADER = 4, 41, 59  # Next Header in tunnel mode, and of a dummy packet (RFC 4303 2.6)
ICMP, UDP, ICMPV6 = 1, 17, 58
ECHO_REQUEST, ECHO_REPLY = (8, 128), (0, 129)


def checksum(octets: bytes) -> int:
    """RFC 1071"""
    padded = octets + bytes(len(octets) % 2)
    total = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(source: str, target: str, protocol: int, body: bytes, tos: int = 0, ttl: int = 64, identification: int = 0,
       fragment: int = 0) -> bytes:
    """A datagram; IPv4 or IPv6 by its addresses. `fragment`: flags and offset of IPv4, as they stand in the header."""
    src, dst = ipaddress.ip_address(source).packed, ipaddress.ip_address(target).packed
    if len(src) == 16:
        return struct.pack(">IHBB", 6 << 28 | tos << 20, len(body), protocol, ttl) + src + dst + body
    head = struct.pack(">BBHHHBBH", 0x45, tos, 20 + len(body), identification, fragment, ttl, protocol, 0) + src + dst
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + body


def pseudo_header(source: str, target: str, protocol: int, length: int) -> bytes:
    src, dst = ipaddress.ip_address(source).packed, ipaddress.ip_address(target).packed
    if len(src) == 16:
        return src + dst + struct.pack(">II", length, protocol)
    return src + dst + struct.pack(">BBH", 0, protocol, length)


def icmp_echo(source: str, target: str, identifier: int, sequence: int, data: bytes = b"", reply: bool = False) -> bytes:
    """The ICMP message without its IP header."""
    six = ":" in source
    kind = (ECHO_REPLY if reply else ECHO_REQUEST)[six]
    message = struct.pack(">BBHHH", kind, 0, 0, identifier, sequence) + data
    covered = (pseudo_header(source, target, ICMPV6, len(message)) if six else b"") + message
    return message[:2] + struct.pack(">H", checksum(covered)) + message[4:]


def udp(source: str, target: str, sport: int, dport: int, data: bytes) -> bytes:
    """The UDP datagram without its IP header."""
    datagram = struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data
    found = checksum(pseudo_header(source, target, UDP, len(datagram)) + datagram) or 0xFFFF
    return datagram[:6] + struct.pack(">H", found) + datagram[8:]


@dataclass(slots=True, frozen=True)
class Echo:
    """An echo request or reply, as it was inside."""

    source: str
    target: str
    reply: bool
    identifier: int
    sequence: int
    data: bytes
    ttl: int
    tos: int


def parse_echo(packet: bytes) -> Echo | None:
    """Of an IP datagram without options or extensions; None for what is no echo."""
    if len(packet) < 28:
        return None
    if packet[0] >> 4 == 6 and len(packet) >= 48:
        source, target, body, protocol = packet[8:24], packet[24:40], packet[40:], packet[6]
        ttl, tos = packet[7], int.from_bytes(packet[:2], "big") >> 4 & 0xFF
    else:
        source, target, body, protocol = packet[12:16], packet[16:20], packet[(packet[0] & 0xF) * 4 :], packet[9]
        ttl, tos = packet[8], packet[1]
    return _echo(source, target, protocol, body, ttl, tos)


def _echo(source: bytes, target: bytes, protocol: int, body: bytes, ttl: int, tos: int) -> Echo | None:
    if protocol not in (ICMP, ICMPV6) or len(body) < 8 or body[0] not in ECHO_REQUEST + ECHO_REPLY:
        return None
    identifier, sequence = struct.unpack_from(">HH", body, 4)
    return Echo(str(ipaddress.ip_address(source)), str(ipaddress.ip_address(target)), body[0] in ECHO_REPLY, identifier,
                sequence, body[8:], ttl, tos)
