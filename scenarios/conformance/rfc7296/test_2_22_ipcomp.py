from ikelab.conformance import *

DEFLATE, LZS, NOBODYS = 2, 3, 240
IPCOMP = 108  # the protocol number
CPI = b"\x12\x34"
LONG = 1000 * b"a"  # what any algorithm would make shorter


def offered(*transforms):
    return [N("IPCOMP_SUPPORTED", CPI + bytes([one])) for one in transforms]


def accepted(message):
    return [one for one in message.payloads if one.kind == PayloadType.N and one.name == "IPCOMP_SUPPORTED"]


def next_header_of_a_long_reply(child):
    """What the peer's packets have inside, when compressing them would be worth while."""
    number = 4711
    child.send(child.echo_request(data=LONG, sequence=number))
    return child.expect(lambda one: one.next_header == IPCOMP or child.reply_to(number)(one), "a reply").next_header


@requirement("RFC7296-2.22-03")
def test_ipcomp_supported_goes_with_an_sa_payload(peer):
    """No message without SA has it. RFC 7296 2.22"""
    for message in life(peer):
        assert message.first(PayloadType.SA) is not None or not accepted(message)


@requirement("RFC7296-2.22-01", "RFC7296-2.22-02", "RFC7296-2.22-05")
@each("exchange", "IKE_AUTH", "CREATE_CHILD_SA")
def test_an_offer_of_ipcomp_is_accepted_once_or_ignored(responder, exchange):
    """Of two algorithms that we offer at most one is accepted, and one of these. RFC 7296 2.22"""
    if exchange == "IKE_AUTH":
        sa = responder.initialised()
        sent = sa.send_auth(*sa.auth_payloads(), *offered(DEFLATE, LZS))
        answer = sa.expect_response(sent)
        assert sa.take_auth(answer, sent) is not None
    else:
        sa = responder.establish()
        offer = sa.offer_child()
        answer = sa.request(CREATE_CHILD_SA, *offered(DEFLATE, LZS), *offer.payloads)
        offer.take(answer)
    assert len(accepted(answer)) <= 1
    assert all(one.data[2] in (DEFLATE, LZS) for one in accepted(answer))


@requirement("RFC7296-2.22-01", "RFC7296-2.22-02")
def test_an_offer_of_an_algorithm_that_nobody_knows_is_not_accepted(peer):
    """The Child SA comes about without IPComp. RFC 7296 2.22"""
    sa = peer.establish()
    offer = sa.offer_child()
    answer = sa.request(CREATE_CHILD_SA, *offered(NOBODYS), *offer.payloads)
    assert not accepted(answer)
    offer.take(answer).ping()


@requirement("RFC7296-2.22-04", "RFC7296-2.22-06")
def test_ipcomp_that_was_not_proposed_is_not_used(initiator):
    """The response accepts DEFLATE out of the blue: there is no Child SA, or one without compression. RFC 7296 2.22"""
    sa = initiator.initialised()
    assert not accepted(sa.auth_request)
    child = sa.accept_auth(sa.auth_request, *sa.auth_response_payloads(sa.auth_request), *offered(DEFLATE))
    sa.liveness()
    if initiator.status().installed():
        assert next_header_of_a_long_reply(child) == ip.IPV4


@requirement("RFC7296-2.22-06")
def test_packets_are_not_compressed_without_agreement(peer):
    """A long packet of one letter comes back as IP. RFC 7296 2.22"""
    child = peer.establish().children[0]
    assert next_header_of_a_long_reply(child) == ip.IPV4
