"""SPIs and keys of pluto's IKE SAs, which whack does not tell.

pluto is preloaded with a key log (harness/guest/nss_key_log.c). It writes what prf+ has made for an IKE SA, whose SPIs
are the end of the seed (RFC 7296 2.14), between the lines of pluto's own log: the next line names pluto's number for
that SA, and some line of that number its algorithms. No verdict rests on this: keys prove themselves by opening what
they are for, and SPIs are looked for in the capture (stage/on_the_wire.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ikelab.keys import IkeKeys

_LINES = re.compile(r"ike-keymat |.*#[0-9]+: ")
_KEYMAT = re.compile(r"^ike-keymat (\w+) ([0-9a-f]+) ([0-9a-f]+)$")
_NUMBER = re.compile(r'^[^|"]*"[^"]+".*? #(\d+): ')
_SUITE = re.compile(r"\{cipher=(\S+) integ=(\S+) prf=")

_PRF_OCTETS = {"sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}
# pluto's names; octets of key with an AEAD's salt; the names of Wireshark's table.
_CIPHERS = {f"AES_GCM_16_{bits}": (bits // 8 + 4, f"AES-GCM-{bits} with 16 octet ICV [RFC5282]") for bits in (128, 256)}
_CIPHERS |= {f"AES_CBC_{bits}": (bits // 8, f"AES-CBC-{bits} [RFC3602]") for bits in (128, 256)}
_CIPHERS["CHACHA20_POLY1305_256"] = (36, "ChaCha20-Poly1305 [RFC7634]")
_INTEGRITY = {"n/a": (0, "NONE [RFC4306]"), "HMAC_SHA1_96": (20, "HMAC_SHA1_96 [RFC2404]"),
              "HMAC_SHA2_256_128": (32, "HMAC_SHA2_256_128 [RFC4868]"),
              "HMAC_SHA2_384_192": (48, "HMAC_SHA2_384_192 [RFC4868]"),
              "HMAC_SHA2_512_256": (64, "HMAC_SHA2_512_256 [RFC4868]")}


@dataclass(frozen=True)
class IkeSaKeys:
    """`number`: pluto's own for this IKE SA."""

    number: int
    keys: IkeKeys

    @property
    def spis(self) -> tuple[int, int]:
        return int.from_bytes(self.keys.spi_i, "big"), int.from_bytes(self.keys.spi_r, "big")


def read(told: str) -> list[IkeSaKeys]:
    """`told`: the log, oldest first. A Child SA's keys are left out."""
    found = []
    lines = "\n".join(line for line in told.splitlines() if _LINES.match(line))
    suites = {int(number[1]): suite for line in lines.splitlines()
              if (number := _NUMBER.match(line)) and (suite := _SUITE.search(line))}
    for number, prf, seed, keymat in _derived(lines):
        suite = suites.get(number)
        if suite is None or prf not in _PRF_OCTETS or suite[1] not in _CIPHERS or suite[2] not in _INTEGRITY:
            continue
        (cipher, encryption), (auth, integrity) = _CIPHERS[suite[1]], _INTEGRITY[suite[2]]
        prf_octets = _PRF_OCTETS[prf]
        if len(keymat) == 3 * prf_octets + 2 * auth + 2 * cipher:
            sk_ai, sk_ar, sk_ei, sk_er = _cut(keymat[prf_octets:], auth, auth, cipher, cipher)
            found.append(IkeSaKeys(number, IkeKeys(seed[-16:-8], seed[-8:], sk_ei, sk_er, encryption, sk_ai, sk_ar,
                                                   integrity)))
    return found


def _derived(lines: str) -> Iterator[tuple[int, str, bytes, bytes]]:
    """pluto's number, the PRF's hash, the seed and the keying material."""
    waiting = []
    for line in lines.splitlines():
        if told := _KEYMAT.match(line):
            waiting.append((told[1], bytes.fromhex(told[2]), bytes.fromhex(told[3])))
        elif waiting and (number := _NUMBER.match(line)):
            for one in waiting:
                yield int(number[1]), *one
            waiting.clear()


def _cut(octets: bytes, *lengths: int) -> Iterator[bytes]:
    at = 0
    for length in lengths:
        yield octets[at : at + length]
        at += length
