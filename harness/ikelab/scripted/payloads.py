"""A builder for every payload of RFC 7296 3, in the RFC's shorthand: `SA KE Ni N(COOKIE)` is
`SA(...), KE(...), Nonce(...), N("COOKIE", data)`.

What a builder gives is the very object that the decoder makes of the same octets, so that `answer.payloads[0] ==
N("COOKIE", data)` compares what was received with what was meant. Octets that no builder makes are a `Raw`, and
`odd(payload, length=3)` writes a payload with another generic header than it ought to have.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..pki import names
from ..wire import ike
from ..wire.ike import KINDS, Payload, Proposal, Selector, Transform
from ..wire.octets import Malformed
from ..wire.registry import (NOTIFY_NUMBER, TS_IPV4_ADDR_RANGE, TS_IPV6_ADDR_RANGE, PayloadType, Protocol,
                             TransformType)

KEY_LENGTH_ATTRIBUTE = 0x8000 | 14
ANY_PORT = (0, 0xFFFF)
OPAQUE = (65535, 0)  # RFC 7296 3.13.1


def Raw(kind: int, body: bytes = b"", critical: bool = False) -> Payload:
    """Any payload of any octets, known or not."""
    return Payload(kind, critical, body)


def known(kind: int, body: bytes, critical: bool = False) -> Payload:
    """What the decoder makes of a body; a Raw where it can make nothing of it."""
    payload = KINDS.get(kind, Payload)(kind, critical, body)
    try:
        if type(payload) is not Payload:
            payload.decode()  # type: ignore[attr-defined]
    except Malformed:
        return Raw(kind, body, critical)
    return payload


@dataclass(slots=True)
class Odd(Payload):
    """A payload whose generic header (RFC 7296 3.2) says something else than it should."""

    length: int | None = None
    next_payload: int | None = None
    reserved: int = 0


def odd(payload: Payload, length: int | None = None, next_payload: int | None = None, reserved: int = 0) -> Odd:
    """`length`: of Payload Length, header included; `reserved`: the seven bits beside Critical."""
    return Odd(payload.kind, payload.critical, payload.body, length, next_payload, reserved)


def critical(payload: Payload) -> Payload:
    """The same with the Critical bit set (RFC 7296 2.5)."""
    return known(payload.kind, payload.body, critical=True)


# ---- SA, RFC 7296 3.3 ----

@dataclass(slots=True, frozen=True)
class TransformWith(Transform):
    """A transform with attributes other than Key Length, as octets."""

    attributes: bytes = b""


def transform_octets(one: Transform, last: bool) -> bytes:
    attributes = struct.pack(">HH", KEY_LENGTH_ATTRIBUTE, one.key_length) if one.key_length else b""
    attributes += getattr(one, "attributes", b"")
    return struct.pack(">BBHBBH", 0 if last else 3, 0, 8 + len(attributes), one.kind, 0, one.number) + attributes


def proposal_octets(one: Proposal, last: bool) -> bytes:
    inner = b"".join(transform_octets(t, t is one.transforms[-1]) for t in one.transforms)
    head = struct.pack(">BBHBBBB", 0 if last else 2, 0, 8 + len(one.spi) + len(inner), one.number, one.protocol,
                       len(one.spi), len(one.transforms))
    return head + one.spi + inner


def SA(*proposals: Proposal) -> Payload:
    return known(PayloadType.SA, b"".join(proposal_octets(p, p is proposals[-1]) for p in proposals))


# ---- key exchange, nonce ----

def KE(group: int, data: bytes) -> Payload:
    return known(PayloadType.KE, struct.pack(">HH", group, 0) + data)


def Nonce(data: bytes) -> Payload:
    return known(PayloadType.NONCE, data)


# ---- identities and proof ----

def _identification(kind: int, identity: str | bytes, id_type: int | None) -> Payload:
    found, data = id_of(identity) if isinstance(identity, str) else (11, identity)
    return known(kind, bytes([found if id_type is None else id_type, 0, 0, 0]) + data)


def id_of(text: str) -> tuple[int, bytes]:
    """ID Type and data (RFC 7296 3.5) of an identity as configurations write it."""
    try:
        address = ipaddress.ip_address(text)
        return (1 if address.version == 4 else 5), address.packed
    except ValueError:
        pass
    if text.startswith("key:"):
        return 11, text.removeprefix("key:").encode()
    if text.startswith(names.DN):
        return 9, names.distinguished_name(text.removeprefix(names.DN)).public_bytes()
    return (3 if "@" in text else 2), text.encode()


def IDi(identity: str | bytes, id_type: int | None = None) -> Payload:
    return _identification(PayloadType.IDi, identity, id_type)


def IDr(identity: str | bytes, id_type: int | None = None) -> Payload:
    return _identification(PayloadType.IDr, identity, id_type)


def CERT(data: bytes, encoding: int = 4) -> Payload:
    return known(PayloadType.CERT, bytes([encoding]) + data)


def CERTREQ(authorities: bytes = b"", encoding: int = 4) -> Payload:
    return known(PayloadType.CERTREQ, bytes([encoding]) + authorities)


def AUTH(method: int, data: bytes) -> Payload:
    return known(PayloadType.AUTH, bytes([method, 0, 0, 0]) + data)


# ---- notifications, deletion, vendor ----

def N(notify: str | int, data: bytes = b"", protocol: int = Protocol.NONE, spi: bytes = b"") -> Payload:
    """By the registry's name, or by number."""
    number = NOTIFY_NUMBER[notify] if isinstance(notify, str) else notify
    return known(PayloadType.N, struct.pack(">BBH", protocol, len(spi), number) + spi + data)


def D(protocol: int = Protocol.IKE, *spis: bytes) -> Payload:
    """D() deletes the IKE SA itself; D(Protocol.ESP, spi, ...) Child SAs by the SPIs of who sends it (1.4.1)."""
    size = len(spis[0]) if spis else 0
    return known(PayloadType.D, struct.pack(">BBH", protocol, size, len(spis)) + b"".join(spis))


def V(data: bytes) -> Payload:
    return known(PayloadType.V, data)


# ---- traffic selectors, RFC 7296 3.13 ----

def selector(text: str, protocol: int = 0, ports: tuple[int, int] = ANY_PORT) -> Selector:
    """Of a network "10.1.0.0/24", an address, or a range "10.1.0.1-10.1.0.9", each perhaps with "[6]", "[17/53]" or
    "[6/opaque]" behind it, as a configuration has it."""
    text, _, words = text.rstrip("]").partition("[")
    if words:
        number, _, port = words.partition("/")
        protocol = int(number)
        ports = OPAQUE if port == "opaque" else (int(port), int(port)) if port else ANY_PORT
    if "-" in text:
        first, last = (str(ipaddress.ip_address(part)) for part in text.split("-"))
    else:
        network = ipaddress.ip_network(text, strict=False)
        first, last = str(network[0]), str(network[-1])
    return Selector(protocol, *ports, first, last)


def selector_octets(one: Selector) -> bytes:
    start, end = ipaddress.ip_address(one.start).packed, ipaddress.ip_address(one.end).packed
    kind = TS_IPV4_ADDR_RANGE if len(start) == 4 else TS_IPV6_ADDR_RANGE
    return struct.pack(">BBHHH", kind, one.protocol, 8 + 2 * len(start), one.start_port, one.end_port) + start + end


def _ts(kind: int, selectors: Sequence[Selector | str]) -> Payload:
    found = [selector(one) if isinstance(one, str) else one for one in selectors]
    return known(kind, bytes([len(found), 0, 0, 0]) + b"".join(map(selector_octets, found)))


def TSi(*selectors: Selector | str) -> Payload:
    return _ts(PayloadType.TSi, selectors)


def TSr(*selectors: Selector | str) -> Payload:
    return _ts(PayloadType.TSr, selectors)


# ---- configuration, EAP ----

def CP(cfg_type: int, *attributes: tuple[int, bytes]) -> Payload:
    body = b"".join(struct.pack(">HH", kind, len(value)) + value for kind, value in attributes)
    return known(PayloadType.CP, bytes([cfg_type, 0, 0, 0]) + body)


def EAP(code: int, identifier: int, data: bytes = b"") -> Payload:
    """`data`: Type and Type-Data, where the code has them (RFC 3748 4)."""
    return known(PayloadType.EAP, struct.pack(">BBH", code, identifier, 4 + len(data)) + data)


# ---- chains, RFC 7296 3.2 ----

def chain(payloads: Iterable[Payload], after: int = PayloadType.NONE) -> tuple[int, bytes]:
    """The type of the first one, and their octets. `after`: what the last one names as next."""
    listed = list(payloads)
    kinds = [one.kind for one in listed] + [after]
    out = b""
    for one, following in zip(listed, kinds[1:], strict=True):
        length, bits = 4 + len(one.body), 0x80 if one.critical else 0
        if isinstance(one, Odd):
            length = length if one.length is None else one.length
            following = following if one.next_payload is None else one.next_payload
            bits |= one.reserved
        out += struct.pack(">BBH", following, bits, length) + one.body
    return kinds[0], out


# ---- lists of payloads ----

def without(payloads: Iterable[Payload], *unwanted: int | str) -> list[Payload]:
    """All but these: payload types, or names of notifications."""
    return [one for one in payloads if not _named(one, unwanted)]


def replaced(payloads: Iterable[Payload], new: Payload) -> list[Payload]:
    """With `new` where the payload of its type was (of a notification: of its Notify Message Type)."""
    name: int | str = new.name if isinstance(new, ike.NotifyPayload) else new.kind
    return [new if _named(one, (name,)) else one for one in payloads]


def _named(one: Payload, names: Sequence[int | str]) -> bool:
    return one.kind in names or isinstance(one, ike.NotifyPayload) and one.name in names


__all__ = ["AUTH", "CERT", "CERTREQ", "CP", "D", "EAP", "IDi", "IDr", "KE", "N", "Nonce", "Odd", "Payload", "Proposal",
           "Raw", "SA", "Selector", "TSi", "TSr", "Transform", "TransformType", "TransformWith", "V", "chain", "critical",
           "id_of", "known", "odd", "replaced", "selector", "without"]
