"""Vector files in Wycheproof's shape, their tests, and what becomes of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class Kind(StrEnum):
    PASSED = "passed"
    REFUSED = "refused"  # invalid (or acceptable), and not accepted
    FAILED = "failed"
    NOT_APPLICABLE = "not-applicable"


class NotApplicable(Exception):
    """This side cannot run the test; the message is the reason."""


class Failed(Exception):
    """Not what the test states; the message says what differs."""


class VectorFileError(ValueError):
    """A file that is none; the message names it and says what is wrong."""


@dataclass(slots=True, frozen=True)
class Outcome:
    implementation: str  # "ref" or "python"
    source: str
    file: str
    algorithm: str
    group: int
    tc_id: int
    kind: Kind
    reason: str = ""


@dataclass(slots=True)
class Vector:
    """One test with its surroundings."""

    algorithm: str
    group: dict[str, Any]
    test: dict[str, Any]

    @property
    def result(self) -> str:
        return self.test["result"]

    def has(self, name: str) -> bool:
        return name in self.test

    def octets(self, name: str) -> bytes:
        return octets(self.test, name)

    def judge(self, accepted: bool) -> Kind:
        """docs/VECTORS.md: valid must be accepted, invalid must not, acceptable may be either way."""
        if self.result == "valid" and not accepted:
            raise Failed("refused, or another value, but valid")
        if self.result == "invalid" and accepted:
            raise Failed("accepted, but invalid")
        return Kind.PASSED if accepted else Kind.REFUSED


def octets(holder: dict[str, Any], name: str) -> bytes:
    return bytes.fromhex(holder.get(name, ""))


@dataclass(slots=True)
class VectorFile:
    """A file that both sides can read: `path` is what the reference is given."""

    source: str
    name: str  # as it is shown
    path: Path
    _document: dict[str, Any] | None = None

    @property
    def document(self) -> dict[str, Any]:
        if self._document is None:
            self._document = load(self.path)
        return self._document

    def forget(self) -> None:
        self._document = None

    def vectors(self) -> Iterator[tuple[int, Vector]]:
        document = self.document
        for number, group in enumerate(document["testGroups"]):
            algorithm = group.get("algorithm", document["algorithm"])
            for test in group["tests"]:
                yield number, Vector(algorithm, group, test)


def load(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text())
    except OSError as error:
        raise VectorFileError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise VectorFileError(f"{path} is no JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("testGroups"), list):
        raise VectorFileError(f"{path} has no testGroups: it is no vector file")
    return document
