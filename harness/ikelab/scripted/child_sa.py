"""A Child SA of ours: ESP sealed and opened by RFC 4303, in UDP (RFC 3948) where there seems to be a NAT."""

from __future__ import annotations

import struct
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import keys as keyfile
from ..vectors import derivation
from ..vectors.choice import Choice
from ..vectors.derivation import NotAuthentic
from . import ip
from .carrier import DEADLINE_S, Arrived
from .errors import Unmet
from .keymat import ChildKeys
from .suites import esp_names

if TYPE_CHECKING:
    from .first_exchanges import FirstExchanges

Mutation = Callable[[bytes], bytes]
READY_S = 2.0  # that a peer is given before our first packet


@dataclass(slots=True, frozen=True)
class Opened:
    """One ESP packet of the peer's. `payload` is an IP datagram in tunnel mode; `padding` is without Pad Length."""

    sequence: int
    next_header: int
    payload: bytes
    padding: bytes
    arrived: Arrived


class ChildSa:
    """`sender` is whoever's exchange made it: ours or the peer's, for KEYMAT begins with the exchange's initiator."""

    def __init__(self, ike_sa: FirstExchanges, choice: Choice, keys: ChildKeys, ours: bool, spi_in: bytes,
                 spi_out: bytes, transport: bool = False):
        self.ike_sa, self.choice, self.keys = ike_sa, choice, keys
        self.carrier = ike_sa.carrier
        self.spi_in, self.spi_out, self.transport = spi_in, spi_out, transport
        out, back = (keys.encryption_i, keys.integrity_i), (keys.encryption_r, keys.integrity_r)
        self.key_out, self.key_in = (out, back) if ours else (back, out)
        self.sequence = 0  # of the last packet that we have sealed
        self.highest = 0  # and of the peer's that were opened
        self.inbox: deque[Opened] = deque()
        self.problems: list[str] = []
        self.used = False  # by us, since the peer was last given its chance to install what was agreed
        self._pings = 0
        self._knocks = 0
        self.carrier.esp[spi_in] = self
        self._tell_keys()

    def _tell_keys(self) -> None:
        encryption, integrity = esp_names(self.choice)
        for spi, (key, integrity_key) in ((self.spi_out, self.key_out), (self.spi_in, self.key_in)):
            self.carrier.keys.add(keyfile.EspKeys(int.from_bytes(spi, "big"), encryption, key, integrity, integrity_key))

    # Out.

    def seal(self, payload: bytes, next_header: int | None = None, *, sequence: int | None = None,
             spi: bytes | None = None, padding: bytes | None = None, pad_length: int | None = None,
             tfc: bytes = b"", iv: bytes | None = None, before_sealing: Mutation | None = None,
             after_sealing: Mutation | None = None) -> bytes:
        """One ESP packet. Without a sequence number it is the next one; `padding` need not be 1, 2, 3 ...;
        `tfc` goes behind the inner packet (RFC 4303 2.7)."""
        if sequence is None:
            sequence = self.sequence = self.sequence + 1
        if next_header is None:
            next_header = ip.IPV6 if payload[:1] and payload[0] >> 4 == 6 else ip.IPV4
        suite, body = self.choice.suite, payload + tfc
        if padding is None:
            text = derivation.esp_padding(body, suite, next_header)
        else:
            text = body + padding + bytes([len(padding), next_header])
        if pad_length is not None:
            text = text[:-2] + bytes([pad_length, next_header])
        if before_sealing is not None:
            text = before_sealing(text)
        iv = self._iv(sequence) if iv is None else iv
        octets = derivation.esp_seal(suite, *self.key_out, self.spi_out if spi is None else spi, sequence,
                                     self.choice.esn, iv, text)
        return octets if after_sealing is None else after_sealing(octets)

    def _iv(self, sequence: int) -> bytes:
        length = self.choice.suite.iv
        return struct.pack(">Q", sequence) if length == 8 else self.ike_sa.draws.octets(length)

    def send_octets(self, octets: bytes, outer_tos: int = 0, at_once: bool = False) -> None:
        """ESP as it is: in UDP where there seems to be a NAT, else bare (RFC 7296 2.23). Before the first of them the peer
        has said a word to somebody else, so that who answers before it installs does not fail whatever is asked; unless
        `at_once`, for the one test that is about that (2.8)."""
        self._use(at_once)
        self.carrier.send_esp(octets, self._to, outer_tos, self.ike_sa.natt_port)

    def send(self, payload: bytes, next_header: int | None = None, *, outer_tos: int = 0, at_once: bool = False,
             **odd: object) -> bytes:
        """Seals and sends an inner packet; `odd` as of seal(), the rest as of send_octets()."""
        octets = self.seal(payload, next_header, **odd)  # type: ignore[arg-type]
        self.send_octets(octets, outer_tos, at_once)
        return octets

    def send_train(self, payloads: Iterable[bytes]) -> None:
        """Inner packets at once, so that who takes several at a time has them to take."""
        self._use()
        self.carrier.send_esp_train([self.seal(one) for one in payloads], self._to, self.ike_sa.natt_port)

    def _use(self, at_once: bool = False) -> None:
        if not self.used and not at_once:
            self.carrier.prove_chance(READY_S)
        self.used = True

    @property
    def _to(self) -> tuple[str, int]:
        return self.ike_sa.to if self.ike_sa.encapsulated else (self.ike_sa.to[0], 0)

    # In.

    def arrived(self, datagram: Arrived) -> None:
        """Called by the carrier."""
        try:
            self.inbox.append(self.open(datagram))
        except (NotAuthentic, ValueError) as error:
            self.problems.append(f"{error}: ESP {datagram.octets[:32].hex()}")

    def open(self, datagram: Arrived) -> Opened:
        """Raises NotAuthentic, ValueError."""
        octets, suite = datagram.octets, self.choice.suite
        low = int.from_bytes(octets[4:8], "big")
        high = (self.highest >> 32) + (low < (self.highest & 0xFFFFFFFF) - 2**31) if self.choice.esn else 0
        sequence = high << 32 | low
        tail = struct.pack(">I", high) if self.choice.esn and not suite.aead else b""
        text = suite.open(*self.key_in, octets[8:], derivation.esp_aad(octets[:4], sequence, self.choice.esn),
                          octets[:8], tail)
        if len(text) < 2 or text[-2] + 2 > len(text):
            raise ValueError("padding longer than the packet")
        self.highest = max(self.highest, sequence)
        end = len(text) - 2 - text[-2]
        return Opened(sequence, text[-1], text[:end], text[end:-2], datagram)

    def expect(self, fits: Callable[[Opened], bool] = lambda _: True, what: str = "an ESP packet",
               deadline_s: float = DEADLINE_S, anywhere: bool = False) -> Opened:
        """The first packet that fits; `anywhere`: on whichever Child SA of the IKE SA. Raises Unmet."""
        end, asked = time.monotonic() + deadline_s, False
        while True:
            for child in self._siblings() if anywhere else [self]:
                for one in child.inbox:
                    if fits(one):
                        child.inbox.remove(one)
                        return one
            if asked or time.monotonic() >= end:
                raise Unmet(f"{what} did not come" + (f"; instead: {self.problems[0]}" if self.problems else ""))
            if not self.carrier.wait(min(self.carrier.patience_s, end - time.monotonic())):
                asked = self.carrier.prove_chance()

    # Echo: what is sent through a Child SA so that the peer's own host answers through it.

    def echo_request(self, family: int = 4, data: bytes = b"ikelab", source: str | None = None,
                     target: str | None = None, sequence: int | None = None) -> bytes:
        """An inner packet to the peer's protected host (in transport mode: its ICMP message alone)."""
        self._pings += 1
        number = self._pings if sequence is None else sequence
        source, target = source or self.inside(family)[0], target or self.inside(family)[1]
        message = ip.icmp_echo(source, target, self.identifier, number, data)
        if self.transport:
            return message
        return ip.ip(source, target, ip.ICMPV6 if ":" in source else ip.ICMP, message)

    @property
    def identifier(self) -> int:
        """Of our echo requests: one a Child SA, so that a late reply is nobody else's."""
        return int.from_bytes(self.spi_in[:2], "big")

    def inside(self, family: int = 4) -> tuple[str, str]:
        """Our address inside, and the peer's."""
        if self.transport:
            return self.carrier.local, self.ike_sa.to[0]
        own, theirs = self.ike_sa.inside[family]
        return next((one for one in self.ike_sa.leased if (":" in one) == (family == 6)), own), theirs

    def send_echo(self, family: int = 4, **odd: object) -> int:
        """Sends an echo request and returns its sequence number (of ICMP, not of ESP)."""
        packet = self.echo_request(family)
        self.send(packet, self._echo_header(family), **odd)
        return self._pings

    def _echo_header(self, family: int) -> int | None:
        return (ip.ICMP if family == 4 else ip.ICMPV6) if self.transport else None

    def reply_to(self, number: int) -> Callable[[Opened], bool]:
        """Whether a packet is the reply to that echo request."""
        def fits(one: Opened) -> bool:
            found = self.echo(one)
            return found is not None and found.reply and (found.identifier, found.sequence) == (self.identifier, number)
        return fits

    def echo(self, one: Opened) -> ip.Echo | None:
        """The echo in a packet of the peer's, if it is one."""
        if not self.transport:
            return ip.parse_echo(one.payload)
        local, remote = self.inside(6 if one.next_header == ip.ICMPV6 else 4)
        return ip.parse_echo(ip.ip(remote, local, one.next_header, one.payload))

    def ping(self, family: int = 4, **odd: object) -> Opened:
        """An echo request, odd or not, and the reply to it, which may come on another Child SA of the same IKE SA: of two
        the peer is free to take either (RFC 7296 2.8). Raises Unmet when none comes."""
        number = self.send_echo(family, **odd)
        return self.expect(self.reply_to(number), f"the reply to echo request {number}", anywhere=True)

    # TCP: what is sent to a port where nobody listens is answered by a reset, with the ports the other way round.

    def knock(self, port: int, from_port: int = 0, checksum_of: str | None = None) -> int:
        """Sends a TCP SYN to that port of the peer's protected host, and returns the port that it comes from.
        `checksum_of`: the source address that its checksum is for, where a NAT has put ours in its place."""
        source, target = self.inside()
        self._knocks += 1
        from_port = from_port or 40_000 + self._knocks
        segment = ip.tcp_syn(checksum_of or source, target, from_port, port)
        self.send(segment if self.transport else ip.ip(source, target, ip.TCP, segment), ip.TCP if self.transport else None)
        return from_port

    def reset_of(self, from_port: int) -> Callable[[Opened], bool]:
        """Whether a packet is the answer to that knock."""
        def fits(one: Opened) -> bool:
            segment = one.payload if one.next_header == ip.TCP else ip.body_of(one.payload, ip.TCP)
            return segment is not None and segment[2:4] == from_port.to_bytes(2, "big")
        return fits

    def expect_reset(self, from_port: int) -> Opened:
        return self.expect(self.reset_of(from_port), f"the answer to the knock from port {from_port}", anywhere=True)

    def expect_unheard(self, fits: Callable[[Opened], bool], why: str) -> None:
        """Nothing that fits has come, although a good packet that was sent later, on the first Child SA of the IKE SA, is
        answered."""
        self.ike_sa.children[0].ping()
        if any(fits(one) for child in self._siblings() for one in child.inbox):
            raise Unmet(f"{why}, and it was answered")

    def _siblings(self) -> list[ChildSa]:
        return [self, *(one for one in self.ike_sa.children if one is not self)]

    def expect_no_reply(self, number: int, why: str = "the packet had to be discarded") -> None:
        """The echo request of that number has gone unheard, although a later, good one is answered."""
        self.ping()
        if any(self.reply_to(number)(one) for child in self._siblings() for one in child.inbox):
            raise Unmet(f"{why}, and its echo request was answered")
