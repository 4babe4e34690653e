"""What iked tells of its IKE SAs nowhere but in its debugging log: their algorithms, who is behind a NAT, their keys.

`ikectl show sa` has none of it. With -vvv the log says it as fixed phrases, each followed by the octets, and these are
the same in 7.2 and 7.4; nothing else is read from it. Keys from a log are no leap of faith: what they open authenticates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ikelab.keys import IkeKeys

_PHRASES = re.compile(r"sa_keys: (S|SK_[ae][ir]) with|nat_detection: peer|pld_notify: .*NAT_DETECTION|established peer"
                      r"|rekeyed as new")
_ALGORITHMS = re.compile(r"spi=0x([0-9a-f]{16}): (?:established peer .*|rekeyed as new IKESA 0x([0-9a-f]{16}) )"
                         r"\(enc (\S+?)( auth \S+)? group (\S+) prf (\S+?)\)")
_NAT = re.compile(r"nat_detection: peer (source|destination) 0x([0-9a-f]{16})")
_GROUPS = {"curve25519": "x25519", "modp2048-256": "modp2048_256"}
_CIPHER = re.compile(r"aes-(\d+)(-gcm)?$")
_SPIS = 16  # octets at the end of S, RFC 7296 2.14
_SALT = 4
_INTEGRITY = {0: "NONE [RFC4306]", 32: "HMAC_SHA2_256_128 [RFC4868]", 48: "HMAC_SHA2_384_192 [RFC4868]",
              64: "HMAC_SHA2_512_256 [RFC4868]"}


@dataclass
class Told:
    """By the initiator's SPI."""

    proposals: dict[int, str] = field(default_factory=dict)
    nat: dict[int, tuple[bool, bool]] = field(default_factory=dict)  # this end, that end
    keys: list[IkeKeys] = field(default_factory=list)


def read(lines: str) -> Told:
    """`lines`: whole lines of the log, oldest first."""
    told = Told()
    hashed = ""  # what the peer's notification says
    sealing: dict[str, bytes] = {}
    for line, octets in _with_octets(lines):
        if "pld_notify" in line:
            hashed = octets
        elif found := _NAT.search(line):
            _nat(told, int(found[2], 16), found[1] == "destination", octets != hashed)
        elif found := _ALGORITHMS.search(line):
            spi, old = int(found[2] or found[1], 16), int(found[1], 16)
            told.proposals[spi] = proposal(found[3], found[4] or "", found[5], found[6])
            if found[2]:
                told.nat[spi] = told.nat.get(old, (False, False))  # nobody has looked again
        elif "sa_keys" in line:
            word = line.split("sa_keys: ")[1].split()[0]
            if word == "S":
                sealing = {}
            sealing[word] = bytes.fromhex(octets)
            if word == "SK_er":  # the last of them
                told.keys.append(_ike_keys(sealing))
    return told


def _with_octets(lines: str) -> Iterator[tuple[str, str]]:
    """Each phrase with the octets below it, in hexadecimal."""
    phrase, octets = "", ""
    for line in lines.splitlines():
        if re.fullmatch(r"[0-9a-f ]+", line):
            octets += line.replace(" ", "")
            continue
        if phrase:
            yield phrase, octets
        phrase, octets = (line if _PHRASES.search(line) else ""), ""
    if phrase:
        yield phrase, octets


def _nat(told: Told, spi: int, ours: bool, translated: bool) -> None:
    """A hash that is not that of what was seen: somebody translates (RFC 7296 2.23). The destination is this end."""
    here, there = told.nat.get(spi, (False, False))
    told.nat[spi] = (translated, there) if ours else (here, translated)


def proposal(cipher: str, auth: str, group: str, prf: str) -> str:
    """iked's names in our words: "aes256-sha256-prfsha256-x25519"."""
    found = _CIPHER.match(cipher)
    words = [f"aes{found[1]}{'gcm16' if found[2] else ''}" if found else cipher]
    if auth:
        words.append("sha" + re.sub(r"-\d+$", "", auth.split("hmac-sha2-")[-1]))
    return "-".join([*words, "prfsha" + prf.removeprefix("hmac-sha2-"), _GROUPS.get(group, group)])


def _ike_keys(sealing: dict[str, bytes]) -> IkeKeys:
    """RFC 7296 2.14. Without integrity keys the cipher is an AEAD, whose key ends with its salt (RFC 5282 7.1)."""
    spis, key, auth = sealing["S"][-_SPIS:], sealing["SK_ei"], sealing.get("SK_ai", b"")
    cipher = (f"AES-CBC-{len(key) * 8} [RFC3602]" if auth
              else f"AES-GCM-{(len(key) - _SALT) * 8} with 16 octet ICV [RFC5282]")
    return IkeKeys(spis[:8], spis[8:], key, sealing["SK_er"], cipher, auth, sealing.get("SK_ar", b""),
                   _INTEGRITY.get(len(auth), ""))
