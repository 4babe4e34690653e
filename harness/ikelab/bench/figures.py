"""What of a run goes into the history: the figures of the reference, and of its controls."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from .claim import Figures, added
from .contestants.table import NULL_CIPHER, RAW, REFERENCE
from .counts import METRICS, Counts
from .crowd import Memory, Storm
from .daemon_calls import Calls
from .handshake import Play
from .history import LESS, MORE, Figure
from .ratio import ratio
from .tunnel import Cost, Stream

GATED = ("own", "own+copies", "allocations", "library_calls", "library")  # of counts.METRICS
CONTEST = {  # of a contestant: unit, and what is better
    "tcp1": ("Mbit/s", MORE), "tcp8": ("Mbit/s", MORE), "ns_per_octet": ("ns", LESS), "wake_ups": ("", LESS), "calls": ("", LESS),
    "udp64": ("packets/s", MORE), "udp512": ("packets/s", MORE), "udp1400": ("packets/s", MORE),
    **{f"rtt_{when}_{what}": ("us", LESS) for when in ("idle", "loaded") for what in ("min", "median", "p99")}}


def gate(cases: Mapping[str, Counts], calls: Mapping[str, Calls]) -> list[Figure]:
    """Of each operation; and of a daemon for each piece of work, exactly."""
    return [*_instructions(cases), *(Figure(f"{name} calls", sum(one.values()), "system calls", LESS, 0.0) for name, one in calls.items())]


def _instructions(cases: Mapping[str, Counts]) -> list[Figure]:
    return [Figure(f"{name} {metric.name}", round(metric.of(counts) / counts.operations, 3), metric.what, LESS, metric.tolerance)
            for name, counts in cases.items() for metric in METRICS if metric.name in GATED]


def tunnel(name: str, streams: Sequence[Stream], control: Sequence[float], cost: Cost) -> list[Figure]:
    mbit = [one.mbit for one in streams]
    found = [Figure(f"{name} Mbit/s", statistics.median(mbit), "Mbit/s", MORE),
             Figure(f"{name} ns/octet", statistics.median(one.ns_per_octet for one in streams), "ns", LESS),
             Figure(f"{name} octets/wake-up", cost.octets_per_wake_up, "octets", MORE)]
    if min(*mbit, *control) > 0:
        found.append(Figure(f"{name} of raw", ratio(mbit, control).mean, "", MORE))
    if cost.calls_per_packet is not None:
        found.append(Figure(f"{name} calls/packet", cost.calls_per_packet, "", LESS))
    return found


def raw(control: Sequence[float]) -> Figure:
    return Figure("raw Mbit/s", statistics.median(control), "Mbit/s", MORE, control=True)


def contest(figures: Figures) -> list[Figure]:
    """Medians over the rounds; of round trips also what the tunnel adds to the link's of the same round, and of streams what
    the cipher leaves. The others of a contest are no part of the reference."""
    found = [Figure(f"{name} {measure}", statistics.median(values), *CONTEST[measure], control=name == RAW)
             for name in (REFERENCE, NULL_CIPHER, RAW) for measure, values in figures.get(name, {}).items()]
    own, link, null = (figures.get(name, {}) for name in (REFERENCE, RAW, NULL_CIPHER))
    for measure, values in own.items():
        if measure.startswith("rtt_") and len(link.get(measure, ())) == len(values):
            found.append(Figure(f"{REFERENCE} {measure} added", statistics.median(added(values, link[measure])), "us", LESS))
        if measure in ("tcp1", "tcp8") and len(beside := null.get(measure, ())) == len(values) and min(*values, *beside) > 0:
            found.append(Figure(f"{REFERENCE} {measure} of {NULL_CIPHER}", ratio(values, beside).mean, "", MORE))
    return found


def handshake(name: str, plays: Sequence[Play]) -> list[Figure]:
    """Of the reference as the responder; `name`: the way."""
    found = [Figure(f"{name} each s", statistics.median(one.load.per_second for one in plays), "", MORE),
             *(Figure(f"{name} {what}", statistics.median(one.load.latency_us[what] for one in plays), "us", LESS)
               for what in ("median", "p99"))]
    cpu = [one.per_processor_s for one in plays if one.per_processor_s]
    return found + ([Figure(f"{name} each s of cpu", statistics.median(cpu), "", MORE)] if cpu else [])


def crowd(one: Memory | Storm, suite: str) -> list[Figure]:
    """The heap is counted, but for some octets of malloc's own; processor time scatters."""
    if isinstance(one, Storm):
        name = f"crowd of {one.pairs}, {one.kind} rekeys, jitter {one.jitter}"
        return [Figure(name, one.cpu_ns / 1000 / max(one.rekeyed, 1), "us each", LESS)]
    return [Figure(f"crowd of {one.pairs}, {suite}, {when}", held.worse, "octets a pair", LESS, tolerance=0.01)
            for when, held in (("in use", one.used), ("idle", one.idle))]
