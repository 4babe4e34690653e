from ikelab.conformance import *


@requirement("RFC7296-1.4-04", "RFC7296-1.4-06", "RFC7296-1.4-05")
def test_an_empty_request_is_answered(peer):
    """An INFORMATIONAL request without payloads has a response, under the negotiated keys. RFC 7296 1.4"""
    sa = peer.establish()
    answer = sa.request(INFORMATIONAL)
    assert answer.encrypted is not None and not answer.notifies()


@requirement("RFC7296-1.4-04")
def test_an_unknown_notification_is_answered(peer):
    """A notification of status that nobody knows is ignored, and the request answered. RFC 7296 1.4, 3.10.1"""
    sa = peer.establish()
    sa.request(INFORMATIONAL, N(40000, b"who knows"))
    sa.children[0].ping()


@requirement("RFC7296-1.4-05")
def test_an_empty_response_is_accepted(peer):
    """A Delete that is answered by nothing at all is answered, and the IKE SA goes on. RFC 7296 1.4"""
    sa = peer.establish()
    peer.delete("child")
    request = sa.expect_request(INFORMATIONAL)
    sa.answer(request)
    sa.liveness()
    sa.expect_no_copy(request)


@requirement("RFC7296-1.4-02", "RFC7296-2.4-16", "RFC7296-1.4.1-10")
def test_an_ike_sa_is_deleted_under_itself(peer):
    """Who ends an IKE SA says so by a Delete within it. RFC 7296 1.4, 1.4.1, 2.4"""
    sa = peer.establish()
    peer.delete("ike")
    request = sa.expect_request(INFORMATIONAL)
    assert request.payloads == [D()]
    sa.accept_delete(request)
    sa.prove_chance()
    assert not peer.status().established()


@requirement("RFC7296-1.4-02", "RFC7296-2.6-02")
def test_of_two_ike_sas_one_is_deleted(responder):
    """A Delete ends the IKE SA that carries it, and no other with the same peer. RFC 7296 1.4"""
    first = responder.establish(local_id="client")
    second = responder.establish(local_id="client")
    second.delete()
    first.liveness()
    first.children[0].ping()
    first.delete()


@requirement("RFC7296-1.5-01")
def test_a_protected_invalid_spi_is_understood(peer):
    """INVALID_SPI within an IKE SA is answered, and takes nothing down. RFC 7296 1.5"""
    sa = peer.establish()
    sa.request(INFORMATIONAL, N("INVALID_SPI", b"\x01\x02\x03\x04"))
    sa.children[0].ping()
