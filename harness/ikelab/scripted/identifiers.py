"""AlgorithmIdentifiers that tests sign with beside the usual ones: other encodings of the same (RFC 7427 3, RFC 4055 2.1,
3.1, 5), and algorithms that nobody is to take (RFC 8247 3.1, 3.2)."""

from __future__ import annotations

from ..vectors.protocol import HASH_OIDS, MGF1_OID, SIGNATURE_OIDS, der, der_oid
from ..vectors.signing import ALGORITHMS, Algorithm
from ..wire.registry import DIGITAL_SIGNATURE

NULL = b"\x05\x00"
DSS_SIGNATURE = 3  # the method, RFC 7296 3.8


def _of(oid: str, parameters: bytes = b"") -> bytes:
    return der(0x30, der_oid(SIGNATURE_OIDS[oid]) + parameters)


def _pss(name: str, salt: int, null: bytes = NULL, trailer: bytes = b"") -> bytes:
    """RSASSA-PSS-params, RFC 4055 3.1."""
    digest = der(0x30, der_oid(HASH_OIDS[name]) + null)
    mask = der(0x30, der_oid(MGF1_OID) + digest)
    return _of("id-RSASSA-PSS", der(0x30, der(0xA0, digest) + der(0xA1, mask) + der(0xA2, der(0x02, bytes([salt]))) + trailer))


TRAILER = der(0xA3, der(0x02, b"\x01"))
NAMED: dict[str, Algorithm] = {one.name: one for one in [
    *ALGORITHMS,
    Algorithm("PKCS#1 with SHA-256, parameters absent", DIGITAL_SIGNATURE, "pkcs1", "SHA-256", _of("sha256WithRSAEncryption")),
    Algorithm("PSS with SHA-256, parameters of the hash absent", DIGITAL_SIGNATURE, "pss", "SHA-256",
              _pss("SHA-256", 32, null=b"")),
    Algorithm("PSS with SHA-256, the trailer field written out", DIGITAL_SIGNATURE, "pss", "SHA-256",
              _pss("SHA-256", 32, trailer=TRAILER)),
    Algorithm("ECDSA with SHA-256, parameters NULL", DIGITAL_SIGNATURE, "ecdsa", "SHA-256", _of("ecdsa-with-sha256", NULL)),
    # SHA-1, named or meant
    Algorithm("PKCS#1 with SHA-1", DIGITAL_SIGNATURE, "pkcs1", "SHA-1", _of("sha1WithRSAEncryption", NULL)),
    Algorithm("ECDSA with SHA-1", DIGITAL_SIGNATURE, "ecdsa", "SHA-1", _of("ecdsa-with-sha1")),
    Algorithm("DSA with SHA-1", DIGITAL_SIGNATURE, "dsa", "SHA-1", _of("dsa-with-sha1")),
    Algorithm("DSS Digital Signature", DSS_SIGNATURE, "dsa", "SHA-1"),
    Algorithm("PSS with empty parameters", DIGITAL_SIGNATURE, "pss", "SHA-1", _of("id-RSASSA-PSS", der(0x30, b""))),
    Algorithm("PSS with default parameters", DIGITAL_SIGNATURE, "pss", "SHA-1", _pss("SHA-1", 20, trailer=TRAILER)),
    # parameters that are not those of the signature
    Algorithm("PSS that says another hash", DIGITAL_SIGNATURE, "pss", "SHA-256", _pss("SHA-512", 64)),
]}


def algorithm(name: str) -> Algorithm:
    """As `sa.signature_algorithm` takes it; the usual ones go by the names that vectors.signing has."""
    return NAMED[name]


# What the signature of a peer may say: every form that has to be taken (RFC 7427 3, RFC 4055 2.1), and none of SHA-1 by the
# method 14 (RFC 8247 3.2).
FORMS = [one for one in NAMED.values() if one in ALGORITHMS or one.hash != "SHA-1"]

__all__ = ["FORMS", "algorithm"]
