"""Certificates and keys where an adapter finds them: PEM files, named after whose they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ikelab.peers.neutral import Credentials

from .authority import Issued, root


def write(directory: Path, issued: Issued | None, trusted: Iterable[str], kind: str = "",
          remote_kind: str = "", authority_kind: str = "p256") -> Credentials:
    """`issued`: what this side signs with (None: it does not); `trusted`: names of the roots that it believes the
    other side by; `kind`: that of the key; `remote_kind`: that of the other side's; `authority_kind`: that of the roots'."""
    directory.mkdir(parents=True, exist_ok=True)
    certificate = private_key = None
    if issued is not None:
        certificate, private_key = directory / "certificate.pem", directory / "private-key.pem"
        certificate.write_bytes(b"".join(map(_pem, issued.chain)))
        private_key.touch(mode=0o600)
        private_key.write_bytes(issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    authorities = []
    for number, name in enumerate(trusted, 1):
        authorities.append(directory / f"authority-{number}.pem")
        authorities[-1].write_bytes(_pem(root(name, kind=authority_kind).certificate))
    return Credentials(certificate, private_key, tuple(authorities), kind, remote_kind)


def key_hash(file: Path) -> bytes:
    """SHA-1 of the certificate's SubjectPublicKeyInfo: how CERTREQ names an authority (RFC 7296 3.7)."""
    key = x509.load_pem_x509_certificate(file.read_bytes()).public_key()
    return hashlib.sha1(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)
