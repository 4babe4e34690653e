"""The conformance tests, played by hand: collected once, then as many as are wanted, in the order that is wanted."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol

from ikelab.cli.conform import arguments
from ikelab.conformance.judge import Stages
from ikelab.conformance.plugin import STAGES, setup_of, test_name
from ikelab.conformance.stage import Setup
from ikelab.plugin import result_of
from ikelab.result import Result
from ikelab.verdict import Verdict

from .workshop import digest_of

HARNESS = ("conformance", "scripted", "wire", "stage", "peers", "topology")  # what a verdict comes from


@dataclass(frozen=True)
class Test:
    """`name` says the role, too. `digest`: of its file."""

    item: pytest.Item
    name: str
    digest: str
    setup: Setup


@dataclass(frozen=True)
class Outcome:
    """Of one test, as far as it tells daemons apart: the notes are the requirements of kind SHOULD that were not met."""

    verdict: Verdict
    reason: str
    notes: frozenset[str]
    seconds: float

    @classmethod
    def of(cls, result: Result) -> Outcome:
        notes = frozenset(one.split(":")[0] for one in result.notes)
        return cls(result.verdict, result.reason, notes, result.seconds)


class Suite:
    """A pytest plugin that gives the tests to `drive` where pytest would run them, and the status it returns to `status`."""

    def __init__(self, drive: Callable[[list[Test]], int]):
        self.drive, self.status = drive, 0
        self.problems: list[str] = []
        self.error: Exception | None = None  # what drive raised: pytest would only print it

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        reporter = session.config.pluginmanager.getplugin("terminalreporter")
        if reporter is not None:
            reporter._tw._file = Path(os.devnull).open("w")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.problems.append(f"{report.nodeid}: {report.longreprtext.strip()[-500:]}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if not self.problems:
            digests: dict[Path, str] = {}
            try:
                self.status = self.drive([_test(item, digests) for item in session.items])
            except Exception as error:
                self.error = error
        return True


def _test(item: pytest.Item, digests: dict[Path, str]) -> Test:
    setup = setup_of(item)
    digest = digests.setdefault(item.path, digest_of([item.path]))
    return Test(item, f"{test_name(item)}+{setup.role}", digest, setup)


def run(suite: Suite, filters: list[str]) -> bool:
    """False when it was interrupted. Raises what `drive` raises."""
    status = pytest.main(arguments("-p", "no:xdist", *(f"--conform-filter={one}" for one in filters)), plugins=[suite])
    if suite.error is not None:
        raise suite.error
    return status != pytest.ExitCode.INTERRUPTED


def harness_digest(harness: Path) -> str:
    """Of all that judges: the harness, and we."""
    folders = [*(harness / "ikelab" / name for name in HARNESS), Path(__file__).parent]
    return digest_of(sorted(path for folder in folders for path in folder.glob("*.py")))


class Player:
    """Plays tests with one daemon at a time. Use as a context manager."""

    def __init__(self, config: pytest.Config, daemon: Path, out: Path):
        self._config = config
        config.option.conform_out = str(out)
        self.out = out
        self._begin(daemon)

    def _begin(self, daemon: Path) -> None:
        os.environ["IKELAB_IKEREF"] = str(daemon)
        self._config.stash[STAGES] = Stages(self.out)

    def change(self, daemon: Path) -> None:
        """From here on another daemon, or the same anew: nothing is left of what was."""
        self.end()
        self._begin(daemon)

    def end(self) -> None:
        self._config.stash[STAGES].close()

    def __enter__(self) -> Player:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def life(self, setup: Setup) -> str:
        """A whole plain life; "" when it went well."""
        try:
            self._config.stash[STAGES].get(setup)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return ""

    def play(self, test: Test) -> Outcome:
        began = time.monotonic()
        test.item.user_properties.clear()  # or the result of the last time would be found
        reports = runtestprotocol(test.item, log=False, nextitem=None)
        result = next((found for found in map(result_of, reports) if found is not None), None)
        if result is None:
            words = next((report.longreprtext for report in reports if report.failed), "it gave no result")
            return Outcome(Verdict.INCONCLUSIVE, words[-300:], frozenset(), time.monotonic() - began)
        return Outcome.of(result)


