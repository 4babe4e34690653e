from ikelab.conformance import *


@requirement("RFC7296-3.12-06", "RFC7296-3.12-05", "RFC7296-3.12-01", "RFC7296-3.12-02")
@each("length", 0, 1, 16, 1000)
def test_unfamiliar_vendor_ids_of_requests_are_ignored(responder, length):
    """Several in IKE_SA_INIT and IKE_AUTH, before and behind all else. RFC 7296 3.12"""
    sa = responder.ike_sa()
    ours = V(responder.draws.octets(length))
    sa.take_init(sa.try_init(lambda payloads: [ours, *payloads, ours, V(b"another")]))
    assert sa.auth(ours, *sa.auth_payloads(), V(b"another")) is not None
    sa.liveness()


@requirement("RFC7296-3.12-06", "RFC7296-3.12-05", "RFC7296-3.12-01", "RFC7296-3.12-02")
@each("length", 0, 1, 16, 1000)
def test_unfamiliar_vendor_ids_of_responses_are_ignored(initiator, length):
    """Several in the responses of IKE_SA_INIT and IKE_AUTH. RFC 7296 3.12"""
    sa = initiator.call()
    ours = V(initiator.draws.octets(length))
    sa.accept_init(ours, *sa.init_response_payloads(), ours)
    request = sa.expect_request(IKE_AUTH)
    sa.accept_auth(request, ours, *sa.auth_response_payloads(request), V(b"another"))
    sa.liveness()


@requirement("RFC7296-3.12-06", "RFC7296-3.12-03")
def test_vendor_ids_change_nothing_later(peer):
    """In INFORMATIONAL and CREATE_CHILD_SA they are as if they were not there. RFC 7296 3.12"""
    sa = peer.establish()
    assert sa.request(INFORMATIONAL, V(b"who knows"), V(b"")).payloads == []
    offer = sa.offer_child()
    offer.take(sa.request(CREATE_CHILD_SA, V(b"who knows"), *offer.payloads)).ping()
