"""Signatures in AUTH, made and taken apart a second time: RFC 7427, RFC 8420, RFC 4754, RFC 7296 3.8. What the
library draws by itself is computed here from the RFCs, so that it can be stated: the salt of RSASSA-PSS
(RFC 8017 9.1) and the secret number k of ECDSA."""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils

from .model import Failed
from .protocol import HASH_OIDS, MGF1_OID, SIGNATURE_OIDS, der, der_oid

DIGITAL_SIGNATURE = 14
_LIBRARY: dict[str, hashes.HashAlgorithm] = {
    "SHA-1": hashes.SHA1(), "SHA-256": hashes.SHA256(), "SHA-384": hashes.SHA384(), "SHA-512": hashes.SHA512()}
# Of the curves, SEC 2: the order of the base point.
ORDERS = {
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp384r1": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    "secp521r1": 2**521 - (6 << 256) | 0x51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409}


@dataclass(slots=True, frozen=True)
class Algorithm:
    """What AUTH says the signature is. `hash` is empty for EdDSA, `identifier` for the older methods."""

    name: str
    method: int
    scheme: str  # "pkcs1", "pss", "ecdsa", "eddsa"
    hash: str
    identifier: bytes = b""


def _identifier(oid: str, parameters: bytes = b"") -> bytes:
    return der(0x30, der_oid(SIGNATURE_OIDS[oid]) + parameters)


def _pss_parameters(name: str) -> bytes:
    """RFC 4055 3.1; the trailer field is the default one, which DER leaves out."""
    digest = der(0x30, der_oid(HASH_OIDS[name]) + b"\x05\x00")
    return der(0x30, der(0xA0, digest) + der(0xA1, der(0x30, der_oid(MGF1_OID) + digest))
               + der(0xA2, der(0x02, bytes([_LIBRARY[name].digest_size]))))


_SHA2 = [("SHA-256", "sha256"), ("SHA-384", "sha384"), ("SHA-512", "sha512")]
ALGORITHMS = [
    *(Algorithm(f"RSASSA-PKCS1-v1_5 with {name}", 14, "pkcs1", name,
                _identifier(f"{word}WithRSAEncryption", b"\x05\x00")) for name, word in _SHA2),
    *(Algorithm(f"RSASSA-PSS with {name}", 14, "pss", name,
                _identifier("id-RSASSA-PSS", _pss_parameters(name))) for name, _ in _SHA2),
    *(Algorithm(f"ECDSA with {name}", 14, "ecdsa", name, _identifier(f"ecdsa-with-{word}"))
      for name, word in _SHA2),
    Algorithm("Ed25519", 14, "eddsa", "", _identifier("id-Ed25519")),
    Algorithm("Ed448", 14, "eddsa", "", _identifier("id-Ed448")),
    Algorithm("RSA Digital Signature, with SHA-1", 1, "pkcs1", "SHA-1"),
    Algorithm("ECDSA with SHA-256 on the P-256 curve", 9, "ecdsa", "SHA-256"),
    Algorithm("ECDSA with SHA-384 on the P-384 curve", 10, "ecdsa", "SHA-384"),
    Algorithm("ECDSA with SHA-512 on the P-521 curve", 11, "ecdsa", "SHA-512")]


def take_apart(method: int, data: bytes, known: Sequence[Algorithm] = ALGORITHMS) -> tuple[Algorithm, bytes]:
    """The algorithm and the signature of an AUTH payload's data (RFC 7427 3)."""
    if method != DIGITAL_SIGNATURE:
        found = next((a for a in known if a.method == method), None)
        signature = data
    else:
        end = 1 + data[0]
        found = next((a for a in known if a.identifier and a.identifier == data[1:end]), None)
        signature = data[end:]
    if found is None:
        raise Failed(f"AUTH by method {method} with an algorithm that is none of those here")
    return found, signature


def verify(key: Any, algorithm: Algorithm, message: bytes, signature: bytes) -> None:
    """By the library."""
    try:
        if isinstance(key, rsa.RSAPublicKey):
            library = _LIBRARY[algorithm.hash]
            how = (padding.PSS(padding.MGF1(library), library.digest_size) if algorithm.scheme == "pss"
                   else padding.PKCS1v15())
            key.verify(signature, message, how, library)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            numbers = _numbers(algorithm, key.curve.name, signature)
            key.verify(utils.encode_dss_signature(*numbers), message, ec.ECDSA(_LIBRARY[algorithm.hash]))
        else:
            key.verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        raise Failed("the signature in AUTH is none") from error


# ---- RSA ----

def _mgf1(name: str, seed: bytes, length: int) -> bytes:
    """RFC 8017 B.2.1"""
    size = _LIBRARY[name].digest_size
    return b"".join(digest(name, seed + struct.pack(">I", n)) for n in range(-(-length // size)))[:length]


def digest(name: str, message: bytes) -> bytes:
    return hashlib.new(name.replace("-", "").lower(), message).digest()


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def pss_sign(key: rsa.RSAPrivateKey, name: str, message: bytes, salt: bytes) -> bytes:
    """RFC 8017 8.1.1 and 9.1.1, for a modulus of whole octets."""
    length, size = key.key_size // 8, _LIBRARY[name].digest_size
    hashed = digest(name, bytes(8) + digest(name, message) + salt)
    db = bytes(length - size - len(salt) - 2) + b"\x01" + salt
    masked = bytearray(_xor(db, _mgf1(name, hashed, len(db))))
    masked[0] &= 0x7F
    numbers = key.private_numbers()
    value = int.from_bytes(bytes(masked) + hashed + b"\xbc", "big")
    return _rsa_power(numbers, value).to_bytes(length, "big")


def _rsa_power(numbers: rsa.RSAPrivateNumbers, value: int) -> int:
    """value^d mod n by the remainders of its prime factors (RFC 8017 5.1.2)."""
    of_p, of_q = pow(value, numbers.dmp1, numbers.p), pow(value, numbers.dmq1, numbers.q)
    return of_q + numbers.q * ((of_p - of_q) * numbers.iqmp % numbers.p)


def pss_salt(key: rsa.RSAPublicKey, name: str, signature: bytes) -> bytes:
    """What was drawn for a signature whose salt is as long as the hash."""
    numbers, size = key.public_numbers(), _LIBRARY[name].digest_size
    opened = pow(int.from_bytes(signature, "big"), numbers.e, numbers.n).to_bytes(key.key_size // 8, "big")
    masked, hashed = opened[: -size - 1], opened[-size - 1 : -1]
    return _xor(masked, _mgf1(name, hashed, len(masked)))[-size:]


# ---- ECDSA ----

def _numbers(algorithm: Algorithm, curve: str, signature: bytes) -> tuple[int, int]:
    """r and s: a DER ECDSA-Sig-Value (RFC 7427 A.3), or side by side (RFC 4754 7)."""
    if algorithm.method == DIGITAL_SIGNATURE:
        return utils.decode_dss_signature(signature)
    half = (ORDERS[curve].bit_length() + 7) // 8
    if len(signature) != 2 * half:
        raise Failed("a signature of another length than the curve's")
    return int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")


def _hashed(name: str, curve: str, message: bytes) -> int:
    """The hash's leftmost bits, as many as the order has."""
    hashed = digest(name, message)
    return int.from_bytes(hashed, "big") >> max(0, 8 * len(hashed) - ORDERS[curve].bit_length())


def ecdsa_number(curve: str, private: int, name: str, message: bytes) -> int:
    """k as RFC 6979 3.2 derives it: the same message and key, the same signature."""
    order = ORDERS[curve]
    size, word = (order.bit_length() + 7) // 8, name.replace("-", "").lower()
    seed = private.to_bytes(size, "big") + (_hashed(name, curve, message) % order).to_bytes(size, "big")
    value, key = b"\x01" * _LIBRARY[name].digest_size, bytes(_LIBRARY[name].digest_size)
    for mark in (b"\x00", b"\x01"):
        key = hmac.digest(key, value + mark + seed, word)
        value = hmac.digest(key, value, word)
    while True:
        drawn = b""
        while len(drawn) < size:
            value = hmac.digest(key, value, word)
            drawn += value
        number = int.from_bytes(drawn[:size], "big") >> (8 * size - order.bit_length())
        if 0 < number < order:
            return number
        key = hmac.digest(key, value + b"\x00", word)
        value = hmac.digest(key, value, word)


def ecdsa_sign(key: ec.EllipticCurvePrivateKey, algorithm: Algorithm, message: bytes, k: int) -> bytes:
    curve, order = key.curve.name, ORDERS[key.curve.name]
    r = ec.derive_private_key(k, key.curve).public_key().public_numbers().x % order
    private = key.private_numbers().private_value
    s = pow(k, -1, order) * (_hashed(algorithm.hash, curve, message) + r * private) % order
    if algorithm.method == DIGITAL_SIGNATURE:
        return utils.encode_dss_signature(r, s)
    half = (order.bit_length() + 7) // 8
    return r.to_bytes(half, "big") + s.to_bytes(half, "big")


def ecdsa_drawn(key: ec.EllipticCurvePrivateKey, algorithm: Algorithm, message: bytes, signature: bytes) -> int:
    """The k of a signature, for who has the private key."""
    curve, order = key.curve.name, ORDERS[key.curve.name]
    r, s = _numbers(algorithm, curve, signature)
    private = key.private_numbers().private_value
    return pow(s, -1, order) * (_hashed(algorithm.hash, curve, message) + r * private) % order


# ---- a whole signature ----

def drawn(key: Any, algorithm: Algorithm, message: bytes, signature: bytes) -> dict[str, bytes]:
    """What was drawn for it, under the name that the files have for it."""
    if algorithm.scheme == "pss":
        return {"salt": pss_salt(key.public_key(), algorithm.hash, signature)}
    if algorithm.scheme == "ecdsa":
        size = (ORDERS[key.curve.name].bit_length() + 7) // 8
        return {"k": ecdsa_drawn(key, algorithm, message, signature).to_bytes(size, "big")}
    return {}


def sign(key: Any, algorithm: Algorithm, message: bytes, what: dict[str, bytes]) -> bytes:
    """With what was drawn."""
    if algorithm.scheme == "pss":
        return pss_sign(key, algorithm.hash, message, what["salt"])
    if algorithm.scheme == "ecdsa":
        return ecdsa_sign(key, algorithm, message, int.from_bytes(what["k"], "big"))
    if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        return key.sign(message)
    return key.sign(message, padding.PKCS1v15(), _LIBRARY[algorithm.hash])


def fixed(key: Any, algorithm: Algorithm, message: bytes, salt: bytes) -> bytes:
    """The one signature that these files have: k by RFC 6979, the salt as given (its first octets)."""
    what = {"salt": salt[: _LIBRARY[algorithm.hash].digest_size]} if algorithm.scheme == "pss" else {}
    if algorithm.scheme == "ecdsa":
        number = ecdsa_number(key.curve.name, key.private_numbers().private_value, algorithm.hash, message)
        what = {"k": number.to_bytes((ORDERS[key.curve.name].bit_length() + 7) // 8, "big")}
    return sign(key, algorithm, message, what)
