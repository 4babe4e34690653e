"""Compares a file of the catalogue with the RFC's text, which is not in this repository:

    PYTHONPATH=harness python3 -m ikelab.catalogue.rfc_text rfc7296.txt             what was forgotten
    PYTHONPATH=harness python3 -m ikelab.catalogue.rfc_text rfc7296.txt --section 2.6   sentences beside rows
    PYTHONPATH=harness python3 -m ikelab.catalogue.rfc_text rfc7296.txt --sections      the table for a new file

Exit status 1: the counts differ. 2: the text or the catalogue cannot be read."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from .load import FOLDER, load
from .model import CatalogueError, Document

KEYWORD = re.compile(r"\b(?:MUST NOT|MUST|SHALL NOT|SHALL|SHOULD NOT|SHOULD|NOT RECOMMENDED|RECOMMENDED|REQUIRED|MAY"
                     r"|OPTIONAL)\b")
HEADING = re.compile(r"(?:Appendix )?(?P<section>(?:[0-9]+|[A-Z][0-9]*(?=[.:]))(?:\.[0-9]+)*)[.:]?\s{1,3}\S")
PAGE_EDGE = re.compile(r"\S.*\[Page \d+\]$|RFC \d+ .*\d{4}$")
CONTENTS_ENTRY = re.compile(r"\.{3,}|(?:\. ){3,}")
SENTENCE_END = re.compile(r"(?<=[.:?])\s+(?=[A-Z(o\"])")
FRONT = "front"
"""Where the text before the first heading goes."""


def section_texts(text: str) -> dict[str, str]:
    """Section number -> its text in one line, without its subsections. Sections without a text are there too."""
    found: dict[str, list[str]] = {FRONT: []}
    section = FRONT
    for line in text.replace("\f", "\n").split("\n"):
        if PAGE_EDGE.match(line):
            continue
        heading = HEADING.match(line)
        if heading and not CONTENTS_ENTRY.search(line):
            section = heading["section"]
            found.setdefault(section, [])
        else:
            found[section].append(line)
    return {name: " ".join(" ".join(lines).split()) for name, lines in found.items()}


def keywords(text: str) -> int:
    return len(KEYWORD.findall(text))


def sentences(text: str) -> Iterator[str]:
    """Those with a keyword, roughly: RFCs do not end every item of a list."""
    return (one for one in SENTENCE_END.split(text) if KEYWORD.search(one))


def compare(one: Document, texts: dict[str, str]) -> Iterator[str]:
    """What the file says of the RFC that its text does not bear out."""
    if keywords(texts[FRONT]):
        yield f"{keywords(texts[FRONT])} keywords stand before the first heading that was recognised"
    there = {name: keywords(text) for name, text in texts.items() if name != FRONT}
    for name in sorted(one.sections.keys() | there.keys()):
        if name not in there:
            yield f"section {name} stands in {one.path.name}, but there is no such heading"
        elif name not in one.sections:
            yield f"section {name} ({there[name]} keywords) is not in {one.path.name}"
        elif there[name] != one.sections[name]:
            yield f"section {name} has {there[name]} keywords, {one.path.name} says {one.sections[name]}"


def beside(one: Document, texts: dict[str, str], section: str) -> Iterator[str]:
    yield f"RFC {one.rfc} {section}: {keywords(texts[section])} keywords"
    yield from (f"  [{keywords(sentence)}] {sentence}" for sentence in sentences(texts[section]))
    yield f"{one.path.name}:"
    yield from (f"  {row.id} [{row.keywords}] {row.level}, {row.role}: {row.text}"
                for row in one.requirements if row.section == section)
    yield from (f"  none [{gap.keywords}] {gap.why}" for gap in one.without_row if gap.section == section)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="rfc_text", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", type=Path, help="the RFC as plain text, called rfcNNNN.txt")
    parser.add_argument("--catalogue", type=Path, default=FOLDER, help="the folder of the catalogue")
    parser.add_argument("--section", help="show this section's sentences with keywords and its rows")
    parser.add_argument("--sections", action="store_true", help="print the table of sections for a new file")
    options = parser.parse_args(arguments)
    try:
        texts = section_texts(options.text.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        return refused(f"{options.text}: {error.strerror}; name the plain text of an RFC")
    if options.sections:
        print("[sections]", *(f'"{name}" = {keywords(text)}' for name, text in texts.items() if name != FRONT), sep="\n")
        return 0
    try:
        documents = {f"rfc{one.rfc}": one for one in load(options.catalogue).documents}
    except CatalogueError as error:
        return refused(str(error))
    if options.text.stem not in documents:
        return refused(f"{options.text.name}: the catalogue has {', '.join(documents)}; the text is to have such a name")
    one = documents[options.text.stem]
    if options.section:
        if options.section not in texts:
            return refused(f"{options.text.name} has no section {options.section}")
        print(*beside(one, texts, options.section), sep="\n")
        return 0
    wrong = list(compare(one, texts))
    print(*wrong, f"RFC {one.rfc}: {len(one.requirements)} rows for {sum(one.sections.values())} keywords in "
          f"{len(one.sections)} sections, {len(wrong)} differences", sep="\n")
    return 1 if wrong else 0


def refused(why: str) -> int:
    print(why, file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
