"""The far end of a TCP connection of the peer's protected host, packet by packet through a Child SA (RFC 9293).

So much of TCP as shows whether a stream comes through whole: no timers but one, no options but the segment size."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from . import ip
from .carrier import AGAIN_S, DEADLINE_S
from .child_sa import ChildSa, Opened
from .errors import Unmet

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
WINDOW = 60_000
OUR_START = 0x10203040
HEADER = 20


@dataclass(slots=True, frozen=True)
class Segment:
    sequence: int
    acknowledgment: int
    flags: int
    payload: bytes
    identification: int = 0  # of its IPv4 packet

    @classmethod
    def of(cls, packet: bytes, ports: tuple[int, int]) -> Segment | None:
        """Of an IP datagram: None for what is no segment between these ports. Raises Unmet for one that is not whole."""
        octets = ip.body_of(packet, ip.TCP)
        if octets is None or len(octets) < HEADER or struct.unpack_from(">HH", octets) != ports:
            return None
        source, target = ip.addresses_of(packet)
        if len(packet) != ip.total_length_of(packet):
            raise Unmet(f"an IP packet of {ip.total_length_of(packet)} octets came as {len(packet)}")
        if packet[0] >> 4 == 4 and ip.checksum(packet[: (packet[0] & 0xF) * 4]) != 0:
            raise Unmet("the checksum of an inner IPv4 header is wrong")
        if ip.checksum(ip.pseudo_header(source, target, ip.TCP, len(octets)) + octets) != 0:
            raise Unmet(f"the checksum of a TCP segment with {len(octets)} octets is wrong")
        _, _, sequence, acknowledgment, words, flags = struct.unpack_from(">HHIIBB", octets)
        identification = int.from_bytes(packet[4:6], "big") if packet[0] >> 4 == 4 else 0
        return cls(sequence, acknowledgment, flags, octets[(words >> 4) * 4 :], identification)


class FarEnd:
    """Our end, at `port` of our address inside. The peer's host connects: accept() first."""

    def __init__(self, child: ChildSa, port: int, from_port: int, segment: int = 500, family: int = 4):
        self._child, self._segment = child, segment
        self._own, self._its = child.inside(family)
        self._port, self._from_port = port, from_port
        self._next = OUR_START  # of ours, not acknowledged yet
        self._wanted = 0  # the next octet of the host's
        self.ended = False  # the host has said FIN
        self.identifications: list[int] = []  # of its IPv4 packets with data, as they came

    def accept(self) -> None:
        first = self._expect(lambda one: one.flags & SYN, "a SYN of the peer's host")
        self._wanted = _after(first.sequence, 1)
        self._child.send(self._packet(SYN | ACK, options=struct.pack(">BBH", 2, 4, self._segment)))
        self._next = _after(self._next, 1)
        self._expect(lambda one: one.flags & ACK and one.acknowledgment == self._next, "the acknowledgment of our SYN")

    # In.

    def receive(self, count: int) -> bytes:
        """So many octets of the host's, and its FIN behind them. What comes twice or too early is as with any TCP."""
        found = bytearray()
        while not self.ended:
            one = self._expect(lambda one: bool(one.payload or one.flags & FIN), f"octet {len(found)} of {count}")
            if len(one.payload) > self._segment:
                raise Unmet(f"a segment of {len(one.payload)} octets came, and {self._segment} was said to be the most")
            self.identifications.append(one.identification)
            if one.sequence == self._wanted:
                found += one.payload
                self.ended = bool(one.flags & FIN)
                self._wanted = _after(one.sequence, len(one.payload) + self.ended)
                if self.ended and len(found) != count:
                    raise Unmet(f"the stream ended after {len(found)} octets of {count}")
            self._child.send(self._packet(ACK))
        return bytes(found)

    # Out.

    def train(self, octets: bytes, last: int = PSH) -> list[bytes]:
        """Inner packets with these octets and all that is not acknowledged before them; `last`: a flag of the last one."""
        cut = [octets[at : at + self._segment] for at in range(0, len(octets), self._segment)]
        return [self._packet(ACK | (last if number == len(cut) - 1 else 0), one, number * self._segment)
                for number, one in enumerate(cut)]

    def send(self, octets: bytes, first: Iterable[bytes] | None = None) -> None:
        """All of it, until it is acknowledged; the first time these inner packets in place of the train."""
        begin, end = self._next, time.monotonic() + DEADLINE_S
        packets = self.train(octets) if first is None else list(first)
        while time.monotonic() < end:
            self._child.send_train(packets)
            if self._acknowledged(_after(begin, len(octets))):
                return
            packets = self.train(octets[self._next - begin :])
        raise Unmet(f"the peer's host has not acknowledged more than {self._next - begin} octets of {len(octets)}")

    def _acknowledged(self, wanted: int) -> bool:
        end = time.monotonic() + AGAIN_S
        while self._next != wanted and (left := end - time.monotonic()) > 0:
            try:
                self._next = max(self._next, self._expect(lambda one: one.flags & ACK, "an acknowledgment", left).acknowledgment)
            except Unmet:
                return False
        return self._next == wanted

    def _packet(self, flags: int, payload: bytes = b"", ahead: int = 0, options: bytes = b"") -> bytes:
        words = (HEADER + len(options)) // 4
        octets = struct.pack(">HHIIBBHHH", self._port, self._from_port, _after(self._next, ahead), self._wanted,
                             words << 4, flags, WINDOW, 0, 0) + options + payload
        found = ip.checksum(ip.pseudo_header(self._own, self._its, ip.TCP, len(octets)) + octets)
        octets = octets[:16] + struct.pack(">H", found) + octets[18:]
        return ip.ip(self._own, self._its, ip.TCP, octets, identification=ahead // self._segment, fragment=0x4000)

    def _expect(self, fits: Callable[[Segment], object], what: str, deadline_s: float = DEADLINE_S) -> Segment:
        found: list[Segment] = []

        def look(one: Opened) -> bool:
            segment = Segment.of(one.payload, (self._from_port, self._port))
            if segment is None or not fits(segment):
                return False
            found.append(segment)
            return True

        self._child.expect(look, what, deadline_s)
        return found[0]


def _after(sequence: int, count: int) -> int:
    return (sequence + count) & 0xFFFFFFFF
