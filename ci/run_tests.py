#!/usr/bin/python3
"""Runs the stages of `make test` and ends with the line `N passed, N failed`; exit 1 when anything failed.

    ci/run_tests.py --build build unit ci harness scenarios

unit        every cmocka program, two at a time; one line a program, all it said when it failed
ci          the tests of ci/
harness     the harness's own tests
scenarios   every scenario between all pairs of peers that are here, by `ikelab run`
conformance the reference against the scripted peer, by `ikelab conform`
hostile-peers  the reference against hostile peers that hold the keys, by `ikelab hostile`, and a little of it strongSwan
interop     the part of the matrix that ci/interop.toml names, by `ikelab interop`
gate        the cases whose instructions are counted, against their baseline (docs/PERFORMANCE.md)
prove       the quick share of the proofs (docs/PROOFS.md); skipped, with the reason, where CBMC cannot be had
fuzz        the corpus of each fuzzer, and a thousand runs from a fixed seed
sim         two thousand seeds of the simulator, and whether they find the planted faults
sanitize    some scenarios with the daemon under AddressSanitizer and UBSan
coverage    how much of each room of the core is reached (docs/COVERAGE.md)
robust      only what is done to a running daemon; all of it when IKELAB_ROBUST=all
hostile     only the hostile datagrams, as many as IKELAB_HOSTILE says
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import textwrap
import time
import tomllib
import xml.etree.ElementTree as xml
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM_TIMEOUT_S = 300
MOST_FAILURES = 40  # named in the end
LINE = 300  # characters of what is said of a failure in the end
SANITIZED_SHARE = ("connect", "rekey", "fragmentation", "end.")
HOSTILE_TO, HOSTILE_SHARE = "strongswan-6.0.1", ("order", "fragments")  # another implementation, and groups of hostile cases for it
WORKERS = max(2, os.cpu_count() or 1)


@dataclass
class Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)  # a line each, as far as they have names

    def add(self, other: Count) -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures

    def __str__(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def say(text: str) -> None:
    print(text, flush=True)


def unit(build: Path) -> Count:
    programs = [build / source.relative_to(ROOT).with_suffix("")
                for source in sorted((ROOT / "ref/test").glob("*/test_*.c"))]
    total = Count()
    with ThreadPoolExecutor(WORKERS) as pool:
        for program, (count, output, seconds) in zip(programs, pool.map(cmocka, programs)):
            say(f"  {str(program.relative_to(build / 'ref/test')):<40} {count} in {seconds:.1f} s")
            if count.failed:
                say(output)
                count.failures.append(str(program.relative_to(build)))
            total.add(count)
    return total


def cmocka(program: Path) -> tuple[Count, str, float]:
    """Counts, all it said, seconds. A program that does not come to its end is one failure more."""
    started = time.monotonic()
    try:
        done = subprocess.run([program], capture_output=True, text=True, errors="replace", cwd=ROOT,
                              stdin=subprocess.DEVNULL, timeout=PROGRAM_TIMEOUT_S, check=False)
        output, status = done.stdout + done.stderr, done.returncode
    except subprocess.TimeoutExpired:
        output, status = f"it still ran after {PROGRAM_TIMEOUT_S} s", -1
    except OSError as error:
        output, status = f"{program}: {error.strerror}; run `make tests`", -1
    count = Count(*(number(rf"\[  {word} +\] (?:.*: )?(\d+) test\(s\)", output) for word in ("PASSED", "FAILED", "SKIPPED")))
    if status != 0 and not count.failed or status == 0 and not count.passed + count.skipped:
        count.failed += 1
        output += f"\n{program} ended with status {status}"
    return count, output, time.monotonic() - started


def number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    return int(found.group(1)) if found else 0


def pytest(build: Path, *arguments: str) -> Count:
    """Its own output is the progress; the counts come from its report."""
    report = build / "test" / "pytest.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "-rfE",
               f"--junitxml={report}", *arguments]
    environment = {**os.environ, "IKELAB_BUILD": str(build), "PYTHONPATH": str(ROOT / "harness")}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False)
    try:
        suites = xml.parse(report).getroot().findall("testsuite")
    except (OSError, xml.ParseError):
        return Count(failed=1, failures=["pytest wrote no report"])

    def sum_of(name: str) -> int:
        return sum(int(suite.get(name, 0)) for suite in suites)

    failed, skipped = sum_of("failures") + sum_of("errors"), sum_of("skipped")
    failures = []
    for case in (case for suite in suites for case in suite.iter("testcase")):
        for skip in case.findall("skipped"):
            say(f"  skipped: {case.get('name')}: {skip.get('message', '')}")
        for found in (*case.findall("failure"), *case.findall("error")):
            failures.append(f"{case.get('classname')}.{case.get('name')}: {one_line(found.get('message', ''))}")
    if done.returncode != 0 and not failed:
        failed = 1
    return Count(sum_of("tests") - failed - skipped, failed, skipped, failures)


def one_line(text: str) -> str:
    return textwrap.shorten(text, LINE)


def ci(build: Path) -> Count:
    return pytest(build, "ci")


def harness(build: Path) -> Count:
    return pytest(build, "harness/tests", "-n", str(WORKERS))


def hostile(build: Path) -> Count:
    return pytest(build, "harness/tests/test_hostile.py", "-s")


def robust(build: Path) -> Count:
    return pytest(build, *(str(file) for file in sorted((ROOT / "harness/tests").glob("test_robust_*.py"))), "-s")


def prove(build: Path) -> Count:
    """A proof is a test. Without CBMC all of them are one skipped; but not where the peers must be there, too."""
    done = subprocess.run([sys.executable, ROOT / "ci/prove.py", "--build", build, "--quick"], cwd=ROOT,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    say(done.stdout + done.stderr)
    if done.returncode == 3 and os.environ.get("IKELAB_PEERS") != "required":
        return Count(skipped=1)
    count = Count(number(r"(?m)^(\d+) proved,", done.stdout), number(r"proved, (\d+) failed", done.stdout))
    if done.returncode != 0:
        count.failed = max(count.failed, 1)
        count.failures = re.findall(r"(?m)^.*\bFAILED\b.*$", done.stdout) or [one_line(done.stderr)]
    return count


def fuzz(build: Path) -> Count:
    """A target is a test: it has found nothing. So is each planted fault: it was found."""
    total = Count()
    for target in sorted((ROOT / "ref/fuzz").glob("fuzz_*.c")):
        name = target.stem.removeprefix("fuzz_")
        done = subprocess.run([sys.executable, ROOT / "ci/fuzz.py", "--build", build, "--runs", "1000", name],
                              cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        total.add(Count() if done.returncode else Count(passed=1))
        if done.returncode != 0:
            total.add(Count(failed=1, failures=[f"fuzz_{name}: {one_line(done.stderr)}"]))
        say("\n".join(done.stdout.splitlines()[1:-1]) + done.stderr)
    faults = subprocess.run([sys.executable, ROOT / "ci/fuzz_mutants.py", "--build", build], cwd=ROOT,
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    say(faults.stdout + faults.stderr)
    total.add(Count(number(r"(?m)^(\d+) of \d+ mutants found", faults.stdout)))
    total.add(told(faults, r"(?m)^  (?:SURVIVED|misfit) .*$"))
    return total


def sim(build: Path) -> Count:
    """The seeds are one test, and each planted fault is."""
    seeds = subprocess.run([build / "ikesim", "--seeds", "2000"], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
                           text=True, check=False)
    faults = subprocess.run([sys.executable, ROOT / "ci/sim_mutants.py", "--build", build], cwd=ROOT,
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    say(seeds.stdout + seeds.stderr + faults.stdout + faults.stderr)
    count = Count(number(r"(?m)^(\d+) of \d+ mutants found", faults.stdout))
    count.add(told(faults, r"(?m)^  (?:SURVIVED|misfit) .*$"))
    count.add(told(seeds, r"(?m)^broken: .*$") if seeds.returncode else Count(passed=1))
    return count


def told(done: subprocess.CompletedProcess[str], pattern: str) -> Count:
    """The failures that a program has printed in lines of this pattern, and one at least where it failed."""
    lines = re.findall(pattern, done.stdout)
    if done.returncode != 0 and not lines:
        lines = [f"{Path(str(done.args[-1])).name} ended with status {done.returncode}: {one_line(done.stderr)}"]
    return Count(failed=len(lines), failures=[one_line(line) for line in lines])


def sanitize(build: Path) -> Count:
    """`make sanitize` plays all of them, and the unit tests."""
    return played(build, "sanitize", "run", *SANITIZED_SHARE, "--initiator", "reference", "--responder", "reference",
                  "--ikeref", str(build / "sanitized" / "ikeref"))


def coverage(build: Path) -> Count:
    """A room is a test; so is that every line that is not reached has its reason."""
    done = subprocess.run(["make", "--no-print-directory", "coverage", f"BUILD={build}"], cwd=ROOT, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    say("\n".join(line for line in done.stdout.splitlines() if "  CC  " not in line and "  LINK  " not in line) + done.stderr)
    count = Count(passed=len(re.findall(r"(?m)^  (?!all )\w+ .* % .* %$", done.stdout)))
    count.add(told(done, r"(?m)^(?:  (?!all )\w+ .* too little|coverage: (?!\d+ reasons).*)$"))
    return count


def scenarios(build: Path) -> Count:
    """As expected is passed: pass, unsupported and expected-fail; ikelab says how many of each."""
    return played(build, "scenarios", "run")


def conformance(build: Path) -> Count:
    return played(build, "conformance", "conform")


def hostile_peers(build: Path) -> Count:
    """IKELAB_HOSTILE_CASES of each group; with many, the daemon under sanitizers, which `make hostile-peers` builds. With few
    two groups at somebody else's daemon as well, which must be there where peers must be."""
    if many := os.environ.get("IKELAB_HOSTILE_CASES"):
        return played(build, "hostile-peers", "hostile", "--cases", many, "--ikeref", str(build / "sanitized" / "ikeref"))
    count = played(build, "hostile-peers", "hostile")
    if os.environ.get("IKELAB_PEERS") == "required" or (build / "peers" / HOSTILE_TO).exists():
        count.add(played(build, "hostile-others", "hostile", *HOSTILE_SHARE, "--peer", HOSTILE_TO))
    else:
        count.skipped += 1
    return count


def interop(build: Path) -> Count:
    total = Count()
    for number, arguments in enumerate(interop_parts(ROOT / "ci/interop.toml")):
        name = f"interop-{number + 1}"
        total.add(played(build, name, "interop", *arguments, "--junit", str(build / "test" / f"{name}.xml")))
    return total


def interop_parts(path: Path) -> list[list[str]]:
    """The arguments of each `ikelab interop` that the file asks for."""
    found = []
    for part in tomllib.loads(path.read_text()).get("part", []):
        arguments = ["--scenarios", part.get("scenarios", "core")]
        for side in ("initiator", "responder"):
            for peer in part[f"{side}s"]:
                arguments += [f"--{side}", peer]
        found.append(arguments)
    return found


def gate(build: Path) -> Count:
    """A case is a test: it costs no more than it did."""
    return played(build, "gate", "bench", "gate", "--quiet", failing=("worse", "new", "gone", "other"))


def played(build: Path, name: str, *arguments: str, failing: tuple[str, ...] = ("fail", "inconclusive")) -> Count:
    found = build / "test" / f"{name}.json"
    found.parent.mkdir(parents=True, exist_ok=True)
    found.unlink(missing_ok=True)
    done = subprocess.run([build / "ikelab", *arguments, "--json", found], cwd=ROOT, stdin=subprocess.DEVNULL, check=False)
    try:
        results = json.loads(found.read_text())["results"]
        skipped = sum(one["verdict"] == "unsupported" for one in results)
        failures = [described(one) for one in results if one["verdict"] in failing]
    except (OSError, ValueError, KeyError):
        return Count(failed=1, failures=[f"`ikelab {arguments[0]}` wrote no results"])
    if done.returncode != 0 and not failures:
        failures = [f"it ended with status {done.returncode}"]
        return Count(len(results) - skipped, 1, skipped, failures)
    return Count(len(results) - skipped - len(failures), len(failures), skipped, failures)


def described(result: dict[str, str]) -> str:
    if "case" in result:  # of the gate's; the reason names it
        return one_line(result.get("reason", ""))
    sides = f"{result.get('initiator', '')} > {result.get('responder', '')}"
    return f"{result['verdict']}: {result.get('scenario', '')} {sides}: {one_line(result.get('reason', ''))}"


STAGES: dict[str, Callable[[Path], Count]] = {
    "unit": unit, "ci": ci, "harness": harness, "scenarios": scenarios, "conformance": conformance,
    "hostile-peers": hostile_peers, "interop": interop, "gate": gate, "fuzz": fuzz, "sim": sim, "sanitize": sanitize,
    "coverage": coverage, "prove": prove, "hostile": hostile, "robust": robust}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="the build folder (default: build)")
    parser.add_argument("stages", nargs="+", choices=STAGES)
    options = parser.parse_args()
    build, started = options.build.resolve(), time.monotonic()
    total, lines, failures = Count(), [], []
    for name in options.stages:
        say(f"== {name}")
        before = time.monotonic()
        count = STAGES[name](build)
        lines.append(f"  {name:<10} {count} in {time.monotonic() - before:.0f} s")
        failures += [f"  {name}: {one}" for one in count.failures]
        total.add(count)
    if (build / "ikelab").exists():
        say("== peers")
        subprocess.run([build / "ikelab", "peers", "list"], stdin=subprocess.DEVNULL, check=False)
    say("== all")
    for line in lines:
        say(line)
    if failures:
        say("what failed:")
    for line in failures[:MOST_FAILURES]:
        say(line)
    if len(failures) > MOST_FAILURES:
        say(f"  and {len(failures) - MOST_FAILURES} more, above")
    say(f"in {time.monotonic() - started:.0f} s")
    say(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    raise SystemExit(main())
