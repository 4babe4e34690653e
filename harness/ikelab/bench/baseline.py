"""ref/bench/baseline.toml: the counts that are held, what they were counted with, and why they are what they are."""

from __future__ import annotations

import datetime
import json
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path

from .counts import BUILT, Counts
from .measure import ROOT

PATH = ROOT / "ref/bench/baseline.toml"
HEAD = """\
# What each case of ref/bench costs, counted by callgrind, and what a daemon calls: docs/PERFORMANCE.md. A program writes this:
#     build/ikelab bench gate --update "why it may cost more now"
"""
KEYS = [one.name for one in fields(Counts)]


class BaselineError(Exception):
    """There is none that can be read; one sentence with the remedy."""


@dataclass
class Baseline:
    built: dict[str, str]
    cases: dict[str, Counts]
    updates: list[tuple[str, str]] = field(default_factory=list)  # date and reason, the newest last
    calls: dict[str, dict[str, int]] = field(default_factory=dict)  # of the daemon: how often which, by the case's name


def read(path: Path | None = None) -> Baseline:
    path = path or PATH
    remedy = "take it from git again: `git checkout ref/bench/baseline.toml`"
    try:
        found = tomllib.loads(path.read_text())
        built = {key: str(found["built"][key]) for key in BUILT}
        cases = {name: Counts(**{key: int(case[key]) for key in KEYS}) for name, case in found["cases"].items()}
        calls = {name: {call: int(count) for call, count in case.items()} for name, case in found.get("calls", {}).items()}
        updates = [(str(one["date"]), str(one["reason"])) for one in found["updates"]]
    except OSError as error:
        raise BaselineError(f"cannot read the baseline {path}: {error.strerror}; {remedy}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BaselineError(f"the baseline {path} is no TOML: {error}; {remedy}") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BaselineError(f"the baseline {path} is not as `ikelab bench gate` writes it ({error!r}); {remedy}") from error
    return Baseline(built, cases, updates, calls)


def write(baseline: Baseline, path: Path | None = None) -> None:
    """A line a case, so that a diff says which."""
    path = path or PATH
    lines = [HEAD]
    for date, reason in baseline.updates:
        lines.append(f"[[updates]]\ndate = {date}\nreason = {_quoted(reason)}\n")
    lines.append("[built]")
    lines += [f"{key} = {_quoted(baseline.built[key])}" for key in BUILT]
    lines.append("\n[cases]")
    for name, counts in baseline.cases.items():
        lines.append(f"{_quoted(name)} = {{ {', '.join(f'{key} = {getattr(counts, key)}' for key in KEYS)} }}")
    lines.append("\n[calls]")
    for name, calls in baseline.calls.items():
        lines.append(f"{_quoted(name)} = {{ {', '.join(f'{call} = {calls[call]}' for call in sorted(calls))} }}")
    temporary = path.with_suffix(".new")
    temporary.write_text("\n".join(lines) + "\n")
    temporary.replace(path)


def dated(reason: str) -> tuple[str, str]:
    return datetime.date.today().isoformat(), reason


def _quoted(text: str) -> str:
    """A basic string of TOML's, which but for \\u007f is one of JSON's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
