"""The ladder diagram: hosts side by side, time downwards, an arrow for every message.

Drawn as SVG by hand. Colours are CSS variables, so that the report's light and dark themes reach it; a
standalone file carries STYLE itself.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from ..trace.annotate import Event, Trace

WIDTH, TIME_X, FIRST_X, LAST_X, WORDS_X = 1120, 62, 120, 640, 700
LINE, TOP, SIDE_CHARS, LABEL_CHAR_PX = 16, 56, 57, 6.3
QUIET_NS = 300_000_000
EVENTS_MAX = 160

STYLE = (Path(__file__).parent / "ladder.css").read_text()


@dataclass(slots=True)
class _Drawing:
    columns: dict[str, float]
    y: float = TOP
    parts: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, words: str, kind: str, anchor: str = "start") -> None:
        self.parts.append(f'<text x="{x:.0f}" y="{y:.0f}" class="{kind}" text-anchor="{anchor}">'
                          f"{escape(words)}</text>")


def draw(trace: Trace, standalone: bool = True) -> str:
    """The whole diagram as one <svg> element."""
    drawing = _Drawing(_columns(trace))
    shown = trace.events[:EVENTS_MAX]
    before = shown[0].time_ns if shown else 0
    for event in shown:
        if event.time_ns - before > QUIET_NS:
            _quiet(drawing, event.time_ns - before)
        before = max(before, event.end_ns or event.time_ns)
        _event(drawing, trace, event)
    if len(trace.events) > len(shown):
        drawing.y += LINE
        drawing.text(WORDS_X, drawing.y, f"{len(trace.events) - len(shown)} more events: see trace.txt", "note")
    if not shown:
        drawing.text(FIRST_X, drawing.y + LINE, "Nothing of IKE or ESP was seen on the wire.", "note")
    height = drawing.y + 2 * LINE
    style = f"<style>{STYLE}</style>" if standalone else ""
    size = f'width="{WIDTH}" height="{height:.0f}" ' if standalone else ""
    return (f'<svg xmlns="http://www.w3.org/2000/svg" class="ladder" {size}viewBox="0 0 {WIDTH} {height:.0f}" '
            f'role="img" aria-label="Ladder diagram">{style}\n{_rails(drawing, height)}\n'
            + "\n".join(drawing.parts) + "\n</svg>\n")


def _columns(trace: Trace) -> dict[str, float]:
    names = list(trace.scene.order)
    for event in trace.events:
        for name in (event.source, event.target):
            if name and name not in names:
                names.append(name)
    step = (LAST_X - FIRST_X) / max(len(names) - 1, 1)
    return {name: FIRST_X + step * at for at, name in enumerate(names)}


def _rails(drawing: _Drawing, height: float) -> str:
    parts = []
    for name, x in drawing.columns.items():
        parts.append(f'<line x1="{x:.0f}" y1="34" x2="{x:.0f}" y2="{height - 8:.0f}" class="rail"/>')
        parts.append(f'<text x="{x:.0f}" y="24" class="host" text-anchor="middle">{escape(name)}</text>')
    return "\n".join(parts)


def _quiet(drawing: _Drawing, gap_ns: int) -> None:
    drawing.y += 6
    drawing.text(TIME_X, drawing.y + 10, f"{gap_ns / 1e9:.1f} s later", "quiet", "end")
    drawing.y += LINE + 2


def _event(drawing: _Drawing, trace: Trace, event: Event) -> None:
    top = drawing.y
    time = f"{(event.time_ns - trace.started_ns) / 1e9:.4f}"
    if event.kind == "mark":
        drawing.parts.append(f'<line x1="{FIRST_X - 40}" y1="{top + 12:.0f}" x2="{WORDS_X - 14}" '
                             f'y2="{top + 12:.0f}" class="mark-line"/>')
        drawing.text(TIME_X, top + 16, time, "time", "end")
        words = textwrap.wrap(f"{event.source}: {event.meaning}", SIDE_CHARS - 8)[:3]  # bold is wider
        for at, one in enumerate(words):
            drawing.text(WORDS_X, top + 16 + LINE * at, one, "mark")
        drawing.y += LINE * (len(words) + 1)
        return
    words = textwrap.wrap(event.meaning, SIDE_CHARS)[:3]
    drawing.parts.append(f'<g class="event {event.kind}{" lost" if event.lost else ""}'
                         f'{" again" if event.again or event.duplicate else ""}">'
                         f"<title>{escape(_tooltip(event))}</title>")
    arrow_y = top + 2 * LINE + 4
    drawing.text(TIME_X, arrow_y + 4, time, "time", "end")
    _arrow(drawing, event, top, arrow_y)
    for at, one in enumerate(words):
        drawing.text(WORDS_X, top + LINE * (at + 1) + 2, one, "words")
    drawing.text(WORDS_X, top + LINE * (len(words) + 1) + 2, event.clause, "clause")
    drawing.parts.append("</g>")
    drawing.y += max(2 * LINE + 22, LINE * (len(words) + 1) + 14)


def _tooltip(event: Event) -> str:
    proposals = ""
    if event.message is not None:
        found = [p for p in event.message.payloads if hasattr(p, "proposals")]
        proposals = "\n".join(str(one) for payload in found for one in payload.proposals)
    return "\n".join(filter(None, (event.title, event.payloads, event.route, event.meaning, proposals)))


def _arrow(drawing: _Drawing, event: Event, top: float, y: float) -> None:
    start, end = drawing.columns[event.source], drawing.columns[event.target]
    towards = 1 if end > start else -1
    stop = start + (end - start) * 0.6 if event.lost and event.target not in event.through else end
    left, right = min(start, end), max(start, end)
    middle, room = (left + right) / 2, int((right - left) / LABEL_CHAR_PX)
    title = event.title + {True: " (lost)", False: ""}[event.lost]
    if event.duplicate:
        title += " (duplicate)"
    elif event.again:
        title += f" (again, {event.again})"
    drawing.text(middle, top + LINE, title, "title", "middle")
    below = event.payloads or (f"{event.packets} packets" if event.kind == "esp" and event.packets > 1 else "")
    drawing.text(middle, top + 2 * LINE - 2, _shorten(below, room), "payloads", "middle")
    kind = "burst" if event.kind == "esp" and event.packets > 1 else "arrow"
    drawing.parts.append(f'<line x1="{start:.0f}" y1="{y:.0f}" x2="{stop - 7 * towards:.0f}" y2="{y:.0f}" class="{kind}"/>')
    if event.lost:
        drawing.parts.append(f'<path d="M{stop - 5:.0f} {y - 5:.0f}l10 10m0 -10l-10 10" class="cross"/>')
    else:
        drawing.parts.append(f'<path d="M{end:.0f} {y:.0f}l{-9 * towards} -5v10z" class="head"/>')
    for name in event.through:
        if name in drawing.columns and left < drawing.columns[name] < right:
            drawing.parts.append(f'<circle cx="{drawing.columns[name]:.0f}" cy="{y:.0f}" r="4" class="hop"/>')


def _shorten(text: str, room: int) -> str:
    """Long notifications are shortened in the drawing; the whole text is in the tooltip and the trace."""
    if len(text) > room:
        text = (text.replace("NAT_DETECTION_SOURCE_IP", "NAT_D_S").replace("NAT_DETECTION_DESTINATION_IP", "NAT_D_D")
                .replace("IKEV2_FRAGMENTATION_SUPPORTED", "FRAG").replace("SIGNATURE_HASH_ALGORITHMS", "HASH_ALG")
                .replace("ADDITIONAL_IP", "ADD_IP").replace("UPDATE_SA_ADDRESSES", "UPDATE_SA_ADDR"))
    return text if len(text) <= room else text[: max(room - 1, 4)] + "…"
