"""Somebody who asks for an IKE SA and never comes back: what a responder under load has many of (RFC 7296 2.6)."""

from __future__ import annotations

import os
import select
import socket
import struct

from ..topology.host import Host
from ..topology.plan import family_of
from ..wire.ike import FLAG_INITIATOR, HEADER
from ..wire.registry import Exchange, PayloadType, Protocol, TransformType

ANSWER_S = 2.0
# AES-GCM-16 with 256 bits, PRF-HMAC-SHA2-256, X25519: type, number, key length.
TRANSFORMS = ((TransformType.ENCR, 20, 256), (TransformType.PRF, 5, 0), (TransformType.KE, 31, 0))
X25519 = 31


def knock(host: Host, target: str, port: int = 500) -> bytes | None:
    """Sends one IKE_SA_INIT from that host, and returns what is answered, if anything is."""
    return host.call(_knock, target, port)


def _knock(target: str, port: int) -> bytes | None:
    family = socket.AF_INET6 if family_of(target) == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.sendto(ike_sa_init(), (target, port))
        if not select.select([sock], [], [], ANSWER_S)[0]:
            return None
        return sock.recv(65535)


def ike_sa_init() -> bytes:
    """SA KE Ni: whole and in order, with a public value that nobody has the private one of."""
    transforms = b"".join(_transform(*one, last=one is TRANSFORMS[-1]) for one in TRANSFORMS)
    proposal = struct.pack(">BBHBBBB", 0, 0, 8 + len(transforms), 1, Protocol.IKE, 0, len(TRANSFORMS)) + transforms
    chain = (_payload(PayloadType.KE, proposal)
             + _payload(PayloadType.NONCE, struct.pack(">HH", X25519, 0) + os.urandom(32))
             + _payload(PayloadType.NONE, os.urandom(32)))
    return HEADER.pack(os.urandom(8), bytes(8), PayloadType.SA, 0x20, Exchange.IKE_SA_INIT, FLAG_INITIATOR, 0,
                       HEADER.size + len(chain)) + chain


def _transform(kind: int, number: int, key_length: int, *, last: bool) -> bytes:
    attributes = struct.pack(">HH", 0x800E, key_length) if key_length else b""
    return struct.pack(">BBHBBH", 0 if last else 3, 0, 8 + len(attributes), kind, 0, number) + attributes


def _payload(following: int, body: bytes) -> bytes:
    return struct.pack(">BBH", following, 0, 4 + len(body)) + body
