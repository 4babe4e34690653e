"""The results as JUnit XML, which CI servers read: a suite is a cell, a case is a scenario."""

from __future__ import annotations

import re
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from junitparser.junitparser import Result as Outcome

from ..result import Result
from ..stage.proof import METHODS
from ..verdict import Verdict
from .matrix import Matrix, why

# What XML 1.0 cannot hold.
_UNSPEAKABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(path: Path, found: Matrix, of: str = "ikelab interop") -> None:
    """Raises OSError."""
    document = JUnitXml(of)
    for cell in found.in_order:
        suite = TestSuite(cell.name)
        for name in dict.fromkeys((cell.initiator, cell.responder)):
            suite.add_property(name, found.versions[name] or "not known")
        for one in cell.results:
            suite.add_testcase(_case(one))
        document.add_testsuite(suite)
    path.parent.mkdir(parents=True, exist_ok=True)
    document.write(str(path), pretty=True)


def _case(one: Result) -> TestCase:
    by = "" if one.authentication == METHODS[0] else f".{one.authentication}"
    case = TestCase(one.scenario, classname=f"{one.initiator}.{one.responder}{by}", time=one.seconds)
    message = _UNSPEAKABLE.sub("?", why(one))
    outcome: Outcome | None = None
    if one.verdict is Verdict.FAIL:
        outcome = Failure(message, "fail")
    elif one.verdict is Verdict.INCONCLUSIVE:
        outcome = Error(message, "inconclusive")
    elif one.verdict is not Verdict.PASS:
        outcome = Skipped(f"{one.verdict}: {message}", str(one.verdict))
    if outcome is not None:
        outcome.text = _UNSPEAKABLE.sub("?", f"{one.reason}\nartefacts: {one.artefacts or 'none'}")
        case.result = [outcome]
    return case
