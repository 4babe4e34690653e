from ikelab.conformance import *

WITH_SPI = ("INVALID_SELECTORS", "REKEY_SA", "CHILD_SA_NOT_FOUND")
OF_RFC_7296 = ("UNSUPPORTED_CRITICAL_PAYLOAD", "INVALID_IKE_SPI", "INVALID_MAJOR_VERSION", "INVALID_SYNTAX",
               "INVALID_MESSAGE_ID", "INVALID_SPI", "NO_PROPOSAL_CHOSEN", "INVALID_KE_PAYLOAD", "AUTHENTICATION_FAILED",
               "SINGLE_PAIR_REQUIRED", "NO_ADDITIONAL_SAS", "INTERNAL_ADDRESS_FAILURE", "FAILED_CP_REQUIRED",
               "TS_UNACCEPTABLE", "TEMPORARY_FAILURE", "INITIAL_CONTACT", "SET_WINDOW_SIZE", "ADDITIONAL_TS_POSSIBLE",
               "IPCOMP_SUPPORTED", "NAT_DETECTION_SOURCE_IP", "NAT_DETECTION_DESTINATION_IP", "COOKIE",
               "USE_TRANSPORT_MODE", "HTTP_CERT_LOOKUP_SUPPORTED", "ESP_TFC_PADDING_NOT_SUPPORTED",
               "NON_FIRST_FRAGMENTS_ALSO")
ERROR_OF_NOBODY, STATUS_OF_NOBODY = 8191, 39999  # the last of private use among errors, and one among statuses


@requirement("RFC7296-3.10-02", "RFC7296-3.10-04", "RFC7296-3.10-05", "RFC7296-3.10-01")
def test_spis_and_protocols_of_notifications(peer):
    """Those with an SPI are of ESP and are REKEY_SA, INVALID_SELECTORS or CHILD_SA_NOT_FOUND; all others have neither
    SPI nor protocol. RFC 7296 3.10"""
    found = payloads_of(life(peer), PayloadType.N)
    assert found
    for one in found:
        if one.name in WITH_SPI:
            assert one.protocol == ESP and len(one.spi) == 4, f"{one} is of protocol {one.protocol}, SPI {one.spi.hex()}"
        elif one.name in OF_RFC_7296:
            assert (one.protocol, one.spi) == (0, b""), f"{one} is of protocol {one.protocol}, SPI {one.spi.hex()}"


@requirement("RFC7296-3.10-02", "RFC7296-3.10-04")
@each("error", "UNSUPPORTED_CRITICAL_PAYLOAD", "INVALID_SYNTAX", "NO_PROPOSAL_CHOSEN", "TS_UNACCEPTABLE")
def test_errors_have_neither_spi_nor_protocol(peer, error):
    """Nor have the error notifications of a response. RFC 7296 3.10"""
    sa = peer.establish()
    offer = sa.offer_child(group=0)
    spi = offer.payloads[0].proposals[0].spi
    payloads = {"UNSUPPORTED_CRITICAL_PAYLOAD": [Raw(200, b"", critical=True), *offer.payloads],
                "INVALID_SYNTAX": replaced(offer.payloads, Raw(PayloadType.NONCE, b"short")),
                "NO_PROPOSAL_CHOSEN": replaced(offer.payloads, SA(Proposal(1, ESP, spi, [Transform(1, 65000), Transform(5, 0)]))),
                "TS_UNACCEPTABLE": replaced(offer.payloads, TSr("198.18.0.0/24"))}[error]
    found = sa.request(CREATE_CHILD_SA, *payloads).notified(error)
    assert (found.protocol, found.spi) == (0, b"")


@requirement("RFC7296-3.10-01", "RFC7296-3.10-05", "RFC7296-2.25-06", "RFC7296-2.25.1-04")
def test_child_sa_not_found_names_the_sa(peer):
    """A rekey of a Child SA that is not there: CHILD_SA_NOT_FOUND with protocol and SPI of REKEY_SA. RFC 7296 3.10,
    2.25"""
    sa = peer.establish()
    offer = sa.offer_child()
    named = N("REKEY_SA", protocol=ESP, spi=b"\xab\xcd\xef\x01")
    answer = sa.request(CREATE_CHILD_SA, named, *offer.payloads)
    found = answer.notified("CHILD_SA_NOT_FOUND")
    assert (found.protocol, found.spi) == (ESP, named.spi)
    assert answer.first(PayloadType.SA) is None


@requirement("RFC7296-3.10-03")
@each("protocol", 1, 2, 3, 200)
def test_the_protocol_of_a_notification_without_spi_is_ignored(responder, protocol):
    """NAT detection of protocol 1, and INITIAL_CONTACT of any, are what they are. RFC 7296 3.10"""
    sa = responder.ike_sa()
    sa.take_init(sa.try_init(lambda payloads: [
        known(PayloadType.N, bytes([protocol]) + p.body[1:]) if p.kind == PayloadType.N else p for p in payloads]))
    own = sa.auth_payloads()
    assert sa.auth(own[0], N("INITIAL_CONTACT", protocol=protocol), *own[1:]) is not None
    sa.liveness()


@requirement("RFC7296-3.10-03")
def test_the_protocol_of_a_cookie_is_ignored(initiator):
    """COOKIE of protocol 1 is a cookie. RFC 7296 3.10, 2.6"""
    sa = initiator.call()
    sa.answer(sa.init_request, N("COOKIE", b"a cookie", protocol=IKE), spi_r=bytes(8))
    assert sa.expect_request(IKE_SA_INIT).payloads[0].data == b"a cookie"


@requirement("RFC7296-3.10.1-02", "RFC7296-3.10.1-04", "RFC7296-3.10.1-03")
@each("number", STATUS_OF_NOBODY, 65535, ERROR_OF_NOBODY)
def test_unknown_notifications_of_requests_are_ignored(responder, number):
    """In IKE_SA_INIT and IKE_AUTH, be they statuses or errors. RFC 7296 3.10.1"""
    sa = responder.ike_sa()
    sa.take_init(sa.try_init(lambda payloads: [*payloads, N(number, b"who knows")]))
    assert sa.auth(*sa.auth_payloads(), N(number, b"who knows", ESP, b"spi!")) is not None
    sa.liveness()


@requirement("RFC7296-3.10.1-02", "RFC7296-3.10.1-04", "RFC7296-3.10.1-03")
@each("number", STATUS_OF_NOBODY, ERROR_OF_NOBODY)
def test_unknown_notifications_of_later_requests_are_ignored(peer, number):
    """In CREATE_CHILD_SA and INFORMATIONAL, be they statuses or errors. RFC 7296 3.10.1"""
    sa = peer.establish()
    assert sa.request(INFORMATIONAL, N(number, b"who knows")).payloads == []
    offer = sa.offer_child()
    offer.take(sa.request(CREATE_CHILD_SA, N(number), *offer.payloads)).ping()


@requirement("RFC7296-3.10.1-02", "RFC7296-3.10.1-04", "RFC7296-3.10.1-03")
def test_unknown_statuses_of_responses_are_ignored(initiator):
    """In the responses of IKE_SA_INIT and IKE_AUTH. RFC 7296 3.10.1"""
    sa = initiator.call()
    sa.accept_init(N(STATUS_OF_NOBODY, b"who knows"), *sa.init_response_payloads())
    request = sa.expect_request(IKE_AUTH)
    child = sa.accept_auth(request, N(STATUS_OF_NOBODY), *sa.auth_response_payloads(request), N(65535, bytes(300)))
    sa.liveness()
    child.ping()


@requirement("RFC7296-3.10.1-01", "RFC7296-2.21.1-01")
@each("error", ERROR_OF_NOBODY, "NO_PROPOSAL_CHOSEN", "INVALID_SYNTAX", "NO_ADDITIONAL_SAS")
def test_an_error_in_the_first_response_means_that_it_failed(initiator, error):
    """No IKE_AUTH follows, whether the notification is known or not. RFC 7296 2.21.1, 3.10.1"""
    sa = initiator.call()
    sa.answer(sa.init_request, N(error), spi_r=bytes(8))
    sa.prove_chance()
    assert not [one for one in sa.received if one.exchange == IKE_AUTH] and not sa.problems
    assert not initiator.status().established()


@requirement("RFC7296-3.10.1-01")
def test_an_unknown_error_in_the_ike_auth_response_means_that_it_failed(initiator):
    """An error that nobody knows in place of all else: there is no IKE SA. RFC 7296 3.10.1"""
    sa = initiator.initialised()
    sa.answer(sa.auth_request, N(ERROR_OF_NOBODY))
    sa.prove_chance()
    assert not initiator.status().established() and not initiator.status().installed()


@needs("rekey-by-command")
@requirement("RFC7296-3.10.1-01")
def test_an_unknown_error_in_a_create_child_sa_response_means_that_it_failed(peer):
    """A rekey answered so makes no Child SA, and the IKE SA goes on or is ended in order. RFC 7296 3.10.1"""
    sa = peer.establish()
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    sa.answer(request, N(ERROR_OF_NOBODY))
    sa.prove_chance()
    assert int.from_bytes(request.proposals[0].spi, "big") not in [one.spi_in for one in peer.status().installed()]


@requirement("RFC7296-3.10.1-06", "RFC7296-2.21.4-11")
@each("name", "INVALID_SELECTORS", "INVALID_SPI", "INVALID_IKE_SPI", "INVALID_MESSAGE_ID", "INVALID_MAJOR_VERSION")
def test_a_notification_about_a_suspicious_message_changes_no_sa(peer, name):
    """Told in an INFORMATIONAL exchange of a packet or message that was suspicious, the peer answers and keeps its SAs.
    RFC 7296 2.21.4, 3.10.1"""
    sa = peer.establish()
    child = sa.children[0]
    about = {"INVALID_SELECTORS": N(name, 28 * b"E", ESP, child.spi_in), "INVALID_SPI": N(name, child.spi_out)}
    sa.request(INFORMATIONAL, about.get(name, N(name)))
    sa.liveness()
    child.ping()


@requirement("RFC7296-2.21.3-01", "RFC7296-2.21-02", "RFC7296-3.10.1-05")
@each("body", b"", b"\x00\x00\x40", b"\x03\x04\x40\x09\x01", b"\x00\xff\x40\x00")
def test_a_notification_too_short_for_its_fields_is_refused(peer, body):
    """Cut within its head, or before the SPI that it announces: INVALID_SYNTAX. RFC 7296 3.10, 2.21.3"""
    peer.establish().request(INFORMATIONAL, Raw(PayloadType.N, body)).notified("INVALID_SYNTAX")


@requirement("RFC7296-3.10.1-07", "RFC7296-3.14-10")
def test_nothing_is_said_of_a_malformed_message_whose_checksum_is_wrong(peer):
    """INVALID_SYNTAX is for who has the keys. RFC 7296 3.10.1, 3.14"""
    sa = peer.establish()
    sa.send(INFORMATIONAL, odd(V(b"somebody"), length=200),
            after_sealing=lambda octets: octets[:-1] + bytes([octets[-1] ^ 1]))
    sa.expect_nothing("the checksum is wrong")
    sa.liveness()


@requirement("RFC7296-3.10.1-07")
def test_nothing_is_said_of_a_malformed_message_in_the_clear(peer):
    """An INFORMATIONAL message without SK is no message of the IKE SA. RFC 7296 3.10.1, 1.4"""
    sa = peer.establish()
    sa.send(INFORMATIONAL, odd(N("INITIAL_CONTACT"), length=200), sealed=False)
    sa.expect_nothing("it is not protected")
    sa.liveness()
