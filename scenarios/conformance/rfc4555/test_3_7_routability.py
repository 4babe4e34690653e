from ikelab.conformance import *

pytestmark = needs("mobike")


@each("length", 8, 33, 64)
@requirement("RFC4555-3.7-06", "RFC4555-4.2.5-02", "RFC4555-3.7-05", "RFC4555-4.2.5-01")
def test_cookie2_comes_back_as_it_was(peer, length):
    """COOKIE2 of any request, of 8 to 64 octets, is in its response. RFC 4555 3.7, 4.2.5"""
    sa = peer.establish()
    cookie = N("COOKIE2", bytes(range(100, 100 + length)))
    assert cookie in sa.request(INFORMATIONAL, cookie).payloads


@requirement("RFC4555-3.7-06", "RFC4555-4.2.5-02")
def test_cookie2_of_an_update_comes_back(responder):
    """With UPDATE_SA_ADDRESSES as well. RFC 4555 3.7"""
    sa = responder.establish()
    sa.move(responder.another_address())
    cookie = N("COOKIE2", b"sixteen of these")
    assert cookie in sa.request(INFORMATIONAL, N("UPDATE_SA_ADDRESSES"), *sa.nat_detection(), cookie).payloads


def asked(responder):
    """An IKE SA whose peer asks our new address for a sign, its request, and our old address."""
    sa = responder.establish()
    home = sa.carrier.local
    sa.move(responder.another_address())
    sa.update_addresses()
    return sa, sa.expect_request(INFORMATIONAL), home


@needs("return-routability")
@requirement("RFC4555-3.7-01")
def test_a_new_address_is_asked_for_a_sign(responder):
    """After UPDATE_SA_ADDRESSES the responder sends the new address a request. RFC 4555 3.7"""
    sa, request, _ = asked(responder)
    assert request.arrived.at == responder.another_address()
    sa.answer_politely(request)


@needs("return-routability")
@requirement("RFC4555-3.7-03")
def test_esp_waits_for_the_sign(responder):
    """Until it has come, ESP stays at the old address. RFC 4555 3.7"""
    sa, request, home = asked(responder)
    assert sa.children[0].ping().arrived.at == home
    sa.answer_politely(request)
    sa.liveness()
    assert sa.children[0].ping().arrived.at == responder.another_address()


@needs("return-routability")
@requirement("RFC4555-4.2.5-03", "RFC4555-4.2.5-04")
def test_cookie2_is_long_enough_and_never_the_same(responder):
    """8 to 64 octets, and another value each time. RFC 4555 4.2.5"""
    sa, request, home = asked(responder)
    first = request.notified("COOKIE2").data
    sa.answer_politely(request)
    sa.move(home)
    sa.update_addresses()
    request = sa.expect_request(INFORMATIONAL)
    second = request.notified("COOKIE2").data
    sa.answer_politely(request)
    assert 8 <= len(first) <= 64 and 8 <= len(second) <= 64 and first != second


@each("wrong", "another", "none", "shorter", "longer")
@needs("return-routability")
@requirement("RFC4555-3.7-07", "RFC4555-3.7-08")
def test_another_cookie2_ends_the_ike_sa(responder, wrong):
    """A response whose COOKIE2 is not what was sent closes the IKE SA. RFC 4555 3.7"""
    sa, request, _ = asked(responder)
    right = request.notified("COOKIE2").data
    made = {"another": bytes([right[0] ^ 1]) + right[1:], "shorter": right[:-1], "longer": right + b"\0"}
    sa.answer(request, *([N("COOKIE2", made[wrong])] if wrong in made else []))
    sa.prove_chance()
    assert not responder.status().established()
