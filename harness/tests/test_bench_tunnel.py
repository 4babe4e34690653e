"""`ikelab bench tunnel`: what its figures come from, what it refuses, and that a stream gets through."""

from __future__ import annotations

import json
import math
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from ikelab import workplace
from ikelab.bench import tunnel as tunnels
from ikelab.bench.history import read
from ikelab.bench.ratio import ratio
from ikelab.bench.tunnel import Cost, Stream
from ikelab.bench.variant import BadVariant, variant
from ikelab.cleanup import build_directory
from ikelab.cli import ikelab

live = pytest.mark.skipif(os.geteuid() != 0 or bool(tunnels.missing()) or not (build_directory() / "ikeref").exists(),
                          reason="needs root, iperf3 and `make`")


# ---- ratios ----


def test_what_is_always_twice_as_fast_is_twice_as_fast():
    found = ratio([200, 400, 100], [100, 200, 50])
    assert found.mean == pytest.approx(2) and found.low == pytest.approx(2) and found.high == pytest.approx(2)


def test_what_scatters_has_an_interval_that_grows_with_it():
    """Logs 0, ln 2, 0, ln 2: mean 0.3466, standard error 0.2001, and Student's t of three degrees is 3.182."""
    found = ratio([1.0, 2.0, 1.0, 2.0], [1.0, 1.0, 1.0, 1.0])
    assert found.mean == pytest.approx(math.sqrt(2))
    assert (found.low, found.high) == (pytest.approx(0.748, abs=2e-3), pytest.approx(2.674, abs=7e-3))
    assert "1.41 (95 %: 0.75 to 2.67)" == str(found)


def test_one_round_says_nothing_of_its_spread():
    assert math.isinf(ratio([2], [1]).high) and "one round" in str(ratio([2], [1]))


@pytest.mark.parametrize("one, other", [([], []), ([1], [1, 2]), ([0], [1])])
def test_figures_that_have_no_ratio(one, other):
    with pytest.raises(ValueError, match="as many figures"):
        ratio(one, other)


# ---- variants ----


def test_a_variant_is_settings_or_a_program_or_both(tmp_path):
    program = tmp_path / "ikeref"
    program.write_text("")
    program.chmod(0o755)
    found = variant(f"{program},mtu=1300,seccomp=off")
    assert found.program == program and found.lines() == 'mtu = "1300"\nseccomp = "off"\n'
    assert variant("mtu=1300").program is None


@pytest.mark.parametrize("text", ["", "offload", "a b=c", "/no/such/program", "/usr", "/bin/true,/bin/true", 'a="b"'])
def test_what_is_no_variant(text):
    with pytest.raises(BadVariant, match="neither KEY=VALUE nor"):
        variant(text)


# ---- the command ----


class FakeTunnel:
    """Each of its streams is as fast as its place among them says."""

    log: list[str] = []
    made = 0

    def __init__(self, one, directory, encapsulate):
        FakeTunnel.made += 1
        self.name, self.mbit, self.encapsulate = one.name, 100.0 * FakeTunnel.made, encapsulate

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.log.append(f"close {self.name}")

    def stream(self, seconds):
        self.log.append(f"{self.name} {seconds}")
        return Stream(self.mbit, 300 / self.mbit)

    def raw(self, seconds):
        self.log.append(f"raw {seconds}")
        return 1000.0

    def cost(self, seconds):
        return Cost(1000, 1_400_000, 100, 500 if self.name == "mtu=1400" else None, 0.002)


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """The command with tunnels that are made up."""
    FakeTunnel.log, FakeTunnel.made = [], 0
    (tmp_path / "ikeref").write_text("")
    monkeypatch.setenv("IKELAB_BUILD", str(tmp_path))
    monkeypatch.setattr("ikelab.cli.bench_history.stale", lambda build, program: False)
    monkeypatch.setattr("ikelab.cli.bench_tunnel.Tunnel", FakeTunnel)
    monkeypatch.setattr("ikelab.cli.bench_tunnel.require_root", lambda: None)
    monkeypatch.setattr(tunnels, "missing", lambda: "")
    return lambda *arguments: CliRunner().invoke(ikelab, ["bench", "tunnel", *arguments])


def test_streams_take_turns_and_ratios_are_to_the_first(lab, tmp_path):
    out = tmp_path / "out.json"
    done = lab("mtu=1400", "mtu=1300", "--rounds", "2", "--seconds", "3", "--json", str(out))
    assert done.exit_code == 0, done.output
    assert FakeTunnel.log == ["raw 1", "mtu=1400 3", "mtu=1300 3", "raw 1", "mtu=1300 3", "mtu=1400 3",
                              "close mtu=1300", "close mtu=1400"]
    assert ("mtu=1300, of mtu=1400:\n  Mbit/s    2.00 (95 %: 2.00 to 2.00)\n"
            "  ns/octet  0.50 (95 %: 0.50 to 0.50)") in done.output
    assert all(len(line) <= 80 for line in done.output.splitlines())
    rows = {line.split()[0]: line.split()[1:] for line in done.output.splitlines()[6:8]}
    assert rows["mtu=1400"] == ["0.50", "2.00", "10.0", "14,000"] and rows["mtu=1300"][0] == "?"
    found = json.loads(out.read_text())
    assert [[play["mbit"] for play in one["streams"]] for one in found["results"]] == [[100, 100], [200, 200]]
    assert found["control_mbit"] == [1000, 1000]
    assert found["results"][0]["ratio_to_first"] is None
    assert found["results"][1]["ratio_to_first"]["mbit"]["mean"] == pytest.approx(2)


def test_a_run_is_remembered_but_for_programs_of_who_knows_what_commit(lab, tmp_path):
    path = tmp_path / "history.jsonl"
    other = tmp_path / "other"
    other.write_text("")
    other.chmod(0o755)
    assert lab(str(other), "build", "--rounds", "2", "--history", str(path)).exit_code == 0
    (found,) = read(path)
    values = {one.name: one.value for one in found.figures}
    assert found.bench == "tunnel" and values.keys() == {"raw Mbit/s", "build Mbit/s", "build ns/octet", "build of raw",
                                                         "build octets/wake-up"}
    assert values["build Mbit/s"] == 200 and values["build of raw"] == pytest.approx(0.2)
    assert lab(str(other), "--history", str(path)).exit_code == 0 and len(read(path)) == 1
    assert lab("--plain-esp", "--history", str(path)).exit_code == 0 and read(path)[1].figures[1].name == "build plain-esp Mbit/s"
    done = lab("--history", str(tmp_path))
    assert done.exit_code == 2
    FakeTunnel.log.clear()
    done = lab("--history", str(other / "no"))
    assert done.exit_code == 3 and "another --history FILE" in done.output and not FakeTunnel.log


def test_more_than_a_minute_is_refused(lab):
    done = lab("--rounds", "30", "--seconds", "10")
    assert done.exit_code == 2 and "60 are the limit" in done.output and not FakeTunnel.log


def test_what_is_no_variant_is_said(lab):
    done = lab("fast")
    assert done.exit_code == 2 and "'fast' is neither KEY=VALUE" in done.output


def test_without_the_program_or_iperf3(lab, tmp_path, monkeypatch):
    monkeypatch.setattr(tunnels, "missing", lambda: "run `ci/install.sh`")
    done = lab()
    assert done.exit_code == 3 and "ci/install.sh" in done.output
    (tmp_path / "ikeref").unlink()
    done = lab()
    assert done.exit_code == 3 and "run `make`" in done.output


def test_a_stream_that_does_not_get_through_is_said(lab, monkeypatch):
    def broken(self, seconds):
        raise tunnels.CannotPlay("no stream")
    monkeypatch.setattr(FakeTunnel, "stream", broken)
    done = lab()
    assert done.exit_code == 3 and "nothing was measured: no stream" in done.output


# ---- a real one ----


@live
def test_a_stream_and_what_it_costs(tmp_path: Path):
    directory = workplace.workplace(tmp_path / "play")
    try:
        with tunnels.Tunnel(variant("mtu=1300"), directory) as tunnel:
            stream = tunnel.stream(1)
            assert stream.mbit > 0 and stream.ns_per_octet > 0 and tunnel.raw(1) > 0
            cost = tunnel.cost(1)
            assert cost.octets / cost.packets < 1300  # the setting is in force
            assert cost.wake_ups > 0 and cost.seconds > 0
            assert cost.system_calls is None or cost.system_calls > cost.wake_ups
    finally:
        shutil.rmtree(directory, ignore_errors=True)
