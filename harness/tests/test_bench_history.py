"""The history of the bench: each run a line, also with several writers, and what is no run ends in a sentence."""

from __future__ import annotations

import json
import multiprocessing
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from ikelab.bench import figures, history
from ikelab.bench.counts import Counts
from ikelab.bench.crowd import Held, Memory, Storm
from ikelab.bench.history import LESS, MORE, Figure, History, HistoryError, Record, read, record
from ikelab.bench.tunnel import Cost, Stream
from ikelab.cli import bench_history
from ikelab.cli.bench_history import Keeper
from ikelab.cli.common import Fault

ONE = Record("tunnel", "a" * 40, False, "2026-11-22T20:00:00Z",
             {"system": "Linux", "kernel": "6.1", "cpus": 2, "python": "3.11", "processor": "a processor"},
             {"libcrypto": "OpenSSL 3.0"}, (Figure("build ns/octet", 1.5, "ns", LESS), Figure("n", 3, "", MORE, 0.0, True)))


def test_what_was_appended_is_read_again(tmp_path: Path):
    path = tmp_path / "deep" / "history.jsonl"
    for _ in range(2):
        History(path).append(ONE)
    assert read(path) == [ONE, ONE] and path.read_text().count("\n") == 2


def test_only_the_last_runs_of_each_bench(tmp_path: Path):
    path = tmp_path / "history.jsonl"
    runs = [replace(ONE, bench=bench, date=f"2026-11-22T20:00:0{number}Z") for number, bench in
            enumerate(("gate", "tunnel", "gate", "gate", "contest"))]
    for one in runs:
        History(path).append(one)
    assert read(path, 2) == runs[1:] and read(path, 1) == [runs[1], *runs[3:]] and read(path, 9) == runs


def test_a_run_says_of_which_commit_and_machine_it_is(tmp_path: Path):
    found = record("gate", [Figure("x", 1.0, "", LESS), Figure("y", float("nan"), "", LESS)], 0.0)
    assert found.date == "1970-01-01T00:00:00Z" and [one.name for one in found.figures] == ["x"]
    assert found.machine["cpus"] == os.cpu_count() and found.machine["processor"] and "OpenSSL" in found.libraries["libcrypto"]
    History(tmp_path / "h").append(found)  # and it keeps to the schema
    assert read(tmp_path / "h") == [found]


@pytest.mark.parametrize("head, changed, commit, dirty, name", [
    ("b" * 40, "", "b" * 40, False, "bbbbbbbb"), ("b" * 40, " M ref/esp/plane.c", "b" * 40, True, "bbbbbbbb+"),
    ("", "", "", False, "unknown")])
def test_a_tree_with_changes_is_no_commit(monkeypatch, head, changed, commit, dirty, name):
    monkeypatch.setattr(history, "_git", lambda *words: head if words[0] == "rev-parse" else changed)
    found = record("gate", [], 0.0)
    assert (found.commit, found.dirty, found.name) == (commit, dirty, name)


def _write_many(path: Path) -> None:
    mine = History(path)
    for _ in range(50):
        mine.append(ONE)


def test_many_writers_leave_whole_lines(tmp_path: Path):
    path = tmp_path / "history.jsonl"
    writers = [multiprocessing.get_context("fork").Process(target=_write_many, args=(path,)) for _ in range(4)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert read(path) == [ONE] * 200


def test_a_line_that_somebody_was_killed_in_spoils_no_other(tmp_path: Path):
    path = tmp_path / "history.jsonl"
    path.write_text('{"bench": "tun')
    History(path).append(ONE)
    with pytest.raises(HistoryError, match=r"line 1 of .*history\.jsonl is no run of the bench .*; remove that line"):
        read(path)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    assert read(path) == [ONE]


def _with(**changes: object) -> str:
    return json.dumps({**json.loads(json.dumps(asdict(ONE))), **changes})


@pytest.mark.parametrize("line", ["", "[]", "7", "{}", "nonsense", "[" * 100_000, _with(bench="dance"), _with(commit="abc"),
                                  _with(date="yesterday"), _with(more=1), _with(figures=[{"name": "x"}]), _with(machine={}),
                                  _with().replace("1.5", "NaN"), _with().replace('"less"', '"lower"')])
def test_a_bad_line_ends_in_a_sentence_that_names_it(tmp_path: Path, line):
    path = tmp_path / "history.jsonl"
    path.write_text(f"{_with()}\n{line}\n{_with()}\n")
    if not line:
        assert len(read(path)) == 2
        return
    with pytest.raises(HistoryError, match="^line 2 of .* is no run of the bench") as found:
        read(path)
    assert "\n" not in str(found.value) and len(str(found.value)) < 300 + len(str(path))


def test_what_cannot_be_read_or_written_is_said_before_anything_is_measured(tmp_path: Path):
    with pytest.raises(HistoryError, match="cannot write the history .*: Is a directory; give another --history FILE"):
        History(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(HistoryError, match="cannot write the history"):
        History(tmp_path / "file" / "history")
    with pytest.raises(HistoryError, match="cannot read the history .*: No such file.*--history FILE"):
        read(tmp_path / "none")
    (tmp_path / "octets").write_bytes(b"\xff\xfe")
    with pytest.raises(HistoryError, match="is no text"):
        read(tmp_path / "octets")


# ---- the commands ----


def test_nobody_who_asked_for_no_history_is_held_up_by_one(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setenv("IKELAB_BUILD", "/proc/no")
    monkeypatch.setattr(bench_history, "stale", lambda build, program: False)
    Keeper("tunnel", None).keep(ONE.figures)
    assert "this run will not be remembered: cannot write the history /proc/no/history.jsonl" in capsys.readouterr().err
    with pytest.raises(Fault, match="give another --history FILE"):
        Keeper("tunnel", Path("/proc/no/history.jsonl"))


def test_a_program_of_who_knows_which_sources_is_not_remembered(tmp_path: Path, monkeypatch, capsys):
    sources = tmp_path / "tree"
    (sources / "build").mkdir(parents=True)
    (sources / "Makefile").write_text("$(BUILD)/ikeref: main.c\n\ttouch $@\n")
    (sources / "main.c").write_text("")
    (sources / "build/ikeref").write_text("")
    monkeypatch.setattr(history, "ROOT", sources)
    monkeypatch.setenv("IKELAB_BUILD", str(sources / "build"))
    os.utime(sources / "main.c", (1, 1))
    Keeper("tunnel", tmp_path / "h", "ikeref", "missing").keep(ONE.figures)
    os.utime(sources / "build/ikeref", (0, 0))
    Keeper("tunnel", tmp_path / "h", "ikeref", "missing").keep(ONE.figures)
    assert "ikeref is older than its sources; run `make build/ikeref`" in capsys.readouterr().err and len(read(tmp_path / "h")) == 1
    os.utime(sources / "build/ikeref", (2, 2))
    monkeypatch.setenv("PATH", str(tmp_path))  # no make: nobody can tell
    assert not history.stale(sources / "build", "ikeref")


# ---- which figures ----


def test_figures_of_the_gate_are_of_each_operation():
    found = figures.gate({"esp.x": Counts(16, 1600, 160, 0, 80, 16_000, 0)}, {"calls.y": {"readv": 2, "writev": 1}})
    assert (found[-1].name, found[-1].value, found.pop().tolerance) == ("calls.y calls", 3, 0.0)
    assert [(one.name, one.value, one.tolerance) for one in found] == [
        ("esp.x own", 100, 0.01), ("esp.x own+copies", 110, 0.01), ("esp.x allocations", 0, 0), ("esp.x library_calls", 5, 0),
        ("esp.x library", 1000, 0.01)]
    assert all(one.better == LESS and not one.control for one in found)


def test_figures_of_a_crowd():
    held = Held(3000, 2000, 1000)
    found = figures.crowd(Memory(10, held, held), "aes")
    assert [(one.name, one.value) for one in found] == [("crowd of 10, aes, in use", 4000), ("crowd of 10, aes, idle", 4000)]
    (found,) = figures.crowd(Storm("ike", 5, 10, 10, 0, 3, 50_000, (10,)), "aes")
    assert found.value == 5 and found.tolerance is None


def test_figures_of_a_tunnel_are_also_a_share_of_the_link():
    found = figures.tunnel("build", [Stream(100, 2.0), Stream(300, 4.0)], [1000, 3000], Cost(10, 2000, 4, None, 1.0))
    assert {one.name: one.value for one in found} == pytest.approx(
        {"build Mbit/s": 200, "build ns/octet": 3, "build of raw": 0.1, "build octets/wake-up": 500})
    assert figures.raw([10, 30, 20]).value == 20 and figures.raw([10]).control


def test_figures_of_a_contest_are_the_references_and_its_controls():
    found = {one.name: one for one in figures.contest({
        "reference": {"tcp1": [200.0, 400.0], "rtt_idle_min": [30.0, 40.0]}, "raw": {"rtt_idle_min": [5.0, 4.0]},
        "null-cipher": {"tcp1": [400.0, 800.0]}, "openvpn": {"tcp1": [1.0, 1.0]}})}
    assert not any(name.startswith("openvpn") for name in found)
    assert found["reference rtt_idle_min added"].value == pytest.approx(30.5)
    assert found["reference tcp1 of null-cipher"].value == pytest.approx(0.5)
    assert found["raw rtt_idle_min"].control and not found["reference tcp1"].control and found["reference tcp1"].better == MORE
