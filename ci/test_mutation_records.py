"""ci/mutation: what is known already, what has an explanation, and the figures."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest
from mutation import explained, reach, records, report, suite
from mutation.mutant import Mutant
from mutation.records import Record, Records


def mutant(file: str = "wire/one.c", was: str = "a > b", number: int = 0) -> Mutant:
    return Mutant(file, "one", "comparison moved", 3, 8, was, "a >= b", 7, 7, number)


def record(outcome: str, by: str = "", **more: str) -> Record:
    return Record("id", outcome, "sources", "harness", by, "d1" if by else "", **more)


@pytest.mark.parametrize(("known", "tests", "holds"), [
    (record(records.TEST, "t"), {"t": "d1"}, True),
    (record(records.TEST, "t"), {"t": "d1", "another": "d9"}, True),
    (record(records.TEST, "t"), {"t": "d2"}, False),
    (record(records.TEST, "t"), {}, False),
    (record(records.LIFE), {}, True),
    (record(records.UNDECIDED), {}, False),
    (record(records.UNREACHED), {}, True),
    (record(records.UNREACHED), {"t": "d1"}, False),
    (Record("id", records.SURVIVED, "sources", "harness", played={"t": "d1"}), {"t": "d1"}, True),
    (Record("id", records.SURVIVED, "sources", "harness", played={"t": "d1"}), {"t": "d2"}, False),
    (Record("id", records.SURVIVED, "sources", "harness", played={"t": "d1"}), {"t": "d1", "new": "d1"}, False),
])
def test_what_is_known_holds_until_something_changes(known: Record, tests: dict[str, str], holds: bool) -> None:
    assert known.holds("sources", "harness", tests) is holds
    assert not known.holds("other sources", "harness", tests)
    assert not known.holds("sources", "another harness", tests)


def test_what_is_no_mutant_is_none_whatever_the_tests_are() -> None:
    assert record(records.NONE).holds("sources", "another harness", {})
    assert not record(records.NONE).holds("other sources", "harness", {})


def test_only_new_tests_are_played_again() -> None:
    known = Record("id", records.SURVIVED, "sources", "harness", played={"t": "d1", "u": "d1"})
    assert known.unplayed({"t": "d1", "u": "d2", "v": "d1"}) == ["u", "v"]


def test_records_last_and_teach(tmp_path: Path) -> None:
    store = Records(tmp_path / "results")
    store.put(record(records.TEST, "t"))
    assert store.get("id") == record(records.TEST, "t") and store.get("nobody") is None
    assert store.kills() == {"id": "t"}
    store.path("id").write_text("{half a")
    assert store.get("id") is None


def test_the_likely_ones_come_first() -> None:
    order = records.in_order(["slow", "quick", "file", "function", "hint"], "hint", Counter(function=1), Counter(file=3),
                             {"slow": 2.0, "quick": 0.1})
    assert order == ["hint", "function", "file", "quick", "slow"]


FOUND = [(mutant(number=1), record(records.LIFE)), (mutant(number=2), record(records.TEST, "t")),
         (mutant(number=3), record(records.SURVIVED)), (mutant("sa/two.c"), record(records.SURVIVED)),
         (mutant("sa/two.c", number=5), record(records.UNREACHED)), (mutant(number=6), record(records.NONE))]


def test_explained_ones_do_not_count() -> None:
    total = report.figures(FOUND, [explained.Explained("sa/two.c", "one", "because")])
    assert (total.counted, total.by_life, total.by_tests, len(total.survivors), len(total.explained)) == (3, 1, 1, 1, 2)
    assert (round(total.percent), round(total.beyond_life)) == (67, 50)
    assert report.survivors(total) == ["ref/wire/one.c:7: one: comparison moved: a > b  ->  a >= b"]


def test_an_exact_explanation_of_what_is_caught_is_wrong() -> None:
    exact = explained.Explained("wire/one.c", "one", "because", was="a  >  b", becomes="a >= b")
    assert [entry for _, entry in report.figures(FOUND[:2], [exact]).wrong] == [exact, exact]


def test_survivors_where_no_test_comes_say_so() -> None:
    assert "[no test comes here]" in report.survivors(report.figures(FOUND, []))[-1]


def test_an_explanation_needs_a_reason(tmp_path: Path) -> None:
    file = tmp_path / "mutation.toml"
    file.write_text('[[survivor]]\nfile = "wire/one.c"\nfunction = "one"\nreason = " "\n')
    with pytest.raises(explained.BadEntry, match="survivor 1 needs file, function and reason"):
        explained.read(file)


def test_blocks_are_bits() -> None:
    bits = reach.packed({0, 9, 12}, 13)
    assert reach.has_any(bits, {12}) and reach.has_any(bits, {3, 9}) and not reach.has_any(bits, {1, 8, 400})
    kept = records.Clean("d", "pass", [], 0.1, records.text_of(bits))
    assert kept.bits == bits


def test_a_table_is_taken_and_begins_anew(tmp_path: Path) -> None:
    table = reach.Table(tmp_path / "table", 13)
    table.path.write_bytes(bytes(12) + b"\1")
    assert reach.has_any(table.take(), {12})
    assert not reach.has_any(table.take(), {12})


def test_a_test_that_is_played_again_has_a_result_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest keeps an item's properties; what it said the first time must not be what it says the second."""
    said = iter(["fail", "pass"])

    def protocol(item: SimpleNamespace, **_: object) -> list[SimpleNamespace]:
        result = {"scenario": "s", "initiator": "i", "responder": "r", "verdict": next(said)}
        item.user_properties.append(("ikelab", json.dumps(result)))
        return [SimpleNamespace(when="call", user_properties=item.user_properties)]

    monkeypatch.setattr(suite, "runtestprotocol", protocol)
    test = SimpleNamespace(item=SimpleNamespace(user_properties=[]))
    player = object.__new__(suite.Player)
    assert [str(player.play(test).verdict) for _ in range(2)] == ["fail", "pass"]
