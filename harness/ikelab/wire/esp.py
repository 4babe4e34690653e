"""Opens ESP, RFC 4303. Extended sequence numbers carry no high half on the wire, so it is tried (2.2.1)."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from .. import keys as keyfile
from . import cipher
from .octets import Malformed
from .packet import Datagram, parse_ip

IPV4, IPV6, NO_NEXT_HEADER = 4, 41, 59


@dataclass(slots=True)
class EspPacket:
    """`inner` is the IP datagram of tunnel mode; in transport mode the outer addresses with the inner body.
    `problem` says why it could not be opened; `dummy` marks TFC traffic (RFC 4303 2.6). `outer` is the
    datagram as it set out."""

    spi: int
    sequence: int
    inner: Datagram | None = None
    tunnel: bool = False
    dummy: bool = False
    esn: bool = False
    problem: str = ""
    outer: Datagram | None = None


@dataclass(slots=True)
class _Sender:
    """What has been learnt about one SPI: whether it uses ESN, and the highest number seen."""

    esn: bool | None = None
    highest: int = 0


@dataclass(slots=True)
class Opener:
    keys: dict[int, list[keyfile.EspKeys]]
    _senders: dict[int, _Sender] = field(default_factory=dict)

    def open(self, datagram: Datagram) -> EspPacket:
        octets = datagram.payload
        if len(octets) < 8:
            return EspPacket(0, 0, problem="shorter than an ESP header", outer=datagram)
        spi, low = struct.unpack_from(">II", octets)
        packet = EspPacket(spi, low, outer=datagram)
        candidates = self.keys.get(spi, ())
        if not candidates:
            packet.problem = "no keys for this SPI"
        for candidate in candidates:
            try:
                self._open_with(candidate, octets, datagram, packet)
                return packet
            except (cipher.NotAuthentic, cipher.Unknown, Malformed) as error:
                packet.problem = str(error)
        return packet

    def _open_with(self, candidate: keyfile.EspKeys, octets: bytes, datagram: Datagram,
                   packet: EspPacket) -> None:
        sender = self._senders.setdefault(packet.spi, _Sender())
        algorithm = cipher.find(candidate.encryption, candidate.integrity, candidate.key)
        header, low = octets[:8], octets[4:8]
        failure: Exception | None = None
        for high in _guesses(sender, packet.sequence):
            extended = b"" if high is None else struct.pack(">I", high)
            aad = header if high is None else octets[:4] + extended + low
            try:
                plain = algorithm.open(candidate.key, candidate.integrity_key, octets[8:], aad,
                                       header, extended)
            except cipher.NotAuthentic as error:
                failure = error
                continue
            packet.esn, packet.problem = high is not None, ""
            packet.sequence = (high or 0) << 32 | packet.sequence
            sender.esn, sender.highest = packet.esn, max(sender.highest, packet.sequence)
            _trailer(plain, datagram, packet)
            return
        raise failure or cipher.NotAuthentic("not authentic")


def _guesses(sender: _Sender, low: int) -> list[int | None]:
    """The high halves worth trying, the likeliest first; None is the plain 32-bit number."""
    high = sender.highest >> 32
    nearest = high
    if low < (sender.highest & 0xFFFFFFFF) - 2**31:
        nearest = high + 1
    elif low > (sender.highest & 0xFFFFFFFF) + 2**31 and high:
        nearest = high - 1
    guesses: list[int | None] = [nearest]
    guesses += [g for g in (high, high + 1) if g != nearest]
    if sender.esn is None:
        return [None, *guesses]
    return guesses if sender.esn else [None]


def _trailer(plain: bytes, datagram: Datagram, packet: EspPacket) -> None:
    """Takes the padding off and looks at Next Header, RFC 4303 2.4 to 2.6."""
    if len(plain) < 2 or plain[-2] + 2 > len(plain):
        raise Malformed("ESP padding longer than the packet")
    next_header, body = plain[-1], plain[: len(plain) - 2 - plain[-2]]
    if next_header == NO_NEXT_HEADER:
        packet.dummy = True
    elif next_header in (IPV4, IPV6):
        packet.tunnel = True
        packet.inner = parse_ip(body, datagram.time_ns, datagram.link)
        if packet.inner is None and body:
            fragment = _first_look(body, datagram)
            packet.inner = fragment
    else:
        packet.inner = Datagram(datagram.time_ns, datagram.link, datagram.src, datagram.dst,
                                next_header, body, length=len(body) + 20)
        if len(body) >= 8 and next_header in (6, 17):
            packet.inner.sport, packet.inner.dport = struct.unpack_from(">HH", body)


def _first_look(body: bytes, datagram: Datagram) -> Datagram | None:
    """An inner fragment: the addresses are all that can be said of it."""
    if body[0] >> 4 == 4 and len(body) >= 20:
        whole = bytearray(body)
        whole[6:8] = b"\0\0"
        return parse_ip(bytes(whole), datagram.time_ns, datagram.link)
    return None
