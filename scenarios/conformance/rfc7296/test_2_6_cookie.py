from ikelab.conformance import *


@requirement("RFC7296-2.6-07", "RFC7296-2.2-01")
def test_cookie_is_returned_unchanged(initiator):
    """The initiator repeats IKE_SA_INIT with the cookie first and everything else as it was. RFC 7296 2.6"""
    sa = initiator.call()
    first = sa.init_request
    sa.answer(first, N("COOKIE", 64 * b"Z"), spi_r=bytes(8))
    again = sa.expect_request(IKE_SA_INIT)
    assert again.payloads[0] == N("COOKIE", 64 * b"Z")
    assert again.payloads[1:] == first.payloads
    assert again.header.spi_i == first.header.spi_i and again.message_id == 0


@requirement("RFC7296-2.6-06")
def test_cookie_with_a_responder_spi_is_taken(initiator):
    """A COOKIE response is not refused because its responder SPI is not zero. RFC 7296 2.6"""
    sa = initiator.call()
    sa.answer(sa.init_request, N("COOKIE", b"a cookie"))
    assert sa.expect_request(IKE_SA_INIT).payloads[0] == N("COOKIE", b"a cookie")


@configuration(cookie_threshold=0)
@requirement("RFC7296-2.6-04", "RFC7296-2.6-05", "RFC7296-2.6-10")
def test_a_wrong_cookie_is_as_good_as_none(responder):
    """A cookie of another value is ignored: another COOKIE is asked for, and no IKE SA is begun. RFC 7296 2.6"""
    sa = responder.ike_sa()
    for wrong in (None, b"not the cookie that was given"):
        sa.cookie = wrong
        answer = sa.expect_response(sa.send_init())
        assert 1 <= len(answer.notified("COOKIE").data) <= 64
        assert answer.header.spi_r == bytes(8)
    sa.init()
