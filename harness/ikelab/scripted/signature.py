"""Proof by signature: RFC 7427 3 and 4, RFC 8420, RFC 7296 3.6, 3.7."""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from ..peers.neutral import Credentials
from ..vectors import signing
from ..vectors.model import Failed
from ..wire import ike
from ..wire.registry import DIGITAL_SIGNATURE, X509_SIGNATURE, PayloadType
from .draws import Draws
from .errors import Unmet
from .identifiers import DSS_SIGNATURE, FORMS
from .payloads import AUTH, CERT, CERTREQ, N, Payload

HASHES = {"SHA-256": 2, "SHA-384": 3, "SHA-512": 4, "": 5}  # RFC 7427 7; EdDSA goes by Identity (RFC 8420 3)
SALT_OCTETS = 64
DSS_OCTETS = 20  # of r and of s, with a key of 1024 bits
PEM = b"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n"
_CURVE_HASHES = {"secp256r1": "SHA-256", "secp384r1": "SHA-384", "secp521r1": "SHA-512"}


def hash_algorithms(numbers: Sequence[int] = (2, 3, 4, 5)) -> Payload:
    """N(SIGNATURE_HASH_ALGORITHMS), RFC 7427 4."""
    return N("SIGNATURE_HASH_ALGORITHMS", struct.pack(f">{len(numbers)}H", *numbers))


def certificates_in(file: Path) -> list[bytes]:
    """The certificates of a PEM file, as DER."""
    texts = re.findall(PEM, file.read_bytes(), re.S)
    return [x509.load_pem_x509_certificate(one).public_bytes(Encoding.DER) for one in texts]


@dataclass(slots=True, frozen=True)
class Identity:
    """What a side signs with: its key, its certificate and those between that and the authority, as DER."""

    key: Any
    certificates: tuple[bytes, ...]

    @classmethod
    def of(cls, credentials: Credentials) -> Identity:
        assert credentials.certificate is not None and credentials.private_key is not None
        return cls(_private_key(credentials.private_key.read_bytes()), tuple(certificates_in(credentials.certificate)))

    def algorithm(self, hashes: Sequence[str] = ()) -> signing.Algorithm:
        """One that fits the key, with the first of `hashes` that does."""
        found = [one for one in signing.ALGORITHMS if one.method == DIGITAL_SIGNATURE and one.scheme == self._scheme]
        if isinstance(self.key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
            name = "Ed25519" if isinstance(self.key, ed25519.Ed25519PrivateKey) else "Ed448"
            return next(one for one in found if one.name == name)
        own = [_CURVE_HASHES[self.key.curve.name]] if isinstance(self.key, ec.EllipticCurvePrivateKey) else ["SHA-256"]
        return next(one for name in (*hashes, *own) for one in found if one.hash == name)

    @property
    def _scheme(self) -> str:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return "pss"
        return "ecdsa" if isinstance(self.key, ec.EllipticCurvePrivateKey) else "eddsa"

    def auth(self, signed: bytes, draws: Draws, algorithm: signing.Algorithm | None = None) -> Payload:
        """AUTH by the method 14: the AlgorithmIdentifier and its length before the signature (RFC 7427 3)."""
        algorithm = algorithm or self.algorithm()
        if isinstance(self.key, dsa.DSAPrivateKey):  # only ever refused, so its octets may differ from play to play
            signature = self.key.sign(signed, hashes.SHA1())
            if algorithm.method == DSS_SIGNATURE:  # r and s, as RFC 2409 5.1 has it; RFC 7296 3.8 says nothing
                signature = b"".join(one.to_bytes(DSS_OCTETS, "big") for one in decode_dss_signature(signature))
        else:
            signature = signing.fixed(self.key, algorithm, signed, draws.octets(SALT_OCTETS))
        if algorithm.method != DIGITAL_SIGNATURE:
            return AUTH(algorithm.method, signature)
        return AUTH(DIGITAL_SIGNATURE, bytes([len(algorithm.identifier)]) + algorithm.identifier + signature)

    def certs(self) -> list[Payload]:
        """CERT payloads, our own first (RFC 7296 1.2)."""
        return [CERT(one) for one in self.certificates]


@lru_cache(maxsize=32)
def _private_key(pem: bytes) -> Any:
    """Reading an RSA key takes longer than to sign with it."""
    return load_pem_private_key(pem, None)


def certificate_request(authorities: Sequence[Path]) -> Payload:
    """CERTREQ: SHA-1 over the SubjectPublicKeyInfo of each whom we trust (RFC 7296 3.7)."""
    keys = [x509.load_pem_x509_certificate(one.read_bytes()).public_key() for one in authorities]
    return CERTREQ(b"".join(hashlib.sha1(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
                            for key in keys))


def algorithm_of(message: ike.Message) -> signing.Algorithm:
    """What the AUTH payload of a message says it is signed with. Raises Unmet."""
    auth = message.first(PayloadType.AUTH)
    if not isinstance(auth, ike.AuthPayload):
        raise Unmet(f"{message} has no AUTH")
    try:
        return signing.take_apart(auth.method, auth.data, FORMS)[0]
    except (Failed, IndexError) as error:
        raise Unmet(f"AUTH of the peer: {error} (RFC 7427 3)") from error


def check(message: ike.Message, auth: ike.AuthPayload, signed: bytes) -> None:
    """The signature is that of the first certificate's key (RFC 7296 1.2). Raises Unmet. Whether that certificate may be
    trusted is no question here: the peer has it from the lab."""
    certificates = [one for one in ike.certificates(message) if one.encoding == X509_SIGNATURE]
    if not certificates:
        raise Unmet(f"AUTH by {auth.method_name} without a certificate")
    try:
        key = x509.load_der_x509_certificate(certificates[0].data).public_key()
        algorithm, signature = signing.take_apart(auth.method, auth.data, FORMS)
        signing.verify(key, algorithm, signed, signature)
    except (Failed, ValueError) as error:
        raise Unmet(f"AUTH of the peer: {error} (RFC 7427 3, RFC 7296 2.15)") from error
