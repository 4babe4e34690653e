"""The annotated trace of a story whose every message is known."""

from __future__ import annotations

import os

import pytest
import synthetic as syn
from ikelab.trace import Mark, Scene, annotate
from ikelab.trace.leak import Policy, find_leaks
from ikelab.trace.render import lines, terminal
from ikelab.wire import capture, packet
from ikelab.wire.registry import Exchange, Protocol

SCENE = Scene({"192.168.1.2": "client", "198.51.100.2": "client", "203.0.113.1": "nat",
               "192.0.2.1": "gateway"}, ["client", "nat", "gateway"],
              {"client-wifi": ("client",), "gateway-wan": ("gateway",)}, {"nat"})


def traced(story, tmp_path, scene=SCENE, marks=()):
    frames = capture.read_captures(story.write(tmp_path))
    return annotate(packet.datagrams(frames), story.store, scene, marks)


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    return traced(syn.demo(), tmp_path_factory.mktemp("story"))


@pytest.mark.parametrize("title, words, clause", [
    ("IKE_SA_INIT request 0", "offers algorithms", "RFC 7296 1.2"),
    ("IKE_SA_INIT response 0", "send this cookie back", "RFC 7296 2.6"),
    ("IKE_SA_INIT request 0", "cookie first and all else as it was", "RFC 7296 2.6"),
    ("IKE_SA_INIT response 0", "the initiator sits behind a NAT", "RFC 7296 2.23"),
    ("IKE_AUTH request 1", 'proves to be "client", its first contact', "RFC 7296 1.2"),
    ("IKE_AUTH response 1", "Child SA c0ffee01 for 10.1.0.0/24 === 10.2.0.0/24", "RFC 7296 1.2"),
    ("NAT keepalive", "keeps its mapping", "RFC 3948 4"),
    ("INFORMATIONAL request 2", "I have moved to 198.51.100.2", "RFC 4555 3.5"),
    ("INFORMATIONAL request 2", "very same octets again (retransmission 1)", "RFC 7296 2.1"),
    ("INFORMATIONAL response 2", "sends to the new address from now on; no NAT", "RFC 4555 3.5"),
    ("INFORMATIONAL request 0", "return routability", "RFC 4555 3.7"),
    ("CREATE_CHILD_SA request 3", "rekeys Child SA beef0001 without a new key exchange", "RFC 7296 1.3.3"),
    ("CREATE_CHILD_SA response 3", "agrees: Child SA c0ffee02", "RFC 7296 1.3.3"),
    ("CREATE_CHILD_SA request 5", "rekeys the IKE SA with a new key exchange (X25519)", "RFC 7296 1.3.2"),
    ("INFORMATIONAL request 4", "ends Child SA beef0001", "RFC 7296 1.4.1"),
    ("INFORMATIONAL request 6", "ends the old IKE SA", "RFC 7296 2.8"),
    ("INFORMATIONAL request 0", "are you alive?", "RFC 7296 2.4"),
    ("INFORMATIONAL response 0", "alive", "RFC 7296 2.4"),
    ("INFORMATIONAL request 1", "ends the IKE SA and all", "RFC 7296 1.4.1"),
    ("ESP c0ffee02", "seq 1..20, 20 packets, inside: 10.1.0.1 > 10.2.0.1 UDP", "RFC 3948 2.1"),
])
def test_what_happened_is_said(trace, title, words, clause):
    assert any(e.title == title and words in e.meaning and e.clause == clause for e in trace.events), "\n".join(lines(trace))


def test_payloads_in_the_shorthand_of_the_rfc(trace):
    texts = [e.payloads for e in trace.events]
    assert "N(COOKIE) SA KE Ni N(NAT_DETECTION_SOURCE_IP) N(NAT_DETECTION_DESTINATION_IP)" in texts
    assert "IDr AUTH SA TSi TSr N(MOBIKE_SUPPORTED)" in texts
    assert "SA Nr TSi TSr" in texts


def test_lost_and_sent_again(trace):
    updates = [e for e in trace.events if "N(UPDATE_SA_ADDRESSES)" in e.payloads]
    assert [(e.lost, e.again) for e in updates] == [(True, 0), (False, 1)]
    burst = next(e for e in trace.events if e.kind == "esp" and e.lost_packets)
    assert (burst.packets, burst.lost_packets, burst.last_sequence) == (34, 4, 34)


def test_one_line_for_a_message_seen_on_two_links(trace):
    assert len([e for e in trace.events if e.title == "IKE_AUTH request 1"]) == 1
    assert trace.events[0].through == ["nat"]


def test_cost_counts_each_datagram_once(trace):
    cost = trace.cost
    assert (cost.ike_messages, cost.esp_packets, cost.keepalives) == (23, 104, 1)


def test_terminal_fits_80_columns_and_one_line_an_event_in_the_file(trace):
    assert max(map(len, terminal(trace, 80))) <= 80
    assert len(list(lines(trace))) == len(trace.events)
    assert "\x1b[" in "".join(terminal(trace, 80, colour=True))


def test_network_duplicate_is_no_retransmission(tmp_path):
    story, found = syn.Story(), syn.ike_keys(os.urandom(8), os.urandom(8))
    story.store.add(found)
    story.ike(syn.seal(found, Exchange.INFORMATIONAL, 8, 1, []))
    again = story.frames["gateway-wan"][-1]
    story.frames["gateway-wan"].append(
        capture.Frame(again.time_ns + 10**6, again.link, again.link_type, again.octets))
    events = traced(story, tmp_path).events
    assert [(e.duplicate, e.again) for e in events] == [(False, 0), (True, 0)]


def fragments_of(found, *texts, number=1):
    """A request whose plaintext is cut like this."""
    first, plain = syn.chain([syn.notify("COOKIE2", bytes(100))])
    cuts = [sum(texts[:at]) for at in range(len(texts))] + [len(plain)]
    return [syn.seal(found, Exchange.INFORMATIONAL, 8, number, [], (at + 1, len(texts)),
                     (first if at == 0 else 0, plain[cuts[at] : cuts[at + 1]])) for at in range(len(texts))]


def test_fragments_are_one_message(tmp_path):
    story, found = syn.Story(), syn.ike_keys(os.urandom(8), os.urandom(8))
    story.store.add(found)
    pieces = fragments_of(found, 40, 40, 0)
    for piece in pieces + pieces:
        story.ike(piece)
    trace = traced(story, tmp_path)
    assert [(e.payloads, e.again) for e in trace.events] == [
        ("SKF 1/3", 0), ("SKF 2/3", 0), ("SKF 3/3, all together: N(COOKIE2)", 0),
        ("SKF 1/3", 1), ("SKF 2/3", 1), ("SKF 3/3, all together: N(COOKIE2)", 1)]
    assert [m.notifies().keys() for m in trace.requests("INFORMATIONAL")] == [{"COOKIE2"}]
    assert len(trace.told("COOKIE2")) == 1 and len(trace.messages) == 2
    assert len(trace.fragments()) == len(trace.fragments("client")) == 3
    assert len(trace.fragments(again=True)) == 6 and not trace.fragments("gateway")


def test_a_message_cut_smaller_is_the_same_message(tmp_path):
    """Whole and lost, then in two, then in three fragments. RFC 7383 2.5.2"""
    story, found = syn.Story(), syn.ike_keys(os.urandom(8), os.urandom(8))
    story.store.add(found)
    story.ike(syn.seal(found, Exchange.INFORMATIONAL, 8, 1, [syn.notify("COOKIE2", bytes(100))]), lost=True)
    for piece in fragments_of(found, 60, 0) + fragments_of(found, 40, 40, 0):
        story.ike(piece)
    trace = traced(story, tmp_path)
    assert [e.again for e in trace.events] == [0, 1, 1, 2, 2, 2]
    assert {e.clause for e in trace.events[1:]} == {"RFC 7383 2.5.2"}
    assert len(trace.exchanges("INFORMATIONAL")) == 1


def test_sent_again_from_another_address_is_no_duplicate(tmp_path):
    """At once, and across a link that the first copy has crossed as well. RFC 4555 3.5"""
    story, found = syn.Story(nat=""), syn.ike_keys(os.urandom(8), os.urandom(8))
    story.store.add(found)
    octets = syn.seal(found, Exchange.INFORMATIONAL, 8, 1, [])
    story.ike(octets)
    story.frames["client-lte"], story.client = [], "198.51.100.2"
    moved = syn.udp(story.client, 4500, story.gateway, 4500, bytes(4) + octets)
    story.put("client-lte", moved)
    story.put("gateway-wan", moved, 40)
    events = traced(story, tmp_path).events
    assert [(e.duplicate, e.again) for e in events] == [(False, 0), (False, 1)]


def test_who_only_pretends_to_sit_behind_a_nat_is_found_out(tmp_path):
    story, found = syn.Story(nat=""), syn.ike_keys(os.urandom(8), os.urandom(8))
    story.store.add(found)
    hashes = [syn.notify("NAT_DETECTION_SOURCE_IP", bytes(20)),
              syn.notify("NAT_DETECTION_DESTINATION_IP",
                         syn.nat_hash(found.spi_i, found.spi_r, story.gateway, 4500))]
    story.ike(syn.seal(found, Exchange.INFORMATIONAL, 8, 1, hashes))
    story.ike(syn.seal(found, Exchange.INFORMATIONAL, 0x28, 1, hashes))
    assert "the responder pretends to sit behind a NAT" in traced(story, tmp_path).events[1].meaning


def test_collision_of_two_child_rekeys(tmp_path):
    story, found = syn.Story(), syn.ike_keys(os.urandom(8), os.urandom(8))
    story.store.add(found)
    rekey = [syn.notify("REKEY_SA", protocol=3, spi=bytes(4)), syn.sa(Protocol.ESP, bytes(4), syn.ESP_TRANSFORMS), syn.nonce()]
    story.ike(syn.seal(found, Exchange.CREATE_CHILD_SA, 8, 2, rekey))
    story.ike(syn.seal(found, Exchange.CREATE_CHILD_SA, 0, 0, rekey), up=False)
    first, second = traced(story, tmp_path).events
    assert "collision" not in first.meaning
    assert "collision" in second.meaning and second.clause == "RFC 7296 2.8.1"


@pytest.mark.parametrize("name, words, clause", [
    ("TEMPORARY_FAILURE", "not now", "RFC 7296 2.25"), ("TS_UNACCEPTABLE", "selectors", "RFC 7296 2.9"),
    ("AUTHENTICATION_FAILED", "not who it says", "RFC 7296 2.21.2")])
def test_refusals(tmp_path, name, words, clause):
    story, found = syn.Story(), syn.ike_keys(os.urandom(8), os.urandom(8))
    story.store.add(found)
    story.ike(syn.seal(found, Exchange.CREATE_CHILD_SA, 0x20, 2, [syn.notify(name)]), up=False)
    (event,) = traced(story, tmp_path).events
    assert words in event.meaning and event.clause == clause


def test_without_keys_it_says_so(tmp_path):
    story = syn.demo()
    story.store = syn.keys.KeyStore()
    trace = traced(story, tmp_path)
    assert trace.unopened_ike > 10 and trace.unopened_esp == 104
    assert any("no keys for this IKE SA" in e.meaning for e in trace.events)


def test_marks_stand_where_they_happened(tmp_path):
    story = syn.demo()
    time_ns = story.frames["client-wifi"][40].time_ns + 1
    trace = traced(story, tmp_path, marks=[Mark(time_ns, "client", "roams to lte")])
    at = next(i for i, e in enumerate(trace.events) if e.kind == "mark")
    assert trace.events[at - 1].time_ns < time_ns <= trace.events[at + 1].time_ns


POLICY = Policy(("10.1.0.0/24", "fd00:1::/64"), ("10.2.0.0-10.2.0.9", "fd00:2::/64"), "net")


@pytest.mark.parametrize("octets, leaks", [
    (syn.udp("10.1.0.1", 1, "10.2.0.1", 2, b"x"), 1),
    (syn.udp("10.2.0.1", 1, "10.1.0.1", 2, b"x"), 1),
    (syn.udp("10.2.0.10", 1, "10.1.0.1", 2, b"x"), 0),
    (syn.udp("192.0.2.1", 1, "10.1.0.1", 2, b"x"), 0),
    (syn.udp("10.1.0.1", 4500, "10.2.0.1", 4500, b"\1" * 40), 0),
    (syn.ipv4("10.1.0.1", "10.2.0.1", 50, bytes(40)), 0),
    (syn.ipv4("10.1.0.1", "10.2.0.1", 1, b"\x08\0\0\0"), 1),
    (syn.ipv4("10.1.0.1", "10.2.0.1", 1, b"\x03\0\0\0"), 0),
    (syn.ipv6("fd00:1::1", "fd00:2::1", 58, b"\x80\0\0\0"), 1),
    (syn.ipv6("fd00:1::1", "fd00:2::1", 58, b"\x87\0\0\0"), 0),
])
def test_leaks(octets, leaks):
    found = find_leaks([packet.parse_ip(octets, 1, "wan")], [POLICY])
    assert len(found) == leaks
    if found:
        assert "in the clear on wan" in str(found[0]) and "net" in str(found[0])


def test_a_message_in_pieces_counts_once(tmp_path):
    """RFC 7383: the piece that made it whole stands for the message, or the first one where nobody could open any."""
    for known in (True, False):
        story, found = syn.demo(), syn.ike_keys(os.urandom(8), os.urandom(8))
        if known:
            story.store.add(found)
        first, plain = syn.chain([syn.ident(35, "client"), syn.notify("INITIAL_CONTACT")])
        for number, piece in enumerate((plain[:9], plain[9:]), 1):
            raw = (first if number == 1 else 0, piece)
            story.ike(syn.seal(found, Exchange.IKE_AUTH, 8, 1, [], (number, 2), raw))
        trace = traced(story, tmp_path / str(known))
        own = [e for e in trace.exchanges("IKE_AUTH") if e.message.header.spi_i == found.spi_i]
        assert len(own) == 1 and ("INITIAL_CONTACT" in own[0].message.notifies()) == known
