import ipaddress

from ikelab.conformance import *

pytestmark = needs("mobike")
NAT_DETECTION = ("NAT_DETECTION_SOURCE_IP", "NAT_DETECTION_DESTINATION_IP")


def ends(source, destination):
    """NO_NATS_ALLOWED of a message from here to there, each an address and a port."""
    octets = b"".join(ipaddress.ip_address(address).packed for address, _ in (source, destination))
    return N("NO_NATS_ALLOWED", octets + source[1].to_bytes(2, "big") + destination[1].to_bytes(2, "big"))


def no_nats(sa, source=None):
    """NO_NATS_ALLOWED of a message that we send now."""
    return ends((source or sa.carrier.local, sa.port), sa.to)


def named_by_sender(message):
    """NO_NATS_ALLOWED as it has to be in this message of the peer's."""
    return ends(message.arrived.source, (message.arrived.at, message.arrived.port))


@requirement("RFC4555-3.9-02", "RFC4555-3.9-03", "RFC4555-3.9-07")
def test_an_update_that_a_nat_has_changed_is_refused(responder):
    """NO_NATS_ALLOWED of another address: UNEXPECTED_NAT_DETECTED, sent to where the request came from, and nothing moves.
    RFC 4555 3.9"""
    sa = responder.establish()
    home = sa.children[0].ping().arrived.at
    sa.move(responder.another_address())
    answer = sa.request(INFORMATIONAL, N("UPDATE_SA_ADDRESSES"), no_nats(sa, "203.0.113.9"))
    answer.notified("UNEXPECTED_NAT_DETECTED")
    assert answer.arrived.at == responder.another_address()
    assert sa.children[0].ping().arrived.at == home


@requirement("RFC4555-3.9-02")
def test_an_update_that_no_nat_has_changed_is_taken(responder):
    """NO_NATS_ALLOWED of the very addresses: the update is done. RFC 4555 3.9"""
    sa = responder.establish()
    sa.move(responder.another_address())
    answer = sa.request(INFORMATIONAL, N("UPDATE_SA_ADDRESSES"), no_nats(sa))
    assert "UNEXPECTED_NAT_DETECTED" not in answer.notifies()
    sa.settle()
    assert sa.children[0].ping().arrived.at == responder.another_address()


@each("about", "ADDITIONAL_IP4_ADDRESS", "NO_ADDITIONAL_ADDRESSES")
@requirement("RFC4555-3.9-02", "RFC4555-3.9-03", "RFC4555-3.9-07")
def test_additional_addresses_that_a_nat_has_changed_are_refused(peer, about):
    """The same of whoever tells its additional addresses, initiator or responder. RFC 4555 3.9"""
    sa = peer.establish()
    told = N(about, bytes([203, 0, 113, 9]) if about.startswith("ADD") else b"")
    answer = sa.request(INFORMATIONAL, told, no_nats(sa, "203.0.113.9"))
    answer.notified("UNEXPECTED_NAT_DETECTED")
    assert answer.arrived.at == sa.carrier.local
    assert sa.children[0].ping().arrived.at == sa.carrier.local


@requirement("RFC4555-3.9-06")
def test_the_addresses_named_are_used_for_nothing(peer):
    """NO_NATS_ALLOWED names another address of ours: neither the answer nor ESP nor the peer's requests go there. RFC 4555
    3.9"""
    sa = peer.establish()
    home, named = sa.carrier.local, peer.another_address()
    about = "UPDATE_SA_ADDRESSES" if peer.role == "responder" else "NO_ADDITIONAL_ADDRESSES"
    answer = sa.request(INFORMATIONAL, N(about), no_nats(sa, named))
    answer.notified("UNEXPECTED_NAT_DETECTED")
    assert answer.arrived.at == home and sa.children[0].ping().arrived.at == home
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert request.arrived.at == home
    sa.accept_child(request)


@requirement("RFC4555-3.9-02", "RFC4555-3.9-03")
def test_ike_auth_that_a_nat_has_changed_is_refused(responder):
    """In the first IKE_AUTH request as well. RFC 4555 3.9"""
    sa = responder.initialised()
    sa.float()
    sa.expect_response(sa.send_auth(*sa.auth_payloads(), no_nats(sa, "203.0.113.9"))).notified("UNEXPECTED_NAT_DETECTED")


@requirement("RFC4555-3.9-02")
def test_ike_auth_that_no_nat_has_changed_is_taken(responder):
    """NO_NATS_ALLOWED of the very addresses in IKE_AUTH is no hindrance. RFC 4555 3.9"""
    sa = responder.initialised()
    sa.float()
    sa.auth(*sa.auth_payloads(), no_nats(sa)).ping()


def without_nat_traversal(initiator):
    """An IKE SA whose IKE_SA_INIT response says that we have no NAT traversal, and its IKE_AUTH request."""
    sa = initiator.call()
    sa.accept_init(*without(sa.init_response_payloads(), *NAT_DETECTION))
    request = sa.expect_request(IKE_AUTH)
    assert N("MOBIKE_SUPPORTED") in request.payloads
    return sa, request


@needs("mobike-as-initiator")
@requirement("RFC4555-3.9-01", "RFC4555-4.2.6-01", "RFC4555-4.2.1-03")
def test_without_nat_traversal_ike_auth_forbids_nats(initiator):
    """The responder sends no NAT detection, so that NAT traversal is not in use: IKE_AUTH has NO_NATS_ALLOWED of its
    addresses and ports. RFC 4555 3.9, 4.2.6"""
    sa, request = without_nat_traversal(initiator)
    assert named_by_sender(request) in request.payloads
    sa.accept_auth(request)


@needs("mobike-as-initiator")
@configuration(family=6)
@requirement("RFC4555-3.9-01", "RFC4555-4.2.6-01")
def test_without_nat_traversal_ike_auth_forbids_nats_of_ipv6(initiator):
    """36 octets where addresses have sixteen. RFC 4555 3.9, 4.2.6"""
    sa, request = without_nat_traversal(initiator)
    assert named_by_sender(request) in request.payloads
    sa.accept_auth(request)


@needs("esp-bare", "mobike-as-initiator", "roam")
@requirement("RFC4555-3.9-01", "RFC4555-4.2.6-01")
def test_without_nat_traversal_an_update_forbids_nats(initiator):
    """So has UPDATE_SA_ADDRESSES, of the addresses that it is about. RFC 4555 3.9, 4.2.6"""
    sa, request = without_nat_traversal(initiator)
    sa.accept_auth(request)
    sa.liveness()
    initiator.renumber()
    request = sa.expect_update()
    assert named_by_sender(request) in request.payloads
    sa.accept_update(request)


@needs("esp-bare", "mobike-as-initiator", "roam")
@requirement("RFC4555-3.9-04")
def test_a_refused_update_is_tried_again(initiator):
    """On UNEXPECTED_NAT_DETECTED the initiator tries it again in a new request. RFC 4555 3.9"""
    sa, request = without_nat_traversal(initiator)
    sa.accept_auth(request)
    sa.liveness()
    initiator.renumber()
    first = sa.expect_update()
    sa.answer(first, N("UNEXPECTED_NAT_DETECTED"), *first.cookie2)
    again = sa.expect_update()
    assert again.message_id == first.message_id + 1
    sa.accept_update(again)


@needs("mobike-as-initiator")
@requirement("RFC4555-3.9-05")
def test_a_refused_ike_auth_is_tried_again_from_the_beginning(initiator):
    """On UNEXPECTED_NAT_DETECTED in IKE_AUTH the initiator begins anew with IKE_SA_INIT. RFC 4555 3.9"""
    sa, request = without_nat_traversal(initiator)
    sa.answer(request, N("UNEXPECTED_NAT_DETECTED"))
    another = initiator.expect_call()
    another.accept_init()
    another.accept_auth(another.expect_request(IKE_AUTH))
    another.liveness()
