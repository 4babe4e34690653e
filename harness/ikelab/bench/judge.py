"""Counts held against others: what has become worse, what better, and what could not be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .baseline import Baseline
from .counts import METRICS, Counts, Metric


class Kind(StrEnum):
    WORSE = "worse"
    BETTER = "better"
    NEW = "new"  # not in the baseline
    GONE = "gone"  # in the baseline alone
    OTHER = "other"  # it does another number of operations now


SYSTEM_CALLS = Metric("system_calls", "system calls of the daemon", ())
WAKE_UPS = Metric("wake_ups", "wake-ups of the daemon", ())
WAIT = "epoll_wait"

FAILING = frozenset({Kind.WORSE, Kind.NEW, Kind.GONE, Kind.OTHER})


@dataclass(frozen=True)
class Finding:
    kind: Kind
    case: str
    metric: Metric | None = None
    before: int = 0
    after: int = 0
    detail: str = ""

    def __str__(self) -> str:
        if self.kind is Kind.NEW:
            return f"new: {self.case} is not in the baseline"
        if self.kind is Kind.GONE:
            return f"gone: {self.case} is in the baseline, and no longer played"
        if self.kind is Kind.OTHER:
            return f"other: {self.case} does {self.after} operations, {self.before} in the baseline"
        assert self.metric is not None
        return f"{self.kind}: {self.case}: {self.metric.what}: {self.before:,} -> {self.after:,}{self._share()}{self.detail}"

    def _share(self) -> str:
        return f" ({100 * (self.after / self.before - 1):+.1f} %)" if self.before else ""


@dataclass
class Judgement:
    findings: list[Finding] = field(default_factory=list)
    not_compared: list[str] = field(default_factory=list)  # metrics, each with the reason

    @property
    def failed(self) -> list[Finding]:
        return [one for one in self.findings if one.kind in FAILING]

    @property
    def failed_cases(self) -> set[str]:
        return {one.case for one in self.failed}


def judge(before: Mapping[str, Counts], before_built: Mapping[str, str], after: Mapping[str, Counts],
          after_built: Mapping[str, str]) -> Judgement:
    found = Judgement()
    metrics = []
    for metric in METRICS:
        other = [key for key in metric.same if before_built[key] != after_built[key]]
        if other:
            differs = ", ".join(f"{key} {before_built[key]} there, {after_built[key]} here" for key in other)
            found.not_compared.append(f"{metric.what}: {differs}")
        else:
            metrics.append(metric)
    for name in [*after, *(name for name in before if name not in after)]:
        found.findings += _of_case(name, before.get(name), after.get(name), metrics)
    return found


def _of_case(name: str, before: Counts | None, after: Counts | None, metrics: Iterable[Metric]) -> list[Finding]:
    if before is None:
        return [Finding(Kind.NEW, name)]
    if after is None:
        return [Finding(Kind.GONE, name)]
    if before.operations != after.operations:
        return [Finding(Kind.OTHER, name, None, before.operations, after.operations)]
    found = [Finding(kind, name, metric, metric.of(before), metric.of(after)) for metric in metrics
             for kind, one, two in ((Kind.WORSE, before, after), (Kind.BETTER, after, before)) if metric.exceeds(one, two)]
    if any(one.metric and one.metric.name == "own" for one in found):  # it says the same, and more exactly
        found = [one for one in found if one.metric and one.metric.name != "own+copies"]
    return found


def judge_calls(before: Mapping[str, Mapping[str, int]], after: Mapping[str, Mapping[str, int]]) -> list[Finding]:
    """Of the daemon: they are exact, so one more is worse."""
    found = []
    for name in [*after, *(name for name in before if name not in after)]:
        if name not in before or name not in after:
            found.append(Finding(Kind.NEW if name in after else Kind.GONE, name))
            continue
        for metric, was, now in ((SYSTEM_CALLS, sum(before[name].values()), sum(after[name].values())),
                                 (WAKE_UPS, before[name].get(WAIT, 0), after[name].get(WAIT, 0))):
            if was != now:
                kind = Kind.WORSE if now > was else Kind.BETTER
                found.append(Finding(kind, name, metric, was, now, _other_calls(before[name], after[name])))
    return found


def _other_calls(before: Mapping[str, int], after: Mapping[str, int]) -> str:
    """": +1 write, -2 readv"."""
    by = {name: after.get(name, 0) - before.get(name, 0) for name in {*before, *after}}
    return ": " + ", ".join(f"{by[name]:+d} {name}" for name in sorted(by) if by[name])


def updated(old: Baseline | None, cases: Mapping[str, Counts], built: Mapping[str, str], update: tuple[str, str],
            calls: Mapping[str, Mapping[str, int]] | None = None) -> Baseline:
    """`calls`: None where nobody could count them; then those of the old one stay. The baseline to come. What is within the tolerance stays as it is, or many small steps would go unseen; all is
    written anew where the numbers are of another compiler's or library's."""
    held = {name: dict(one) for name, one in calls.items()} if calls is not None else dict(old.calls) if old else {}
    if old is None or dict(old.built) != dict(built):
        return Baseline(dict(built), dict(cases), [*(old.updates if old else []), update], held)
    touched = {one.case for one in judge(old.cases, old.built, cases, built).findings}
    kept = {name: counts if name in touched else old.cases[name] for name, counts in cases.items()}
    return Baseline(dict(built), kept, [*old.updates, update], held)
