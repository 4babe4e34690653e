"""What a hostile group came to: what is known is expected, what is not is a failure, and what has gone is out of date."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import pytest
from ikelab.hostile import play, report
from ikelab.hostile.case import GROUPS, Case, Deed, State, cases, generators
from ikelab.hostile.oracle import RULES, Broken
from ikelab.hostile.report import Known, Report, load_known
from ikelab.peers import table
from ikelab.scripted.errors import Unmet
from ikelab.verdict import ExpectedError, KnownFailure

LINE = Known(("strongswan-*",), ("order",), ("walk",), ("it died",), "the reason", ("initiator",), "SIGSEGV",
             ("order initiator 1/3",))
DIED = Broken("it died", "killed by SIGSEGV")
BY_NO_RULE = {"it died", "no plain life afterwards", "memory grew", "an answer that the RFC forbids"}


def case(number, kind="walk"):
    return Case("order", "1", number, kind, Deed(State.ESTABLISHED, "planted", lambda _: None))


def judged(*found, known=(LINE,), played=8, role="initiator"):
    made = Report(known, role, [case(number) for number in range(played)])
    for one, broken in found:
        made.add(one, [broken])
    return made


def test_what_stands_in_a_line_is_not_found():
    made = judged((case(3), DIED), (case(5), DIED))
    assert made.found == {} and [len(found) for found in made.expected.values()] == [2] and made.out_of_date() == []


@pytest.mark.parametrize("one, broken", [
    (case(4, "rekeys"), DIED), (case(4), Broken("memory grew", "SIGSEGV")), (case(4), Broken("it died", "killed by SIGABRT"))])
def test_what_stands_in_none_is_found(one, broken):
    made = judged((case(3), DIED), (one, broken))
    assert [found.broken for found in made.found.values()] == [broken]


def test_a_line_is_of_its_peers_roles_and_groups():
    assert LINE.concerns("strongswan-6.0.1", "initiator", "order")
    for other in (("libreswan-5.2", "initiator", "order"), ("strongswan-6.0.1", "responder", "order"),
                  ("strongswan-6.0.1", "initiator", "chain")):
        assert not LINE.concerns(*other)


def test_a_case_that_shows_nothing_any_more_makes_its_line_out_of_date():
    assert "order initiator 1/3" in judged((case(5), DIED)).out_of_date()[0]
    assert judged(role="responder").out_of_date() == []  # it is the other role's
    assert judged(played=3).out_of_date() == []  # it was not played
    came_to_nothing = judged()
    came_to_nothing.missed.append((case(3), "why"))
    assert came_to_nothing.out_of_date() == []


def test_a_line_may_be_a_matter_of_time():
    at_times = Known(**{name: getattr(LINE, name) for name in LINE.__slots__ if name != "always"}, always=False)
    assert judged(known=(at_times,)).out_of_date() == []


@pytest.mark.parametrize("text", [
    "[[expected]]\n", "nonsense", '[[expected]]\npeer="a"\ngroup="b"\nkind="c"\nrule="d"\nreason="e"\n',
    '[[expected]]\npeer="a"\ngroup="b"\nkind="c"\nrule="d"\nreason="e"\nshown_by="1/17"\n',
    '[[expected]]\npeer="a"\ngroup="b"\nkind="c"\nrule="d"\nreason="e"\nshown_by="order responder 1/7"\nfield=1\n',
    '[[expected]]\npeer="a"\ngroup="b"\nkind="c"\nrule="d"\nreason="e"\nshown_by="order responder 1/7"\nseen="("\n'])
def test_a_table_that_cannot_be_used(tmp_path, text):
    path = tmp_path / "expected.toml"
    path.write_text(text)
    with pytest.raises(ExpectedError, match=r"expected\.toml"):
        load_known(path)


def test_the_table_names_what_there_is():
    """Each line is of a peer, a group, a kind and a rule that exist, and of a case of that kind."""
    peers = table.names()
    for line in load_known(play.EXPECTED):
        assert all(any(report.is_one(peer, (one,)) for peer in peers) for one in line.peer)
        assert any(report.is_one(group, line.group) for group in GROUPS)
        kinds = {kind for group in GROUPS if report.is_one(group, line.group) for kind in generators(group).by_kind}
        assert all(any(report.is_one(kind, (one,)) for kind in kinds) for one in line.kind), line
        assert all(any(report.is_one(name, (one,)) for name in {*RULES, *BY_NO_RULE}) for one in line.rule), line
        for shown in line.shown_by:
            group, role, seed, number = re.fullmatch(r"(\w+) (\w+) (.+)/(\d+)", shown).groups()
            drawn = next(cases(group, seed, [int(number)], role))
            assert report.is_one(drawn.kind, line.kind) and any(line.concerns(peer, role, group) for peer in peers), shown


@pytest.fixture
def groups(monkeypatch, tmp_path):
    """play() with a report that is given."""
    def run(made):
        monkeypatch.setattr(play, "Play", lambda *_: SimpleNamespace(run=lambda: made))
        stage = SimpleNamespace(setup=SimpleNamespace(name="strongswan-6.0.1"))
        under_test = SimpleNamespace(stage=stage, role="initiator", notes=[], directory=tmp_path)
        play.play("order", under_test, play.Budget())
        return under_test.notes
    return run


def test_a_group_in_which_all_is_known(groups):
    with pytest.raises(KnownFailure, match="the reason .1 in 8 cases, the first: order 3"):
        groups(judged((case(3), DIED)))


def test_a_group_in_which_something_is_not_known(groups):
    with pytest.raises(Unmet, match="1 in 8 cases: memory grew: by much"):
        groups(judged((case(3), DIED), (case(4), Broken("memory grew", "by much"))))


def test_a_group_with_a_line_that_is_out_of_date(groups):
    with pytest.raises(Unmet, match="order initiator 1/3 does not show any more"):
        groups(judged())


def test_a_group_in_which_nothing_was_found(groups, tmp_path):
    assert groups(judged(known=())) == ["8 cases of seed 1"]
    assert json.loads((tmp_path / play.CASES).read_text()) == {"played": 8, "missed": [], "found": [], "expected": []}


def test_all_that_was_found_stands_in_a_file():
    told = judged((case(3), DIED), (case(4, "rekeys"), DIED), (case(5, "rekeys"), DIED)).document()
    assert [(one["case"], one["again"]) for one in told["found"]] == [("1/4", 1)]
    assert [(one["case"], one["reason"]) for one in told["expected"]] == [("1/3", "the reason")]
