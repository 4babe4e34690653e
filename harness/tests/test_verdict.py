from __future__ import annotations

import pytest
from ikelab.verdict import Expected, ExpectedError, Verdict, apply_expected, load_expected

LISTED = Expected("roaming.*", "*", "strongswan-*", "no roaming there")


def test_what_could_not_be_judged_is_never_green():
    assert [v for v in Verdict if not v.as_expected] == [Verdict.FAIL, Verdict.INCONCLUSIVE]


@pytest.mark.parametrize("before, after", [
    (Verdict.FAIL, Verdict.EXPECTED_FAIL), (Verdict.PASS, Verdict.FAIL),
    (Verdict.UNSUPPORTED, Verdict.UNSUPPORTED), (Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE)])
def test_listed_scenarios(before, after):
    verdict, reason = apply_expected(before, "lost 3", [LISTED])
    assert verdict is after
    if before is Verdict.PASS:
        assert "expected.toml" in reason


def test_another_failure_than_the_listed_one_is_none_that_is_expected():
    line = Expected("a", "*", "*", "r", seen=r"\d+ lost")
    assert apply_expected(Verdict.FAIL, "3 lost", [line])[0] is Verdict.EXPECTED_FAIL
    assert apply_expected(Verdict.FAIL, "it crashed", [line])[0] is Verdict.FAIL


def test_of_several_lines_the_one_that_was_seen_counts():
    lines = [Expected("a", "*", "*", "one", seen="1", always=False), Expected("a", "*", "*", "two", seen="2")]
    assert apply_expected(Verdict.FAIL, "2", lines) == (Verdict.EXPECTED_FAIL, "two (seen: 2)")
    assert apply_expected(Verdict.PASS, "", lines)[0] is Verdict.FAIL


def test_a_line_may_list_scenarios_and_peers(tmp_path):
    (tmp_path / "expected.toml").write_text(
        '[[expected]]\nscenario = ["a", "b"]\ninitiator = ["x", "y-*"]\nreason = "r"\n')
    lines = load_expected(tmp_path / "expected.toml")
    assert {(line.scenario, line.initiator, line.responder) for line in lines} == {
        ("a", "x", "*"), ("a", "y-*", "*"), ("b", "x", "*"), ("b", "y-*", "*")}


def test_what_fails_at_times_may_pass():
    line = Expected("a", "*", "*", "r", always=False)
    assert apply_expected(Verdict.FAIL, "3 lost", [line])[0] is Verdict.EXPECTED_FAIL
    assert apply_expected(Verdict.PASS, "", [line])[0] is Verdict.PASS


def test_the_end_of_a_daemon_is_expected_by_a_line_that_says_so_alone():
    line, end = Expected("a", "*", "*", "r"), Expected("a", "*", "*", "its end", ends=True)
    assert apply_expected(Verdict.FAIL, "it crashed", [line], ended=True)[0] is Verdict.FAIL
    assert apply_expected(Verdict.FAIL, "it crashed", [line, end], ended=True) == (
        Verdict.EXPECTED_FAIL, "its end (seen: it crashed)")
    assert apply_expected(Verdict.FAIL, "3 lost", [end])[0] is Verdict.FAIL


def test_not_listed_stays():
    assert apply_expected(Verdict.FAIL, "why", []) == (Verdict.FAIL, "why")


def test_patterns():
    assert LISTED.matches("roaming.roam_wifi", "reference", "strongswan-5.9.8")
    assert not LISTED.matches("rekey.child", "reference", "strongswan-5.9.8")


def test_table(tmp_path):
    path = tmp_path / "expected.toml"
    assert load_expected(path) == []
    path.write_text('[[expected]]\nscenario = "a.b"\nreason = "r"\n')
    assert load_expected(path) == [Expected("a.b", "*", "*", "r")]
    path.write_text('[[expected]]\nscenario = ["a.b", "c.*"]\nreason = "r"\n')
    assert load_expected(path) == [Expected("a.b", "*", "*", "r"), Expected("c.*", "*", "*", "r")]


@pytest.mark.parametrize("text", ["[[expected]]\nscenario = 'x'\n", "[[expected", "[[expected]]\nscenario = 'x'\nreason = 'r'\nseen = '('\n", "expected = 1", "expected = [1]"])
def test_broken_table_names_the_file(tmp_path, text):
    path = tmp_path / "expected.toml"
    path.write_text(text)
    with pytest.raises(ExpectedError, match="expected.toml"):
        load_expected(path)
