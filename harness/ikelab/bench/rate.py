"""How many packets a second get through without loss: bisection, in so many steps and no more."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

LOSS_MAX = 0.001  # what one hiccup of a shared machine costs, and no queue that runs over
SLOW_MAX = 0.05  # a sender that is held up has been told that there is no more room
LOST_CLEARLY, HELD_CLEARLY = 0.1, 0.5  # so much is no hiccup
FIRST_TRIES = 5  # who does not carry the lowest rate has no figure at all
LOWEST, HIGHEST = 1_000.0, 1_000_000.0
STEPS = 7  # what is found lies within 6 % below what there is


@dataclass(frozen=True)
class Load:
    """What was sent in how long, and what of it arrived."""

    sent: int
    received: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.sent / self.seconds

    def carried(self, wanted: float) -> bool:
        """All of it arrived, and as many a second as were to be sent."""
        return self.sent > 0 and self.received >= self.sent * (1 - LOSS_MAX) and self.rate >= wanted * (1 - SLOW_MAX)


def lossless(play: Callable[[float], Load], lowest: float = LOWEST, highest: float = HIGHEST, steps: int = STEPS) -> float | None:
    """Packets a second, of the highest rate that was carried; None: not even the lowest. The highest itself is not tried."""
    first = next((found for found in map(play, [lowest] * FIRST_TRIES) if found.carried(lowest)), None)
    if first is None:
        return None
    best = first.rate
    low, high = math.log(lowest), math.log(highest)
    for _ in range(steps):
        middle = (low + high) / 2
        found = _carried(play, math.exp(middle))
        if found is not None:
            low, best = middle, found.rate
        else:
            high = middle
    return best


def _carried(play: Callable[[float], Load], wanted: float) -> Load | None:
    """None: it was not, and not by a hair, which is tried again: one hiccup early on would decide the whole search."""
    for _ in range(2):
        found = play(wanted)
        if found.carried(wanted):
            return found
        if found.received < found.sent * (1 - LOST_CLEARLY) or found.rate < wanted * (1 - HELD_CLEARLY):
            return None
    return None
