from ikelab.conformance import *

PRF_KEY_OCTETS = {5: 32, 6: 48, 7: 64}


@requirement("RFC7296-2.10-02", "RFC7296-3.9-01")
def test_nonces_have_at_least_128_bits(peer):
    """Every nonce of a life has 16 to 256 octets. RFC 7296 2.10, 3.9"""
    nonces = payloads_of(life(peer), PayloadType.NONCE)
    assert nonces and all(16 <= len(one.body) <= 256 for one in nonces)


@requirement("RFC7296-3.9-02")
def test_nonces_are_not_used_twice(peer):
    """All nonces of two lives differ. RFC 7296 3.9"""
    nonces = [one.body for one in payloads_of([*life(peer), *life(peer)], PayloadType.NONCE)]
    assert len(nonces) > 3 and len(set(nonces)) == len(nonces)


@configuration(proposals=("aes256gcm16-prfsha512-x25519",))
@requirement("RFC7296-2.10-03")
def test_nonces_are_half_as_long_as_the_prf_key(peer):
    """With PRF_HMAC_SHA2_512 they have at least 32 octets. RFC 7296 2.10"""
    nonces = payloads_of(life(peer), PayloadType.NONCE)
    assert nonces and all(len(one.body) >= PRF_KEY_OCTETS[7] // 2 for one in nonces)


@requirement("RFC7296-3.9-01")
@each("length", 16, 256)
def test_a_nonce_of_any_lawful_length_is_taken_by_the_responder(responder, length):
    """The shortest and the longest: the keys are those made of it. RFC 7296 3.9, 2.14"""
    sa = responder.ike_sa()
    sa.ni = responder.draws.octets(length)
    sa.init()
    sa.auth()


@requirement("RFC7296-3.9-01")
@each("length", 16, 256)
def test_a_nonce_of_any_lawful_length_is_taken_by_the_initiator(initiator, length):
    """The shortest and the longest: the keys are those made of it. RFC 7296 3.9, 2.14"""
    sa = initiator.call()
    sa.nr = initiator.draws.octets(length)
    sa.accept_init()
    sa.check_proof(sa.expect_request(IKE_AUTH))


@requirement("RFC7296-3.9-01")
@each("length", 16, 256)
def test_a_nonce_of_any_lawful_length_is_taken_for_a_child_sa(peer, length):
    """In CREATE_CHILD_SA as well: packets pass with the keys made of it. RFC 7296 3.9, 2.17"""
    sa = peer.establish()
    offer = sa.offer_child()
    offer.payloads = replaced(offer.payloads, Nonce(peer.draws.octets(length)))
    offer.take(sa.request(CREATE_CHILD_SA, *offer.payloads)).ping()


@requirement("RFC7296-3.9-01")
@each("length", 0, 15, 257)
def test_a_nonce_of_another_length_begins_no_ike_sa(responder, length):
    """IKE_SA_INIT with a nonce too short or too long is refused or ignored. RFC 7296 3.9"""
    sa = responder.ike_sa()
    sa.send_init(*replaced(sa.init_payloads(), Raw(PayloadType.NONCE, bytes(length))))
    sa.prove_chance()
    assert not [one for one in sa.inbox if one.first(PayloadType.SA) is not None]


@requirement("RFC7296-3.9-01", "RFC7296-2.10-02")
@each("length", 0, 15, 257)
def test_a_nonce_of_another_length_makes_no_child_sa(peer, length):
    """CREATE_CHILD_SA with a nonce too short or too long is refused with an error. RFC 7296 3.9, 2.21.3"""
    sa = peer.establish()
    offer = sa.offer_child()
    answer = sa.request(CREATE_CHILD_SA, *replaced(offer.payloads, Raw(PayloadType.NONCE, bytes(length))))
    answer.notified("INVALID_SYNTAX")
    assert answer.first(PayloadType.SA) is None


@requirement("RFC7296-3.9-01", "RFC7296-2.10-02")
@each("length", 0, 15, 257)
def test_a_responder_nonce_of_another_length_is_not_taken(initiator, length):
    """No IKE_AUTH follows an IKE_SA_INIT response with a nonce too short or too long. RFC 7296 3.9"""
    sa = initiator.call()
    good = sa.init_response_payloads()
    sa.nr = bytes(length)
    sa.answer(sa.init_request, *replaced(good, Raw(PayloadType.NONCE, sa.nr)))
    sa.prove_chance()
    assert not [one for one in sa.received if one.exchange == IKE_AUTH] and not sa.problems
