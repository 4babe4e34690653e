"""Who the sides of an exchange are, and their proof, derived a second time: AUTH of a shared key and of a
signature (RFC 7296 2.15, RFC 7427 3), certificates and the requests for them (RFC 7296 3.6, 3.7)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from ..wire import ike
from . import derivation, signing
from .model import Failed

X509_SIGNATURE = 4  # Cert Encoding, RFC 7296 3.6
OTHER = {"initiator": "responder", "responder": "initiator"}
Values = dict[str, Any]


def shared_key(prf: str, psk: bytes, signed: bytes) -> Values:
    key = derivation.prf(prf, psk, derivation.KEY_PAD)
    return {"prf(Shared Secret, Key Pad)": key, "AUTH": derivation.prf(prf, key, signed)}


def signature(setup: Values, side: str, message: ike.Message, auth: ike.AuthPayload, signed: bytes) -> Values:
    """Verified with the certificate's key, and made again with the private one."""
    certificate = _own_certificate(setup, side, message)
    key = _private_key(bytes.fromhex(setup[side]["privateKey"]))
    if _spki(key.public_key()) != _spki(certificate.public_key()):
        raise Failed("privateKey is not the certificate's")
    algorithm, octets = signing.take_apart(auth.method, auth.data)
    signing.verify(certificate.public_key(), algorithm, signed, octets)
    drawn = signing.drawn(key, algorithm, signed, octets)
    again = signing.sign(key, algorithm, signed, drawn)
    length = bytes([len(algorithm.identifier)]) if algorithm.identifier else b""
    return {"algorithm": algorithm.name, "AlgorithmIdentifier": algorithm.identifier, **drawn, "signature": again,
            "AUTH": length + algorithm.identifier + again}


def check_request(setup: Values, side: str, message: ike.Message) -> None:
    """CERTREQ of who is to see a certificate: SHA-1 over the SubjectPublicKeyInfo of whom it trusts."""
    asked = [p for p in message.payloads if isinstance(p, ike.CertRequestPayload)]
    if "certificates" not in setup[OTHER[side]]:
        if asked:
            raise Failed("CERTREQ of a side that verifies no certificate")
        return
    trusted = x509.load_der_x509_certificate(bytes.fromhex(setup["authority"]))
    wanted = hashlib.sha1(_spki(trusted.public_key())).digest()
    if [(p.encoding, p.data) for p in asked] != [(X509_SIGNATURE, wanted)]:
        raise Failed("CERTREQ asks for another authority")


def _spki(key: Any) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@lru_cache
def _private_key(octets: bytes) -> Any:
    """Every octet of it: it must be what the key is written as."""
    key = load_der_private_key(octets, None)
    if key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()) != octets:
        raise Failed("privateKey is written otherwise than the key it holds")
    return key


def _own_certificate(setup: Values, side: str, message: ike.Message) -> x509.Certificate:
    """The first of CERT; the others lead to the authority (RFC 7296 3.6)."""
    stated = [bytes.fromhex(one) for one in setup[side]["certificates"]]
    sent = ike.certificates(message)
    if [(p.encoding, p.data) for p in sent] != [(X509_SIGNATURE, one) for one in stated]:
        raise Failed("other certificates are sent")
    chain = [x509.load_der_x509_certificate(one) for one in stated]
    trusted = x509.load_der_x509_certificate(bytes.fromhex(setup["authority"]))
    when = datetime.fromtimestamp(setup["time"], UTC).replace(tzinfo=None)
    for one, issuer in zip([*chain, trusted], [*chain[1:], trusted, trusted], strict=True):
        _check_issued(one, issuer)
        if not one.not_valid_before <= when <= one.not_valid_after:
            raise Failed("a certificate that is not valid then")
    names = chain[0].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    if names.get_values_for_type(x509.DNSName) != [setup[side]["identity"]]:
        raise Failed("a certificate of another identity")
    return chain[0]


def _check_issued(one: x509.Certificate, issuer: x509.Certificate) -> None:
    key = issuer.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            assert one.signature_hash_algorithm is not None
            key.verify(one.signature, one.tbs_certificate_bytes, padding.PKCS1v15(), one.signature_hash_algorithm)
        else:
            key.verify(one.signature, one.tbs_certificate_bytes)  # type: ignore[union-attr, call-arg]
    except InvalidSignature as error:
        raise Failed("a certificate that its issuer has not signed") from error
    if one.issuer != issuer.subject:
        raise Failed("a certificate of another issuer")
