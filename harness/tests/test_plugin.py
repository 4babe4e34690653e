"""From what happens in a scenario to its verdict and artefacts, with a peer that does nothing."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from ikelab.cleanup import build_directory
from ikelab.peers.contract import Peer, PeerError, PeerNotRunning, PeerSilent
from ikelab.peers.neutral import PeerStatus
from ikelab.peers.table import PeerKind
from ikelab.plugin import pairs
from ikelab.process import ProcessError
from ikelab.result import read_results
from ikelab.stage import Lab, judge
from ikelab.stage.lab import Play
from ikelab.verdict import Expected, Verdict

needs_lab = pytest.mark.skipif(
    os.geteuid() != 0 or not (build_directory() / "capture").exists(),
    reason="needs root and the capture program: run `make`")


class Idle(Peer):
    kind = "idle"
    lacks: dict[str, str] = {}
    alive = False

    def version(self):
        return "1.0"

    def missing(self):
        return self.lacks

    def configure(self, spec):
        self.spec = spec

    def start(self, host, deadline_s=1.0):
        self.alive = True

    def stop(self, deadline_s=1.0):
        self.alive = False

    def kill(self):
        self.alive = False

    def running(self):
        return self.alive

    def status(self):
        return PeerStatus()

    def _nothing(self, *_, **__):
        return None

    initiate = rekey = delete = roam = liveness = ike_keys = child_keys = wait_event = _nothing

    def events(self):
        return ()

    logs = configuration = events


@pytest.fixture
def lab(tmp_path, monkeypatch):
    kind = PeerKind("idle", "", (), Idle, "userspace")
    monkeypatch.setattr(PeerKind, "create", lambda self, directory: Idle(directory))
    monkeypatch.setattr("ikelab.peers.table.kind", lambda name: kind)
    place = tmp_path / "scenarios" / "x.y" / "idle+idle"
    made = Lab(Play("x.y", "It does.", "idle", "idle", place))
    yield made
    made.close()


def played(lab, scenario, *expected):
    result = judge.play(lab, scenario, list(expected))
    assert read_results(lab.play.directory.parents[2]) == [result]
    return result.verdict, result.reason


def raiser(error):
    def scenario():
        raise error
    return scenario


@needs_lab
def test_pass_leaves_a_whole_directory(lab):
    verdict, reason = played(lab, lambda: lab.client.connect(lab.gateway))
    assert (verdict, reason) == (Verdict.PASS, "")
    left = {path.name for path in lab.play.directory.iterdir()}
    assert {"verdict.json", "trace.txt", "ladder.svg", "scene.json", "keys", "wire.pcap"} <= left
    assert "is told to connect" in (lab.play.directory / "trace.txt").read_text()
    assert not any(Path("/run/netns", name).exists() for name in lab.topology.namespaces)


@needs_lab
@pytest.mark.parametrize("error, verdict", [
    (AssertionError("3 lost"), Verdict.FAIL), (pytest.fail.Exception("DID NOT RAISE"), Verdict.FAIL),
    (pytest.skip.Exception("not today"), Verdict.INCONCLUSIVE), (PeerError("no", "NO_PROPOSAL_CHOSEN"), Verdict.FAIL),
    (PeerNotRunning("did not come up"), Verdict.INCONCLUSIVE), (ProcessError("no veth"), Verdict.INCONCLUSIVE),
    (KeyError("typo"), Verdict.INCONCLUSIVE), (OSError(28, "No space left"), Verdict.INCONCLUSIVE)])
def test_errors_become_verdicts(lab, error, verdict):
    found = played(lab, raiser(error))
    assert found[0] is verdict and found[1]


@needs_lab
def test_missing_capability_is_unsupported_and_says_why(lab, monkeypatch):
    monkeypatch.setattr(Idle, "lacks", {"roam": "cannot walk"})
    lab.play.needs["both"] = ("roam",)
    verdict, reason = played(lab, raiser(AssertionError("never reached")))
    assert verdict is Verdict.UNSUPPORTED and "cannot walk" in reason


@needs_lab
def test_daemon_that_dies_is_a_failure(lab):
    def scenario():
        lab.client.connect(lab.gateway)
        lab.gateway.peer.alive = False
    verdict, reason = played(lab, scenario)
    assert verdict is Verdict.FAIL and "gateway ended in mid-scenario" in reason


@needs_lab
@pytest.mark.parametrize("error, packets, verdict", [
    (PeerSilent("does not tell"), "the gateway hangs", Verdict.FAIL),
    (PeerSilent("does not tell"), "", Verdict.INCONCLUSIVE),
    (PeerNotRunning("did not come up"), "the gateway hangs", Verdict.INCONCLUSIVE)])
def test_who_does_not_tell_its_state_fails_when_the_packets_show_that_it_hangs(lab, monkeypatch, error, packets, verdict):
    monkeypatch.setattr(judge, "hang", lambda trace: packets)
    found, reason = played(lab, raiser(error))
    assert found is verdict
    assert reason.startswith("the gateway hangs; does not tell" if verdict is Verdict.FAIL else str(error))


@needs_lab
def test_a_refusal_that_does_not_come_is_a_failure(lab):
    """pytest.raises tells it by what is no Exception."""
    def scenario():
        with pytest.raises(PeerError):
            lab.client.start()

    verdict, reason = played(lab, scenario)
    assert verdict is Verdict.FAIL and "DID NOT RAISE" in reason


@needs_lab
def test_expected_failure_and_unexpected_pass(lab):
    listed = Expected("x.*", "*", "*", "known")
    assert played(lab, raiser(AssertionError("boom")), listed)[0] is Verdict.EXPECTED_FAIL


@needs_lab
def test_unexpected_pass_is_an_error(lab):
    verdict, reason = played(lab, lambda: None, Expected("x.*", "*", "*", "known"))
    assert verdict is Verdict.FAIL and "expected.toml" in reason


@needs_lab
@pytest.mark.parametrize("lacks, verdict", [({}, Verdict.FAIL), ({"fail-closed": "not there"}, Verdict.PASS)])
def test_packet_in_the_clear_fails_the_scenario(lab, monkeypatch, lacks, verdict):
    monkeypatch.setattr(Idle, "lacks", lacks)

    def leak():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((lab.client.inside[0], 0))
            sender.sendto(b"secret", (lab.gateway.inside[0], 7))

    def scenario():
        lab.client.connect(lab.gateway)
        lab.client.host.call(leak)
    found = played(lab, scenario)
    assert found[0] is verdict, found
    assert "10.1.0.1 > 10.2.0.1 UDP" in (lab.play.directory / "leaks.txt").read_text()


@needs_lab
def test_a_check_afterwards_can_fail(lab):
    def check(trace):
        assert trace.cost.ike_messages == 1
    verdict, reason = played(lab, lambda: lab.afterwards(check))
    assert verdict is Verdict.FAIL


@needs_lab
def test_full_disk_is_inconclusive_and_leaves_nothing_half_made(lab):
    lab.play.directory.mkdir(parents=True)
    (lab.play.directory / "verdict.json").symlink_to("/dev/full")
    result = judge.play(lab, lambda: None, [])
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "No space left" in result.reason and "--out" in result.reason
    assert not lab.play.directory.exists()


def test_pairs_have_the_reference_on_one_side(monkeypatch):
    kinds = [PeerKind(name, "", (), Idle, "userspace") for name in ("reference", "a", "b")]
    monkeypatch.setattr("ikelab.peers.table.available", lambda only_default: kinds)
    assert pairs([], []) == [("reference", "reference"), ("reference", "a"), ("reference", "b"),
                             ("a", "reference"), ("b", "reference")]
    assert pairs(["a"], []) == [("a", "reference")]
    assert pairs(["a"], ["b"]) == [("a", "b")]


def test_collecting_tries_no_kernel(monkeypatch):
    """It is asked for each scenario: a hundred namespaces, and most of a minute, once went into that."""
    monkeypatch.setattr("ikelab.doctor.kernel_esp_problem", lambda: pytest.fail("the kernel was asked"))
    assert ("reference", "reference") in pairs([], []) or not (build_directory() / "ikeref").exists()


def test_settings_mirror_and_unknown_ones_are_refused(lab):
    with pytest.raises(ValueError, match="colour"):
        lab.configure(colour="red")
    lab.configure(child={"mode": "transport"}, liveness_ms=100, cookie_threshold=0)
    lab.gateway.configure(mobike=False)


@needs_lab
def test_settings_reach_both_sides(lab):
    lab.configure(child={"proposals": ("aes128gcm16",)}, cookie_threshold=0, inner=(4, 6), family=6)
    lab.gateway.configure(psk="another")
    lab.open()
    client, gateway = lab.spec("client"), lab.spec("gateway")
    assert client.cookie_threshold == gateway.cookie_threshold == 0
    assert client.peer().remote_addresses == (lab.host("gateway").address(6),)
    assert gateway.peer().remote_addresses == ()
    assert client.peer().child().local_ts == gateway.peer().child().remote_ts == ("10.1.0.0/24", "fd00:1::/64")
    assert (client.peer().psk == gateway.peer().psk) is False
    assert gateway.peer().child().proposals == ("aes128gcm16",)
