"""The five verdicts, and how what happened becomes one of them. docs/VERDICTS.md tells it to readers."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path


class Verdict(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    UNSUPPORTED = "unsupported"
    INCONCLUSIVE = "inconclusive"
    EXPECTED_FAIL = "expected-fail"

    @property
    def as_expected(self) -> bool:
        """Whether a run with this verdict may still be green. What could not be judged may not."""
        return self in (Verdict.PASS, Verdict.UNSUPPORTED, Verdict.EXPECTED_FAIL)


class ExpectedError(Exception):
    """The table of expected failures cannot be used; the message names file and remedy."""


class KnownFailure(Exception):
    """A test that looks into its own failures has found none that is not expected; the message has their reasons."""


@dataclass(slots=True, frozen=True)
class Expected:
    """One line of expected.toml: these scenarios between these peers fail, for this reason."""

    scenario: str
    initiator: str
    responder: str
    reason: str
    authentication: str = "*"
    seen: str = ""  # only a failure whose own reason has this regular expression in it
    always: bool = True  # False: a matter of who is faster, so that it may pass as well
    ends: bool = False  # the daemon has ended, or answers nothing any more: no other line stands for that

    def matches(self, scenario: str, initiator: str, responder: str, authentication: str = "psk") -> bool:
        pairs = ((scenario, self.scenario), (initiator, self.initiator), (responder, self.responder),
                 (authentication, self.authentication))
        return all(fnmatchcase(name, pattern) for name, pattern in pairs)


def load_expected(path: Path) -> list[Expected]:
    """[[expected]] tables with scenario and reason; the other fields of Expected where they matter."""
    if not path.exists():
        return []
    try:
        tables = tomllib.loads(path.read_text()).get("expected", [])
        return [Expected(scenario, initiator, responder, one["reason"], one.get("authentication", "*"),
                         re.compile(one.get("seen", "")).pattern, one.get("always", True), one.get("ends", False))
                for one in tables for scenario, initiator, responder in product(
                    _listed(one["scenario"]), _listed(one.get("initiator", "*")), _listed(one.get("responder", "*")))]
    except (OSError, tomllib.TOMLDecodeError, re.error) as error:
        raise ExpectedError(f"{path}: {error}; correct the line") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ExpectedError(f"{path}: every [[expected]] needs scenario and reason; add {error}") from error


def _listed(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def apply_expected(verdict: Verdict, reason: str, lines: list[Expected], ended: bool = False) -> tuple[Verdict, str]:
    """`lines`: those that match. A listed failure is expected; a listed scenario that passes is an error: the list is
    out of date. `ended`: the daemon has, or is dumb."""
    if not lines or verdict in (Verdict.UNSUPPORTED, Verdict.INCONCLUSIVE):
        return verdict, reason
    if verdict is Verdict.FAIL:
        for line in lines:
            if line.ends is ended and re.search(line.seen, reason):
                return Verdict.EXPECTED_FAIL, f"{line.reason} (seen: {reason})"
        return verdict, f"{reason} (expected.toml expects another failure: {lines[0].reason})"
    if late := next((line for line in lines if line.always), None):
        return Verdict.FAIL, (f"passed, but expected.toml says it fails ({late.reason}); "
                              f"take the line out of scenarios/expected.toml")
    return verdict, reason
