"""One IKE message on its way out, RFC 7296 3.1 and 3.14, RFC 7383 2.5: each of its fields can be made to say something
else than it should, and its octets can be changed before and after they are sealed."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..vectors.derivation import Suite
from ..wire.ike import FLAG_INITIATOR, FLAG_RESPONSE, HEADER, HEADER_LENGTH, Payload
from ..wire.registry import PayloadType
from .payloads import chain

VERSION_2 = 0x20
Mutation = Callable[[bytes], bytes]


@dataclass(slots=True, frozen=True)
class Seal:
    """What protects one direction of an IKE SA: SK_e and SK_a of who sends."""

    suite: Suite
    key: bytes
    integrity_key: bytes

    def seal(self, before: bytes, iv: bytes, text: bytes) -> bytes:
        """IV, ciphertext, ICV; `before` is all that stands in front of the IV."""
        return self.suite.seal(self.key, self.integrity_key, iv, text, before, before)

    def open(self, before: bytes, sealed: bytes) -> bytes:
        """The text, padding included. Raises derivation.NotAuthentic."""
        return self.suite.open(self.key, self.integrity_key, sealed, before, before)


@dataclass(slots=True)
class Outgoing:
    """A message before it is octets. None: as it should be. What stands in the clear is `outer`; the other payloads go
    inside SK when there is a Seal."""

    exchange: int
    payloads: Sequence[Payload]
    spi_i: bytes
    spi_r: bytes
    message_id: int
    response: bool = False
    from_initiator: bool = True
    outer: Sequence[Payload] = ()
    # The header.
    flags: int | None = None
    version: int = VERSION_2
    next_payload: int | None = None
    length: int | None = None
    # The Encrypted payload.
    first: int | None = None  # what SK names as the first payload inside
    inner: bytes | None = None  # its whole plaintext before the padding
    padding: bytes | None = None
    pad_length: int | None = None
    sk_critical: bool = False
    sk_length: int | None = None
    iv: Callable[[int], bytes] = field(default=bytes)
    # Changes to finished octets.
    before_sealing: Mutation | None = None  # of the plaintext with its padding
    after_sealing: Mutation | None = None  # of the whole datagram, the Non-ESP marker not included

    def datagram(self, seal: Seal | None) -> bytes:
        """One datagram, sealed where there is a Seal."""
        if seal is None:
            first, body = chain([*self.outer, *self.payloads])
            return self._changed(self._header(first, len(body)) + body)
        first, inner = chain(self.payloads)
        return self._sealed(seal, PayloadType.SK, b"", self._first(first), inner if self.inner is None else self.inner)

    def fragments(self, seal: Seal, size: int, total: int | None = None,
                  numbers: Sequence[int] | None = None) -> list[bytes]:
        """The message in SKF payloads of at most `size` octets of content each (RFC 7383 2.5). `total` is what they
        say as Total Fragments; `numbers` are the Fragment Numbers, in the order of the datagrams."""
        first, inner = chain(self.payloads)
        inner = inner if self.inner is None else self.inner
        pieces = [inner[at : at + size] for at in range(0, len(inner), size)] or [b""]
        count = len(pieces) if total is None else total
        found = []
        for number, piece in zip(numbers or range(1, len(pieces) + 1), pieces, strict=True):
            names = self._first(first) if piece is pieces[0] else PayloadType.NONE
            found.append(self._sealed(seal, PayloadType.SKF, struct.pack(">HH", number, count), names, piece))
        return found

    def _first(self, first: int) -> int:
        return first if self.first is None else self.first

    def _header(self, first: int, body_length: int) -> bytes:
        flags = FLAG_INITIATOR * self.from_initiator | FLAG_RESPONSE * self.response
        return HEADER.pack(self.spi_i, self.spi_r, first if self.next_payload is None else self.next_payload,
                           self.version, self.exchange, flags if self.flags is None else self.flags, self.message_id,
                           HEADER_LENGTH + body_length if self.length is None else self.length)

    def _sealed(self, seal: Seal, kind: int, numbers: bytes, first: int, inner: bytes) -> bytes:
        text = self._padded(seal.suite, inner)
        if self.before_sealing is not None:
            text = self.before_sealing(text)
        length = 4 + len(numbers) + seal.suite.iv + len(text) + seal.suite.icv
        outer_first, outer = chain(self.outer, kind)
        generic = struct.pack(">BBH", first, 0x80 * self.sk_critical,
                              length if self.sk_length is None else self.sk_length)
        before = self._header(outer_first, len(outer) + length) + outer + generic + numbers
        return self._changed(before + seal.seal(before, self.iv(seal.suite.iv), text))

    def _padded(self, suite: Suite, inner: bytes) -> bytes:
        """RFC 7296 3.14: to the cipher's block, any octets, and Pad Length at the end."""
        padding = bytes(-(len(inner) + 1) % suite.block) if self.padding is None else self.padding
        return inner + padding + bytes([len(padding) if self.pad_length is None else self.pad_length])

    def _changed(self, octets: bytes) -> bytes:
        return octets if self.after_sealing is None else self.after_sealing(octets)
