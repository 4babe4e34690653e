"""What a daemon weighs after so many cases, and whether it grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GROWTH_KIB = 2048  # of what an allocator, a log and half-open IKE SAs may take beyond that
GROWTH_OCTETS = 64  # more for each case: leaks of a page per hundred cases are found by a larger budget
LATER_SHARE = 4  # a fourth of the growth and more is in the later half of the cases


@dataclass(slots=True, frozen=True)
class Memory:
    start: int  # of the daemon, by number
    played: int  # cases until then
    kib: int


def grew(memory: Sequence[Memory]) -> str:
    """By how much, in words; "" where it did not. What an allocator keeps for each thread is taken once and for all: memory
    grows that grew in the later half as well."""
    if len(memory) < 2:
        return ""
    first, last = memory[0], memory[-1]
    half = [one for one in memory if one.played * 2 <= first.played + last.played][-1]
    count = last.played - first.played
    whole, later = last.kib - first.kib, last.kib - half.kib
    if whole <= GROWTH_KIB + count * GROWTH_OCTETS // 1024 or later * LATER_SHARE < whole:
        return ""
    return f"by {whole} KiB in {count} cases, {later} of them in the later half"
