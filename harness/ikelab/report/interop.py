"""The page of a matrix: rows initiate, columns respond; a cell opens to its scenarios, a scenario to its evidence.

One file that needs nothing else and reads without JavaScript. What passed is one line with links to what it left; what
did not has its ladder, trace, captures, keys, configuration and logs in the page, as far as WHOLE_MAX allows.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from .. import __version__
from ..result import Result, counts, machine
from ..verdict import Verdict
from .page import write_page
from .ladder import STYLE

if TYPE_CHECKING:
    from ..interop.document import About
    from ..interop.matrix import CellResults, Matrix

WHOLE_MAX = 40 << 20  # octets of evidence in one page; what comes later is linked only
TEXT_MAX, LINES_MAX = 24 << 10, 250  # of one file; of a log its end
CAPTURE_MAX = 96 << 10  # larger ones are linked
EVIDENCE = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.EXPECTED_FAIL)


@dataclass(slots=True)
class File:
    name: str
    address: str  # relative to the page
    text: str = ""
    embedded: str = ""  # a data: address, for captures


@dataclass(slots=True)
class Entry:
    """One scenario in a cell."""

    id: str
    result: Result
    cause: str
    place: str = ""  # its directory, relative to the page; "" when it left none
    ladder: str = ""
    trace: str = ""
    groups: dict[str, list[File]] = field(default_factory=dict)  # captures, keys, client, gateway, more

    @property
    def whole(self) -> bool:
        return bool(self.groups)

    @property
    def octets(self) -> int:
        files = [one for group in self.groups.values() for one in group]
        return len(self.ladder) + len(self.trace) + sum(len(one.text) + len(one.embedded) for one in files)


@dataclass(slots=True)
class CellPage:
    id: str
    cell: CellResults
    entries: list[Entry]


def write_matrix(target: Path, directory: Path, found: Matrix, about: About) -> Path:
    """Writes the page. `directory`: what the results' artefacts are relative to."""
    from ..interop.matrix import LEGEND, by, groups, told_alone, why

    target = Path(target).resolve()
    room = WHOLE_MAX
    pages = []
    for cell in found.in_order:
        entries = []
        for one in cell.results:
            entry = Entry(identity_of(one.identity), one, why(one))
            if one.artefacts:
                fill(entry, directory / one.artefacts, target.parent, room)
                room -= entry.octets
            entries.append(entry)
        pages.append(CellPage(identity_of(f"{cell.initiator}--{cell.responder}--{cell.authentication}"), cell, entries))
    results = [one for cell in found.in_order for one in cell.results]
    entry_of = {entry.result.identity: entry for page in pages for entry in page.entries}
    return write_page(
        target, "interop.html", "--html",
        matrix=found, pages=pages, pages_of=_by_pair(pages), about=about,
        counts=counts(results), verdicts=[v.value for v in Verdict], total=len(results), groups=groups(results),
        alone=[entry_of[one.identity] for one in told_alone(results)], legend=LEGEND, machine=machine(),
        version=__version__, ladder_style=STYLE, by=by, made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        good=bool(results) and all(one.verdict.as_expected for one in results))


def _by_pair(pages: list[CellPage]) -> dict[tuple[str, str], list[CellPage]]:
    """A pair has a page for each method of authentication that it was played by."""
    found: dict[tuple[str, str], list[CellPage]] = {}
    for page in pages:
        found.setdefault((page.cell.initiator, page.cell.responder), []).append(page)
    return found


def identity_of(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text)


def fill(entry: Entry, place: Path, base: Path, room: int) -> None:
    """What the scenario has left. Evidence of what did not pass is in the page while there is room."""
    entry.place = _address(place, base)
    if entry.result.verdict not in EVIDENCE or room <= 0 or not place.is_dir():
        return
    ladder = read_text(place / "ladder.svg")
    ladder = re.sub(r"<style>.*?</style>", "", ladder, flags=re.S)
    entry.ladder = re.sub(r'(<svg[^>]*?) width="\d+" height="\d+"', r"\1", ladder, count=1)
    entry.trace = clipped(read_text(place / "trace.txt"), from_end=False)
    for group, file in _files(place):
        entry.groups.setdefault(group, []).append(_file(file, place, base))


def _files(place: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place)
        if not path.is_file() or str(name) in ("ladder.svg", "trace.txt") or not path.stat().st_size:
            continue
        if path.suffix == ".pcap":
            yield "Captures", path
        elif name.parts[0] == "keys":
            yield "Keys, as Wireshark takes them", path
        elif len(name.parts) > 1 and "keys" not in name.parts and name.parts[0] != "logs":
            yield f"Configuration and logs: {name.parts[0]}", path
        else:
            yield "More", path


def _file(path: Path, place: Path, base: Path) -> File:
    found = File(str(path.relative_to(place)), _address(path, base))
    if path.suffix == ".pcap":
        if path.stat().st_size <= CAPTURE_MAX:
            octets = base64.b64encode(path.read_bytes()).decode()
            found.embedded = f"data:application/vnd.tcpdump.pcap;base64,{octets}"
    else:
        found.text = clipped(read_text(path), from_end=path.suffix in (".log", ".out"))
    return found


def clipped(text: str, from_end: bool) -> str:
    lines = text.splitlines()
    kept = lines[-LINES_MAX:] if from_end else lines[:LINES_MAX]
    words = "\n".join(kept)
    words = words[-TEXT_MAX:] if from_end else words[:TEXT_MAX]
    if len(words) < len(text.rstrip("\n")):
        note = "... the whole of it is in the file"
        return f"{note}\n{words}" if from_end else f"{words}\n{note}"
    return words


def _address(path: Path, base: Path) -> str:
    return quote(os.path.relpath(path, base))


def read_text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
