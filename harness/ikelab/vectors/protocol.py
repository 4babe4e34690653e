"""Whole ESP packets, whole messages with SK, and AlgorithmIdentifiers on the Python side."""

from __future__ import annotations

import struct

from ..wire import ike
from ..wire.octets import Malformed
from . import derivation
from .derivation import NotAuthentic, Suite
from .model import Failed, Kind, NotApplicable, Vector

IVS = {"ENCR_NULL": 0, "ENCR_AES_CBC": 16, "ENCR_AES_CTR": 8, "ENCR_AES_GCM_16": 8, "ENCR_CHACHA20_POLY1305": 8}


def suite_of(v: Vector) -> Suite:
    suite = Suite(v.test["encryption"], v.test.get("integrity", ""))
    if suite.encryption not in IVS:
        raise NotApplicable(f"no {suite.encryption} here")
    return suite


def expect(v: Vector, name: str, found: bytes) -> None:
    if v.has(name) and v.octets(name) != found:
        raise Failed(f"{name} is another")


def esp_packet(v: Vector) -> Kind:
    """RFC 4303: made from its parts, and taken apart again. `plaintext` is payload and trailer."""
    suite, esn = suite_of(v), bool(v.test["esn"])
    spi, sequence = v.octets("spi"), int(v.test["sequence"], 16)
    key, integrity_key, iv = v.octets("key"), v.octets("integrityKey"), v.octets("iv")
    text = derivation.esp_padding(v.octets("payload"), suite, v.test["nextHeader"])
    packet = v.octets("packet")
    if not esn and sequence >> 32:
        raise Failed("sequence is beyond 32 bits without ESN")
    try:
        found = derivation.esp_seal(suite, key, integrity_key, spi, sequence, esn, iv, text)
        expect(v, "plaintext", text)
        expect(v, "packet", found)
        expect(v, "icv", found[len(found) - suite.icv :])
        if suite.aead:
            expect(v, "aad", derivation.esp_aad(spi, sequence, esn))
        elif v.has("aad"):
            expect(v, "aad", found[:8])
        if packet[:8] != spi + struct.pack(">I", sequence & 0xFFFFFFFF):
            raise Failed("spi or sequence is another")
        tail = struct.pack(">I", sequence >> 32) if esn and not suite.aead else b""
        opened = suite.open(key, integrity_key, packet[8:], derivation.esp_aad(spi, sequence, esn),
                            packet[:8], tail)
    except (NotAuthentic, ValueError) as error:
        if v.result != "valid":
            return v.judge(False)
        raise Failed(str(error)) from error
    except Failed:
        if v.result != "valid":
            return v.judge(False)
        raise
    return v.judge(opened == text)


def sk_message(v: Vector) -> Kind:
    """RFC 7296 3.14: what stands before the IV is authenticated; the rest is sealed again."""
    suite, octets, iv = suite_of(v), v.octets("message"), v.octets("iv")
    try:
        message = ike.parse(octets)
        payload = message.encrypted
        if payload is None:
            raise Failed("no Encrypted payload in it")
        before = octets[: payload.at]
        opened = suite.open(v.octets("key"), v.octets("integrityKey"), octets[payload.at :], before,
                            before)
        sealed = derivation.sk_seal(suite, v.octets("key"), v.octets("integrityKey"), before, iv,
                                    v.octets("plaintext"))
    except (NotAuthentic, Malformed, ValueError) as error:
        if v.result != "valid":
            return v.judge(False)
        raise Failed(str(error)) from error
    expect(v, "plaintext", opened)
    expect(v, "aad", before)
    expect(v, "message", sealed)
    expect(v, "icv", octets[len(octets) - suite.icv :])
    expect(v, "inner", opened[: len(opened) - 1 - opened[-1]])
    if v.test["first"] != payload.inner_first:
        raise Failed("first is another")
    return v.judge(True)


# ---- AlgorithmIdentifiers, RFC 7427 A ----

HASH_OIDS = {"SHA-1": "1.3.14.3.2.26", "SHA-256": "2.16.840.1.101.3.4.2.1",
              "SHA-384": "2.16.840.1.101.3.4.2.2", "SHA-512": "2.16.840.1.101.3.4.2.3"}
SIGNATURE_OIDS = {
    "sha1WithRSAEncryption": "1.2.840.113549.1.1.5", "sha256WithRSAEncryption": "1.2.840.113549.1.1.11",
    "sha384WithRSAEncryption": "1.2.840.113549.1.1.12",
    "sha512WithRSAEncryption": "1.2.840.113549.1.1.13", "dsa-with-sha1": "1.2.840.10040.4.3",
    "dsa-with-sha256": "2.16.840.1.101.3.4.3.2", "ecdsa-with-sha1": "1.2.840.10045.4.1",
    "ecdsa-with-sha256": "1.2.840.10045.4.3.2", "ecdsa-with-sha384": "1.2.840.10045.4.3.3",
    "ecdsa-with-sha512": "1.2.840.10045.4.3.4", "id-RSASSA-PSS": "1.2.840.113549.1.1.10",
    "id-Ed25519": "1.3.101.112", "id-Ed448": "1.3.101.113"}
MGF1_OID = "1.2.840.113549.1.1.8"


def der(tag: int, body: bytes) -> bytes:
    length = bytes([len(body)]) if len(body) < 128 else bytes([0x81, len(body)])
    return bytes([tag]) + length + body


def der_oid(text: str) -> bytes:
    first, second, *rest = map(int, text.split("."))
    body = bytearray([40 * first + second])
    for number in rest:
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.insert(0, number & 0x7F | 0x80)
        body += bytes(digits)
    return der(0x06, bytes(body))


def algorithm_identifier(v: Vector) -> Kind:
    """The DER octets made from the algorithm's name and, for RSASSA-PSS, its parameters."""
    name, hash_name = v.test["name"], v.test.get("hash")
    body = der_oid(SIGNATURE_OIDS[name])
    if name.endswith("RSAEncryption"):
        body += b"\x05\x00"
    elif name == "id-RSASSA-PSS":
        body += der(0x30, _pss_parameters(hash_name, v.test.get("saltLength", 20)) if hash_name else b"")
    return v.judge(der(0x30, body) == v.octets("der"))


def _pss_parameters(hash_name: str, salt_length: int) -> bytes:
    """RFC 4055 3.1, every field written out, as RFC 7427 A.4 does."""
    digest = der(0x30, der_oid(HASH_OIDS[hash_name]) + b"\x05\x00")
    return (der(0xA0, digest) + der(0xA1, der(0x30, der_oid(MGF1_OID) + digest))
            + der(0xA2, der(0x02, bytes([salt_length]))) + der(0xA3, b"\x02\x01\x01"))
