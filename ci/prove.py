#!/usr/bin/python3
"""Proves, up to stated bounds, what the headers of ref/ promise: every proof of ref/prove/proofs.toml, by CBMC.

    ci/prove.py --build build                  all of them; NAME ...: those whose function has one of these words
    ci/prove.py --build build --quick          the share that `make test` plays
    ci/prove.py --build build --mutants        the faults of the table, planted one by one: its proof must fail

Prints a line a proof, and exits 1 when one fails or passes a limit of its own, 2 when the table is wrong, 3 when
CBMC cannot be had. It is Debian's of trixie, in a root of its own (build/tools/cbmc), made when it is not there.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "harness"))

from ikelab.peers import build as roots  # noqa: E402

TABLE = ROOT / "ref/prove/proofs.toml"
FUNCTION = re.compile(r"^void (prove_\w+)\(void\)$", re.MULTILINE)
NO_BODY = re.compile(r"\.no-body\.(\w+)$")
CPU_S = 120  # of one proof, unless it says otherwise
MEMORY_MB = 3000
# Besides what CBMC looks at by itself: bounds, pointers, divisions, shifts, signed overflow, loops unwound far enough.
CHECKS = ("--pointer-overflow-check", "--object-bits", "11")


class TableError(Exception):
    """The table says something that is not so."""


@dataclass(frozen=True)
class Mutant:
    """A piece of one file of ref/ and what stands there instead; white space does not count."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Proof:
    file: str  # below ref/prove/
    function: str
    bound: str  # in words: up to where it holds
    links: tuple[str, ...] = ()  # of ref/, without .c
    size: int = 32  # octets of input
    unwind: int = 10
    unwindset: dict[str, int] = field(default_factory=dict)
    defines: dict[str, int] = field(default_factory=dict)
    checks: tuple[str, ...] = ()
    anything: tuple[str, ...] = ()  # functions without a body: they change nothing and return anything
    small: bool = True  # with the limits of ref/prove/small/
    scaled: tuple[Mutant, ...] = ()  # sizes that are smaller here than they are
    quick: bool = False
    cpu_s: int = CPU_S
    memory_mb: int = MEMORY_MB
    mutants: tuple[Mutant, ...] = ()


@dataclass(frozen=True)
class Outcome:
    verdict: str  # "proved", or what went wrong
    checks: int
    seconds: float  # of processor time
    problems: tuple[str, ...] = ()


def load(path: Path = TABLE) -> tuple[Proof, ...]:
    """The table. Raises TableError with the place."""
    found = []
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["proof"]:
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
        for key in ("mutants", "scaled"):
            values[key] = tuple(Mutant(**one) for one in entry.get(key, []))
        try:
            found.append(Proof(**values))
        except TypeError as error:
            raise TableError(f"{path}: {entry.get('function', 'a proof')}: {error}") from None
    return tuple(found)


def written(folder: Path = TABLE.parent) -> set[tuple[str, str]]:
    """(file, function) of every proof that stands in a file."""
    return {(path.relative_to(folder).as_posix(), name)
            for path in folder.glob("*/prove_*.c") for name in FUNCTION.findall(path.read_text(encoding="utf-8"))}


def check_table(proofs: tuple[Proof, ...]) -> None:
    """Every proof is in the table, the table in the files, and each proof can fail. Raises TableError."""
    listed = {(proof.file, proof.function) for proof in proofs}
    if len(listed) != len(proofs):
        raise TableError(f"{TABLE}: a proof is listed twice")
    for file, function in sorted(listed ^ written()):
        raise TableError(f"{file}: {function} stands only in {'the table' if (file, function) in listed else 'its file'}")
    for proof in proofs:
        if not proof.mutants:
            raise TableError(f"{proof.function}: nothing shows that it can fail: give it a mutant")
        for mutant in proof.mutants + proof.scaled:
            mutate(mutant)


def mutate(mutant: Mutant) -> str:
    """The whole file with the fault in it. Raises TableError when the piece does not stand there exactly once."""
    text = (ROOT / "ref" / mutant.file).read_text(encoding="utf-8")
    words = [re.escape(word) for word in re.findall(r"\w+|\W", mutant.old) if not word.isspace()]
    found = list(re.finditer(r"\s*".join(words), text))
    if len(found) != 1:
        raise TableError(f"ref/{mutant.file}: {mutant.old!r} stands there {len(found)} times: write the mutant anew")
    return text[: found[0].start()] + mutant.new + text[found[0].end():]


def cbmc_root() -> roots.Root:
    return roots.Root("cbmc", "trixie", ("cbmc",), "cbmc", folder="tools", remedy="make prove")


def cbmc(root: roots.Root) -> list[str]:
    """The command that runs its CBMC here: with the libraries of its own release, and this machine's gcc -E."""
    at = root.path
    libraries = ":".join(str(at / folder) for folder in ("usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib"))
    loader = next((path for path in sorted(at.glob("usr/lib/*/ld-linux-*.so.*"))), at / "lib64/ld-linux-x86-64.so.2")
    return [str(loader), "--library-path", libraries, str(at / "usr/bin/cbmc")]


@contextmanager
def overlay_of(mutants: Iterable[Mutant]) -> Iterator[Path]:
    """A folder with the files that stand in for those of ref/; no two mutants are of one file."""
    with tempfile.TemporaryDirectory(prefix="ikelab-prove-") as name:
        folder = Path(name)
        for mutant in mutants:
            file = folder / mutant.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(mutate(mutant), encoding="utf-8")
        yield folder


def command(proof: Proof, tool: list[str], overlay: Path) -> list[str]:
    """What proves it. A file below `overlay` stands in for the one of ref/."""
    def source(name: str) -> str:
        instead = overlay / name
        return str(instead if instead.exists() else ROOT / "ref" / name)

    includes = [overlay, *([ROOT / "ref/prove/small"] if proof.small else []), ROOT / "ref"]
    unwindset = ",".join(f"{loop}:{times}" for loop, times in proof.unwindset.items())
    return [
        *tool, "--c11", "-D_GNU_SOURCE", f"-DSIZE={proof.size}", *(f"-D{k}={v}" for k, v in proof.defines.items()),
        *(part for folder in includes for part in ("-I", str(folder))),
        source(f"prove/{proof.file}"), *(source(f"{name}.c") for name in proof.links),
        "--function", proof.function, "--unwind", str(proof.unwind), *(("--unwindset", unwindset) if unwindset else ()),
        *CHECKS, *proof.checks,
    ]


def run(proof: Proof, tool: list[str], mutant: Mutant | None = None) -> Outcome:
    limits = ["prlimit", f"--cpu={proof.cpu_s}", f"--as={proof.memory_mb << 20}", "--core=0", "--"]
    with tempfile.TemporaryFile() as output, overlay_of(proof.scaled + ((mutant,) if mutant else ())) as overlay:
        process = subprocess.Popen([*limits, *command(proof, tool, overlay), "--json-ui"], stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=subprocess.STDOUT, cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    seconds = usage.ru_utime + usage.ru_stime
    if seconds >= proof.cpu_s - 1:
        return Outcome(f"over its {proof.cpu_s} s", 0, seconds)
    if process.returncode < 0 or "bad_alloc" in text or "ut of memory" in text:
        return Outcome(f"over its {proof.memory_mb} MB", 0, seconds)
    return judge(proof, text, seconds)


def judge(proof: Proof, text: str, seconds: float) -> Outcome:
    """What CBMC said, read from its JSON."""
    try:
        parts = json.loads(text)
    except ValueError:
        return Outcome("no answer", 0, seconds, tuple(text.splitlines()[-5:]))
    messages = [str(part["messageText"]) for part in parts if "messageText" in part]
    results = [one for part in parts for one in part.get("result", ()) if not is_granted(proof, one["property"])]
    failures = tuple(describe(one) for one in results if one["status"] != "SUCCESS")
    if failures:
        return Outcome("FAILED", len(results), seconds, failures)
    if not results or not any("cProverStatus" in part for part in parts):
        return Outcome("no answer", 0, seconds, tuple(messages[-5:]))
    return Outcome("proved", len(results), seconds)


def is_granted(proof: Proof, name: str) -> bool:
    """It complains of a function that has no body on purpose."""
    found = NO_BODY.search(name)
    return found is not None and found[1] in proof.anything


def describe(result: dict[str, object]) -> str:
    at = result.get("sourceLocation")
    place = f"{at.get('file', '?')}:{at.get('line', '?')}" if isinstance(at, dict) else "?"
    return f"{place.removeprefix(str(ROOT) + '/')}: {result.get('description')} ({result.get('property')})"


def prove(proofs: list[Proof], tool: list[str], jobs: int) -> int:
    started, outcomes = time.monotonic(), []
    print(f"{'proof':<34}{'checks':>7}{'seconds':>9}  verdict   bound", flush=True)
    with ThreadPoolExecutor(jobs) as pool:
        for proof, outcome in zip(proofs, pool.map(lambda one: run(one, tool), proofs)):
            outcomes.append(outcome)
            print(f"{proof.function.removeprefix('prove_'):<34}{outcome.checks:>7}{outcome.seconds:>9.1f}  {outcome.verdict:<8}  "
                  f"{proof.bound}", flush=True)
            for problem in outcome.problems:
                print(f"    {problem}")
            if outcome.problems:
                print(f"    to see how: make prove ARGS='--trace {proof.function}'", flush=True)
    proved = sum(one.verdict == "proved" for one in outcomes)
    print(f"{sum(one.checks for one in outcomes)} checks, {sum(one.seconds for one in outcomes):.0f} s of processor time, "
          f"{time.monotonic() - started:.0f} s on {jobs} at a time")
    print(f"{proved} proved, {len(outcomes) - proved} failed")
    return int(proved != len(outcomes))


def hunt(proofs: list[Proof], tool: list[str], jobs: int) -> int:
    """Each mutant alone: found when its proof fails by a check, not by a limit."""
    pairs = [(proof, mutant) for proof in proofs for mutant in proof.mutants]

    def one(pair: tuple[Proof, Mutant]) -> Outcome:
        proof, mutant = pair
        return run(proof, tool, mutant)

    survivors = 0
    with ThreadPoolExecutor(jobs) as pool:
        for (proof, mutant), outcome in zip(pairs, pool.map(one, pairs)):
            found = outcome.verdict == "FAILED"
            survivors += not found
            how = outcome.problems[0].split(": ", 1)[-1] if found else outcome.verdict
            print(f"  {'found' if found else 'SURVIVED':<9} {proof.function.removeprefix('prove_')}: {mutant.file}: "
                  f"{' '.join(mutant.new.split())!r} ({outcome.seconds:.0f} s): {how}", flush=True)
    print(f"{len(pairs) - survivors} of {len(pairs)} mutants found")
    return int(survivors > 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="the build folder (default: build)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at once (default: one a core)")
    parser.add_argument("--quick", action="store_true", help="only those that the table calls quick")
    parser.add_argument("--mutants", action="store_true", help="plant the faults of the table instead")
    parser.add_argument("--trace", action="store_true", help="let CBMC itself say how the first of them fails")
    parser.add_argument("names", nargs="*", help="words of the functions to prove (default: all)")
    options = parser.parse_args()
    os.environ["IKELAB_BUILD"] = str(options.build.resolve())
    try:
        proofs = load()
        check_table(proofs)
        root = cbmc_root()
        roots.build_one(root, progress=lambda line: None if "already" in line else print(line, flush=True))
    except TableError as error:
        print(f"prove: {error}", file=sys.stderr)
        return 2
    except roots.BuildFailed as error:
        print(f"prove: {error}", file=sys.stderr)
        return 3
    chosen = [proof for proof in proofs if (proof.quick or not options.quick)
              and (not options.names or any(name in proof.function for name in options.names))]
    if not chosen:
        print("prove: no proof has one of these words; ref/prove/proofs.toml lists all", file=sys.stderr)
        return 2
    if options.trace:
        with overlay_of(chosen[0].scaled) as overlay:
            return subprocess.run([*command(chosen[0], cbmc(root), overlay), "--trace"], cwd=ROOT, check=False).returncode
    return (hunt if options.mutants else prove)(chosen, cbmc(root), max(options.jobs, 1))


if __name__ == "__main__":
    raise SystemExit(main())
