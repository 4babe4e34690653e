"""How much faster one is than the other, from plays side by side: on a shared machine the only time that says anything."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

# Student's t at 97.5 % by degrees of freedom, so that the interval holds the ratio 95 times in 100.
_T = (math.nan, 12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.10,
      2.09, 2.09, 2.08, 2.07, 2.07, 2.06, 2.06, 2.06, 2.05, 2.05, 2.05)


@dataclass(frozen=True)
class Ratio:
    """The geometric mean over the rounds, and the bounds of its 95 % interval; infinite ones of a single round."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        if math.isinf(self.high):
            return f"{self.mean:.2f} (one round: nothing is known of its spread)"
        return f"{self.mean:.2f} (95 %: {self.low:.2f} to {self.high:.2f})"


def ratio(one: Sequence[float], other: Sequence[float]) -> Ratio:
    """Of `one` to `other`, whose items of the same place were played one after the other."""
    if len(one) != len(other) or not one or min(*one, *other) <= 0:
        raise ValueError("a ratio needs as many figures of the one as of the other, at least one, and all above zero")
    logs = [math.log(a / b) for a, b in zip(one, other)]
    mean = statistics.fmean(logs)
    if len(logs) == 1:
        return Ratio(math.exp(mean), 0.0, math.inf)
    t = _T[min(len(logs) - 1, len(_T) - 1)]
    half = t * statistics.stdev(logs) / math.sqrt(len(logs))
    return Ratio(math.exp(mean), math.exp(mean - half), math.exp(mean + half))
