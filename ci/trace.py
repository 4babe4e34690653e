#!/usr/bin/python3
"""From requirement to test and back: the catalogue (vectors/requirements), the marks of tests, the list of ids.

Exit status 1: the catalogue is broken, an id has vanished or is not in the list, a mark names no row, or, once
ci/trace.toml says so, a testable MUST has no test, or a SHOULD neither a test nor a reason. 2: the catalogue or a test
cannot be read.

    ci/trace.py              the counts, one line an RFC
    ci/trace.py --untested   the rows that want a test and have none, one a line
    ci/trace.py --update     adds new ids to the list
    ci/trace.py --quiet      says only what is wrong"""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "harness"))

from ikelab.catalogue import coverage, load, marks  # noqa: E402
from ikelab.catalogue.model import Catalogue, CatalogueError, Document, Requirement  # noqa: E402


def line(one: Document) -> str:
    rows = one.requirements
    musts = [row for row in rows if row.is_must and row.testable != "no"]
    tested = sum(bool(row.tests) for row in musts)
    return (f"RFC {one.rfc}: {len(rows):3} requirements, {sum(row.testable != 'no' for row in rows):3} testable, "
            f"{sum(bool(row.tests) for row in rows):3} with a test; of {len(musts):3} testable MUSTs {tested:3}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=ROOT, help="the tree to look at (default: this one)")
    parser.add_argument("--untested", action="store_true", help="list the rows that want a test and have none")
    parser.add_argument("--update", action="store_true", help="add new ids to the list of ids")
    parser.add_argument("--quiet", action="store_true", help="say only what is wrong")
    options = parser.parse_args()
    folder, ids = options.root / "vectors/requirements", options.root / "vectors/requirements/ids.txt"
    try:
        rules = tomllib.loads((options.root / "ci/trace.toml").read_text(encoding="utf-8"))
        found = marks.marks(options.root, rules["tests"])
        catalogue = marks.with_tests(load.load(folder), found)
    except CatalogueError as error:
        print(error, file=sys.stderr)
        return 1
    except (OSError, KeyError, SyntaxError, marks.NotLiteral, tomllib.TOMLDecodeError) as error:
        print(f"{type(error).__name__}: {error}; nothing was compared", file=sys.stderr)
        return 2
    if options.update:
        print(f"{coverage.write_ids(ids, catalogue)} new ids")
    problems = list(coverage.problems(catalogue, found, coverage.read_ids(ids)))
    untested = coverage.untested(catalogue)
    fatal = bool(rules.get("untested_fails")) and bool(untested)
    print(*problems, sep="\n", end="\n" if problems else "")
    if options.untested or fatal:
        print(*(f"{row.id}: {row.level}, {row.role}, and no test: {row.text}" for row in untested), sep="\n")
    if not options.quiet:
        report(catalogue, untested, len(problems))
    return 1 if problems or fatal else 0


def report(catalogue: Catalogue, untested: list[Requirement], problems: int) -> None:
    print(*(line(one) for one in catalogue.documents), sep="\n")
    musts = sum(row.is_must for row in untested)
    print(f"{len(catalogue.requirements)} requirements, {musts} testable MUSTs without a test, {len(untested) - musts} "
          f"SHOULDs with neither a test nor a reason, {problems} problems")


if __name__ == "__main__":
    raise SystemExit(main())
