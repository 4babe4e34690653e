"""Certificates in Libreswan's words: pluto takes keys and certificates from an NSS database, made anew at each start."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12

from ikelab.peers.neutral import DaemonSpec, PeerSpec
from ikelab.wire.der import distinguished_name

DATABASE = "/run/nss"  # in the guest; gone with the scenario
_PASSWORD = b"lab"  # of the way into the database only


def setup(spec: DaemonSpec) -> list[str]:
    """For `config setup`."""
    return [f"nssdir={DATABASE}"] if _uses(spec) else []


def connection(peer: PeerSpec) -> list[str]:
    """How both sides of a connection prove themselves."""
    if peer.credentials is None:
        return ["authby=secret"]
    lines = [f"leftauth={_method(peer.credentials.key_kind)}", f"rightauth={_method(peer.credentials.remote_key_kind)}"]
    if peer.signs:
        lines += [f"leftcert={nickname(peer)}", "leftsendcert=always", "sendca=all"]
    if len(peer.credentials.authorities) == 1:
        (root,) = certificates(peer.credentials.authorities[0])
        # What pluto asks the other side for; without it, it asks for nothing in particular.
        lines.append(f'rightca="{distinguished_name(root.subject.public_bytes())}"')
    return lines


def _method(key_kind: str) -> str:
    """pluto has to be told what it signs with, and takes nothing else from the other side."""
    if not key_kind:
        return "secret"
    return "rsasig" if key_kind.startswith("rsa") else "ecdsa"


def nickname(peer: PeerSpec) -> str:
    """Of our own certificate in the database."""
    return f"own-{peer.name}"


def files(spec: DaemonSpec) -> Iterator[tuple[str, bytes]]:
    """What has to be in the guest before `script` runs."""
    for peer in spec.peers:
        credentials = peer.credentials
        if credentials is None:
            continue
        if credentials.certificate is not None and credentials.private_key is not None:
            yield f"/run/{nickname(peer)}.p12", _bundle(peer, credentials.certificate, credentials.private_key)
        for number, file in enumerate(credentials.authorities, 1):
            yield f"/run/{peer.name}-authority-{number}.pem", file.read_bytes()


def script(spec: DaemonSpec) -> str:
    """A shell's words that make the database; "" where none is needed."""
    if not _uses(spec):
        return ""
    lines = [f"set -e; rm -rf {DATABASE}; mkdir -m 700 {DATABASE}", f"certutil -N -d sql:{DATABASE} --empty-password"]
    for path, _ in files(spec):
        if path.endswith(".p12"):
            lines.append(f"pk12util -i {path} -d sql:{DATABASE} -W {_PASSWORD.decode()}")
        else:
            lines.append(f"certutil -A -d sql:{DATABASE} -n {Path(path).stem} -t CT,, -i {path}")
    return "\n".join(lines) + "\n"


def certificates(file: Path) -> list[x509.Certificate]:
    """All in a PEM file."""
    blocks = re.findall(b"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", file.read_bytes(), re.S)
    return [x509.load_pem_x509_certificate(block) for block in blocks]


def _bundle(peer: PeerSpec, certificate: Path, private_key: Path) -> bytes:
    """PKCS#12, which is the only way in for a private key."""
    own, *others = certificates(certificate)
    key = load_pem_private_key(private_key.read_bytes(), None)
    return pkcs12.serialize_key_and_certificates(
        nickname(peer).encode(), key, own, others, BestAvailableEncryption(_PASSWORD))  # type: ignore[arg-type]


def _uses(spec: DaemonSpec) -> bool:
    return any(peer.credentials is not None for peer in spec.peers)
