"""The leak check, live: a side that is made to leak is found out, whatever else the scenario says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ikelab.cleanup import build_directory
from ikelab.peers.reference import program
from ikelab.stage import Lab, judge
from ikelab.stage.lab import Play
from ikelab.verdict import Verdict

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not program().exists() or not (build_directory() / "capture").exists(),
    reason="needs root and the built programs: run `make`")


def play(tmp_path: Path, scenario, layout: str = "pair", relayed=()):
    """The verdict, and what leaks.txt says."""
    place = tmp_path / "scenarios" / "leak.live" / "reference+reference"
    lab = Lab(Play("leak.live", "It does.", "reference", "reference", place, layout, relayed))
    try:
        result = judge.play(lab, lambda: scenario(lab), [])
    finally:
        lab.close()
    leaks = place / "leaks.txt"
    return result.verdict, result.reason, leaks.read_text() if leaks.exists() else ""


def open_the_gates(host) -> None:
    """Takes away what keeps packets in: routing rules and inbound filters."""
    host.run(["nft", "flush", "ruleset"])
    for family in ("-4", "-6"):
        host.run(["ip", family, "rule", "del", "priority", "4500"], check=False)


def connected(lab) -> None:
    lab.client.connect(lab.gateway)
    assert lab.flow.datagram(lab.client, lab.gateway)


def leaking(lab) -> None:
    connected(lab)
    open_the_gates(lab.client.host)
    lab.flow.datagram(lab.client, lab.gateway, deadline_s=0.1)


def test_sealed_packets_are_none(tmp_path):
    assert play(tmp_path, connected) == (Verdict.PASS, "", "")


@pytest.mark.parametrize("layout", ["pair", "behind_nat", "roaming"])
def test_a_packet_in_the_clear_is_found(tmp_path, layout):
    verdict, reason, leaks = play(tmp_path, leaking, layout)
    assert verdict is Verdict.FAIL and "in the clear" in reason
    assert "10.1.0.1 > 10.2.0.1 UDP" in leaks and "policy net protects" in leaks


def test_on_a_relayed_link(tmp_path):
    assert play(tmp_path, leaking, relayed=("wire",))[0] is Verdict.FAIL


def test_of_a_host_behind_the_gateway(tmp_path):
    def scenario(lab):
        lab.client.connect(lab.gateway)
        open_the_gates(lab.client.host)
        lab.flow.datagram(lab.host("alice"), lab.host("bob"), deadline_s=0.1)

    verdict, reason, _ = play(tmp_path, scenario, "gateways")
    assert verdict is Verdict.FAIL and "10.1.0.2 > 10.2.0.2" in reason


def test_of_the_gateway(tmp_path):
    def scenario(lab):
        connected(lab)
        open_the_gates(lab.gateway.host)
        lab.flow.datagram(lab.gateway, lab.client, deadline_s=0.1)

    verdict, reason, _ = play(tmp_path, scenario)
    assert verdict is Verdict.FAIL and "10.2.0.1 > 10.1.0.1" in reason


def test_in_transport_mode(tmp_path):
    def scenario(lab):
        lab.configure(child={"mode": "transport"})
        lab.client.connect(lab.gateway)
        open_the_gates(lab.client.host)
        lab.flow.datagram(lab.client, lab.gateway, outer=True, deadline_s=0.1)

    verdict, reason, _ = play(tmp_path, scenario)
    assert verdict is Verdict.FAIL and "192.0.2.1 > 192.0.2.2 UDP" in reason


def test_a_leak_beats_the_scenarios_own_failure_in_words_only(tmp_path):
    def scenario(lab):
        leaking(lab)
        raise AssertionError("something else")

    verdict, reason, leaks = play(tmp_path, scenario)
    assert verdict is Verdict.FAIL and "something else" in reason and leaks


def test_before_a_policy_exists_and_after_it_was_taken_away_nothing_leaks(tmp_path):
    def scenario(lab):
        assert lab.flow.datagram(lab.client, lab.gateway), "without a policy packets pass"
        connected(lab)
        lab.client.stop()
        lab.gateway.stop()
        assert lab.flow.datagram(lab.client, lab.gateway), "and again when it has gone"

    assert play(tmp_path, scenario) == (Verdict.PASS, "", "")


def test_killed_daemon_still_has_its_policy(tmp_path):
    def scenario(lab):
        connected(lab)
        lab.client.kill()
        open_the_gates(lab.client.host)
        lab.flow.datagram(lab.client, lab.gateway, deadline_s=0.1)

    assert play(tmp_path, scenario)[0] is Verdict.FAIL
