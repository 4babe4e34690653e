#!/usr/bin/python3
"""Plays unit tests, vectors, seeds of the simulator and the fuzzers' corpus in a build that counts, and says how much of
each room of the core they reach. `make coverage` makes the build and calls this.

    ci/coverage.py --build build/covered

Exit 1: a room is under 95 % of its lines or 90 % of its branches, something that was played failed, or a line is not
reached and ci/uncovered.toml gives no reason. Every line and every way of a branch counts, those with a reason too; only
asserts do not, for they are not compiled: no test is to fail one. All that is short of something is listed in
BUILD/coverage.txt.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import coverage_count as count

ROOT = Path(__file__).resolve().parent.parent
ENTRIES = ROOT / "ci/uncovered.toml"
LINES_MIN, BRANCHES_MIN = 95.0, 90.0
SIM_SEEDS = 300
HOSTILE_DATAGRAMS = "20000"  # a unit test of a million, elsewhere
OWN_VECTORS = ("exchange", "recorded", "published", "esp")


def run(name: str, *words: str | Path, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str] | None:
    """What it said; None and its last words on stderr when it failed."""
    print(f"  {name}", flush=True)
    done = subprocess.run([str(word) for word in words], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", env={**os.environ, **(environment or {})}, check=False)
    if done.returncode == 0:
        return done
    print(f"coverage: {name} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}", file=sys.stderr)
    return None


def vectors(build: Path) -> bool:
    """Those of the repository: the packages' ones play nothing but crypto/, which is not counted."""
    files = [path for folder in OWN_VECTORS for path in sorted((ROOT / "vectors" / folder).rglob("*.json"))]
    done = run(f"vectors ({len(files)} files)", build / "vector-runner", *files)
    outcomes = [json.loads(line) for line in done.stdout.splitlines()] if done else []
    failed = [one for one in outcomes if one["outcome"] == "failed"]
    for one in failed[:5]:
        print(f"coverage: {one['file']}, test {one['tcId']}: {one['reason']}", file=sys.stderr)
    return bool(outcomes) and not failed


def corpus(build: Path) -> bool:
    good = True
    for source in sorted((ROOT / "ref/fuzz").glob("fuzz_*.c")):
        target = source.stem.removeprefix("fuzz_")
        good &= run(f"corpus of {target}", build / "replay" / target, ROOT / "ref/fuzz/corpus" / target) is not None
    return good


def play(build: Path) -> bool:
    for path in build.rglob("*.gcda"):
        path.unlink()
    good = run("unit tests", sys.executable, ROOT / "ci/run_tests.py", "--build", build, "unit",
               environment={"HOSTILE": HOSTILE_DATAGRAMS}) is not None
    good &= vectors(build)
    good &= run(f"simulator, {SIM_SEEDS} seeds", build / "ikesim", "--seeds", str(SIM_SEEDS)) is not None
    return corpus(build) and good


def collect(build: Path) -> dict[str, count.SourceFile]:
    report = build / "coverage.json"
    words = ["gcovr", "--root", str(ROOT), "--json", str(report), "-j", "2"]
    for room in count.ROOMS:
        words += ["--filter", f"ref/{room}/.*\\.c"]
    words += [str(build / "ref" / room) for room in count.ROOMS]
    try:
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise SystemExit("coverage: gcovr is missing: run `ci/install.sh --coverage`") from None
    if done.returncode != 0:
        raise SystemExit(f"coverage: gcovr failed: {done.stderr[-1500:]}")
    return count.read_report(json.loads(report.read_text()), ROOT)


def row(name: str, share: count.Share) -> tuple[str, bool]:
    lines, branches = share.percent()
    good = lines >= LINES_MIN and branches >= BRANCHES_MIN
    return (f"  {name:<10} {share.lines_reached:>6} of {share.lines:>6}  {lines:5.1f} %   "
            f"{share.branches_taken:>6} of {share.branches:>6}  {branches:5.1f} %{'' if good else '   too little'}"), good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/covered", help="a build that counts")
    parser.add_argument("--no-play", action="store_true", help="only count what the last run has left")
    options = parser.parse_args()
    build = options.build.resolve()
    good = options.no_play or play(build)
    files = collect(build)
    try:
        entries = count.read_entries(ENTRIES)
    except (count.BadEntry, tomllib.TOMLDecodeError, OSError) as error:
        raise SystemExit(f"coverage: {error}") from None
    problems, explained = count.problems(files, entries)
    (build / "coverage.txt").write_text("".join(f"{line}\n" for line in count.listing(files, explained)))
    print("  room                 lines                      branches")
    whole = count.Share()
    for room, share in count.shares(files).items():
        text, enough = row(room, share)
        good &= enough
        whole.add(share)
        print(text)
    print(row("all", whole)[0])
    print(f"coverage: {len(entries)} reasons in {ENTRIES.relative_to(ROOT)}; line by line: {build / 'coverage.txt'}")
    for problem in problems:
        print(f"coverage: {problem}")
    return 0 if good and not problems else 1


if __name__ == "__main__":
    raise SystemExit(main())
