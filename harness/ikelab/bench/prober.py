"""build/prober between the two ends of a contestant (harness/bench/prober.c says what it does)."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ikelab import cleanup
from ikelab.process import Process, ProcessError
from ikelab.topology.host import Host

from .rate import Load
from .stream import CannotPlay

PORT = 7007
PROBE_OCTETS = 64  # of a round trip: the inner packet with its header
ALLOWANCE_S = 60.0  # beyond what was asked for: answers that do not come, and a machine that has other things to do


@dataclass(frozen=True)
class RoundTrips:
    """In microseconds."""

    minimum: float
    median: float
    p99: float
    answered: int
    lost: int


def summary(ns: Sequence[int], lost: int) -> RoundTrips:
    """The 99th percentile by nearest rank: a value that was measured."""
    if not ns:
        raise CannotPlay(f"none of {lost} probes came back")
    ordered = sorted(one / 1000 for one in ns)

    def rank(share: float) -> float:
        return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]
    return RoundTrips(ordered[0], rank(0.5), rank(0.99), len(ordered), lost)


def program() -> Path:
    return cleanup.build_directory().resolve() / "prober"


class Prober:
    """The answering side runs until close()."""

    def __init__(self, client: Host, gateway: Host, address: str):
        self._client, self._address = client, address
        self._answer: Process = gateway.popen([program(), "answer", address, str(PORT)], stdout=subprocess.PIPE)
        if self._answer.stdout.readline().strip() != b"ready":
            self._answer.kill()
            raise CannotPlay(f"the prober does not answer at {address}: see {self._answer.log}")

    def close(self) -> None:
        self._answer.kill()

    def reaches(self) -> bool:
        """Whether all of some probes come back, for most of a second: a key or a path may change just after the first one."""
        return self._run(self.rtt_command(1, 1), 1)["lost"] == 0 and self._run(self.rtt_command(8, 100_000), 1)["lost"] == 0

    def rtt(self, count: int, interval_us: int) -> RoundTrips:
        said = self._run(self.rtt_command(count, interval_us), count * interval_us / 1e6)
        return summary(said["ns"], said["lost"])

    def load(self, octets: int, rate: float, seconds: float) -> Load:
        said = self._run(self.load_command(octets, rate, seconds), seconds)
        return Load(said["sent"], said["received"], said["seconds"])

    def start_load(self, octets: int, rate: float, seconds: float) -> Process:
        """Beside something else; to be killed by who asked."""
        return self._client.popen(self.load_command(octets, rate, seconds), name="prober-load", stdout=subprocess.DEVNULL)

    def rtt_command(self, count: int, interval_us: int) -> list[str]:
        return [str(program()), "rtt", self._address, str(PORT), str(PROBE_OCTETS), str(count), str(interval_us)]

    def load_command(self, octets: int, rate: float, seconds: float) -> list[str]:
        return [str(program()), "load", self._address, str(PORT), str(octets), f"{rate:.0f}", f"{seconds:g}"]

    def _run(self, command: list[str], seconds: float) -> dict:
        try:
            return json.loads(self._client.run(command, timeout=seconds + ALLOWANCE_S).stdout)
        except (ProcessError, json.JSONDecodeError) as error:
            raise CannotPlay(f"the prober could not measure: {error}") from error
