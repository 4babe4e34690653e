"""Algorithms in the words of a configuration ("aes256gcm16-prfsha256-x25519") as proposals, and what was chosen as the
names that key files have for it (ikelab.keys)."""

from __future__ import annotations

import re

from ..vectors.choice import Choice
from ..wire.ike import Proposal, Transform
from ..wire.registry import Protocol, TransformType

_PRFS = {"prfsha1": 2, "prfaesxcbc": 4, "prfaescmac": 8, "prfsha256": 5, "prfsha384": 6, "prfsha512": 7}
_HASHES = {"sha1": 2, "sha256": 12, "sha384": 13, "sha512": 14}
_INTEGRITIES = {**_HASHES, "aesxcbc": 5}
_AES = {"": 12, "ccm8": 14, "gcm16": 20}
_GROUPS = {"modp2048": 14, "modp3072": 15, "modp4096": 16, "modp2048s256": 24, "ecp256": 19, "ecp384": 20, "ecp521": 21, "x25519": 31,
           "x448": 32}
_ESN = {"noesn": 0, "esn": 1}


def transform(word: str) -> Transform:
    """One word of a proposal."""
    if found := re.fullmatch(r"aes(128|192|256)(|ccm8|gcm16)", word):
        return Transform(TransformType.ENCR, _AES[found[2]], int(found[1]))
    if word == "null":
        return Transform(TransformType.ENCR, 11)
    if word == "chacha20poly1305":
        return Transform(TransformType.ENCR, 28)
    for kind, table in ((TransformType.PRF, _PRFS), (TransformType.INTEG, _INTEGRITIES), (TransformType.KE, _GROUPS),
                        (TransformType.ESN, _ESN)):
        if word in table:
            return Transform(kind, table[word])
    raise ValueError(f"no algorithm is called {word!r} in a proposal; see docs/ikeref.conf.example")


def proposal(words: str, protocol: int = Protocol.IKE, number: int = 1, spi: bytes = b"") -> Proposal:
    """Words of one kind are alternatives. For IKE a hash names the PRF as well where no PRF is named; ESP has an ESN
    transform always (RFC 7296 3.3.3)."""
    split = words.split("-")
    transforms = [transform(word) for word in split]
    kinds = {one.kind for one in transforms}
    if protocol == Protocol.IKE and TransformType.PRF not in kinds:
        transforms += [transform(f"prf{word}") for word in split if word in _HASHES]
    if protocol == Protocol.ESP and TransformType.ESN not in kinds:
        transforms.append(transform("noesn"))
    return Proposal(number, protocol, spi, sorted(transforms, key=lambda one: one.kind))


def with_ke(words: str, group: int) -> str:
    """The same with that key exchange method and no other; 0: with none."""
    kept = [word for word in words.split("-") if word not in _GROUPS]
    return "-".join(kept + [word for word, number in _GROUPS.items() if number == group])


def group_of(words: str) -> int:
    """The first key exchange method that a proposal names; 0 where it names none."""
    return next((_GROUPS[word] for word in words.split("-") if word in _GROUPS), 0)


_SHA = {"AUTH_HMAC_SHA2_256_128": "256", "AUTH_HMAC_SHA2_384_192": "384", "AUTH_HMAC_SHA2_512_256": "512"}
_BITS = {"256": "128", "384": "192", "512": "256"}
_NOT_SHA2 = {"AUTH_HMAC_SHA1_96": ("HMAC_SHA1_96 [RFC2404]", "HMAC-SHA-1-96 [RFC2404]"),  # for IKE, and for ESP
             "AUTH_AES_XCBC_96": ("AES_XCBC_96 [RFC3566]", "AES-XCBC-MAC-96 [RFC3566]")}


def ike_names(choice: Choice) -> tuple[str, str]:
    """Encryption and integrity as Wireshark's ikev2_decryption_table has them."""
    bits, sha = choice.key_octets * 8, _SHA.get(choice.suite.integrity, "")
    encryption = {"ENCR_AES_GCM_16": f"AES-GCM-{bits} with 16 octet ICV [RFC5282]",
                  "ENCR_AES_CCM_8": f"AES-CCM-{bits} with 8 octet ICV [RFC5282]",
                  "ENCR_AES_CBC": f"AES-CBC-{bits} [RFC3602]"}.get(choice.suite.encryption,
                                                                   "ChaCha20-Poly1305 [RFC7634]")
    if choice.suite.integrity in _NOT_SHA2:
        return encryption, _NOT_SHA2[choice.suite.integrity][0]
    return encryption, f"HMAC_SHA2_{sha}_{_BITS[sha]} [RFC4868]" if sha else "NONE [RFC4306]"


def esp_names(choice: Choice) -> tuple[str, str]:
    """The same as esp_sa has them."""
    sha = _SHA.get(choice.suite.integrity, "")
    encryption = {"ENCR_AES_GCM_16": "AES-GCM with 16 octet ICV [RFC4106]",
                  "ENCR_AES_CCM_8": "AES-CCM with 8 octet ICV [RFC4309]",
                  "ENCR_AES_CBC": "AES-CBC [RFC3602]", "ENCR_NULL": "NULL"}.get(choice.suite.encryption, "ChaCha20-Poly1305 [RFC7634]")
    if choice.suite.integrity in _NOT_SHA2:
        return encryption, _NOT_SHA2[choice.suite.integrity][1]
    return encryption, f"HMAC-SHA-{sha}-{_BITS[sha]} [RFC4868]" if sha else "NULL"
