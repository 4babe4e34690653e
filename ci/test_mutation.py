"""ci/mutation: each operator on a small C file, the choice, and the copy that leaves the tree alone."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("clang.cindex", reason="python3-clang is missing: run `ci/install.sh --mutation`")

from mutation import candidates, explained, operators, workshop  # noqa: E402
from mutation.mutant import Mutant  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
HEADER = """\
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include "base/status.h"
enum kind { KIND_ONE, KIND_TWO, KIND_THREE };
struct pair { int spi_i; int spi_r; enum kind kind; bool up; unsigned count; };
struct row { enum kind kind; int times; };
enum status look(int a, int b);
enum status random_fill(int a, int b);
void writer_u8(int a, int b);
void emit(int a);
"""


def found(tmp_path: Path, body: str, operator: str) -> list[str]:
    """What the operator makes of the function's text, as "was -> becomes"."""
    return [one.change for one in all_found(tmp_path, body) if one.operator == operator]


def all_found(tmp_path: Path, body: str) -> list[Mutant]:
    for name in ("base/status.h", "base/iana.h"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "ref" / name, tmp_path / name)
    (tmp_path / "wire").mkdir(exist_ok=True)
    (tmp_path / "wire/small.c").write_text(HEADER + body)
    return candidates.of_file(tmp_path, "wire/small.c")


IN_A_FUNCTION = [
    ("check deleted", "if (a > b) { return STATUS_DROP; }", ["a > b -> (a > b) && false"]),
    ("check deleted", "if (a > b) { p->count = 1; }", []),
    ("branch never taken", "if (a > b) { p->count = 1; }", ["a > b -> (a > b) && false"]),
    ("branch never taken", "if (a > b) { return STATUS_DROP; } else { emit(a); }", ["a > b -> (a > b) && false"]),
    ("branch always taken", "if (a > b) { return STATUS_DROP; }", ["a > b -> (a > b) || true"]),
    ("verify skipped", "TRY(look(a, b));", ["TRY -> (void)"]),
    ("verify skipped", "TRY(random_fill(a, b));", []),
    ("step deleted", "TRY(random_fill(a, b));", ["TRY(random_fill(a, b)) -> (nothing)"]),
    ("payload dropped", "writer_u8(a, b); emit(a);", ["writer_u8(a, b) -> (nothing)"]),
    ("call deleted", "writer_u8(a, b); emit(a); free(p);", ["emit(a) -> (nothing)"]),
    ("assignment deleted", "p->count = 2; p->count++; p->count |= 4; a = b == 1;",
     ["p->count = 2 -> (nothing)", "p->count++ -> (nothing)", "p->count |= 4 -> (nothing)", "a = b == 1 -> (nothing)"]),
    ("half condition", "p->up = a > 1 && b;", ["a > 1 && b -> (a > 1)", "a > 1 && b -> (b)"]),
    ("and for or", "p->up = a && b;", ["&& -> ||"]),
    ("negation dropped", "p->up = !a;", ["! -> (nothing)"]),
    ("comparison moved", "p->up = a < b; p->up = a /* or > */ >= b;", ["< -> <=", ">= -> >"]),
    ("comparison flipped", "p->up = a == b; p->up = a < b;", ["== -> !=", "< -> >="]),
    ("arithmetic", "p->count = a + b; p->count <<= 2;", ["+ -> -", "<<= -> >>="]),
    ("counted the wrong way", "p->count++; --a;", ["++ -> --", "-- -> ++"]),
    ("off by one", "a = b + 0x10; unsigned char room[16]; (void)room;", ["0x10 -> 17", "0x10 -> 15"]),
    ("off by one", "a = b + 0;", ["0 -> 1"]),
    ("other constant", "p->kind = KIND_THREE;", ["KIND_THREE -> KIND_ONE"]),
    ("other constant", "TRY(STATUS_NOTIFY(INVALID_SYNTAX));", ["INVALID_SYNTAX -> INVALID_MESSAGE_ID"]),
    ("other side", "p->spi_i = a; p->count = 1;", ["spi_i -> spi_r"]),
    ("arguments swapped", "writer_u8(a, b + 1); writer_u8(a, a);", ["a, b + 1 -> b + 1, a"]),
    ("return changed", "if (a) { return STATUS_NOTIFY(INVALID_SYNTAX); } if (b) { return STATUS_DROP; }",
     ["STATUS_NOTIFY(INVALID_SYNTAX) -> STATUS_DROP", "STATUS_NOTIFY(INVALID_SYNTAX) -> STATUS_OK", "STATUS_DROP -> STATUS_OK"]),
    ("ternary swapped", "a = b ? 1 : p->spi_i;", ["1 : p->spi_i -> p->spi_i : 1"]),
    ("jump deleted", "while (a) { if (b) { break; } continue; }", ["break -> (nothing)", "continue -> (nothing)"]),
]


@pytest.mark.parametrize(("operator", "text", "wanted"), IN_A_FUNCTION)
def test_what_an_operator_makes_of_a_function(tmp_path: Path, operator: str, text: str, wanted: list[str]) -> None:
    body = f"enum status small(int a, int b, struct pair *p);\nenum status small(int a, int b, struct pair *p)\n{{\n    {text}\n    return STATUS_OK;\n}}\n"
    assert [one.replace("  ->  ", " -> ") for one in found(tmp_path, body, operator)] == wanted


def test_truth_and_rows(tmp_path: Path) -> None:
    body = ("bool small(int a);\nbool small(int a)\n{\n    if (a) {\n        return true;\n    }\n    return a > 2;\n}\n"
            "static const struct row rows[] = {\n    {KIND_ONE, 1},\n    {KIND_TWO, 2},\n};\nint use(void);\n"
            "int use(void)\n{\n    return rows[0].times;\n}\n")
    assert found(tmp_path, body, "return changed") == ["true  ->  false", "a > 2  ->  !(a > 2)"]
    assert found(tmp_path, body, "row deleted") == ["{KIND_ONE, 1},  ->  (nothing)", "{KIND_TWO, 2},  ->  (nothing)"]


def test_every_operator_is_tried_here() -> None:
    assert {one.name for one in operators.OPERATORS} == {name for name, _, _ in IN_A_FUNCTION} | {"row deleted"}


def test_asserts_are_left_alone(tmp_path: Path) -> None:
    assert all_found(tmp_path, "void small(int a);\nvoid small(int a)\n{\n    assert(a > 1 && a < 7);\n}\n") == []


def test_a_fault_keeps_the_lines(tmp_path: Path) -> None:
    body = "enum status small(int a);\nenum status small(int a)\n{\n    writer_u8(a,\n              1);\n    return look(a,\n                2);\n}\n"
    text = HEADER + body
    mutants = all_found(tmp_path, body)
    assert len(mutants) > 4
    assert {one.planted(text).count("\n") for one in mutants} == {text.count("\n")}
    dropped = next(one for one in mutants if one.operator == "payload dropped")
    assert (dropped.function, dropped.line, dropped.last_line) == ("small", text.split("\n").index("    writer_u8(a,") + 1,
                                                                   text.split("\n").index("    writer_u8(a,") + 2)


def test_a_name_lasts_when_lines_move(tmp_path: Path) -> None:
    body = "void small(int a);\nvoid small(int a)\n{\n    emit(a);\n    emit(a);\n}\n"
    before = {one.identity for one in all_found(tmp_path, body)}
    assert len(before) == 2
    assert {one.identity for one in all_found(tmp_path, f"\n\n/* something */\n{body}")} == before


@pytest.fixture(scope="module")
def everything() -> list[Mutant]:
    return candidates.all_of(ROOT / "ref")


def test_the_choice(everything: list[Mutant]) -> None:
    first = candidates.chosen(everything, "1")
    assert first[:200] == candidates.chosen(everything[::-1], "1")[:200], "the same whatever order they come in"
    assert first[:200] != candidates.chosen(everything, "2")[:200]
    assert len({one.identity for one in first}) == len(everything) > 5000
    assert Counter(one.room for one in first[:200]).keys() == set(candidates.ROOMS)
    assert max(Counter(one.file for one in first[:200]).values()) <= 8
    assert len({one.file for one in first[:200]}) >= 70
    assert len({one.operator for one in first[:200]}) >= 15


def test_every_explanation_fits_something(everything: list[Mutant]) -> None:
    assert explained.misfits(explained.read(ROOT / "ci/mutation.toml"), everything) == []


def digest(folder: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())).hexdigest()


def test_the_tree_is_only_read(tmp_path: Path) -> None:
    """A mutant is built from the copy; what changes nothing, or does not compile, is none."""
    tree = tmp_path / "tree"
    (tree / "ref/wire").mkdir(parents=True)
    (tree / "ref/base").mkdir()
    (tree / "ref/test").mkdir()
    (tree / "ref/test/other.c").write_text("not copied")
    text = "int kept(int a);\nint kept(int a)\n{\n    int b = a;\n    b = b * 1;\n    return b > 3;\n}\n"
    (tree / "ref/wire/kept.c").write_text(text)
    (tree / "ref/main.c").write_text("int kept(int a);\nint main(void)\n{\n    return kept(4);\n}\n")
    (tree / "Makefile").write_text("build/ikeref: ref/main.c ref/wire/kept.c\n\t@mkdir -p build/ref/host\n"
                                   "\t@$(CC) -Iref -c -o build/ref/host/main.o ref/main.c\n\t@$(CC) -Iref -c -o kept.o ref/wire/kept.c\n"
                                   "\t@$(AR) rcs build/libikeref.a kept.o\n\t@$(CC) -o $@ build/ref/host/main.o build/libikeref.a\n")
    before = digest(tree)
    shop = workshop.Workshop(tree, tmp_path / "folder")
    shop.prepare(1)
    assert not (shop.ref / "test").exists()
    mutants = {one.operator: one for one in candidates.of_file(shop.ref, "wire/kept.c")}
    program = shop.plant(mutants["comparison flipped"], tmp_path / "place")
    assert program is not None
    assert subprocess.run([shop.daemon], check=False).returncode == 1
    assert subprocess.run([program], check=False).returncode == 0
    assert shop.plant(mutants["assignment deleted"], tmp_path / "place") is None, "b * 1 is b"
    start = text.index("b > 3")
    broken = Mutant("wire/kept.c", "kept", "none", start, start + 1, "b", "(", 6, 6)
    assert shop.plant(broken, tmp_path / "place") is None
    assert digest(tree) == before
