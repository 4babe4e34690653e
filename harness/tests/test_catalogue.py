"""The catalogue of requirements: what the loader refuses, what counting keywords sees, where marks are found."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from ikelab.catalogue import coverage, load, marks, rfc_text
from ikelab.catalogue.model import Catalogue, CatalogueError

HEAD = """
    rfc = 9999
    title = "Invented"
    [sections]
    "1" = 0
    "2.1" = 3
"""
ROW = """
    [[requirement]]
    id = "RFC9999-2.1-01"
    section = "2.1"
    level = "MUST"
    role = "initiator"
    testable = "wire"
    keywords = 2
    text = "The initiator does what nobody has written."
"""
SECOND = ROW.replace("-01", "-02").replace("keywords = 2", "plain = true")
NONE = """
    [[none]]
    section = "2.1"
    keywords = 1
    why = "a definition"
"""


def catalogue(folder: Path, *parts: str) -> Catalogue:
    (folder / "rfc9999.toml").write_text(textwrap.dedent("".join(parts)))
    return load.load(folder)


def test_the_real_catalogue_is_in_order() -> None:
    found = load.load()
    assert {7296, 7383, 7427, 4555, 3948, 4303, 5998, 6023, 8247, 8221, 4301} <= {one.rfc for one in found.documents}
    assert len(found.requirements) >= 600


def test_ids_that_documents_give_as_examples_exist() -> None:
    rows = load.load().by_id()
    for path in [*(load.ROOT / "docs").glob("*.md"), *(load.ROOT / "harness/ikelab").rglob("*.py")]:
        named = {found.group() for found in load.ID.finditer(path.read_text())}
        assert named <= rows.keys(), path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    found = catalogue(tmp_path, HEAD, ROW, SECOND, NONE)
    first, second = found.requirements
    assert (first.id, first.level, first.keywords, first.is_must) == ("RFC9999-2.1-01", "MUST", 2, True)
    assert second.plain and found.by_id()[second.id] is second


@pytest.mark.parametrize(("old", "new", "said"), [
    ('level = "MUST"', 'level = "SHALL"', "RFC9999-2.1-01 level: 'SHALL' is not one of"),
    ('role = "initiator"', 'role = "client"', "RFC9999-2.1-01 role: 'client' is not one of"),
    ('testable = "wire"', 'testable = "maybe"', "RFC9999-2.1-01 testable"),
    ('testable = "wire"', 'testable = "no"', "say why in `reason`"),
    ('id = "RFC9999-2.1-01"', 'id = "RFC9999-2.1-1"', "id: 'RFC9999-2.1-1' does not match"),
    ('id = "RFC9999-2.1-01"', 'id = "RFC9998-2.1-01"', "the id does not fit RFC 9999 and section 2.1"),
    ('section = "2.1"\n    level', 'section = "1"\n    level', "the id does not fit"),
    ('"2.1" = 3', '"2.2" = 3', "RFC 9999 has no section 2.1"),
    ("keywords = 2", "keywords = 1", "section 2.1 has 3 keywords, its rows answer for 2"),
    ("keywords = 2", "plain = true\n    keywords = 2", "plain says that it has no keyword"),
    ("keywords = 2", "keyword = 2", "'keyword' was unexpected"),
    ("-02", "-01", "none is there twice"),
    ("rfc = 9999", "rfc = 9998", "name it rfc9998.toml"),
    ("rfc = 9999", "rfc = ", "rfc9999.toml: "),
])
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    whole = HEAD + ROW + SECOND + NONE
    assert old in whole
    with pytest.raises(CatalogueError) as refused:
        catalogue(tmp_path, whole.replace(old, new))
    assert any(said in problem for problem in refused.value.problems), refused.value.problems


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="name the folder"):
        load.load(tmp_path)


TEXT = """
Network Working Group
Table of Contents
   1.  Introduction ....................................... 2
   2.1.  Rules ............................................ 2

1.  Introduction

   Nothing must be done here.

2.  Rules

2.1.  The Rules

   A peer MUST
   NOT sleep.  It SHOULD

Author                       Standards Track                    [Page 1]
\f
RFC 9999                        Invented                    October 2014

   wake up, and MAY sing.

Appendix A: More

   This is RECOMMENDED.
A1.  Even More

   This is not.
"""


def test_keywords_are_counted_by_section() -> None:
    texts = rfc_text.section_texts(TEXT)
    assert {name: rfc_text.keywords(text) for name, text in texts.items()} == {
        "front": 0, "1": 0, "2": 0, "2.1": 3, "A": 1, "A1": 0}
    assert list(rfc_text.sentences(texts["2.1"])) == ["A peer MUST NOT sleep.", "It SHOULD wake up, and MAY sing."]


def test_text_and_file_are_compared(tmp_path: Path) -> None:
    one = catalogue(tmp_path, HEAD, ROW, SECOND, NONE).documents[0]
    texts = {"front": "", "1": "MUST", "2.1": "MUST MUST NOT MAY", "3": "SHALL"}
    assert list(rfc_text.compare(one, texts)) == [
        "section 1 has 1 keywords, rfc9999.toml says 0", "section 3 (1 keywords) is not in rfc9999.toml"]
    assert "section 2.1 stands in rfc9999.toml, but there is no such heading" in rfc_text.compare(one, {"front": ""})


def test_the_tool_says_what_it_wants(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    catalogue(tmp_path, HEAD, ROW, SECOND, NONE)
    where = ["--catalogue", str(tmp_path)]
    assert rfc_text.main([str(tmp_path / "absent.txt"), *where]) == 2
    (tmp_path / "rfc9999.txt").write_text(TEXT)
    assert rfc_text.main([str(tmp_path / "rfc9999.txt"), *where]) == 1
    assert "section 2 (0 keywords) is not in rfc9999.toml" in capsys.readouterr().out
    assert rfc_text.main([str(tmp_path / "rfc9999.txt"), *where, "--section", "2.1"]) == 0
    assert "[1] A peer MUST NOT sleep." in capsys.readouterr().out
    assert rfc_text.main([str(tmp_path / "rfc9999.txt"), *where, "--section", "7"]) == 2
    assert rfc_text.main([str(tmp_path / "rfc9999.txt"), "--sections"]) == 0
    assert '"2.1" = 3' in capsys.readouterr().out


def written(folder: Path, text: str) -> Path:
    path = folder / "test_it.py"
    path.write_text(textwrap.dedent(text))
    return path


def test_marks_are_found_without_running_anything(tmp_path: Path) -> None:
    written(tmp_path, """
        import nothing_of_this_name

        @topology("pair")
        @requirement("RFC9999-2.1-01", "RFC9999-2.1-02")
        def test_one(): ...

        @pytest.mark.requirement("RFC9999-2.1-01")
        class TestMore: ...
    """)
    assert [(mark.id, mark.test, mark.line) for mark in marks.marks(tmp_path, ["."])] == [
        ("RFC9999-2.1-01", "test_one", 5), ("RFC9999-2.1-02", "test_one", 5), ("RFC9999-2.1-01", "TestMore", 8)]


def test_an_id_that_is_not_written_out_is_refused(tmp_path: Path) -> None:
    written(tmp_path, """
        @requirement(f"RFC9999-{section}-01")
        def test_one(): ...
    """)
    with pytest.raises(marks.NotLiteral, match="test_it.py:2"):
        marks.marks(tmp_path, ["."])


def test_requirements_get_their_tests(tmp_path: Path) -> None:
    found = catalogue(tmp_path, HEAD, ROW, SECOND, NONE)
    assert len(coverage.untested(found)) == 2
    joined = marks.with_tests(found, [marks.Mark("RFC9999-2.1-01", Path("test_it.py"), 2, "test_one")])
    assert joined.requirements[0].tests == ("test_it.py::test_one",)
    assert [row.id for row in coverage.untested(joined)] == ["RFC9999-2.1-02"]


def test_the_list_of_ids_only_grows(tmp_path: Path) -> None:
    ids = tmp_path / "ids.txt"
    found = catalogue(tmp_path, HEAD, ROW, SECOND, NONE)
    assert coverage.write_ids(ids, found) == 2
    ids.write_text(ids.read_text() + "RFC9999-1-01\n")
    assert coverage.write_ids(ids, found) == 0
    assert set(coverage.read_ids(ids)) == {"RFC9999-2.1-01", "RFC9999-2.1-02", "RFC9999-1-01"}
