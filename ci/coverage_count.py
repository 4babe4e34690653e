"""Counts what a gcovr report says was reached, room by room, and holds it against what may stay unreached.

    [[unreached]]                       # ci/uncovered.toml
    file = "ref/esp/spd.c"
    function = "spd_add"                # the line is looked for in this function alone; without `line`: all of it
    line = "return STATUS_INTERNAL;"    # text on exactly one line (of the function, or of the file); with its
                                        # indentation it stands at the line's begin
    lines = 2                           # so many from there on; 1 when left out
    reason = "..."

An entry excuses nothing in the figures: it is where the reason stands. It is wrong when its text is not to be found, or
when all that it names is reached.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOMS = ("base", "wire", "protect", "sa", "exchange", "esp", "endpoint")


class BadEntry(Exception):
    """An entry of the data file that is not one; the message says which and what it needs."""


@dataclass
class Share:
    """Of one room, or of all."""

    lines: int = 0
    lines_reached: int = 0
    branches: int = 0
    branches_taken: int = 0

    def add(self, other: Share) -> None:
        self.lines += other.lines
        self.lines_reached += other.lines_reached
        self.branches += other.branches
        self.branches_taken += other.branches_taken

    def percent(self) -> tuple[float, float]:
        return (100 * self.lines_reached / max(1, self.lines), 100 * self.branches_taken / max(1, self.branches))


@dataclass(frozen=True)
class Entry:
    file: str
    function: str
    line: str
    lines: int
    reason: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.file, self.function, self.line) if part)


@dataclass
class SourceFile:
    name: str
    text: list[str]
    reached: dict[int, int] = field(default_factory=dict)  # how often, by line
    branches: dict[int, tuple[int, int]] = field(default_factory=dict)  # taken, all, by line
    functions: dict[str, int] = field(default_factory=dict)  # how often entered
    spans: dict[str, range] = field(default_factory=dict)

    def share(self) -> Share:
        return Share(len(self.reached), sum(count > 0 for count in self.reached.values()),
                     sum(of for _, of in self.branches.values()), sum(taken for taken, _ in self.branches.values()))

    def is_short(self, line: int) -> bool:
        """Not reached, or not in all its ways."""
        taken, of = self.branches.get(line, (0, 0))
        return self.reached.get(line, 1) == 0 or taken < of

    def source(self, line: int) -> str:
        return self.text[line - 1].strip()


def read_entries(path: Path) -> list[Entry]:
    found = []
    for row in tomllib.loads(path.read_text()).get("unreached", []):
        if not row.get("file") or not row.get("reason") or not (row.get("function") or row.get("line")):
            raise BadEntry(f"{path.name}: {row}: it needs file, reason, and function or line")
        found.append(Entry(row["file"], row.get("function", ""), row.get("line", ""), int(row.get("lines", 1)), row["reason"]))
    return found


def read_report(report: dict[str, Any], root: Path) -> dict[str, SourceFile]:
    """From gcovr's JSON. Lines that are no code do not count; a function reaches to the next one."""
    found = {}
    for one in report["files"]:
        source = SourceFile(one["file"], (root / one["file"]).read_text().splitlines())
        for line in one["lines"]:
            if line.get("gcovr/noncode"):
                continue
            number = line["line_number"]
            source.reached[number] = source.reached.get(number, 0) + line["count"]
            if line["branches"]:
                taken = sum(branch["count"] > 0 for branch in line["branches"])
                source.branches[number] = (taken, len(line["branches"]))
        starts = sorted((function["lineno"], function["name"], function["execution_count"]) for function in one["functions"])
        ends = [start for start, _, _ in starts[1:]] + [len(source.text) + 1]
        for (start, name, count), end in zip(starts, ends):
            source.functions[name], source.spans[name] = count, range(start, end)
        found[source.name] = source
    return found


def room_of(name: str) -> str:
    return name.split("/")[1]


def shares(files: dict[str, SourceFile]) -> dict[str, Share]:
    rooms = {room: Share() for room in ROOMS}
    for name, source in files.items():
        rooms[room_of(name)].add(source.share())
    return rooms


def stands_in(text: str, line: str) -> bool:
    """Anywhere; a text that begins with its indentation only at the line's begin."""
    return line.startswith(text) if text.startswith(" ") else text in line


def named_lines(entry: Entry, files: dict[str, SourceFile]) -> tuple[set[int], str]:
    """The lines of an entry, and what is wrong with it (empty: nothing)."""
    source = files.get(entry.file)
    if source is None:
        return set(), "there is no such file in the report"
    within = source.spans.get(entry.function) if entry.function else range(1, len(source.text) + 1)
    if within is None:
        return set(), "there is no such function"
    at = list(within)
    if entry.line:
        starts = [number for number in within if stands_in(entry.line, source.text[number - 1])]
        if len(starts) != 1:
            return set(), f"its text is on {len(starts)} lines, not on one"
        at = list(range(starts[0], starts[0] + entry.lines))
    if not any(source.is_short(number) for number in at):
        return set(), "all of it is reached; strike the entry"
    return set(at), ""


def problems(files: dict[str, SourceFile], entries: list[Entry]) -> tuple[list[str], dict[str, set[int]]]:
    """Entries that are wrong, lines and functions that nothing reaches and nobody explains; and the explained lines."""
    found, explained = [], {name: set[int]() for name in files}
    for entry in entries:
        lines, wrong = named_lines(entry, files)
        if wrong:
            found.append(f"{entry}: {wrong}")
        explained.setdefault(entry.file, set()).update(lines)
    for name, source in sorted(files.items()):
        for function, count in source.functions.items():
            if count == 0 and source.spans[function].start not in explained[name]:
                found.append(f"{name}: {function}: nobody calls it, and no entry says why")
        for number, count in sorted(source.reached.items()):
            if count == 0 and number not in explained[name]:
                found.append(f"{name}:{number}: not reached, and no entry says why: {source.source(number)}")
    return found, explained


def listing(files: dict[str, SourceFile], explained: dict[str, set[int]]) -> list[str]:
    """Every line that is short of something, for who wants to write the next test."""
    found = []
    for name, source in sorted(files.items()):
        for number in sorted(source.reached):
            if source.is_short(number):
                taken, of = source.branches.get(number, (0, 0))
                what = f"{of - taken} of {of} ways not taken" if source.reached[number] else "not reached"
                mark = " (explained)" if number in explained[name] else ""
                found.append(f"{name}:{number}: {what}{mark}: {source.source(number)}")
    return found
