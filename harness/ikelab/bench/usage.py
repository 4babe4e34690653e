"""What processes spend: their processor time, how often they slept, and how often they called the kernel."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PERF_EVENT = "raw_syscalls:sys_enter"
PERF_END_S = 20.0


@dataclass(frozen=True)
class Usage:
    """Of all threads together, since they began."""

    seconds: float  # of processor time
    wake_ups: int  # times that one had nothing to do and slept

    def since(self, before: Usage) -> Usage:
        return Usage(self.seconds - before.seconds, self.wake_ups - before.wake_ups)


def usage(pids: Iterable[int]) -> Usage:
    """A thread that has ended is in it no more; daemons keep theirs."""
    seconds, wake_ups = 0.0, 0
    for pid in pids:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            try:
                status = (thread / "status").read_text()
                seconds += int((thread / "schedstat").read_text().split()[0]) / 1e9
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended while we looked
            wake_ups += int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])
    return Usage(seconds, wake_ups)


class CallCounter:
    """Counts system calls of processes, where perf is there and may."""

    def __init__(self, pids: Iterable[int]):
        pids = list(pids)
        self._perf: subprocess.Popen[str] | None = None
        if pids and shutil.which("perf") is not None:
            self._perf = subprocess.Popen(["perf", "stat", "--field-separator", ",", "--event", PERF_EVENT, "--pid",
                                           ",".join(map(str, pids))], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def end(self) -> int | None:
        """None where nobody could count."""
        if self._perf is None:
            return None
        self._perf.send_signal(2)  # SIGINT: it says what it has counted, and ends
        _, said = self._perf.communicate(timeout=PERF_END_S)
        for line in said.splitlines():
            fields = line.split(",")
            if PERF_EVENT in fields and fields[0].isdigit():
                return int(fields[0])
        return None
