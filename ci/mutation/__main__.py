"""Plants faults into a copy of ref/, one at a time, and holds the conformance suite against each (docs/MUTATION.md).

    make mutation                                      200 mutants
    make mutation MUTANTS=40 SEED=7 JOBS=1 ARGS=...    other ones; ARGS are words of this command:
    make mutation ARGS="--only exchange/child_rekey.c"     of one room or file alone
    make mutation ARGS="--list --mutants 20"               say what would be planted

Exit codes: 0 enough are caught, 1 too few, or an explanation that explains nothing, 2 usage, 3 this machine cannot.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = ROOT / "ci" / "mutation.toml"
FAILED, USAGE, ENVIRONMENT = 1, 2, 3


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="mutation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="where everything goes (default: build)")
    parser.add_argument("--mutants", type=int, default=200, metavar="N", help="how many (default 200)")
    parser.add_argument("--seed", default="1", help="chooses among all that could be planted (default 1)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="mutants at a time (default 1)")
    parser.add_argument("--least", type=float, default=85.0, metavar="PERCENT", help="that must be caught (default 85)")
    parser.add_argument("--limit", type=float, default=120.0, metavar="SECONDS", help="for one mutant (default 120)")
    parser.add_argument("--only", action="append", default=[], metavar="PATH", help="rooms or files, such as exchange or sa/cookie.c")
    parser.add_argument("--tests", action="append", default=[], metavar="FILTER", help="only these tests, as `ikelab conform` takes them")
    parser.add_argument("--list", action="store_true", help="only say what would be planted")
    options = parser.parse_args()
    if options.mutants < 1 or options.jobs < 1:
        parser.error("--mutants and --jobs are numbers from 1")
    return options


@dataclass
class Progress:
    """A line a mutant, and how long it will take."""

    wanted: int
    started: float = field(default_factory=time.monotonic)
    counted: int = 0
    new: int = 0

    def said(self, mutant: object, record: object, known: bool) -> None:
        from . import records

        if record.outcome not in records.COUNTED:
            return
        self.counted += 1
        self.new += not known
        how = {"life": "caught by the plain life", "survived": "SURVIVED", "unreached": "SURVIVED: no test comes here",
               "undecided": "UNDECIDED: out of time"}.get(record.outcome, f"caught by {record.by}")
        left = ""
        if self.new:
            seconds = (time.monotonic() - self.started) / self.new * (self.wanted - self.counted)
            left = f", {seconds / 60:.0f} min left" if seconds > 90 else f", {seconds:.0f} s left"
        print(f"{self.counted:>4} of {self.wanted}{left}: {mutant.file}:{mutant.line} {mutant.operator}: "
              f"{shortened(mutant.change)}: {how}{' (known)' if known else ''}", flush=True)


def shortened(text: str, most: int = 80) -> str:
    return text if len(text) <= most else f"{text[:most - 3]}..."


def main() -> int:
    options = arguments()
    try:
        from . import candidates, explained, source
    except ImportError as error:
        return complain(ENVIRONMENT, f"{error.name} is missing; run `ci/install.sh --mutation`")
    try:
        entries = explained.read(ENTRIES)
        everything = candidates.all_of(ROOT / "ref")
    except (explained.BadEntry, source.NotC) as error:
        return complain(USAGE, str(error))
    offered = [one for one in everything if not options.only or any(of(one.file, path) for path in options.only)]
    if not offered:
        return complain(USAGE, f"nothing can be planted in {' '.join(options.only)}; name rooms or files of ref/, such as sa/cookie.c")
    stale = explained.misfits(entries, everything)
    order = candidates.chosen(offered, options.seed)
    if options.list:
        for one in order[:options.mutants]:
            print(f"ref/{one.file}:{one.line}: {one.function}: {one.operator}: {one.change}")
        return 0
    if os.geteuid() != 0:
        return complain(ENVIRONMENT, "the lab makes network namespaces: run this as root")
    return campaign(options, everything, order, entries, stale)


def of(file: str, path: str) -> bool:
    path = path.removeprefix("ref/").rstrip("/")
    return file == path or file.startswith(f"{path}/")


def campaign(options: argparse.Namespace, everything: list, order: list, entries: list, stale: list) -> int:
    from ikelab import cleanup

    from . import report, suite
    from .campaign import Campaign, CannotRun
    from .workshop import CannotBuild, Workshop

    folder = options.build.resolve() / "mutation"
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return complain(ENVIRONMENT, f"another run is at work in {folder}: wait for it, or give another --build")
    workshop = Workshop(ROOT, folder)
    progress = Progress(min(options.mutants, len(order)))
    (folder / "places.json").write_text(json.dumps({one.identity: [one.file, one.function] for one in everything}))

    def drive(tests: list[suite.Test]) -> int:
        mine = Campaign(workshop, suite.harness_digest(ROOT / "harness"), options.jobs, options.limit, progress.said)
        mine.measure(tests)
        sound = mine.sound(tests)
        if not sound:
            raise CannotRun("no test passes with the reference as it is, or none is named so; see `ikelab conform --list`, `make conform`")
        progress.started = time.monotonic()
        found = mine.judge(order, sound, options.mutants)
        cleanup.sweep()
        total = report.figures(found, entries)
        report.write(folder / "report.json", total, found)
        lines = report.survivors(total)
        (folder / "survivors.txt").write_text("".join(f"{line}\n" for line in lines))
        unsound = sorted({test.name for test in tests} - {test.name for test in sound})
        print("\n".join([*lines, "", *report.words(total, found, len(sound), unsound)]))
        for entry in stale:
            print(f"mutation: {ENTRIES.name}: {entry}: nothing like it can be planted any more; strike it")
        for (mutant, _), entry in total.wrong:
            print(f"mutation: {ENTRIES.name}: {entry}: it is caught at ref/{mutant.file}:{mutant.line}; strike it")
        for mutant, record in total.broken:
            print(f"mutation: ref/{mutant.file}:{mutant.line} could not be judged: {record.reason.strip().splitlines()[-1]}")
        print(f"survivors: {folder / 'survivors.txt'}; everything: {folder / 'report.json'}")
        return 0 if total.percent >= options.least and not (stale or total.wrong or total.broken) else FAILED

    playing = suite.Suite(drive)
    try:
        print(f"mutation: builds the copy in {workshop.copy}", flush=True)
        workshop.prepare(options.jobs)
        workshop.prepare_watched(options.jobs)
        os.environ["IKELAB_BUILD"] = str(options.build.resolve())
        if not suite.run(playing, options.tests) and not playing.problems:
            return complain(FAILED, "interrupted; the same command goes on from here")
    except (CannotBuild, CannotRun) as error:
        return complain(ENVIRONMENT, str(error))
    if playing.problems:
        return complain(FAILED, playing.problems[0])
    return playing.status


def complain(code: int, sentence: str) -> int:
    print(f"mutation: {sentence}", file=sys.stderr)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
