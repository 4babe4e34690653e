"""What a Linux kernel says of its ESP SAs and policies (`ip -s xfrm state`, `ip xfrm policy`), as data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ikelab.keys import EspKeys

STATE = ["ip", "-s", "xfrm", "state"]
POLICY = ["ip", "xfrm", "policy"]
MONITOR = ["ip", "xfrm", "monitor", "SA"]  # tells each SA as it is made, and its keys

# The kernel's names and those of Wireshark's esp_sa table. An AEAD's key ends with its salt.
_CIPHERS = {"rfc4106(gcm(aes))": "AES-GCM with 16 octet ICV [RFC4106]", "cbc(aes)": "AES-CBC [RFC3602]",
            "rfc7539esp(chacha20,poly1305)": "ChaCha20-Poly1305 [RFC7634]"}
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


_HEAD = re.compile(r"^src (\S+) dst (\S+)", re.M)
_UPPER = re.compile(r"^src \S+ dst \S+ proto (\S+)(?: sport (\d+))?(?: dport (\d+))?")


def states(text: str) -> list[EspSa]:
    """Larval SAs, which only reserve an SPI, are left out."""
    found = []
    for chunk in _chunks(text):
        head = _HEAD.match(chunk)
        esp = re.search(r"proto esp spi 0x([0-9a-f]+)\S* reqid (\d+)\S* mode (\w+)", chunk)
        if not head or not esp or not re.search(r"^\s+(aead|enc) ", chunk, re.M):
            continue
        sa = EspSa(head[1], head[2], int(esp[1], 16), int(esp[2]), esp[3])
        sa.proposal = _proposal(chunk)
        sa.esn = re.search(r"\bflag [^\n]*\besn(?:extra_flag)?\b", chunk) is not None
        if encap := re.search(r"encap type espinudp sport (\d+) dport (\d+)", chunk):
            sa.encapsulated, sa.source_port, sa.destination_port = True, int(encap[1]), int(encap[2])
        if current := re.search(r"lifetime current:\s+(\d+)\(bytes\), (\d+)\(packets\)", chunk):
            sa.octets, sa.packets = int(current[1]), int(current[2])
        if stats := re.search(r"replay-window (\d+) replay (\d+) failed (\d+)\s*$", chunk.rstrip(), re.M):
            sa.replayed, sa.not_authentic = int(stats[1]) + int(stats[2]), int(stats[3])
        found.append(sa)
    return found


def _proposal(chunk: str) -> str:
    if aead := re.search(r"^\s+aead rfc4106\(gcm\(aes\)\) \S+ \((\d+) bits\) 128", chunk, re.M):
        return f"aes{int(aead[1]) - 32}gcm16"
    if "rfc7539esp(chacha20,poly1305)" in chunk:
        return "chacha20poly1305"
    cipher = re.search(r"^\s+enc cbc\(aes\) \S+ \((\d+) bits\)", chunk, re.M)
    auth = re.search(r"^\s+auth(?:-trunc)? hmac\(sha(\d+)\)", chunk, re.M)
    return f"aes{cipher[1]}-sha{auth[1]}" if cipher and auth else ""


def policies(text: str) -> list[Policy]:
    """Those that protect something."""
    found = []
    for chunk in _chunks(text):
        head, direction = _HEAD.match(chunk), re.search(r"^\s+dir (\w+)", chunk, re.M)
        reqid = re.search(r"proto esp .*?reqid (\d+)", chunk)
        if head and direction and reqid:
            upper = _UPPER.match(chunk)
            proto, *ports = upper.groups() if upper else ("", None, None)
            source, destination = (_selector(end, proto, port) for end, port in zip(head.groups(), ports))
            found.append(Policy(source, destination, direction[1], int(reqid[1])))
    return found


def _selector(addresses: str, proto: str, port: str | None) -> str:
    if not proto:
        return whole(addresses)
    return f"{addresses.removesuffix('/32').removesuffix('/128')}[{proto}{f'/{port}' if port else ''}]"


def esp_keys(text: str) -> list[EspKeys]:
    """The keys of all SAs that MONITOR has told of."""
    found = []
    for chunk in _chunks(text):
        spi = re.search(r"proto esp spi 0x([0-9a-f]+)", chunk)
        cipher = re.search(r"^\s+(?:aead|enc) (\S+) 0x([0-9a-f]+)", chunk, re.M)
        if not spi or not cipher or cipher[1] not in _CIPHERS:
            continue
        auth = re.search(r"^\s+auth(?:-trunc)? (\S+) 0x([0-9a-f]+)", chunk, re.M)
        found.append(EspKeys(int(spi[1], 16), _CIPHERS[cipher[1]], bytes.fromhex(cipher[2]),
                             _HASHES.get(auth[1], "NULL") if auth else "NULL",
                             bytes.fromhex(auth[2]) if auth else b"", family="*"))
    return found


def _chunks(text: str) -> Iterator[str]:
    """One an SA or policy; what has gone is left out."""
    for chunk in re.split(r"^(?=(?:Updated |Deleted |Expired )?src )", text, flags=re.M):
        if not chunk.startswith(("Deleted", "Expired")):
            yield chunk.removeprefix("Updated ")


def whole(selector: str) -> str:
    """A selector with its prefix length."""
    return selector if "/" in selector else selector + ("/128" if ":" in selector else "/32")
