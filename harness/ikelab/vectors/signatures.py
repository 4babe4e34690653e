"""Signatures on the Python side: what RFC 7427 and RFC 4754 put into AUTH, RFC 8420's EdDSA."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import load_der_public_key

from . import derivation, signing
from .model import Failed, Kind, NotApplicable, Vector

HASHES: dict[str, hashes.HashAlgorithm] = {
    "SHA-1": hashes.SHA1(), "SHA-224": hashes.SHA224(), "SHA-256": hashes.SHA256(),
    "SHA-384": hashes.SHA384(), "SHA-512": hashes.SHA512(), "SHA-512/224": hashes.SHA512_224(),
    "SHA-512/256": hashes.SHA512_256()}


def _hash(name: str) -> hashes.HashAlgorithm:
    if name not in HASHES:
        raise NotApplicable(f"IKEv2's registry of hash algorithms has no {name}")
    return HASHES[name]


def _key(v: Vector) -> Any:
    """The group's public key."""
    try:
        if "modulus" in v.group:
            return _rsa(v.group["modulus"], v.group["exponent"])
        if not {"publicKeyDer", "keyDer"} & set(v.group):
            raise NotApplicable(f"IKEv2 has no signatures on {v.group.get('curve', 'such keys')}")
        return _der(v.group.get("publicKeyDer") or v.group["keyDer"])
    except ValueError as error:
        raise NotApplicable(f"the library does not take this key: {error}") from error


@lru_cache(maxsize=16)  # a key serves a whole group
def _der(text: str) -> Any:
    return load_der_public_key(bytes.fromhex(text))


@lru_cache(maxsize=16)
def _rsa(modulus: str, exponent: str) -> Any:
    return rsa.RSAPublicNumbers(int(exponent, 16), int(modulus, 16)).public_key()


def _verify(v: Vector, *arguments: Any, key: Any = None) -> Kind:
    try:
        (key or _key(v)).verify(*arguments)
    except (InvalidSignature, ValueError):
        return v.judge(False)
    return v.judge(True)


def ecdsa(v: Vector) -> Kind:
    return _verify(v, v.octets("sig"), v.octets("msg"), ec.ECDSA(_hash(v.group["sha"])))


def ecdsa_p1363(v: Vector) -> Kind:
    """r | s, each as long as the order: the form of RFC 4754 7."""
    signature, half = v.octets("sig"), (_key(v).curve.key_size + 7) // 8
    if len(signature) != 2 * half:
        return v.judge(False)
    r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    return _verify(v, utils.encode_dss_signature(r, s), v.octets("msg"),
                   ec.ECDSA(_hash(v.group["sha"])))


def eddsa(v: Vector) -> Kind:
    if v.test.get("context"):
        raise NotApplicable("RFC 8420 2 leaves the context empty")
    key = None
    if "publicKeyRaw" in v.test:
        raw = v.octets("publicKeyRaw")
        key = (ed25519.Ed25519PublicKey.from_public_bytes(raw) if len(raw) == 32
               else ed448.Ed448PublicKey.from_public_bytes(raw))
    if v.has("private"):
        raw = v.octets("private")
        own = (ed25519.Ed25519PrivateKey if len(raw) == 32 else ed448.Ed448PrivateKey).from_private_bytes(raw)
        if own.sign(v.octets("msg")) != v.octets("sig"):
            raise Failed("private makes another signature")
    return _verify(v, v.octets("sig"), v.octets("msg"), key=key)


def rsa_pkcs1(v: Vector) -> Kind:
    return _verify(v, v.octets("sig"), v.octets("msg"), padding.PKCS1v15(), _hash(v.group["sha"]))


def rsa_pss(v: Vector) -> Kind:
    scheme = padding.PSS(padding.MGF1(_hash(v.group["mgfSha"])), v.group["sLen"])
    return _verify(v, v.octets("sig"), v.octets("msg"), scheme, _hash(v.group["sha"]))


def auth_payload(v: Vector) -> Kind:
    """A whole AUTH payload of RFC 4754, made from the private key and k (RFC 7296 3.8)."""
    algorithm = next(a for a in signing.ALGORITHMS if a.method == v.test["method"])
    key = ec.derive_private_key(int.from_bytes(v.octets("private"), "big"), derivation.CURVES[v.test["curve"]])
    message = v.octets("msg")
    made = signing.ecdsa_sign(key, algorithm, message, int.from_bytes(v.octets("k"), "big"))
    body = bytes([algorithm.method, 0, 0, 0]) + made
    found = {"private": key.private_numbers().private_value.to_bytes(len(made) // 2, "big"), "sig": made,
             "public": derivation.public_value(v.test["curve"], v.octets("private")),
             "h": signing.digest(algorithm.hash, message),
             "payload": bytes(2) + (4 + len(body)).to_bytes(2, "big") + body}
    for name, value in found.items():
        if v.octets(name) != value:
            raise Failed(f"{name} is another")
    if v.test["sha"] != algorithm.hash:
        raise Failed("sha is another")
    signing.verify(key.public_key(), algorithm, message, v.octets("sig"))
    return v.judge(True)
