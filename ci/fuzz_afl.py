#!/usr/bin/python3
"""Runs the same fuzzers under AFL++, another engine with other ideas; exit 1 when one has found something.

    ci/fuzz_afl.py --build build --minutes 5 [endpoint ...]     what `make fuzz-afl` does

What is learnt and found stays in build/fuzz/afl/; the line that repeats a finding is printed.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from fuzz import DICTIONARIES, LENGTH_MAX, ONE_RUN_TIMEOUT_S, ROOT, SEEDS, TARGETS, no_such

# AFL++ would rather own the machine; none of what it asks for then is ours to set.
ENVIRONMENT = {"AFL_NO_UI": "1", "AFL_NO_AFFINITY": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_AUTORESUME": "1",
               "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1", "ASAN_OPTIONS": "abort_on_error=1:symbolize=0:detect_leaks=0",
               "UBSAN_OPTIONS": "abort_on_error=1:halt_on_error=1:symbolize=0"}


@dataclass
class Outcome:
    target: str
    runs: int
    edges: int
    findings: list[Path]
    problem: str = ""  # why it did not run

    def row(self) -> str:
        found = f"{len(self.findings)} FOUND" if self.findings else self.problem or "nothing"
        return f"  {self.target:<16} {self.runs:>11,} {self.edges:>7,}  {found}"


def seeds_of(target: str, scratch: Path) -> Path:
    """A folder with one file at least, as the engine demands."""
    if target == "config_file":  # every key there is
        scratch.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "docs/ikeref.conf.example", scratch / "example")
        return scratch
    if (SEEDS / target).is_dir():
        return SEEDS / target
    scratch.mkdir(parents=True, exist_ok=True)
    (scratch / "zero").write_bytes(bytes(64))
    return scratch


def play(build: Path, target: str, seconds: int) -> Outcome:
    program, out = build / "fuzzed-afl/ref/fuzz" / f"fuzz_{target}", build / "fuzz/afl" / target
    out.mkdir(parents=True, exist_ok=True)
    words = ["afl-fuzz", "-V", str(seconds), "-m", "none", "-t", str(1000 * ONE_RUN_TIMEOUT_S), "-G",
             str(LENGTH_MAX.get(target, 1024)), "-i", str(seeds_of(target, build / "fuzz/afl-seeds" / target)), "-o", str(out)]
    dictionary = DICTIONARIES / f"{target}.dict"
    if dictionary.exists():
        words += ["-x", str(dictionary)]
    try:
        done = subprocess.run([*words, "--", str(program)], capture_output=True, text=True, errors="replace",
                              env={**os.environ, **ENVIRONMENT}, stdin=subprocess.DEVNULL, check=False)
    except FileNotFoundError:
        return Outcome(target, 0, 0, [], "afl-fuzz is missing: run `ci/install.sh --afl`")
    stats = out / "default/fuzzer_stats"
    if done.returncode != 0 or not stats.exists():
        lines = [re.sub(r"\x1b\[[0-9;]*m", "", line).strip() for line in done.stdout.splitlines()]
        said = [line for line in lines if "PROGRAM ABORT" in line or "SYSTEM ERROR" in line or "OS message" in line]
        return Outcome(target, 0, 0, [], " ".join(said)[:300] or f"afl-fuzz ended with status {done.returncode}")
    found = dict(re.findall(r"(?m)^(\w+) +: (.*)$", stats.read_text()))
    findings = [path for kind in ("crashes", "hangs") for path in sorted((out / "default" / kind).glob("id*"))]
    return Outcome(target, int(found["execs_done"]), int(found["edges_found"]), findings)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="the build folder (default: build)")
    parser.add_argument("--minutes", type=float, default=1.0, help="of each target (default: 1)")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)} (default: all)")
    options = parser.parse_args()
    if no_such("fuzz_afl", options.targets):
        return 2
    build = options.build.resolve()
    print("  target                  runs   edges  findings", flush=True)
    bad = 0
    for target in options.targets or TARGETS:
        outcome = play(build, target, max(1, round(60 * options.minutes)))
        print(outcome.row(), flush=True)
        for path in outcome.findings:
            print(f"    again: {build / 'fuzzed-afl/ref/fuzz' / ('fuzz_' + target)} {path}", flush=True)
        bad += len(outcome.findings) + bool(outcome.problem)
    print(f"fuzz_afl: {bad} findings" if bad != 1 else "fuzz_afl: 1 finding")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
