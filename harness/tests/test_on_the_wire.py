"""What packets say of sides whose daemons are silent, in a story whose every message is known."""

from __future__ import annotations

import dataclasses

import pytest
import synthetic as syn
from ikelab.stage import on_the_wire
from ikelab.trace import Scene, Trace, annotate
from ikelab.wire import capture, packet

SCENE = Scene({"192.168.1.2": "client", "198.51.100.2": "client", "203.0.113.1": "nat", "192.0.2.1": "gateway"},
              ["client", "nat", "gateway"], {"client-wifi": ("client",), "gateway-wan": ("gateway",)}, {"nat"})
CLIENT, GATEWAY = ("192.168.1.2", "198.51.100.2"), ("192.0.2.1",)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[syn.Story, Trace]:
    made = syn.demo()
    frames = capture.read_captures(made.write(tmp_path_factory.mktemp("story")))
    return made, annotate(packet.datagrams(frames), made.store, SCENE)


def until(trace: Trace, title: str) -> Trace:
    """As it was when that event came."""
    number = next(i for i, event in enumerate(trace.events) if event.title == title)
    return dataclasses.replace(trace, events=trace.events[: number + 1])


def test_who_is_behind_a_nat(story: tuple[syn.Story, Trace]) -> None:
    """The client is, until it has moved; each side judges by what came to it."""
    _, trace = story
    assert on_the_wire.nat_seen_at(GATEWAY, dataclasses.replace(trace, events=[])) is None
    asked = until(trace, "IKE_SA_INIT request 0")
    assert on_the_wire.nat_seen_at(GATEWAY, asked) == (False, True)
    assert on_the_wire.nat_seen_at(CLIENT, asked) is None
    answered = until(trace, "IKE_AUTH request 1")
    assert on_the_wire.nat_seen_at(CLIENT, answered) == (True, False)
    assert on_the_wire.nat_seen_at(GATEWAY, trace) == on_the_wire.nat_seen_at(CLIENT, trace) == (False, False)


def test_spis_are_those_of_messages_and_of_rekeys(story: tuple[syn.Story, Trace]) -> None:
    made, trace = story
    pairs = {tuple(int.from_bytes(one, "big") for one in spis) for spis in made.store.ike}
    assert len(pairs) == 2 and on_the_wire.ike_sas(trace) == pairs
    # Nothing has been said on the new IKE SA yet, but its SPIs have been.
    rekeyed = until(trace, "CREATE_CHILD_SA response 5")
    assert on_the_wire.ike_sas(rekeyed) == pairs
    assert len(on_the_wire.ike_sas(until(trace, "CREATE_CHILD_SA request 5"))) == 1


def test_what_no_packet_shows_is_unproven(story: tuple[syn.Story, Trace]) -> None:
    made, trace = story
    pairs = {(int.from_bytes(i, "big"), int.from_bytes(r, "big")) for i, r in made.store.ike}
    assert on_the_wire.unproven(pairs, trace) == []
    assert on_the_wire.unproven({*pairs, (1, 2)}, trace) == ["0000000000000001 0000000000000002"]
    assert on_the_wire.unproven({(1, 2)}, dataclasses.replace(trace, unopened_ike=1)) == []
