"""Events as text: one line an event for files, folded to 80 columns for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from .annotate import Event, Trace

COLOURS = {"ike": "36", "esp": "32", "keepalive": "2", "mark": "35", "leak": "31;1"}
BOLD, DIM, BAD, PLAIN = "1", "2", "31", "0"


def seconds(trace: Trace, time_ns: int) -> str:
    return f"{(time_ns - trace.started_ns) / 1e9:9.4f}"


def flags(event: Event) -> str:
    found = []
    if event.again:
        found.append(f"AGAIN {event.again}")
    if event.duplicate:
        found.append("DUPLICATE")
    if event.lost:
        found.append("LOST")
    return f" [{' '.join(found)}]" if found else ""


def who(event: Event) -> str:
    via = "".join(f"{name} > " for name in event.through)
    return f"{event.source} > {via}{event.target}"


def line(trace: Trace, event: Event) -> str:
    """One event on one line, as long as it takes: for trace.txt, grep and diff."""
    time = seconds(trace, event.time_ns)
    if event.kind == "mark":
        return f"{time}  -- {event.source}: {event.meaning}"
    parts = [time, who(event), event.title + flags(event)]
    if event.payloads:
        parts.append(event.payloads)
    parts += [f"({event.route})", event.meaning]
    if event.clause:
        parts.append(event.clause)
    return "  ".join(parts)


def lines(trace: Trace) -> Iterator[str]:
    for event in trace.events:
        yield line(trace, event)


def terminal(trace: Trace, width: int = 80, colour: bool = False) -> Iterator[str]:
    """Head line with the clause at the right edge, then payloads and meaning indented beneath."""

    def paint(text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if colour else text

    for event in trace.events:
        time = seconds(trace, event.time_ns)
        if event.kind == "mark":
            text = f"{time}  -- {event.source}: {event.meaning} "
            yield paint((text + "-" * width)[:width], COLOURS["mark"])
            continue
        head = f"{who(event)}  {event.title}{flags(event)}"
        room = width - 11 - len(event.clause) - 1
        if len(head) > room:
            head = f"{event.source} > {event.target}  {event.title}{flags(event)}"
        head = head if len(head) <= room else head[: room - 2] + ".."
        code = BAD if event.lost or event.kind == "leak" else COLOURS[event.kind]
        yield f"{time}  {paint(head.ljust(room), code)} {paint(event.clause, DIM)}".rstrip()
        indent = " " * 11
        for text, code in ((event.payloads, DIM), (event.meaning, PLAIN)):
            for piece in textwrap.wrap(text, width - len(indent), break_on_hyphens=False):
                yield indent + (paint(piece, code) if code != PLAIN else piece)
