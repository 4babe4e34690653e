from ikelab.conformance import *

ABOUT_A_CHILD_SA = {"USE_TRANSPORT_MODE", "IPCOMP_SUPPORTED", "ESP_TFC_PADDING_NOT_SUPPORTED", "NON_FIRST_FRAGMENTS_ALSO"}
CHILDLESS_IKEV2_SUPPORTED = 16418


@requirement("RFC6023-3-03")
def test_without_the_notification_ike_auth_has_a_child_sa(initiator):
    """Our IKE_SA_INIT response has no CHILDLESS_IKEV2_SUPPORTED: the initiator asks for a Child SA. RFC 6023 3"""
    request = initiator.initialised().auth_request
    assert all(request.first(kind) is not None for kind in (PayloadType.SA, PayloadType.TSi, PayloadType.TSr))


@requirement("RFC6023-3-06")
def test_who_asks_for_a_child_sa_gets_one_or_an_error(responder):
    """An IKE_AUTH request with a Child SA is not answered as if it had none. RFC 6023 3"""
    sa = responder.initialised()
    answer = sa.expect_response(sa.send_auth())
    sa.check_proof(answer)
    assert answer.first(PayloadType.SA) is not None or [one for one in answer.notifies().values() if one.is_error]


@requirement("RFC6023-3-01", "RFC6023-3-02", "RFC6023-3-04", "RFC6023-3-05", "RFC6023-3-08", "RFC6023-5-02")
def test_a_childless_ike_auth_is_answered_as_was_announced(responder):
    """Who has sent CHILDLESS_IKEV2_SUPPORTED answers it by IDr and AUTH and nothing about a Child SA; who has not refuses
    it, or makes no Child SA. RFC 6023 3, 5"""
    sa = responder.ike_sa()
    announced = "CHILDLESS_IKEV2_SUPPORTED" in sa.init().notifies()
    answer = sa.expect_response(sa.send_auth(*sa.auth_payloads(child=False)))
    if announced:
        sa.check_proof(answer)
        sa.liveness()
    assert not payloads_of([answer], PayloadType.SA, PayloadType.TSi, PayloadType.TSr)
    assert not set(answer.notifies()) & ABOUT_A_CHILD_SA
    accepted = answer.first(PayloadType.AUTH) is not None and not any(one.is_error for one in answer.notifies().values())
    assert announced or not accepted, "it is supported, and was not announced"


@requirement("RFC6023-4-02", "RFC6023-4-03")
def test_the_form_of_the_notification(responder):
    """Where it is sent at all it has no SPI; its protocol is 1, or 0 by RFC 7296 3.10. RFC 6023 4"""
    for one in responder.ike_sa().init().payloads:
        if one.kind == PayloadType.N and one.notify_type == CHILDLESS_IKEV2_SUPPORTED:
            assert one.spi == b""
            assert one.protocol in (0, IKE)


@configuration(childless="never")
@needs("childless")
@requirement("RFC6023-3-07", "RFC6023-3-08", "RFC6023-3-09")
def test_switched_off_it_is_as_if_it_were_unknown(responder):
    """Told not to, the responder does not announce it, and a childless IKE_AUTH makes no IKE SA. RFC 6023 3"""
    sa = responder.ike_sa()
    assert "CHILDLESS_IKEV2_SUPPORTED" not in sa.init().notifies()
    answer = sa.expect_response(sa.send_auth(*sa.auth_payloads(child=False)))
    assert any(one.is_error for one in answer.notifies().values())
    with responder.should("RFC6023-3-09"):
        assert "INVALID_SYNTAX" in answer.notifies()


@configuration(childless="prefer")
@needs("childless")
@requirement("RFC6023-5-01")
def test_a_childless_request_has_nothing_about_a_child_sa(initiator):
    """We have announced it: IKE_AUTH has no SA, no selectors and none of the notifications about a Child SA, which comes by
    CREATE_CHILD_SA if at all. RFC 6023 5"""
    sa = initiator.call()
    sa.accept_init(*sa.init_response_payloads(), N("CHILDLESS_IKEV2_SUPPORTED", protocol=IKE))
    request = sa.expect_request(IKE_AUTH)
    assert not payloads_of([request], PayloadType.SA, PayloadType.TSi, PayloadType.TSr)
    assert not set(request.notifies()) & ABOUT_A_CHILD_SA
    sa.accept_auth(request, *sa.auth_response_payloads(request, child=False))
    sa.liveness()
