from ipaddress import ip_address, ip_network

from ikelab.conformance import *
from ikelab.scripted.payloads import selector_octets

# The peer's policy: 10.1.0.0/24 behind the client, 10.2.0.0/24 behind the gateway (topology/pair.py).
NONE_OF_IT = ("203.0.113.0/24", "203.0.114.0/24")


def policy(sa):
    """Our side of what was configured, and the peer's."""
    child = sa.spec.children[0]
    return child.local_ts[0], child.remote_ts[0]


def within(payload, *nets):
    """Whether there are selectors, and each lies in one of the networks: a responder is free to narrow further."""
    return bool(payload.selectors) and all(
        any(ip_address(one.start) in ip_network(net) and ip_address(one.end) in ip_network(net) for net in nets)
        for one in payload.selectors)


def judge_subset(answer, ours, theirs):
    """TSi and TSr of a response lie within what we asked for and what the policy allows."""
    assert answer.first(PayloadType.TSi) is not None, f"{answer} has no selectors"
    assert within(answer.first(PayloadType.TSi), ours) and within(answer.first(PayloadType.TSr), theirs), str(answer)


def first_child(sa, ours, theirs):
    """IKE_AUTH with these selectors; its response."""
    payloads = replaced(replaced(sa.auth_payloads(), TSi(*ours)), TSr(*theirs))
    sent = sa.send_auth(*payloads)
    return sa.expect_response(sent), sent


def asked(sa, ours, theirs, rekey=None):
    """CREATE_CHILD_SA with these selectors; our offer and the response."""
    offer = sa.offer_child(rekey=rekey)
    offer.payloads = replaced(replaced(offer.payloads, TSi(*ours)), TSr(*theirs))
    return offer, sa.request(CREATE_CHILD_SA, *offer.payloads)


@requirement("RFC7296-2.9-03")
def test_selectors_within_the_policy_are_accepted(peer):
    """All of what is asked is allowed: that, or a part of it, is returned. RFC 7296 2.9"""
    sa = peer.establish()
    ours, theirs = policy(sa)
    _, answer = asked(sa, [ours], [theirs])
    judge_subset(answer, ours, theirs)


@needs("narrowing")
@requirement("RFC7296-2.9-03", "RFC7296-2.9-08")
def test_selectors_beyond_the_policy_are_narrowed(peer):
    """Everything is asked for: what the policy allows comes back, a subset of both. RFC 7296 2.9"""
    sa = peer.establish()
    ours, theirs = policy(sa)
    offer, answer = asked(sa, ["0.0.0.0/0"], ["0.0.0.0/0"])
    judge_subset(answer, ours, theirs)
    offer.take(answer).ping()


@needs("narrowing")
@requirement("RFC7296-2.9-03")
def test_selectors_are_narrowed_in_ike_auth(responder):
    """The same of the first Child SA. RFC 7296 2.9"""
    sa = responder.initialised()
    ours, theirs = policy(sa)
    answer, sent = first_child(sa, ["0.0.0.0/0"], ["0.0.0.0/0"])
    judge_subset(answer, ours, theirs)
    sa.take_auth(answer, sent).ping()


@requirement("RFC7296-2.9-03")
def test_no_more_than_was_asked_comes_back(peer):
    """Two hosts of the policy's nets are asked for: these, and not the nets. RFC 7296 2.9"""
    sa = peer.establish()
    ours, theirs = sa.inside[4]
    offer, answer = asked(sa, [ours], [theirs])
    judge_subset(answer, ours, theirs)
    offer.take(answer).ping()


@requirement("RFC7296-2.9-03")
def test_ports_and_protocols_are_no_wider_than_asked(peer):
    """ICMP alone is asked for: nothing else comes back. RFC 7296 2.9, 3.13.1"""
    sa = peer.establish()
    ours, theirs = policy(sa)
    offer, answer = asked(sa, [selector(ours, protocol=ip.ICMP)], [selector(theirs, protocol=ip.ICMP)])
    for kind in (PayloadType.TSi, PayloadType.TSr):
        assert [one.protocol for one in answer.first(kind).selectors] == [ip.ICMP]
    offer.take(answer).ping()


@needs("narrowing")
@requirement("RFC7296-2.9-02", "RFC7296-2.9-03")
def test_the_first_selectors_are_included(peer):
    """A packet's addresses first, then everything: the answer includes the packet's. RFC 7296 2.9"""
    sa = peer.establish()
    ours, theirs = sa.inside[4]
    offer, answer = asked(sa, [ours, "0.0.0.0/0"], [theirs, "0.0.0.0/0"])
    child = offer.take(answer)
    for kind, host, net in ((PayloadType.TSi, ours, policy(sa)[0]), (PayloadType.TSr, theirs, policy(sa)[1])):
        found = answer.selectors(kind)
        assert {host, net} & set(found) and within(answer.first(kind), net)
    child.ping()


@needs("narrowing")
@requirement("RFC7296-2.9-03", "RFC7296-2.9-08")
def test_what_nobody_wants_is_left_out(peer):
    """Of two nets one is in the policy: that alone comes back. RFC 7296 2.9"""
    sa = peer.establish()
    ours, theirs = policy(sa)
    offer, answer = asked(sa, [NONE_OF_IT[0], ours], [NONE_OF_IT[1], theirs])
    judge_subset(answer, ours, theirs)
    offer.take(answer).ping()


@each("side", "ours", "theirs")
@requirement("RFC7296-2.9-04")
def test_selectors_that_do_not_meet_the_policy_are_refused(responder, side):
    """TS_UNACCEPTABLE in IKE_AUTH; the IKE SA is set up all the same. RFC 7296 2.9, 1.2"""
    sa = responder.initialised()
    ours, theirs = policy(sa)
    answer, sent = first_child(sa, [NONE_OF_IT[0] if side == "ours" else ours],
                               [NONE_OF_IT[1] if side == "theirs" else theirs])
    answer.notified("TS_UNACCEPTABLE")
    assert sa.take_auth(answer, sent) is None
    sa.create_child().ping()


@requirement("RFC7296-2.9-04", "RFC7296-2.9-03")
def test_selectors_of_the_other_family_are_refused(peer):
    """IPv6 is asked for where the policy has IPv4: TS_UNACCEPTABLE. RFC 7296 2.9"""
    sa = peer.establish()
    _, answer = asked(sa, ["2001:db8:1::/64"], ["2001:db8:2::/64"])
    answer.notified("TS_UNACCEPTABLE")


def with_unknown(kind, *known_ones):
    """TSi or TSr that begins with a selector of a type nobody knows (241), of 16 octets."""
    octets = bytes([241, 0, 0, 16]) + 12 * b"\x55" + b"".join(selector_octets(selector(one)) for one in known_ones)
    return Raw(kind, bytes([1 + len(known_ones), 0, 0, 0]) + octets)


@requirement("RFC7296-2.9-06")
def test_a_selector_of_an_unknown_type_is_ignored(peer):
    """It is skipped, and the others are answered as ever. RFC 7296 2.9"""
    sa = peer.establish()
    ours, theirs = policy(sa)
    offer = sa.offer_child()
    payloads = [with_unknown(one.kind, ours if one.kind == PayloadType.TSi else theirs)
                if one.kind in (PayloadType.TSi, PayloadType.TSr) else one for one in offer.payloads]
    answer = sa.request(CREATE_CHILD_SA, *payloads)
    judge_subset(answer, ours, theirs)
    assert bytes([241]) not in (answer.first(PayloadType.TSi).body[4:5], answer.first(PayloadType.TSr).body[4:5])
    offer.take(answer).ping()


@requirement("RFC7296-2.9-06", "RFC7296-2.9-04")
def test_nothing_but_an_unknown_type_is_refused(peer):
    """Without any selector that it knows, the responder cannot accept. RFC 7296 2.9"""
    sa = peer.establish()
    payloads = [with_unknown(one.kind) if one.kind == PayloadType.TSi else one for one in sa.offer_child().payloads]
    answer = sa.request(CREATE_CHILD_SA, *payloads)
    assert answer.first(PayloadType.SA) is None
    answer.notified("TS_UNACCEPTABLE")


@requirement("RFC7296-2.9.1-01")
def test_an_initiator_asks_for_no_more_than_its_policy(peer):
    """The selectors proposed lie within those configured. RFC 7296 2.9.1"""
    sa = peer.establish()
    sa.delete_child(sa.children[0])
    peer.create_child()
    request = sa.expect_request(CREATE_CHILD_SA)
    ours, theirs = policy(sa)
    assert set(request.selectors(PayloadType.TSi)) == {theirs} and set(request.selectors(PayloadType.TSr)) == {ours}


def answered(sa, request, tsi, tsr, *more):
    """We respond with these selectors; the Child SA as we see it."""
    reply = sa.reply_child(request)
    reply.payloads = [*more, *replaced(replaced(reply.payloads, TSi(*tsi)), TSr(*tsr))]
    sa.answer(request, *reply.payloads)
    return reply.child()


@requirement("RFC7296-2.9-07", "RFC7296-2.9-03")
def test_an_initiator_accepts_narrowed_selectors(peer):
    """A subset comes back, and ADDITIONAL_TS_POSSIBLE beside it: the Child SA is used. RFC 7296 2.9"""
    sa = peer.establish()
    sa.delete_child(sa.children[0])
    peer.create_child()
    ours, theirs = sa.inside[4]
    child = answered(sa, sa.expect_request(CREATE_CHILD_SA), [theirs], [ours], N("ADDITIONAL_TS_POSSIBLE"))
    sa.liveness()
    child.ping()
    (found,) = peer.status().installed()
    assert [one.removesuffix("/32") for one in found.local_ts] == [theirs]


@each("which", "wider", "other")
@requirement("RFC7296-2.9-05")
def test_an_initiator_refuses_selectors_that_it_has_not_proposed(peer, which):
    """A response with more than was asked for, or with something else, makes no Child SA of that. RFC 7296 2.9"""
    sa = peer.establish()
    sa.delete_child(sa.children[0])
    peer.create_child()
    request = sa.expect_request(CREATE_CHILD_SA)
    nets = ("0.0.0.0/0", "0.0.0.0/0") if which == "wider" else NONE_OF_IT
    answered(sa, request, nets[:1], nets[1:])
    sa.prove_chance()
    ours, theirs = policy(sa)
    for found in peer.status().installed():
        assert set(found.local_ts) <= {theirs} and set(found.remote_ts) <= {ours}


@requirement("RFC7296-2.9.2-03", "RFC7296-2.9.2-01")
def test_a_rekey_is_not_narrowed(peer):
    """We rekey a Child SA: its selectors come back whole. RFC 7296 2.9.2"""
    sa = peer.establish()
    ours, theirs = policy(sa)
    offer, answer = asked(sa, [ours], [theirs], rekey=sa.children[0])
    assert (answer.selectors(PayloadType.TSi), answer.selectors(PayloadType.TSr)) == ([ours], [theirs])
    offer.take(answer)


@requirement("RFC7296-2.9.2-03", "RFC7296-2.9.2-01")
def test_a_rekey_with_the_packets_selectors_first_is_not_narrowed_to_them(peer):
    """Who rekeys with a host's selectors in front of the nets keeps the nets. RFC 7296 2.9.2"""
    sa = peer.establish()
    hosts, nets = sa.inside[4], policy(sa)
    offer, answer = asked(sa, [hosts[0], nets[0]], [hosts[1], nets[1]], rekey=sa.children[0])
    assert nets[0] in answer.selectors(PayloadType.TSi) and nets[1] in answer.selectors(PayloadType.TSr)
    offer.take(answer).ping()


@needs("narrowing")
@requirement("RFC7296-2.9.2-01", "RFC7296-2.9.2-02")
def test_a_rekey_of_a_narrowed_child_sa_asks_for_no_less(responder):
    """The first Child SA is of two hosts: its rekey asks for these, or for more. RFC 7296 2.9.2"""
    sa = responder.initialised()
    ours, theirs = sa.inside[4]
    answer, sent = first_child(sa, [ours], [theirs])
    sa.take_auth(answer, sent)
    responder.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert {ours, policy(sa)[0]} & set(request.selectors(PayloadType.TSr))
    assert {theirs, policy(sa)[1]} & set(request.selectors(PayloadType.TSi))


@needs("acquire")
@configuration(child={"start": "traffic"})
@requirement("RFC7296-2.9-01")
def test_a_packets_own_selectors_come_first(initiator):
    """Asked for because of a packet, TSi and TSr begin with selectors of its two addresses alone. RFC 7296 2.9"""
    sa = initiator.call(by_packet=True)
    sa.accept_init()
    request = sa.expect_request(IKE_AUTH)
    ours, theirs = sa.inside[4]
    for kind, host in ((PayloadType.TSi, theirs), (PayloadType.TSr, ours)):
        first = request.first(kind).selectors[0]
        assert (first.start, first.end) == (host, host)
    sa.accept_auth(request)
    sa.liveness()
    sa.children[0].ping()
