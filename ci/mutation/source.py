"""One C file as libclang sees it: its expressions and statements with their places in the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from clang import cindex
from clang.cindex import Cursor, CursorKind

STATUS_HEADER = "base/status.h"
# The macros with arguments, as functions: what is inside a call of one then has a place in the text.
MACROS_AS_FUNCTIONS = {
    "STATUS_NOTIFY": "enum status STATUS_NOTIFY(unsigned type);",
    "STATUS_PEER": "enum status STATUS_PEER(unsigned type);",
    "TRY": "void TRY(enum status status);",
}
OWN_ERRORS = ("assert",)  # not for the peer's input: nothing in one is mutated


class NotC(Exception):
    """libclang cannot read the file."""


@dataclass(frozen=True)
class Place:
    """A cursor, and what it stands in, outermost first."""

    cursor: Cursor
    parents: tuple[Cursor, ...]

    @property
    def parent(self) -> Cursor:
        return self.parents[-1]

    @property
    def function(self) -> str:
        return next((one.spelling for one in reversed(self.parents) if one.kind is CursorKind.FUNCTION_DECL), "")


@dataclass
class Source:
    """`name` is relative to the folder that holds the rooms, "wire/ke_payload.c"."""

    root: Path
    name: str
    text: str = field(init=False)

    def __post_init__(self) -> None:
        self.text = (self.root / self.name).read_bytes().decode("latin-1")  # offsets are octets

    @cached_property
    def unit(self) -> cindex.TranslationUnit:
        header = self.root / STATUS_HEADER
        unsaved = [(str(header), without_macros(header.read_text()))] if header.exists() else []
        path = self.root / self.name
        try:
            return cindex.Index.create().parse(str(path), ["-std=c11", "-D_GNU_SOURCE", f"-I{self.root}"], unsaved,
                                               cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD)
        except cindex.TranslationUnitLoadError as error:
            raise NotC(f"{path}: {error}") from error

    @cached_property
    def expansions(self) -> list[tuple[int, int, str]]:
        """Where macros stand in this file."""
        found = []
        for cursor in self.unit.cursor.get_children():
            if cursor.kind is CursorKind.MACRO_INSTANTIATION and self.is_here(cursor):
                start, end = self.range(cursor)
                found.append((start, end, cursor.spelling))
        return found

    def is_here(self, cursor: Cursor) -> bool:
        file = cursor.extent.start.file
        return file is not None and Path(file.name) == self.root / self.name

    def range(self, cursor: Cursor) -> tuple[int, int]:
        return cursor.extent.start.offset, cursor.extent.end.offset

    def words(self, cursor: Cursor) -> str:
        start, end = self.range(cursor)
        return self.text[start:end]

    def is_written(self, cursor: Cursor) -> bool:
        """It stands in the text as it is, and is not what a macro makes."""
        start, end = self.range(cursor)
        return not any(first <= start and end <= last for first, last, _ in self.expansions)

    def is_own_error(self, cursor: Cursor) -> bool:
        start, _ = self.range(cursor)
        return any(first <= start < last and name in OWN_ERRORS for first, last, name in self.expansions)

    def places(self) -> Iterator[Place]:
        """Everything in functions and in tables, in the order of the text."""
        for cursor in self.unit.cursor.get_children():
            if cursor.kind in (CursorKind.FUNCTION_DECL, CursorKind.VAR_DECL) and self.is_here(cursor):
                yield from self._below(cursor, (cursor,))

    def _below(self, cursor: Cursor, parents: tuple[Cursor, ...]) -> Iterator[Place]:
        for child in cursor.get_children():
            if self.is_own_error(child):
                continue
            yield Place(child, parents)
            yield from self._below(child, (*parents, child))

    def line(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1


def without_macros(header: str) -> str:
    """The header with those macros as functions; lines that continue go with their first."""
    lines, kept, dropping = header.split("\n"), [], False
    for line in lines:
        name = line.removeprefix("#define ").split("(")[0]
        begins = line.startswith("#define ") and name in MACROS_AS_FUNCTIONS
        if begins:
            kept.append(MACROS_AS_FUNCTIONS[name])
        elif not dropping:
            kept.append(line)
        dropping = (begins or dropping) and line.endswith("\\")
    return "\n".join(kept)
