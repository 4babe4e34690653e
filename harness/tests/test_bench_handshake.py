"""`ikelab bench handshake`: what its figures come from, what it refuses, and that handshakes are made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from ikelab.bench import effort, handshake, history, load
from ikelab.bench.effort import Effort
from ikelab.bench.handshake import Play, Processors, Responder, saturate
from ikelab.bench.load import CannotLoad, Load, Pace
from ikelab.bench.way import AUTHENTICATIONS, KEY_EXCHANGES, Way
from ikelab.cleanup import build_directory
from ikelab.cli import ikelab
from ikelab.peers import reference_config, strongswan_config, table
from ikelab.peers.contract import PeerUnsupported
from ikelab.peers.neutral import DaemonSpec, PeerSpec
from ikelab.process import await_that

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "harness/schema/handshake.schema.json").read_text())
PROGRAM = build_directory().resolve() / "ikeload"
live = pytest.mark.skipif(os.geteuid() != 0 or not PROGRAM.exists() or not (build_directory() / "ikeref").exists(),
                          reason="needs root and `make`")
built = pytest.mark.skipif(not PROGRAM.exists(), reason="needs `make`")

LATENCY = {"of": "exact list", "min": 900.0, "median": 1000.0, "p90": 2000.0, "p99": 3000.0, "max": 4000.0}


def loaded(per_second: float = 100.0, **changes: object) -> Load:
    return replace(Load(200, 200, 0, {}, 0, 0, 2.0, per_second, LATENCY, 0, 0.1, 0.0, False), **changes)


def played(pace: Pace, found: Load, processor_s: float | None = 0.5) -> Play:
    one = Effort(0.0, 8.0, 1)
    return Play(pace, found, processor_s, one, Effort(processor_s or 0, 9.0, 17))


class FakeResponder:
    """Bears so many a second, and a quarter of them with one at a time."""

    log: list[str] = []
    most = {"reference": 1000.0, "strongswan-5.9.8": 250.0, "libreswan-5.2": 50.0}
    version = "1.0"

    def __init__(self, kind, way, directory, processors):
        if way.key_exchange == "modp2048" and kind.name != "reference":
            raise PeerUnsupported(f"{kind.name} cannot: ke-modp (it was built without)")
        self.name, self.way = kind.name, way
        self.comparable = kind.name != "libreswan-5.2"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.log.append(f"close {self.name}")

    def play(self, pace, seconds=0.0, count=0):
        self.log.append(f"{self.name} {pace.rate:g}/s" if pace.rate else f"{self.name} {pace.at_a_time}")
        most = self.most[self.name]
        return played(pace, loaded(pace.rate or most * min(1.0, pace.at_a_time / 4), done=int(most),
                                   generator_is_the_limit=self.name == "reference"))


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """The command with responders that are made up."""
    FakeResponder.log = []
    monkeypatch.setenv("IKELAB_BUILD", str(tmp_path))
    monkeypatch.setattr("ikelab.cli.bench_history.stale", lambda build, program: False)
    monkeypatch.setattr("ikelab.cli.bench_handshake.Responder", FakeResponder)
    monkeypatch.setattr("ikelab.cli.bench_handshake.require_root", lambda: None)
    monkeypatch.setattr(table.PeerKind, "available", lambda self: "")
    monkeypatch.setattr(load, "missing", lambda: "")
    return lambda *arguments: CliRunner().invoke(ikelab, ["bench", "handshake", *arguments])


# ---- the command ----


def test_responders_take_turns_and_ratios_are_to_the_reference(lab, tmp_path):
    out = tmp_path / "out.json"
    done = lab("--peer", "strongswan-5.9.8", "--peer", "reference", "--rounds", "2", "--no-curve", "--json", str(out),
               "--history", str(tmp_path / "history"))
    assert done.exit_code == 0, done.output
    (run,) = history.read(tmp_path / "history")
    assert run.bench == "handshake" and {one.name: one.value for one in run.figures} == {
        "psk x25519 each s": 1000, "psk x25519 median": 1000, "psk x25519 p99": 3000, "psk x25519 each s of cpu": 2000}
    search = [f"{name} {n}" for name in ("reference", "strongswan-5.9.8") for n in (1, 4, 16)]  # 16 bring no more than 4
    assert FakeResponder.log == [*search, "reference 4", "strongswan-5.9.8 4", "strongswan-5.9.8 4", "reference 4",
                                 "close strongswan-5.9.8", "close reference"]
    assert "strongswan-5.9.8, of the reference:\n  each second        0.25 (95 %: 0.25 to 0.25)" in done.output
    assert all(len(line) <= 80 for line in done.output.splitlines())
    rows = {line.split()[0]: line.split()[1:] for line in done.output.splitlines()[2:4]}
    assert rows["reference"] == ["4", ">1,000", "2,000", "1.00", "3.00", "9", "17", "1"]
    assert rows["strongswan-5.9.8"] == ["4", "250", "500", "1.00", "3.00", "9", "17", "0.25"]
    assert "the generator was the limit" in done.output
    document = json.loads(out.read_text())
    jsonschema.validate(document, SCHEMA)
    found = document["results"]
    assert [one["peer"] for one in found] == ["reference", "strongswan-5.9.8"]
    assert found[0]["ratio_to_reference"] is None
    assert found[1]["ratio_to_reference"]["per_processor_s"]["mean"] == pytest.approx(0.25)
    assert [play["load"]["per_second"] for play in found[1]["plays"]] == [250, 250]
    assert found[1]["plays"][0]["responder"]["after"]["threads"] == 17


def test_latency_against_offered_load(lab):
    done = lab("--peer", "strongswan-5.9.8", "--rounds", "1")
    assert done.exit_code == 0, done.output
    assert FakeResponder.log[-5:-1] == [f"strongswan-5.9.8 {rate}/s" for rate in ("62.5", "125", "187.5", "225")]
    assert ["90%", "225", "225", "1.00", "2.00", "3.00", "4.00"] in [line.split() for line in done.output.splitlines()]
    assert all(len(line) <= 80 for line in done.output.splitlines())


def test_what_a_peer_cannot_do_is_a_row_with_its_reason(lab, tmp_path):
    out = tmp_path / "out.json"
    done = lab("--peer", "reference", "--peer", "strongswan-5.9.8", "--key-exchange", "modp2048", "--no-curve",
               "--json", str(out))
    assert done.exit_code == 0, done.output
    assert "strongswan-5.9.8    strongswan-5.9.8 cannot: ke-modp" in done.output
    document = json.loads(out.read_text())
    jsonschema.validate(document, SCHEMA)
    assert document["results"][1]["reason"].endswith("(it was built without)")


def test_when_nobody_can_there_is_no_figure(lab):
    done = lab("--peer", "strongswan-5.9.8", "--key-exchange", "modp2048")
    assert done.exit_code == 3 and "nothing was measured" in done.output


def test_what_runs_in_a_guest_is_marked(lab):
    done = lab("--peer", "libreswan-5.2", "--peer", "reference", "--no-curve")
    assert done.output.splitlines()[2].startswith("reference  ")  # the others' ratios are to it
    assert done.exit_code == 0 and "libreswan-5.2 *" in done.output and f"* libreswan-5.2: {handshake.NO_GUEST}" in done.output


def test_a_count_is_played_without_a_search(lab):
    done = lab("--peer", "reference", "--count", "20", "--rounds", "1")
    assert done.exit_code == 0 and FakeResponder.log == ["reference 16", "close reference"]


def test_every_way_is_a_table(lab):
    done = lab("--peer", "reference", "--auth", "psk", "--auth", "rsa2048", "--key-exchange", "x25519", "--key-exchange",
               "ecp256", "--count", "1", "--rounds", "1")
    assert [line[:16].strip() for line in done.output.splitlines() if "at a" in line] == [
        "psk x25519", "psk ecp256", "rsa2048 x25519", "rsa2048 ecp256"]


@pytest.mark.parametrize("words, sentence", [
    (["--peer", "nobody"], "no peer is called 'nobody'"),
    (["--auth", "rsa"], "'rsa' is not one of"),
    (["--address", "192.0.2.1"], "give --psk"),
    (["--address", "192.0.2.1", "--psk", "k", "--auth", "rsa2048"], "no other --auth"),
    (["--address", "192.0.2.1", "--psk", "k", "--peer", "reference"], "give one of them"),
    (["--psk", "k"], "--psk is for --address"),
    (["--rounds", "30", "--seconds", "30"], "900 are the limit"),
])
def test_what_makes_no_sense_is_refused(lab, words, sentence):
    done = lab(*words)
    assert done.exit_code == 2 and sentence in done.output and not FakeResponder.log


def test_without_the_program(lab, monkeypatch):
    monkeypatch.setattr(load, "missing", lambda: "run `make`")
    done = lab("--peer", "reference")
    assert done.exit_code == 3 and "run `make`" in done.output


def test_a_run_that_breaks_off_is_said(lab, monkeypatch):
    plays = iter([loaded(), CannotLoad("the peer has died")])

    def play(self, pace, seconds=0.0, count=0):
        found = next(plays)
        if isinstance(found, Exception):
            raise found
        return played(pace, found)
    monkeypatch.setattr(FakeResponder, "play", play)
    done = lab("--peer", "reference", "--count", "1", "--rounds", "2")
    assert done.exit_code == 3 and "broke off: the peer has died" in done.output


# ---- its pieces ----


def test_a_search_goes_on_while_more_come_through():
    asked = []

    class Growing:
        def play(self, pace, seconds):
            asked.append(pace.at_a_time)
            return played(pace, loaded(per_second=10.0 * pace.at_a_time))
    best, plays = saturate(Growing(), 1)
    assert best == 64 and asked == [1, 4, 16, 64] and len(plays) == 4


def test_where_none_comes_through_the_causes_are_said():
    class Refusing:
        def play(self, pace, seconds):
            return played(pace, loaded(per_second=0.0, done=0, failed=5, causes={"AUTHENTICATION_FAILED": 5}))
    with pytest.raises(CannotLoad, match="AUTHENTICATION_FAILED 5"):
        saturate(Refusing(), 1)


def test_responder_and_generator_have_a_processor_each():
    assert Processors.of({0, 1, 5}) == Processors(responder=5, generator=0) and not Processors.of({0, 1}).shared
    assert Processors.of({3}).shared


def test_a_way_says_how_both_prove_themselves():
    assert Way("psk", "ecp256").certificate is None and Way("psk", "ecp256").proposal == "aes256gcm16-prfsha256-ecp256"
    assert Way("rsa2048", "x25519").certificate.key == Way("rsa2048", "x25519").certificate.authority_key == "rsa2048"
    assert {"psk", "rsa2048", "ecdsa256"} == set(AUTHENTICATIONS) and "x25519" in KEY_EXCHANGES


@pytest.mark.parametrize("status, out, err, sentence", [
    (2, "", "ikeload: give one\n", "give one"), (1, "", "", "status 1"), (0, "{", "", "cannot be read"),
    (0, "{}", "", "cannot be read")])
def test_what_the_generator_does_not_say(status, out, err, sentence):
    with pytest.raises(CannotLoad, match=sentence):
        load.read(subprocess.CompletedProcess([], status, out, err))


def test_a_family_is_a_process_and_all_below_it():
    child = subprocess.Popen([sys.executable, "-c", "import subprocess, sys; subprocess.run(['cat'], stdin=sys.stdin)"],
                             stdin=subprocess.PIPE)
    try:
        await_that(lambda: len(effort.family(child.pid)) == 2, "a child's child", 30.0)
        one = min(os.sched_getaffinity(0))
        effort.bind(child.pid, {one})
        assert [os.sched_getaffinity(pid) for pid in effort.family(child.pid)] == [{one}, {one}]
        found = effort.effort(child.pid)
        assert found.threads == 2 and found.resident_mib > 1 and found.processor_s > 0  # finer than a tick of the clock
    finally:
        child.stdin.close()
        child.wait(10)


def test_who_measures_has_quiet_daemons():
    peer = PeerSpec("client", "gateway", "client", "a key")
    for text in (reference_config.daemon_conf(DaemonSpec((peer,), quiet=True)),
                 strongswan_config.daemon_conf(DaemonSpec((peer,), quiet=True), True)):
        assert "key-log" not in text and "keys.log" not in text and "ike = 2" not in text
    assert "key-log" in reference_config.daemon_conf(DaemonSpec((peer,)))
    assert "keys.log" in strongswan_config.daemon_conf(DaemonSpec((peer,)), True)


# ---- build/ikebench --rate ----


BENCH = build_directory().resolve() / "ikebench"


@pytest.mark.skipif(not BENCH.exists(), reason="needs `make build/ikebench`")
def test_a_rate_stands_beside_that_of_public_keys_alone():
    def bench(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([BENCH, *words], capture_output=True, text=True, timeout=120, cwd=ROOT)
    lines = bench("--rate", "0.1", "psk", "ecdsa256-first.x25519").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [["rate", "psk.x25519"], ["rate", "psk.ecp256"],
                                                   ["rate", "psk.modp2048"], ["rate", "ecdsa256-first.x25519"]]
    for line in lines:
        words = line.split()
        assert float(words[2]) > 0 and float(words[-1]) == pytest.approx(float(words[2]) / float(words[6]), rel=0.01)
    for bad in (["--rate", "0"], ["--rate", "61"], ["--rate", "x"], ["--rate"], ["--rate", "0.1", "nobody"]):
        assert bench(*bad).returncode == 2


# ---- build/ikeload ----


@built
@pytest.mark.parametrize("words, status, sentence", [
    ([], 2, "no configuration given; use --config FILE"),
    (["--config", "x", "--rate", "0"], 2, "--rate takes a number from 0.1"),
    (["--config", "x", "--fast"], 2, '"--fast" is no option'),
    (["--config", "/nowhere/x.conf"], 2, "/nowhere/x.conf"),
])
def test_bad_input_ends_in_one_sentence(words, status, sentence):
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == status and not done.stdout
    assert len(done.stderr.splitlines()) == 1 and sentence in done.stderr


@built
def test_it_tells_its_usage_and_version():
    assert "--at-a-time" in subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, timeout=60).stdout
    assert subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, timeout=60).stdout == "ikeload 0.1.0\n"


@live
@pytest.mark.parametrize("way", [Way("psk", "x25519"), Way("ecdsa256", "ecp256")], ids=str)
def test_twenty_handshakes_with_the_reference(tmp_path: Path, way: Way):
    with Responder(table.kind("reference"), way, tmp_path, Processors.of(os.sched_getaffinity(0))) as responder:
        closed = responder.play(Pace(4), 60, 20)
        open_ = responder.play(Pace(rate=200.0), 60, 20)
        for play in (closed, open_):
            assert (play.load.offered, play.load.done, play.load.failed, play.load.unfinished) == (20, 20, 0, 0)
            assert 0 < play.load.latency_us["min"] <= play.load.latency_us["median"] <= play.load.latency_us["max"]
        assert closed.after.resident_mib > 1 and closed.after.threads >= 1
        status = responder.peer.status()
        assert not status.established() and not status.child_sas  # each has been deleted
        assert os.sched_getaffinity(responder.peer.process_id()) == {responder.processors.responder}
