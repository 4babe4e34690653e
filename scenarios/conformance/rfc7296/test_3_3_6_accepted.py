"""What an initiator does with an answer that it did not ask for. RFC 7296 3.3.6"""

from ikelab.conformance import *

GOOD = "aes256gcm16-prfsha256-x25519"


def not_asked_for(good, case):
    """A choice that is within no proposal of the request."""
    transforms, spi, protocol = good.transforms, good.spi, good.protocol
    cipher = next(t for t in transforms if t.kind == TransformType.ENCR)
    rest = [t for t in transforms if t is not cipher]
    return {
        "another cipher": [Proposal(1, protocol, spi, [Transform(1, 28), *rest])],
        "another key length": [Proposal(1, protocol, spi, [Transform(1, cipher.number, 128), *rest])],
        "another number": [Proposal(7, protocol, spi, transforms)],
        "two ciphers": [Proposal(1, protocol, spi, [cipher, Transform(1, 20, 128), *rest])],
        "no cipher": [Proposal(1, protocol, spi, rest)],
        "another type": [Proposal(1, protocol, spi, [*transforms, Transform(TransformType.INTEG, 12)])],
        "two proposals": [good, Proposal(2, protocol, spi, transforms)],
        "another protocol": [Proposal(1, 4 - protocol, spi, transforms)],
    }[case]


def further(initiator, sa):
    """What it goes on with after our answer."""
    initiator.catch_up(sa)
    return [one for one in sa.received if one.exchange == IKE_AUTH] + sa.problems


CASES = ("another cipher", "another key length", "another number", "two ciphers", "no cipher", "another type",
         "two proposals", "another protocol")


@requirement("RFC7296-3.3.6-05", "RFC7296-3.3.6-06")
@each("case", *CASES)
def test_a_choice_that_was_not_proposed_begins_no_ike_sa(initiator, case):
    """An IKE_SA_INIT response with it is not followed by IKE_AUTH. RFC 7296 3.3.6"""
    sa = initiator.call()
    good = sa.init_response_payloads()
    sa.answer(sa.init_request, *replaced(good, SA(*not_asked_for(good[0].proposals[0], case))))
    assert not further(initiator, sa), "a choice that was not proposed was followed by IKE_AUTH"


@requirement("RFC7296-3.3.6-05", "RFC7296-3.3.6-06")
@each("case", *CASES)
def test_a_choice_that_was_not_proposed_makes_no_child_sa(initiator, case):
    """Nothing of an IKE_AUTH response with it is installed. RFC 7296 3.3.6"""
    sa = initiator.initialised()
    good = sa.auth_response_payloads(sa.auth_request)
    chosen = next(p for p in good if p.kind == PayloadType.SA).proposals[0]
    sa.answer(sa.auth_request, *replaced(good, SA(*not_asked_for(chosen, case))))
    sa.prove_chance()
    assert not initiator.status().installed(), "a choice that was not proposed made a Child SA"


@needs("rekey-by-command")
@requirement("RFC7296-3.3.6-05", "RFC7296-3.3.6-06")
@each("case", *CASES)
def test_a_choice_that_was_not_proposed_replaces_nothing(peer, case):
    """A rekey of a Child SA that is answered so makes no new one; the old one may go. RFC 7296 3.3.6"""
    sa = peer.establish()
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    reply = sa.reply_child(request)
    good = next(p for p in reply.payloads if p.kind == PayloadType.SA).proposals[0]
    sa.answer(request, *replaced(reply.payloads, SA(*not_asked_for(good, case))))
    sa.prove_chance()
    offered = int.from_bytes(request.proposals[0].spi, "big")
    assert offered not in [one.spi_in for one in peer.status().installed()], "a choice that was not proposed made a Child SA"


@requirement("RFC7296-3.3.6-06", "RFC7296-1.2-02")
@each("missing", "SA", "KE", "NONCE")
def test_a_response_without_what_it_needs_begins_no_ike_sa(initiator, missing):
    """An IKE_SA_INIT response without SA, KE or nonce is not followed by IKE_AUTH. RFC 7296 1.2"""
    sa = initiator.call()
    sa.answer(sa.init_request, *without(sa.init_response_payloads(), PayloadType[missing]))
    assert not further(initiator, sa), "a response that is not whole was followed by IKE_AUTH"
