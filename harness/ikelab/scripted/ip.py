"""Inner packets: as much of IP as an ESP test has to put into a packet, and to see in one (RFC 791, 8200, 792, 4443)."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

IPV4, IPV6, NO_NEXT_HEADER = 4, 41, 59  # Next Header in tunnel mode, and of a dummy packet (RFC 4303 2.6)
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
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


def tcp(source: str, target: str, sport: int, dport: int, flags: int, data: bytes = b"",
        sequence: int = 0x10203040, options: bytes = b"") -> bytes:
    """A TCP segment without its IP header (RFC 9293 3.1); `options` of whole words."""
    head = struct.pack(">HHIIBBHHH", sport, dport, sequence, 0, 5 + len(options) // 4 << 4, flags, 1024, 0, 0)
    segment = head + options + data
    found = checksum(pseudo_header(source, target, TCP, len(segment)) + segment)
    return segment[:16] + struct.pack(">H", found) + segment[18:]


def tcp_syn(source: str, target: str, sport: int, dport: int, data: bytes = b"") -> bytes:
    """The same with SYN."""
    return tcp(source, target, sport, dport, 2, data)


def icmp_unreachable(source: str, target: str, quoted: bytes, code: int = 3) -> bytes:
    """A whole datagram of ICMP, Destination Unreachable, about the datagram that it quotes (RFC 792, RFC 4443 3.1)."""
    six = ":" in source
    message = bytes([1, 4] if six else [3, code]) + bytes(6) + quoted[: 40 + 8 if six else 20 + 8]
    covered = (pseudo_header(source, target, ICMPV6, len(message)) if six else b"") + message
    message = message[:2] + struct.pack(">H", checksum(covered)) + message[4:]
    return ip(source, target, ICMPV6 if six else ICMP, message)


def fragments(packet: bytes, *cuts: int) -> list[bytes]:
    """An IPv4 datagram in pieces, its contents cut at these octets, which are multiples of eight (RFC 791 3.2)."""
    head, body, found = packet[:20], packet[20:], []
    for start, end in zip((0, *cuts), (*cuts, len(body)), strict=True):
        field = start // 8 | (0x2000 if end < len(body) else 0)
        piece = head[:2] + struct.pack(">H", 20 + end - start) + head[4:6] + struct.pack(">H", field) + head[8:10] + bytes(2) + head[12:]
        found.append(piece[:10] + struct.pack(">H", checksum(piece)) + piece[12:] + body[start:end])
    return found


def is_later_fragment(packet: bytes) -> bool:
    """Of an IPv4 datagram: not its first piece."""
    return packet[0] >> 4 == 4 and int.from_bytes(packet[6:8], "big") & 0x1FFF != 0


def body_of(packet: bytes, protocol: int) -> bytes | None:
    """What a datagram without options or extensions carries of that protocol; None where it is another, or a later
    fragment."""
    if len(packet) < 20 or packet[0] >> 4 == 4 and (packet[9] != protocol or is_later_fragment(packet)):
        return None
    if packet[0] >> 4 == 6 and packet[6] != protocol:
        return None
    return packet[40:] if packet[0] >> 4 == 6 else packet[(packet[0] & 0xF) * 4 :]


def addresses_of(packet: bytes) -> tuple[str, str]:
    """Source and destination."""
    at, length = (8, 16) if packet[0] >> 4 == 6 else (12, 4)
    return (str(ipaddress.ip_address(packet[at : at + length])), str(ipaddress.ip_address(packet[at + length : at + 2 * length])))


def total_length_of(packet: bytes) -> int:
    """As its header says."""
    return 40 + int.from_bytes(packet[4:6], "big") if packet[0] >> 4 == 6 else int.from_bytes(packet[2:4], "big")


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
