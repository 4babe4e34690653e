"""What went otherwise, in one line, from the decoded packets: for a reader of a red cell, never for a verdict.

A scenario fails by what it asserts; the cause is the first thing in the capture that explains it. Candidates are taken
in the order of time, the first two are told: a request that nobody answered, an answer that refuses, ESP on an SA
that is still being made, ESP to which nothing came back. What the scenario itself ordered is none: silence of a peer that it has killed, for one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..wire import ike
from .annotate import Event, Trace

TOLD_MAX = 2
COPIES_MIN = 2  # a request that set out once, shortly before the end, may just have had no time
LONG_NS = 2 * 10**9
PACKETS_MIN = 3
SILENCE_NS = 300 * 10**6  # a flow's last packets have nothing to come back
# Answers that are steps of an exchange that goes on: not a refusal.
STEPS = ("INVALID_KE_PAYLOAD",)
SILENT, TALKING = ("is killed", "ends in good order"), ("starts again",)


@dataclass(slots=True, frozen=True)
class Candidate:
    time_ns: int
    words: str


def cause(trace: Trace) -> str:
    """"" when the packets say nothing that went otherwise."""
    if not any(event.kind in ("ike", "esp") for event in trace.events):
        return "nothing of IKE or ESP was seen on the wire"
    strong = [*_unanswered(trace), *_refused(trace), *_early(trace)]
    # A flow that goes one way by its nature looks the same, so this explains only what nothing else does.
    found = sorted(strong or _one_way(trace), key=lambda one: one.time_ns)
    if found:
        return "; then ".join(dict.fromkeys(one.words for one in found[:TOLD_MAX]))
    if trace.unopened_ike:
        return f"{trace.unopened_ike} IKE messages could not be opened: their keys are not known"
    return ""


def _requests(trace: Trace) -> Iterator[Event]:
    for event in trace.events:
        if event.message is not None and not event.message.header.response and not event.again and not event.duplicate:
            yield event


def _unanswered(trace: Trace) -> Iterator[Candidate]:
    end = trace.events[-1].end_ns or trace.events[-1].time_ns
    for request in _requests(trace):
        assert request.message is not None
        if trace.answer_to(request) is not None or _is_silent(trace, request.target, request.time_ns):
            continue
        copies = [e for e in trace.events
                  if e.message is not None and e.message.octets == request.message.octets and not e.duplicate]
        if len(copies) < COPIES_MIN and end - request.time_ns < LONG_NS:
            continue
        lost = sum(event.lost for event in copies)
        sent = "sent once" if len(copies) == 1 else f"sent {len(copies)} times"
        yield Candidate(request.time_ns, f"no answer to {_named(request)}, {sent}"
                                         + (f", {lost} of them lost on the way" if lost else ""))


def _is_silent(trace: Trace, host: str, time_ns: int) -> bool:
    """Whether the scenario has ended that host's daemon before, or would soon after."""
    silent = False
    for mark in trace.events:
        if mark.kind == "mark" and mark.source == host and mark.time_ns <= time_ns + LONG_NS:
            silent = mark.meaning.startswith(SILENT) or silent and not mark.meaning.startswith(TALKING)
    return silent


def _refused(trace: Trace) -> Iterator[Candidate]:
    for event in trace.events:
        if event.message is None or event.again or event.duplicate:
            continue
        errors = [p.name for p in event.message.payloads if isinstance(p, ike.NotifyPayload) and p.is_error]
        told = " and ".join(name for name in errors if name not in STEPS)
        if told and event.message.header.response:
            exchange, number = event.message.header.exchange, event.message.header.message_id
            yield Candidate(event.time_ns, f"{event.source} answered {exchange} request {number} with {told}")
        elif told:
            yield Candidate(event.time_ns, f"{event.source} sent {told}")


def _early(trace: Trace) -> Iterator[Candidate]:
    """ESP on a new SA ahead of the response that makes it: the receiver cannot have its keys (RFC 7296 2.8)."""
    seen: set[int] = set()
    for event in trace.events:
        if event.kind != "esp" or event.spi in seen:
            continue
        seen.add(event.spi)
        for request in _requests(trace):
            assert request.message is not None
            if request.message.header.exchange != "CREATE_CHILD_SA" or request.target != event.source:
                continue
            response = trace.answer_to(request)
            sent = next((e.time_ns for e in trace.events if e.message is response), 0)
            if request.time_ns < event.time_ns < sent:
                ahead = (sent - event.time_ns) / 1e6
                yield Candidate(event.time_ns, f"{event.source}'s ESP {event.spi:08x} {ahead:.0f} ms ahead of "
                                               f"{request.title.replace('request', 'response')}, which makes that SA")


def _one_way(trace: Trace) -> Iterator[Candidate]:
    """ESP of one side to which the other, that was heard before or never, sends none any more."""
    bursts = [event for event in trace.events if event.kind == "esp" and not event.duplicate]
    for source in dict.fromkeys(event.source for event in bursts):
        heard = max((e.end_ns for e in bursts if e.target == source), default=0)
        after = [e for e in bursts if e.source == source and e.end_ns > heard]
        packets = sum(e.packets for e in after)
        if packets < PACKETS_MIN or after[-1].end_ns - max(heard, after[0].time_ns) < SILENCE_NS:
            continue
        if _is_silent(trace, after[0].target, after[0].end_ns):
            continue
        first, last = after[0], after[-1]
        lost = sum(e.lost_packets for e in after)
        numbers = f"seq {first.first_sequence}..{last.last_sequence}" if first.spi == last.spi else f"{packets} packets"
        words = f"{source}'s ESP {first.spi:08x} {numbers} unanswered"
        words += f", {lost} lost on the way" if lost else ""
        before = [e for e in trace.events if e.kind == "ike" and e.time_ns <= first.time_ns]
        words += f" since {_named(before[-1])}" if before and heard else ""
        words += "" if heard else ": no ESP came back at all"
        yield Candidate(first.time_ns, words)


def _named(event: Event) -> str:
    """INFORMATIONAL request 2 of the client (UPDATE_SA_ADDRESSES)"""
    told = [] if event.message is None else [
        name for name in event.message.notifies() if not name.startswith(("NAT_DETECTION", "SIGNATURE_HASH"))]
    return f"{event.title} of {event.source}" + (f" ({told[0]})" if told else "")
