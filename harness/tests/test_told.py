"""What an adapter makes of a daemon's own program that does not answer."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ikelab.peers.contract import PeerNotRunning, PeerSilent
from ikelab.peers.in_guest import TRIES
from ikelab.peers.openiked import OpenIKED
from ikelab.process import ProcessError


@pytest.fixture
def peer(tmp_path, monkeypatch):
    made = OpenIKED.__new__(OpenIKED)
    made.kind, made.guest = "iked", SimpleNamespace(running=True)
    made._host = SimpleNamespace(guest=made.guest)
    monkeypatch.setattr(OpenIKED, "running", lambda self: True)
    monkeypatch.setattr(OpenIKED, "_last_words", lambda self: "nothing")
    return made


def answers(peer, monkeypatch, *left):
    waiting = list(left)

    def run(self, argv, timeout, check):
        answer = waiting.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(stdout=answer)
    monkeypatch.setattr(OpenIKED, "_run", run)
    return waiting


def test_a_lost_answer_is_asked_for_again(peer, monkeypatch):
    left = answers(peer, monkeypatch, ProcessError("it did not end"), "its state", "never asked for")
    assert peer._told(["ikectl"]) == "its state" and left == ["never asked for"]


def test_who_never_answers_is_silent(peer, monkeypatch):
    left = answers(peer, monkeypatch, *[ProcessError("it did not end")] * TRIES, "never asked for")
    with pytest.raises(PeerSilent, match="does not tell its state: it did not end"):
        peer._told(["ikectl"])
    assert left == ["never asked for"]


def test_a_dead_guest_is_not_asked_again(peer, monkeypatch):
    answers(peer, monkeypatch, ProcessError("the guest has ended"))
    peer.guest.running = False
    with pytest.raises(ProcessError, match="the guest has ended"):
        peer._told(["ikectl"])


def test_a_daemon_that_has_ended_is_not_asked(peer, monkeypatch):
    answers(peer, monkeypatch)
    monkeypatch.setattr(OpenIKED, "running", lambda self: False)
    with pytest.raises(PeerNotRunning, match="is not running"):
        peer._told(["ikectl"])
