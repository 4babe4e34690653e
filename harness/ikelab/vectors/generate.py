"""Writes vectors/esp and vectors/exchange: `python3 -m ikelab.vectors.generate` after `make vectors`.

ESP packets are computed here, and the reference must come to the same. Exchanges are played by the
reference with randomness expanded from their names, taken apart by `exchange`, and written down only
when both agree. Run it when an exchange is added; a file that changes otherwise is a finding."""

from __future__ import annotations

import ipaddress
import json
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import load_der_private_key

from . import credentials, derivation, reference, signing
from .credentials import stream
from .derivation import INTEGRITIES, Suite
from .exchange import Derivation
from .sources import ROOT

LICENCE = "Apache-2.0"
Test = dict[str, Any]


def write(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n")
    print(f"{path.relative_to(ROOT)}: {document['numberOfTests']} tests")


# ---- ESP ----

ESP_SUITES = [(f"aes{bits}gcm16", Suite("ENCR_AES_GCM_16"), bits // 8) for bits in (128, 192, 256)]
ESP_SUITES += [("chacha20poly1305", Suite("ENCR_CHACHA20_POLY1305"), 32)]
ESP_SUITES += [(f"aes{bits}-sha{digest}", Suite("ENCR_AES_CBC", name), bits // 8)
               for bits in (128, 192, 256)
               for digest, name in (("256", "AUTH_HMAC_SHA2_256_128"), ("384", "AUTH_HMAC_SHA2_384_192"),
                                    ("512", "AUTH_HMAC_SHA2_512_256"))]
ESP_SUITES += [(f"null-sha{digest}", Suite("ENCR_NULL", name), 0)
               for digest, name in (("256", "AUTH_HMAC_SHA2_256_128"), ("384", "AUTH_HMAC_SHA2_384_192"),
                                    ("512", "AUTH_HMAC_SHA2_512_256"))]
SEQUENCES = [(False, 1), (False, 2**32 - 1), (True, 1), (True, 2**32), (True, 0x0123456789ABCDEF)]


def checksum(octets: bytes) -> int:
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def udp_datagram(source: str, destination: str, data: bytes) -> bytes:
    addresses = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    head = struct.pack(">HHH", 4660, 7, 8 + len(data))
    pseudo = addresses + struct.pack(">II" if ":" in source else ">HH", *(
        (8 + len(data), 17) if ":" in source else (17, 8 + len(data))))
    return head + struct.pack(">H", checksum(pseudo + head + b"\0\0" + data) or 0xFFFF) + data


def ip_packet(source: str, destination: str, data: bytes) -> bytes:
    a, b = (ipaddress.ip_address(x).packed for x in (source, destination))
    if ":" in source:
        return struct.pack(">IHBB", 6 << 28, len(data), 17, 64) + a + b + data
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(data), 1, 0x4000, 64, 17, 0) + a + b
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + data


def esp_payload(mode: str, family: int, data: bytes) -> tuple[bytes, int]:
    pair = ("10.1.0.1", "10.2.0.1") if family == 4 else ("2001:db8:1::1", "2001:db8:2::1")
    if mode == "transport":
        return udp_datagram("192.0.2.1", "192.0.2.2", data), 17
    return ip_packet(*pair, udp_datagram(*pair, data)), 4 if family == 4 else 41


def esp_test(name: str, suite: Suite, key_octets: int, mode: str, family: int, esn: bool, sequence: int,
             size: int) -> Test:
    label = f"{name} {mode} {family} {esn} {sequence} {size}"
    key = stream(label + " key", key_octets + suite.salt)
    integrity_key = stream(label + " integrity", suite.integrity_key)
    iv = bytes(7) + b"\1" if suite.aead else stream(label + " iv", suite.iv)
    spi = stream(label + " spi", 4)
    payload, next_header = esp_payload(mode, family, stream(label + " data", size))
    text = derivation.esp_padding(payload, suite, next_header)
    packet = derivation.esp_seal(suite, key, integrity_key, spi, sequence, esn, iv, text)
    aad = derivation.esp_aad(spi, sequence, esn) if suite.aead else packet[:8]
    comment = f"{mode} mode, {'ESN' if esn else 'no ESN'}, sequence number {sequence}, {len(payload)} octets"
    return {"comment": comment, "result": "valid", "flags": [], "spi": spi.hex(),
            "sequence": f"{sequence:016x}", "esn": esn, "mode": mode, "encryption": suite.encryption,
            "key": key.hex(), "integrity": suite.integrity, "integrityKey": integrity_key.hex(),
            "iv": iv.hex(), "nextHeader": next_header, "payload": payload.hex(),
            "plaintext": text.hex(), "aad": aad.hex(), "icv": packet[len(packet) - suite.icv :].hex(),
            "packet": packet.hex()}


def spoiled(test: Test) -> list[Test]:
    """The same packet with one octet changed: SPI, sequence number, IV, text, ICV. None may be accepted."""
    found = []
    packet = bytes.fromhex(test["packet"])
    for place, at in (("the SPI", 3), ("the sequence number", 7), ("the IV", 8), ("the text", 30),
                      ("the ICV", len(packet) - 1)):
        if place == "the IV" and not test["iv"]:
            continue
        changed = packet[:at] + bytes([packet[at] ^ 1]) + packet[at + 1 :]
        found.append({**test, "comment": f"{place} changed", "result": "invalid",
                      "flags": ["ModifiedPacket"], "packet": changed.hex()})
    return found


def esp_files() -> None:
    for name, suite, key_octets in ESP_SUITES:
        tests = [esp_test(name, suite, key_octets, mode, family, esn, sequence, size)
                 for mode, family in (("tunnel", 4), ("tunnel", 6), ("transport", 4))
                 for esn, sequence in SEQUENCES for size in (0, 1, 2, 3, 64)]
        tests += [spoil for test in tests[::25] for spoil in spoiled(test)]
        for number, test in enumerate(tests, 1):
            test_with_id = {"tcId": number, **test}
            test.clear()
            test.update(test_with_id)
        write(ROOT / "esp" / f"{name}.json", {
            "algorithm": name, "source": "ikelab, computed from RFC 4303", "licence": LICENCE,
            "notes": ["key is KEYMAT of one direction, salt at its end; packet begins with the SPI.",
                      "What an AEAD authenticates beside the text is aad; a MAC covers aad, IV, ciphertext and,"
                      " with ESN, the high half of the sequence number (RFC 4303 2.2.1)."],
            "numberOfTests": len(tests),
            "testGroups": [{"type": "EspPacketTest", "firstIv": True, "tests": tests}]})


# ---- exchanges ----

INITIATOR = {"identity": "initiator.example", "address": "192.0.2.1", "network": "10.1.0.0/16",
             "mode": "tunnel", "mobike": False, "cookie": False}
RESPONDER = {"identity": "responder.example", "address": "192.0.2.2", "network": "10.2.0.0/16",
             "mode": "tunnel", "mobike": False, "cookie": False}
SUITES = [("aes256gcm16-prfsha256-x25519", "aes256gcm16"),
          ("aes128gcm16-prfsha512-ecp256", "aes128gcm16-esn"),
          ("chacha20poly1305-prfsha512-x448", "chacha20poly1305-esn"),
          ("aes128-sha256-modp2048", "aes128-sha256"), ("aes256-sha512-ecp521", "aes256-sha512-esn"),
          ("aes192-sha384-ecp384", "aes192-sha384"), ("aes192gcm16-prfsha384-modp3072", "aes192gcm16"),
          ("aes256-sha256-prfsha512-modp4096", "aes256-sha384")]
SHORT = [SUITES[0], SUITES[3], SUITES[2]]


def do(what: str, by: str = "initiator", **more: str) -> dict[str, str]:
    return {"do": what, "by": by, **more}


def flow(comment: str, ike: str, esp: str, commands: list[dict[str, str]],
         initiator: dict[str, Any] | None = None, responder: dict[str, Any] | None = None) -> Test:
    both = {"ike": ike, "esp": esp}
    return {"comment": f"{comment}: {ike}, {esp}", "setup": {
                "psk": stream("psk " + comment + ike, 32).hex(),
                "initiator": {**INITIATOR, **both, **(initiator or {})},
                "responder": {**RESPONDER, **both, **(responder or {})}},
            "commands": [do("initiate"), *commands]}


# key, the hashes that both announce (RFC 7427 4), and what else a side has; the kinds of keys are
# those of initiator and responder.
SHA2_256, SHA2_384, SHA2_512, IDENTITY = 2, 3, 4, 5
SIGNATURES: list[tuple[str, str, list[int], dict[str, Any]]] = [
    ("RSASSA-PKCS1-v1_5 with SHA-256", "rsa2048", [SHA2_256], {"rsaPkcs1": True}),
    ("RSASSA-PKCS1-v1_5 with SHA-384", "rsa2048", [SHA2_384], {"rsaPkcs1": True}),
    ("RSASSA-PKCS1-v1_5 with SHA-512", "rsa2048", [SHA2_512], {"rsaPkcs1": True}),
    ("RSASSA-PSS with SHA-256", "rsa2048", [SHA2_256], {}),
    ("RSASSA-PSS with SHA-384", "rsa2048", [SHA2_384], {}),
    ("RSASSA-PSS with SHA-512", "rsa2048", [SHA2_512], {}),
    ("ECDSA on P-256 with SHA-256", "p256", [SHA2_256, SHA2_384, SHA2_512, IDENTITY], {}),
    ("ECDSA on P-384 with SHA-384", "p384", [SHA2_256, SHA2_384, SHA2_512, IDENTITY], {}),
    ("ECDSA on P-521 with SHA-512", "p521", [SHA2_256, SHA2_384, SHA2_512, IDENTITY], {}),
    ("ECDSA on P-256 with SHA-512", "p256", [SHA2_512], {}),
    ("Ed25519", "ed25519", [SHA2_256, IDENTITY], {}),
    ("Ed448", "ed448", [IDENTITY], {}),
    ("RSA Digital Signature (1)", "rsa2048", [], {"rsaSha1": True}),
    ("ECDSA with SHA-256 on the P-256 curve (9)", "p256", [], {}),
    ("ECDSA with SHA-384 on the P-384 curve (10)", "p384", [], {}),
    ("ECDSA with SHA-512 on the P-521 curve (11)", "p521", [], {})]


def proof(kind: str, owner: str, hashes: list[int], through: bool = False, **more: Any) -> dict[str, Any]:
    """What a side of setup has that proves itself with a certificate."""
    name = (INITIATOR if owner == "initiator" else RESPONDER)["identity"]
    issued = credentials.chain(kind, owner, name, through)
    return {"hashes": hashes, **more, "certificates": [credentials.der(one).hex() for one in issued],
            "privateKey": credentials.pkcs8(credentials.private_key(kind, owner)).hex()}


def certified(test: Test, shared_key: bool = False) -> Test:
    """The setup is one with certificates: the authority of both, and when it is."""
    psk = {"psk": test["setup"]["psk"]} if shared_key else {}
    test["setup"] = {**psk, "time": int(credentials.TIME.timestamp()),
                     "authority": credentials.der(credentials.authority().certificate).hex(),
                     **{side: test["setup"][side] for side in ("initiator", "responder")}}
    return test


def signature_flows() -> list[Test]:
    tests = []
    for number, (about, kind, hashes, more) in enumerate(SIGNATURES):
        ike, esp = SUITES[number % 6]
        tests.append(certified(flow(about, ike, esp, [], *(proof(kind, side, hashes, **more)
                                                          for side in ("initiator", "responder")))))
    ike, esp = SUITES[0]
    every = [SHA2_256, SHA2_384, SHA2_512, IDENTITY]
    tests.append(certified(flow("each with its own key, and an intermediate authority", ike, esp, [],
                                proof("ed25519", "initiator", every, True), proof("p256", "responder", every))))
    tests.append(certified(flow("the initiator with a certificate, the responder with the shared key", ike, esp,
                                [], proof("p256", "initiator", every), {"hashes": every}), True))
    return tests


def fragment_flows() -> list[Test]:
    """Both sides fragment, so that requests and responses come in pieces; sizes are those of IP packets. With
    a shared key they must be small, and names long, for IKE_AUTH not to fit into one."""
    every = [SHA2_256, SHA2_384, SHA2_512, IDENTITY]
    rekeys = [do("rekey-child"), do("rekey-ike", "responder"), do("liveness")]
    suites = [("aes256gcm16-prfsha512-x25519", "aes256gcm16-x25519"),
              ("aes128-sha256-prfsha512-modp2048", "aes128-sha256-modp2048"),
              ("chacha20poly1305-prfsha512-x448", "chacha20poly1305-x448-esn")]
    sides = [{"identity": f"the-{side}-by-a-longer-name.vectors.example"} for side in ("initiator", "responder")]
    tests = [flow(f"fragments of {size}, shared key, then rekeys", ike, esp, rekeys,
                  *({**side, "fragmentSize": size} for side in sides))
             for (ike, esp), size in zip(suites, (256, 256, 280), strict=True)]
    tests += [certified(flow(f"fragments of {size}, certificates", ike, esp, [], *(
        proof(kind, side, every, through, fragmentSize=size) for side in ("initiator", "responder"))))
        for (ike, esp), size, kind, through in ((SUITES[0], 576, "p256", False),
                                                (SUITES[4], 576, "ed25519", True),
                                                (SUITES[2], 1280, "rsa2048", False))]
    return tests


def transport(side: dict[str, Any]) -> dict[str, Any]:
    return {"mode": "transport", "network": side["address"] + "/32"}


def flows() -> dict[str, tuple[str, list[Test]]]:
    first = "IKE_SA_INIT and IKE_AUTH with a shared key"
    return {
        "ike-auth-psk": (first, [flow("shared key", ike, esp, []) for ike, esp in SUITES] + [
            flow("shared key, transport mode", ike, esp, [], transport(INITIATOR), transport(RESPONDER))
            for ike, esp in SUITES[:2]]),
        "ike-auth-signature": ("IKE_SA_INIT and IKE_AUTH with certificates and signatures (RFC 7427, RFC 8420,"
                               " RFC 4754)", signature_flows()),
        "fragmentation": ("messages in Encrypted Fragment payloads (RFC 7383): IKE_AUTH and CREATE_CHILD_SA",
                          fragment_flows()),
        "cookie": (first + ", the responder asks for a cookie (RFC 7296 2.6)",
                   [flow("cookie", ike, esp, [], None, {"cookie": True}) for ike, esp in SHORT]),
        "invalid-ke": (first + ", the responder wants another group (RFC 7296 1.2)",
                       [flow("invalid KE", "aes256gcm16-prfsha256-x25519-ecp256", "aes256gcm16", [], None,
                             {"ike": "aes256gcm16-prfsha256-ecp256"}),
                        flow("invalid KE", "aes128-sha256-modp2048-x25519", "aes128-sha256", [], None,
                             {"ike": "aes128-sha256-x25519"})]),
        "rekey-child": ("CREATE_CHILD_SA that rekeys a Child SA without a new key exchange (RFC 7296 1.3.3)",
                        [flow(f"rekey by the {by}", ike, esp, [do("rekey-child", by)])
                         for ike, esp in SHORT for by in ("initiator", "responder")]),
        "rekey-child-pfs": ("CREATE_CHILD_SA that rekeys a Child SA with a new key exchange (RFC 7296 2.17)",
                            [flow(f"rekey by the {by}", ike, f"{esp}-{group}", [do("rekey-child", by)])
                             for (ike, esp), group in zip(SHORT, ("x25519", "ecp256", "x448"), strict=True)
                             for by in ("initiator", "responder")]),
        "rekey-ike": ("CREATE_CHILD_SA that rekeys the IKE SA, then a Child SA on the new one (RFC 7296 2.18)",
                      [flow(f"rekey by the {by}", ike, esp, [do("rekey-ike", by), do("rekey-child", by)])
                       for ike, esp in SHORT for by in ("initiator", "responder")]),
        "mobike": ("UPDATE_SA_ADDRESSES after the initiator moved (RFC 4555 3.5), with the return routability"
                   " check (3.7)",
                   [flow("MOBIKE", ike, esp, [do("roam", address="192.0.2.77")], {"mobike": True},
                         {"mobike": True}) for ike, esp in SHORT]),
        "delete": ("INFORMATIONAL: liveness, then Delete of the Child SA and of the IKE SA (RFC 7296 1.4)",
                   [flow("delete", ike, esp, [do("liveness"), do("delete-child"), do("delete-ike")])
                    for ike, esp in SHORT]),
    }


NOTES = [
    "Octets are the IKE message alone: no UDP header, and no Non-ESP marker where nonEspMarker is true.",
    "random holds what each side drew, in the order the reference draws it; what is named"
    " \"not on the wire\" matters to the reference alone.",
    "docs/VECTORS.md says how every value follows from setup, random and steps.",
]


def exchange_files() -> None:
    for name, (about, tests) in flows().items():
        recorded = record(name, tests)
        done = [complete(number, test, found)
                for number, (test, found) in enumerate(zip(tests, recorded, strict=True), 1)]
        if any(auth.get("signature") for test in done for auth in test["auth"]):
            recorded = record(name, tests, [fixed_signatures(test) for test in done])
            done = [complete(number, test, found)
                    for number, (test, found) in enumerate(zip(tests, recorded, strict=True), 1)]
        write(ROOT / "exchange" / f"{name}.json", {
            "algorithm": name, "source": "ikelab, recorded from the reference and derived again from RFC 7296",
            "licence": LICENCE, "notes": [about, *NOTES], "numberOfTests": len(done),
            "testGroups": [{"type": "ExchangeTest", "tests": done}]})


def fixed_signatures(test: Test) -> list[dict[str, str]]:
    """In place of what the library has drawn: by RFC 6979, and with a salt made from its name."""
    found = []
    for auth in (auth for auth in test["auth"] if "signature" in auth):
        key = load_der_private_key(bytes.fromhex(test["setup"][auth["by"]]["privateKey"]), None)
        algorithm = next(a for a in signing.ALGORITHMS if a.name == auth["algorithm"])
        salt = stream(f"salt {test['comment']} {auth['by']}", 64)
        found.append({"signature": signing.fixed(key, algorithm, bytes.fromhex(auth["SignedOctets"]), salt).hex()})
    return found


def record(name: str, tests: list[Test], signatures: list[list[dict[str, str]]] | None = None) -> list[Test]:
    """`signatures`: for each test those that are to be sent where the reference would draw its own."""
    asked = [{"tcId": number, "setup": test["setup"], "steps": test["commands"],
              "auth": signatures[number - 1] if signatures else [],
              "stream": {side: stream(f"{name} {number} {side}", 4096).hex()
                         for side in ("initiator", "responder")}} for number, test in enumerate(tests, 1)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "flows.json"
        file.write_text(json.dumps({"algorithm": name, "testGroups": [{"type": "ExchangeTest",
                                                                       "tests": asked}]}))
        return reference.record(file)


def complete(number: int, test: Test, recorded: Test) -> Test:
    random = {side: [{"octets": _within_order(draw)} for draw in draws]
              for side, draws in recorded["draws"].items()}
    base = {"setup": test["setup"], "random": random, "steps": recorded["steps"]}
    derived = Derivation(base).run()
    messages = iter(derived.messages)
    steps = [{**_front(found := next(messages)), **step, **_back(found)} if "octets" in step else step
             for step in recorded["steps"]]
    for side, draws in random.items():
        random[side] = [{"name": label, **draw}
                        for label, draw in zip(derived.draws[side], draws, strict=True)]
    return {"tcId": number, "comment": test["comment"], "result": "valid",
            "flags": flags(derived.auth), "setup": test["setup"], "random": random, "ikeSas": derived.ike_sas,
            "childSas": derived.child_sas, "auth": derived.auth, "steps": steps}


def flags(auth: list[Test]) -> list[str]:
    return ["DrawnSignature"] if any("k" in one or "salt" in one for one in auth) else []


def _within_order(draw: str) -> str:
    """A scalar of ECP 521 has 521 bits; what is drawn above them is masked off, so it is left out."""
    return f"{int(draw[:2], 16) & 1:02x}{draw[2:]}" if len(draw) == 2 * 66 else draw


def _front(message: Test) -> Test:
    return {"message": message["message"], "payloads": message["payloads"]}


def _back(message: Test) -> Test:
    return {key: value for key, value in message.items() if key not in ("message", "payloads")}


if __name__ == "__main__":
    chosen = sys.argv[1:] or ["esp", "exchange"]
    if "esp" in chosen:
        esp_files()
    if "exchange" in chosen:
        exchange_files()
