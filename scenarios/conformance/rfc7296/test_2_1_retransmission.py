from ikelab.conformance import *


@requirement("RFC7296-2.1-02")
def test_a_repeated_request_is_answered_by_the_same_octets(peer):
    """A request that comes again has no effect but that the very same response is sent again. RFC 7296 2.1"""
    sa = peer.establish()
    request = sa.send(INFORMATIONAL)
    answer = sa.expect_response(request)
    sa.resend(request)
    assert sa.expect_copy(answer).octets == answer.octets
    sa.liveness()


@requirement("RFC7296-2.1-01")
def test_a_response_is_not_repeated_by_itself(peer):
    """A response is sent again only when the request arrives again. RFC 7296 2.1"""
    sa = peer.establish()
    answer = sa.liveness()
    sa.expect_no_copy(answer)


@requirement("RFC7296-2.1-06", "RFC7296-2.1-07", "RFC7296-2.2-04")
def test_an_unanswered_request_is_repeated_as_it_was(initiator):
    """Without a response the request comes again, octet for octet. RFC 7296 2.1"""
    sa = initiator.call()
    assert sa.expect_copy(sa.init_request).octets == sa.init_request.octets
