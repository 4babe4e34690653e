"""A group of cases against one peer, case after case; what is found does not stop the rest.

Each case has its own randomness and its own IKE SA, so that it can be played alone. That the peer still does a plain
life is seen when the next case begins; a batch of cases ends with a whole one."""

from __future__ import annotations

import contextlib
import errno
import json
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..conformance import limit
from ..conformance.judge import evidence
from ..conformance.stage import Stage
from ..conformance.under_test import KINDS, UnderTest
from ..peers.contract import PeerError
from ..scripted.errors import NotReady, Unmet
from ..scripted.payloads import D, N
from ..verdict import KnownFailure
from ..wire.registry import Exchange
from .case import Case, cases
from .ground import Ground
from .memory import Memory, grew
from .oracle import Broken, Seen, Watch, judge
from .report import Known, Report, load_known

BATCH = 16
WARM = 32  # cases after which a daemon has what memory it needs for such
HALF_OPEN_GONE_S = 15.0  # they go after ten
REST_S = 0.3  # in which an initiator has ended what it was told has ended
FOUND_MAX = 12  # different failures; more say nothing new
MISSED_SHARE = 2  # at most one case in two may not come about
DEATH_S = 2.0  # in which a daemon that was struck has written down where, and ended
CASES = "cases.json"  # among a group's artefacts
EXPECTED = Path(__file__).resolve().parents[3] / "scenarios" / "hostile" / "expected.toml"


@dataclass(slots=True, frozen=True)
class Budget:
    """Which cases: so many from number `first` on."""

    seed: str = "1"
    count: int = 24
    first: int = 0

    @property
    def numbers(self) -> range:
        return range(self.first, self.first + self.count)


class Play:
    def __init__(self, under_test: UnderTest, group: str, budget: Budget, known: Sequence[Known] = ()):
        self.peer, self.group, self.budget = under_test, group, budget
        self.stage: Stage = under_test.stage
        self.report = Report(known, under_test.role)
        self.memory: list[Memory] = []  # since the daemon was started, at the end of each batch
        self.watch = Watch()  # of the case that is on
        self.recent: deque[Case] = deque(maxlen=BATCH)  # since the daemon was started

    def run(self) -> Report:
        before: Case | None = None
        for case in cases(self.group, self.budget.seed, self.budget.numbers, self.peer.role):
            limit.renew()
            played = len(self.report.played)
            if played and played % BATCH == 0:
                self._sanity(before or case)
            if played >= WARM and played % BATCH == 0:
                self._weigh()
            self._one(case, before)
            before = case
            if len(self.report.found) >= FOUND_MAX:
                break
        if before is not None:
            self._sanity(before)
            self._memory(before)
        return self.report

    def _one(self, case: Case, before: Case | None) -> None:
        ground = self._begin(case, before)
        self.report.played.append(case)
        self.recent.append(case)
        broken: list[Broken] = []
        try:
            case.deed.play(ground)
            ground.settle()
        except (NotReady, PeerError) as error:
            if self._alive():
                self.report.missed.append((case, str(error)))
        except OSError as error:
            if error.errno != errno.EMSGSIZE:
                raise
            self.report.missed.append((case, "no datagram is so large"))
        except AssertionError as error:
            if self._alive():  # or the judgement says how it ended
                broken.append(Broken("an answer that the RFC forbids", str(error)))
        finally:
            self.stage.carrier.witness = None
        broken += self._judge(case, ground)
        if broken:
            self._keep_evidence(case)
        self.report.add(case, broken)
        self._clean(case, ground)

    def _begin(self, case: Case, before: Case | None) -> Ground:
        """Raises NotReady when even a fresh peer cannot be brought there."""
        self.stage.mark_packets()
        try:
            return self._brought(case)
        except (NotReady, PeerError) as error:
            if before is None:
                raise
            self._no_life_after(before, error)
            return self._brought(case)

    def _brought(self, case: Case) -> Ground:
        """What is drawn for the case follows from its number alone. It is watched from the beginning: what was asked twice on
        the way there may be answered late."""
        self.stage.carrier.witness = self.watch = Watch()
        ground = Ground(KINDS[self.peer.role](self.stage, f"{case.seed}/{case.group}/{case.number}"))
        ground.bring(case.deed.state)
        return ground

    # What came of it.

    def _alive(self) -> bool:
        return self.stage.peer.running()

    def _judge(self, case: Case, ground: Ground) -> list[Broken]:
        established: set[bytes] = set()
        if case.deed.stranger:
            with contextlib.suppress(PeerError):  # it never tells, or has died, which is seen below
                established = {one.spi_i.to_bytes(8, "big") for one in self.peer.status().established()}
        if not self._alive():
            return []
        return judge(Seen(self.watch, ground.sas, ground.asked, case.deed.stranger, established))

    def _sanity(self, case: Case) -> None:
        """A whole life, which also ends what is left of others; and the peer can be told to end what it still has."""
        try:
            KINDS[self.peer.role](self.stage, f"{case.seed}/{case.group}/sanity/{case.number}").sanity()
            self.stage.sas.clear()
            if self.stage.left():
                self.stage.tell_to_end()
            if not self._alive():
                raise NotReady("it died")
            self.stage.carrier.forget()
        except (Unmet, NotReady, PeerError) as error:
            self._no_life_after(case, error)

    def _no_life_after(self, case: Case, error: Exception) -> None:
        if self._alive():
            self._keep_evidence(case)
            self.report.add(case, [Broken("no plain life afterwards", str(error))])
            self._restart()
        else:
            self._died(case)

    def _died(self, case: Case) -> None:
        """It may take its time to die, or die of what a case has left when it is told to end that: each of the last is played
        again, alone. Afterwards there is a fresh daemon."""
        how, suspects = self.stage.peer.how_it_ended(), list(self.recent)
        self._keep_evidence(case)
        culprit = next((one for one in reversed(suspects) if self._dies_of(one)), None)
        words = how if culprit is not None else f"{how} (played alone none of the last {len(suspects)} cases does that)"
        self.report.add(culprit or case, [Broken("it died", words)])
        self._restart()

    def _dies_of(self, case: Case) -> bool:
        limit.renew()
        self._restart()
        self.stage.mark_packets()
        with contextlib.suppress(NotReady, PeerError, AssertionError, OSError):
            ground = self._brought(case)
            case.deed.play(ground)
            ground.settle()
            self._take_leave(ground)
            if self.stage.carrier.prove_chance() and self.stage.left():
                self.stage.tell_to_end()
        self.stage.carrier.witness = None
        end = time.monotonic() + DEATH_S
        while self._alive():
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        self._keep_evidence(case)
        return True

    def _weigh(self) -> None:
        """What a daemon had that is gone does not count."""
        self.memory = [one for one in self.memory if one.start == self.stage.restarts]
        if (found := self.stage.peer.resident_kib()) is not None:
            self.memory.append(Memory(self.stage.restarts, len(self.report.played), found))

    def _memory(self, case: Case) -> None:
        """Half-open IKE SAs go first, which takes their time."""
        end = time.monotonic() + HALF_OPEN_GONE_S
        while self._alive():
            self._weigh()
            if not (grown := grew(self.memory)):
                return
            if time.monotonic() > end:
                self.report.add(case, [Broken("memory grew", grown)])
                return
            self.memory.pop()
            with contextlib.suppress(PeerError):
                self.stage.peer.wait_event(0.2)

    def _keep_evidence(self, case: Case) -> None:
        directory = self.peer.directory / f"case-{case.number}"
        directory.mkdir(parents=True, exist_ok=True)
        evidence(directory, self.stage)

    # What is left of it.

    def _clean(self, case: Case, ground: Ground) -> None:
        if not self._alive():
            self._died(case)
            return
        self._take_leave(ground)
        self.stage.sas.clear()
        if not self.stage.carrier.prove_chance() or self.peer.role == "initiator" and not self._rests():
            if not self._alive():
                self._died(case)
                return
            self._restart()  # an initiator goes on asking for what the case has spoilt
        self.stage.carrier.forget()

    def _take_leave(self, ground: Ground) -> None:
        if self.peer.role == "initiator":
            for sa in [sa for sa in ground.sas if sa.auth_request is not None and not sa.authenticated]:
                assert sa.auth_request is not None
                sa.answer(sa.auth_request, N("AUTHENTICATION_FAILED"))
        for sa in ground.sas:
            if sa.authenticated and not sa.deleted:
                sa.send(Exchange.INFORMATIONAL, D())  # a responder that does not hear it is told INITIAL_CONTACT later

    def _rests(self) -> bool:
        """By itself, or when it is told to."""
        end = time.monotonic() + REST_S
        while self.stage.left():
            if time.monotonic() > end:
                self.stage.tell_to_end()
                return not self.stage.left()
            self.stage.carrier.wait(0.01)
        return True

    def _restart(self) -> None:
        self.recent.clear()
        self.stage.sas.clear()
        with contextlib.suppress(PeerError):
            self.stage.restart()
        self.stage.carrier.forget()


def play(group: str, under_test: UnderTest, budget: Budget) -> None:
    """Raises Unmet with all that was found and not known, each with how to repeat it; KnownFailure where all was known;
    NotReady when too little came about."""
    name, role = under_test.stage.setup.name, under_test.role
    report = Play(under_test, group, budget, [one for one in known_lines() if one.concerns(name, role, group)]).run()
    (under_test.directory / CASES).write_text(json.dumps(report.document(), indent=1) + "\n")
    count, missed = len(report.played), len(report.missed)
    again = f"repeat: ikelab hostile {group} --peer {name} --role {role} --seed {budget.seed} --case"
    lines = [f"{one.broken}; {one.case}; {again} {one.case.number}" +
             (f" (and {one.again} cases more of this kind)" if one.again else "") for one in report.found.values()]
    if lines or (lines := report.out_of_date()):
        raise Unmet(f"{len(lines)} in {count} cases: " + "\n".join(lines))
    if missed * MISSED_SHARE > count:
        raise NotReady("{} of {} cases did not come about: {}: {}".format(missed, count, *report.missed[0]))
    under_test.notes.append(f"{count - missed} cases of seed {budget.seed}")
    if report.expected:
        raise KnownFailure("; ".join(f"{line.reason} ({len(found)} in {count} cases, the first: {found[0].case})"
                                     for line, found in report.expected.items()))


@cache
def known_lines() -> list[Known]:
    return load_known(EXPECTED)


__all__ = ["BATCH", "Budget", "Play", "Report", "play"]
