"""Changes to octets of any length, drawn before the octets are known: places are fractions."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

EDGES = (0, 1, 3, 4, 7, 8, 0x7F, 0x80, 0xFE, 0xFF)
LENGTHS = (0, 1, 2, 3, 4, 5, 7, 8, 11, 12, 0x7F, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF)
LARGEST = 60000  # of what still fits into a datagram


@dataclass(slots=True, frozen=True)
class Change:
    words: str
    function: Callable[[bytes], bytes]

    def __call__(self, octets: bytes) -> bytes:
        return self.function(octets)[:LARGEST]

    def from_octet(self, first: int) -> Change:
        """The same, but that so many octets stay as they are."""
        return Change(f"{self.words} behind octet {first}", lambda octets: octets[:first] + self(octets[first:]))


def change(pick: Random, most: int = 3) -> Change:
    """One to `most` changes, one after the other."""
    several = [_one(pick) for _ in range(pick.randint(1, most))]

    def apply(octets: bytes) -> bytes:
        for one in several:
            octets = one(octets)
        return octets

    return Change(", ".join(one.words for one in several), apply)


def _one(pick: Random) -> Change:
    where, what = pick.random() ** 1.5, pick.randrange(7)
    at = lambda octets: int(where * len(octets))  # noqa: E731
    place = f"at {where:.3f}"
    if what == 0:
        bit = pick.randrange(8)
        return Change(f"bit {bit} {place}", lambda o: o and o[:at(o)] + bytes([o[at(o)] ^ 1 << bit]) + o[at(o) + 1 :])
    if what == 1:
        value = pick.choice(EDGES)
        return Change(f"octet {value} {place}", lambda o: o and o[:at(o)] + bytes([value]) + o[at(o) + 1 :])
    if what == 2:
        pair = struct.pack(">H", number := pick.choice(LENGTHS))
        return Change(f"pair {number} {place}", lambda o: o[:at(o)] + pair + o[at(o) + 2 :])
    if what == 3:
        return Change(f"cut {place}", lambda o: o[:at(o)])
    if what == 4:
        more = pick.randbytes(pick.choice((1, 2, 4, 31, 256)))
        return Change(f"{len(more)} octets more {place}", lambda o: o[:at(o)] + more + o[at(o) :])
    count = pick.choice((1, 2, 4, 8, 40))
    if what == 5:
        return Change(f"{count} octets less {place}", lambda o: o[:at(o)] + o[at(o) + count :])
    return Change(f"{count} octets twice {place}", lambda o: o[: at(o) + count] + o[at(o) :])
