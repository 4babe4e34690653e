"""Puts the report together from the directories the scenarios left."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from .. import __version__
from ..result import Result, counts, machine, read_results
from ..verdict import Verdict
from .ladder import STYLE
from .page import ReportError, write_page

TRACE_LINES_MAX = 400


@dataclass(slots=True)
class Chapter:
    """One scenario between one pair, as the template shows it."""

    id: str
    result: Result
    ladder: str
    trace: str
    files: list[tuple[str, str]]  # name, relative address

    @property
    def metrics(self) -> list[tuple[str, str]]:
        one = self.result
        shown = [("outage", one.outage_ms, " ms"), ("packets sent", one.packets_sent, ""),
                 ("lost", one.packets_lost, ""), ("duplicated", one.packets_duplicated, ""),
                 ("reordered", one.packets_reordered, ""), ("IKE messages", one.ike_messages, ""),
                 ("IKE octets", one.ike_octets, ""), ("ESP packets", one.esp_packets, ""),
                 ("ESP octets", one.esp_octets, ""),
                 ("handshake", one.handshake_ms, " ms")]
        return [(name, f"{value:,.1f}{unit}" if isinstance(value, float) else f"{value:,}{unit}")
                for name, value, unit in shown if value is not None]


def write_report(directory: Path, results: list[Result] | None = None, target: Path | None = None) -> Path:
    """Writes report.html into the directory of a run and returns its path."""
    directory = Path(directory)
    if not directory.is_dir():
        raise ReportError(f"{directory} is no directory; give one that `ikelab run` has written")
    if results is None:
        try:
            results = read_results(directory)
        except (ValueError, TypeError, OSError) as error:
            raise ReportError(f"a verdict.json below {directory} cannot be read ({error}); run again") from error
    if not results:
        raise ReportError(f"{directory} holds no verdict.json; give a directory that `ikelab run` has written")
    results = sorted(results, key=lambda one: one.identity)
    chapters = [_chapter(directory, one) for one in results]
    return write_page(
        target or directory / "report.html", "template.html", "--out",
        chapters=chapters, pairs=_pairs(results), rows=_rows(chapters), counts=counts(results),
        verdicts=[v.value for v in Verdict], peers=_peers(results), machine=machine(), version=__version__,
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), total=len(results), ladder_style=STYLE,
        seconds=sum(one.seconds for one in results),
        good=all(one.verdict.as_expected for one in results))


def _pairs(results: list[Result]) -> list[tuple[str, str]]:
    """Pairs of the same peer first, then by name: the reference with itself leads."""
    pairs = {(one.initiator, one.responder) for one in results}
    return sorted(pairs, key=lambda p: (p != ("reference", "reference"), p[0] != "reference", p))


def _peers(results: list[Result]) -> list[tuple[str, str]]:
    found = {}
    for one in results:
        found[one.initiator] = one.initiator_version or found.get(one.initiator, "")
        found[one.responder] = one.responder_version or found.get(one.responder, "")
    return sorted(found.items())


def _rows(chapters: list[Chapter]) -> list[tuple[str, dict[tuple[str, str], Chapter]]]:
    rows: dict[str, dict[tuple[str, str], Chapter]] = {}
    for one in chapters:
        rows.setdefault(one.result.scenario, {})[(one.result.initiator, one.result.responder)] = one
    return sorted(rows.items())


def _chapter(directory: Path, result: Result) -> Chapter:
    place = directory / result.artefacts
    identity = re.sub(r"[^A-Za-z0-9_.-]+", "_", result.identity)
    ladder = _read(place / "ladder.svg")
    ladder = re.sub(r"<style>.*?</style>", "", ladder, flags=re.S)
    ladder = re.sub(r'(<svg[^>]*?) width="\d+" height="\d+"', r"\1", ladder, count=1)
    lines = _read(place / "trace.txt").splitlines()
    if len(lines) > TRACE_LINES_MAX:
        lines = lines[:TRACE_LINES_MAX] + [f"... {len(lines) - TRACE_LINES_MAX} more lines in trace.txt"]
    files = []
    if result.artefacts and place.is_dir():
        files = [(str(path.relative_to(place)), quote(str(path.relative_to(directory))))
                 for path in sorted(place.rglob("*")) if path.is_file()]
    return Chapter(identity, result, ladder, "\n".join(lines), files)


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
