"""Which test names which requirement, read from the source: `@requirement("RFC7296-2.6-07")` before a function, or
`pytest.mark.requirement(...)`. Nothing is imported, so that a broken test does not hide its marks."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from .model import Catalogue


@dataclass(frozen=True, slots=True)
class Mark:
    id: str
    file: Path
    line: int
    test: str
    soft: bool = False
    """It stands in the body alone: `with peer.should("RFC7296-2.4-08")`."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class NotLiteral(ValueError):
    """A mark whose ids are not written out cannot be found by reading."""


def marks(root: Path, folders: Iterable[str]) -> list[Mark]:
    """The marks of all tests in these folders of `root`; `Mark.file` is relative to it."""
    return [replace(mark, file=path.relative_to(root)) for folder in folders
            for path in sorted((root / folder).rglob("test_*.py")) for mark in marks_of_file(path)]


def marks_of_file(path: Path) -> Iterator[Mark]:
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            named = [(name, decorator.lineno) for decorator in node.decorator_list for name in ids(decorator, path)]
            yield from (Mark(name, path, line, node.name) for name, line in named)
            yield from (Mark(name, path, line, node.name, soft=True) for name, line in asked_softly(node)
                        if name not in dict(named))


def asked_softly(function: ast.AST) -> Iterator[tuple[str, int]]:
    """What `should("RFC7296-2.4-08")` names in its body, and where."""
    for node in ast.walk(function) if not isinstance(function, ast.ClassDef) else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "should":
            yield from ((one.value, node.lineno) for one in node.args if isinstance(one, ast.Constant))


def ids(decorator: ast.expr, path: Path) -> Iterator[str]:
    if not isinstance(decorator, ast.Call):
        return
    function = decorator.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name != "requirement":
        return
    for argument in decorator.args:
        if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
            raise NotLiteral(f"{path}:{decorator.lineno}: write the ids of @requirement out as strings")
        yield argument.value


def with_tests(catalogue: Catalogue, found: Iterable[Mark]) -> Catalogue:
    """The same catalogue, each requirement with the tests that name it."""
    tests: defaultdict[str, list[str]] = defaultdict(list)
    for mark in found:
        tests[mark.id].append(f"{mark.file}::{mark.test}")
    return Catalogue([replace(one, requirements=[replace(row, tests=tuple(tests[row.id])) for row in one.requirements])
                      for one in catalogue.documents])
