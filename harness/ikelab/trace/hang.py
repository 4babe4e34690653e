"""A daemon that runs and does nothing any more, seen from the packets alone.

Its control socket that does not answer may be a machine too busy to; requests that reach it and stay unanswered while
the other side repeats them for seconds are not (RFC 7296 2.1: every request is answered).
"""

from __future__ import annotations

from collections.abc import Iterator

from .annotate import Event, Trace

COPIES_MIN = 3
SPAN_NS = 3 * 10**9


def hang(trace: Trace) -> str:
    """Who it is and what it left unanswered, in words; "" when nobody hangs."""
    for host in dict.fromkeys(event.target for event in trace.events if event.message is not None):
        last = max((e.time_ns for e in trace.events if e.message is not None and e.source == host), default=0)
        for request in _requests_to(trace, host):
            copies = [e.time_ns for e in trace.events if e.message is not None and not e.lost and not e.duplicate
                      and e.time_ns > last and e.message.octets == request.message.octets]
            if (len(copies) >= COPIES_MIN and copies[-1] - copies[0] >= SPAN_NS
                    and trace.answer_to(request) is None and not _was_ended(trace, host, copies[-1])):
                return (f"the {host} hangs: no answer to {request.title}, which reached it {len(copies)} times in "
                        f"{(copies[-1] - copies[0]) / 1e9:.1f} s")
    return ""


def _requests_to(trace: Trace, host: str) -> Iterator[Event]:
    for event in trace.events:
        if event.message is not None and event.target == host and not (event.message.header.response or event.again):
            yield event


def _was_ended(trace: Trace, host: str, time_ns: int) -> bool:
    """Whether the scenario has told that host's daemon to end, at any time before."""
    return any(mark.kind == "mark" and mark.source == host and mark.time_ns <= time_ns
               and mark.meaning.startswith(("is killed", "ends in good order")) for mark in trace.events)
