"""Reads vectors/requirements/rfc*.toml. The schema says what a row looks like; the checks here see what a schema
cannot: ids in order and unique, sections that exist, every keyword of a section accounted for."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema

from .model import Catalogue, CatalogueError, Document, NoRow, Requirement

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "vectors" / "requirements"
SCHEMA = ROOT / "harness" / "schema" / "requirements.schema.json"
ID = re.compile(r"RFC(?P<rfc>\d{4})-(?P<section>[0-9A-Z]+(?:\.[0-9]+)*)-(?P<number>\d{2,3})")


def load(folder: Path = FOLDER) -> Catalogue:
    """Every file of the folder, in the order of RFC numbers. CatalogueError names all that is wrong."""
    paths = sorted(folder.glob("rfc*.toml"))
    if not paths:
        raise CatalogueError([f"{folder}: there is no rfc*.toml here; name the folder of the catalogue"])
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))
    documents, problems = [], []
    for path in paths:
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            problems.append(f"{path.name}: {error}")
            continue
        wrong = [f"{path.name}: {place(found, list(error.absolute_path))}: {error.message}"
                 for error in validator.iter_errors(found)]
        problems += wrong
        if not wrong:
            documents.append(document(path, found))
    problems += [problem for one in documents for problem in check(one)]
    if problems:
        raise CatalogueError(problems)
    return Catalogue(documents)


def document(path: Path, found: dict[str, Any]) -> Document:
    return Document(path, found["rfc"], found["title"], found["sections"],
                    [Requirement(**row) for row in found.get("requirement", [])],
                    [NoRow(**row) for row in found.get("none", [])])


def place(found: dict[str, Any], path: list[Any]) -> str:
    """Where in the file, for a person: a row by its id, not by its ordinal."""
    if len(path) >= 2 and path[0] in ("requirement", "none"):
        row = found[path[0]][path[1]]
        name = row.get("id") or f"{path[0]} row of section {row.get('section', '?')}"
        return " ".join([str(name), *map(str, path[2:])])
    return " ".join(map(str, path)) or "the file"


def check(one: Document) -> Iterator[str]:
    """What is wrong with the file that its schema does not see."""
    name = one.path.name
    if name != f"rfc{one.rfc}.toml":
        yield f"{name}: it is about RFC {one.rfc}; name it rfc{one.rfc}.toml"
    last: Counter[str] = Counter()
    for row in one.requirements:
        yield from (f"{name}: {row.id}: {problem}" for problem in check_id(one, row, last))
        if row.testable == "no" and not row.reason:
            yield f"{name}: {row.id}: it is not testable; say why in `reason`"
        if row.untested and (row.is_must or row.testable == "no"):
            yield f"{name}: {row.id}: `untested` is for a SHOULD or MAY that could have a test; a MUST wants one, and " \
                  "what cannot be tested says so in `testable` and `reason`"
        if row.plain and row.keywords:
            yield f"{name}: {row.id}: plain says that it has no keyword, but it counts {row.keywords}"
    for gap in one.without_row:
        if gap.section not in one.sections:
            yield f"{name}: a `none` row names section {gap.section}, which RFC {one.rfc} does not have"
    yield from check_keywords(one)


def check_id(one: Document, row: Requirement, last: Counter[str]) -> Iterator[str]:
    parts = ID.fullmatch(row.id)
    assert parts, "the schema has the same pattern"
    if int(parts["rfc"]) != one.rfc or parts["section"] != row.section:
        yield f"the id does not fit RFC {one.rfc} and section {row.section}"
    if row.section not in one.sections:
        yield f"RFC {one.rfc} has no section {row.section}"
    number = int(parts["number"])
    if number <= last[row.section]:
        yield "ids of a section go up, and none is there twice"
    last[row.section] = max(number, last[row.section])


def check_keywords(one: Document) -> Iterator[str]:
    for section, covered in one.keywords_covered().items():
        there = one.sections.get(section, 0)
        if section in one.sections and covered != there:
            yield (f"{one.path.name}: section {section} has {there} keywords, its rows answer for {covered}; "
                   "add the missing row, or a `none` row that says why there is none")
