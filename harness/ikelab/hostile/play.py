"""A group of cases against one peer, case after case; what is found does not stop the rest.

Each case has its own randomness and its own IKE SA, so that it can be played alone. That the peer still does a plain
life is seen when the next case begins; a batch of cases ends with a whole one."""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..conformance.judge import evidence
from ..conformance.stage import Stage
from ..conformance.under_test import KINDS, UnderTest
from ..peers.contract import PeerError, PeerUnsupported
from ..scripted.errors import NotReady, Unmet
from ..scripted.payloads import D, N
from ..wire.registry import Exchange
from .case import Case, cases
from .ground import Ground
from .oracle import Broken, Seen, Watch, judge

BATCH = 16
WARM = 32  # cases after which a daemon has what memory it needs for such
GROWTH_KIB = 2048  # of what an allocator, a log and half-open IKE SAs may take beyond that
GROWTH_OCTETS = 64  # more for each case: leaks of a page per hundred cases are found by a larger budget
HALF_OPEN_GONE_S = 15.0  # they go after ten
REST_S = 0.3  # in which an initiator has ended what it was told has ended
FOUND_MAX = 12  # different failures; more say nothing new
MISSED_SHARE = 2  # at most one case in two may not come about


@dataclass(slots=True, frozen=True)
class Budget:
    """Which cases: so many from number `first` on."""

    seed: str = "1"
    count: int = 24
    first: int = 0

    @property
    def numbers(self) -> range:
        return range(self.first, self.first + self.count)


@dataclass(slots=True)
class Found:
    case: Case
    broken: Broken
    again: int = 0  # how often the same rule was broken by other cases of that kind


@dataclass(slots=True)
class Report:
    played: int = 0
    missed: list[str] = field(default_factory=list)  # cases that did not come about
    found: dict[tuple[str, str], Found] = field(default_factory=dict)

    def add(self, case: Case, broken: Iterable[Broken]) -> None:
        for one in broken:
            known = self.found.get((case.kind, one.rule))
            if known is not None:
                known.again += 1
            else:
                self.found[case.kind, one.rule] = Found(case, one)


class Play:
    def __init__(self, under_test: UnderTest, group: str, budget: Budget):
        self.peer, self.group, self.budget = under_test, group, budget
        self.stage: Stage = under_test.stage
        self.report = Report()
        self.measured_from = 0

    def run(self) -> Report:
        before: Case | None = None
        resident: tuple[int, int] | None = None  # of which start, and how much
        for case in cases(self.group, self.budget.seed, self.budget.numbers, self.peer.role):
            if self.report.played and self.report.played % BATCH == 0:
                self._sanity(before or case)
            if self.report.played >= WARM and (resident is None or resident[0] != self.stage.restarts):
                resident = self._resident()
                self.measured_from = self.report.played
            self._one(case, before)
            before = case
            if len(self.report.found) >= FOUND_MAX:
                break
        if before is not None:
            self._sanity(before)
            self._memory(before, resident)
        return self.report

    def _one(self, case: Case, before: Case | None) -> None:
        ground = self._begin(case, before)
        watch = Watch()
        broken: list[Broken] = []
        self.stage.carrier.witness = watch
        try:
            case.deed.play(ground)
            ground.settle()
        except (NotReady, PeerUnsupported) as error:
            self.report.missed.append(f"{case}: {error}")
        except OSError as error:
            if error.errno != errno.EMSGSIZE:
                raise
            self.report.missed.append(f"{case}: no datagram is so large")
        except AssertionError as error:
            if self._alive():  # or the judgement says how it ended
                broken.append(Broken("an answer that the RFC forbids", str(error)))
        finally:
            self.stage.carrier.witness = None
        self.report.played += 1
        broken += self._judge(case, ground, watch)
        if broken:
            self._keep_evidence(case)
        self.report.add(case, broken)
        self._clean(ground)

    def _begin(self, case: Case, before: Case | None) -> Ground:
        """Raises NotReady when even a fresh peer cannot be brought there."""
        self.stage.mark_packets()
        try:
            return self._brought(case)
        except NotReady as error:
            if before is None:
                raise
            self._keep_evidence(before)
            self.report.add(before, [Broken("no plain life afterwards", str(error))])
            self._restart()
            return self._brought(case)

    def _brought(self, case: Case) -> Ground:
        """What is drawn for the case follows from its number alone."""
        ground = Ground(KINDS[self.peer.role](self.stage, f"{case.seed}/{case.group}/{case.number}"))
        ground.bring(case.deed.state)
        return ground

    # What came of it.

    def _alive(self) -> bool:
        return self.stage.peer.running()

    def _judge(self, case: Case, ground: Ground, watch: Watch) -> list[Broken]:
        if not self._alive():
            return [Broken("it died", self.stage.peer.how_it_ended())]
        established: set[bytes] = set()
        if case.deed.stranger:
            with contextlib.suppress(PeerUnsupported):
                established = {one.spi_i.to_bytes(8, "big") for one in self.peer.status().established()}
        return judge(Seen(watch, ground.sas, ground.asked, case.deed.stranger, established))

    def _sanity(self, case: Case) -> None:
        """A whole life, which also ends what is left of others."""
        try:
            KINDS[self.peer.role](self.stage, f"{case.seed}/{case.group}/sanity/{case.number}").sanity()
            self.stage.sas.clear()
            self.stage.carrier.forget()
        except (Unmet, NotReady) as error:
            self._keep_evidence(case)
            self.report.add(case, [Broken("no plain life afterwards", str(error))])
            self._restart()

    def _resident(self) -> tuple[int, int] | None:
        found = self.stage.peer.resident_kib()
        return None if found is None else (self.stage.restarts, found)

    def _memory(self, case: Case, before: tuple[int, int] | None) -> None:
        """Half-open IKE SAs go first, which takes their time."""
        count = self.report.played - self.measured_from
        allowed = GROWTH_KIB + count * GROWTH_OCTETS // 1024
        end = time.monotonic() + HALF_OPEN_GONE_S
        while before is not None and self._alive():
            after = self._resident()
            if after is None or after[0] != before[0] or after[1] - before[1] <= allowed:
                return
            if time.monotonic() > end:
                self.report.add(case, [Broken("memory grew", f"by {after[1] - before[1]} KiB in {count} cases")])
                return
            self.stage.peer.wait_event(0.2)

    def _keep_evidence(self, case: Case) -> None:
        directory = self.peer.directory / f"case-{case.number}"
        directory.mkdir(parents=True, exist_ok=True)
        evidence(directory, self.stage)

    # What is left of it.

    def _clean(self, ground: Ground) -> None:
        if not self._alive():
            self._restart()
            return
        if self.peer.role == "initiator":
            for sa in [sa for sa in ground.sas if sa.auth_request is not None and not sa.authenticated]:
                assert sa.auth_request is not None
                sa.answer(sa.auth_request, N("AUTHENTICATION_FAILED"))
        for sa in ground.sas:
            if sa.authenticated and not sa.deleted:
                sa.send(Exchange.INFORMATIONAL, D())  # a responder that does not hear it is told INITIAL_CONTACT later
        self.stage.sas.clear()
        if not self.stage.carrier.prove_chance() or self.peer.role == "initiator" and not self._rests():
            self._restart()  # an initiator goes on asking for what the case has spoilt
        self.stage.carrier.forget()

    def _rests(self) -> bool:
        end = time.monotonic() + REST_S
        while left := self.stage.left():
            if time.monotonic() > end:
                return not left
            self.stage.carrier.wait(0.01)
        return True

    def _restart(self) -> None:
        self.stage.sas.clear()
        with contextlib.suppress(PeerError):
            self.stage.restart()
        self.stage.carrier.forget()


def play(group: str, under_test: UnderTest, budget: Budget) -> None:
    """Raises Unmet with all that was found, each with how to repeat it; NotReady when too little came about."""
    stage = under_test.stage
    report = Play(under_test, group, budget).run()
    options = f"--role {under_test.role} --seed {budget.seed}"
    if report.found:
        lines = [f"{one.broken}; {one.case}; repeat: ikelab hostile {group} --peer {stage.setup.name} {options} "
                 f"--case {one.case.number}" + (f" (and {one.again} cases more of this kind)" if one.again else "")
                 for one in report.found.values()]
        raise Unmet(f"{len(lines)} in {report.played} cases: " + "\n".join(lines))
    if len(report.missed) * MISSED_SHARE > report.played:
        raise NotReady(f"{len(report.missed)} of {report.played} cases did not come about: {report.missed[0]}")
    under_test.notes.append(f"{report.played - len(report.missed)} cases of seed {budget.seed}")


__all__ = ["BATCH", "Budget", "Play", "Report", "play"]
