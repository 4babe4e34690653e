"""What has changed since an earlier run: `--baseline FILE` makes the exit code depend on it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ..result import Result
from ..verdict import Verdict


class BaselineError(Exception):
    """The file cannot be used; the message says what to give instead."""


@dataclass(slots=True, frozen=True)
class Change:
    before: Verdict | None  # None: not in the baseline
    result: Result

    def __str__(self) -> str:
        return f"{self.result.identity}: {self.before or 'not played'} -> {self.result.verdict}"


@dataclass(slots=True)
class Difference:
    worse: list[Change] = field(default_factory=list)  # any of these, and the run is not as expected
    fixed: list[Change] = field(default_factory=list)
    other: list[Change] = field(default_factory=list)  # e.g. failed before, is unsupported now
    as_before: list[Result] = field(default_factory=list)  # not as expected, and it was not before either
    gone: list[str] = field(default_factory=list)  # in the baseline, not played now


def read(path: Path) -> list[Result]:
    """The results of a document that --json wrote."""
    try:
        found = json.loads(path.read_text())["results"]
        return [Result.from_dict(one) for one in found]
    except OSError as error:
        raise BaselineError(f"cannot read {path}: {error.strerror}; give a file that `ikelab interop --json` wrote") \
            from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BaselineError(f"{path} is no document of `ikelab interop --json` ({error})") from error


def compare(before: Iterable[Result], now: Iterable[Result]) -> Difference:
    """Worse: not as expected now and as expected or not played before; or passed before, and now unsupported, which
    is a capability lost."""
    known = {one.identity: one.verdict for one in before}
    found = Difference()
    for one in sorted(now, key=lambda result: result.identity):
        was = known.pop(one.identity, None)
        change = Change(was, one)
        good_before = was is None or was.as_expected
        if not one.verdict.as_expected and good_before or was is Verdict.PASS and one.verdict is Verdict.UNSUPPORTED:
            found.worse.append(change)
        elif not one.verdict.as_expected:
            found.as_before.append(one)
        elif one.verdict is Verdict.PASS and was not in (None, Verdict.PASS):
            found.fixed.append(change)
        elif was not in (None, one.verdict):
            found.other.append(change)
    found.gone = sorted(known)
    return found
