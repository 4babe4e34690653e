"""IKE messages and their payloads, RFC 7296 3: from octets to dataclasses.

Parsing is lenient where a judge must still see what came (unknown payloads, unknown numbers) and strict
about lengths. Every payload prints itself in the RFC's own shorthand: `SA KE Ni N(COOKIE)`.
"""

from __future__ import annotations

import hashlib
import ipaddress
import struct
from dataclasses import dataclass, field
from typing import ClassVar

from . import der, registry
from .octets import Malformed, Octets
from .registry import Exchange, PayloadType, Protocol
from .signature import algorithm_and_signature, certificate_subject

SHA1_LENGTH = 20
FLAG_INITIATOR, FLAG_VERSION, FLAG_RESPONSE = 0x08, 0x10, 0x20
HEADER_LENGTH = 28
HEADER = struct.Struct(">8s8sBBBBII")


@dataclass(slots=True, frozen=True)
class Header:
    """RFC 7296 3.1"""

    spi_i: bytes
    spi_r: bytes
    next_payload: int
    version: int
    exchange_type: int
    flags: int
    message_id: int
    length: int

    @property
    def response(self) -> bool:
        return bool(self.flags & FLAG_RESPONSE)

    @property
    def from_initiator(self) -> bool:
        """Whether the sender is the original initiator of this IKE SA."""
        return bool(self.flags & FLAG_INITIATOR)

    @property
    def exchange(self) -> str:
        return registry.exchange_name(self.exchange_type)

    @classmethod
    def parse(cls, octets: bytes) -> Header:
        if len(octets) < HEADER_LENGTH:
            raise Malformed("shorter than an IKE header")
        return cls(*HEADER.unpack_from(octets))


@dataclass(slots=True)
class Payload:
    """A payload nothing more is known about; the known kinds derive from it."""

    kind: int
    critical: bool
    body: bytes

    def __str__(self) -> str:
        return registry.payload_name(self.kind)


@dataclass(slots=True, frozen=True)
class Transform:
    """RFC 7296 3.3.2; key_length in bits, 0 where it has none."""

    kind: int
    number: int
    key_length: int = 0

    def __str__(self) -> str:
        name = registry.TRANSFORMS.get(self.kind, {}).get(self.number, str(self.number))
        return f"{name}-{self.key_length}" if self.key_length else name


@dataclass(slots=True)
class Proposal:
    """RFC 7296 3.3.1"""

    number: int
    protocol: int
    spi: bytes
    transforms: list[Transform]

    def __str__(self) -> str:
        return " ".join(str(t) for t in self.transforms if str(t) not in ("NONE", "no ESN"))


@dataclass(slots=True)
class SaPayload(Payload):
    proposals: list[Proposal] = field(default_factory=list)

    def decode(self) -> None:
        octets = Octets(self.body)
        while len(octets):
            self.proposals.append(_proposal(octets))


def _proposal(octets: Octets) -> Proposal:
    octets.u16()
    length = octets.u16()
    inner = Octets(octets.take(length - 4))
    number, protocol, spi_size, count = inner.u8(), inner.u8(), inner.u8(), inner.u8()
    found = Proposal(number, protocol, inner.take(spi_size), [])
    for _ in range(count):
        found.transforms.append(_transform(inner))
    if len(inner):
        raise Malformed("a proposal longer than its transforms")
    return found


def _transform(octets: Octets) -> Transform:
    octets.u16()
    length = octets.u16()
    inner = Octets(octets.take(length - 4))
    kind, _, number = inner.u8(), inner.u8(), inner.u16()
    key_length = 0
    while len(inner):
        attribute, value = inner.u16(), inner.u16()
        if not attribute & 0x8000:
            inner.take(value)
        elif attribute & 0x7FFF == 14:
            key_length = value
    return Transform(kind, number, key_length)


@dataclass(slots=True)
class KePayload(Payload):
    """RFC 7296 3.4"""

    group: int = 0
    data: bytes = b""

    def decode(self) -> None:
        octets = Octets(self.body)
        self.group = octets.u16()
        octets.u16()
        self.data = octets.rest()

    @property
    def group_name(self) -> str:
        return registry.KE.get(self.group, str(self.group))


@dataclass(slots=True)
class IdPayload(Payload):
    """RFC 7296 3.5"""

    id_type: int = 0
    data: bytes = b""

    def decode(self) -> None:
        octets = Octets(self.body)
        self.id_type = octets.u8()
        octets.take(3)
        self.data = octets.rest()

    @property
    def text(self) -> str:
        if self.id_type in (1, 5) and len(self.data) in (4, 16):
            return str(ipaddress.ip_address(self.data))
        if self.id_type in (2, 3):
            return self.data.decode("utf-8", "backslashreplace")
        if self.id_type == 9:
            try:
                return der.distinguished_name(self.data)
            except Malformed:
                return self.data.hex()
        return self.data.hex()


@dataclass(slots=True)
class CertPayload(Payload):
    """RFC 7296 3.6"""

    encoding: int = 0
    data: bytes = b""

    def decode(self) -> None:
        octets = Octets(self.body)
        self.encoding, self.data = octets.u8(), octets.rest()

    @property
    def subject(self) -> str:
        """Whose it is; "" when that cannot be told."""
        return certificate_subject(self.data) if self.encoding == registry.X509_SIGNATURE else ""

    def __str__(self) -> str:
        return f"CERT({registry.CERT_ENCODINGS.get(self.encoding, self.encoding)})"


@dataclass(slots=True)
class CertRequestPayload(CertPayload):
    """RFC 7296 3.7. For X.509 it names authorities by the SHA-1 of their keys."""

    @property
    def authorities(self) -> list[bytes]:
        if self.encoding != registry.X509_SIGNATURE:
            return []
        return [self.data[at : at + SHA1_LENGTH] for at in range(0, len(self.data), SHA1_LENGTH)]

    def __str__(self) -> str:
        count = len(self.authorities)
        what = registry.CERT_ENCODINGS.get(self.encoding, str(self.encoding))
        of = f" of {count} {'authority' if count == 1 else 'authorities'}" if count else ""
        return f"CERTREQ({what}{of})"


@dataclass(slots=True)
class AuthPayload(Payload):
    """RFC 7296 3.8; `algorithm` and `signature` of the method 14, RFC 7427 3"""

    method: int = 0
    data: bytes = b""
    algorithm: str = ""
    signature: bytes = b""

    def decode(self) -> None:
        octets = Octets(self.body)
        self.method = octets.u8()
        octets.take(3)
        self.data = octets.rest()
        if self.method == registry.DIGITAL_SIGNATURE:
            self.algorithm, self.signature = algorithm_and_signature(self.data)

    @property
    def method_name(self) -> str:
        return registry.AUTH_METHODS.get(self.method, f"method {self.method}")

    def __str__(self) -> str:
        if self.method == registry.SHARED_KEY:
            return "AUTH"
        return f"AUTH({self.algorithm or self.method_name})"


@dataclass(slots=True)
class NoncePayload(Payload):
    """RFC 7296 3.9"""

    def decode(self) -> None:
        if not 16 <= len(self.body) <= 256:
            raise Malformed("a nonce has 16 to 256 octets")


@dataclass(slots=True)
class NotifyPayload(Payload):
    """RFC 7296 3.10"""

    protocol: int = 0
    spi: bytes = b""
    notify_type: int = 0
    data: bytes = b""

    def decode(self) -> None:
        octets = Octets(self.body)
        self.protocol, spi_size, self.notify_type = octets.u8(), octets.u8(), octets.u16()
        self.spi, self.data = octets.take(spi_size), octets.rest()

    @property
    def name(self) -> str:
        return registry.notify_name(self.notify_type)

    @property
    def is_error(self) -> bool:
        return self.notify_type <= registry.ERROR_NOTIFY_MAX

    @property
    def hashes(self) -> list[str]:
        """What SIGNATURE_HASH_ALGORITHMS names, RFC 7427 4."""
        numbers = [int.from_bytes(self.data[at : at + 2], "big") for at in range(0, len(self.data), 2)]
        return [registry.SIGNATURE_HASHES.get(number, str(number)) for number in numbers]

    def __str__(self) -> str:
        if self.name == "PUZZLE" and len(self.data) == 3:  # RFC 8019 8.1
            return f"N(PUZZLE: {registry.PRF.get(int.from_bytes(self.data[:2], 'big'), 'PRF')}, {self.data[2]} bits)"
        if self.name == "SIGNATURE_HASH_ALGORITHMS":
            return f"N({self.name}: {' '.join(self.hashes)})"
        return f"N({self.name})"


@dataclass(slots=True)
class DeletePayload(Payload):
    """RFC 7296 3.11"""

    protocol: int = 0
    spis: list[bytes] = field(default_factory=list)

    def decode(self) -> None:
        octets = Octets(self.body)
        self.protocol, size, count = octets.u8(), octets.u8(), octets.u16()
        self.spis = [octets.take(size) for _ in range(count)]
        if len(octets):
            raise Malformed("a Delete payload longer than its SPIs")

    def __str__(self) -> str:
        if self.protocol == Protocol.IKE:
            return "D(IKE)"
        name = Protocol(self.protocol).name if self.protocol in (2, 3) else str(self.protocol)
        return f"D({name} {' '.join(spi.hex() for spi in self.spis)})"


@dataclass(slots=True)
class VendorPayload(Payload):
    """RFC 7296 3.12"""

    def decode(self) -> None:
        return


@dataclass(slots=True, frozen=True)
class Selector:
    """RFC 7296 3.13.1"""

    protocol: int
    start_port: int
    end_port: int
    start: str
    end: str

    def __str__(self) -> str:
        text = _range_text(self.start, self.end)
        if self.protocol:
            from .packet import PROTOCOL_NAMES

            text += f"[{PROTOCOL_NAMES.get(self.protocol, self.protocol)}]"
        if (self.start_port, self.end_port) != (0, 0xFFFF):
            same = self.start_port == self.end_port
            text += f":{self.start_port}" if same else f":{self.start_port}-{self.end_port}"
        return text


def _range_text(start: str, end: str) -> str:
    first, last = ipaddress.ip_address(start), ipaddress.ip_address(end)
    if first == last:
        return start
    if int(first) <= int(last):
        networks = list(ipaddress.summarize_address_range(first, last))
        if len(networks) == 1:
            return str(networks[0])
    return f"{start}-{end}"


@dataclass(slots=True)
class TsPayload(Payload):
    """RFC 7296 3.13"""

    selectors: list[Selector] = field(default_factory=list)

    def decode(self) -> None:
        octets = Octets(self.body)
        count = octets.u8()
        octets.take(3)
        for _ in range(count):
            kind, protocol, length = octets.u8(), octets.u8(), octets.u16()
            inner = Octets(octets.take(length - 4))
            start_port, end_port = inner.u16(), inner.u16()
            if kind not in (registry.TS_IPV4_ADDR_RANGE, registry.TS_IPV6_ADDR_RANGE):
                continue
            size = 4 if kind == registry.TS_IPV4_ADDR_RANGE else 16
            start, end = (str(ipaddress.ip_address(inner.take(size))) for _ in range(2))
            self.selectors.append(Selector(protocol, start_port, end_port, start, end))
        if len(octets):
            raise Malformed("a TS payload longer than its selectors")

    @property
    def text(self) -> str:
        return " ".join(map(str, self.selectors))


@dataclass(slots=True)
class ConfigurationPayload(Payload):
    """RFC 7296 3.15"""

    cfg_type: int = 0
    attributes: list[tuple[int, bytes]] = field(default_factory=list)

    def decode(self) -> None:
        octets = Octets(self.body)
        self.cfg_type = octets.u8()
        octets.take(3)
        while len(octets):
            attribute, length = octets.u16() & 0x7FFF, octets.u16()
            self.attributes.append((attribute, octets.take(length)))

    def __str__(self) -> str:
        return f"CP({registry.CONFIGURATION_TYPES.get(self.cfg_type, self.cfg_type)})"


@dataclass(slots=True)
class EapPayload(Payload):
    """RFC 7296 3.16. `method`: the message's Type, 0 of one that has none; `data`: what stands behind it."""

    code: int = 0
    identifier: int = 0
    length: int = 0
    method: int = 0
    data: bytes = b""

    def decode(self) -> None:
        octets = Octets(self.body)
        self.code, self.identifier, self.length = octets.u8(), octets.u8(), octets.u16()
        if len(octets):
            self.method, self.data = octets.u8(), octets.take(len(octets))

    def __str__(self) -> str:
        code = registry.EAP_CODES.get(self.code, self.code)
        return f"EAP({code} {registry.EAP_METHODS.get(self.method, self.method)})" if self.method else f"EAP({code})"


@dataclass(slots=True)
class EncryptedPayload(Payload):
    """SK, RFC 7296 3.14. Its next payload is the first one inside; `at` is where the body begins."""

    inner_first: int = 0
    at: int = 0

    def decode(self) -> None:
        return


@dataclass(slots=True)
class FragmentPayload(EncryptedPayload):
    """SKF, RFC 7383 2.5"""

    number: int = 0
    total: int = 0

    def decode(self) -> None:
        octets = Octets(self.body)
        self.number, self.total = octets.u16(), octets.u16()
        if not 1 <= self.number <= self.total:
            raise Malformed("a fragment number outside 1 to Total Fragments")

    def __str__(self) -> str:
        return f"SKF {self.number}/{self.total}"


@dataclass(slots=True)
class PuzzleSolutionPayload(Payload):
    """PS, RFC 8019 8.2: four keys of one size."""

    keys: list[bytes] = field(default_factory=list)

    def decode(self) -> None:
        size, rest = divmod(len(self.body), 4)
        if size == 0 or rest:
            raise Malformed("a puzzle solution is four keys of one size")
        self.keys = [self.body[at : at + size] for at in range(0, 4 * size, size)]


KINDS: dict[int, type[Payload]] = {
    PayloadType.SA: SaPayload, PayloadType.KE: KePayload, PayloadType.IDi: IdPayload,
    PayloadType.IDr: IdPayload, PayloadType.CERT: CertPayload, PayloadType.CERTREQ: CertRequestPayload,
    PayloadType.AUTH: AuthPayload, PayloadType.NONCE: NoncePayload, PayloadType.N: NotifyPayload,
    PayloadType.D: DeletePayload, PayloadType.V: VendorPayload, PayloadType.TSi: TsPayload,
    PayloadType.TSr: TsPayload, PayloadType.CP: ConfigurationPayload, PayloadType.EAP: EapPayload,
    PayloadType.SK: EncryptedPayload, PayloadType.SKF: FragmentPayload,
    PayloadType.PS: PuzzleSolutionPayload,
}


def parse_chain(first: int, octets: bytes, base: int = 0) -> list[Payload]:
    """A chain of payloads, RFC 7296 3.2. SK and SKF end it: what they name as next lies inside them."""
    cursor = Octets(octets)
    payloads: list[Payload] = []
    kind = first
    while kind != PayloadType.NONE:
        following, flags, length = cursor.u8(), cursor.u8(), cursor.u16()
        if length < 4:
            raise Malformed("a payload shorter than its own header")
        at = base + cursor.at
        payload = KINDS.get(kind, Payload)(kind, bool(flags & 0x80), cursor.take(length - 4))
        payloads.append(payload)
        if type(payload) is not Payload:
            payload.decode()  # type: ignore[attr-defined]
        if isinstance(payload, EncryptedPayload):
            payload.inner_first, payload.at = following, at
            break
        kind = following
    if len(cursor):
        raise Malformed(f"{len(cursor)} octets after the last payload")
    return payloads


@dataclass(slots=True)
class Message:
    """One IKE message. `inner` holds what SK or the joined SKF carried; None until it was opened."""

    header: Header
    octets: bytes
    outer: list[Payload]
    inner: list[Payload] | None = None
    problem: str = ""

    payload_class: ClassVar[type[Payload]] = Payload

    @property
    def payloads(self) -> list[Payload]:
        if self.inner is None:
            return self.outer
        return [p for p in self.outer if not isinstance(p, EncryptedPayload)] + self.inner

    @property
    def encrypted(self) -> EncryptedPayload | None:
        return next((p for p in self.outer if isinstance(p, EncryptedPayload)), None)

    @property
    def fragment(self) -> FragmentPayload | None:
        """Set when it is one of several datagrams; the one that came last also holds what all carried together."""
        found = self.encrypted
        return found if isinstance(found, FragmentPayload) else None

    @property
    def whole(self) -> bool:
        """Not just a piece of a message. Of pieces that nobody could open the first one stands for all."""
        piece = self.fragment
        return piece is None or self.inner is not None or (bool(self.problem) and piece.number == 1)

    def first(self, kind: int) -> Payload | None:
        return next((p for p in self.payloads if p.kind == kind), None)

    @property
    def proposals(self) -> list[Proposal]:
        """Of its SA payload."""
        payload = self.first(PayloadType.SA)
        return payload.proposals if isinstance(payload, SaPayload) else []

    def selectors(self, kind: int) -> list[str]:
        """Of TSi or TSr, as text."""
        payload = self.first(kind)
        return [str(one) for one in payload.selectors] if isinstance(payload, TsPayload) else []

    def notifies(self) -> dict[str, NotifyPayload]:
        return {p.name: p for p in self.payloads if isinstance(p, NotifyPayload)}

    @property
    def deletes_ike_sa(self) -> bool:
        """RFC 7296 1.4.1"""
        return any(isinstance(p, DeletePayload) and p.protocol == Protocol.IKE for p in self.payloads)

    def text(self) -> str:
        """The payloads in the RFC's shorthand; nonces and identities by who sends them."""
        from_initiator = self.header.from_initiator
        if self.header.exchange_type == Exchange.CREATE_CHILD_SA:
            from_initiator = not self.header.response  # RFC 7296 1.3: i is who asks
        names = []
        for payload in self.payloads:
            if payload.kind == PayloadType.NONCE:
                names.append("Ni" if from_initiator else "Nr")
            else:
                names.append(str(payload))
        return " ".join(names)


def certificates(message: Message) -> list[CertPayload]:
    """Its CERT payloads, in their order."""
    return [p for p in message.payloads if isinstance(p, CertPayload) and p.kind == PayloadType.CERT]


def nat_hash(header: Header, address: str, port: int) -> bytes:
    """What NAT_DETECTION_SOURCE_IP and _DESTINATION_IP carry, RFC 7296 2.23."""
    packed = ipaddress.ip_address(address).packed
    return hashlib.sha1(header.spi_i + header.spi_r + packed + struct.pack(">H", port)).digest()


def parse(octets: bytes) -> Message:
    """One whole message. Raises Malformed."""
    header = Header.parse(octets)
    if header.length != len(octets):
        raise Malformed(f"the header says {header.length} octets, {len(octets)} came")
    chain = parse_chain(header.next_payload, octets[HEADER_LENGTH:], HEADER_LENGTH)
    return Message(header, octets, chain)
