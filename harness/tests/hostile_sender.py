"""Sends hostile datagrams as fast as the other side takes them: random ones, and mutations of real ones.

    python3 hostile_sender.py < order.json

The order: {"seed", "count", "ways": [{"from_netns", "to_netns", "src", "dst", "material": [[port, hex], ...]}]}.
Port 0 is protocol 50. Each way gets an equal share. Answers with {"sent": {...}, "overflowed": n} on stdout, where
overflowed is what the kernel threw away before the daemon had a chance to look at it.

Source addresses and ports are those of the real peer, for the most part: whoever is not on the path can do that.
"""

from __future__ import annotations

import ctypes
import json
import random
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CLONE_NEWNET = 0x40000000
BURST = 32
QUEUED_MAX = 64 * 1024  # octets of the kernel's account, far below the daemon's receive buffers
TAKEN_WITHIN_S = 20.0
EXCHANGES = (34, 35, 36, 37, 38, 43, 0, 255)
PAYLOADS = (0, *range(33, 54), 1, 255)

_libc = ctypes.CDLL(None, use_errno=True)


def enter(netns: str) -> None:
    with open(Path("/run/netns") / netns) as there:
        if _libc.setns(there.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {netns}")


@dataclass
class Way:
    """One direction: a raw socket at its beginning, and the receiving sockets' state at its end."""

    sender: socket.socket
    to_netns: str
    source: bytes
    target: str
    material: list[tuple[int, bytes]]

    def send(self, port: int, octets: bytes, source_port: int) -> None:
        if port:
            octets = struct.pack("!HHHH", source_port, port, 8 + len(octets), 0) + octets
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(octets), 0, 0, 64, 17 if port else 50, 0,
                             self.source, socket.inet_aton(self.target))
        self.sender.sendto(header + octets, (self.target, 0))


def queued(ports: set[int]) -> tuple[int, int]:
    """Octets that wait at IKE's and ESP's sockets of the namespace this thread is in, and datagrams dropped there."""
    waiting = dropped = 0
    for name in ("udp", "raw"):
        for line in Path(f"/proc/thread-self/net/{name}").read_text().splitlines()[1:]:
            words = line.split()
            if int(words[1].rpartition(":")[2], 16) in ports:
                waiting += int(words[4].rpartition(":")[2], 16)
                dropped += int(words[-1])
    return waiting, dropped


class Mutator:
    """Everything follows from the seed and the material."""

    def __init__(self, seed: int, material: list[tuple[int, bytes]]):
        self.random = random.Random(seed)
        self.material = material
        self.by_kind = {"random": self.noise, "chain": self.chain, "replayed": self.replay, "mutated": self.mutate}

    def endless(self) -> Iterator[tuple[str, int, bytes, int]]:
        """Kind, port, octets, source port."""
        kinds = random.Random(self.random.random()).choices
        names = list(self.by_kind)
        while True:
            for kind in kinds(names, (10, 20, 10, 60), k=256):
                port, octets = self.by_kind[kind]()
                own = self.random.random() < 0.1
                yield kind, port, octets[:1400], self.random.randrange(1, 65536) if own else port

    def noise(self) -> tuple[int, bytes]:
        length = int(1400 * self.random.random() ** 3)
        return self.random.choice((500, 4500, 0)), self.random.randbytes(length)

    def replay(self) -> tuple[int, bytes]:
        return self.random.choice(self.material)

    def chain(self) -> tuple[int, bytes]:
        """A header that is nearly right before payloads that nearly are."""
        pick = self.random
        first = kind = pick.choice(PAYLOADS)
        body = bytearray()
        for _ in range(pick.randrange(12)):
            follows = pick.choice(PAYLOADS)
            content = pick.randbytes(pick.choice((0, 1, 4, 8, 16, 32, 64)))
            length = 4 + len(content) if pick.random() < 0.8 else pick.randrange(65536)
            body += struct.pack("!BBH", follows, pick.choice((0, 0, 0, 0x80)), length) + content
            kind = follows
        port, real = pick.choice(self.material)
        real = real[4:] if port == 4500 else real
        spis = real[:16] if pick.random() < 0.5 and len(real) >= 28 else pick.randbytes(8) + bytes(8)
        length = 28 + len(body) + pick.choice((0, 0, 0, 0, 1, -1, 1000))
        header = spis + struct.pack("!BBBBII", first, pick.choice((0x20, 0x20, 0x20, 0x21, 0x30, 0)),
                                    pick.choice(EXCHANGES), pick.choice((0x08, 0x20, 0x28, 0, 0xff)),
                                    pick.choice((0, 1, 2, 3, 4, 0xffffffff)), max(0, length))
        port = pick.choice((500, 4500))
        return port, (bytes(4) if port == 4500 else b"") + header + body

    def mutate(self) -> tuple[int, bytes]:
        port, octets = self.random.choice(self.material)
        changed = bytearray(octets)
        for _ in range(self.random.choice((1, 1, 1, 2, 3, 8))):
            self._once(changed)
        return port, bytes(changed)

    def _once(self, octets: bytearray) -> None:
        pick = self.random
        if not octets:
            return
        at = pick.randrange(len(octets)) if pick.random() < 0.5 else pick.randrange(min(len(octets), 80))
        what = pick.randrange(7)
        if what == 0:
            octets[at] ^= 1 << pick.randrange(8)
        elif what == 1:
            octets[at] = pick.choice((0, 1, 0x7f, 0x80, 0xff))
        elif what == 2:
            del octets[at:]
        elif what == 3:
            octets += pick.randbytes(pick.randrange(1, 64))
        elif what == 4:
            octets[at:at] = octets[at:at + pick.randrange(1, 64)]
        elif what == 5:
            del octets[at:at + pick.randrange(1, 16)]
        else:
            octets[at:at + 2] = struct.pack("!H", pick.choice((0, 1, 3, 4, 8, 0x7fff, 0x8000, 0xffff)))


def storm(way: Way, seed: int, count: int, sent: Counter[str]) -> int:
    """Sends count datagrams; the number that overflowed."""
    enter(way.to_netns)
    source = Mutator(seed, way.material).endless()
    ports = {500, 4500, 50}
    _, before = queued(ports)
    for number in range(count):
        kind, port, octets, source_port = next(source)
        way.send(port, octets, source_port)
        sent[kind] += 1
        if number % BURST == 0:
            await_room(ports)
    await_room(ports, 0)
    return queued(ports)[1] - before


def await_room(ports: set[int], most: int = QUEUED_MAX) -> None:
    end = time.monotonic() + TAKEN_WITHIN_S
    while queued(ports)[0] > most:
        if time.monotonic() > end:
            raise SystemExit(f"the daemon has not taken its datagrams within {TAKEN_WITHIN_S:g} s")
        time.sleep(0.0002)


def main() -> None:
    order = json.load(sys.stdin)
    ways = []
    for one in order["ways"]:
        enter(one["from_netns"])
        sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        material = [(port, bytes.fromhex(text)) for port, text in one["material"]]
        ways.append(Way(sender, one["to_netns"], socket.inet_aton(one["src"]), one["dst"], material))
    sent: Counter[str] = Counter()
    overflowed = sum(storm(way, order["seed"] + index, order["count"] // len(ways), sent)
                     for index, way in enumerate(ways))
    print(json.dumps({"sent": sent, "overflowed": overflowed}))


if __name__ == "__main__":
    main()
