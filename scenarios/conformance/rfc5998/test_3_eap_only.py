from ikelab.conformance import *


@requirement("RFC5998-3-03")
def test_who_does_not_know_eap_alone_proves_itself_by_auth(responder):
    """EAP_ONLY_AUTHENTICATION beside an AUTH is ignored: the response has AUTH and the Child SA. RFC 5998 3"""
    sa = responder.initialised()
    assert sa.auth(*sa.auth_payloads(), N("EAP_ONLY_AUTHENTICATION")) is not None
    sa.liveness()


@requirement("RFC5998-3-03")
def test_eap_alone_is_not_given_to_who_has_a_shared_key(responder):
    """No AUTH and EAP_ONLY_AUTHENTICATION: who does not do EAP makes no IKE SA of it. RFC 5998 3, RFC 7296 2.16"""
    sa = responder.initialised()
    payloads = without(sa.auth_payloads(), PayloadType.AUTH)
    answer = sa.expect_response(sa.send_auth(*payloads, N("EAP_ONLY_AUTHENTICATION")))
    assert answer.first(PayloadType.SA) is None and not responder.status().established()
