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


@requirement("RFC7296-2.6-07", "RFC7296-2.6-04")
def test_a_cookie_of_one_octet_is_returned(initiator):
    """A cookie has one octet at least. RFC 7296 2.6"""
    sa = initiator.call()
    sa.answer(sa.init_request, N("COOKIE", b"\0"), spi_r=bytes(8))
    assert sa.expect_request(IKE_SA_INIT).payloads[0] == N("COOKIE", b"\0")


@requirement("RFC7296-2.6-06")
def test_cookie_with_a_responder_spi_is_taken(initiator):
    """A COOKIE response is not refused because its responder SPI is not zero. RFC 7296 2.6"""
    sa = initiator.call()
    sa.answer(sa.init_request, N("COOKIE", b"a cookie"))
    assert sa.expect_request(IKE_SA_INIT).payloads[0] == N("COOKIE", b"a cookie")


@configuration(proposals=("aes256gcm16-prfsha256-x25519-ecp256",))
@requirement("RFC7296-2.6-06")
def test_invalid_ke_with_a_responder_spi_is_taken(initiator):
    """INVALID_KE_PAYLOAD is not refused because its responder SPI is not zero. RFC 7296 2.6"""
    sa = initiator.call()
    other = {31: 19, 19: 31}[sa.init_request.first(PayloadType.KE).group]
    sa.answer(sa.init_request, N("INVALID_KE_PAYLOAD", other.to_bytes(2, "big")))
    assert sa.expect_request(IKE_SA_INIT).first(PayloadType.KE).group == other


@requirement("RFC7296-2.6-08", "RFC7296-2.6-07")
def test_another_cookie_is_taken_in_place_of_the_first(initiator):
    """A second COOKIE replaces the first, and the IKE SA is set up with it. RFC 7296 2.6"""
    sa = initiator.call()
    first = sa.init_request
    for cookie in (b"the first", b"the second"):
        sa.answer(sa.init_request, N("COOKIE", cookie), spi_r=bytes(8))
        again = sa.expect_request(IKE_SA_INIT)
        assert again.payloads == [N("COOKIE", cookie), *first.payloads]
    sa.accept_init()
    sa.accept_auth(sa.expect_request(IKE_AUTH))
    sa.liveness()


@requirement("RFC7296-2.6-12")
def test_cookies_without_end_are_not_followed(initiator):
    """The initiator does not repeat IKE_SA_INIT for ever because of cookies. RFC 7296 2.6"""
    sa = initiator.call()
    for number in range(100):
        sa.answer(sa.init_request, N("COOKIE", number.to_bytes(8, "big")), spi_r=bytes(8))
        sa.prove_chance()
        if not sa.inbox:
            return
        sa.expect_request(IKE_SA_INIT)
    raise Unmet("IKE_SA_INIT was repeated for each of a hundred cookies")


@needs("cookie-always")
@configuration(cookie_threshold=0)
@requirement("RFC7296-2.6-03", "RFC7296-2.6-04", "RFC7296-2.6-05", "RFC7296-2.6-10")
def test_a_wrong_cookie_is_as_good_as_none(responder):
    """A cookie of another value is ignored: another COOKIE is asked for, and no IKE SA is begun. RFC 7296 2.6"""
    sa = responder.ike_sa()
    for wrong in (None, b"not the cookie that was given"):
        sa.cookie = wrong
        answer = sa.expect_response(sa.send_init())
        assert 1 <= len(answer.notified("COOKIE").data) <= 64
        assert answer.header.spi_r == bytes(8)
    sa.init()


@needs("cookie-always")
@configuration(cookie_threshold=0)
@each("change", "nonce", "spi")
@requirement("RFC7296-2.6-10")
def test_a_cookie_of_another_request_is_as_good_as_none(responder, change):
    """A cookie belongs to the nonce and the SPI that it was given for. RFC 7296 2.6"""
    other = responder.ike_sa()
    cookie = other.expect_response(other.send_init()).notified("COOKIE").data
    sa = responder.ike_sa()
    sa.cookie = cookie
    if change == "spi":
        sa.ni = other.ni
    else:
        sa.carrier.ike[other.spi_i] = sa
        sa.spi_i = other.spi_i
    answer = sa.expect_response(sa.send_init())
    answer.notified("COOKIE")
    assert answer.first(PayloadType.SA) is None


@needs("cookie-always")
@configuration(cookie_threshold=0)
@requirement("RFC7296-2.6-03", "RFC7296-2.6-05")
def test_with_its_cookie_a_request_is_taken(responder):
    """The cookie that was given, in front, and the rest as it was: an IKE SA. RFC 7296 2.6"""
    sa = responder.ike_sa()
    sa.cookie = sa.expect_response(sa.send_init()).notified("COOKIE").data
    sa.take_init(sa.expect_response(sa.send_init()))
    sa.auth().ping()


@requirement("RFC7296-2.6-05", "RFC7296-2.7-03")
def test_a_refused_ike_sa_init_has_no_responder_spi(responder):
    """NO_PROPOSAL_CHOSEN creates no IKE SA, and the responder's SPI is zero. RFC 7296 2.6, 2.7"""
    sa = responder.ike_sa()
    other = proposal("aes256gcm16-prfsha256-x25519")
    other.transforms[0] = Transform(TransformType.ENCR, 65000)
    answer = sa.try_init(lambda payloads: replaced(payloads, SA(other)))
    answer.notified("NO_PROPOSAL_CHOSEN")
    assert answer.header.spi_r == bytes(8) and answer.first(PayloadType.SA) is None


@requirement("RFC7296-2.6-01")
def test_a_responders_spis_differ(responder):
    """Each IKE SA has an SPI of its own. RFC 7296 2.6"""
    spis = [responder.initialised().spi_r for _ in range(5)]
    assert len(set(spis)) == 5 and bytes(8) not in spis


@requirement("RFC7296-2.6-01")
def test_the_spis_of_successors_differ(peer):
    """A rekey gives an IKE SA other SPIs than the one it replaces. RFC 7296 2.6, 2.18"""
    sa = peer.establish()
    found = []
    for _ in range(3):
        found.append(sa.spi_r if sa.initiator else sa.spi_i)
        peer.rekey("ike")
        new = sa.accept_rekey(sa.expect_request(CREATE_CHILD_SA))
        sa.accept_delete(sa.expect_request(INFORMATIONAL))
        sa = new
        found.append(sa.spi_i)
    assert len(set(found)) == len(set(found) | {bytes(8)}) - 1 and len(set(found)) >= 4


@requirement("RFC7296-2.6-02")
def test_an_ike_sa_is_found_by_its_spi(peer):
    """A request from another port is for the IKE SA that its SPIs name, and is answered where it came from. RFC 7296 2.6"""
    sa = peer.establish()
    other = sa.carrier.natt_port if sa.port == sa.carrier.ike_port else sa.carrier.ike_port
    sent = sa.send(INFORMATIONAL, port=other, to=(sa.to[0], other))
    assert sa.expect_response(sent).arrived.port == other
    sa.liveness()


@requirement("RFC7296-2.6-02", "RFC7296-2.6-11")
def test_the_senders_spi_does_not_find_an_ike_sa(peer):
    """The receiver's own SPI decides: with another one there the message is for nobody. RFC 7296 2.6"""
    sa = peer.establish()
    own = {"spi_r" if sa.initiator else "spi_i": sa.draws.spi(8)}
    sent = sa.send(INFORMATIONAL, D(), **own)
    sa.expect_no_success(sent, "that IKE SA does not exist")
    sa.inbox.clear()
    sa.liveness()


@requirement("RFC7296-2.6-11")
def test_the_initiator_flag_says_whose_spi_is_which(peer):
    """With the flag the wrong way round the receiver looks for itself in the other SPI. RFC 7296 2.6, 3.1"""
    sa = peer.establish()
    sent = sa.send(INFORMATIONAL, D(), from_initiator=not sa.initiator)
    sa.expect_no_success(sent, "by its flag it came from the receiver itself")
    sa.inbox.clear()
    sa.liveness()


BOTH_GROUPS = {"proposals": ("aes256gcm16-prfsha256-x25519-ecp256",)}


@configuration(**BOTH_GROUPS)
@requirement("RFC7296-2.6.1-01")
def test_the_cookie_goes_with_the_other_group(initiator):
    """COOKIE, then INVALID_KE_PAYLOAD: the third attempt has the cookie still. RFC 7296 2.6.1"""
    sa = initiator.call()
    sa.answer(sa.init_request, N("COOKIE", b"keep me"), spi_r=bytes(8))
    again = sa.expect_request(IKE_SA_INIT)
    other = {31: 19, 19: 31}[again.first(PayloadType.KE).group]
    sa.answer(again, N("INVALID_KE_PAYLOAD", other.to_bytes(2, "big")), spi_r=bytes(8))
    third = sa.expect_request(IKE_SA_INIT)
    assert third.payloads[0] == N("COOKIE", b"keep me")


@configuration(**BOTH_GROUPS)
@requirement("RFC7296-2.6.1-02", "RFC7296-2.6-08")
def test_a_cookie_may_be_asked_for_again(initiator):
    """COOKIE, INVALID_KE_PAYLOAD, and another COOKIE: the long way ends in an IKE SA as well. RFC 7296 2.6.1"""
    sa = initiator.call()
    sa.answer(sa.init_request, N("COOKIE", b"one"), spi_r=bytes(8))
    again = sa.expect_request(IKE_SA_INIT)
    other = {31: 19, 19: 31}[again.first(PayloadType.KE).group]
    sa.answer(again, N("INVALID_KE_PAYLOAD", other.to_bytes(2, "big")), spi_r=bytes(8))
    third = sa.expect_request(IKE_SA_INIT)
    sa.answer(third, N("COOKIE", b"two"), spi_r=bytes(8))
    fourth = sa.expect_request(IKE_SA_INIT)
    assert fourth.payloads[0] == N("COOKIE", b"two") and fourth.first(PayloadType.KE).group == other
    sa.accept_init()
    sa.accept_auth(sa.expect_request(IKE_AUTH))
    sa.liveness()


@needs("cookie-always", "ke-ecp")
@configuration(cookie_threshold=0, proposals=("aes256gcm16-prfsha256-ecp256",))
@requirement("RFC7296-2.6.1-02")
def test_who_leaves_the_cookie_out_is_asked_again(responder):
    """After INVALID_KE_PAYLOAD a request without cookie is answered by COOKIE, and all ends well. RFC 7296 2.6.1"""
    sa = responder.ike_sa(proposals=("aes256gcm16-prfsha256-x25519-ecp256",))
    sa.cookie = sa.expect_response(sa.send_init()).notified("COOKIE").data
    sa.try_again(sa.expect_response(sa.send_init()))
    sa.cookie = None
    assert sa.group == 19
    sa.init()
    sa.auth().ping()
