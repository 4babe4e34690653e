"""Interface settings that `ip` cannot make: checksum and segmentation offload, and carrier."""

from __future__ import annotations

import array
import fcntl
import socket
import struct

SIOCETHTOOL = 0x8946
SIOCGIFFLAGS = 0x8913
IFF_RUNNING = 0x40
# ethtool's one-value commands: receive and transmit checksums, TSO, GSO, GRO.
ETHTOOL_SETTERS = {"tx": 0x17, "tso": 0x1F, "gso": 0x24, "gro": 0x2C}


def _request(name: str) -> bytes:
    return name.encode().ljust(16, b"\0")


def offload_off(names: list[str]) -> None:
    """Frames then cross the link as they would cross a cable: whole checksums, MTU-sized packets.

    Captures can be judged by their checksums, and the relay may forward what it reads. Runs inside
    the namespace."""
    _set(names, list(ETHTOOL_SETTERS.values()), 0)


def offload_on(names: list[str]) -> None:
    """As network cards do it: large packets cross the link whole, as if cut and joined on the way, and nobody
    computes a checksum. For measurements; runs inside the namespace."""
    _set(names, [ETHTOOL_SETTERS[name] for name in ("tx", "tso", "gso")], 1)


def _set(names: list[str], commands: list[int], wanted: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for name in names:
            for command in commands:
                value = array.array("B", struct.pack("II", command, wanted))
                address, _ = value.buffer_info()
                try:
                    fcntl.ioctl(sock, SIOCETHTOOL, _request(name) + struct.pack("P", address))
                except OSError:
                    continue  # this kernel's veth has no such offload: it is off


def running(names: list[str]) -> bool:
    """Whether all of these have a carrier at both ends; runs inside the namespace."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for name in names:
            answer = fcntl.ioctl(sock, SIOCGIFFLAGS, _request(name) + bytes(24))
            if not struct.unpack_from("H", answer, 16)[0] & IFF_RUNNING:
                return False
    return True
