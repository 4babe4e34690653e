"""What a guest's kernel counted while a peer lived in it: a packet that reached the guest and went no further is in one
of these figures, and in no capture."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

XFRM_STAT, SNMP = "/proc/net/xfrm_stat", "/proc/net/snmp"
FILE = "kernel.txt"  # among the peer's artefacts


class Readable(Protocol):
    def read(self, path: str) -> bytes: ...


class Counters:
    """From now on. Guests go from one play to the next, so only the rise says anything."""

    def __init__(self, guest: Readable) -> None:
        self._guest = guest
        self._before = _read(guest)

    def risen(self) -> dict[str, int]:
        return {name: now - self._before.get(name, 0) for name, now in _read(self._guest).items()
                if now != self._before.get(name, 0)}

    def write(self, directory: Path) -> None:
        (directory / FILE).write_text("".join(f"{name:32} {count}\n" for name, count in self.risen().items()))


def _read(guest: Readable) -> dict[str, int]:
    found = {}
    for line in guest.read(XFRM_STAT).decode().splitlines():
        name, count = line.split()
        found[name] = int(count)
    lines = [line.split() for line in guest.read(SNMP).decode().splitlines()]
    for names, counts in zip(lines[::2], lines[1::2], strict=False):  # "Ip: Forwarding DefaultTTL ..." over "Ip: 1 64 ..."
        found |= {names[0].rstrip(":") + name: int(count) for name, count in zip(names[1:], counts[1:], strict=False)}
    return found
