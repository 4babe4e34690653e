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
    """The mean over the rounds, and the bounds of its 95 % interval; infinite ones where nothing is known of it."""

    mean: float
    low: float
    high: float

    @property
    def bounded(self) -> bool:
        return math.isfinite(self.low) and math.isfinite(self.high)

    def __str__(self) -> str:
        if self.bounded:
            return f"{_said(self.mean)} (95 %: {_said(self.low)} to {_said(self.high)})"
        why = "no bounds: what it is divided by may be zero" if self.low < 0 else "one round: nothing is known of its spread"
        return f"{_said(self.mean)} ({why})"


def _said(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 10_000 else f"{value:.0e}"


def ratio(one: Sequence[float], other: Sequence[float]) -> Ratio:
    """Of `one` to `other`, whose items of the same place were played one after the other: the geometric mean."""
    if len(one) != len(other) or not one or min(*one, *other) <= 0:
        raise ValueError("a ratio needs as many figures of the one as of the other, at least one, and all above zero")
    logs = [math.log(a / b) for a, b in zip(one, other)]
    mean = statistics.fmean(logs)
    if len(logs) == 1:
        return Ratio(math.exp(mean), 0.0, math.inf)
    half = _student(len(logs)) * statistics.stdev(logs) / math.sqrt(len(logs))
    return Ratio(math.exp(mean), math.exp(mean - half), math.exp(mean + half))


def ratio_of_sums(one: Sequence[float], other: Sequence[float]) -> Ratio:
    """The same of figures that may lie about zero, such as differences: the ratio of their means, with the interval of
    Fieller's theorem (E. C. Fieller, 1954). Where `other` cannot be told from zero, it has no bounds."""
    if len(one) != len(other) or not one:
        raise ValueError("a ratio needs as many figures of the one as of the other, and at least one")
    count, a, b = len(one), statistics.fmean(one), statistics.fmean(other)
    mean = a / b if b else math.nan
    if count == 1:
        return Ratio(mean, 0.0, math.inf)
    t2 = _student(count) ** 2 / count
    var_a, var_b, both = statistics.variance(one), statistics.variance(other), statistics.covariance(one, other)
    # The ratios r for which a - r b cannot be told from zero: (a - r b)^2 <= t2 (var_a - 2 r both + r^2 var_b).
    square, linear, constant = b * b - t2 * var_b, a * b - t2 * both, a * a - t2 * var_a
    if square <= 0:
        return Ratio(mean, -math.inf, math.inf)
    root = math.sqrt(max(linear * linear - square * constant, 0.0))
    return Ratio(mean, (linear - root) / square, (linear + root) / square)


def _student(count: int) -> float:
    return _T[min(count - 1, len(_T) - 1)]
