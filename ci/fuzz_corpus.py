#!/usr/bin/python3
"""Writes the seeds of the fuzzers into ref/fuzz/corpus/: scripts by the names of their operations, messages from
vectors/exchange (opened with their keys), certificates. The same octets whenever it runs.

Run it after a change of an operation's name or place, or to add a seed to the tables below. Seeds whose vectors have
changed since are still good seeds: what matters is what they reach.
"""

from __future__ import annotations

import json
import re
import struct
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "ref/fuzz/corpus"
VECTORS = ROOT / "vectors/exchange"

Seed = tuple[str, str, bytes]  # target, name, octets
Record = tuple[str | int, ...]  # operation, then its octets


def operations(target: str) -> list[str]:
    """The table of the target, in its order."""
    source = (ROOT / f"ref/fuzz/fuzz_{target}.c").read_text()
    table = re.search(r"operations\[\] = \{([^}]*)\}", source)
    assert table is not None
    return [word.strip() for word in table.group(1).split(",") if word.strip()]


def script(names: list[str], setting: int, *records: Record) -> bytes:
    out = bytes([setting])
    for name, *octets in records:
        out += bytes([names.index(str(name)), len(octets), *map(int, octets)])
    return out


# ---- fuzz_endpoint: settings as in ref/fuzz/play.c, commands as in ref/sa/command.h ----

FRAGMENTS, LIVENESS, COOKIES, WRONG_KEY, UDP, TWO, TRANSPORT, LIFETIMES = (1 << bit for bit in range(8))
PUZZLES = COOKIES | TRANSPORT
(INITIATE, ACQUIRE, REKEY_IKE, REAUTHENTICATE, REKEY_CHILD, DELETE_IKE, DELETE_CHILD, ASK, ROAM, ADDRESSES, PEER_MOVED,
 TRAFFIC, EXPIRE, SHUTDOWN) = range(14)
CONNECT: Record = ("connect", 0)
SETTLE: Record = ("settle",)


def ask(command: int, side: int = 0, *more: int) -> Record:
    return ("command", side, command, *more)


ENDPOINT: dict[str, tuple[int, list[Record]]] = {
    "connect": (0, [CONNECT]),
    "connect-cookie": (COOKIES, [CONNECT]),
    "connect-puzzle": (PUZZLES, [CONNECT, ("live", 1)]),
    "connect-puzzle-stale": (PUZZLES, [ask(INITIATE), ("deliver",), ("deliver_copy",), ("pass", 6), SETTLE, ("live", 3)]),
    "puzzle-tampered": (PUZZLES, [ask(INITIATE), ("deliver",), ("tamper", 0, 0, 1, 6, 2), ("live", 3)]),
    "puzzle-solution-tampered": (PUZZLES, [ask(INITIATE), ("deliver",), ("deliver",), ("pass", 4), ("tamper", 0, 0, 0, 0, 3), ("live", 3)]),
    "connect-fragments": (FRAGMENTS, [CONNECT, SETTLE]),
    "connect-transport-udp": (TRANSPORT | UDP, [CONNECT]),
    "connect-both-at-once": (0, [ask(INITIATE), ask(INITIATE, 1), SETTLE, ("live", 2)]),
    "connect-lost-answers": (0, [ask(INITIATE), ("deliver",), ("drop",), ("pass", 3), SETTLE]),
    "wrong-key": (WRONG_KEY, [CONNECT, ("live", 1)]),
    "wrong-key-tampered": (WRONG_KEY, [ask(INITIATE), ("deliver",), ("deliver",), ("tamper", 0, 0, 1, 0, 2, 0, 5, 9), SETTLE]),
    "rekey-child": (TWO, [CONNECT, ask(REKEY_CHILD), SETTLE]),
    "rekey-child-both": (0, [CONNECT, ask(REKEY_CHILD), ask(REKEY_CHILD, 1), SETTLE, ("live", 2)]),
    "rekey-ike": (0, [CONNECT, ask(REKEY_IKE, 1), SETTLE]),
    "rekey-ike-both": (0, [CONNECT, ask(REKEY_IKE), ask(REKEY_IKE, 1), SETTLE, ("live", 2)]),
    "rekey-ike-meets-child": (0, [CONNECT, ask(REKEY_IKE), ask(REKEY_CHILD, 1), ("deliver", 1), SETTLE, ("live", 2)]),
    "reauthenticate": (TWO, [CONNECT, ask(REAUTHENTICATE), SETTLE, ("live", 2)]),
    "reauthenticate-both": (0, [CONNECT, ask(REAUTHENTICATE), ask(REAUTHENTICATE, 1), SETTLE, ("live", 3)]),
    "reauthenticate-meets-rekey": (0, [CONNECT, ask(REAUTHENTICATE), ask(REKEY_IKE, 1), ("deliver", 1), SETTLE, ("live", 3)]),
    "reauthenticate-lost": (LIVENESS, [CONNECT, ask(REAUTHENTICATE), ("deliver",), ("drop",), ("pass", 6), SETTLE, ("live", 3)]),
    "delete-ike": (0, [CONNECT, ask(DELETE_IKE, 1), SETTLE]),
    "delete-child": (0, [CONNECT, ask(DELETE_CHILD), SETTLE]),
    "delete-both": (0, [CONNECT, ask(DELETE_CHILD), ask(DELETE_CHILD, 1), SETTLE]),
    "shutdown": (TWO, [CONNECT, ask(SHUTDOWN), SETTLE]),
    "liveness": (LIVENESS, [CONNECT, ("live", 15)]),
    "life": (LIVENESS | LIFETIMES | TWO, [CONNECT, ("live", 15), ("live", 15), ("live", 15)]),
    "roam": (UDP, [CONNECT, ask(ROAM, 32, 9), SETTLE, ("live", 3)]),
    "roam-nowhere": (0, [CONNECT, ask(ROAM, 96, 9), SETTLE, ("live", 3)]),
    "nat-rebinds": (UDP, [CONNECT, ask(ASK), ("move_source", 0, 3, 7, 90, 90), SETTLE, ("live", 3)]),
    "esp-moved": (UDP, [CONNECT, ask(PEER_MOVED, 16, 0), ask(TRAFFIC, 16, 0), ask(EXPIRE, 16, 0), SETTLE]),
    "restart": (0, [CONNECT, ("restart", 1), CONNECT, ("live", 3)]),
    "restart-hint": (0, [CONNECT, ("restart", 1), ask(ASK), SETTLE, ("pass", 5), SETTLE]),
    "fragments-backwards": (FRAGMENTS, [CONNECT, ask(REKEY_CHILD), ("fragment", 0, 40, 1), SETTLE]),
    "fragments-missing": (FRAGMENTS, [CONNECT, ask(REKEY_CHILD), ("fragment", 0, 60, 2), ("pass", 6), SETTLE]),
    "fragment-tampered": (FRAGMENTS, [ask(INITIATE), ("deliver",), ("deliver",), ("tamper", 0, 0, 3, 0, 0, 1, 2), SETTLE]),
    "replayed": (0, [CONNECT, ("replay", 2, 0), ("replay", 2, 1), ("replay", 0, 0), ("replay", 3, 2, 0, 1, 6, 0), SETTLE]),
    "spoilt": (0, [ask(INITIATE), ("spoil", 0, 1, 0, 40, 200), ("spoil", 0, 0, 0, 30, 2), SETTLE]),
    "copies": (0, [ask(INITIATE), ("deliver_copy",), ("deliver_copy",), SETTLE]),
    "tampered-sa-init": (0, [ask(INITIATE), ("tamper_copy", 0, 0, 1, 6, 2), ("tamper", 0, 0, 0, 0, 0, 0, 9, 1), SETTLE]),
    "tampered-ids": (0, [ask(INITIATE), ("deliver",), ("deliver",), ("tamper", 0, 0, 0, 0, 0, 0, 5, 120), SETTLE]),
    "forged-delete-ike": (0, [CONNECT, ("forge", 0, 7, 0, 6, 0), SETTLE]),
    "forged-delete-children": (TWO, [CONNECT, ("forge", 0, 7, 0, 6, 2, 0, 0), SETTLE]),
    "forged-rekey": (0, [CONNECT, ("forge", 0, 6, 0, 5, 23, 0, 0, 0, 0, 1, 99, 1, 0, 2, 0, 3, 0, 0, 4, 0, 0), SETTLE]),
    "forged-rekey-ike": (0, [CONNECT, ("forge", 0, 6, 0, 0, 1, 1, 99, 1, 0, 2, 0), ("live", 2)]),
    "forged-child": (0, [CONNECT, ("forge", 1, 6, 0, 0, 0, 1, 99, 1, 0, 3, 0, 0, 4, 0, 0), ("live", 2)]),
    "forged-answer": (0, [CONNECT, ask(REKEY_CHILD), ("forge", 3, 0, 5, 14, 0, 0), ("live", 3)]),
    "forged-mobike": (0, [CONNECT, ("forge", 0, 7, 0, 5, 30, 0, 0, 5, 19, 0, 0, 5, 31, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8), SETTLE]),
    "forged-unknown-critical": (0, [CONNECT, ("forge", 0, 7, 0, 200, 4, 1, 2, 3, 4), SETTLE]),
    "noise": (0, [("noise", 0, *range(40)), CONNECT, ("noise", 3, *([0] * 28))]),
}

ESP: dict[str, tuple[int, list[Record]]] = {
    "gcm": (0, [("seal_flow", 20, 0, 0), ("arrive", 0, 0)]),
    "gcm-replayed": (0x40, [("seal_flow", 20, 0, 0), ("arrive", 0, 0), ("arrive", 0, 0), ("arrive", 0, 1, 9, 9)]),
    "cbc-transport-udp": (0x8C, [("seal_flow", 20, 0, 0), ("arrive", 0, 0), ("arrive", 0, 2, 9, 9)]),
    "chacha-v6": (0x33, [("seal_flow", 40, 1, 6, 44, 0), ("arrive", 0, 8, 3)]),
    "forged-trailer": (0, [("forge", 0, 9, *([0x45, 0, 0, 20] + [0] * 14), 1, 2, 2, 4)]),
    "forged-dummy": (0, [("forge", 0, 3, 1, 2, 3, 4, 1, 2, 2, 59)]),
    "pairs-change": (0, [("remove_or_install", 1), ("seal_flow", 9, 0, 0), ("remove_or_install", 6), ("arrive", 0, 0),
                         ("time_passes", 1, 0), ("arrive", 0, 0)]),
    "path-mtu": (0, [("path_mtu", 2, 0), ("seal_flow", 255, 0, 0), ("noise", *([0] * 12))]),
}

# fuzz_coalescing's runs: how (a bit each), flow, octets of a segment less one, segments less one, what the last one lacks
V6, DF, OPTIONS, PUSHED, ENDS, WRAPS, LONG, GOES_ON = (1 << bit for bit in range(8))
IP_OPTIONS = 128  # of the flow
COALESCING: dict[str, tuple[int, list[Record]]] = {
    "v4": (0, [("run", PUSHED, 1, 99, 8, 40)]),
    "v6-options": (0, [("run", V6 | OPTIONS | ENDS, 1, 99, 8, 0)]),
    "more-than-fit": (0, [("run", OPTIONS, 1, 0, 69, 0)]),
    "longer-than-ip": (0, [("run", LONG | DF, 1, 255, 60, 0)]),
    "numbers-wrap": (0, [("run", WRAPS, 1, 29, 8, 0), ("run", V6 | WRAPS, 1, 29, 8, 0)]),
    "two-flows": (0, [("run", DF, 1, 9, 3, 0), ("run", DF, 2, 9, 3, 0), ("swap", 1, 5)]),
    "ack-between": (0, [("run", 0, 1, 9, 5, 0), ("raw", *bytes.fromhex("4500001400010000400600000a0100010a020001")), ("swap", 2, 5)]),
    "lost": (0, [("run", 0, 1, 9, 5, 0), ("resize", 2, 0)]),
    "repeated": (0, [("run", 0, 1, 9, 3, 0), ("repeat", 1), ("swap", 2, 4)]),
    "identification-stands": (0, [("run", DF, 1, 9, 2, 0), ("change", 1, 1, 5, 1), ("change", 2, 1, 5, 6)]),
    "wrong-checksum": (0, [("run", 0, 1, 9, 3, 0), ("change", 1, 0, 41, 7)]),
    "wrong-checksum-first": (0, [("run", 0, 1, 9, 3, 0), ("change", 0, 0, 41, 7)]),
    "wrong-checksum-of-ip": (0, [("run", 0, 1, 9, 3, 0), ("change", 1, 0, 10, 7)]),
    "other-acknowledgment": (0, [("run", 0, 1, 9, 3, 0), ("change", 1, 1, 31, 1)]),
    "other-window": (0, [("run", 0, 1, 9, 3, 0), ("change", 1, 1, 35, 1)]),
    "other-options": (0, [("run", OPTIONS, 1, 9, 3, 0), ("change", 1, 1, 50, 1)]),
    "congestion-window-reduced": (0, [("run", 0, 1, 9, 3, 0), ("change", 0, 1, 33, 128), ("change", 1, 1, 33, 128)]),
    "congestion-echo": (0, [("run", 0, 1, 9, 3, 0), ("change", 1, 1, 33, 64)]),
    "pushed-between": (0, [("run", OPTIONS, 1, 9, 5, 0), ("change", 2, 1, 33, 8)]),
    "marked": (0, [("run", 0, 1, 9, 3, 0), ("change", 2, 1, 1, 3)]),
    "hop-limit": (0, [("run", V6, 1, 9, 3, 0), ("change", 2, 1, 7, 3), ("run", 0, 1, 9, 3, 0), ("change", 5, 1, 8, 3)]),
    "shorter-then-on": (0, [("run", 0, 1, 19, 2, 7), ("run", GOES_ON, 1, 19, 2, 0)]),
    "longer-then-on": (0, [("run", V6, 1, 9, 2, 0), ("run", V6 | GOES_ON, 1, 19, 2, 0)]),
    "longer-than-ip-and-on": (0, [("run", LONG, 1, 255, 39, 0), ("run", LONG | GOES_ON, 1, 255, 30, 0)]),
    "options-of-ip": (0, [("run", 0, IP_OPTIONS, 9, 3, 0), ("change", 1, 1, 21, 1)]),
    "extension-header": (0, [("run", V6, IP_OPTIONS, 9, 3, 0), ("change", 1, 1, 45, 1)]),
}

REASSEMBLY: dict[str, tuple[int, list[Record]]] = {
    "in-order": (0, [(0, 0, 2, 41, 9, 1), (0, 1, 1, 8, 2), (0, 2, 0, 7, 3)]),
    "backwards-and-again": (0, [(0, 2, 0, 7, 3), (0, 2, 0, 7, 3), (0, 1, 1, 8, 2), (0, 0, 2, 41, 9, 1)]),
    "cut-anew": (0, [(0, 0, 1, 41, 9, 1), (0, 0, 3, 41, 4, 1), (0, 0, 1, 41, 9, 1), (0, 1, 2, 4, 1)]),
    "too-many": (0, [(0, 200, 20, 1, 1), (0, 0, 191, 41, 255, 1)]),
}


def scripts() -> Iterator[Seed]:
    for target, seeds in (("endpoint", ENDPOINT), ("esp", ESP), ("coalescing", COALESCING)):
        names = operations(target)
        for name, (setting, records) in seeds.items():
            yield target, name, script(names, setting, *records)
    for name, (setting, records) in REASSEMBLY.items():
        yield "reassembly", name, bytes([setting]) + b"".join(bytes([0, len(r) - 1, *map(int, r[1:])]) for r in records)


# ---- messages of vectors/exchange ----


def opened(octets: bytes, keys: list[dict[str, str]]) -> tuple[int, bytes] | None:
    """First payload and chain, opened when it is SK with AES-GCM and one of these keys."""
    if octets[16] != 46:
        return octets[16], octets[28:]
    for sa in keys:
        if sa["SPIi"] != octets[:8].hex() or not sa["encryption"].startswith("ENCR_AES_GCM"):
            continue
        key = bytes.fromhex(sa["SK_ei" if octets[19] & 8 else "SK_er"])
        plain = AESGCM(key[:-4]).decrypt(key[-4:] + octets[32:40], octets[40:], octets[:32])
        return octets[28], plain[: len(plain) - 1 - plain[-1]]
    return None


BODIES = {33: 0, 34: 1, 35: 2, 36: 2, 37: 3, 38: 4, 39: 5, 40: 6, 41: 7, 42: 8, 53: 9, 44: 10, 45: 10, 54: 11}  # fuzz_payload.c


def payloads(first: int, chain: bytes) -> Iterator[tuple[int, bytes]]:
    while first and len(chain) >= 4:
        length = int.from_bytes(chain[2:4], "big")
        yield first, chain[4:length]
        first, chain = chain[0], chain[length:]


def messages() -> Iterator[Seed]:
    for path in sorted(VECTORS.glob("*.json")):
        test = json.loads(path.read_text())["testGroups"][0]["tests"][0]
        sent = [step for step in test["steps"] if "octets" in step and "message" in step]
        for at, step in enumerate(sent, 1):
            octets = bytes.fromhex(step["octets"])
            name = f"{path.stem}-{at}-" + step["message"].lower().replace(" ", "-").replace("_", "-")
            found = opened(octets, test["ikeSas"])
            if at == 1:
                yield "ike_header", path.stem, octets[:40]
            if found is None:
                continue
            first, chain = found
            if first == 53:  # a sealed fragment: fuzz_reassembly is for those
                continue
            yield "message", name, bytes([first, (octets[18] - 34) | (octets[19] & 32) << 2]) + chain
            for number, (kind, body) in enumerate(payloads(first, chain)):
                if kind in BODIES and (path.stem, at) in (("ike-auth-psk", 1), ("ike-auth-psk", 3), ("rekey-child", 7)):
                    yield "payload", f"{name}-{number}-type-{kind}", bytes([BODIES[kind]]) + body


# ---- certificates: Ed25519 signs the same thing the same way ----


def certificates() -> Iterator[Seed]:
    root_key, key = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("lab root", "gw.example")]

    def issue(subject: int, public: Ed25519PrivateKey, serial: int, *extensions: x509.ExtensionType) -> x509.Certificate:
        builder = (x509.CertificateBuilder().subject_name(names[subject]).issuer_name(names[0]).serial_number(serial)
                   .public_key(public.public_key()).not_valid_before(datetime(2025, 1, 1))
                   .not_valid_after(datetime(2035, 1, 1)))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(root_key, None)

    root = issue(0, root_key, 1, x509.BasicConstraints(True, None))
    good = issue(1, key, 2, x509.SubjectAlternativeName([x509.DNSName("gw.example")]))
    authority = x509.BasicConstraints(True, 0)
    below = issue(1, key, 3, authority)

    def parts(id_type: int, identity: bytes, *octets: bytes) -> bytes:
        return bytes([id_type, len(identity)]) + identity + b"".join(len(o).to_bytes(2, "big") + o for o in octets)

    pem = root.public_bytes(Encoding.PEM)
    der = [one.public_bytes(Encoding.DER) for one in (good, below)]
    yield "certificate", "good", parts(2, b"gw.example", pem, der[0])
    yield "certificate", "other-identity", parts(3, b"al@gw.example", pem, der[0])
    yield "certificate", "subject-as-identity", parts(9, names[1].public_bytes(), pem, der[0], der[1])
    yield "certificate", "authority-as-peer", parts(2, b"gw.example", pem, der[1])
    yield "certificate", "nobody-trusted", parts(2, b"gw.example", b"", der[0])


# ---- packets and text ----

V6_ADDRESSES = bytes.fromhex("20010db8000a" + "00" * 9 + "01" + "20010db8000b" + "00" * 9 + "01")

WORDS = {
    "ike-gcm": b"\0aes256gcm16-prfsha256-x25519", "ike-cbc": b"\0aes256-sha384-ecp256-modp3072",
    "esp": b"\1aes128gcm16-esn-noesn-x25519", "esp-chacha": b"\1chacha20poly1305",
    "said-twice": b"\0aes256-" + b"sha384-" * 50 + b"ecp384",
    "fqdn": b"\2gw.example.org", "mail": b"\2al@example.org", "v6-identity": b"\x022001:db8::1", "key-id": b"\2key:office",
    "dn": b"\2dn:C=AT, O=Ex\\, ample, CN=gw", "any": b"\2any", "prefix": b"\x0310.1.0.0/24[tcp/443]",
    "range": b"\x0310.1.0.1-10.1.0.9[udp/1000-2000]", "opaque": b"\x032001:db8::/32[tcp/opaque]",
    "icmp": b"\x0310.1.0.5[icmp]", "v4": b"\x04192.0.2.1", "v6": b"\x042001:db8::192.0.2.1",
}
REQUESTS = {
    "initiate": b'{"id": 1, "command": "initiate", "peer": "gw", "child": "net"}',
    "rekey": b'{"id": "a", "command": "rekey", "peer": "gw", "what": "ike", "wait": false}',
    "delete": b'{"command": "delete", "spi_in": "c0ffee01"}',
    "roam": b'{"id": 2, "command": "roam", "peer": "gw", "local": "192.0.2.9"}',
    "status": b'{"id": null, "command": "status"}', "subscribe": b'{"command": "subscribe"}',
    "shutdown": b'{"command": "shutdown"}', "liveness": b'{"command": "liveness", "peer": "roadwarrior"}',
}


def texts() -> Iterator[Seed]:
    for name, octets in WORDS.items():
        yield "words", name, octets
    for name, octets in REQUESTS.items():
        yield "control_request", name, octets
    yield "config_file", "least", (b'peer "gw" {\n local-id = "a.example"\n remote-id = "b.example"\n psk = "k"\n'
                                   b' child "net" {\n local = {"10.1.0.0/24"}\n remote = {"10.2.0.0/24"}\n }\n}\n')


def long_packets() -> Iterator[Seed]:
    """What a TUN brings: room, virtio's header in the machine's order (little-endian here), a packet to be cut or finished."""
    lengths_put_right, room = 0x80, 3

    def vnet(kind: int, segment: int, start: int, offset: int) -> bytes:
        return struct.pack("<BBHHHH", 1, kind, start + offset, segment, start, offset)

    v4 = bytes.fromhex("4500000012344000400600000a0100010a020001")
    v6 = bytes.fromhex("6000000000000640") + V6_ADDRESSES
    tcp = bytes.fromhex("03e807d0fffffff01111111180d9020000000000" + "0101080a0000000100000002")
    udp = bytes.fromhex("03e807d000000000")
    payload = bytes(range(1, 200))
    named = {
        "v4-tcp": vnet(1, 64, 20, 16) + v4 + tcp + payload, "v6-tcp": vnet(4, 64, 40, 16) + v6 + tcp + payload,
        "v4-tcp-ecn": vnet(0x81, 100, 20, 16) + v4 + tcp + payload, "v4-tcp-each-octet": vnet(1, 1, 20, 16) + v4 + tcp + payload[:69],
        "v4-udp": vnet(5, 50, 20, 6) + v4[:9] + b"\x11" + v4[10:] + udp + payload,
        "v6-udp": vnet(5, 50, 40, 6) + v6[:6] + b"\x11" + v6[7:] + udp + payload,
        "v4-options": vnet(1, 64, 24, 16) + b"\x46" + v4[1:] + b"\1\1\1\0" + tcp + payload,
        "v6-hop-by-hop": vnet(4, 64, 48, 16) + v6[:6] + b"\0" + v6[7:] + bytes.fromhex("0600010400000000") + tcp + payload,
        "v4-checksum": vnet(0, 0, 20, 16) + v4 + tcp + payload[:33], "v6-udp-checksum": vnet(0, 0, 40, 6) + v6 + udp + payload[:8],
        "sums-to-nothing": vnet(0, 0, 20, 16) + v4 + bytes(16) + b"\xff\xff" + bytes(6),
        "v4-ufo": vnet(3, 64, 20, 6) + v4 + udp + payload, "no-payload": vnet(1, 64, 20, 16) + v4 + tcp,
    }
    for name, octets in named.items():
        yield "segmentation", name, bytes([lengths_put_right]) + octets
    yield "segmentation", "no-room", bytes([lengths_put_right | room]) + named["v4-tcp"]
    yield "segmentation", "length-of-its-own", bytes([0]) + named["v4-tcp"][:12] + b"\x00\x60" + named["v4-tcp"][14:]


def packets() -> Iterator[Seed]:
    udp = bytes.fromhex("03e807d0000c00000a0b0c0d")
    v4 = bytes.fromhex("4500002000010000401100000a0100010a020001") + udp
    v6 = bytes.fromhex("60000000000c1140") + V6_ADDRESSES + udp
    fragment = v6[:4] + b"\0\x14\x2c\x40" + v6[8:40] + bytes.fromhex("1100000100000001") + udp
    hops = v6[:4] + b"\0\x14\0\x40" + v6[8:40] + bytes.fromhex("1100010400000000") + udp
    named = {"v4-udp": v4, "v6-udp": v6, "v6-fragment": fragment, "v6-hop-by-hop": hops, "keepalive": b"\xff",
             "ike": bytes(4) + bytes(28), "esp": bytes.fromhex("0000100100000001") + bytes(24)}
    for name, octets in named.items():
        yield "ip_packet", name, octets
    yield from long_packets()
    for how in range(16):
        yield "sealed", f"suite-{how % 4}-{'own' if how & 4 else 'stranger'}-{'skf' if how & 8 else 'sk'}", \
            bytes([how]) + bytes(31) + bytes([7]) + bytes(32) + bytes([15])


def main() -> int:
    if sys.argv[1:]:
        print(__doc__)
        return 0 if sys.argv[1] in ("-h", "--help") else 2
    for make in (scripts, messages, certificates, texts, packets):
        for target, name, octets in make():
            path = CORPUS / target / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists() or path.read_bytes() != octets:
                print(path.relative_to(ROOT))
                path.write_bytes(octets)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
