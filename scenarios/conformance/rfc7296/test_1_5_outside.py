import struct

from ikelab.conformance import *
from ikelab.wire import ike


def unprotected(sa):
    """What has come without protection, on this IKE SA or on none."""
    return [*(ike.parse(one.octets) for one in sa.carrier.strangers), *(one for one in sa.inbox if one.encrypted is None)]


@each("spis", "zero", "unknown", "known")
@requirement("RFC7296-1.5-03", "RFC7296-2.4-06")
def test_an_unprotected_invalid_spi_is_not_answered(peer, spis):
    """INVALID_SPI outside an IKE SA is a hint at most; an answer could make a loop. RFC 7296 1.5, 2.4"""
    sa = peer.establish()
    pair = {"zero": (bytes(8), bytes(8)), "unknown": (sa.draws.spi(8), sa.draws.spi(8)), "known": (sa.spi_i, sa.spi_r)}
    spi_i, spi_r = pair[spis]
    sa.send(INFORMATIONAL, N("INVALID_SPI", sa.children[0].spi_out), sealed=False, message_id=0, spi_i=spi_i, spi_r=spi_r,
            from_initiator=True)
    sa.prove_chance()
    assert unprotected(sa) == []
    sa.children[0].ping()


@each("form", "bare", "udp")
@requirement("RFC7296-1.5-02", "RFC7296-1.5-04")
def test_esp_of_an_unknown_spi_is_ignored_or_answered_well(peer, form):
    """INVALID_SPI without an IKE SA, if sent: flags, SPIs and data are as they should be. RFC 7296 1.5"""
    sa = peer.establish()
    sa.delete()
    carrier = sa.carrier
    carrier.send_esp(b"\x0b\xad\xf0\x0d" + bytes(60), (carrier.remote, carrier.natt_port if form == "udp" else 0))
    sa.prove_chance()
    for one in unprotected(sa):
        assert one.header.from_initiator and not one.header.response
        assert one.header.spi_i not in (sa.spi_i, sa.spi_r) and one.header.spi_r not in (sa.spi_i, sa.spi_r)
        assert one.notifies()["INVALID_SPI"].data == b"\x0b\xad\xf0\x0d"


@requirement("RFC7296-1.5-01")
def test_esp_of_an_unknown_spi_within_an_ike_sa(peer):
    """INVALID_SPI in an INFORMATIONAL of the IKE SA, if sent, has the SPI; nothing comes unprotected. RFC 7296 1.5"""
    sa = peer.establish()
    sa.children[0].send_echo(spi=b"\x0b\xad\xf0\x0d")
    sa.prove_chance()
    assert unprotected(sa) == []
    for one in [one for one in sa.inbox if not one.header.response]:
        assert one.notified("INVALID_SPI").data == b"\x0b\xad\xf0\x0d"
    sa.children[0].ping()


@each("exchange", IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL)
@requirement("RFC7296-1.5-05", "RFC7296-2.1-10")
def test_an_unknown_ike_spi_is_dropped_or_answered_well(responder, exchange):
    """INVALID_IKE_SPI, if sent, is a response in the clear with the header's fields copied, once. RFC 7296 1.5, 2.1"""
    sa = responder.establish()
    unknown = sa.draws.spi(8)
    sent = sa.send(exchange, N("MOBIKE_SUPPORTED"), message_id=7, spi_r=unknown)
    sa.prove_chance()
    found = unprotected(sa)
    assert len(found) <= 1 and not [one for one in sa.copies if one.message_id == 7]
    for one in found:
        one.notified("INVALID_IKE_SPI")
        header = one.header
        assert header.response and (header.spi_i, header.spi_r) == (sa.spi_i, unknown)
        assert (header.message_id, header.exchange_type) == (7, exchange)
        assert one.notifies()["INVALID_IKE_SPI"].data == b"" and one.arrived.source == sent.to
    sa.inbox.clear()
    sa.liveness()


@requirement("RFC7296-1.5-05")
def test_a_response_of_an_unknown_spi_is_not_answered(peer):
    """Only requests have responses: INVALID_IKE_SPI to a response could go round for ever. RFC 7296 1.5"""
    sa = peer.establish()
    sa.send(INFORMATIONAL, message_id=7, response=True, spi_i=sa.draws.spi(8), spi_r=sa.draws.spi(8))
    sa.prove_chance()
    assert unprotected(sa) == []
    sa.liveness()


@requirement("RFC7296-1.7-01")
def test_address_expiry_is_ignored(responder):
    """Configuration attribute 5 of old is ignored; nothing else is asked, and the Child SA is set up. RFC 7296 1.7"""
    sa = responder.initialised()
    payloads = sa.auth_payloads()
    at = [one.kind for one in payloads].index(PayloadType.SA)
    answer = sa.expect_response(sent := sa.send_auth(*payloads[:at], CP(1, (5, struct.pack(">I", 3600))), *payloads[at:]))
    for one in answer.payloads:
        if one.kind == PayloadType.CP:
            assert one.body[4:6] != b"\0\x05"
    assert sa.take_auth(answer, sent) is not None


@each("exchange", IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA)
@requirement("RFC7296-1.7-02", "RFC7296-2.5-16")
def test_payloads_in_another_order_are_taken(responder, exchange):
    """A request with its payloads the other way round is as good. RFC 7296 1.7, 2.5"""
    sa = responder.ike_sa()
    if exchange == IKE_SA_INIT:
        sa.take_init(sa.try_init(reversed))
        sa.auth()
        return
    sa = responder.initialised()
    if exchange == IKE_AUTH:
        sent = sa.send_auth(*reversed(sa.auth_payloads()))
        assert sa.take_auth(sa.expect_response(sent), sent) is not None
        return
    sa.auth()
    offer = sa.offer_child(rekey=sa.children[0])
    offer.take(sa.request(CREATE_CHILD_SA, *reversed(offer.payloads))).ping()


@each("exchange", IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA)
@requirement("RFC7296-1.7-02", "RFC7296-2.5-16")
def test_payloads_of_a_response_in_another_order_are_taken(initiator, exchange):
    """A response with its payloads the other way round is as good. RFC 7296 1.7, 2.5"""
    def turned(message, payloads):
        return tuple(reversed(payloads)) if message == exchange else tuple(payloads)

    sa = initiator.call()
    sa.accept_init(*turned(IKE_SA_INIT, sa.init_response_payloads()))
    request = sa.expect_request(IKE_AUTH)
    sa.accept_auth(request, *turned(IKE_AUTH, sa.auth_response_payloads(request)))
    sa.liveness()
    old = sa.children[0]
    initiator.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    reply = sa.reply_child(request)
    sa.answer(request, *turned(CREATE_CHILD_SA, reply.payloads))
    new = reply.child()
    assert sa.expect_request(INFORMATIONAL).payloads == [D(ESP, old.spi_out)]
    new.ping()
