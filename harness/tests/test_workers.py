"""Signatures of the reference's daemon are made by other threads: who needs a slow one keeps nobody else waiting. What
comes first is decided by the order of packets in the capture, not by time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ikelab.cleanup import build_directory
from ikelab.conformance import INFORMATIONAL
from ikelab.conformance.judge import ConformanceTest, Stages, play
from ikelab.conformance.stage import Setup
from ikelab.peers import reference
from ikelab.stage.proof import Proof
from ikelab.stage.setting import Setting
from ikelab.verdict import Verdict
from ikelab.wire import capture, ike, packet
from ikelab.wire.registry import Exchange
from reference_pair import ReferencePair

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not (build_directory() / "ikeref").exists(),
                                reason="needs root and `make`")
SLOW = {"gateway": {"certificate": {"key": "rsa4096"}}}  # some milliseconds of arithmetic
ROUNDS = 8
NET_ADMIN = 1 << 12


def with_workers(directory: Path, count: int) -> Path:
    """The daemon, whatever its configuration says of workers otherwise."""
    program = directory / f"ikeref-{count}"
    program.write_text("#!/bin/sh\n"
                       f'[ "$1" = --config ] && sed -i "1i workers = {count}" "$2"\n'
                       f'exec "{build_directory() / "ikeref"}" "$@"\n')
    program.chmod(0o755)
    return program


def answers(path: Path) -> list[tuple[int, bytes]]:
    """Exchange type and SPIs of each IKE response, as they went over the wire."""
    datagrams = packet.datagrams(capture.read_capture(path))
    headers = [ike.Header.parse(one.ike_octets) for one in datagrams if one.kind == "ike"]
    return [(one.exchange_type, one.spi_i + one.spi_r) for one in headers if one.response]


def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int) -> list[bool]:
    """Somebody asks for an IKE SA, and right behind it somebody else whether the gateway lives: for each round, whether the
    second was answered first."""
    program = with_workers(tmp_path, workers)
    monkeypatch.setattr(reference, "program", lambda: program)
    rounds: list[tuple[bytes, bytes]] = []

    def body(peer) -> None:
        settled = peer.establish()
        for _ in range(ROUNDS):
            newcomer = peer.initialised()
            proof = newcomer.send_auth()
            question = settled.send(INFORMATIONAL)
            settled.expect_response(question)
            newcomer.take_auth(newcomer.expect_response(proof), proof)
            rounds.append((newcomer.spi_i + newcomer.spi_r, settled.spi_i + settled.spi_r))

    stages = Stages(tmp_path)
    try:
        test = ConformanceTest("own.workers", "A test.", Setup.of("reference", "responder", "pair", SLOW), tmp_path / "test",
                               tmp_path, [])
        result = play(test, stages, body)
    finally:
        stages.close()
    assert result.verdict is Verdict.PASS, result.reason
    assert len(rounds) == ROUNDS
    order = answers(tmp_path / "test" / "wire.pcap")
    quicker = []
    for newcomer, settled in rounds:
        proved = order.index((Exchange.IKE_AUTH, newcomer))
        begun = order.index((Exchange.IKE_SA_INIT, newcomer))
        quicker.append((INFORMATIONAL, settled) in order[begun:proved])
    return quicker


def test_a_slow_signature_keeps_nobody_waiting(tmp_path, monkeypatch):
    """Once would do: on a busy machine the question may come when the signature has long been made."""
    assert any(played(tmp_path, monkeypatch, 1))


def test_without_workers_everybody_waits(tmp_path, monkeypatch):
    """That the test above can fail."""
    assert not any(played(tmp_path, monkeypatch, 0))


def test_workers_are_confined_as_the_daemon_is(make_world, tmp_path):
    """Nobody who signs: no threads. Else each thread has one capability, no new privileges, and the filter."""
    setting = Setting()
    setting.proof = Proof("certificate", tmp_path / "credentials")
    program = with_workers(tmp_path, 3)
    for number, (chosen, threads) in enumerate(((Setting(), 1), (setting, 4))):
        pair = ReferencePair(make_world("pair"), tmp_path / f"pair-{number}", chosen, gateway_program=program)
        pair.start()
        pair.client.initiate()
        found = [fields(path) for path in Path(f"/proc/{pair.gateway._process.pid}/task").glob("*/status")]
        assert len(found) == threads
        for one in found:
            assert int(one["CapEff"], 16) == int(one["CapPrm"], 16) == NET_ADMIN
            assert one["NoNewPrivs"] == "1" and one["Seccomp"] == "2"
            assert one["Uid"].split()[0] != "0"
        pair.stop()


def fields(status: Path) -> dict[str, str]:
    return {name: value.strip() for name, _, value in (line.partition(":") for line in status.read_text().splitlines())}
