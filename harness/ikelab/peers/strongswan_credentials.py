"""Certificates in strongSwan's words: plugins, and VICI messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ikelab.peers.neutral import DaemonSpec, PeerSpec

# To read PEM, keys and certificates, and to hold a chain to RFC 5280. Loaded only where they are needed.
PLUGINS = "x509 constraints pubkey pkcs1 pkcs8 pem"

Request = tuple[str, dict[str, object]]  # a command of VICI and its message


def plugins(spec: DaemonSpec) -> str:
    """What has to be loaded beside what a daemon with shared keys needs."""
    methods = {eap.method for peer in spec.peers if (eap := peer.eap or peer.expects_eap) is not None}
    found = [PLUGINS] if any(peer.credentials is not None for peer in spec.peers) else []
    found += ["curl"] if any(peer.certificate_base for peer in spec.peers) else []
    return " ".join([*found, *(["eap-identity"] if methods else []), *(f"eap-{one}" for one in sorted(methods))])


def authentication(peer: PeerSpec) -> tuple[dict[str, object], dict[str, object]]:
    """How each side of a connection proves itself; identities are the caller's."""
    local: dict[str, object] = {"auth": "pubkey" if peer.signs else "psk"}
    remote: dict[str, object] = {"auth": "pubkey" if peer.expects_signature else "psk"}
    if (eap := peer.eap or peer.expects_eap) is not None:
        own, other = (local, remote) if peer.eap is not None else (remote, local)
        own["auth"] = f"eap-{eap.method}"
        if eap.user:
            own["eap_id"] = eap.user if peer.eap is not None else "%any"
        if eap.alone:
            other["auth"] = f"eap-{eap.method}"
    if peer.credentials is not None:
        if peer.credentials.certificate is not None:
            local["certs"] = certificates(peer.credentials.certificate)[:1]
        if peer.expects_signature:
            remote["cacerts"] = [file.read_text() for file in peer.credentials.authorities]
    return local, remote


def requests(peer: PeerSpec) -> Iterator[Request]:
    """What has to be loaded before the connection: passwords, its key, and the intermediates, which nobody trusts for
    that."""
    if (eap := peer.eap or peer.expects_eap) is not None and eap.method != "tls":
        user = eap.user or (peer.local_id if peer.eap is not None else peer.remote_id)
        yield "load-shared", {"id": f"{peer.name}-eap", "type": "EAP", "data": eap.password, "owners": [user]}
    credentials = peer.credentials
    if credentials is None:
        return
    if credentials.private_key is not None:
        yield "load-key", {"type": "any", "data": credentials.private_key.read_text()}
    if credentials.certificate is not None:
        for one in certificates(credentials.certificate)[1:]:
            yield "load-cert", {"type": "X509", "flag": "NONE", "data": one}
    for file in credentials.authorities:
        yield "load-cert", {"type": "X509", "flag": "CA", "data": file.read_text()}
        if peer.certificate_base:  # of what this authority has issued, and in the lab it has issued our own as well
            yield "load-authority", {peer.name: {"cacert": file.read_text(), "cert_uri_base": peer.certificate_base}}


def certificates(file: Path) -> list[str]:
    """The PEM blocks of a file."""
    return re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", file.read_text(), re.S)
