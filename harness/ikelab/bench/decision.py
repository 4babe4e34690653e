"""Whether something that was said of a ratio is so, as far as its interval can tell."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .ratio import Ratio


class Decision(StrEnum):
    HOLDS = "holds"
    DOES_NOT_HOLD = "does not hold"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Bound:
    """At most, or at least, so much."""

    value: float
    at_most: bool

    def decide(self, found: Ratio) -> Decision:
        """The whole interval has to lie on one side."""
        if not found.bounded:
            return Decision.UNDECIDED
        below, above = found.high <= self.value, found.low >= self.value
        if self.at_most:
            below_is, above_is = Decision.HOLDS, Decision.DOES_NOT_HOLD
        else:
            below_is, above_is = Decision.DOES_NOT_HOLD, Decision.HOLDS
        return below_is if below else above_is if above else Decision.UNDECIDED

    def __str__(self) -> str:
        return f"{'at most' if self.at_most else 'at least'} {self.value:g}"


def at_most(value: float) -> Bound:
    return Bound(value, True)


def at_least(value: float) -> Bound:
    return Bound(value, False)
