"""Keys from charon's log: at level 4 it tells every key it derives.

Debian's packages have no save-keys plugin. A log of its own holds the groups `ike` and `chd` at level 4, `mgr`, which
tells the SPIs of an IKE SA when a thread is done with it, and `cfg`, which tells the algorithms. What such a key opens authenticates,
so nothing has to be believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ikelab.keys import EspKeys, IkeKeys, KeyStore

LEVELS = ("default = -1", "ike = 4", "chd = 4", "mgr = 2", "cfg = 1", "flush_line = yes")

_LINE = re.compile(r"^(\d+)\[[A-Z]+\] (?:<[^>]*> )?(.*)$")
_OCTETS = re.compile(r"^ *\d+: ((?:[0-9A-F]{2} ){1,16})")
_KEY = re.compile(r"^(Sk_(?:[ae][ir])) secret => |^(encryption|integrity) (initiator|responder) key => ")
_SPIS = re.compile(r"^checkin IKEv2 SA .* with SPIs ([0-9a-f]{16})_i ([0-9a-f]{16})_r")
_CHILD = re.compile(r"^(?:inbound )?CHILD_SA \S+ established with SPIs ([0-9a-f]{8})_i ([0-9a-f]{8})_o")
_CHOSEN = re.compile(r"^selected proposal: (IKE|ESP):(\S+)")

_INTEGRITY = {"AES_XCBC_96": ("AES_XCBC_96 [RFC3566]", "AES-XCBC-MAC-96 [RFC3566]"),
              "HMAC_SHA1_96": ("HMAC_SHA1_96 [RFC2404]", "HMAC-SHA-1-96 [RFC2404]"),
              "HMAC_SHA2_256_128": ("HMAC_SHA2_256_128 [RFC4868]", "HMAC-SHA-256-128 [RFC4868]"),
              "HMAC_SHA2_384_192": ("HMAC_SHA2_384_192 [RFC4868]", "HMAC-SHA-384-192 [RFC4868]"),
              "HMAC_SHA2_512_256": ("HMAC_SHA2_512_256 [RFC4868]", "HMAC-SHA-512-256 [RFC4868]")}


@dataclass
class _Thread:
    """What one of charon's threads is about: its lines come in order, and between them come those of others."""

    chosen: dict[str, str] = field(default_factory=dict)  # by protocol
    ike: dict[str, bytes] = field(default_factory=dict)  # "Sk_ei", of an IKE SA that has not yet told its SPIs
    child: dict[str, bytes] = field(default_factory=dict)  # "encryption initiator", of a Child SA


def read(log: str) -> KeyStore:
    """All keys that the log tells and names the SPIs of."""
    threads: dict[str, _Thread] = {}
    chosen: dict[tuple[bytes, bytes], str] = {}  # algorithms of an IKE SA
    store = KeyStore()
    for number, text, octets in _entries(log):
        thread = threads.setdefault(number, _Thread())
        if found := _CHOSEN.match(text):
            thread.chosen[found[1]] = found[2]
            if found[1] == "ESP":
                thread.child = {}
        elif found := _KEY.match(text):
            if found[1]:
                thread.ike[found[1]] = octets
            else:
                thread.child[f"{found[2]} {found[3]}"] = octets
        elif found := _SPIS.match(text):
            spis = bytes.fromhex(found[1]), bytes.fromhex(found[2])
            # The thread that has derived keys puts the IKE SA they are of back first, be it the first or its successor.
            if not any(spis[1]):
                continue
            # A responder chooses in one thread, and may derive in the next.
            if spis not in chosen and "IKE" in thread.chosen:
                chosen[spis] = thread.chosen.pop("IKE")
            if "Sk_er" in thread.ike and spis not in store.ike:
                store.add(_ike_keys(spis, thread.ike, chosen.get(spis, "")))
                thread.ike = {}
        elif found := _CHILD.match(text):
            for one in _esp_keys(thread, (int(found[1], 16), int(found[2], 16))):
                store.add(one)
    return store


def _entries(log: str) -> Iterator[tuple[str, str, bytes]]:
    """Thread, text, and the octets that are shown below it."""
    shown: dict[str, tuple[str, bytearray]] = {}  # by thread: what waits for its octets
    for line in log.splitlines():
        found = _LINE.match(line)
        if not found:
            continue
        thread, text = found[1], found[2]
        if octets := _OCTETS.match(text):
            if thread in shown:
                shown[thread][1].extend(bytes.fromhex(octets[1]))
            continue
        if thread in shown:
            before, whole = shown.pop(thread)
            yield thread, before, bytes(whole)
        if _KEY.match(text):
            shown[thread] = (text, bytearray())
        else:
            yield thread, text, b""


def _ike_keys(spis: tuple[bytes, bytes], found: dict[str, bytes], chosen: str) -> IkeKeys:
    cipher, integrity = _algorithms(chosen)
    names = {"AES_CBC": f"AES-CBC-{cipher[1]} [RFC3602]", "AES_CCM_8": f"AES-CCM-{cipher[1]} with 8 octet ICV [RFC5282]"}
    name = names.get(cipher[0], "ChaCha20-Poly1305 [RFC7634]" if cipher[0].startswith("CHACHA")
                     else f"AES-GCM-{cipher[1]} with 16 octet ICV [RFC5282]")
    return IkeKeys(*spis, found["Sk_ei"], found["Sk_er"], name, found.get("Sk_ai", b""), found.get("Sk_ar", b""),
                   integrity[0] if integrity else "NONE [RFC4306]")


def _esp_keys(thread: _Thread, spis: tuple[int, int]) -> Iterator[EspKeys]:
    """Either key for either SPI: which is whose hangs on who asked, and only the right one authenticates."""
    cipher, integrity = _algorithms(thread.chosen.get("ESP", ""))
    names = {"AES_CBC": "AES-CBC [RFC3602]", "AES_CCM_8": "AES-CCM with 8 octet ICV [RFC4309]"}
    name = names.get(cipher[0], "ChaCha20-Poly1305 [RFC7634]" if cipher[0].startswith("CHACHA")
                     else "NULL" if cipher[1] == "NULL" else "AES-GCM with 16 octet ICV [RFC4106]")
    for spi in spis:
        for side in ("initiator", "responder"):
            key = thread.child.get(f"encryption {side}", b"")
            if key or name == "NULL":
                yield EspKeys(spi, name, key, integrity[1] if integrity else "NULL",
                              thread.child.get(f"integrity {side}", b""), family="*")


def _algorithms(chosen: str) -> tuple[tuple[str, str], tuple[str, str] | None]:
    """Of "AES_GCM_16_256/PRF_HMAC_SHA2_256/CURVE_25519": the cipher with its key length, and the integrity."""
    words = chosen.split("/")
    cipher, _, bits = words[0].rpartition("_")
    return (cipher, bits), next((_INTEGRITY[word] for word in words if word in _INTEGRITY), None)
