"""ci/coverage_count.py: what counts, and what must have a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import coverage_count as count
import pytest

SOURCE = """\
int chosen(int a)
{
    if (a > 1) {
        return 2;
    }
    return 1;
}

int never(void)
{
    return 3;
}
"""


def line(number: int, times: int, *branches: int) -> dict[str, Any]:
    return {"line_number": number, "count": times, "gcovr/noncode": False, "branches": [{"count": b} for b in branches]}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, count.SourceFile]:
    """chosen() is called, but never with more than 1; never() is not."""
    path = tmp_path / "ref/esp/one.c"
    path.parent.mkdir(parents=True)
    path.write_text(SOURCE)
    report = {"files": [{
        "file": "ref/esp/one.c",
        "lines": [line(1, 5), line(3, 5, 0, 5), line(4, 0), line(6, 5), line(9, 0), line(11, 0)],
        "functions": [{"name": "chosen", "lineno": 1, "execution_count": 5},
                      {"name": "never", "lineno": 9, "execution_count": 0}]}]}
    return count.read_report(report, tmp_path)


def entry(function: str = "", line: str = "", lines: int = 1, file: str = "ref/esp/one.c") -> count.Entry:
    return count.Entry(file, function, line, lines, "because")


def test_every_line_and_every_way_counts(files: dict[str, count.SourceFile]) -> None:
    share = count.shares(files)["esp"]
    assert (share.lines, share.lines_reached, share.branches, share.branches_taken) == (6, 3, 2, 1)


def test_what_is_not_reached_wants_a_reason(files: dict[str, count.SourceFile]) -> None:
    found, _ = count.problems(files, [])
    assert [one.split(": ")[0] for one in found] == ["ref/esp/one.c", "ref/esp/one.c:4", "ref/esp/one.c:9", "ref/esp/one.c:11"]
    assert "never: nobody calls it" in found[0]


def test_with_reasons_all_is_well(files: dict[str, count.SourceFile]) -> None:
    found, explained = count.problems(files, [entry("chosen", "return 2;"), entry("never")])
    assert not found
    assert count.listing(files, explained)[0] == "ref/esp/one.c:3: 1 of 2 ways not taken: if (a > 1) {"
    assert all("(explained)" in one for one in count.listing(files, explained)[1:])


@pytest.mark.parametrize(("wrong", "why"), [
    (entry("chosen", "return 1;"), "all of it is reached"),
    (entry("chosen", "return 4;"), "on 0 lines"),
    (entry("", "return"), "on 3 lines"),
    (entry("", "    return"), "on 2 lines"),  # indented by four, not by eight
    (entry("gone"), "no such function"),
    (entry("", "return 2;", file="ref/esp/two.c"), "no such file"),
])
def test_an_entry_that_says_nothing_true(files: dict[str, count.SourceFile], wrong: count.Entry, why: str) -> None:
    assert any(why in one for one in count.problems(files, [wrong])[0])


def test_an_entry_without_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "uncovered.toml"
    path.write_text('[[unreached]]\nfile = "ref/esp/one.c"\nline = "return 2;"\n')
    with pytest.raises(count.BadEntry, match="it needs file, reason"):
        count.read_entries(path)
