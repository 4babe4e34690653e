from ikelab.conformance import *


@requirement("RFC7296-3.7-05", "RFC7296-3.7-01", "RFC7296-3.2-05")
@each("encoding", 4, 1, 12, 200)
def test_a_certreq_that_nobody_can_satisfy_is_no_obstacle(responder, encoding):
    """CERTREQ of an authority or an encoding that is unknown, sent to who has a shared key: all goes on. RFC 7296 3.7"""
    sa = responder.initialised()
    payloads = sa.auth_payloads()
    assert sa.auth(payloads[0], CERTREQ(20 * b"\x99", encoding), *payloads[1:]) is not None


@requirement("RFC7296-3.7-05", "RFC7296-3.7-01", "RFC7296-3.7-04")
def test_a_certreq_and_http_lookup_in_the_first_response_are_no_obstacle(initiator):
    """CERTREQ and HTTP_CERT_LOOKUP_SUPPORTED in IKE_SA_INIT do not keep the initiator from IKE_AUTH. RFC 7296 3.7"""
    sa = initiator.call()
    sa.accept_init(*sa.init_response_payloads(), CERTREQ(20 * b"\x99"), N("HTTP_CERT_LOOKUP_SUPPORTED"))
    sa.accept_auth(sa.expect_request(IKE_AUTH))
    sa.liveness()


@requirement("RFC7296-3.7-04")
def test_http_lookup_in_ike_auth_is_no_obstacle(responder):
    """HTTP_CERT_LOOKUP_SUPPORTED is known or ignored. RFC 7296 3.7"""
    sa = responder.initialised()
    payloads = sa.auth_payloads()
    assert sa.auth(payloads[0], N("HTTP_CERT_LOOKUP_SUPPORTED"), *payloads[1:]) is not None
