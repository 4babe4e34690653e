"""IKEv2's and ESP's computations from the RFCs, over `cryptography`: a derivation that shares nothing
with ref/. Every function takes and gives octets, under the RFCs' names."""

from __future__ import annotations

import hashlib
import hmac as _hmac
import struct
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PRF_HASHES = {"PRF_HMAC_SHA1": "sha1", "PRF_HMAC_SHA2_256": "sha256", "PRF_HMAC_SHA2_384": "sha384",
              "PRF_HMAC_SHA2_512": "sha512"}
INTEGRITIES = {"AUTH_HMAC_SHA1_96": ("sha1", 20, 12), "AUTH_HMAC_SHA2_256_128": ("sha256", 32, 16),
               "AUTH_HMAC_SHA2_384_192": ("sha384", 48, 24),
               "AUTH_HMAC_SHA2_512_256": ("sha512", 64, 32), "AUTH_AES_XCBC_96": ("aes-xcbc", 16, 12)}
SALTS = {"ENCR_AES_GCM_16": 4, "ENCR_AES_CCM_8": 3, "ENCR_CHACHA20_POLY1305": 4, "ENCR_AES_CTR": 4}  # octets
AEAD_ICVS = {"ENCR_AES_GCM_16": 16, "ENCR_AES_CCM_8": 8, "ENCR_CHACHA20_POLY1305": 16}
KEY_PAD = b"Key Pad for IKEv2"


class NotAuthentic(ValueError):
    pass


class BadPublicValue(ValueError):
    pass


# ---- MACs and PRFs ----

def hmac(digest: str, key: bytes, message: bytes) -> bytes:
    return _hmac.digest(key, message, digest)


def aes_block(key: bytes, block: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(block) + encryptor.finalize()


def aes_cmac(key: bytes, message: bytes) -> bytes:
    mac = CMAC(algorithms.AES(key))
    mac.update(message)
    return mac.finalize()


def aes_xcbc(key: bytes, message: bytes) -> bytes:
    """AES-XCBC-MAC, RFC 3566 4, whole (RFC 4434 uses all 16 octets)."""
    k1, k2, k3 = (aes_block(key, bytes([n]) * 16) for n in (1, 2, 3))
    blocks = [message[i : i + 16] for i in range(0, len(message), 16)] or [b""]
    last, whole = blocks[-1], len(blocks[-1]) == 16
    if not whole:
        last = last + b"\x80" + bytes(15 - len(last))
    state = bytes(16)
    for block in blocks[:-1]:
        state = aes_block(k1, _xor(state, block))
    return aes_block(k1, _xor(_xor(state, last), k2 if whole else k3))


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def prf(name: str, key: bytes, message: bytes) -> bytes:
    """RFC 7296 2.13; the AES PRFs take keys of any length by RFC 4434 2 and RFC 4615 3."""
    if name in PRF_HASHES:
        return hmac(PRF_HASHES[name], key, message)
    if name == "PRF_AES128_CMAC":
        return aes_cmac(key if len(key) == 16 else aes_cmac(bytes(16), key), message)
    if name == "PRF_AES128_XCBC":
        short = key.ljust(16, b"\0") if len(key) <= 16 else aes_xcbc(bytes(16), key)
        return aes_xcbc(short, message)
    raise KeyError(name)


def prf_length(name: str) -> int:
    """Octets of its output, and of its preferred key."""
    return hashlib.new(PRF_HASHES[name]).digest_size if name in PRF_HASHES else 16


def prf_plus(name: str, key: bytes, seed: bytes, length: int) -> bytes:
    """RFC 7296 2.13: T1 | T2 | ..., each over the one before, the seed and its number."""
    out = block = b""
    number = 1
    while len(out) < length:
        block = prf(name, key, block + seed + bytes([number]))
        out += block
        number += 1
    return out[:length]


# ---- key exchange ----

CURVES: dict[str, ec.EllipticCurve] = {
    "secp256r1": ec.SECP256R1(), "secp384r1": ec.SECP384R1(), "secp521r1": ec.SECP521R1()}
ECP_OCTETS = {"secp256r1": 32, "secp384r1": 48, "secp521r1": 66}
# Octets of a private number as they are drawn: RFC 7748 5, RFC 5903 7; of MODP as many as RFC 3526 8 asks for.
PRIVATE_OCTETS = {"curve25519": 32, "curve448": 56, "secp256r1": 32, "secp384r1": 48, "secp521r1": 66,
                  "modp2048": 40, "modp2048s256": 32, "modp3072": 56, "modp4096": 64}
MODP_BITS = {"modp2048": (2048, 124476), "modp3072": (3072, 1690314), "modp4096": (4096, 240904)}
# p, g and q of groups with a subgroup of the order q, RFC 5114 2.3.
SUBGROUPS = {"modp2048s256": (
    int(
        "87A8E61DB4B6663CFFBBD19C651959998CEEF608660DD0F25D2CEED4435E3B00E00DF8F1D61957D4FAF7DF4561B2AA30"
        "16C3D91134096FAA3BF4296D830E9A7C209E0C6497517ABD5A8A9D306BCF67ED91F9E6725B4758C022E0B1EF4275BF7B"
        "6C5BFC11D45F9088B941F54EB1E59BB8BC39A0BF12307F5C4FDB70C581B23F76B63ACAE1CAA6B7902D52526735488A0E"
        "F13C6D9A51BFA4AB3AD8347796524D8EF6A167B5A41825D967E144E5140564251CCACB83E6B486F6B3CA3F7971506026"
        "C0B857F689962856DED4010ABD0BE621C3A3960A54E710C375F26375D7014103A4B54330C198AF126116D2276E11715F"
        "693877FAD7EF09CADB094AE91E1A1597", 16),
    int(
        "3FB32C9B73134D0B2E77506660EDBD484CA7B18F21EF205407F4793A1A0BA12510DBC15077BE463FFF4FED4AAC0BB555"
        "BE3A6C1B0C6B47B1BC3773BF7E8C6F62901228F8C28CBB18A55AE31341000A650196F931C77A57F2DDF463E5E9EC144B"
        "777DE62AAAB8A8628AC376D282D6ED3864E67982428EBC831D14348F6F2F9193B5045AF2767164E1DFC967C1FB3F2E55"
        "A4BD1BFFE83B9C80D052B985D182EA0ADB2A3B7313D3FE14C8484B1E052588B9B7D2BBD2DF016199ECD06E1557CD0915"
        "B3353BBB64E0EC377FD028370DF92B52C7891428CDC67EB6184B523D1DB246C32F63078490F00EF8D647D148D4795451"
        "5E2327CFEF98C582664B4C0F6CC41659", 16),
    int("8CF83642A709A097B447997640129DA299B1A47D1EB3750BA308B0FE64F5FBD3", 16))}


@lru_cache
def modp_prime(group: str) -> int:
    """2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) pi) + c), RFC 3526 3 to 5; or as RFC 5114 has it."""
    if group in SUBGROUPS:
        return SUBGROUPS[group][0]
    bits, constant = MODP_BITS[group]
    return 2**bits - 2 ** (bits - 64) - 1 + 2**64 * (_pi(bits - 130) + constant)


def _pi(bits: int) -> int:
    """floor(2^bits * pi) by Machin's formula, with room for rounding."""
    guard = 64
    one = 1 << (bits + guard)

    def arctan_of_inverse(x: int) -> int:
        power, total, n, sign = one // x, 0, 1, 1
        while power:
            total += sign * (power // n)
            power //= x * x
            n, sign = n + 2, -sign
        return total

    return (4 * (4 * arctan_of_inverse(5) - arctan_of_inverse(239))) >> guard


@lru_cache(maxsize=1024)
def public_value(group: str, private: bytes) -> bytes:
    """As it goes into a KE payload: RFC 8031 3.1, RFC 5903 7, RFC 7296 3.4."""
    if group == "curve25519":
        return x25519.X25519PrivateKey.from_private_bytes(private).public_key().public_bytes(
            Encoding.Raw, PublicFormat.Raw)
    if group == "curve448":
        return x448.X448PrivateKey.from_private_bytes(private).public_key().public_bytes(
            Encoding.Raw, PublicFormat.Raw)
    if group in CURVES:
        key = ec.derive_private_key(int.from_bytes(private, "big"), CURVES[group])
        return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]
    prime = modp_prime(group)
    generator = SUBGROUPS[group][1] if group in SUBGROUPS else 2
    return pow(generator, int.from_bytes(private, "big"), prime).to_bytes(prime.bit_length() // 8, "big")


@lru_cache(maxsize=1024)
def shared_secret(group: str, private: bytes, peer: bytes) -> bytes:
    """g^ir as SKEYSEED takes it. Raises BadPublicValue for what RFC 6989 2 and RFC 8031 2 refuse."""
    try:
        if group == "curve25519":
            return x25519.X25519PrivateKey.from_private_bytes(private).exchange(
                x25519.X25519PublicKey.from_public_bytes(peer))
        if group == "curve448":
            return x448.X448PrivateKey.from_private_bytes(private).exchange(
                x448.X448PublicKey.from_public_bytes(peer))
        if group in CURVES:
            if len(peer) != 2 * ECP_OCTETS[group]:
                raise BadPublicValue("another length than the group's")
            point = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[group], b"\4" + peer)
            key = ec.derive_private_key(int.from_bytes(private, "big"), CURVES[group])
            return key.exchange(ec.ECDH(), point)
    except ValueError as error:
        raise BadPublicValue(str(error)) from error
    prime, value = modp_prime(group), int.from_bytes(peer, "big")
    if len(peer) * 8 != prime.bit_length() or not 1 < value < prime - 1:
        raise BadPublicValue("not in 1 < r < p - 1")
    return pow(value, int.from_bytes(private, "big"), prime).to_bytes(len(peer), "big")


# ---- confidentiality with integrity ----

@dataclass(slots=True, frozen=True)
class Suite:
    """What protects IKE or ESP. `salt` octets end the encryption key (RFC 4106 8.1, RFC 4309 7.1, RFC 7634 2)."""

    encryption: str
    integrity: str = ""

    @property
    def aead(self) -> bool:
        return self.encryption in AEAD_ICVS

    @property
    def salt(self) -> int:
        return SALTS.get(self.encryption, 0)

    @property
    def iv(self) -> int:
        return {"ENCR_AES_CBC": 16, "ENCR_NULL": 0}.get(self.encryption, 8)

    @property
    def icv(self) -> int:
        if self.aead:
            return AEAD_ICVS[self.encryption]
        return INTEGRITIES[self.integrity][2] if self.integrity else 0

    @property
    def block(self) -> int:
        return 16 if self.encryption == "ENCR_AES_CBC" else 1

    @property
    def integrity_key(self) -> int:
        return INTEGRITIES[self.integrity][1] if self.integrity else 0

    def seal(self, key: bytes, integrity_key: bytes, iv: bytes, text: bytes, aad: bytes,
             header: bytes, tail: bytes = b"") -> bytes:
        """IV | ciphertext | ICV. `aad` is an AEAD's; a MAC covers `header`, IV, ciphertext and `tail`."""
        if self.aead:
            return iv + self._aead(key).encrypt(key[-self.salt :] + iv, text, aad)
        body = iv + self._unauthenticated(key, iv, text, True)
        return body + self._mac(integrity_key, header + body + tail)

    def open(self, key: bytes, integrity_key: bytes, sealed: bytes, aad: bytes, header: bytes,
             tail: bytes = b"") -> bytes:
        if len(sealed) < self.iv + self.icv:
            raise NotAuthentic("shorter than IV and ICV")
        iv, body = sealed[: self.iv], sealed[self.iv :]
        if self.aead:
            try:
                return self._aead(key).decrypt(key[-self.salt :] + iv, body, aad)
            except InvalidTag as error:
                raise NotAuthentic("the ICV does not match") from error
        text, icv = body[: len(body) - self.icv], body[len(body) - self.icv :]
        if not _hmac.compare_digest(icv, self._mac(integrity_key, header + iv + text + tail)):
            raise NotAuthentic("the ICV does not match")
        return self._unauthenticated(key, iv, text, False)

    def _aead(self, key: bytes) -> AESCCM | AESGCM | ChaCha20Poly1305:
        key = key[: -self.salt]
        if self.encryption == "ENCR_AES_CCM_8":
            return AESCCM(key, self.icv)
        return AESGCM(key) if self.encryption == "ENCR_AES_GCM_16" else ChaCha20Poly1305(key)

    def _mac(self, key: bytes, message: bytes) -> bytes:
        if not self.integrity:
            return b""
        name = INTEGRITIES[self.integrity][0]
        return (aes_xcbc(key, message) if name == "aes-xcbc" else hmac(name, key, message))[: self.icv]

    def _unauthenticated(self, key: bytes, iv: bytes, text: bytes, encrypt: bool) -> bytes:
        if self.encryption == "ENCR_NULL":  # RFC 2410
            return text
        if self.encryption == "ENCR_AES_CBC":
            cipher = Cipher(algorithms.AES(key), modes.CBC(iv))
        elif self.encryption == "ENCR_AES_CTR":  # RFC 3686 4: nonce | IV | 1
            cipher = Cipher(algorithms.AES(key[:-4]), modes.CTR(key[-4:] + iv + bytes([0, 0, 0, 1])))
        else:
            raise KeyError(self.encryption)
        context = cipher.encryptor() if encrypt else cipher.decryptor()
        return context.update(text) + context.finalize()


# ---- ESP, RFC 4303 ----

def esp_padding(payload: bytes, suite: Suite, next_header: int) -> bytes:
    """The whole text: payload, padding 1, 2, 3 ..., Pad Length, Next Header (2.4)."""
    alignment = max(4, suite.block)
    padding = -(len(payload) + 2) % alignment
    return payload + bytes(range(1, padding + 1)) + bytes([padding, next_header])


def esp_aad(spi: bytes, sequence: int, esn: bool) -> bytes:
    """RFC 4106 5, RFC 4309 5, RFC 7634 2.1"""
    return spi + struct.pack(">Q" if esn else ">I", sequence & (2**64 - 1 if esn else 2**32 - 1))


def esp_seal(suite: Suite, key: bytes, integrity_key: bytes, spi: bytes, sequence: int, esn: bool,
             iv: bytes, text: bytes) -> bytes:
    header = spi + struct.pack(">I", sequence & 0xFFFFFFFF)
    tail = struct.pack(">I", sequence >> 32) if esn and not suite.aead else b""
    return header + suite.seal(key, integrity_key, iv, text, esp_aad(spi, sequence, esn), header, tail)


# ---- SK, RFC 7296 3.14 ----

def sk_seal(suite: Suite, key: bytes, integrity_key: bytes, before: bytes, iv: bytes,
            text: bytes) -> bytes:
    """`before`: everything up to the IV, which is also what an AEAD authenticates (RFC 5282 5.1)."""
    return before + suite.seal(key, integrity_key, iv, text, before, before)


# ---- keys, RFC 7296 2.14, 2.17, 2.18 ----

def skeyseed(name: str, ni: bytes, nr: bytes, g_ir: bytes) -> bytes:
    """RFC 7296 2.14: of a PRF whose keys have one length, half of the key is of each nonce."""
    if name not in PRF_HASHES:
        half = prf_length(name) // 2
        ni, nr = ni[:half], nr[:half]
    return prf(name, ni + nr, g_ir)


def skeyseed_rekeyed(old_name: str, old_sk_d: bytes, g_ir: bytes, ni: bytes, nr: bytes) -> bytes:
    return prf(old_name, old_sk_d, g_ir + ni + nr)


IKE_KEYS = ("SK_d", "SK_ai", "SK_ar", "SK_ei", "SK_er", "SK_pi", "SK_pr")


def ike_keys(name: str, suite: Suite, key_octets: int, seed: bytes, ni: bytes, nr: bytes, spi_i: bytes,
             spi_r: bytes) -> dict[str, bytes]:
    """`key_octets`: of the cipher, without salt."""
    own, encryption = prf_length(name), key_octets + suite.salt
    lengths = (own, suite.integrity_key, suite.integrity_key, encryption, encryption, own, own)
    stream = prf_plus(name, seed, ni + nr + spi_i + spi_r, sum(lengths))
    keys, at = {}, 0
    for key, length in zip(IKE_KEYS, lengths, strict=True):
        keys[key] = stream[at : at + length]
        at += length
    return keys


def child_keymat(name: str, sk_d: bytes, g_ir: bytes, ni: bytes, nr: bytes, length: int) -> bytes:
    return prf_plus(name, sk_d, g_ir + ni + nr, length)
