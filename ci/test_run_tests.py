"""run_tests.py counts what cmocka says, and takes a program that says nothing or dies for a failure."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import run_tests

GOOD = "[==========] tests: 3 test(s) run.\n[  PASSED  ] 2 test(s).\n[  SKIPPED ] 1 test(s), listed below:"
BAD = "[  PASSED  ] 2 test(s).\n[  FAILED  ] tests: 1 test(s), listed below:\n[  FAILED  ] test_x\n"


@pytest.mark.parametrize(
    ("says", "end", "passed", "failed", "skipped"),
    [
        (GOOD, "exit 0", 2, 0, 1),
        (BAD, "exit 1", 2, 1, 0),
        (BAD.replace("tests: ", ""), "exit 1", 2, 1, 0),
        (GOOD, "kill -SEGV $$", 2, 1, 1),
        ("", "exit 0", 0, 1, 0),
        ("", "exit 1", 0, 1, 0),
    ],
)
def test_counts_of_a_program(tmp_path: Path, says: str, end: str, passed: int, failed: int, skipped: int) -> None:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ncat <<X\n{says}\nX\n{end}\n")
    program.chmod(0o755)
    count, _, _ = run_tests.cmocka(program)
    assert (count.passed, count.failed, count.skipped) == (passed, failed, skipped)


def test_a_program_that_was_not_built_is_a_failure_with_its_remedy(tmp_path: Path) -> None:
    count, output, _ = run_tests.cmocka(tmp_path / "nothing")
    assert count.failed == 1 and "make tests" in output


def test_a_stage_of_pytest_counts_failures_and_errors(tmp_path: Path) -> None:
    (tmp_path / "test_mixed.py").write_text(
        "import pytest\n"
        "def test_good(): pass\n"
        "def test_bad(): assert False\n"
        "def test_broken(nothing_of_this_name): pass\n"
        "@pytest.mark.skip(reason='why not')\n"
        "def test_skipped(): pass\n")
    count = run_tests.pytest(tmp_path, str(tmp_path / "test_mixed.py"))
    assert (count.passed, count.failed, count.skipped) == (1, 2, 1)
    (tmp_path / "test_mixed.py").write_text("syntax error\n")
    assert run_tests.pytest(tmp_path, str(tmp_path / "test_mixed.py")).failed >= 1


def test_parts_of_the_matrix(tmp_path: Path) -> None:
    (tmp_path / "i.toml").write_text('[[part]]\ninitiators = ["a"]\nresponders = ["b", "c"]\nscenarios = "all"\n'
                                     '[[part]]\ninitiators = ["d"]\nresponders = ["d"]\n')
    assert run_tests.interop_parts(tmp_path / "i.toml") == [
        ["--scenarios", "all", "--initiator", "a", "--responder", "b", "--responder", "c"],
        ["--scenarios", "core", "--initiator", "d", "--responder", "d"]]
    for part in run_tests.interop_parts(Path(run_tests.__file__).parent / "interop.toml"):
        assert "--initiator" in part and "--responder" in part


def test_a_play_that_wrote_nothing_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "ikelab").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "ikelab").chmod(0o755)
    assert run_tests.played(tmp_path, "x", "interop").failed == 1
    (tmp_path / "ikelab").write_text(
        """#!/bin/sh\nfor f; do :; done\necho '{"results": [{"verdict": "pass"}, {"verdict": "fail"}, {"verdict": "unsupported"}]}' >$f\nexit 1\n""")
    count = run_tests.played(tmp_path, "x", "interop")
    assert (count.passed, count.failed, count.skipped) == (1, 1, 1)


def test_what_failed_is_named_in_the_end(tmp_path: Path) -> None:
    (tmp_path / "test_mixed.py").write_text("def test_good(): pass\ndef test_bad(): assert 1 == 2, 'one is not two'\n")
    [line] = run_tests.pytest(tmp_path, str(tmp_path / "test_mixed.py")).failures
    assert "test_mixed.test_bad" in line and "one is not two" in line
    (tmp_path / "ikelab").write_text(
        """#!/bin/sh\nfor f; do :; done\necho '{"results": [{"verdict": "pass"}, {"scenario": "a.b", "initiator": "x",
        "responder": "y", "verdict": "fail", "reason": "2 > 1"}]}' >$f\nexit 1\n""")
    (tmp_path / "ikelab").chmod(0o755)
    assert run_tests.played(tmp_path, "x", "run").failures == ["fail: a.b x > y: 2 > 1"]


def test_a_case_that_costs_more_is_a_failure_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "ikelab").write_text(
        """#!/bin/sh\nfor f; do :; done\necho '{"results": [{"case": "a", "verdict": "same"}, {"case": "b", "verdict": "better"},
        {"case": "c", "verdict": "worse", "reason": "worse: c: 1 -> 2"}, {"case": "d", "verdict": "new"},
        {"case": "e", "verdict": "gone"}]}' >$f\nexit 1\n""")
    (tmp_path / "ikelab").chmod(0o755)
    count = run_tests.gate(tmp_path)
    assert (count.passed, count.failed) == (2, 3) and count.failures[0] == "worse: c: 1 -> 2"


def test_failures_that_a_program_tells_are_counted_by_its_lines() -> None:
    def done(status: int, text: str) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(["x/y"], status, text, "why")

    assert run_tests.told(done(1, "a\nbroken: one\nbroken: two\n"), r"(?m)^broken: .*$").failures == ["broken: one", "broken: two"]
    assert run_tests.told(done(1, "a\n"), r"(?m)^broken: .*$").failures == ["y ended with status 1: why"]
    assert run_tests.told(done(0, "a\n"), r"(?m)^broken: .*$").failed == 0


def test_a_room_that_is_reached_too_little_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = ("  room                 lines                      branches\n"
            "  base          423 of    423  100.0 %      279 of    279  100.0 %\n"
            "  wire          400 of    479   83.5 %      373 of    378   98.7 %   too little\n"
            "  all          6577 of   6607   99.5 %     4291 of   4521   94.9 %\n"
            "coverage: 27 reasons in ci/uncovered.toml; line by line: x\n"
            "coverage: ref/wire/x.c:7: not reached, and no entry says why: return;\n")
    monkeypatch.setattr(run_tests.subprocess, "run", lambda *a, **b: subprocess.CompletedProcess(["make"], 1, said, ""))
    count = run_tests.coverage(tmp_path)
    assert (count.passed, count.failed) == (1, 2) and "wire" in count.failures[0] and "x.c:7" in count.failures[1]
