"""What a Linux kernel says of its ESP SAs and policies (netlink XFRM; the structures of linux/xfrm.h), as data."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ikelab.guest import netlink
from ikelab.guest.netlink import Message
from ikelab.keys import EspKeys

# The kernel's names and those of Wireshark's esp_sa table. An AEAD's key ends with its salt.
_CIPHERS = {"rfc4106(gcm(aes))": "AES-GCM with 16 octet ICV [RFC4106]", "cbc(aes)": "AES-CBC [RFC3602]",
            "ecb(cipher_null)": "NULL", "rfc7539esp(chacha20,poly1305)": "ChaCha20-Poly1305 [RFC7634]"}
_HASHES = {"hmac(sha256)": "HMAC-SHA-256-128 [RFC4868]", "hmac(sha384)": "HMAC-SHA-384-192 [RFC4868]",
           "hmac(sha512)": "HMAC-SHA-512-256 [RFC4868]"}


@dataclass
class EspSa:
    """One direction."""

    source: str
    destination: str
    spi: int
    reqid: int
    mode: str
    esn: bool = False
    encapsulated: bool = False
    source_port: int = 0
    destination_port: int = 0
    packets: int = 0
    octets: int = 0
    replayed: int = 0
    not_authentic: int = 0
    proposal: str = ""  # in our words: "aes256gcm16", "aes256-sha512"


@dataclass(frozen=True)
class Policy:
    """One policy with a template for ESP. Source and destination as selectors in our words: "10.1.0.1[udp/500]"."""

    source: str
    destination: str
    direction: str
    reqid: int


_SA_INFO, _POLICY_INFO, _TEMPLATE = 224, 168, 64  # octets of structures
_ALG_AUTH, _ALG_CRYPT, _ENCAP, _TMPL, _ALG_AEAD, _ALG_AUTH_TRUNC = 1, 2, 4, 5, 18, 20  # attributes
_ESP = 50
_FLAG_ESN = 128
_MODES = {0: "transport", 1: "tunnel", 4: "beet"}
_DIRECTIONS = {0: "in", 1: "out", 2: "fwd"}  # others are policies of sockets
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "ipv6-icmp", 132: "sctp"}
_NAME = 64


def states(messages: Iterable[Message]) -> list[EspSa]:
    """Larval SAs, which only reserve an SPI, are left out."""
    found = []
    for body, attributes in _esp_sas(messages):
        family, mode, _, flags = struct.unpack_from("=HBBB", body, 212)
        octets, packets = struct.unpack_from("=QQ", body, 160)
        window, replayed, failed = struct.unpack_from("=III", body, 192)
        sa = EspSa(source=_address(body, 80, family), destination=_address(body, 56, family), spi=_spi(body),
                   reqid=struct.unpack_from("=I", body, 208)[0], mode=_MODES.get(mode, str(mode)),
                   esn=bool(flags & _FLAG_ESN), packets=packets, octets=octets, replayed=window + replayed,
                   not_authentic=failed, proposal=_proposal(attributes))
        if encap := attributes.get(_ENCAP):
            sa.encapsulated, (sa.source_port, sa.destination_port) = True, struct.unpack_from("!HH", encap, 2)
        found.append(sa)
    return found


def policies(messages: Iterable[Message]) -> list[Policy]:
    """Those that protect something."""
    found = []
    for one in messages:
        if one.kind != netlink.NEW_POLICY:
            continue
        direction, template = one.body[160], one.attributes(_POLICY_INFO).get(_TMPL, b"")
        if direction in _DIRECTIONS and len(template) >= _TEMPLATE and template[20] == _ESP:
            source, destination = _selectors(one.body)
            found.append(Policy(source, destination, _DIRECTIONS[direction], struct.unpack_from("=I", template, 44)[0]))
    return found


def _selectors(body: bytes) -> tuple[str, str]:
    """Source and destination of a struct xfrm_selector; a port counts where it has a mask."""
    to_port, to_mask, of_port, of_mask = struct.unpack_from("!HHHH", body, 32)
    family, to, of, proto = struct.unpack_from("=HBBB", body, 40)
    return (_selector(f"{_address(body, 16, family)}/{of}", proto, of_port if of_mask else None),
            _selector(f"{_address(body, 0, family)}/{to}", proto, to_port if to_mask else None))


def _selector(addresses: str, proto: int, port: int | None) -> str:
    if not proto:
        return addresses
    protocol = _PROTOCOLS.get(proto, str(proto))
    return f"{addresses.removesuffix('/32').removesuffix('/128')}[{protocol}{f'/{port}' if port is not None else ''}]"


def esp_keys(messages: Iterable[Message]) -> list[EspKeys]:
    """The keys of all SAs that are told of."""
    found = []
    for body, attributes in _esp_sas(messages):
        cipher, key = _algorithm(attributes, _ALG_AEAD, _ALG_CRYPT)
        auth, auth_key = _algorithm(attributes, _ALG_AUTH_TRUNC, _ALG_AUTH)
        if cipher in _CIPHERS:
            found.append(EspKeys(_spi(body), _CIPHERS[cipher], key, _HASHES.get(auth, "NULL"), auth_key, family="*"))
    return found


def _esp_sas(messages: Iterable[Message]) -> list[tuple[bytes, Mapping[int, bytes]]]:
    """xfrm_usersa_info and attributes of those that have a key."""
    found = [(one.body, one.attributes(_SA_INFO)) for one in messages
             if one.kind in (netlink.NEW_SA, netlink.UPDATED_SA) and one.body[76] == _ESP]
    return [(body, attributes) for body, attributes in found if _algorithm(attributes, _ALG_AEAD, _ALG_CRYPT)[0]]


def _spi(body: bytes) -> int:
    return int(struct.unpack_from("!I", body, 72)[0])


def _address(octets: bytes, at: int, family: int) -> str:
    return str(ipaddress.ip_address(octets[at : at + (4 if family == 2 else 16)]))


def _algorithm(attributes: Mapping[int, bytes], *kinds: int) -> tuple[str, bytes]:
    """Name and key. Its length comes in bits, behind the name; what has one ICV of many has its length before the key."""
    for kind in kinds:
        if told := attributes.get(kind):
            bits = struct.unpack_from("=I", told, _NAME)[0]
            at = _NAME + (8 if kind in (_ALG_AEAD, _ALG_AUTH_TRUNC) else 4)
            return told[:_NAME].rstrip(b"\0").decode(), told[at : at + bits // 8]
    return "", b""


def _proposal(attributes: Mapping[int, bytes]) -> str:
    cipher, key = _algorithm(attributes, _ALG_AEAD, _ALG_CRYPT)
    bits = 8 * len(key)
    if cipher == "rfc4106(gcm(aes))":
        return f"aes{bits - 32}gcm16"
    if cipher == "rfc7539esp(chacha20,poly1305)":
        return "chacha20poly1305"
    auth = _algorithm(attributes, _ALG_AUTH_TRUNC, _ALG_AUTH)[0]
    if cipher in ("cbc(aes)", "ecb(cipher_null)") and auth.startswith("hmac(sha"):
        return f"{f'aes{bits}' if bits else 'null'}-{auth[len('hmac('):-1]}"
    return ""
