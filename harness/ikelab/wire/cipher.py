"""The algorithms that seal IKE and ESP, by the names Wireshark gives them in its key files."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


class NotAuthentic(ValueError):
    """The integrity check value is wrong: another key, or another octet, than the sender had."""


class Unknown(ValueError):
    """An algorithm this decoder does not know."""


@dataclass(slots=True, frozen=True)
class Algorithm:
    """`salt` octets at the end of the key, `iv` octets before and `icv` octets after the ciphertext."""

    kind: str  # gcm, ccm, chacha, cbc, null
    salt: int
    iv: int
    icv: int
    digest: str = ""

    def open(self, key: bytes, auth_key: bytes, sealed: bytes, aad: bytes, signed: bytes,
             trailer: bytes = b"") -> bytes:
        """`aad`: what an AEAD authenticates; `signed`, `trailer`: what a MAC covers before and after."""
        if len(sealed) < self.iv + self.icv:
            raise NotAuthentic("shorter than IV and ICV")
        iv, body = sealed[: self.iv], sealed[self.iv :]
        if self.kind in AEADS:
            return self._open_aead(key, iv, body, aad)
        cipher_text, icv = body[: len(body) - self.icv], body[len(body) - self.icv :]
        if self.icv:
            mac = _mac(self.digest, auth_key, signed + iv + cipher_text + trailer)
            if not hmac.compare_digest(mac[: self.icv], icv):
                raise NotAuthentic("the ICV does not match: another key, or a changed message")
        return cipher_text if self.kind == "null" else _open_cbc(key, iv, cipher_text)

    def _open_aead(self, key: bytes, iv: bytes, body: bytes, aad: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag

        if len(key) <= self.salt:
            raise Unknown("the key is too short for its algorithm")
        aead = _aead(self.kind, key[: -self.salt], self.icv)
        try:
            return aead.decrypt(key[-self.salt :] + iv, body, aad)
        except InvalidTag as error:
            raise NotAuthentic("the ICV does not match: another key, or a changed message") from error


@lru_cache(maxsize=1024)
def _aead(kind: str, key: bytes, icv: int) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305

    try:
        if kind == "ccm":
            return AESCCM(key, icv)
        return AESGCM(key) if kind == "gcm" else ChaCha20Poly1305(key)
    except ValueError as error:
        raise Unknown(str(error)) from error


def _mac(digest: str, key: bytes, message: bytes) -> bytes:
    return _xcbc(key, message) if digest == XCBC else hmac.digest(key, message, digest)


def _xcbc(key: bytes, message: bytes) -> bytes:
    """AES-XCBC-MAC, RFC 3566 4: CBC under a key of its own, with a second or third one over the last block."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    try:
        blocks = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    except ValueError as error:
        raise Unknown(str(error)) from error
    first, whole, padded = (blocks.update(bytes([number]) * 16) for number in (1, 2, 3))
    at = max(0, len(message) - 1) // 16 * 16  # of the last block
    last, mask = (message[at:], whole) if len(message) - at == 16 else ((message[at:] + b"\x80").ljust(16, b"\0"), padded)
    text = message[:at] + bytes(a ^ b for a, b in zip(last, mask, strict=True))
    return Cipher(algorithms.AES(first), modes.CBC(bytes(16))).encryptor().update(text)[-16:]


def _open_cbc(key: bytes, iv: bytes, body: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if not body or len(body) % 16:
        raise NotAuthentic("AES-CBC ciphertext that is no multiple of 16 octets")
    try:
        decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    except ValueError as error:
        raise Unknown(str(error)) from error
    return decryptor.update(body) + decryptor.finalize()


XCBC = "aes-xcbc"
AEADS = ("gcm", "ccm", "chacha")
MACS = {"256": ("sha256", 16), "384": ("sha384", 24), "512": ("sha512", 32), "1": ("sha1", 12)}


@lru_cache(maxsize=256)
def _find(encryption: str, integrity: str) -> Algorithm:
    name = encryption.upper()
    if "CHACHA" in name:
        return Algorithm("chacha", 4, 8, 16)
    if "GCM" in name:
        if re.search(r"\b(8|12) OCTET", name):
            raise Unknown(f"{encryption}: only the 16 octet ICV is known here")
        return Algorithm("gcm", 4, 8, 16)
    if "CCM" in name:
        if not re.search(r"\b8 OCTET", name):
            raise Unknown(f"{encryption}: only the 8 octet ICV is known here")
        return Algorithm("ccm", 3, 8, 8)
    digest, icv = "", 0
    found = re.search(r"HMAC[-_]SHA(?:2?[-_])?(256|384|512|1)[-_]\d", integrity.upper())
    if found:
        digest, icv = MACS[found.group(1)]
    elif "XCBC" in integrity.upper():
        digest, icv = XCBC, 12
    elif "NULL" not in integrity.upper() and "NONE" not in integrity.upper():
        raise Unknown(f"unknown integrity algorithm {integrity}")
    if "AES-CBC" in name:
        return Algorithm("cbc", 0, 16, icv, digest)
    if "NULL" in name:
        return Algorithm("null", 0, 0, icv, digest)
    raise Unknown(f"unknown encryption algorithm {encryption}")


def find(encryption: str, integrity: str, key: bytes) -> Algorithm:
    """Raises Unknown."""
    algorithm = _find(encryption, integrity)
    if algorithm.digest not in ("", XCBC):
        hashlib.new(algorithm.digest)
    return algorithm
