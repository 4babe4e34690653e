"""What the decoder leaves out because nobody needs it: reserved fields, counts and markers, as the sender has written
them. Only for tests of senders, RFC 7296 3.2, 3.3 and 3.13."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from ..scripted.channel import Received
from ..wire.ike import HEADER_LENGTH, EncryptedPayload, Payload
from ..wire.octets import Octets
from ..wire.registry import PayloadType

CHAIN_ENDS = (PayloadType.SK, PayloadType.SKF)


@dataclass(slots=True, frozen=True)
class GenericHeader:
    """RFC 7296 3.2; `kind` is what the one before has named as next."""

    kind: int
    next_payload: int
    critical: bool
    reserved: int
    length: int
    body: bytes


@dataclass(slots=True, frozen=True)
class Attribute:
    """RFC 7296 3.3.5; `fixed`: Attribute Format 1, the value in place of the length."""

    fixed: bool
    kind: int
    value: bytes


@dataclass(slots=True, frozen=True)
class WrittenTransform:
    """RFC 7296 3.3.2"""

    last: int
    reserved: tuple[int, int]
    kind: int
    number: int
    attributes: tuple[Attribute, ...]


@dataclass(slots=True, frozen=True)
class WrittenProposal:
    """RFC 7296 3.3.1"""

    last: int
    reserved: int
    number: int
    protocol: int
    spi: bytes
    count: int
    transforms: tuple[WrittenTransform, ...] = field(default=())


def written_attributes(payload: Payload) -> list[tuple[int, int, bytes]]:
    """Of a CP payload (RFC 7296 3.15.1): the reserved bit, the type and the value of each attribute."""
    octets, found = Octets(payload.body[4:]), []
    while len(octets):
        head, length = octets.u16(), octets.u16()
        found.append((head >> 15, head & 0x7FFF, octets.take(length)))
    return found


def generic_headers(message: Received) -> list[GenericHeader]:
    """Of all payloads of a message, first those in the clear, then those inside SK."""
    found = _chain(message.header.next_payload, message.octets[HEADER_LENGTH:])
    if (sealed := message.encrypted) is not None and message.text_inside:
        found += _chain(_first_inside(message, sealed), _without_padding(message))
    return found


def _first_inside(message: Received, sealed: EncryptedPayload) -> int:
    """A fragment other than the first names nothing (RFC 7383 2.5)."""
    return sealed.inner_first or (message.inner[0].kind if message.inner else 0)


def _without_padding(message: Received) -> bytes:
    text = message.text_inside
    return text if message.fragment is not None else text[: len(text) - 1 - text[-1]]


def _chain(kind: int, octets: bytes) -> list[GenericHeader]:
    cursor, found = Octets(octets), []
    while kind != PayloadType.NONE:
        following, bits, length = cursor.u8(), cursor.u8(), cursor.u16()
        found.append(GenericHeader(kind, following, bool(bits & 0x80), bits & 0x7F, length, cursor.take(length - 4)))
        if kind in CHAIN_ENDS:
            break
        kind = following
    return found


def written_proposals(payload: Payload) -> list[WrittenProposal]:
    """Of an SA payload."""
    cursor, found = Octets(payload.body), []
    while len(cursor):
        last, reserved, length = cursor.u8(), cursor.u8(), cursor.u16()
        inner = Octets(cursor.take(length - 4))
        number, protocol, size, count = inner.u8(), inner.u8(), inner.u8(), inner.u8()
        spi, transforms = inner.take(size), []
        while len(inner):
            transforms.append(_transform(inner))
        found.append(WrittenProposal(last, reserved, number, protocol, spi, count, tuple(transforms)))
    return found


def _transform(cursor: Octets) -> WrittenTransform:
    last, reserved, length = cursor.u8(), cursor.u8(), cursor.u16()
    inner = Octets(cursor.take(length - 4))
    kind, second, number = inner.u8(), inner.u8(), inner.u16()
    attributes = []
    while len(inner):
        head = inner.u16()
        value = inner.take(2) if head & 0x8000 else inner.take(inner.u16())
        attributes.append(Attribute(bool(head & 0x8000), head & 0x7FFF, value))
    return WrittenTransform(last, (reserved, second), kind, number, tuple(attributes))


def payloads_of(messages: list[Received], *kinds: int) -> list[Payload]:
    """All payloads of these types, of all messages."""
    return [one for message in messages for one in message.payloads if one.kind in kinds]


# Odd ones to send.

@dataclass(slots=True)
class Sub:
    """A proposal or transform substructure of any fields: what the builders of scripted.payloads would never write."""

    head: bytes  # between the length and what is inside
    inner: bytes = b""
    last: int = 0
    reserved: int = 0
    length: int | None = None

    def octets(self) -> bytes:
        length = 4 + len(self.head) + len(self.inner) if self.length is None else self.length
        return struct.pack(">BBH", self.last, self.reserved, length) + self.head + self.inner


def transform_sub(kind: int, number: int, attributes: bytes = b"", reserved: int = 0, **odd: int) -> Sub:
    return Sub(struct.pack(">BBH", kind, reserved, number), attributes, reserved=reserved, **odd)


def proposal_sub(number: int, protocol: int, spi: bytes, *transforms: Sub, count: int | None = None,
                 **odd: int) -> Sub:
    for one in transforms[:-1]:
        one.last = one.last or 3
    inner = b"".join(one.octets() for one in transforms)
    size = len(transforms) if count is None else count
    return Sub(struct.pack(">BBBB", number, protocol, len(spi), size) + spi, inner, **odd)


__all__ = ["Attribute", "GenericHeader", "Sub", "WrittenProposal", "WrittenTransform", "generic_headers", "payloads_of",
           "proposal_sub", "transform_sub", "written_proposals"]
