"""`ikelab bench compare`: what a ratio says and when it is believed, what fails on the way, and two real builds."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import bench_plant
import jsonschema
import pytest
from bench_plant import Plant
from click.testing import CliRunner
from ikelab.bench import commit, compare, measure, prober
from ikelab.bench.compare import RTT, TUNNEL, Compared, Measure, Says
from ikelab.bench.counts import BUILT, Counts
from ikelab.bench.history import LESS, MORE, SCHEMA
from ikelab.bench.prober import RoundTrips
from ikelab.bench.tunnel import CannotPlay, Stream
from ikelab.cleanup import build_directory
from ikelab.cli import ikelab

BUILD = build_directory().resolve()
DOCUMENT = json.loads((SCHEMA.parent / "compare.schema.json").read_text())
live = pytest.mark.skipif(os.geteuid() != 0 or not (BUILD / "ikeref").exists() or not prober.program().exists()
                          or not shutil.which("cc"), reason="needs root, a compiler and `make`")


@pytest.mark.parametrize("better, after, says", [
    (LESS, [120, 121, 119], Says.SLOWER), (MORE, [120, 121, 119], Says.FASTER), (LESS, [80, 81, 79], Says.FASTER),
    (MORE, [80, 81, 79], Says.SLOWER), (LESS, [80, 130, 100], Says.NOTHING), (LESS, [100, 100, 100], Says.NOTHING),
    (LESS, [120, 121, 0], Says.NOTHING)])
def test_what_a_ratio_says(better, after, says):
    assert Measure("x", RTT, "us", better, [100.0, 101.0, 99.0], [float(one) for one in after]).says() is says


def test_one_round_says_nothing():
    assert Measure("x", RTT, "us", LESS, [100.0], [200.0]).says() is Says.NOTHING


# ---- two builds that are made up ----


class FakeTunnel:
    """A build called slow costs more; one called once only in its first rounds, one called turns now in
    this and then in that; one called dead does not come up, and one
    called mute carries no stream."""

    log: list[str] = []
    plays: dict[str, int] = {}

    def __init__(self, variant, directory):
        self.name = variant.name
        if self.name == "dead":
            raise CannotPlay("it did not come up")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.log.append(f"close {self.name}")

    def _cost(self, kind: str) -> float:
        self.log.append(f"{kind} {self.name}")
        number = self.plays[f"{kind} {self.name}"] = self.plays.get(f"{kind} {self.name}", 0) + 1
        wobble = 1 + 0.002 * (number % 3)
        return wobble * (1.5 if self.name == "slow" or self.name == "once" and number <= 3 else 1.0)

    def stream(self, seconds):
        if self.name == "mute":
            raise CannotPlay("no stream")
        cost = self._cost(TUNNEL)
        return Stream(1000 / cost, 2 * cost)

    def prober(self):
        return self

    def rtt(self, count, interval_us):
        cost = self._cost(RTT)
        early = self.plays[f"rtt {self.name}"] <= 3
        least, median = ((1.5, 1.0) if early else (1.0, 1.5)) if self.name == "turns" else (1.0, 1.0)
        return RoundTrips(20 * cost * least, 30 * cost * median, 90 * cost, count, 0)

    def close(self):
        self.log.append(f"close prober of {self.name}")


@pytest.fixture
def play(tmp_path, monkeypatch):
    FakeTunnel.log, FakeTunnel.plays = [], {}
    monkeypatch.setattr(compare, "Tunnel", FakeTunnel)
    told: list[str] = []

    def played(after: str, kinds=(TUNNEL, RTT), before: str = "same"):
        with Compared(tmp_path / before / "build", tmp_path / after / "build", tmp_path / "work", kinds, told.append) as found:
            found.play(3)
        return {one.measure.name: one.says for one in found.findings()}, found.absent, told
    return played


def test_they_take_turns_and_what_is_slower_is_measured_twice(play):
    said, absent, told = play("slow", (RTT,))
    assert said == {"round trip, least": Says.SLOWER, "round trip, median": Says.SLOWER} and not absent
    assert [one for one in FakeTunnel.log if one.startswith(RTT)][:6] == ["rtt same", "rtt slow", "rtt slow", "rtt same", "rtt same",
                                                                         "rtt slow"]
    assert FakeTunnel.plays == {"rtt same": 6, "rtt slow": 6} and "once more: rtt" in told
    assert FakeTunnel.log[-4:] == ["close prober of slow", "close slow", "close prober of same", "close same"]


def test_what_does_not_come_out_again_is_not_said(play):
    said, _, told = play("once")
    assert set(said.values()) == {Says.NOTHING} and "once more: tunnel, rtt" in told


def test_what_is_said_the_second_time_alone_is_not_said_either(play):
    said, _, told = play("turns", (RTT,))
    assert set(said.values()) == {Says.NOTHING} and "once more: rtt" in told


def test_what_is_the_same_is_measured_once(play):
    said, _, told = play("like")
    assert set(said.values()) == {Says.NOTHING} and not any("once more" in one for one in told)


def test_who_does_not_come_up_is_a_sentence(play):
    assert play("dead") == ({}, {"tunnel": "it did not come up", "rtt": "it did not come up"}, ["round 1 of 3", "round 2 of 3",
                                                                                               "round 3 of 3"])


def test_what_fails_on_the_way_is_out_and_the_rest_goes_on(play):
    said, absent, _ = play("mute")
    assert set(said) == {"round trip, least", "round trip, median"} and absent == {"tunnel": "no stream"}


# ---- the command ----

ONE = Counts(operations=1, own=1000, copies=200, allocations=3, library_calls=10, library=50000, library_allocations=4)


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.setenv("IKELAB_BUILD", str(tmp_path / "like" / "build"))
    (tmp_path / "like" / "build").mkdir(parents=True)
    for name in ("ikeref", "ikebench", "prober"):
        (tmp_path / "like" / "build" / name).write_text("")
    FakeTunnel.log, FakeTunnel.plays = [], {}
    monkeypatch.setattr(compare, "Tunnel", FakeTunnel)
    monkeypatch.setattr("ikelab.cli.bench_compare.require_root", lambda: None)
    monkeypatch.setattr("ikelab.cli.bench_compare.missing_iperf3", lambda: "")
    def build(name: str, *programs: str) -> Path:
        if name == "old" and "ikebench" in programs:
            raise commit.NoBench("old has no ref/bench")
        return tmp_path / name / "build"
    monkeypatch.setattr(commit, "build", build)

    def counted(program: Path, cases=()):
        return measure.Measurement({key: key for key in BUILT}, {"esp.a": replace(ONE, own=1020) if "heavy" in str(program) else ONE})
    monkeypatch.setattr(measure, "measure", counted)
    return lambda *words: CliRunner().invoke(ikelab, ["bench", "compare", *words])


@pytest.mark.parametrize("words, status, said", [
    (("same", "slow", "--measure", "rtt"), 1, "slow is slower than same in 2 measures"),
    (("slow", "same", "--measure", "rtt"), 0, "same is not slower than slow"),
    (("same", "--measure", "rtt", "--measure", "tunnel"), 0, "build is not slower than same"),
    (("same", "heavy", "--measure", "gate"), 1, "1 cases of the gate cost more"),
    (("heavy", "same", "--measure", "gate"), 0, "better: esp.a"),
    (("old", "--measure", "rtt", "--measure", "gate", "--measure", "memory"), 0, "gate: not measured: old has no ref/bench"),
    (("old", "--measure", "gate"), 2, "old has no ref/bench"),
    (("same", "dead", "--measure", "rtt"), 3, "nothing was measured: rtt: it did not come up"),
    (("same", "dead", "--measure", "rtt", "--measure", "gate"), 0, "rtt: not measured: it did not come up")])
def test_the_exit_status_is_whether_something_is_slower(lab, tmp_path, words, status, said):
    out = tmp_path / "out.json"
    done = lab(*words, "--rounds", "3", "--json", str(out))
    assert done.exit_code == status and said in done.output, done.output
    assert all(len(line) <= 80 for line in done.output.splitlines())
    if status < 2:
        jsonschema.validate(json.loads(out.read_text()), DOCUMENT)


def test_what_is_wrong_ends_in_a_sentence(lab, monkeypatch):
    monkeypatch.undo()
    done = CliRunner().invoke(ikelab, ["bench", "compare", "no-such-commit"])
    assert done.exit_code == 2 and "'no-such-commit' is no commit" in done.output


def test_without_a_build(lab, tmp_path):
    (tmp_path / "like" / "build" / "ikeref").unlink()
    done = lab("same", "--measure", "rtt")
    assert done.exit_code == 3 and "run `make build/ikeref`" in done.output


@live
def test_a_daemon_that_spins_before_each_burst_is_slower(tmp_path):
    """Half a million turns of a loop are some hundred microseconds, several times what a round trip takes."""
    plant = Plant("", "esp/plane_seal.c", "esp_plane_seal")
    bench_plant.daemon(plant, "for (volatile int i = 0; i < 500000; i++) {}", BUILD, tmp_path / "slow")
    with Compared(BUILD, tmp_path / "slow", tmp_path / "work", (RTT,)) as compared:
        compared.play(4)
    said = {one.measure.name: one.says for one in compared.findings()}
    assert not compared.absent and said["round trip, least"] is Says.SLOWER, [str(one) for one in compared.findings()]
