"""Hostile peers: cases follow from their seed alone; each rule is broken once, by a fault that is planted."""

from __future__ import annotations

import os
import re
import signal
import struct
import threading
import time
from dataclasses import replace
from random import Random
from types import SimpleNamespace

import pytest
from ikelab.cleanup import build_directory
from ikelab.conformance.judge import Stages
from ikelab.conformance.stage import Setup
from ikelab.conformance.under_test import KINDS
from ikelab.hostile import memory, mutate, oracle, play
from ikelab.hostile.case import GROUPS, Case, Deed, State, cases, generators
from ikelab.hostile.options import numbers
from ikelab.scripted.errors import NotReady, Unmet
from ikelab.scripted.payloads import SA, N, TransformWith, replaced
from ikelab.wire.ike import FLAG_INITIATOR, FLAG_RESPONSE, HEADER
from ikelab.wire.registry import Exchange, PayloadType

ROLES = ("responder", "initiator")
lab = pytest.mark.skipif(os.geteuid() != 0 or not (build_directory() / "ikeref").exists(), reason="needs root and `make`")


# Cases.

@pytest.mark.parametrize("group", GROUPS)
def test_the_same_seed_makes_the_same_cases(group):
    def words(seed, role="responder"):
        return [str(one) for one in cases(group, seed, range(60), role)]

    assert words("1") == words("1") and words("1") != words("2")
    assert words("1", "initiator") == words("1", "initiator")


@pytest.mark.parametrize("group", GROUPS)
def test_a_case_needs_none_before_it(group):
    assert str(next(cases(group, "7", [41], "responder"))) == [str(one) for one in cases(group, "7", range(42), "responder")][-1]


@pytest.mark.parametrize("group", GROUPS)
def test_a_few_cases_are_of_all_kinds_and_say_what_they_do(group):
    for role in ROLES:
        found = list(cases(group, "1", range(24), role))
        assert len({one.kind for one in found}) >= min(3, len(generators(group).by_kind) - 2)
        assert all(one.deed.words for one in found)
    assert all(generator.__doc__ or re.match(r"\w+$", kind) for kind, generator in generators(group).by_kind.items())


def test_numbers_of_cases():
    assert (numbers("7"), numbers("7-9")) == (range(7, 8), range(7, 10))
    for wrong in ("", "x", "9-7", "-1"):
        with pytest.raises(ValueError):
            numbers(wrong)


def test_changes_are_the_same_again_and_change_something():
    octets = bytes(range(100))
    for seed in range(200):
        one, other = mutate.change(Random(seed)), mutate.change(Random(seed))
        assert (one.words, one(octets), one(b"")) == (other.words, other(octets), other(b""))
    assert sum(mutate.change(Random(seed))(octets) != octets for seed in range(200)) > 190


# Rules that look at datagrams.

def datagram(response=False, number=1, exchange=37, first=46, more=20, spi_r=b"r" * 8, skf=None):
    body = (b"\0\0\0\0" + skf if skf else b"").ljust(more, b"\0")
    flags = FLAG_RESPONSE if response else FLAG_INITIATOR
    return HEADER.pack(b"i" * 8, spi_r, first, 0x20, exchange, flags, number, 28 + len(body)) + body


def broken(ours, theirs):
    found = oracle.Seen(oracle.Watch(ours, theirs), [], {}, False, set())
    return {one.rule for one in oracle.judge(found)}


def test_one_request_has_one_answer():
    ask, answer = datagram(), datagram(response=True)
    assert broken([ask, ask], [answer, answer]) == set()
    assert broken([ask], [answer, answer]) == {"an answer that nothing asked for"}


def test_an_answer_that_comes_late_is_not_held_against_the_next_case():
    late = b"earlier." + datagram(response=True)[8:]
    assert broken([datagram()], [late, datagram(response=True)]) == set()


def test_a_response_has_no_answer():
    assert broken([datagram(response=True)], [datagram(response=True)]) == {"an answer that nothing asked for"}


def test_the_flags_of_another_major_version_say_nothing():
    later = lambda octets: octets[:17] + b"\x30" + octets[18:]  # noqa: E731
    assert broken([later(datagram(response=True))], [datagram(response=True)]) == set()


def test_fragments_of_an_answer_count_once():
    several = [datagram(response=True, first=53, skf=bytes((0, number, 0, 2))) for number in (1, 2)]
    assert broken([datagram()], several) == set()
    assert broken([datagram()], several * 2) == {"an answer that nothing asked for"}


def test_a_refusal_is_no_longer_than_the_question():
    ask = datagram(number=0, exchange=34, first=33, spi_r=bytes(8), more=60)
    for more, wrong in ((60, set()), (76, set()), (77, {"more octets out than in"})):
        assert broken([ask], [datagram(response=True, number=0, exchange=34, first=41, spi_r=bytes(8), more=more)]) == wrong


# Faults planted in a peer: the reference, or what is heard of it.

class Ground:
    def __init__(self, out):
        self.stages = Stages(out)
        self.out = out
        self.plays = 0

    def play(self, deeds, role="responder", **budget):
        """One case of each deed; what came of it."""
        stage = self.stages.get(Setup.of("reference", role, "pair", {"half_open_timeout_ms": 10_000}))
        peer = KINDS[role](stage, "planted")
        peer.directory = self.out / "kept"
        self.plays += 1  # the daemon goes on: the same seed would make SPIs that it has seen
        made = [Case("planted", str(self.plays), number, "kind", deed) for number, deed in enumerate(deeds)]
        one = play.Play(peer, "planted", play.Budget(count=len(made)))
        original, play.cases = play.cases, lambda *_: iter(made)
        try:
            return one.run()
        finally:
            play.cases = original

    def rules(self, *deeds, **options):
        return {one.broken.rule for one in self.play(deeds, **options).found.values()}


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    made = Ground(tmp_path_factory.mktemp("hostile"))
    yield made
    made.stages.close()


def established(function, **options):
    return Deed(State.ESTABLISHED, "planted", function, **options)


def innocent(ground):
    ground.ask(Exchange.INFORMATIONAL)


@lab
@pytest.mark.parametrize("role", ROLES)
def test_who_does_no_wrong_is_found_guilty_of_nothing(ground, role):
    report = ground.play([established(innocent)] * 3, role=role)
    assert (len(report.played), report.missed, report.found) == (3, [], {})


@lab
@pytest.mark.parametrize("role", ROLES)
def test_a_death_is_found_and_does_not_end_the_play(ground, role):
    report = ground.play([established(lambda g: g.peer.stage.peer._process.kill()), established(innocent)], role=role)
    assert {one.broken.rule for one in report.found.values()} == {"it died"} and len(report.played) == 2
    assert (ground.out / "kept" / "case-0" / "wire.pcap").exists()


def dies_late(g):
    """As a daemon does that is struck, and writes down where."""
    threading.Timer(0.3, g.peer.stage.peer._process.kill).start()


def in_which_it_ends(g):
    """If it is to end at all."""
    end = time.monotonic() + 1
    while g.peer.stage.peer.running() and time.monotonic() < end:
        time.sleep(0.01)


@lab
@pytest.mark.parametrize("role", ROLES)
def test_a_late_death_is_that_of_the_case_which_it_came_of(ground, role):
    report = ground.play([*map(established, (innocent, dies_late, innocent, in_which_it_ends, innocent))], role=role)
    assert [(one.case.number, one.broken.rule, one.again) for one in report.found.values()] == [(1, "it died", 0)]


@lab
def test_a_death_that_none_brings_about_alone_is_found_all_the_same(ground, monkeypatch):
    monkeypatch.setattr(play, "DEATH_S", 0.1)
    deeds = iter([lambda g: g.peer.stage.peer._process.kill()])
    once = established(lambda g: next(deeds, innocent)(g))
    report = ground.play([established(innocent), once])
    assert [one.broken.rule for one in report.found.values()] == ["it died"]
    assert "played alone none of the last 2 cases does that" in next(iter(report.found.values())).broken.words


@lab
def test_a_hang_is_found(ground, monkeypatch):
    monkeypatch.setattr("ikelab.scripted.carrier.Carrier.prove_chance.__defaults__", (4.0,))
    found = ground.rules(established(lambda g: g.peer.stage.peer._process.signal(signal.SIGSTOP)))
    assert "an answer that the RFC forbids" in found


@lab
@pytest.mark.parametrize("role", ROLES)
def test_somebody_authenticated_is_found(ground, role):
    """A case that ought to prove nothing proves all."""
    right = Deed(State.KEYED, "planted", lambda g: g.auth(*g.auth_payloads()), stranger=True)
    wrong = Deed(State.KEYED, "planted", lambda g: g.auth(*replaced(g.auth_payloads(), N("INITIAL_CONTACT"))[:1]), stranger=True)
    assert ground.rules(right, role=role) == {"somebody was authenticated who proved nothing"}
    assert ground.rules(wrong, role=role) == set()


@lab
def test_a_message_that_cannot_be_read_is_found(ground):
    assert ground.rules(established(lambda g: g.sa.problems.append("planted"))) == {"a message that cannot be read"}


def heard_again(change):
    """What came last has come once more, and changed."""
    def body(g):
        innocent(g)
        last = g.sa.heard[-1]
        again = type(last)(last.header, last.octets, last.outer, arrived=last.arrived)
        again.inner = list(last.inner or [])
        change(again)
        g.sa.heard.append(again)
    return established(body)


@lab
def test_another_answer_to_the_same_request_is_found(ground):
    assert ground.rules(heard_again(lambda one: one.inner.append(N("INVALID_SYNTAX")))) == {"two answers to one request"}
    assert ground.rules(heard_again(lambda one: None)) == set()


@lab
def test_a_copy_in_pieces_is_no_other_answer(ground):
    def body(g):
        size = 8
        g.ask(Exchange.INFORMATIONAL, N("COOKIE2", bytes(60)), fragment=size, order=lambda several: [*several, several[0]])
    assert ground.rules(established(body)) == set()


@lab
def test_words_in_the_clear_are_found(ground):
    def clear(name):
        return heard_again(lambda one: setattr(one, "outer", [N(name)]))
    assert ground.rules(clear("INVALID_SYNTAX")) == {"unprotected where there are keys"}
    assert ground.rules(clear("INVALID_IKE_SPI")) == set()


def a_child(g):
    offer = g.sa.offer_child()
    g.ask(Exchange.CREATE_CHILD_SA, *offer.payloads)
    assert g.sa.heard[-1].first(PayloadType.SA) is not None


@lab
def test_selectors_beyond_the_policy_are_found(ground):
    def body(g):
        a_child(g)
        child = g.sa.spec.children[0]
        object.__setattr__(g.sa, "spec", SimpleNamespace(children=(SimpleNamespace(local_ts=child.remote_ts, remote_ts=()),)))
    assert ground.rules(established(a_child)) == set()
    assert ground.rules(established(body)) == {"selectors outside the policy"}


@lab
def test_a_choice_of_what_was_not_proposed_is_found(ground):
    def body(g):
        a_child(g)
        g.asked[max(g.asked)] = [g.sa.offer_rekey().payloads]

    def of_two(g):
        a_child(g)
        g.asked[max(g.asked)].append(g.sa.offer_rekey().payloads)

    def of_another_exchange(g):
        g.asked[g.sa.spi_i, Exchange.CREATE_CHILD_SA, 1].append(g.sa.offer_rekey().payloads)  # IKE_AUTH had that number
    assert ground.rules(established(body)) == {"a choice of what was not proposed"}

    def of_two_lengths(g):
        a_child(g)
        (proposal,) = (found := g.asked[max(g.asked)][0])[0].proposals
        first = proposal.transforms[0]
        both = TransformWith(first.kind, first.number, first.key_length, struct.pack(">HH", 0x800E, first.key_length // 2))
        found[0] = SA(replace(proposal, transforms=[both, *proposal.transforms[1:]]))
    assert ground.rules(established(of_two), established(of_another_exchange), established(of_two_lengths)) == set()


@lab
def test_memory_that_grows_is_found(ground, monkeypatch):
    monkeypatch.setattr(play, "WARM", 1)
    monkeypatch.setattr(play, "BATCH", 1)
    monkeypatch.setattr(play, "HALF_OPEN_GONE_S", 0.1)
    sizes = iter(range(10_000, 10_000_000, 3000))
    monkeypatch.setattr("ikelab.peers.reference.Reference.resident_kib", lambda _: next(sizes), raising=False)
    assert ground.rules(established(innocent), established(innocent)) == {"memory grew"}


@pytest.mark.parametrize("kib, wrong", [
    ((0, 1000, 2000, 3000, 4000), True), ((0, 3000, 3900, 3950, 4000), False), ((0, 0, 0, 2000, 4000), True),
    ((0, 500, 900, 1300, 1800), False), ((0,), False), ((), False), ((0, 9000), True)])
def test_memory_that_an_allocator_keeps_does_not_grow(kib, wrong):
    assert bool(memory.grew([memory.Memory(0, 32 + 16 * number, one) for number, one in enumerate(kib)])) is wrong


@lab
def test_a_peer_that_does_no_plain_life_afterwards_is_found(ground, monkeypatch):
    real, lost = play.Play._brought, []

    def brought(self, case):
        if case.number == 1 and not lost:
            lost.append(case)
            raise NotReady("planted")
        return real(self, case)

    monkeypatch.setattr(play.Play, "_brought", brought)
    report = ground.play([established(innocent), established(innocent)])
    assert [(one.case.number, one.broken.rule) for one in report.found.values()] == [(0, "no plain life afterwards")]


@lab
def test_what_is_found_says_how_to_repeat_it(ground, monkeypatch):
    stage = ground.stages.get(Setup.of("reference", "responder", "pair", {}))
    peer = KINDS["responder"](stage, "planted")
    peer.directory = ground.out / "kept"
    bad = Case("order", "5", 9, "walk", established(lambda g: g.sa.problems.append("planted")))
    monkeypatch.setattr(play, "cases", lambda *_: iter([bad]))
    with pytest.raises(Unmet, match=r"ikelab hostile order --peer reference --role responder --seed 5 --case 9"):
        play.play("order", peer, play.Budget("5", 1, 9))
