"""The table of contestants: one line each."""

from __future__ import annotations

from dataclasses import dataclass

from .contract import Contestant
from .libipsec import Libipsec
from .openvpn import OpenVpn
from .raw import Raw
from .references import HostKernel, NullCipher, OnePacket, Ours
from .wireguard import WireGuardGo


@dataclass(frozen=True)
class Line:
    name: str
    kind: type[Contestant]
    what: str
    by_default: bool = True


RAW, REFERENCE, NULL_CIPHER, LIBIPSEC, OPENVPN, WIREGUARD = (
    "raw", "reference", "null-cipher", "libipsec", "openvpn", "wireguard-go")

TABLE = (
    Line(RAW, Raw, "the veth link alone: control"),
    Line(NULL_CIPHER, NullCipher, "the reference, its cipher's calls do nothing: control"),
    Line(REFERENCE, Ours, "ESP in UDP, AES-128-GCM, in the daemon"),
    Line("one-packet", OnePacket, "the same with offload = off: a packet, a call", False),
    Line(LIBIPSEC, Libipsec, "strongSwan, ESP in UDP, AES-128-GCM, in the daemon"),
    Line(OPENVPN, OpenVpn, "UDP, AES-128-GCM, in the daemon"),
    Line(WIREGUARD, WireGuardGo, "UDP, ChaCha20-Poly1305, in the daemon"),
    Line("xfrm", HostKernel, "ESP in UDP, AES-128-GCM, in this machine's kernel"),
)
NAMES = tuple(line.name for line in TABLE)


def line(name: str) -> Line:
    """Raises KeyError with the names there are."""
    for one in TABLE:
        if one.name == name:
            return one
    raise KeyError(f"there is no contestant {name}; there are: {', '.join(NAMES)}")
