"""Plays one conformance test on its stage, and says what it came to: docs/VERDICTS.md, docs/CONFORMANCE.md."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

from .. import keys
from ..catalogue import load
from ..capture import CaptureError
from ..peers.build import PeerMissing
from ..peers.contract import PeerError, PeerNotRunning, PeerUnsupported
from ..process import ProcessError
from ..report.ladder import draw
from ..result import Result
from ..scripted.errors import NotReady, Unmet
from ..stage.judge import DID_NOT_RAISE, SKIPPED, Judgement, words_of
from ..trace import Trace, annotate, scene_file
from ..trace.render import lines
from ..verdict import Expected, KnownFailure, Verdict, apply_expected
from ..wire import capture as capture_file
from ..wire import packet
from .limit import limited
from .stage import Setup, Stage
from .under_test import KINDS, UnderTest

SCRIPTED = "scripted"
ENDED = "the daemon ended in mid-test"
LAB_ERRORS = (ProcessError, CaptureError, PeerMissing, PeerNotRunning, capture_file.CaptureError)


@dataclass(slots=True)
class ConformanceTest:
    """What is known of a test before it is played."""

    name: str
    title: str
    setup: Setup
    directory: Path  # for its artefacts
    out: Path  # of the run
    requirements: list[str] = field(default_factory=list)
    needs: tuple[str, ...] = ()
    seed: str = "0"
    strict: bool = False
    expected: list[Expected] = field(default_factory=list)

    @property
    def sides(self) -> tuple[str, str]:
        """Initiator and responder."""
        peer = self.setup.name
        return (peer, SCRIPTED) if self.setup.role == "initiator" else (SCRIPTED, peer)


class Stages:
    """Those that are up, of this process. A few: each is a daemon, namespaces and a capture."""

    MOST = 4
    TRIES = 2  # to bring one up that has never been up

    def __init__(self, out: Path) -> None:
        self.out = out
        self._open: dict[Setup, Stage] = {}
        self._refused: dict[Setup, list[Exception]] = {}
        self._count = 0

    def get(self, setup: Setup, needs: tuple[str, ...] = ()) -> Stage:
        """Up, and known to do a plain handshake: the sanity exchange before the first test. Where that fails for want of
        one of `needs`, PeerUnsupported."""
        if setup in self._open:
            self._open[setup] = stage = self._open.pop(setup)
            return stage
        refused = self._refused.setdefault(setup, [])
        if len(refused) >= self.TRIES:
            raise refused[-1]  # hundreds of tests need not find out, each by itself, what two have found
        while len(self._open) >= self.MOST:
            self._open.pop(next(iter(self._open))).close()
        self._count += 1
        stage = Stage(setup, self.out / "stages" / f"{setup.name}-{setup.role}-{_process()}-{self._count}")
        try:
            stage.open()
            try:
                _sanity(stage)
            except (Unmet, NotReady, PeerError):
                stage.peer.require(*needs)
                raise
        except BaseException as error:
            stage.close()
            if isinstance(error, Exception):
                refused.append(error)
            raise
        refused.clear()
        self._open[setup] = stage
        return stage

    def drop(self, setup: Setup) -> None:
        """It is of no use any more."""
        if setup in self._open:
            self._open.pop(setup).close()

    def close(self) -> None:
        for stage in self._open.values():
            stage.close()
        self._open.clear()


def _process() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def play(test: ConformanceTest, stages: Stages, body: Callable[[UnderTest], object]) -> Result:
    """Never raises but for an interrupt: every failure becomes a verdict with its reason."""
    started, stage, under_test = time.monotonic(), None, None
    judgement: Judgement = (Verdict.PASS, "")
    trace: Trace | None = None
    spent = False  # the stage, for its daemon has ended or is dumb; its log is wanted before it goes
    try:
        shutil.rmtree(test.directory, ignore_errors=True)
        test.directory.mkdir(parents=True)
        stage = stages.get(test.setup, test.needs)
        stage.peer.require(*test.needs)
        stage.mark_packets()
        under_test = KINDS[test.setup.role](stage, f"{test.seed}/{test.name}", test.strict)
        under_test.directory = test.directory
        try:
            with limited():
                body(under_test)
        except (Exception, DID_NOT_RAISE, SKIPPED) as error:
            judgement = _classify(error, stage)
        judgement = _softened(judgement, test, under_test)
        trace = evidence(test.directory, stage)
        judgement = _still_sane(judgement, stage)
        spent = stage.silent or not stage.peer.running()
    except Exception as error:
        if judgement[0] is Verdict.PASS:
            judgement = _classify(error, stage)
        spent = not isinstance(error, PeerUnsupported)
    listed = [one for one in test.expected if one.matches(test.name, *test.sides)]
    verdict, reason = apply_expected(*judgement, listed, ended=spent)
    result = Result(test.name, *test.sides, verdict, reason, seconds=round(time.monotonic() - started, 3),
                    requirements=test.requirements, title=test.title, test=test.name, role=test.setup.role,
                    notes=under_test.notes if under_test is not None else [])
    try:
        _describe(result, test, stage, trace)
    except OSError as error:
        shutil.rmtree(test.directory, ignore_errors=True)  # half a directory would look like evidence
        before = "" if verdict is Verdict.INCONCLUSIVE else f" (it was {verdict}{': ' * bool(reason)}{reason})"
        result.verdict, result.artefacts = Verdict.INCONCLUSIVE, ""
        result.reason = f"cannot write to {test.directory}: {error.strerror}; make room or give another --out{before}"
    finally:
        if spent:
            stages.drop(test.setup)
    return result


def _classify(error: BaseException, stage: Stage | None) -> Judgement:
    words = words_of(error)
    if isinstance(error, PeerUnsupported):
        return Verdict.UNSUPPORTED, words
    if isinstance(error, KnownFailure):
        return Verdict.EXPECTED_FAIL, words
    peer = getattr(stage, "peer", None)
    if stage is not None and peer is not None and not _runs(stage):
        return Verdict.FAIL, f"{ENDED} ({peer.how_it_ended()}): {words}"
    if isinstance(error, (NotReady, *LAB_ERRORS, PeerError)):
        return Verdict.INCONCLUSIVE, words
    if isinstance(error, (AssertionError, DID_NOT_RAISE)):
        return Verdict.FAIL, words or "an assertion failed"
    return Verdict.INCONCLUSIVE, f"the test itself broke: {type(error).__name__}: {words}"


def _runs(stage: Stage) -> bool:
    try:
        return stage.peer.running()
    except Exception:
        return False


def _softened(judgement: Judgement, test: ConformanceTest, under_test: UnderTest) -> Judgement:
    """A failure of what is only a SHOULD is a pass with a note, unless the run is strict."""
    if judgement[0] is not Verdict.FAIL or test.strict or not test.requirements:
        return judgement
    rows = catalogue()
    if any(name not in rows or rows[name].is_must for name in test.requirements):
        return judgement
    under_test.notes.append(f"{', '.join(test.requirements)}: {judgement[1]}")
    return Verdict.PASS, ""


@cache
def catalogue() -> dict:
    return load.load(load.FOLDER).by_id()


def _still_sane(judgement: Judgement, stage: Stage) -> Judgement:
    """The sanity exchange afterwards: a peer that the test has killed or struck dumb has failed it."""
    try:
        if not _runs(stage):
            problem = f"the daemon ended ({stage.peer.how_it_ended()})"
        else:
            stage.tidy()
            problem = "the peer answers nothing any more" if stage.silent else ""
            if stage.silent and stage.ended:
                problem = f"the daemon ended ({stage.ended}) when it was told to end what was left"
            if not stage.silent:
                _sanity(stage)
    except (Unmet, NotReady, PeerError) as error:
        problem = f"a plain handshake does not work any more: {error}"
        stage.silent = True
    if not problem or judgement[1].startswith(ENDED):
        return judgement
    return Verdict.FAIL, f"after the test {problem}" + (f" (before: {judgement[1]})" if judgement[1] else "")


def _sanity(stage: Stage) -> None:
    stage.lives += 1
    KINDS[stage.setup.role](stage, f"sanity {stage.lives}").sanity()
    stage.tidy()


def evidence(directory: Path, stage: Stage) -> Trace:
    """The packets since mark_packets(), the keys, and what they say, in words and as a drawing."""
    files = stage.packets(directory)
    keys.write(directory / "keys", stage.carrier.keys)
    scene = stage.scene()
    scene_file.write(directory, scene, [], {point.name for point in stage.world.capture_points()})
    seen = list(packet.datagrams(capture_file.read_captures(files)))
    trace = annotate(seen, stage.carrier.keys, scene)
    (directory / "trace.txt").write_text("".join(f"{line}\n" for line in lines(trace)))
    (directory / "ladder.svg").write_text(draw(trace))
    return trace


def _describe(result: Result, test: ConformanceTest, stage: Stage | None, trace: Trace | None) -> None:
    """Fills in what is measured, and writes the artefacts; verdict.json last."""
    peer = getattr(stage, "peer", None)
    if peer is not None:
        setattr(result, f"{test.setup.role}_version", peer.version())
        result.tier = peer.tier
    if trace is not None:
        result.ike_messages, result.ike_octets = trace.cost.ike_messages, trace.cost.ike_octets
        result.esp_packets, result.esp_octets = trace.cost.esp_packets, trace.cost.esp_octets
    if peer is not None and result.verdict not in (Verdict.PASS, Verdict.UNSUPPORTED):
        for log in peer.logs():
            if log.exists():
                shutil.copyfile(log, test.directory / log.name)
    result.artefacts = str(test.directory.relative_to(test.out))
    (test.directory / "verdict.json").write_text(json.dumps(asdict(result), indent=1) + "\n")
