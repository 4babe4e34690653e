"""IKE_AUTH with EAP, of both roles. RFC 7296 2.16"""

from ikelab.conformance import *

SHARED_KEY = 2
MD5 = configuration(eap={"method": "md5"})  # makes no key
MSCHAPV2 = configuration(eap={"method": "mschapv2"})  # makes one
ALL_BUT_TWO = 8  # of ten IKE_AUTH exchanges: those between the first and that with AUTH


def without_auth(message):
    assert message.first(PayloadType.AUTH) is None, f"{message} has AUTH"


@MD5
@requirement("RFC7296-2.16-01", "RFC7296-5-05")
def test_the_responder_signs_before_eap_begins(responder):
    """Its first IKE_AUTH response has CERT, a signature that verifies, and the first EAP request. RFC 7296 2.16, 5"""
    sa = responder.initialised()
    answer = sa.begin_eap()
    assert answer.first(PayloadType.AUTH).method != SHARED_KEY and eap.said(answer).code == eap.REQUEST


@MD5
@requirement("RFC7296-5-04")
def test_who_wants_eap_first_looks_at_the_certificate(initiator):
    """A certificate of an authority that nobody knows, and a signature that fits: its EAP request is not answered. RFC 7296
    5"""
    sa = initiator.initialised()
    sa.signs_as = initiator.new_identity(trusted=False)
    sa.offer_eap(sa.auth_request)
    breaks_off(initiator, sa, "nobody vouches for the responder")


@MD5
@requirement("RFC7296-2.16-02")
def test_who_wants_eap_leaves_auth_out(initiator):
    """Its first IKE_AUTH request has IDi, SA, TSi and TSr, and no AUTH. RFC 7296 2.16"""
    request = initiator.initialised().auth_request
    without_auth(request)
    assert {PayloadType.IDi, PayloadType.SA, PayloadType.TSi, PayloadType.TSr} <= {one.kind for one in request.payloads}


@MD5
@requirement("RFC7296-2.16-03")
def test_a_responder_has_no_ike_sa_before_eap_is_over(responder):
    """Between two of the exchanges CREATE_CHILD_SA comes to nothing, nor is anything set up. RFC 7296 2.16"""
    sa = responder.initialised()
    answer = sa.begin_eap()
    assert answer.first(PayloadType.SA) is None and not responder.status().established()
    sent = sa.send(CREATE_CHILD_SA, *sa.offer_child().payloads)
    sa.expect_no_success(sent, "nobody has proved who asks for a Child SA")
    assert not responder.status().established() and not responder.status().installed()


@MD5
@requirement("RFC7296-2.16-03")
def test_an_initiator_has_no_ike_sa_before_eap_is_over(initiator):
    """The same of the initiator; afterwards EAP goes on. RFC 7296 2.16"""
    sa = initiator.initialised()
    sa.offer_eap(sa.auth_request)
    response = sa.expect_request(IKE_AUTH)
    sa.expect_no_success(sa.send(CREATE_CHILD_SA, *sa.offer_child().payloads), "the IKE SA is not set up yet")
    assert not initiator.status().established() and not initiator.status().installed()
    sa.answer(response, sa.eap_server.take(eap.said(response)))
    assert sa.expect_request(IKE_AUTH).first(PayloadType.AUTH) is not None


@MD5
@requirement("RFC7296-2.16-07", "RFC7296-2.16-08", "RFC7296-2.16-11")
def test_without_a_key_both_prove_themselves_with_sk_p(peer):
    """MD5-Challenge, EAP Success, and AUTH made with SK_pi and SK_pr in the next two messages. RFC 7296 2.16"""
    life_by_eap(peer)


@MSCHAPV2
@requirement("RFC7296-2.16-04", "RFC7296-2.16-08", "RFC7296-2.16-11")
def test_with_a_key_both_prove_themselves_with_the_msk(peer):
    """MS-CHAP-V2, EAP Success, and AUTH made with the MSK in the next two messages. RFC 7296 2.16"""
    life_by_eap(peer)


def life_by_eap(peer):
    """`end_eap` and `check_eap_auth` judge AUTH."""
    sa = peer.initialised()
    if peer.role == "responder":
        answer = sa.talk_eap(sa.begin_eap())
        assert eap.said(answer).code == eap.SUCCESS
        without_auth(answer)
        assert sa.end_eap(answer) is not None
    else:
        sa.offer_eap(sa.auth_request)
        last = sa.hear_eap()
        assert not [one for one in sa.received if one.exchange == IKE_AUTH and one is not last and one.first(PayloadType.AUTH)]
        sa.check_eap_auth(last)
        sa.accept_eap(sa.auth_request, last)
    sa.liveness()


@MSCHAPV2
@requirement("RFC7296-2.16-04")
def test_a_responder_takes_no_auth_with_another_key_than_the_msk(responder):
    """AUTH made with SK_pi after a method that has made a key: AUTHENTICATION_FAILED. RFC 7296 2.16"""
    refused_by_the_responder(responder, "SK_pi")


@MSCHAPV2
@requirement("RFC7296-2.16-04")
def test_an_initiator_takes_no_auth_with_another_key_than_the_msk(initiator):
    """The same of the responder's AUTH, made with SK_pr. RFC 7296 2.16"""
    refused_by_the_initiator(initiator, "SK_pr")


@MD5
@requirement("RFC7296-2.16-07")
def test_a_responder_takes_no_auth_with_another_key_than_sk_pi(responder):
    """AUTH made with SK_pr after a method without a key: AUTHENTICATION_FAILED. RFC 7296 2.16"""
    refused_by_the_responder(responder, "SK_pr")


@MD5
@requirement("RFC7296-2.16-07")
def test_an_initiator_takes_no_auth_with_another_key_than_sk_pr(initiator):
    """The same of the responder's AUTH, made with SK_pi. RFC 7296 2.16"""
    refused_by_the_initiator(initiator, "SK_pi")


def refused_by_the_responder(responder, key):
    """AUTH after EAP, made with this of our keys."""
    sa = responder.initialised()
    sa.talk_eap(sa.begin_eap())
    sa.request(IKE_AUTH, sa.eap_auth(sa.keymat.sk[key])).notified("AUTHENTICATION_FAILED")
    assert not responder.status().established()


def refused_by_the_initiator(initiator, key):
    sa = initiator.initialised()
    sa.offer_eap(sa.auth_request)
    last = sa.hear_eap()
    sa.answer(last, sa.eap_auth(sa.keymat.sk[key]), *sa.auth_response_rest(sa.auth_request))
    breaks_off(initiator, sa, "AUTH is made with another key")


@MD5
@requirement("RFC7296-2.16-09", "RFC7296-2.21-04")
def test_a_wrong_answer_to_md5_comes_to_failure(responder):
    """EAP Failure, without AUTHENTICATION_FAILED, and no IKE SA. RFC 7296 2.16, 2.21"""
    fails_with_another_password(responder, "md5")


@MSCHAPV2
@requirement("RFC7296-2.16-09", "RFC7296-2.21-04")
def test_a_wrong_answer_to_mschapv2_comes_to_failure(responder):
    """The same of a method with an end of its own. RFC 7296 2.16, 2.21"""
    fails_with_another_password(responder, "mschapv2")


def fails_with_another_password(responder, method):
    sa = responder.initialised(eap=Eap(method, password="another one"))
    answer = sa.talk_eap(sa.begin_eap())
    assert eap.said(answer).code == eap.FAILURE and "AUTHENTICATION_FAILED" not in answer.notifies()
    assert not responder.status().established()


@MD5
@requirement("RFC7296-2.16-10")
def test_an_initiator_takes_failure_at_any_time(initiator):
    """EAP Failure in place of the first EAP request: it goes no further. RFC 7296 2.16"""
    sa = initiator.initialised()
    sa.offer_eap(sa.auth_request, sa.identity(), *sa.proof(), EAP(eap.FAILURE, 1))
    breaks_off(initiator, sa, "EAP has failed")


@MD5
@requirement("RFC7296-2.16-12")
@each("prompt", "challenge", "notification")
def test_an_initiator_goes_through_ten_exchanges(initiator, prompt):
    """The server asks again, or has something to tell: eight times between the first exchange and AUTH. RFC 7296 2.16"""
    sa = initiator.initialised()

    def said_again():
        return sa.eap_begin() if prompt == "challenge" else eap.request(7, eap.NOTIFICATION, b"patience")

    sa.offer_eap(sa.auth_request, sa.identity(), *sa.proof(), said_again())
    for number in range(1, ALL_BUT_TWO):
        response = sa.expect_request(IKE_AUTH)
        assert eap.said(response).code == eap.RESPONSE
        sa.answer(response, said_again() if number + 1 < ALL_BUT_TWO else sa.eap_begin())
    last = sa.hear_eap()
    sa.check_eap_auth(last)
    assert sa.accept_eap(sa.auth_request, last) is not None
    sa.liveness()
