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


MD5 = configuration(eap={"method": "md5"})  # proves nothing of the responder, and makes no key
ALONE = configuration(eap={"method": "tls", "alone": True})
NO_EAP_ALONE = "EAP alone takes a method that both prove themselves by, and that makes a key"


@ALONE
@requirement("RFC5998-3-01", "RFC5998-3-11")
def test_who_wants_eap_alone_says_so_in_its_first_request(initiator):
    """EAP_ONLY_AUTHENTICATION, type 16417, without protocol, SPI and data; and no AUTH. RFC 5998 3"""
    request = initiator.initialised().auth_request
    one = request.notified("EAP_ONLY_AUTHENTICATION")
    assert (one.notify_type, one.protocol, one.spi, one.data) == (16417, 0, b"", b"")
    assert request.message_id == 1 and request.first(PayloadType.AUTH) is None


@ALONE
@requirement("RFC5998-3-02")
def test_the_responder_begins_eap_and_proves_nothing_else(responder):
    """Its first response has IDr and an EAP request, and neither AUTH nor CERT. RFC 5998 3"""
    answer = responder.initialised().begin_eap()
    assert eap.said(answer).code == eap.REQUEST
    assert not {PayloadType.AUTH, PayloadType.CERT} & {one.kind for one in answer.payloads}


@ALONE
@requirement("RFC5998-3-07", "RFC5998-3-08", "RFC5998-3-09")
def test_both_prove_themselves_with_the_key_of_eap(peer):
    """The AUTH payloads after EAP Success are made with the MSK. RFC 5998 3"""
    sa = peer.establish()
    end = sa.eap_peer or sa.eap_server
    assert end.method.msk
    sa.children[0].ping()


@ALONE
@requirement("RFC5998-3-08", "RFC5998-3-09")
def test_the_responder_takes_no_auth_made_with_sk_pi(responder):
    """AUTHENTICATION_FAILED, and no IKE SA. RFC 5998 3"""
    sa = responder.initialised()
    sa.talk_eap(sa.begin_eap())
    sa.request(IKE_AUTH, sa.eap_auth(sa.keymat.sk["SK_pi"])).notified("AUTHENTICATION_FAILED")
    assert not responder.status().established()


@ALONE
@requirement("RFC5998-3-08", "RFC5998-3-09")
def test_the_initiator_takes_no_auth_made_with_sk_pr(initiator):
    """It breaks off. RFC 5998 3"""
    sa = initiator.initialised()
    sa.offer_eap(sa.auth_request)
    last = sa.hear_eap()
    sa.answer(last, sa.eap_auth(sa.keymat.sk["SK_pr"]), *sa.auth_response_rest(sa.auth_request))
    breaks_off(initiator, sa, "AUTH is made with SK_pr")


@ALONE
@requirement("RFC5998-3-07")
def test_success_before_the_method_is_through_proves_nothing(initiator):
    """EAP Success after the first flight: the initiator does not go on with the AUTH of a responder that has proved
    nothing. RFC 5998 3"""
    sa = initiator.initialised()
    sa.offer_eap(sa.auth_request)
    sa.answer(sa.expect_request(IKE_AUTH), EAP(eap.SUCCESS, 1))
    breaks_off(initiator, sa, "TLS has not come to its end")


@ALONE
@requirement("RFC5998-3-07", "RFC5998-6.1-01")
def test_the_responder_takes_no_other_method_instead(responder):
    """Nak in favour of MD5-Challenge: no method that proves nothing of the responder is begun. RFC 5998 3, 6.1"""
    sa = responder.initialised()
    first = eap.said(sa.begin_eap())
    answer = eap.said(sa.request(IKE_AUTH, eap.response(first, eap.NAK, bytes([eap.MD5_CHALLENGE]))))
    assert answer.code == eap.FAILURE or answer.method != eap.MD5_CHALLENGE, NO_EAP_ALONE


@ALONE
@requirement("RFC5998-3-04")
def test_auth_that_comes_after_all_is_verified(initiator):
    """CERT and an AUTH whose signature is wrong beside the EAP request: the initiator breaks off. RFC 5998 3"""
    signs_wrongly(initiator, initiator.initialised(expects_eap=Eap("tls")))


@MD5
@requirement("RFC5998-3-04")
def test_auth_is_verified_whatever_is_configured(initiator):
    """The same of an initiator that would take a responder's signature. RFC 5998 3, RFC 7296 2.16"""
    signs_wrongly(initiator, initiator.initialised())


def signs_wrongly(initiator, sa):
    *certs, auth = sa.proof()
    wrong = AUTH(auth.method, auth.data[:-1] + bytes([auth.data[-1] ^ 1]))
    sa.offer_eap(sa.auth_request, sa.identity(), *certs, wrong, sa.eap_begin())
    breaks_off(initiator, sa, "the signature is wrong")


@ALONE
@requirement("RFC5998-3-05", "RFC5998-3-06", "RFC5998-4-01", "RFC5998-6.1-01")
@each("method", eap.MD5_CHALLENGE, eap.MSCHAPV2)
def test_a_method_that_is_not_safe_is_not_begun(initiator, method):
    """MD5-Challenge proves nothing of the responder, MS-CHAP-V2 falls to a dictionary: the initiator breaks off at once.
    RFC 5998 3, 4, 6.1"""
    sa = initiator.initialised()
    sa.offer_eap(sa.auth_request, sa.identity(), eap.request(1, method, bytes([16]) + bytes(16)))
    breaks_off(initiator, sa, NO_EAP_ALONE)


@MD5
@requirement("RFC5998-3-05", "RFC5998-3-06", "RFC5998-3-07", "RFC5998-4-01", "RFC5998-6.1-01")
def test_a_method_that_is_configured_and_not_safe_needs_auth(initiator):
    """The initiator may do MD5-Challenge, and the responder has not proved itself: it breaks off at once. RFC 5998 3"""
    sa = initiator.initialised()
    sa.offer_eap(sa.auth_request, sa.identity(), sa.eap_begin())
    breaks_off(initiator, sa, NO_EAP_ALONE)


@MD5
@requirement("RFC5998-3-03", "RFC5998-3-07", "RFC5998-4-01", "RFC5998-6.1-01")
def test_a_responder_whose_method_is_not_safe_proves_itself_by_auth(responder):
    """EAP_ONLY_AUTHENTICATION and MD5-Challenge: the first response has AUTH before EAP begins. RFC 5998 3, 6.1"""
    sa = responder.initialised()
    answer = sa.begin_eap(*sa.auth_payloads(), N("EAP_ONLY_AUTHENTICATION"))
    assert answer.first(PayloadType.AUTH) is not None
