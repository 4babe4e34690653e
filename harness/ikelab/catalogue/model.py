"""One requirement, the file of one RFC, and all of them together."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


class CatalogueError(ValueError):
    """Something is wrong with the files; `.problems` has a line for each thing."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one side has to do by one place of an RFC, in words of our own. The closed sets of `level`, `role` and
    `testable` stand in harness/schema/requirements.schema.json."""

    id: str
    section: str
    level: str
    role: str
    testable: str
    text: str
    keywords: int = 0
    plain: bool = False
    """The RFC says it without a keyword; `level` is then our reading."""
    reason: str = ""
    """Why it is not testable."""
    untested: str = ""
    """Why it has no test though it could have one. Only below MUST."""
    ambiguity: str = ""
    tests: tuple[str, ...] = ()
    """Filled in from the marks of tests (marks.with_tests), never in the file."""

    @property
    def is_must(self) -> bool:
        return self.level in ("MUST", "MUST NOT")

    @property
    def wants_a_test(self) -> bool:
        """A MUST wants one wherever one is possible, a SHOULD one or a written reason, a MAY none."""
        return self.testable != "no" and not self.tests and self.level != "MAY" and not self.untested


@dataclass(frozen=True, slots=True)
class NoRow:
    """Keywords of a section that make no requirement, and why."""

    section: str
    keywords: int
    why: str


@dataclass(frozen=True, slots=True)
class Document:
    """The file of one RFC. `sections` has every section, with the number of keywords in its text."""

    path: Path
    rfc: int
    title: str
    sections: dict[str, int]
    requirements: list[Requirement] = field(default_factory=list)
    without_row: list[NoRow] = field(default_factory=list)

    def keywords_covered(self) -> dict[str, int]:
        """Section -> keywords that rows answer for."""
        covered = dict.fromkeys(self.sections, 0)
        for row in [*self.requirements, *self.without_row]:
            covered[row.section] = covered.get(row.section, 0) + row.keywords
        return covered


@dataclass(frozen=True, slots=True)
class Catalogue:
    documents: list[Document]

    @property
    def requirements(self) -> list[Requirement]:
        return [one for document in self.documents for one in document.requirements]

    def by_id(self) -> dict[str, Requirement]:
        return {one.id: one for one in self.requirements}
