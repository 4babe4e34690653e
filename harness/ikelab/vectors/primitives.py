"""Single algorithms on the Python side: MACs, ciphers, key exchange, prf and keys from it."""

from __future__ import annotations

import hashlib
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from . import derivation
from .model import Failed, Kind, NotApplicable, Vector

HMACS = {"HMACSHA1": "sha1", "HMACSHA224": "sha224", "HMACSHA256": "sha256", "HMACSHA384": "sha384",
         "HMACSHA512": "sha512"}


def mac(v: Vector) -> Kind:
    key, message, tag = v.octets("key"), v.octets("msg"), v.octets("tag")
    length = v.group["tagSize"] // 8
    if v.algorithm in HMACS:
        found = derivation.hmac(HMACS[v.algorithm], key, message)
    elif v.algorithm == "AES-CMAC":
        if len(key) not in (16, 24, 32):
            return v.judge(False)
        found = derivation.aes_cmac(key, message)
    elif v.algorithm == "AES-XCBC":
        found = derivation.aes_xcbc(key, message)
    else:
        raise NotApplicable(f"no {v.algorithm} here")
    return v.judge(len(tag) == length and found[:length] == tag)


def digest(v: Vector) -> Kind:
    return v.judge(hashlib.new(v.algorithm.lower(), v.octets("msg")).digest() == v.octets("digest"))


def gmac(v: Vector) -> Kind:
    """AES-GMAC, RFC 4543: AES-GCM of nothing, with the message as additional data."""
    tag = v.octets("tag")
    if len(tag) * 8 != v.group["tagSize"] or len(v.octets("iv")) < 8:
        return v.judge(False)
    try:
        AESGCM(v.octets("key")).decrypt(v.octets("iv"), tag, v.octets("msg"))
    except (InvalidTag, ValueError):
        return v.judge(False)
    return v.judge(True)


# ---- AEADs and unauthenticated ciphers ----

def aead(v: Vector) -> Kind:
    if v.algorithm == "AES-GCM":
        return _gcm(v)
    nonce, text, aad = v.octets("iv"), v.octets("msg"), v.octets("aad")
    tag_length = v.group["tagSize"] // 8
    try:
        if v.algorithm == "AES-CCM":
            cipher: Any = AESCCM(v.octets("key"), tag_length)
        elif v.algorithm == "CHACHA20-POLY1305":
            cipher = ChaCha20Poly1305(v.octets("key"))
        else:
            raise NotApplicable(f"no {v.algorithm} here")
        found = cipher.decrypt(nonce, v.octets("ct") + v.octets("tag"), aad)
    except (InvalidTag, ValueError):
        return v.judge(False)
    if v.has("msg") and (found != text
                         or cipher.encrypt(nonce, text, aad) != v.octets("ct") + v.octets("tag")):
        raise Failed("msg or ct is another")
    return v.judge(True)


def _gcm(v: Vector) -> Kind:
    """By the mode, as tags may be shorter and IVs of any length."""
    nonce, tag = v.octets("iv"), v.octets("tag")
    if nonce and not 8 <= len(nonce) <= 128:
        raise NotApplicable("the library takes IVs of 8 to 128 octets")
    try:
        mode = modes.GCM(nonce, tag, min_tag_length=min(len(tag), 16) if len(tag) >= 4 else 4)
        context = Cipher(algorithms.AES(v.octets("key")), mode).decryptor()
        context.authenticate_additional_data(v.octets("aad"))
        found = context.update(v.octets("ct")) + context.finalize()
    except (InvalidTag, ValueError):
        return v.judge(False)
    if v.has("msg") and (found != v.octets("msg") or not _gcm_seals(v)):
        raise Failed("msg or ct is another")
    return v.judge(len(tag) * 8 == v.group["tagSize"])


def _gcm_seals(v: Vector) -> bool:
    context = Cipher(algorithms.AES(v.octets("key")), modes.GCM(v.octets("iv"))).encryptor()
    context.authenticate_additional_data(v.octets("aad"))
    found = context.update(v.octets("msg")) + context.finalize()
    return found == v.octets("ct") and context.tag.startswith(v.octets("tag"))


def cbc(v: Vector) -> Kind:
    text, pkcs5 = v.octets("msg"), "PKCS5" in v.algorithm
    if v.result != "valid":
        return v.judge(_pkcs5_opens(v))
    if pkcs5:
        padding = 16 - len(text) % 16
        text += bytes([padding]) * padding
    context = Cipher(algorithms.AES(v.octets("key")), modes.CBC(v.octets("iv"))).encryptor()
    return v.judge(context.update(text) + context.finalize() == v.octets("ct"))


def _pkcs5_opens(v: Vector) -> bool:
    text = v.octets("ct")
    if not text or len(text) % 16:
        return False
    context = Cipher(algorithms.AES(v.octets("key")), modes.CBC(v.octets("iv"))).decryptor()
    plain = context.update(text) + context.finalize()
    return 1 <= plain[-1] <= 16 and plain.endswith(bytes([plain[-1]]) * plain[-1])


def ctr(v: Vector) -> Kind:
    context = Cipher(algorithms.AES(v.octets("key")), modes.CTR(v.octets("iv"))).encryptor()
    return v.judge(context.update(v.octets("msg")) + context.finalize() == v.octets("ct"))


# ---- key exchange ----

def _compare(v: Vector, secret: bytes) -> Kind:
    if v.test.get("wrongValue") and secret != v.octets("shared"):
        return v.judge(False)
    if secret != v.octets("shared") and v.result != "invalid":
        raise Failed("shared is another")
    return v.judge(True)


def xdh(v: Vector) -> Kind:
    """Raw private and public octets, for the curves and the MODP groups."""
    group, private = v.group["curve"], v.octets("private")
    try:
        secret = derivation.shared_secret(group, private, v.octets("public"))
    except derivation.BadPublicValue:
        return v.judge(False)
    if v.has("ownPublic") and derivation.public_value(group, private) != v.octets("ownPublic"):
        raise Failed("ownPublic is another")
    return _compare(v, secret)


def ecp(v: Vector) -> Kind:
    """Points as X9.62 writes them; a form but the uncompressed one has no place in a KE payload."""
    group, point = v.group["curve"], v.octets("public")
    if v.group.get("encoding") == "asn":
        return ecdh_asn(v)
    if group not in derivation.CURVES:
        raise NotApplicable(f"{group} is no group of IKEv2's registry that is run here")
    try:
        if v.has("ownPublic") and (b"\4" + derivation.public_value(group, v.octets("private"))
                                   != v.octets("ownPublic")
                                   and derivation.public_value(group, v.octets("private"))
                                   != v.octets("ownPublic")):
            if v.test.get("wrongValue"):
                return v.judge(False)
            raise Failed("ownPublic is another")
        secret = derivation.shared_secret(group, v.octets("private"),
                                          point[1:] if point[:1] == b"\4" else point)
    except (derivation.BadPublicValue, ValueError):
        return v.judge(False)
    return _compare(v, secret)


def ecdh_asn(v: Vector) -> Kind:
    try:
        public = load_der_public_key(v.octets("public"))
        private: Any = ec.derive_private_key(int(v.test["private"], 16),
                                             derivation.CURVES[v.group["curve"]])
        secret = private.exchange(ec.ECDH(), public)
    except Exception as error:  # the library refuses hostile keys with many classes
        return _refused(v, error)
    return _compare(v, secret)


def ecdh_pem(v: Vector) -> Kind:
    try:
        public: Any = load_pem_public_key(v.test["public"].encode())
        private: Any = load_pem_private_key(v.test["private"].encode(), None)
        secret = private.exchange(ec.ECDH(), public)
    except Exception as error:
        return _refused(v, error)
    return _compare(v, secret)


def xdh_asn(v: Vector) -> Kind:
    try:
        public: Any = load_der_public_key(v.octets("public"))
        private: Any = load_der_private_key(v.octets("private"), None)
        secret = private.exchange(public)
    except Exception as error:
        return _refused(v, error)
    return _compare(v, secret)


def xdh_pem(v: Vector) -> Kind:
    try:
        public: Any = load_pem_public_key(v.test["public"].encode())
        private: Any = load_pem_private_key(v.test["private"].encode(), None)
        if not isinstance(private, (x25519.X25519PrivateKey, x448.X448PrivateKey)):
            return v.judge(False)
        secret = private.exchange(public)
    except Exception as error:
        return _refused(v, error)
    return _compare(v, secret)


def _refused(v: Vector, error: Exception) -> Kind:
    if isinstance(error, (KeyError, NameError, AttributeError)) and v.result == "valid":
        raise error
    return v.judge(False)


# ---- prf and what is derived with it ----

def prf(v: Vector) -> Kind:
    return v.judge(derivation.prf(v.algorithm, v.octets("key"), v.octets("msg")) == v.octets("prf"))


def prf_plus(v: Vector) -> Kind:
    found = derivation.prf_plus(v.algorithm, v.octets("key"), v.octets("seed"), len(v.octets("out")))
    return v.judge(found == v.octets("out"))


def keymat(v: Vector) -> Kind:
    """SP 800-135 4.1.2: SKEYSEED, DKM (SK_d and the rest in one string), KEYMAT, SKEYSEED again."""
    ni, nr, g_ir, again = (v.octets(n) for n in ("Ni", "Nr", "g^ir", "g^ir (new)"))
    seed = derivation.skeyseed(v.algorithm, ni, nr, g_ir)
    dkm = derivation.prf_plus(v.algorithm, seed, ni + nr + v.octets("SPIi") + v.octets("SPIr"),
                              len(v.octets("DKM")))
    sk_d = dkm[: derivation.prf_length(v.algorithm)]
    found = {
        "SKEYSEED": seed, "DKM": dkm,
        "DKM(Child SA)": derivation.child_keymat(v.algorithm, sk_d, b"", ni, nr,
                                                 len(v.octets("DKM(Child SA)"))),
        "DKM(Child SA D-H)": derivation.child_keymat(v.algorithm, sk_d, again, ni, nr,
                                                     len(v.octets("DKM(Child SA D-H)"))),
        "SKEYSEED(Rekey)": derivation.skeyseed_rekeyed(v.algorithm, sk_d, again, ni, nr),
    }
    return v.judge(all(v.octets(name) == value for name, value in found.items()))
