"""What a matrix plays, and who plays what next."""

from __future__ import annotations

import ast
import importlib

import pytest
from ikelab.interop import plan
from ikelab.interop.crew import workers_for
from ikelab.interop.schedule import Schedule
from ikelab.peers import table
from ikelab.peers.table import PeerKind

run = importlib.import_module("ikelab.cli.run")


def kind(name, tier="userspace"):
    return PeerKind(name, "suite", (), object, tier)


REF, THEM, OTHER, GUEST = kind("reference"), kind("them"), kind("other"), kind("guest", "uml-kernel")
KINDS = [REF, THEM, OTHER, GUEST]
NAMES = ["a.x[1]", "a.x[2]", "b.y", "c.z"]
PATTERNS = plan.Patterns(("a.x[1]", "b.*"), {"certificate": ("a.x[1]", "c.*")}, ("c.*",))
BOTH = ["psk", "certificate"]


def made(choice="auto", kinds=KINDS):
    return {cell.pair: cell for cell in plan.cells(kinds, kinds, NAMES, choice, PATTERNS)}


def by_both(choice="auto", kinds=KINDS, **more):
    return {cell.key: cell.scenarios for cell in plan.cells(kinds, kinds, NAMES, choice, PATTERNS, BOTH, **more)}


def test_all_with_the_reference_and_the_core_between_others():
    cells = made()
    assert len(cells) == 16
    assert cells["reference", "them"].scenarios == cells["guest", "reference"].scenarios == tuple(NAMES)
    assert cells["them", "other"].scenarios == cells["them", "them"].scenarios == ("a.x[1]", "b.y")
    assert cells["them", "other"].choice == "core"


def test_the_choice_can_be_made_for_all_cells():
    assert {cell.scenarios for cell in made("all").values()} == {tuple(NAMES)}
    assert {cell.scenarios for cell in made("core").values()} == {("a.x[1]", "b.y")}


def test_the_reference_over_another_data_plane_is_the_reference():
    assert plan.is_reference(kind("reference-xfrm")) and not plan.is_reference(kind("referenced"))


def test_over_the_kernels_data_plane_the_reference_plays_all_with_itself_and_the_core_with_others():
    kernel = kind("reference-xfrm", "uml-kernel")
    cells = made(kinds=[REF, kernel, THEM])
    assert {pair for pair, cell in cells.items() if cell.choice == "core"} == {
        ("reference-xfrm", "them"), ("them", "reference-xfrm"), ("them", "them")}


def test_a_further_method_plays_what_it_adds_and_no_scenario_that_has_a_method_of_its_own_twice():
    cells = by_both(kinds=[REF, THEM, OTHER])
    assert cells["them", "other", "psk"] == ("a.x[1]", "b.y") and cells["them", "other", "certificate"] == ("a.x[1]", "c.z")
    assert cells["reference", "them", "psk"] == tuple(NAMES) and cells["reference", "them", "certificate"] == ("a.x[1]",)
    assert by_both("all", [THEM])["them", "them", "certificate"] == ("a.x[1]", "a.x[2]", "b.y")
    assert by_both("core", [THEM])["them", "them", "certificate"] == ("a.x[1]", "b.y")


def test_a_further_method_is_for_two_implementations_unless_both_are_named():
    kernel, older = kind("reference-xfrm", "uml-kernel"), kind("them-0.9")
    certificates = {key[:2] for key in by_both(kinds=[REF, kernel, THEM, older]) if key[2] == "certificate"}
    assert certificates == {(one, other) for pair in (("reference", "them"), ("reference", "them-0.9"))
                            for one, other in (pair, pair[::-1])}
    everywhere = by_both(kinds=[REF, kernel, THEM, older], everywhere=True)
    assert len([key for key in everywhere if key[2] == "certificate"]) == 16


def test_a_method_alone_plays_everything():
    cells = plan.cells([REF], [THEM], NAMES, "auto", PATTERNS, ["certificate"])
    assert [(cell.authentication, cell.scenarios) for cell in cells] == [("certificate", tuple(NAMES))]


def test_the_estimate_counts_processors():
    cells = list(made().values())
    assert plan.estimate_s(cells, 4, 2) == pytest.approx(sum(cell.cost_s for cell in cells) / 2)
    assert plan.estimate_s(cells, 1, 2) == pytest.approx(sum(cell.cost_s for cell in cells))
    assert plan.peer_s(kind("openiked-9", "uml-kernel")) > plan.peer_s(GUEST) > plan.peer_s(THEM)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_shards_are_disjoint_whole_and_the_same_everywhere(count):
    cells = plan.cells(KINDS, KINDS, NAMES, "auto", PATTERNS, BOTH)
    parts = [plan.shard(cells, number + 1, count) for number in range(count)]
    assert sorted(cell.name for part in parts for cell in part) == sorted(cell.name for cell in cells)
    assert parts == [plan.shard(list(cells), number + 1, count) for number in range(count)]
    assert plan.shard(list(reversed(cells)), 1, count) == list(reversed(parts[0]))


def test_shards_are_balanced_by_cost():
    cells = list(made().values())
    loads = [sum(cell.cost_s for cell in plan.shard(cells, number, 3)) for number in (1, 2, 3)]
    assert max(loads) - min(loads) <= max(cell.cost_s for cell in cells)


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "a/b", "1/2/3"])
def test_a_wrong_shard_is_told(text):
    with pytest.raises(plan.PlanError, match="K/N"):
        plan.parse_shard(text)


def test_every_pattern_of_the_core_names_a_scenario():
    names = run.scenario_names(())
    patterns = plan.read_patterns()
    every = [*patterns.core, *patterns.added["certificate"], *patterns.own_method]
    assert [pattern for pattern in every if not plan.named_by(names, [pattern])] == []


def test_the_core_goes_over_every_exchange():
    """What the matrix promises of every pair: it connects, carries, rekeys both SAs from both sides, roams, ends."""
    core = plan.named_by(run.scenario_names(()), plan.read_patterns().core)
    for wanted in ("connect.connect", "rekey.by_command[client-child]", "rekey.by_command[gateway-ike]",
                   "nat.rebinding_is_followed_by_ike", "roaming.wifi_to_lte", "end.delete_the_ike_sa[client]"):
        assert wanted in core
    assert 20 <= len(core) <= 60


@pytest.mark.parametrize("text", ["core = [", "core = []", 'core = []\nown_method = []\n[added]\npsk = []', "core = 3"])
def test_a_core_that_cannot_be_read_is_told(tmp_path, text):
    (tmp_path / "core.toml").write_text(text)
    with pytest.raises(plan.PlanError, match="core.toml"):
        plan.read_patterns(tmp_path / "core.toml")


def test_whoever_has_a_method_of_its_own_says_so():
    """What core.toml says of scenarios/authentication holds: each of them configures what the sides prove themselves by."""
    folder = plan.CORE.parent / "authentication"
    for file in sorted(folder.glob("test_*.py")):
        modules = ast.parse(file.read_text())
        functions = {one.name: ast.unparse(one) for one in modules.body if isinstance(one, ast.FunctionDef)}
        for name, text in functions.items():
            helpers = [other for other in functions if other != name and f"{other}(" in text]
            assert any("lab.configure(certificate=" in each or ", certificate=" in each
                       for each in (text, *(functions[other] for other in helpers))) or not name.startswith("test_"), name


def test_workers_follow_cores_and_memory():
    assert workers_for(False, cores=2, available_mib=16000) == 6
    assert workers_for(True, cores=2, available_mib=16000) == 6
    assert workers_for(True, cores=2, available_mib=4000) == 2
    assert workers_for(True, cores=64, available_mib=100) == 1


def drained(schedule, workers):
    """Everything, workers taking turns: (worker, pair, scenario)."""
    done = []
    while True:
        orders = [(worker, schedule.next(worker)) for worker in range(workers)]
        if all(order is None for _, order in orders):
            return done
        done += [(worker, order.cell.pair, order.scenario) for worker, order in orders if order is not None]


def test_everything_is_played_once():
    cells = list(made("all").values())
    done = drained(Schedule(cells), 3)
    assert sorted((pair, scenario) for _, pair, scenario in done) == \
        sorted((cell.pair, scenario) for cell in cells for scenario in cell.scenarios)


def test_a_worker_stays_in_its_cell_and_then_helps():
    cells = [cell for cell in made("all").values() if cell.pair in (("them", "them"), ("other", "other"))]
    schedule = Schedule(cells)
    mine, theirs = schedule.next(1).cell, schedule.next(2).cell
    assert mine is not theirs
    assert [schedule.next(1).cell for _ in range(3)] == [mine] * 3
    assert schedule.next(1).cell is theirs  # nothing of its own is left: it helps


def test_cells_of_the_same_guest_go_to_who_has_it():
    other = kind("other-guest", "uml-kernel")
    cells = plan.cells([GUEST, other], [THEM, OTHER], NAMES[:1], "all", PATTERNS)
    schedule = Schedule(cells)
    first = schedule.next(1).cell
    assert schedule.next(1).cell.guests == first.guests
    schedule.forget(1)
    assert schedule.next(1).cell.guests != first.guests


def test_what_the_budget_does_not_hold_is_named():
    cell = made("all")["them", "them"]
    schedule = Schedule([cell], budget_s=10)
    schedule.next(1)
    assert schedule.played(cell, 6) == []
    schedule.next(1)
    assert [order.scenario for order in schedule.played(cell, 5)] == ["b.y", "c.z"]
    assert schedule.next(1) is None and schedule.rest() == []


def test_without_a_budget_nothing_is_cut():
    cell = made("all")["them", "them"]
    schedule = Schedule([cell])
    schedule.next(1)
    assert schedule.played(cell, 1e6) == [] and len(schedule.rest()) == 3


def test_the_table_has_a_cost_for_each_tier():
    assert {line.tier for line in table.TABLE} <= set(plan.PEER_S)
