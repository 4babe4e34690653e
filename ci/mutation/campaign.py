"""One run: the clean one, then mutant after mutant, each in a process of its own."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ikelab import cleanup
from ikelab.conformance.stage import Setup
from ikelab.verdict import Verdict

from . import reach, records
from .mutant import Mutant
from .records import Clean, CleanRun, Record, Records
from .suite import Outcome, Player, Test
from .workshop import Workshop

FILE_MAX, DATA_MAX = 1 << 28, 1 << 32  # octets that a daemon may write, and have, when a fault makes it greedy
PR_SET_PDEATHSIG = 1
PATIENCE = 3  # times as long as its tests take with the reference as it is, if that is more than the limit
GRACE_S = 120.0  # for the test that is on when the time is over
Running = tuple[Mutant, float, Path]  # until when, and where


class CannotRun(Exception):
    """In one sentence."""


@dataclass
class Campaign:
    """`said` gets each mutant and its record as it is known, and whether it was known before."""

    workshop: Workshop
    harness: str  # digest
    jobs: int
    limit_s: float
    said: Callable[[Mutant, Record, bool], None]
    store: Records = field(init=False)
    clean: CleanRun = field(init=False)
    map: reach.Map = field(init=False)

    def __post_init__(self) -> None:
        self.store = Records(self.workshop.folder / "results")

    # The suite with the reference as it is.

    def measure(self, tests: list[Test]) -> None:
        """What each test comes to when nothing is broken. Known ones are not played again, unless they did not pass."""
        path = self.workshop.folder / "clean.json"
        self.map = reach.read_map(self.workshop.watched)
        self.clean = CleanRun.read(path, self.workshop.digest, self.harness)
        known = {test.name for test in tests if self._is_known(test)}
        missing = [test for test in tests if test.name not in known]
        shares = [share for number in range(self.jobs) if (share := _share(missing, number, self.jobs))]
        children = [_forked(lambda share=share, number=number: self._measure_share(share, number))
                    for number, share in enumerate(shares)]
        if any([os.waitpid(child, 0)[1] for child in children]):
            raise CannotRun(f"the suite cannot be played with the reference as it is; see {self.workshop.folder}/clean-*.log")
        for number in range(len(shares)):
            part = CleanRun.read(self._part(number), self.workshop.digest, self.harness)
            self.clean.tests |= part.tests
            self.clean.booted |= part.booted
            self._part(number).unlink()
        self.clean.write(path)

    def _is_known(self, test: Test) -> bool:
        found = self.clean.tests.get(test.name)
        return (found is not None and found.digest == test.digest and repr(test.setup) in self.clean.booted
                and found.verdict in (Verdict.PASS, Verdict.UNSUPPORTED))

    def _part(self, number: int) -> Path:
        return self.workshop.folder / f"clean-{number}.json"

    def _measure_share(self, tests: list[Test], number: int) -> None:
        _quiet(self.workshop.folder / f"clean-{number}.log")
        out = self.workshop.folder / f"out-clean-{number}"
        table = reach.Table(self.workshop.folder / f"reach-{number}", self.map.blocks)
        os.environ[reach.ENVIRONMENT] = str(table.path)
        found = CleanRun(self.workshop.digest, self.harness)
        with Player(tests[0].item.config, self.workshop.watched, out) as player:
            for test in tests:
                if repr(test.setup) not in found.booted:
                    player.life(test.setup)
                    found.booted[repr(test.setup)] = records.text_of(table.take())
                outcome = player.play(test)
                found.tests[test.name] = Clean(test.digest, str(outcome.verdict), sorted(outcome.notes),
                                               round(outcome.seconds, 3), records.text_of(table.take()))
        found.write(self._part(number))
        shutil.rmtree(out, ignore_errors=True)

    def sound(self, tests: list[Test]) -> list[Test]:
        """The others do not pass with the reference as it is, and so cannot tell anything."""
        return [test for test in tests if self.clean.tests[test.name].verdict == Verdict.PASS]

    # Mutant after mutant.

    def judge(self, mutants: list[Mutant], tests: list[Test], wanted: int) -> list[tuple[Mutant, Record]]:
        """Until so many are mutants indeed."""
        comes = self._who_comes(tests)
        queue, found, running = iter(mutants), [], dict[int, Running]()
        counted = 0
        while True:
            while len(running) < self.jobs and counted + len(running) < wanted and (mutant := next(queue, None)):
                relevant = comes(mutant)
                known = self.store.get(mutant.identity)
                if known is not None and known.holds(self.workshop.digest, self.harness, {one.name: one.digest for one in relevant}):
                    counted += known.outcome in records.COUNTED
                    found.append((mutant, known))
                    self.said(mutant, known, True)
                    continue
                place = self.workshop.folder / f"work-{mutant.identity}"
                end = time.monotonic() + self._allowed(relevant)
                child = _forked(lambda m=mutant, p=place, r=relevant, k=known, e=end: self._try(m, p, r, k, e))
                running[child] = (mutant, end + GRACE_S, place)
            if not running:
                return found
            mutant, place = self._ended(running)
            shutil.rmtree(place, ignore_errors=True)
            record = self.store.get(mutant.identity)
            if record is None or record.sources != self.workshop.digest:
                record = Record(mutant.identity, records.BROKEN, self.workshop.digest, self.harness, reason="it left no result")
            counted += record.outcome in records.COUNTED
            found.append((mutant, record))
            self.said(mutant, record, False)

    def _allowed(self, tests: list[Test]) -> float:
        """Seconds for one mutant."""
        return max(self.limit_s, PATIENCE * sum(self.clean.tests[test.name].seconds for test in tests))

    def _ended(self, running: dict[int, Running]) -> tuple[Mutant, Path]:
        """The next child that is done, by itself or because its time was over long ago."""
        while True:
            for child, (mutant, end, place) in list(running.items()):
                done, _ = os.waitpid(child, os.WNOHANG)
                if not done and time.monotonic() > end:
                    os.kill(child, signal.SIGKILL)
                    os.waitpid(child, 0)
                    cleanup.sweep()
                    self.store.put(Record(mutant.identity, records.UNDECIDED, self.workshop.digest, self.harness,
                                          reason="a test did not come to its end"))
                    done = child
                if done:
                    del running[child]
                    return mutant, place
            time.sleep(0.02)

    def _who_comes(self, tests: list[Test]) -> Callable[[Mutant], list[Test]]:
        """The tests that come to a mutant's lines; all of them for what is no code, such as a table."""
        booted = {name: self._bits(text) for name, text in self.clean.booted.items()}
        bits = {test.name: self.clean.tests[test.name].bits for test in tests}

        def comes(mutant: Mutant) -> list[Test]:
            blocks = self.map.at(mutant.file, mutant.line, mutant.last_line)
            if not blocks:
                return tests
            return [test for test in tests
                    if reach.has_any(bits[test.name], blocks) or reach.has_any(booted[repr(test.setup)], blocks)]

        return comes

    @staticmethod
    def _bits(text: str) -> bytes:
        return Clean("", "", [], 0, text).bits

    # In the child.

    def _try(self, mutant: Mutant, place: Path, tests: list[Test], known: Record | None, end: float) -> None:
        place.mkdir(parents=True, exist_ok=True)
        _quiet(place / "log")
        began = time.monotonic()
        record = Record(mutant.identity, records.BROKEN, self.workshop.digest, self.harness)
        try:
            daemon = self.workshop.plant(mutant, place)
            if daemon is None:
                record.outcome = records.NONE
            elif not tests:
                record.outcome = records.UNREACHED
            else:
                resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_MAX, FILE_MAX))
                resource.setrlimit(resource.RLIMIT_DATA, (DATA_MAX, DATA_MAX))
                with Player(tests[0].item.config, daemon, place / "out") as player:
                    self._hunt(player, daemon, record, self._ordered(mutant, tests, known), end)
        except Exception:
            record.reason = traceback.format_exc()[-2000:]
        record.seconds = round(time.monotonic() - began, 2)
        self.store.put(record)

    def _ordered(self, mutant: Mutant, tests: list[Test], known: Record | None) -> list[Test]:
        """Without those that have seen nothing of this very mutant in this very build before."""
        by_name = {test.name: test for test in tests}
        same = known is not None and (known.sources, known.harness) == (self.workshop.digest, self.harness)
        names = known.unplayed({test.name: test.digest for test in tests}) if known is not None and same else list(by_name)
        of_function, of_file = self._learned(mutant)
        cost = {name: self.clean.tests[name].seconds for name in names}
        return [by_name[name] for name in records.in_order(names, known.by if known else "", of_function, of_file, cost)]

    def _learned(self, mutant: Mutant) -> tuple[Counter[str], Counter[str]]:
        places = json.loads((self.workshop.folder / "places.json").read_text())
        of_function, of_file = Counter[str](), Counter[str]()
        for identity, by in self.store.kills().items():
            file, function = places.get(identity, ("", ""))
            of_file[by] += file == mutant.file
            of_function[by] += (file, function) == (mutant.file, mutant.function)
        return of_function, of_file

    def _hunt(self, player: Player, daemon: Path, record: Record, tests: list[Test], end: float) -> None:
        for setup in _plain(tests):
            if player.life(setup) and (reason := player.life(setup)):
                record.outcome, record.reason = records.LIFE, reason[:500]
                return
        for test in tests:
            if time.monotonic() > end:
                record.outcome = records.UNDECIDED
                return
            if self._shows(player.play(test), test):
                outcome = self._alone(player, test, daemon)
                if outcome is not None:
                    record.outcome, record.by, record.by_digest = self._shows(outcome, test), test.name, test.digest
                    record.reason = (outcome.reason or f"notes {', '.join(sorted(outcome.notes))}")[:500]
                    return
                record.doubtful.append(test.name)
            record.played[test.name] = test.digest
        record.outcome = records.SURVIVED

    def _alone(self, player: Player, test: Test, daemon: Path) -> Outcome | None:
        """What it comes to by itself, if that tells this daemon from the one without a fault: chance, and what earlier
        tests have left, are not to look like a test that sees."""
        player.change(self.workshop.daemon)
        sound = not self._shows(player.play(test), test)
        player.change(daemon)
        outcome = player.play(test)
        return outcome if sound and self._shows(outcome, test) else None

    def _shows(self, outcome: Outcome, test: Test) -> str:
        """How it tells the daemon from the one without a fault; "" when it does not."""
        if outcome.verdict is Verdict.PASS:
            return records.NOTE if outcome.notes - set(self.clean.tests[test.name].notes) else ""
        return records.TEST if outcome.verdict is Verdict.FAIL else records.UNTESTABLE


def _plain(tests: list[Test]) -> Iterator[Setup]:
    """A plain life in each role that is to be played, with the setup that most tests have."""
    counts = Counter(test.setup for test in tests)
    for role in ("responder", "initiator"):
        several = [setup for setup, _ in counts.most_common() if setup.role == role]
        yield from several[:1]


def _share(tests: list[Test], number: int, shares: int) -> list[Test]:
    """Neighbours stay together: they share a stage."""
    size = -(-len(tests) // shares)
    return tests[number * size:(number + 1) * size]


def _forked(work: Callable[[], None]) -> int:
    """A child that does this and ends, at the latest with us; its status is 1 when that raised."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return child
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    status = 1
    try:
        work()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _quiet(log: Path) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
