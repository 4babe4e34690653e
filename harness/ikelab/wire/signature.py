"""Names for what proves an identity: algorithms of signatures (RFC 7427 3, appendix A), and who a certificate is of."""

from __future__ import annotations

from functools import cache

from cryptography import x509

from . import der
from .octets import Malformed, Octets

_HASHES = {"1.3.14.3.2.26": "SHA1", "2.16.840.1.101.3.4.2.1": "SHA2-256", "2.16.840.1.101.3.4.2.2": "SHA2-384",
           "2.16.840.1.101.3.4.2.3": "SHA2-512"}
_RSASSA_PSS = "1.2.840.113549.1.1.10"
_ALGORITHMS = {
    "1.2.840.113549.1.1.5": "RSA with SHA1", "1.2.840.113549.1.1.11": "RSA with SHA2-256",
    "1.2.840.113549.1.1.12": "RSA with SHA2-384", "1.2.840.113549.1.1.13": "RSA with SHA2-512",
    "1.2.840.10040.4.3": "DSA with SHA1", "2.16.840.1.101.3.4.3.2": "DSA with SHA2-256",
    "1.2.840.10045.4.1": "ECDSA with SHA1", "1.2.840.10045.4.3.2": "ECDSA with SHA2-256",
    "1.2.840.10045.4.3.3": "ECDSA with SHA2-384", "1.2.840.10045.4.3.4": "ECDSA with SHA2-512",
    "1.3.101.112": "Ed25519", "1.3.101.113": "Ed448",
}


def algorithm_and_signature(data: bytes) -> tuple[str, bytes]:
    """The algorithm's name and the signature in the Authentication Data of the method 14 (RFC 7427 3)."""
    octets = Octets(data)
    try:
        return algorithm(octets.take(octets.u8())), octets.rest()
    except Malformed as error:
        return f"a malformed AlgorithmIdentifier: {error}", b""


def algorithm(identifier: bytes) -> str:
    """Of a DER AlgorithmIdentifier; its dotted number when it is not known. Raises Malformed."""
    found = list(der.object_identifiers(identifier))
    if not found:
        raise Malformed("it has no object identifier")
    if found[0] == _RSASSA_PSS:
        # Without a hash among the parameters it is SHA-1 (RFC 4055 3.1).
        return f"RSASSA-PSS with {next((_HASHES[one] for one in found[1:] if one in _HASHES), 'SHA1')}"
    return _ALGORITHMS.get(found[0], found[0])


@cache
def certificate_subject(certificate: bytes) -> str:
    """Of a DER certificate, in the order it is encoded; "" when it is none."""
    try:
        return der.distinguished_name(x509.load_der_x509_certificate(certificate).subject.public_bytes())
    except (ValueError, Malformed):
        return ""
