"""EAP payloads as they are written. RFC 7296 3.16"""

from ikelab.conformance import *

pytestmark = configuration(eap={"method": "md5"})

ONE_TIME_PASSWORD, NOBODYS = 5, 200  # Types: of a method, and of none


def messages_of_eap(peer):
    """Every EAP payload of the peer's, of a life with EAP."""
    found = payloads_of(peer.establish().received, PayloadType.EAP)
    assert found
    return found


@requirement("RFC7296-3.16-02")
def test_the_length_is_that_of_the_payload(peer):
    """The Length of each EAP message is four less than the Payload Length. RFC 7296 3.16"""
    for one in messages_of_eap(peer):
        assert one.length == len(one.body)


@requirement("RFC7296-3.16-02", "RFC7296-3.16-03", "RFC7296-3.16-04")
def test_success_has_four_octets(responder):
    """Code, Identifier and Length. RFC 7296 3.16"""
    success = messages_of_eap(responder)[-1]
    assert (success.code, success.length, len(success.body)) == (eap.SUCCESS, 4, 4)


@requirement("RFC7296-3.16-02", "RFC7296-3.16-03", "RFC7296-3.16-04")
def test_failure_has_four_octets(responder):
    """The same where the password is another. RFC 7296 3.16"""
    sa = responder.initialised(eap=Eap("md5", password="another one"))
    failure = eap.said(sa.talk_eap(sa.begin_eap()))
    assert (failure.code, failure.length, len(failure.body)) == (eap.FAILURE, 4, 4)


@requirement("RFC7296-3.16-01", "RFC7296-3.16-05")
@each("identifier", 0, 7, 255)
def test_the_response_has_the_requests_identifier(initiator, identifier):
    """Whatever that is; and its Type. RFC 7296 3.16"""
    sa = initiator.initialised()
    challenge = eap.request(identifier, eap.MD5_CHALLENGE, bytes([16]) + bytes(range(16)))
    sa.offer_eap(sa.auth_request, sa.identity(), *sa.proof(), challenge)
    response = eap.said(sa.expect_request(IKE_AUTH))
    assert (response.code, response.identifier, response.method) == (eap.RESPONSE, identifier, eap.MD5_CHALLENGE)


@requirement("RFC7296-3.16-01", "RFC7296-3.16-05")
@each("method", ONE_TIME_PASSWORD, NOBODYS)
def test_a_method_that_is_not_there_is_answered_by_nak(initiator, method):
    """Its Type is Nak where it is not that of the request. RFC 7296 3.16"""
    sa = initiator.initialised()
    sa.offer_eap(sa.auth_request, sa.identity(), *sa.proof(), eap.request(9, method, b"what now?"))
    response = eap.said(sa.expect_request(IKE_AUTH))
    assert (response.code, response.identifier) == (eap.RESPONSE, 9) and response.method in (eap.NAK, method)


@requirement("RFC7296-3.16-07")
def test_an_identity_may_be_asked_for(initiator):
    """The initiator answers by its Identity, or by Nak; then the method goes its way. RFC 7296 3.16"""
    sa = initiator.initialised()
    sa.offer_eap(sa.auth_request, sa.identity(), *sa.proof(), eap.request(9, eap.IDENTITY))
    request = sa.expect_request(IKE_AUTH)
    assert eap.said(request).method in (eap.IDENTITY, eap.NAK)
    sa.answer(request, sa.eap_begin())
    last = sa.hear_eap()
    sa.check_eap_auth(last)
    sa.accept_eap(sa.auth_request, last)
    sa.liveness()


@requirement("RFC7296-3.16-06")
def test_no_identity_is_asked_for(responder):
    """The first EAP request is another: IDi has been sent. RFC 7296 3.16"""
    assert messages_of_eap(responder)[0].method != eap.IDENTITY
