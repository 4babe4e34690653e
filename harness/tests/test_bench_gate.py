"""The gate sees what costs more, raises no alarm where nothing does, and says in one sentence why it cannot count."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import bench_plant
import pytest
from bench_plant import Plant
from click.testing import CliRunner
from ikelab.bench import baseline, callgrind, commit, daemon_calls, history, measure
from ikelab.bench.counts import BUILT, Counts
from ikelab.bench.judge import Kind, judge, judge_calls, updated
from ikelab.cleanup import build_directory
from ikelab.cli import ikelab

BUILD = build_directory().resolve()
PROGRAM = BUILD / "ikebench"
RUNS = int(os.environ.get("IKELAB_BENCH_RUNS", "3"))
counting = pytest.mark.skipif(not PROGRAM.exists() or not shutil.which("valgrind"), reason="needs `make bench-gate`")

HERE = {key: key for key in BUILT}
ONE = Counts(operations=1, own=1000, copies=200, allocations=3, library_calls=10, library=50000, library_allocations=4)

# ---- profiles ----

PROFILE = """\
# callgrind format
version: 1
desc: Trigger: Client Request: esp.open.x
positions: instr
events: Ir

ob=(1) /build/ikebench
fl=(1) ref/bench/esp_cases.c
fn=(1) play_burst
0x10 7
cfi=(2) ref/esp/plane_open.c
cfn=(2) esp_plane_open
calls=2 0
0x10 1330

fl=(2)
fn=(2)
0x100 893
fi=(3) /usr/include/bits/string_fortified.h
0x110 50
fe=(2)
0x120 50
0x130 4
cob=(2) /usr/lib/libc.so.6
cfi=(4) ???
cfn=(3) memcpy
calls=9 0
0x130 120
0x140 1
cob=(2)
cfi=(4)
cfn=(4) malloc
calls=0 0
0x140 80
0x150 2
cob=(4) ???
cfi=(4)
cfn=(6) 0x160
calls=7 0
0x150 110

ob=(4)
fl=(4)
fn=(6)
0x160 10
cob=(3) /usr/lib/libcrypto.so.3
cfi=(4)
cfn=(5) EVP_DecryptUpdate
calls=7 0
0x160 100

ob=(2)
fl=(4)
fn=(3)
0x200 120

fn=(4)
0x300 130

ob=(3)
fl=(4)
fn=(5)
0x400 49
0x410 1
cob=(2)
cfn=(4)
calls=1 0
0x410 50

totals: 1317
"""


def profile(tmp_path: Path, text: str = PROFILE) -> callgrind.Profile:
    path = tmp_path / "profile.1"
    path.write_text(text)
    return callgrind.read(path)


def test_a_profile_is_read(tmp_path):
    found = profile(tmp_path)
    assert found.asked_by == "esp.open.x"
    assert measure.counts_of(found, 2) == Counts(operations=2, own=1000, copies=120, allocations=1, library_calls=2, library=50,
                                                 library_allocations=1)
    assert measure.core_functions(found) == {"esp/plane_open.c esp_plane_open": 1000}


@pytest.mark.parametrize(("old", "new", "word"), [("0x100 893", "0x100 894", "add up"), ("totals: 1317\n", "", "add up"),
                                                  ("0x100 893", "0x100 x", "no profile")])
def test_a_profile_that_is_none(tmp_path, old, new, word):
    with pytest.raises(callgrind.ProfileError, match=word):
        profile(tmp_path, PROFILE.replace(old, new))


# ---- judging ----


def judged(after: Counts, built: dict[str, str] | None = None):
    return judge({"a": ONE}, HERE, {"a": after}, {**HERE, **(built or {})})


@pytest.mark.parametrize(("changed", "kinds"), [
    ({}, []),
    ({"own": 1010}, []),
    ({"own": 1011}, ["own"]),
    ({"own": 991}, []),
    ({"copies": 212}, []),
    ({"copies": 213}, ["own+copies"]),
    ({"allocations": 4}, ["allocations"]),
    ({"library_calls": 11}, ["library_calls"]),
    ({"library": 50500}, []),
    ({"library": 50501}, ["library"]),
    ({"library_allocations": 5}, ["library_allocations"]),
])
def test_what_is_worse(changed, kinds):
    found = judged(replace(ONE, **changed))
    assert [one.metric.name for one in found.failed] == kinds
    assert all(one.kind is Kind.WORSE for one in found.findings)


def test_what_is_better_fails_nothing():
    found = judged(replace(ONE, own=900, allocations=0))
    assert [one.kind for one in found.findings] == [Kind.BETTER] * 2 and not found.failed


def test_new_gone_and_other_cases_fail():
    found = judge({"a": ONE, "b": ONE}, HERE, {"a": replace(ONE, operations=2), "c": ONE}, HERE)
    assert [(one.kind, one.case) for one in found.failed] == [(Kind.OTHER, "a"), (Kind.NEW, "c"), (Kind.GONE, "b")]


@pytest.mark.parametrize(("other", "still_seen"), [
    ("compiler", {"allocations", "library_calls", "library", "library_allocations"}),
    ("libcrypto", {"own", "allocations", "library_calls"}),
    ("libc", {"own", "allocations", "library_calls", "library", "library_allocations"}),
    ("machine", {"allocations", "library_calls", "library_allocations"}),
])
def test_what_cannot_be_compared_is_said_and_the_rest_is(other, still_seen):
    found = judged(Counts(1, 2000, 900, 4, 20, 99999, 9), {other: "another"})
    assert {one.metric.name for one in found.failed} == still_seen
    assert found.not_compared and all(f"{other} {other} there, another here" in text for text in found.not_compared)


CALLS = {"calls.daemon.a": {"epoll_wait": 2, "readv": 3}}


@pytest.mark.parametrize(("changed", "said"), [
    ({}, []),
    ({"write": 1}, ["worse: calls.daemon.a: system calls of the daemon: 5 -> 6 (+20.0 %): +1 write"]),
    ({"readv": 2}, ["better: calls.daemon.a: system calls of the daemon: 5 -> 4 (-20.0 %): -1 readv"]),
    ({"readv": 2, "writev": 1}, []),
    ({"epoll_wait": 3, "readv": 2}, ["worse: calls.daemon.a: wake-ups of the daemon: 2 -> 3 (+50.0 %): +1 epoll_wait, -1 readv"]),
])
def test_one_system_call_more_is_worse(changed, said):
    found = judge_calls(CALLS, {"calls.daemon.a": {**CALLS["calls.daemon.a"], **changed}})
    assert [str(one) for one in found] == said


def test_calls_of_a_daemon_that_slept_and_no_longer_does():
    assert [one.kind for one in judge_calls({"calls.daemon.idle": {}}, {"calls.daemon.idle": {"epoll_wait": 1}})] == [Kind.WORSE] * 2


def test_new_and_gone_calls_fail():
    found = judge_calls({"calls.a": {}}, {"calls.b": {}})
    assert [(one.kind, one.case) for one in found] == [(Kind.NEW, "calls.b"), (Kind.GONE, "calls.a")]


# ---- the baseline ----


def test_a_baseline_comes_back_as_it_was_written(tmp_path):
    path = tmp_path / "baseline.toml"
    one = baseline.Baseline(HERE, {"a.b-c.1": ONE, "d": replace(ONE, own=0)}, [("2026-11-22", 'says "why" \\ ö \x7f')],
                            {"calls.a": {"read": 1, "write": 2}, "calls.idle": {}})
    baseline.write(one, path)
    assert baseline.read(path) == one


@pytest.mark.parametrize(("text", "words"), [
    (None, "No such file"), ("[built", "no TOML"), ("[built]\ncompiler = 'x'\n", "not as `ikelab bench gate` writes it"),
    ("cases = 3\nupdates = []\n[built]\n" + "".join(f"{key} = 'x'\n" for key in BUILT), "not as"),
])
def test_a_baseline_that_cannot_be_read(tmp_path, text, words):
    path = tmp_path / "baseline.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(baseline.BaselineError, match=words) as error:
        baseline.read(path)
    assert "git checkout" in str(error.value) and "\n" not in str(error.value)


def test_an_update_leaves_small_steps_alone():
    """Ten times 0.9 % would else go unseen."""
    old = baseline.Baseline(HERE, {"same": ONE, "worse": ONE, "gone": ONE}, [("2026-01-01", "first")])
    now = {"same": replace(ONE, own=1009), "worse": replace(ONE, own=1100), "new": ONE}
    new = updated(old, now, HERE, ("2026-01-02", "second"))
    assert new.cases == {"same": ONE, "worse": now["worse"], "new": ONE}
    assert new.updates == [("2026-01-01", "first"), ("2026-01-02", "second")]


def test_an_update_where_nobody_could_count_calls_leaves_them():
    old = baseline.Baseline(HERE, {"same": ONE}, [], CALLS)
    assert updated(old, {"same": ONE}, HERE, ("", "")).calls == CALLS
    assert updated(old, {"same": ONE}, HERE, ("", ""), {"calls.b": {}}).calls == {"calls.b": {}}


def test_an_update_by_another_compiler_writes_all():
    now = {"same": replace(ONE, own=1009)}
    assert updated(baseline.Baseline(HERE, {"same": ONE}), now, {**HERE, "compiler": "x"}, ("", "")).cases == now


# ---- the command ----


class Lab:
    """`ikelab bench gate` with counts that are given."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        self.path = tmp_path / "baseline.toml"
        self.runs = [{"esp.a": ONE, "lookup.b": ONE}]
        self.json = tmp_path / "out.json"
        self.other = {"esp.a": ONE, "lookup.b": ONE}  # of the commit that --against names
        monkeypatch.setattr(baseline, "PATH", self.path)
        self.calls = {name: {"epoll_wait": 1} for name in daemon_calls.PIECES}
        monkeypatch.setattr(measure, "measure", self.measure)
        monkeypatch.setattr(daemon_calls, "measure", self.count)
        monkeypatch.setattr(commit, "program", lambda name: Path("/of/another/commit"))
        monkeypatch.setattr("ikelab.cli.bench_history.stale", lambda build, program: False)
        baseline.write(baseline.Baseline(HERE, dict(self.runs[0]), [("2026-01-01", "first")], dict(self.calls)))

    def count(self, directory: Path, wanted: tuple[str, ...], program: Path) -> dict[str, dict[str, int]]:
        if not self.calls:
            raise measure.CannotMeasure("nobody can here: go elsewhere")
        return {name: one for name, one in self.calls.items() if not wanted or name.startswith(wanted)}

    def measure(self, program: Path, wanted: tuple[str, ...] = ()) -> measure.Measurement:
        if str(program) == "/of/another/commit":
            return measure.Measurement(HERE, self.other, {name: {"esp/a.c f": 900, "esp/a.c g": 100} for name in self.other})
        cases = self.runs.pop(0) if len(self.runs) > 1 else self.runs[0]
        cases = {name: one for name, one in cases.items() if not wanted or name.startswith(wanted)}
        return measure.Measurement(HERE, cases, {name: {"esp/a.c f": 900, "esp/a.c g": one.own - 900}
                                                 for name, one in cases.items()})

    def __call__(self, *arguments: str):
        return CliRunner().invoke(ikelab, ["bench", "gate", "--json", str(self.json), *arguments])


@pytest.fixture
def lab(tmp_path, monkeypatch) -> Lab:
    return Lab(tmp_path, monkeypatch)


def test_nothing_changed(lab):
    done = lab("--history", str(lab.json.with_name("history")))
    assert done.exit_code == 0 and "no case differs from the baseline by more than 1 %" in done.output
    (run,) = history.read(lab.json.with_name("history"))
    assert run.bench == "gate" and run.libraries == HERE and run.figures[0].name == "esp.a own" and run.figures[0].value == 1000
    assert all(len(line) <= 80 for line in done.output.splitlines())
    found = json.loads(lab.json.read_text())
    assert [(one["case"], one["verdict"]) for one in found["results"]] == [
        (name, "same") for name in ("esp.a", "lookup.b", *daemon_calls.PIECES)]


def test_a_case_that_costs_more_fails_and_says_what(lab):
    lab.runs = [{"esp.a": replace(ONE, own=1020), "lookup.b": ONE}]
    done = lab()
    assert done.exit_code == 1
    assert "worse: esp.a: instructions of the core: 1,000 -> 1,020 (+2.0 %)" in done.output
    assert "1 cases not as in the baseline" in done.output and '--update "REASON"' in done.output
    assert [one["verdict"] for one in json.loads(lab.json.read_text())["results"]][:3] == ["worse", "same", "same"]


def test_a_daemon_that_calls_more_fails_and_says_what(lab):
    lab.calls = {**lab.calls, "calls.daemon.idle": {"epoll_wait": 2, "write": 1}}
    done = lab("--quiet")
    assert done.exit_code == 1 and "1 cases not as in the baseline" in done.output
    assert "worse: calls.daemon.idle: system calls of the daemon: 1 -> 3 (+200.0 %): +1 epoll_wait, +1 write" in done.output
    assert lab("calls.daemon.idle").exit_code == 1 and lab("calls.daemon.tun").exit_code == 0 and lab("esp").exit_code == 0


def test_calls_that_nobody_can_count_here(lab):
    """Not so where they were asked for by name."""
    lab.calls = {}
    done = lab()
    assert done.exit_code == 0 and "not counted: system calls of the daemon: nobody can here" in done.output
    assert json.loads(lab.json.read_text())["results"][-1]["verdict"] == "unsupported"
    assert lab("calls").exit_code == 3
    assert lab("--update", "why").exit_code == 0 and baseline.read(lab.path).calls


def test_an_update_holds_calls(lab):
    lab.calls = {**lab.calls, "calls.daemon.idle": {}}
    done = lab("--update", "it sleeps")
    assert done.exit_code == 0 and f"1 of {2 + len(daemon_calls.PIECES)} cases written" in done.output
    assert baseline.read(lab.path).calls["calls.daemon.idle"] == {}


def test_a_case_that_vanished_and_one_that_is_new(lab):
    lab.runs = [{"esp.a": ONE, "esp.c": ONE}]
    done = lab()
    assert done.exit_code == 1
    assert "new: esp.c is not in the baseline" in done.output
    assert "gone: lookup.b is in the baseline, and no longer played" in done.output
    assert {one["case"]: one["verdict"] for one in json.loads(lab.json.read_text())["results"] if "daemon" not in one["case"]} == {
        "esp.a": "same", "esp.c": "new", "lookup.b": "gone"}


def test_cases_that_were_not_asked_for_are_not_gone(lab):
    assert lab("esp").exit_code == 0


def test_an_update_keeps_its_reason_and_the_gate_is_content(lab):
    lab.runs = [{"esp.a": replace(ONE, own=1020), "lookup.b": ONE}]
    done = lab("--update", "it does more")
    assert done.exit_code == 0 and f"1 of {2 + len(daemon_calls.PIECES)} cases written" in done.output
    assert baseline.read(lab.path).updates[-1][1] == "it does more"
    assert lab().exit_code == 0


def test_an_update_without_a_change_writes_nothing(lab):
    before = lab.path.read_text()
    done = lab("--update", "nothing")
    assert done.exit_code == 0 and "stays as it is" in done.output and lab.path.read_text() == before


@pytest.mark.parametrize("arguments", [("--update", " "), ("--update", "x", "esp"), ("--update", "x", "--against", "HEAD")])
def test_an_update_that_means_nothing(lab, arguments):
    done = lab(*arguments)
    assert done.exit_code == 2 and "--update takes a reason" in done.output


def test_runs_that_differ_fail(lab):
    same = {"esp.a": ONE, "lookup.b": ONE}
    lab.runs = [same, same, {"esp.a": replace(ONE, own=1001), "lookup.b": ONE}]
    done = lab("--runs", "3")
    assert done.exit_code == 1 and "run 3 counted otherwise: esp.a" in done.output
    lab.runs = [same, same]
    assert "2 runs of 2 cases counted the same" in lab("--runs", "2").output


def test_another_commit_names_the_functions(lab):
    lab.runs = [{"esp.a": replace(ONE, own=1020), "lookup.b": ONE}]
    done = lab("--against", "HEAD~1", "--quiet")
    assert done.exit_code == 1 and "1 cases not as in HEAD~1" in done.output and "--update" not in done.output
    assert "       +20  esp/a.c g" in done.output


def test_an_unreadable_baseline(lab):
    lab.path.write_text("[built")
    done = lab()
    assert done.exit_code == 2 and "no TOML" in done.output and "git checkout" in done.output


def test_a_commit_that_is_none(lab, monkeypatch):
    monkeypatch.undo()
    done = CliRunner().invoke(ikelab, ["bench", "gate", "--against", "no-such-commit"])
    assert done.exit_code == 2 and "'no-such-commit' is no commit" in done.output


def test_without_the_program(tmp_path, monkeypatch):
    monkeypatch.setenv("IKELAB_BUILD", str(tmp_path))
    done = CliRunner().invoke(ikelab, ["bench", "gate"])
    assert done.exit_code == 3 and "run `make bench-gate`" in done.output


@counting
def test_without_valgrind(monkeypatch, tmp_path):
    monkeypatch.setitem(measure.ENVIRONMENT, "PATH", str(tmp_path))
    done = CliRunner().invoke(ikelab, ["bench", "gate"])
    assert done.exit_code == 3 and "valgrind is missing; run `ci/install.sh`" in done.output


@pytest.mark.parametrize(("script", "words"), [
    ("echo '==7== Valgrind: debuginfo reader: ensure_valid failed:' >&2; exit 1", "-gdwarf-4"),
    ("printf '==7== a reason\\n==7==\\n' >&2; exit 1", "under valgrind: a reason"),
    ("exit 9", "under valgrind: status 9"),
    ("echo 'case a 1'", "wrote no profile of a"),
])
def test_a_valgrind_that_does_not_come_to_its_end(tmp_path, monkeypatch, script, words):
    (tmp_path / "valgrind").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "valgrind").chmod(0o755)
    monkeypatch.setitem(measure.ENVIRONMENT, "PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(measure.CannotMeasure, match=words):
        measure.measure(Path("/bin/true"))


@counting
def test_a_case_that_there_is_not():
    done = CliRunner().invoke(ikelab, ["bench", "gate", "dance"])
    assert done.exit_code == 2 and "no case begins so; `ikelab bench gate --list`" in done.output


@counting
def test_a_program_without_debug_information(tmp_path):
    stripped = tmp_path / "ikebench"
    subprocess.run(["strip", "-g", "-o", stripped, PROGRAM], check=True)
    with pytest.raises(measure.CannotMeasure, match="build it with -g"):
        measure.measure(stripped, ["lookup.esp-sa.10"])


# ---- counting ----

PLANTS = (
    Plant("message.parse", "wire/payload_chain.c", "payload_chain_parse"),
    Plant("message.build", "wire/payload_chain.c", "payload_end"),
    Plant("message.open", "protect/sealed_body.c", "sealed_body_open"),
    Plant("message.seal", "protect/sealed_body.c", "sealed_body_seal"),
    Plant("handshake.psk", "sa/keymat.c", "keymat_derive_ike"),
    Plant("handshake.ecdsa256", "crypto/openssl_signature.c", "signature_verify"),
    Plant("handshake.ed25519", "crypto/openssl_signature.c", "signature_sign"),
    Plant("handshake.rsa", "sa/auth.c", "auth_signed_octets"),
    Plant("handshake.cookie", "sa/cookie.c", "cookie_make"),
    Plant("rekey.child", "sa/keymat.c", "keymat_derive_child"),
    Plant("rekey.ike", "sa/keymat.c", "keymat_derive_ike"),
    Plant("liveness", "endpoint/endpoint.c", "endpoint_receive"),
    Plant("fragments.seal", "protect/skf_message.c", "skf_message_seal"),
    Plant("fragments.open", "protect/skf_message.c", "skf_message_open"),
    Plant("fragments.join", "protect/reassembly.c", "reassembly_add"),
    Plant("esp.seal", "esp/esp_seal.c", "esp_seal"),
    Plant("esp.open", "esp/esp_open.c", "esp_open"),
    Plant("esp.segment.tcp", "esp/segmentation.c", "segmentation_next"),
    Plant("esp.segment.udp", "esp/segmentation.c", "segmentation_next"),
    Plant("esp.segment.checksum", "esp/segmentation.c", "checksum_complete"),
    Plant("esp.coalesce", "esp/coalescing.c", "coalescing_add"),
    Plant("esp.train.length", "esp/datagram_train.c", "datagram_train_length"),
    Plant("esp.train.cut", "esp/datagram_train.c", "datagram_train_next"),
    Plant("lookup.esp-sa", "esp/sad.c", "sad_find"),
    Plant("lookup.ike-sa", "sa/spi_index.c", "spi_index_find"),
    Plant("lookup.policy", "esp/spd.c", "spd_match"),
    Plant("lookup.pair", "esp/spd.c", "spd_entry_pair"),
    Plant("crowd.deadline", "sa/due_heap.c", "due_heap_set"),
    Plant("crowd.keepalive", "endpoint/timers.c", "timers_expire"),
    Plant("crowd.conflict", "exchange/child_conflict.c", "child_conflict_exists"),
    Plant("crowd.child", "sa/sa_store.c", "sa_store_add_child"),
    Plant("crowd.status", "endpoint/endpoint_status.c", "endpoint_ike_sa_after"),
)


def test_every_case_has_a_plant():
    assert [name for name in baseline.read().cases if not name.startswith(tuple(one.cases for one in PLANTS))] == []


@counting
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.cases)
def test_a_slow_down_of_2_percent_is_caught(plant, tmp_path):
    said, profiles = measure.play(PROGRAM, [plant.cases])
    before = {name: measure.counts_of(one, 1) for name, one in profiles.items() if name.startswith(plant.cases)}
    instructions = bench_plant.instructions_for(0.02, plant.function, {name: profiles[name] for name in before})
    slower = bench_plant.program(plant, bench_plant.idle(instructions), BUILD, tmp_path)
    after = {name: measure.counts_of(one, 1) for name, one in measure.play(slower, [plant.cases])[1].items() if name in before}
    found = judge(before, HERE, after, HERE)
    assert found.failed_cases == set(before)
    least = min(after[name].own / before[name].own for name in before)
    assert 1.01 < least < 1.03 or instructions == 1, "the plant is not what it is meant to be"


@counting
def test_one_allocation_more_is_caught(tmp_path):
    plant, wanted = Plant("esp.seal", "esp/esp_seal.c", "esp_seal"), ["esp.seal.aes128gcm16.64"]
    statement = "{ void *malloc(unsigned long); void free(void *); void *volatile p = malloc(24); free(p); }"
    slower = bench_plant.program(plant, statement, BUILD, tmp_path)
    found = judge(measure.measure(PROGRAM, wanted).cases, HERE, measure.measure(slower, wanted).cases, HERE)
    assert [(one.before, one.after) for one in found.failed if one.metric.name == "allocations"] == [(0, 16)]


@counting
def test_runs_without_a_change_count_the_same():
    """`IKELAB_BENCH_RUNS=20` is what docs/PERFORMANCE.md promises."""
    runs = [measure.measure(PROGRAM) for _ in range(RUNS)]
    assert all(one.cases == runs[0].cases for one in runs)


@counting
def test_cases_do_not_depend_on_each_other():
    """Who asks for one alone is told what all of them together say."""
    alone = measure.measure(PROGRAM, ["rekey.child.responder", "esp.seal.aes128-sha256.512"]).cases
    among = measure.measure(PROGRAM, ["rekey", "esp.seal"]).cases
    assert len(alone) == 2 and judge({name: among[name] for name in alone}, HERE, alone, HERE).findings == []
    assert all(among[name].own == counts.own for name, counts in alone.items())


@counting
def test_no_packet_costs_an_allocation():
    found = measure.measure(PROGRAM, ["esp"]).cases
    assert len(found) == 27 and all(one.allocations == one.library_allocations == 0 for one in found.values())


@counting
def test_the_baseline_has_every_case():
    assert list(baseline.read().cases) == measure.cases(PROGRAM)


def test_the_baseline_has_every_piece_of_the_daemon():
    assert list(baseline.read().calls) == list(daemon_calls.PIECES)


# ---- counting what a daemon calls ----

live = pytest.mark.skipif(bool(daemon_calls.missing()) or not (BUILD / "ikeref").exists(), reason="needs root, strace and `make`")
TUN = {name for name in daemon_calls.PIECES if ".tun." in name}
CALL = '{ long write(int, const void *, unsigned long); (void)!write(-1, "", 0); }'
HURRY = ("{ uint64_t soon = clock_now_ns() + 100000000; deadline_ns = deadline_ns < soon ? deadline_ns : soon; }")


@live
@pytest.mark.parametrize(("plant", "statement", "worse"), [
    (Plant("", "host/tun.c", "tun_read"), CALL, TUN),
    (Plant("", "host/event_loop.c", "event_loop_turn"), CALL, set(daemon_calls.PIECES) - {"calls.daemon.idle"}),
    (Plant("", "host/event_loop.c", "event_loop_turn"), HURRY, {"calls.daemon.idle"}),
], ids=["in its TUN", "in its loop", "a clock that has no reason"])
def test_a_planted_system_call_is_caught(plant, statement, worse, tmp_path):
    planted = bench_plant.daemon(plant, statement, BUILD, tmp_path)
    found = judge_calls(daemon_calls.measure(tmp_path / "before", (), BUILD / "ikeref"),
                        daemon_calls.measure(tmp_path / "after", (), planted))
    assert {one.case for one in found if one.kind is Kind.WORSE} >= worse


@live
def test_a_daemon_calls_the_same_every_time(tmp_path):
    """`IKELAB_BENCH_RUNS=20` is what docs/PERFORMANCE.md promises."""
    runs = [daemon_calls.measure(tmp_path / str(number), (), BUILD / "ikeref") for number in range(RUNS)]
    assert all(one == runs[0] for one in runs)


def test_help_names_what_there_is():
    assert "gate" in CliRunner().invoke(ikelab, ["bench", "-h"]).output
