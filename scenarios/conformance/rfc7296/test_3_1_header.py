from ikelab.conformance import *

FLAG_INITIATOR, FLAG_VERSION, FLAG_RESPONSE = 0x08, 0x10, 0x20
UNDEFINED = 0xC7


@requirement("RFC7296-3.1-05", "RFC7296-3.1-07", "RFC7296-3.1-09", "RFC7296-3.1-14")
def test_versions_and_unused_flags_are_sent_as_they_must_be(peer):
    """Version 2.0, and neither the Version bit nor undefined flags are set, in any message of a life. RFC 7296 3.1"""
    for message in life(peer):
        assert message.header.version == 0x20, f"{message} has version {message.header.version:#x}"
        assert not message.header.flags & (UNDEFINED | FLAG_VERSION), f"{message} has flags {message.header.flags:#x}"


@requirement("RFC7296-3.1-11", "RFC7296-3.1-12")
def test_responses_and_no_others_are_marked_as_responses(peer):
    """The Response bit is set in what answers us, and clear in what asks us. RFC 7296 3.1"""
    sa = peer.establish()
    assert sa.liveness().header.response
    peer.delete("ike")
    assert not sa.expect_request(INFORMATIONAL).header.response


@requirement("RFC7296-3.1-16", "RFC7296-3.1-17", "RFC7296-2.18-06")
def test_the_initiator_bit_is_that_of_the_original_initiator(peer):
    """It is set by who began the IKE SA, in requests and responses alike, and by who began its rekey after that. RFC
    7296 3.1, 2.18"""
    sa = peer.establish()
    assert sa.liveness().header.from_initiator is (peer.role == "initiator")
    new = sa.rekey()
    assert not new.liveness().header.from_initiator
    peer.delete("ike")
    farewell = new.expect_request(INFORMATIONAL)
    assert not farewell.header.from_initiator
    new.accept_delete(farewell)


@needs("rekey-by-command")
@requirement("RFC7296-3.1-16", "RFC7296-2.18-06")
def test_who_rekeys_the_ike_sa_is_its_original_initiator(peer):
    """After a rekey that the peer began it sets the Initiator bit, whatever it was before. RFC 7296 3.1, 2.18"""
    sa = peer.establish()
    peer.rekey("ike")
    new = sa.accept_rekey(sa.expect_request(CREATE_CHILD_SA))
    sa.accept_delete(sa.expect_request(INFORMATIONAL))
    assert new.liveness().header.from_initiator


@requirement("RFC7296-3.1-19")
def test_exchange_types(peer):
    """A life has the four exchanges 34 to 37, the peer's requests and responses alike, and no others. RFC 7296 3.1"""
    assert {message.header.exchange_type for message in life(peer)} == {34, 35, 36, 37}


@requirement("RFC7296-3.1-03", "RFC7296-3.1-04")
def test_spis_of_the_first_request(initiator):
    """The initiator's SPI is not zero, the responder's is. RFC 7296 3.1"""
    header = initiator.call().init_request.header
    assert header.spi_i != bytes(8)
    assert header.spi_r == bytes(8)


@requirement("RFC7296-3.1-04")
def test_the_responder_spi_is_zero_with_a_cookie_too(initiator):
    """IKE_SA_INIT with a cookie has the responder's SPI zero, even when the COOKIE response had one. RFC 7296 3.1"""
    sa = initiator.call()
    sa.answer(sa.init_request, N("COOKIE", b"a cookie"))
    assert sa.expect_request(IKE_SA_INIT).header.spi_r == bytes(8)


@requirement("RFC7296-3.1-18", "RFC7296-3.1-20", "RFC7296-3.1-01", "RFC7296-3.14-01", "RFC7296-3.1-02", "RFC7296-3.2-08")
def test_messages_are_whole_and_nothing_follows_sk(peer):
    """Length is the datagram's, SK is its last payload and not in itself, and the last one inside names none. RFC 7296
    3.1, 3.2, 3.14"""
    for message in life(peer):
        assert message.header.length == len(message.octets)
        headers = generic_headers(message)
        outer, inside = headers[: len(message.outer)], headers[len(message.outer) :]
        assert PayloadType.SK not in [one.kind for one in [*outer[:-1], *inside]]
        for last in (outer[-1:] if message.encrypted is None else inside[-1:]):
            assert last.next_payload == PayloadType.NONE


@requirement("RFC7296-3.1-06")
@each("version", 0x30, 0xF0)
def test_a_higher_major_version_begins_no_ike_sa(responder, version):
    """IKE_SA_INIT of a later major version is refused by INVALID_MAJOR_VERSION or ignored. RFC 7296 3.1, 2.5"""
    sa = responder.ike_sa()
    sa.send_init(version=version)
    sa.prove_chance()
    for answer in sa.inbox:
        assert list(answer.notifies()) == ["INVALID_MAJOR_VERSION"], f"{answer} to version {version:#x}"
        assert answer.header.version >> 4 == 2


@requirement("RFC7296-3.1-06")
def test_a_higher_major_version_within_an_ike_sa_changes_nothing(peer):
    """A sealed request of another major version is not carried out. RFC 7296 3.1"""
    sa = peer.establish()
    sa.send(INFORMATIONAL, D(), version=0x30)
    sa.prove_chance()
    for answer in sa.inbox:
        answer.notified("INVALID_MAJOR_VERSION")
    sa.inbox.clear()
    sa.liveness()


@requirement("RFC7296-3.1-08")
def test_the_minor_version_of_the_first_request_is_ignored(responder):
    """A request of version 2.15 is answered as one of 2.0. RFC 7296 3.1, 2.5"""
    sa = responder.ike_sa()
    sa.take_init(sa.try_init(version=0x2F))
    sa.auth()


@requirement("RFC7296-3.1-08")
def test_the_minor_version_of_the_first_response_is_ignored(initiator):
    """A response of version 2.15 is taken as one of 2.0. RFC 7296 3.1, 2.5"""
    sa = initiator.call()
    sa.accept_init(version=0x2F)
    sa.check_proof(sa.expect_request(IKE_AUTH))


@requirement("RFC7296-3.1-08")
def test_the_minor_version_of_sealed_messages_is_ignored(peer):
    """An INFORMATIONAL request of version 2.9 is answered. RFC 7296 3.1, 2.5"""
    sa = peer.establish()
    assert sa.request(INFORMATIONAL, version=0x29).payloads == []


@requirement("RFC7296-3.1-10", "RFC7296-3.1-15")
@each("bits", 0x01, 0x02, 0x04, 0x10, 0x40, 0x80, 0xD7)
def test_other_flags_of_a_request_are_ignored(peer, bits):
    """Undefined flags and the Version bit change nothing. RFC 7296 3.1"""
    sa = peer.establish()
    assert sa.request(INFORMATIONAL, flags=bits | FLAG_INITIATOR * sa.initiator).payloads == []


@requirement("RFC7296-3.1-10", "RFC7296-3.1-15")
def test_other_flags_of_the_first_request_are_ignored(responder):
    """Undefined flags and the Version bit of IKE_SA_INIT change nothing. RFC 7296 3.1"""
    sa = responder.ike_sa()
    sa.take_init(sa.try_init(flags=UNDEFINED | FLAG_VERSION | FLAG_INITIATOR))
    sa.auth()


@requirement("RFC7296-3.1-10", "RFC7296-3.1-15")
def test_other_flags_of_the_first_response_are_ignored(initiator):
    """Undefined flags and the Version bit of the IKE_SA_INIT response change nothing. RFC 7296 3.1"""
    sa = initiator.call()
    sa.accept_init(flags=UNDEFINED | FLAG_VERSION | FLAG_RESPONSE)
    sa.check_proof(sa.expect_request(IKE_AUTH))


@requirement("RFC7296-3.1-13")
def test_a_response_that_nothing_asked_for_is_not_answered(peer):
    """A sealed message with the Response bit gets no response, whatever is in it. RFC 7296 3.1"""
    sa = peer.establish()
    sa.send(INFORMATIONAL, Raw(200, b"", critical=True), response=True, message_id=7)
    sa.expect_nothing("a response is never answered")
    sa.liveness()
