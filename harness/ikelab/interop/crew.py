"""The workers of a run: started, fed, and replaced when one dies or hangs. What it played then is inconclusive."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .. import process
from ..result import Result
from ..verdict import Verdict
from .schedule import Order, Schedule

ROOT = Path(__file__).resolve().parents[3]
START_S = 60.0  # until a worker has collected the scenarios
PLAY_S = 180.0  # for one scenario; the longest takes a tenth of that
END_S = 20.0  # for a worker to take its guests down
DEATHS_MAX = 10  # of workers; more, and something is wrong with this machine
WORKER_MIB, GUEST_MIB = 150, 350
WORKERS_PER_CORE = 3


PLAYER = (sys.executable, "-m", "ikelab.interop.worker")


class CrewError(Exception):
    """No worker can be had; the message says what to look at."""


def workers_for(guests: bool, cores: int | None = None, available_mib: int | None = None) -> int:
    """More than cores, since scenarios mostly wait. Fewer where guests would fill the memory: each worker has up to four,
    two that play and two that wait."""
    cores = cores or os.cpu_count() or 1
    available_mib = available_mib if available_mib is not None else _available_mib()
    each = WORKER_MIB + (4 * GUEST_MIB if guests else 0)
    return max(1, min(WORKERS_PER_CORE * cores, int(available_mib * 0.8) // each))


def _available_mib() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    return 2048


class Worker:
    """One process that plays. `log` has whatever it says beside its answers."""

    def __init__(self, number: int, out: Path, player: Sequence[str]):
        self.number = number
        ours, theirs = socket.socketpair()
        log = out / "workers" / f"{number}.log"
        try:
            self.process = process.popen(
                None, [*player, str(theirs.fileno()), str(out)],
                name=f"worker {number}", log=log, cwd=ROOT, pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": str(ROOT / "harness")})
        finally:
            theirs.close()
        self._socket = ours
        self._stream = ours.makefile("rb")

    def hello(self) -> list[str]:
        """The names of the scenarios it has collected."""
        said = self._receive(START_S)
        if said is None or said["problems"]:
            why = "; ".join(said["problems"]) if said else self.last_words()
            raise CrewError(f"a worker could not collect the scenarios: {why}")
        return list(said["scenarios"])

    def play(self, order: Order) -> dict[str, Any] | None:
        """Its answer; None when it died or did not answer in time."""
        initiator, responder = order.cell.pair
        line = json.dumps({"scenario": order.scenario, "initiator": initiator, "responder": responder,
                           "authentication": order.cell.authentication}) + "\n"
        try:
            self._socket.sendall(line.encode())
        except OSError:
            return None
        return self._receive(PLAY_S)

    def last_words(self) -> str:
        ended = self.process.returncode
        how = ("does not answer" if ended is None else
               f"was killed by {signal.Signals(-ended).name}" if ended < 0 else f"ended with status {ended}")
        lines = [line for line in self.process.output().splitlines() if line.strip()]
        return f"{how}{'; it said: ' + lines[-1][:200] if lines else ''}"

    def dismiss(self) -> None:
        """Tells it that there is no more; it ends its guests and then itself."""
        self._socket.shutdown(socket.SHUT_WR)

    def end(self, timeout_s: float = END_S) -> None:
        self.process._ends_within(timeout_s)
        self.process.kill()
        self._socket.close()

    def _receive(self, timeout_s: float) -> dict[str, Any] | None:
        self._socket.settimeout(timeout_s)
        try:
            line = self._stream.readline()
        except OSError:  # the time is over
            return None
        if not line.endswith(b"\n"):
            self.process._ends_within(1.0)
            return None
        return dict(json.loads(line))


class Crew:
    """`tell(result)` is called for every result, from one thread at a time. `player`: what a worker runs."""

    def __init__(self, out: Path, count: int, tell: Callable[[Result], None], player: Sequence[str] = PLAYER):
        self.out, self.count, self.player = out, count, player
        self.deaths: list[str] = []
        self._tell = tell
        self._lock = threading.Lock()
        self._stopping = False
        self._numbers = 0
        self.first = self._hire()
        self.scenarios = self.first.hello()

    def play(self, schedule: Schedule) -> None:
        """Returns when all has been played. An interrupt lets those that play finish, and then comes through."""
        workers = [self.first, *(self._hire() for _ in range(self.count - 1))]
        # Events, not join(): an interrupt in Thread.join() of Python 3.11 makes a thread that runs look ended.
        fed = [threading.Event() for _ in workers]
        for worker, done in zip(workers, fed, strict=True):
            threading.Thread(target=self._feed, args=(worker, schedule, done), name=f"feeds {worker.number}").start()
        try:
            for done in fed:
                while not done.wait(0.2):
                    pass
        except KeyboardInterrupt:
            self._stopping = True
            for done in fed:
                done.wait(END_S)
            raise
        finally:
            with self._lock:
                rest = schedule.rest()
            why = "no worker was left to play it" if not self._stopping else "interrupted before it was played"
            for order in rest:
                self._report(not_played(order, why))

    def close(self) -> None:
        """Harmless when repeated."""
        self.first.end(0)

    def _hire(self) -> Worker:
        with self._lock:
            self._numbers += 1
            return Worker(self._numbers, self.out, self.player)

    def _feed(self, worker: Worker, schedule: Schedule, done: threading.Event) -> None:
        try:
            self._feed_until_the_end(worker, schedule)
        finally:
            done.set()

    def _feed_until_the_end(self, worker: Worker | None, schedule: Schedule) -> None:
        ready = worker is self.first
        while worker is not None and not self._stopping:
            try:
                if not ready:
                    worker.hello()
                    ready = True
            except CrewError:
                worker = self._replaced(worker, schedule, "at its start")
                continue
            with self._lock:
                order = schedule.next(worker.number)
            if order is None:
                break
            started = time.monotonic()
            answer = worker.play(order)
            seconds = time.monotonic() - started
            result, sound = _result(order, answer, worker, seconds)
            with self._lock:
                cut = schedule.played(order.cell, seconds)
            self._report(result)
            for one in cut:
                why = f"the cell's budget of {schedule.budget_s:g} s was used up"
                self._report(not_played(one, why))
            if not sound:
                worker = self._replaced(worker, schedule, order.scenario)
                ready = False
        if worker is not None:
            try:
                worker.dismiss()
            except OSError:
                pass
            worker.end()

    def _replaced(self, worker: Worker, schedule: Schedule, when: str) -> Worker | None:
        words = worker.last_words()
        worker.end(0)
        with self._lock:
            schedule.forget(worker.number)
            self.deaths.append(f"worker {worker.number} {words} ({when})")
            if len(self.deaths) > DEATHS_MAX:
                return None
        return self._hire()

    def _report(self, result: Result) -> None:
        with self._lock:
            self._tell(result)


def _result(order: Order, answer: dict[str, Any] | None, worker: Worker, seconds: float) -> tuple[Result, bool]:
    """The result, and whether the worker may go on."""
    if answer is None:
        gone = not worker.process.running
        why = f"the worker that played it {worker.last_words()}" if gone else \
            f"it was still played after {PLAY_S:g} s, and ended"
        found = not_played(order, why)
    elif "result" in answer:
        return Result.from_dict(answer["result"]), True
    else:
        found = not_played(order, f"the scenario itself broke: {answer['problem']}")
    found.seconds = round(seconds, 3)
    return found, answer is not None


def not_played(order: Order, why: str) -> Result:
    initiator, responder, authentication = order.cell.key
    return Result(order.scenario, initiator, responder, Verdict.INCONCLUSIVE, why, authentication=authentication)
