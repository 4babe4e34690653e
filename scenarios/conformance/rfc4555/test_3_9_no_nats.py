import ipaddress

from ikelab.conformance import *

pytestmark = needs("mobike")


def no_nats(sa, source=None):
    """NO_NATS_ALLOWED of a message that we send now."""
    ends = (source or sa.carrier.local, sa.to[0])
    ports = sa.port.to_bytes(2, "big") + sa.to[1].to_bytes(2, "big")
    return N("NO_NATS_ALLOWED", b"".join(ipaddress.ip_address(one).packed for one in ends) + ports)


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
    sa.prove_chance()
    while any(not one.header.response for one in sa.inbox):
        sa.answer_politely(sa.expect_request())
        sa.liveness()
    assert sa.children[0].ping().arrived.at == responder.another_address()


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
