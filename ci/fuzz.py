#!/usr/bin/python3
"""Runs the fuzzers of ref/fuzz/ one after the other and says how they did; exit 1 when one has found something, or, where
minutes were given, was slower than it has to be.

    ci/fuzz.py --build build --minutes 5 [endpoint ...]     what `make fuzz` does
    ci/fuzz.py --build build --runs 2000                    the corpus once and so many seeded runs: what `make test` does

Runs a second are those of processor time: how busy the machine is hardly changes them.

What is learnt stays in build/fuzz/corpus/, next to nothing of which belongs into the repository. An input that found
something is kept in build/fuzz/findings/, and the line that repeats it is printed.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "ref/fuzz/corpus"
DICTIONARIES = ROOT / "ref/fuzz/dictionary"
TARGETS = sorted(path.stem.removeprefix("fuzz_") for path in (ROOT / "ref/fuzz").glob("fuzz_*.c"))
LENGTH_MAX = {"endpoint": 2048, "esp": 2048, "certificate": 8192, "config_file": 4096, "message": 2048}
ONE_RUN_TIMEOUT_S = 20
LEAST_PER_SECOND = 50_000  # runs a second of processor time
SLOW = {"reassembly": 15_000, "coalescing": 5_000, "esp": 4_000, "certificate": 4_000, "config_file": 400, "endpoint": 200}  # docs/FUZZING.md: why


@dataclass
class Outcome:
    target: str
    runs: int = 0
    cpu_s: float = 0.0
    edges: int = 0
    edges_of: int = 0
    corpus: int = 0
    findings: list[Path] = field(default_factory=list)
    said: str = ""

    @property
    def per_second(self) -> int:
        return round(self.runs / max(0.001, self.cpu_s))

    @property
    def too_slow(self) -> bool:
        return self.per_second < SLOW.get(self.target, LEAST_PER_SECOND)

    def row(self) -> str:
        share = f"{100 * self.edges / self.edges_of:.0f} %" if self.edges_of else "?"
        found = f"{len(self.findings)} FOUND" if self.findings else "nothing"
        return (f"  {self.target:<16} {self.runs:>11,} {self.per_second:>10,} {self.edges:>7,} {share:>6} "
                f"{self.corpus:>7,}  {found}")


def number(pattern: str, text: str) -> int:
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def command(program: Path, target: str, work: Path, findings: Path) -> list[str]:
    words = [str(program), f"-artifact_prefix={findings}/", f"-timeout={ONE_RUN_TIMEOUT_S}", "-print_funcs=0",
             f"-max_len={LENGTH_MAX.get(target, 1024)}", "-print_final_stats=1", "-rss_limit_mb=2048"]
    dictionary = DICTIONARIES / f"{target}.dict"
    if dictionary.exists():
        words.append(f"-dict={dictionary}")
    return [*words, str(work), *([str(SEEDS / target)] if (SEEDS / target).is_dir() else [])]


def play(build: Path, target: str, seconds: float | None, runs: int | None) -> Outcome:
    """One target, for so long or so often. Seeded runs leave nothing behind, so that the next ones are the same."""
    program = build / "fuzzed/ref/fuzz" / f"fuzz_{target}"
    kept = "fuzz/corpus" if seconds is not None else "fuzz/scratch"
    work, findings = build / kept / target, build / "fuzz/findings" / target
    for directory in (work, findings):
        directory.mkdir(parents=True, exist_ok=True)
    if runs is not None:
        for path in work.iterdir():
            path.unlink()
    if target == "config_file":  # every key there is
        shutil.copy(ROOT / "docs/ikeref.conf.example", work / "example")
    words = command(program, target, work, findings)
    words += [f"-max_total_time={max(1, round(seconds))}"] if seconds is not None else [f"-runs={runs}", "-seed=1"]
    known = set(findings.iterdir())
    before = children_cpu_s()
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1"}
    try:
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", env=environment, check=False)
        said, status = done.stderr + done.stdout, done.returncode
    except OSError as error:
        said, status = f"{program}: {error.strerror}; run `make fuzzers`", 1
    runs_done = number(r"stat::number_of_executed_units: (\d+)", said) or number(r"#(\d+)\s", said)
    outcome = Outcome(target, runs_done, children_cpu_s() - before,
                      number(r"cov: (\d+)", said), number(r"\((\d+) PCs\)", said), number(r"corp: (\d+)", said),
                      sorted(set(findings.iterdir()) - known), said)
    if status != 0 and not outcome.findings:
        outcome.findings = [program]  # it did not even get as far as keeping an input
    return outcome


def report(outcome: Outcome, build: Path) -> None:
    print(outcome.row(), flush=True)
    for path in outcome.findings:
        reason = re.search(r"^(finding: .*|.*Assertion.*|.*runtime error: .*|SUMMARY: .*)$", outcome.said, re.MULTILINE)
        print(f"    {reason.group(1) if reason else outcome.said[-800:].strip()}")
        print(f"    again: {build / 'fuzzed/ref/fuzz' / ('fuzz_' + outcome.target)} {path}", flush=True)


def no_such(program: str, targets: list[str]) -> bool:
    """Whether one of these is no target, and then it is said."""
    unknown = sorted(set(targets) - set(TARGETS))
    if unknown:
        print(f"{program}: there is no target {', '.join(unknown)}; there are {', '.join(TARGETS)}", file=sys.stderr)
    return bool(unknown)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="the build folder (default: build)")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, default=1.0, help="of each target (default: 1)")
    length.add_argument("--runs", type=int, help="of each target, from a fixed seed")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)} (default: all)")
    options = parser.parse_args()
    if no_such("fuzz", options.targets):
        return 2
    build = options.build.resolve()
    print("  target                  runs   runs/s   edges     of  corpus  findings", flush=True)
    found, slow = 0, []
    for target in options.targets or TARGETS:
        outcome = play(build, target, None if options.runs is not None else 60 * options.minutes, options.runs)
        report(outcome, build)
        found += len(outcome.findings)
        if options.runs is None and outcome.too_slow:
            slow.append(f"{target} ({outcome.per_second:,} of {SLOW.get(target, LEAST_PER_SECOND):,} runs a second)")
    print(f"fuzz: {found} findings" if found != 1 else "fuzz: 1 finding")
    if slow:
        print(f"fuzz: slower than docs/FUZZING.md allows: {', '.join(slow)}")
    return 1 if found or slow else 0


if __name__ == "__main__":
    raise SystemExit(main())
