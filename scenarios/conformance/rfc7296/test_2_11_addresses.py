from ikelab.conformance import *


def another_port(sa):
    """One of ours that the peer has not seen; with MOBIKE we are on 4500 without a NAT as well (RFC 4555 3.3)."""
    return sa.carrier.open_port(marked=sa.port == sa.carrier.natt_port)


@requirement("RFC7296-2.11-01", "RFC7296-2.11-02", "RFC7296-2.23-02", "RFC7296-2.23-03")
def test_a_request_from_any_port_is_answered_there(responder):
    """IKE_SA_INIT and IKE_AUTH from a port that is neither 500 nor 4500 are answered to it. RFC 7296 2.11, 2.23"""
    sa = responder.ike_sa()
    sa.port = sa.carrier.open_port()
    answer = sa.init()
    assert answer.arrived.port == sa.port
    sa.auth()
    assert sa.liveness().arrived.port == sa.port


@requirement("RFC7296-2.11-03")
@each("encapsulated", False, True)
def test_a_response_comes_from_where_its_request_went(peer, encapsulated):
    """From the port 500 or 4500 that the request was sent to. RFC 7296 2.11"""
    sa = peer.establish(encapsulated=encapsulated)
    assert sa.liveness().arrived.source == sa.to


@requirement("RFC7296-2.11-02", "RFC7296-2.23-03", "RFC7296-2.11-01")
@each("encapsulated", False, True)
def test_a_later_request_from_another_port_is_answered_there(peer, encapsulated):
    """The response goes to where that very request came from, whatever came before. RFC 7296 2.11"""
    sa = peer.establish(encapsulated=encapsulated)
    port = another_port(sa)
    answer = sa.request(INFORMATIONAL, port=port)
    assert answer.arrived.port == port


@requirement("RFC7296-2.11-02")
def test_a_repeated_request_is_answered_where_it_comes_from_now(peer):
    """The retransmission comes from another port: the same octets go there. RFC 7296 2.11, 2.1"""
    sa = peer.establish()
    request = sa.send(INFORMATIONAL)
    answer = sa.expect_response(request)
    request.port = port = another_port(sa)
    sa.resend(request)
    assert sa.expect_copy(answer).arrived.port == port


@requirement("RFC7296-2.23-01")
def test_requests_go_from_and_to_500_or_4500(peer):
    """The peer's own messages come from one of the two ports, and to the same one of ours. RFC 7296 2.23"""
    for message in life(peer):
        assert (message.arrived.source[1], message.arrived.port) in ((500, 500), (4500, 4500)), f"{message}"


@requirement("RFC7296-2.23-25")
def test_ike_may_begin_on_4500(responder):
    """The first message goes to port 4500 with its marker, without a NAT, and all works as usual. RFC 7296 2.23"""
    sa = responder.ike_sa()
    sa.float()
    answer = sa.init()
    assert (answer.arrived.port, answer.arrived.source[1]) == (sa.carrier.natt_port, sa.carrier.natt_port)
    assert sa.auth() is not None
    sa.liveness()
