from ikelab.conformance import *

SOME_MINOR, MAJOR_3, MAJOR_1 = 0x2F, 0x30, 0x10


@each("exchange", IKE_SA_INIT, IKE_AUTH, INFORMATIONAL)
@requirement("RFC7296-2.5-01", "RFC7296-2.5-05")
def test_a_higher_minor_version_is_ignored(responder, exchange):
    """2.15 is spoken to as 2.0 is, and answered in 2.0. RFC 7296 2.5"""
    sa = responder.ike_sa()
    odd = {exchange: {"version": SOME_MINOR}}
    answer = sa.try_init(**odd.get(IKE_SA_INIT, {}))
    assert answer.header.version >> 4 == 2
    sa.take_init(answer)
    sent = sa.send_auth(**odd.get(IKE_AUTH, {}))
    answer = sa.expect_response(sent)
    assert answer.header.version >> 4 == 2
    sa.take_auth(answer, sent)
    assert sa.request(INFORMATIONAL, **odd.get(INFORMATIONAL, {})).header.version >> 4 == 2


@requirement("RFC7296-2.5-01")
def test_a_higher_minor_version_of_responses_is_ignored(initiator):
    """Responses of 2.15 are taken. RFC 7296 2.5"""
    sa = initiator.call()
    sa.accept_init(version=SOME_MINOR)
    request = sa.expect_request(IKE_AUTH)
    sa.accept_auth(request, version=SOME_MINOR)
    sa.liveness()
    sa.children[0].ping()


@requirement("RFC7296-2.5-02", "RFC7296-1.5-05", "RFC7296-2.5-03")
def test_ike_sa_init_of_a_higher_major_version_is_dropped(responder):
    """Version 3.0: no IKE SA, and INVALID_MAJOR_VERSION in a header that says 2. RFC 7296 2.5, 1.5"""
    sa = responder.ike_sa()
    sent = sa.send_init(version=MAJOR_3)
    sa.prove_chance()
    for one in sa.inbox:
        one.notified("INVALID_MAJOR_VERSION")
        assert one.header.response and one.header.version >> 4 == 2 and one.message_id == 0
        assert (one.header.spi_i, one.header.exchange_type) == (sa.spi_i, IKE_SA_INIT) and one.arrived.source == sent.to
    with responder.should("RFC7296-2.5-03"):
        assert len(sa.inbox) == 1, "INVALID_MAJOR_VERSION is sent"
    assert not [one for one in responder.status().ike_sas if one.spi_i == int.from_bytes(sa.spi_i, "big")]


@requirement("RFC7296-2.5-02")
def test_a_higher_major_version_within_an_ike_sa_is_dropped(peer):
    """A request of version 3.0 under good keys is not obeyed. RFC 7296 2.5"""
    sa = peer.establish()
    sent = sa.send(INFORMATIONAL, D(), version=MAJOR_3)
    sa.expect_no_success(sent, "its version is not supported")
    sa.liveness()
    sa.children[0].ping()


def not_taken(sa):
    """Nothing has come of a message of version 3.0 but INVALID_MAJOR_VERSION, which 2.5 has for any message, though 1.5
    speaks of requests alone."""
    sa.prove_chance()
    assert [str(one) for one in sa.inbox if "INVALID_MAJOR_VERSION" not in one.notifies()] == []
    assert not sa.problems
    sa.inbox.clear()


@requirement("RFC7296-2.5-02")
def test_a_response_of_a_higher_major_version_is_dropped(initiator):
    """It is not taken, and the right one afterwards is. RFC 7296 2.5"""
    sa = initiator.call()
    sa.answer(sa.init_request, *sa.init_response_payloads(), version=MAJOR_3)
    not_taken(sa)
    sa.accept_init()
    sa.accept_auth(sa.expect_request(IKE_AUTH))
    sa.liveness()


@requirement("RFC7296-2.5-02")
def test_a_response_of_a_higher_major_version_within_an_ike_sa_is_dropped(peer):
    """A response of version 3.0 to a request that is out is not taken: the request is repeated. RFC 7296 2.5"""
    sa = peer.establish()
    peer.delete("child")
    request = sa.expect_request(INFORMATIONAL)
    sa.answer(request, version=MAJOR_3)
    not_taken(sa)
    sa.expect_copy(request)
    sa.accept_delete(request)
    sa.liveness()


@requirement("RFC7296-2.5-05")
def test_what_is_sent_is_of_version_2(peer):
    """Requests and responses have the version 2.0. RFC 7296 2.5, 3.1"""
    sa = peer.establish()
    assert sa.liveness().header.version == 0x20
    peer.delete("child")
    assert sa.expect_request(INFORMATIONAL).header.version == 0x20


def patched(payload, at, octets):
    """The payload with these octets in its body from there on."""
    return known(payload.kind, payload.body[:at] + octets + payload.body[at + len(octets):])


def proposal_reserved(payload):
    """SA with the reserved octets of its first proposal and of its first transform set (3.3.1, 3.3.2)."""
    spi = payload.body[6]
    return patched(patched(payload, 1, b"\xff"), 8 + spi + 1, b"\xff")


RESERVED = {PayloadType.SA: proposal_reserved, PayloadType.KE: lambda p: patched(p, 2, b"\xff\xff"),
            PayloadType.IDi: lambda p: patched(p, 1, b"\xff\xff\xff"),
            PayloadType.AUTH: lambda p: patched(p, 1, b"\xff\xff\xff"),
            PayloadType.TSi: lambda p: patched(p, 1, b"\xff\xff\xff"),
            PayloadType.TSr: lambda p: patched(p, 1, b"\xff\xff\xff")}


def with_reserved(payloads, kind):
    return [RESERVED[kind](one) if one.kind == kind else one for one in payloads]


@requirement("RFC7296-2.5-08")
def test_reserved_bits_of_the_header_are_ignored(responder):
    """The header's flags that have no meaning may be anything. RFC 7296 2.5, 3.1"""
    sa = responder.ike_sa()
    sa.take_init(sa.try_init(flags=0x08 | 0xC7))
    sent = sa.send_auth(flags=0x08 | 0xC7)
    sa.take_auth(sa.expect_response(sent), sent)
    sa.request(INFORMATIONAL, flags=0x08 | 0xC7)


@requirement("RFC7296-2.5-08")
def test_reserved_bits_of_payload_headers_are_ignored(responder):
    """The seven bits beside the critical flag may be anything. RFC 7296 2.5, 3.2"""
    sa = responder.ike_sa()
    answer = sa.try_init(lambda payloads: [odd(one, reserved=0x7F) for one in payloads])
    known_again(sa.sent_init)
    sa.take_init(answer)
    sent = known_again(sa.send_auth(*(odd(one, reserved=0x7F) for one in sa.auth_payloads())))
    assert sa.take_auth(sa.expect_response(sent), sent) is not None


def known_again(sent):
    """The payloads as the decoder sees them, for whoever draws conclusions from them."""
    sent.payloads = [known(one.kind, one.body) for one in sent.payloads]
    return sent


@each("kind", PayloadType.SA, PayloadType.KE)
@requirement("RFC7296-2.5-08")
def test_reserved_octets_in_ike_sa_init_are_ignored(responder, kind):
    """RESERVED in proposals and transforms, and of KE. RFC 7296 2.5, 3.3, 3.4"""
    sa = responder.ike_sa()
    sa.take_init(sa.try_init(lambda payloads: with_reserved(payloads, kind)))
    sa.auth()


@each("kind", PayloadType.IDi, PayloadType.AUTH, PayloadType.SA, PayloadType.TSi, PayloadType.TSr)
@requirement("RFC7296-2.5-08")
def test_reserved_octets_in_ike_auth_are_ignored(responder, kind):
    """RESERVED of ID (which AUTH covers as it is), AUTH, proposals and selectors. RFC 7296 2.5, 2.15, 3.5, 3.8, 3.13"""
    sa = responder.initialised()
    payloads = with_reserved(sa.auth_payloads(), kind)
    if kind == PayloadType.IDi:
        payloads = replaced(payloads, sa.proof(payloads[0])[0])
    sent = sa.send_auth(*payloads)
    assert sa.take_auth(sa.expect_response(sent), sent) is not None


@each("kind", PayloadType.SA, PayloadType.KE)
@requirement("RFC7296-2.5-08")
def test_reserved_octets_in_an_ike_sa_init_response_are_ignored(initiator, kind):
    """RESERVED in proposals and transforms, and of KE, of a response. RFC 7296 2.5, 3.3, 3.4"""
    sa = initiator.call()
    sa.accept_init(*with_reserved(sa.init_response_payloads(), kind))
    sa.accept_auth(sa.expect_request(IKE_AUTH))
    sa.liveness()


def clear_reserved(payload):
    """Whether all that is reserved in the payload's body is zero."""
    body, kind = payload.body, payload.kind
    if kind == PayloadType.KE:
        return body[2:4] == bytes(2)
    if kind in (PayloadType.IDi, PayloadType.IDr, PayloadType.AUTH, PayloadType.TSi, PayloadType.TSr):
        return body[1:4] == bytes(3)
    if kind == PayloadType.SA:
        return body == SA(*payload.proposals).body
    return True


@requirement("RFC7296-2.5-07")
def test_a_responder_sends_reserved_fields_as_zero(responder):
    """In the header, in generic headers, and in SA, KE, ID, AUTH and TS. RFC 7296 2.5"""
    sa = responder.ike_sa()
    init = sa.init()
    auth = sa.expect_response(sent := sa.send_auth())
    sa.take_auth(auth, sent)
    for message in (init, auth, sa.request(CREATE_CHILD_SA, *sa.offer_child(rekey=sa.children[0]).payloads)):
        judge_reserved(message)


@requirement("RFC7296-2.5-07")
def test_an_initiator_sends_reserved_fields_as_zero(initiator):
    """In the header, in generic headers, and in SA, KE, ID, AUTH and TS. RFC 7296 2.5"""
    sa = initiator.establish()
    initiator.rekey("ike")
    for message in (sa.init_request, sa.auth_request, sa.expect_request(CREATE_CHILD_SA)):
        judge_reserved(message)


def judge_reserved(message):
    assert message.header.flags & 0xC7 == 0, f"flags {message.header.flags:#x} in {message}"
    assert [str(one) for one in message.payloads if not clear_reserved(one)] == [], f"in {message}"
    at = 28
    while at < len(message.octets) and (message.encrypted is None or at < message.encrypted.at):
        assert message.octets[at + 1] & 0x7F == 0, f"a generic header of {message}"
        at += int.from_bytes(message.octets[at + 2:at + 4], "big")


@requirement("RFC7296-2.5-15")
def test_payloads_are_sent_in_order_by_an_initiator(initiator):
    """SA KE N, and IDi AUTH SA TSi TSr, as in the figures. RFC 7296 2.5, 1.2"""
    sa = initiator.initialised()
    assert in_order(sa.init_request, PayloadType.SA, PayloadType.KE, PayloadType.NONCE)
    assert in_order(sa.auth_request, PayloadType.IDi, PayloadType.AUTH, PayloadType.SA, PayloadType.TSi, PayloadType.TSr)


@requirement("RFC7296-2.5-15")
def test_payloads_are_sent_in_order_by_a_responder(responder):
    """SA KE N, and IDr AUTH SA TSi TSr, as in the figures. RFC 7296 2.5, 1.2"""
    sa = responder.ike_sa()
    assert in_order(sa.init(), PayloadType.SA, PayloadType.KE, PayloadType.NONCE)
    answer = sa.expect_response(sa.send_auth())
    assert in_order(answer, PayloadType.IDr, PayloadType.AUTH, PayloadType.SA, PayloadType.TSi, PayloadType.TSr)


def in_order(message, *kinds):
    return [one.kind for one in message.payloads if one.kind in kinds] == list(kinds)
