"""What is said of tunnels, each as a bound on a ratio, and whether it is so.

The founding claim: IPsec has half OpenVPN's latency. What a tunnel adds to the round trip of the bare link is what it can
answer for, so that is halved or not. And the figures that the reference is to reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .contestants.table import LIBIPSEC, NULL_CIPHER, OPENVPN, RAW, REFERENCE, WIREGUARD
from .decision import Bound, Decision, at_least, at_most
from .ratio import Ratio, ratio, ratio_of_sums

Figures = Mapping[str, Mapping[str, Sequence[float]]]  # of a contestant: of a measure: a figure a round

MEASURES = {"tcp1": "TCP, one stream", "tcp8": "TCP, eight streams", "rtt_idle_median": "idle, median",
            "rtt_idle_p99": "idle, 99th percentile", "rtt_loaded_median": "under load, median",
            "rtt_loaded_p99": "under load, 99th percentile"}


@dataclass(frozen=True)
class Statement:
    """`one`'s figure is at most or at least so many times `other`'s; of round trips what was added to those of the link."""

    one: str
    other: str
    measure: str
    bound: Bound

    @property
    def added(self) -> bool:
        return self.measure.startswith("rtt_")


@dataclass(frozen=True)
class Finding:
    statement: Statement
    ratio: Ratio | None  # None: one of them was not measured
    decision: Decision


LATENCIES = ("rtt_idle_median", "rtt_idle_p99", "rtt_loaded_median", "rtt_loaded_p99")
CLAIMANTS = (REFERENCE, LIBIPSEC)
CLAIM = tuple(Statement(one, OPENVPN, measure, at_most(0.5)) for one in CLAIMANTS for measure in LATENCIES)
GOALS = (
    *(Statement(REFERENCE, other, measure, at_least(bound)) for other, bound in ((LIBIPSEC, 12), (OPENVPN, 8), (WIREGUARD, 3),
                                                                                 (NULL_CIPHER, 0.65))
      for measure in ("tcp1", "tcp8")),
    *(Statement(REFERENCE, other, measure, at_most(bound)) for other, bound in ((OPENVPN, 0.5), (LIBIPSEC, 0.25))
      for measure in LATENCIES),
)


def judge(statements: Iterable[Statement], figures: Figures) -> list[Finding]:
    return [_judged(one, figures) for one in statements]


def _judged(statement: Statement, figures: Figures) -> Finding:
    found = _ratio(statement, figures)
    return Finding(statement, found, Decision.UNDECIDED if found is None else statement.bound.decide(found))


def _ratio(statement: Statement, figures: Figures) -> Ratio | None:
    one, other, link = (figures.get(name, {}).get(statement.measure, ()) for name in (statement.one, statement.other, RAW))
    if not one or len(one) != len(other):
        return None
    if not statement.added:
        return ratio(one, other)
    return ratio_of_sums(added(one, link), added(other, link)) if len(link) == len(one) else None


def added(figures: Sequence[float], link: Sequence[float]) -> list[float]:
    """To the link's own of the same round."""
    return [a - b for a, b in zip(figures, link)]


def overall(findings: Sequence[Finding]) -> Decision:
    """Refuted by one that does not hold; it holds when all do."""
    decisions = {one.decision for one in findings}
    if Decision.DOES_NOT_HOLD in decisions:
        return Decision.DOES_NOT_HOLD
    return Decision.HOLDS if decisions == {Decision.HOLDS} else Decision.UNDECIDED
