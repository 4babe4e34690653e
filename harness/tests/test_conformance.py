"""From what happens in a conformance test to its verdict, with the reference as the implementation under test."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from ikelab.cleanup import build_directory
from ikelab.conformance import CREATE_CHILD_SA, IKE_SA_INIT, INFORMATIONAL, D, N, Unmet
from ikelab.conformance.judge import ConformanceTest, Stages, play
from ikelab.conformance.stage import Setup
from ikelab.verdict import Expected, Verdict

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not (build_directory() / "ikeref").exists(),
                                reason="needs root and `make`")
MUST, SHOULD = "RFC7296-2.6-07", "RFC7296-2.4-08"


class Ground:
    def __init__(self, out: Path):
        self.out, self.stages, self.count = out, Stages(out), 0

    def play(self, body, role="responder", requirements=(MUST,), **options):
        self.count += 1
        test = ConformanceTest(f"own.{self.count}", "A test.", Setup("reference", role), self.out / f"test-{self.count}", self.out,
                    list(requirements), **options)
        return play(test, self.stages, body)

    def stage(self, role="responder"):
        return self.stages.get(Setup("reference", role))


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    made = Ground(tmp_path_factory.mktemp("conform"))
    yield made
    made.stages.close()


def refuse(_):
    assert 1 == 2, "the peer did something else"


@pytest.mark.parametrize("role", ["responder", "initiator"])
def test_a_whole_life_passes_and_leaves_its_packets(ground, role):
    def body(peer):
        sa = peer.establish()
        sa.children[0].ping()
        sa.rekey_child().ping()
        sa.rekey().children[0].ping()

    result = ground.play(body, role)
    assert (result.verdict, result.reason, result.role) == (Verdict.PASS, "", role)
    folder = ground.out / result.artefacts
    assert {"wire.pcap", "keys", "trace.txt", "ladder.svg", "verdict.json"} <= {one.name for one in folder.iterdir()}
    trace = (folder / "trace.txt").read_text()
    assert "CREATE_CHILD_SA" in trace and "D(IKE)" in trace and "no keys" not in trace
    assert json.loads((folder / "verdict.json").read_text())["requirements"] == [MUST]


def test_packets_of_one_test_are_in_no_other(ground):
    one = ground.play(lambda peer: peer.establish())
    other = ground.play(lambda peer: None)
    assert "IKE_AUTH" in (ground.out / one.artefacts / "trace.txt").read_text()
    assert (ground.out / other.artefacts / "trace.txt").read_text() == ""


def test_an_unmet_must_fails(ground):
    result = ground.play(refuse)
    assert result.verdict is Verdict.FAIL and "something else" in result.reason
    assert (ground.out / result.artefacts / "ikeref.log").exists()


def test_an_unmet_should_is_a_note_unless_strict(ground):
    soft, strict = ground.play(refuse, requirements=[SHOULD]), ground.play(refuse, requirements=[SHOULD], strict=True)
    assert soft.verdict is Verdict.PASS and SHOULD in soft.notes[0]
    assert strict.verdict is Verdict.FAIL
    assert ground.play(refuse, requirements=[SHOULD, MUST]).verdict is Verdict.FAIL


def test_a_should_within_a_test(ground):
    def body(peer):
        with peer.should(SHOULD):
            refuse(peer)

    assert ground.play(body).notes == [f"{SHOULD}: the peer did something else"]
    assert ground.play(body, strict=True).verdict is Verdict.FAIL


def test_an_expected_failure(ground):
    listed = [Expected("own.*", "scripted", "reference", "known")]
    assert ground.play(refuse, expected=listed).verdict is Verdict.EXPECTED_FAIL
    assert ground.play(lambda peer: None, expected=listed).verdict is Verdict.FAIL


def test_the_end_of_the_daemon_is_no_failure_that_was_expected_of_the_test(ground):
    def body(peer):
        peer.stage.peer._process.kill()
        refuse(peer)

    listed = Expected("own.*", "scripted", "reference", "known")
    result = ground.play(body, expected=[listed])
    assert result.verdict is Verdict.FAIL and "the daemon ended" in result.reason
    assert ground.play(body, expected=[replace(listed, ends=True)]).verdict is Verdict.EXPECTED_FAIL


def test_what_a_test_that_fails_does_to_the_daemon_afterwards_is_said(ground):
    import signal

    def body(peer):
        peer.stage.peer._process.signal(signal.SIGSTOP)
        refuse(peer)

    result = ground.play(body, expected=[Expected("own.*", "scripted", "reference", "known")])
    assert result.verdict is Verdict.FAIL and "after the test" in result.reason and "something else" in result.reason


def test_a_state_that_was_not_reached_is_inconclusive(ground):
    result = ground.play(lambda peer: peer.establish(psk="another"))
    assert result.verdict is Verdict.INCONCLUSIVE and "IKE_AUTH" in result.reason


def test_a_test_that_breaks_is_inconclusive(ground):
    result = ground.play(lambda peer: peer.nothing_of_the_kind())
    assert result.verdict is Verdict.INCONCLUSIVE and "broke" in result.reason


@pytest.mark.parametrize("role", ["responder", "initiator"])
def test_a_daemon_that_dies_has_failed_and_the_next_test_has_another(ground, role):
    result = ground.play(lambda peer: peer.stage.peer._process.kill(), role)
    assert (ground.out / result.artefacts / "ikeref.log").exists(), "its last words are not there"
    assert result.verdict is Verdict.FAIL and "ended" in result.reason
    assert ground.play(lambda peer: peer.establish(), role).verdict is Verdict.PASS


def test_a_daemon_that_hangs_has_failed(ground):
    import signal

    result = ground.play(lambda peer: peer.stage.peer._process.signal(signal.SIGSTOP))
    assert result.verdict is Verdict.FAIL and "after the test" in result.reason
    assert ground.play(lambda peer: peer.establish()).verdict is Verdict.PASS


def test_a_stage_that_never_comes_up_is_tried_twice(tmp_path):
    ground, opened = Ground(tmp_path), []

    class Deaf(Setup):
        @property
        def name(self):
            return "deaf"

    def play_once():
        test = ConformanceTest("own.deaf", "", Deaf("driver:/nowhere/deaf", "responder"), tmp_path / "t", tmp_path)
        return play(test, ground.stages, opened.append)

    results = [play_once() for _ in range(4)]
    assert {one.verdict for one in results} == {Verdict.INCONCLUSIVE} and opened == []
    assert ground.stages._count == 2


def test_what_cannot_be_written_down_is_inconclusive(ground):
    def body(peer):
        folder = ground.out / f"test-{ground.count}"
        folder.rename(ground.out / "elsewhere")
        folder.write_text("no directory any more")

    result = ground.play(body)
    (ground.out / f"test-{ground.count}").unlink(missing_ok=True)
    assert result.verdict is Verdict.INCONCLUSIVE


def test_what_a_test_leaves_is_taken_away(ground):
    def half_done(peer):
        sa = peer.call()
        sa.answer(sa.init_request, N("COOKIE", b"never used"), spi_r=bytes(8))

    assert ground.play(half_done, "initiator").verdict is Verdict.PASS
    assert ground.stage("initiator").left() == ""
    assert ground.play(lambda peer: (peer.establish(), peer.establish()), "responder").verdict is Verdict.PASS
    assert ground.stage().left() == ""


def test_a_delete_that_a_test_leaves_unanswered_is_answered_before_ours(ground):
    kept = []

    def unanswered(peer):
        kept.append(peer.establish())
        peer.delete("child")
        kept[0].prove_chance()
        assert kept[0].inbox and kept[0].children

    assert ground.play(unanswered).verdict is Verdict.PASS
    assert not kept[0].inbox and not kept[0].children and kept[0].deleted


def test_who_cannot_end_what_it_begins_anew_is_restarted(ground, monkeypatch):
    def begins_anew(peer):
        peer.establish().delete()
        peer.stage.peer.initiate(wait=False)
        while not peer.stage.carrier.strangers:
            assert peer.stage.carrier.wait(10), "nothing came"

    for able, restarts in ((True, 0), (False, 1)):
        stage = ground.stage("initiator")
        before = stage.restarts
        monkeypatch.setattr(stage.peer, "ends_what_it_begins_anew", able)
        assert ground.play(begins_anew, "initiator").verdict is Verdict.PASS
        assert ground.stage("initiator") is stage and stage.left() == "" and stage.restarts == before + restarts


def test_what_is_told_of_a_path_is_forgotten(ground):
    stage = ground.stage()

    def route():
        return stage.host.run(["ip", "route", "get", stage.other.address(4)]).stdout

    def told(responder):
        sa = responder.establish()
        responder.tell_path_mtu(responder.on_the_wire()[-1], 900)
        sa.prove_chance()
        assert "mtu 900" in route()

    assert ground.play(told).verdict is Verdict.PASS
    assert "mtu" not in route()


def test_the_vocabulary_can_fail(ground):
    """Each expectation, unmet."""
    def nothing_came(peer):
        sa = peer.establish()
        sa.send(INFORMATIONAL)
        sa.expect_nothing()

    def answered(peer):
        child = peer.establish().children[0]
        child.expect_no_reply(child.send_echo())

    def another_notification(peer):
        peer.establish().request(INFORMATIONAL).notified("INVALID_SYNTAX")

    def no_copy(peer):
        sa = peer.establish()
        request = sa.send(INFORMATIONAL)
        answer = sa.expect_response(request)
        sa.resend(request)
        sa.expect_no_copy(answer)

    def nobody_asks(peer):
        peer.establish().expect_request(CREATE_CHILD_SA, deadline_s=0.2)

    def silence(peer):
        sa = peer.initialised()
        sa.expect_response(sa.send(INFORMATIONAL, D(), after_sealing=lambda octets: octets[:-1]))

    for body, words in ((nothing_came, "silence was due"), (answered, "was answered"), (no_copy, "a copy"),
                        (another_notification, "has no INVALID_SYNTAX"), (nobody_asks, "did not come"),
                        (silence, "did not come")):
        result = ground.play(body)
        assert result.verdict is Verdict.FAIL and words in result.reason, (body.__name__, result)


def test_the_peer_of_an_unanswered_test_is_unharmed(ground):
    def unanswered(peer):
        sa = peer.ike_sa()
        sa.send(IKE_SA_INIT, *sa.init_payloads(), version=0x30)
        with pytest.raises(Unmet):
            sa.expect_nothing()

    ground.play(unanswered)
    assert ground.play(lambda peer: peer.establish()).verdict is Verdict.PASS
