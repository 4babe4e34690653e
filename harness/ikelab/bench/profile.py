"""In which functions processes spend their time, of their own and of the kernel on their behalf: sampled by perf.

    profiler = Profiler(pids)       # CannotProfile: there is no perf, or it may not
    ...                             # work
    profile = profiler.end()        # or close(), when that came to nothing

No figure comes of what is sampled: who samples is in the way.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import Any

from ikelab.process import ProcessError, await_that

MOST = 25  # functions
RATE = 1999  # samples a second and processor; no divisor of anything that ticks
START_S, END_S = 30.0, 60.0
KERNEL, UNNAMED = "kernel", "(functions without a name)"
SAMPLE = re.compile(r"\s*[0-9a-f]+ (.+?) \(([/\[].*)\)")


class CannotProfile(Exception):
    """One sentence with the remedy."""


@dataclass(frozen=True)
class Function:
    name: str
    part: str  # the program, a library, or the kernel
    share: float  # of all samples


@dataclass(frozen=True)
class Profile:
    samples: int
    parts: dict[str, float]  # shares, the greatest first
    functions: tuple[Function, ...]  # at most so many, the greatest first

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def missing() -> str:
    """"" or the remedy."""
    return "" if shutil.which("perf") else "perf samples profiles and is not there: run `ci/install.sh --bench` (package linux-perf)"


class Profiler:
    """Samples from here on until end() or close()."""

    def __init__(self, pids: Iterable[int]):
        if sentence := missing():
            raise CannotProfile(sentence)
        self._directory = tempfile.TemporaryDirectory(prefix="ikelab-profile-")
        self._file = Path(self._directory.name) / "perf.data"
        self._perf = subprocess.Popen(["perf", "record", "--quiet", "--freq", str(RATE), "--output", str(self._file), "--pid",
                                       ",".join(map(str, pids))], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.PIPE, text=True)
        try:
            await_that(lambda: self._perf.poll() is not None or self._file.exists() and self._file.stat().st_size > 0,
                       "perf's file", START_S)
        except ProcessError as error:
            self.close()
            raise CannotProfile(f"perf did not begin: {error}") from error
        if self._perf.poll() is not None:
            raise CannotProfile(f"perf cannot sample here: {self._last_words()}")

    def close(self) -> None:
        """A second time does nothing."""
        if self._perf.poll() is None:
            self._perf.kill()
        if self._perf.stderr is not None and not self._perf.stderr.closed:
            self._perf.communicate()
        self._directory.cleanup()

    def end(self) -> Profile:
        """Raises CannotProfile also when nothing was sampled."""
        try:
            self._perf.send_signal(2)  # SIGINT: it writes what it has, and ends
            self._perf.wait(END_S)
            done = subprocess.run(["perf", "script", "--input", str(self._file), "--fields", "ip,sym,dso"], capture_output=True,
                                  text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=END_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise CannotProfile(f"perf did not end within {END_S:g} s; try again on a quieter machine") from error
        finally:
            self.close()
        if done.returncode != 0:
            raise CannotProfile(f"perf cannot read what it has sampled: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
        return profile(done.stdout.splitlines())

    def _last_words(self) -> str:
        words = [line for line in (self._perf.communicate()[1] or "").splitlines() if line.strip()]
        self._directory.cleanup()
        return words[-1].strip() if words else f"it ended with status {self._perf.returncode}"


def profile(lines: Iterable[str]) -> Profile:
    """Of what `perf script` prints, a sample a line. Functions that a stripped library does not name are one."""
    functions = Counter(_function(found[1], found[2]) for line in lines if (found := SAMPLE.fullmatch(line)))
    samples = functions.total()
    if not samples:
        raise CannotProfile("perf has sampled nothing: the processes did not run, or this machine lets nobody look")
    parts: Counter[str] = Counter()
    for (_, part), count in functions.items():
        parts[part] += count
    return Profile(samples, {part: count / samples for part, count in parts.most_common()},
                   tuple(Function(name, part, count / samples) for (name, part), count in functions.most_common(MOST)))


def _function(symbol: str, image: str) -> tuple[str, str]:
    kernel = image.startswith("[kernel") or image.startswith("[guest.kernel") or image.endswith(".ko")
    part = KERNEL if kernel else image if image.startswith("[") else PurePath(image).name or "?"
    return (UNNAMED if symbol == "[unknown]" else symbol, part)
