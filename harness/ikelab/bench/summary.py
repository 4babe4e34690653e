"""What a contest's figures come to: a table for people, and rows for programs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .claim import CLAIM, GOALS, Figures, Finding, judge
from .contest import LOAD_OCTETS, LOAD_RATE, PER, SIZES, STREAMS
from .contestants import table
from .contestants.table import RAW, REFERENCE
from .ratio import Ratio, ratio


@dataclass(frozen=True)
class Column:
    measure: str
    head: str
    form: str = ",.0f"


@dataclass(frozen=True)
class Section:
    """Medians over the rounds, of each contestant."""

    title: str
    columns: tuple[Column, ...]
    ratios: tuple[str, ...] = ()  # measures whose ratio to the reference's is told


SECTIONS = (
    Section("TCP, Mbit/s; and of one stream, for each contestant's processes",
            (Column("tcp1", "1 stream"), Column("tcp8", f"{STREAMS} streams"), Column("ns_per_octet", "ns/octet", ",.2f"),
             Column("wake_ups", "wake-ups", ",.3f"), Column("calls", "calls", ",.3f")), ("tcp1", "tcp8")),
    Section("UDP, packets a second without loss, by octets of the inner packet",
            tuple(Column(f"udp{octets}", str(octets)) for octets in SIZES), tuple(f"udp{octets}" for octets in SIZES)),
    Section(f"round trip in us, idle and beside {LOAD_RATE:,} packets of {LOAD_OCTETS:,} octets a second",
            tuple(Column(f"rtt_{when}_{what}", f"{short} {what}", ",.1f") for when, short in (("idle", "idle"), ("loaded", "load"))
                  for what in ("min", "median", "p99"))),
)
NOTE = f"wake-ups and system calls of the contestant's processes: for each {PER:,} octets of the stream, about a packet"


def cells(section: Section, figures: Figures) -> list[tuple[str, list[str]]]:
    """A row a contestant that was measured in this section: its name, and what stands in its columns."""
    rows = []
    for line in table.TABLE:
        of = figures.get(line.name, {})
        if any(column.measure in of for column in section.columns):
            rows.append((line.name, [format(statistics.median(of[one.measure]), one.form) if one.measure in of else "-"
                                     for one in section.columns]))
    return rows


@dataclass(frozen=True)
class Against:
    """A contestant's figure as so many times the reference's."""

    contestant: str
    measure: str
    ratio: Ratio


def ratios(figures: Figures, to: str = REFERENCE) -> list[Against]:
    found = []
    for section in SECTIONS:
        for measure in section.ratios:
            base = figures.get(to, {}).get(measure, ())
            found += [Against(line.name, measure, ratio(one, base)) for line in table.TABLE if line.name != to
                      and len(one := figures.get(line.name, {}).get(measure, ())) == len(base) > 0]
    return found


def rows(figures: Figures, versions: Mapping[str, str], commands: Mapping[str, list[str]], absent: Mapping[str, str],
         names: Sequence[str]) -> list[dict[str, Any]]:
    """Of those that were asked for; "reason" says why one has no figures."""
    return [{"contestant": name, "what": table.line(name).what, "version": versions.get(name, ""), "reason": absent.get(name, ""),
             "figures": dict(figures.get(name, {})), "commands": commands.get(name, [])} for name in names]


def ratio_rows(figures: Figures) -> list[dict[str, Any]]:
    return [{"one": one.contestant, "other": REFERENCE, "measure": one.measure, **_bounds(one.ratio)} for one in ratios(figures)]


def finding_rows(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [{"one": one.statement.one, "other": one.statement.other, "measure": one.statement.measure,
             "added_to": RAW if one.statement.added else None, "bound": str(one.statement.bound), "decision": str(one.decision),
             **(_bounds(one.ratio) if one.ratio else {"mean": None, "low": None, "high": None})} for one in findings]


def judged(figures: Figures) -> tuple[list[Finding], list[Finding]]:
    """The claim's findings, and the goals' that could be looked at at all."""
    return ([one for one in judge(CLAIM, figures) if one.ratio], [one for one in judge(GOALS, figures) if one.ratio])


def _bounds(found: Ratio) -> dict[str, float | None]:
    """JSON has no infinity."""
    return {name: value if math.isfinite(value) else None for name, value in asdict(found).items()}
