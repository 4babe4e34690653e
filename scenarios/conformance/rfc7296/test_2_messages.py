from ikelab.conformance import *


@each("octets", 1280, 3000)
@requirement("RFC7296-2-01", "RFC7296-2-02")
def test_long_messages_are_taken(peer, octets):
    """A request of that many octets, in one datagram, is processed. RFC 7296 2"""
    sa = peer.establish()
    sent = sa.send(INFORMATIONAL, V(bytes(octets - 28 - 4 - 8 - 16 - 4 - 1)))
    assert len(sent.octets) >= octets - 4
    sa.expect_response(sent)


@requirement("RFC7296-2-01", "RFC7296-2-02")
def test_a_long_ike_sa_init_is_taken(responder):
    """IKE_SA_INIT of 1280 octets and more. RFC 7296 2"""
    sa = responder.ike_sa()
    sa.take_init(sa.try_init(lambda payloads: [*payloads, V(bytes(1200))]))
    assert len(sa.sent_init.octets) > 1280
    sa.auth()


@requirement("RFC7296-2-04")
def test_the_non_esp_marker_stands_on_port_4500(peer):
    """Each message on port 4500 begins with four octets of zero, or it would be taken for ESP. RFC 7296 2"""
    sa = peer.establish(encapsulated=True)
    assert sa.liveness().arrived.port == sa.carrier.natt_port
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert request.arrived.port == sa.carrier.natt_port
    sa.accept_child(request)
    sa.accept_delete(sa.expect_request(INFORMATIONAL))


@requirement("RFC7296-2-04")
def test_without_the_marker_it_is_esp(peer):
    """On port 4500 a message without the Non-ESP marker is no IKE message. RFC 7296 2, RFC 3948 2.2"""
    sa = peer.establish(encapsulated=True)
    fine = sa.send(INFORMATIONAL, to=("127.0.0.1", 9))
    sa.carrier.send_raw(fine.octets, sa.port, sa.to)
    sa.expect_nothing("it is an ESP packet")
    sa.resend(fine)
    sa.liveness()
