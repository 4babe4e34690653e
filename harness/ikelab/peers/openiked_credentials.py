"""Certificates in iked's words: it finds them in directories of its own, and what to do with them by their names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ikelab.peers.contract import PeerUnsupported
from ikelab.peers.neutral import DaemonSpec, PeerSpec

PLACE = "/etc/iked"
KEY = f"{PLACE}/private/local.key"
# What an earlier scenario of the same guest has left is nobody's any more. The package's own key comes back: iked wants
# to see one, though it signs nothing.
CLEAN = (f"mkdir -p {PLACE}/ca {PLACE}/certs {PLACE}/private; [ -e {PLACE}/package.key ] || cp -p {KEY} {PLACE}/package.key; "
         f"rm -f {PLACE}/ca/* {PLACE}/certs/* {PLACE}/private/* {PLACE}/local.pub; cp -p {PLACE}/package.key {KEY}")
# The last that iked says (-dvv) of what it has read; an IKE SA that was made before that is ended then.
READ = "updated local CERTREQ"


def words(peer: PeerSpec) -> list[str]:
    """For a policy: the shared key, or nothing, which means any signature."""
    if peer.credentials is None:
        return ["psk", peer.psk if peer.psk.startswith("0x") else "0x" + peer.psk.encode().hex()]
    return []


def check(spec: DaemonSpec) -> None:
    """iked has one key for all its peers."""
    keys = {peer.credentials.private_key.read_bytes() for peer in spec.peers
            if peer.credentials is not None and peer.credentials.private_key is not None}
    if len(keys) > 1:
        raise PeerUnsupported("iked has one private key for all peers")


def awaited(spec: DaemonSpec) -> str:
    """What stands in iked's log once it has read its certificates; "" where it has none to read."""
    return READ if any(peer.expects_signature for peer in spec.peers) else ""


def files(spec: DaemonSpec) -> Iterator[tuple[str, bytes]]:
    """What has to be in the guest."""
    signers = [peer.credentials for peer in spec.peers if peer.credentials is not None]
    for number, one in enumerate(signers, 1):
        if one.private_key is not None and one.certificate is not None:
            yield KEY, one.private_key.read_bytes()
            own, *others = blocks(one.certificate)
            yield f"{PLACE}/certs/own-{number}.crt", own
            for at, intermediate in enumerate(others, 1):
                yield f"{PLACE}/ca/intermediate-{number}-{at}.crt", intermediate
        for at, authority in enumerate(one.authorities, 1):
            yield f"{PLACE}/ca/authority-{number}-{at}.crt", authority.read_bytes()


def blocks(file: Path) -> list[bytes]:
    """The certificates of a PEM file, one by one."""
    return re.findall(b"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", file.read_bytes(), re.S)
