"""What came of a group's cases, and which of it was known: scenarios/hostile/expected.toml, whose lines say

    peer, group, kind, rule    patterns, each alone or in a list; `role`, where it is only one
    seen                       a regular expression that is in the words of what was found and of the case
    shown_by                   "GROUP ROLE SEED/CASE": played it breaks the rule, or the line is out of date; `always = false`:
                               at times
    reason
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ..verdict import ExpectedError
from .case import Case
from .oracle import Broken


@dataclass(slots=True, frozen=True)
class Known:
    """One line."""

    peer: tuple[str, ...]
    group: tuple[str, ...]
    kind: tuple[str, ...]
    rule: tuple[str, ...]
    reason: str
    role: tuple[str, ...] = ("*",)
    seen: str = ""
    shown_by: tuple[str, ...] = ()
    always: bool = True

    def concerns(self, peer: str, role: str, group: str) -> bool:
        return is_one(peer, self.peer) and is_one(role, self.role) and is_one(group, self.group)

    def covers(self, case: Case, broken: Broken) -> bool:
        return is_one(case.kind, self.kind) and is_one(broken.rule, self.rule) and bool(
            re.search(self.seen, f"{broken}; {case}"))


def is_one(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, one) for one in patterns)


def load_known(path: Path) -> list[Known]:
    """Raises ExpectedError."""
    try:
        return [_line(one) for one in tomllib.loads(path.read_text()).get("expected", [])]
    except (OSError, tomllib.TOMLDecodeError, re.error) as error:
        raise ExpectedError(f"{path}: {error}; correct the line") from error
    except (TypeError, KeyError) as error:
        raise ExpectedError(f"{path}: every [[expected]] has peer, group, kind, rule, reason and shown_by, and at most role, seen "
                            f"and always besides; correct {error}") from error


def _line(table: dict[str, Any]) -> Known:
    re.compile(table.get("seen", ""))
    plain = ("reason", "seen", "always")
    line = Known(**{name: value if name in plain else _listed(value) for name, value in table.items()})
    if not line.shown_by or not all(re.fullmatch(r"\w+ (initiator|responder) .+/\d+", one) for one in line.shown_by):
        raise KeyError(f"shown_by of {line.reason!r}")
    return line


def _listed(names: str | list[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


@dataclass(slots=True)
class Found:
    case: Case
    broken: Broken
    again: int = 0  # how often the same rule was broken by other cases of that kind


@dataclass(slots=True)
class Report:
    """Of one group, with those lines that concern it, the peer and its role."""

    known: Sequence[Known] = ()
    role: str = ""
    played: list[Case] = field(default_factory=list)
    missed: list[tuple[Case, str]] = field(default_factory=list)  # cases that did not come about, and why
    found: dict[tuple[str, str], Found] = field(default_factory=dict)
    expected: dict[Known, list[Found]] = field(default_factory=dict)

    def add(self, case: Case, broken: Iterable[Broken]) -> None:
        for one in broken:
            line = next((line for line in self.known if line.covers(case, one)), None)
            if line is not None:
                self.expected.setdefault(line, []).append(Found(case, one))
            elif (found := self.found.get((case.kind, one.rule))) is not None:
                found.again += 1
            else:
                self.found[case.kind, one.rule] = Found(case, one)

    def out_of_date(self) -> list[str]:
        """Lines that a case was to show, and did not."""
        came_about = {self._shown(case) for case in self.played} - {self._shown(case) for case, _ in self.missed}
        wrong = []
        for line in self.known:
            seen = {self._shown(one.case) for one in self.expected.get(line, [])}
            for name in sorted(came_about & set(line.shown_by) - seen) if line.always else ():
                wrong.append(f"{name} does not show any more what a line of scenarios/hostile/expected.toml says "
                             f"({line.reason}); take it out of shown_by, or the line out of the file")
        return wrong

    def _shown(self, case: Case) -> str:
        return f"{case.group} {self.role} {_name(case)}"

    def document(self) -> dict[str, Any]:
        """For a file: all of it, the words that a reason has no room for as well."""
        def told(one: Found) -> dict[str, Any]:
            return {"case": _name(one.case), "kind": one.case.kind, "rule": one.broken.rule, "words": one.broken.words,
                    "does": one.case.deed.words, "again": one.again}
        missed = [{"case": _name(case), "kind": case.kind, "why": why} for case, why in self.missed]
        return {"played": len(self.played), "missed": missed,
                "found": [told(one) for one in self.found.values()],
                "expected": [told(one) | {"reason": line.reason} for line, found in self.expected.items() for one in found]}


def _name(case: Case) -> str:
    return f"{case.seed}/{case.number}"
