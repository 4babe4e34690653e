from ikelab.conformance import *

CBC_IKE = {"proposals": ("aes128-aes256-sha256-sha512-prfsha256-prfsha512-x25519-ecp256",)}
CBC_ESP = {"child": {"proposals": ("aes128-aes256-sha256-sha512",)}}
BOTH = {"proposals": ("aes256gcm16-prfsha256-x25519", "aes256-sha256-prfsha256-x25519")}


def unknown(words, *place):
    """A proposal whose cipher nobody knows."""
    found = proposal(words, *place)
    found.transforms[0] = Transform(TransformType.ENCR, 65000)
    return found


@requirement("RFC7296-2.7-01", "RFC7296-2.7-02", "RFC7296-2.7-03")
def test_the_proposal_that_fits_is_chosen_in_ike_sa_init(responder):
    """Of three proposals the one that can be chosen, by its number, and no other. RFC 7296 2.7"""
    sa = responder.ike_sa()
    words = "aes256gcm16-prfsha256-x25519"
    offered = SA(unknown(words, IKE, 1), proposal(words, IKE, 2), unknown(words, IKE, 3))
    answer = sa.try_init(lambda payloads: replaced(payloads, offered))
    (chosen,) = answer.proposals
    assert (chosen.number, chosen.protocol) == (2, IKE)
    sa.take_init(answer)
    sa.auth().ping()


@needs("esp-aes-gcm")
@requirement("RFC7296-2.7-01", "RFC7296-2.7-02", "RFC7296-2.7-03")
def test_the_proposal_that_fits_is_chosen_for_a_child_sa(peer):
    """The same of a Child SA, each proposal with an SPI of its own. RFC 7296 2.7, 3.3.1"""
    sa = peer.establish()
    offer = sa.offer_child()
    spare = sa.draws.spi(4)
    offered = SA(unknown("aes256gcm16", ESP, 1, spare), proposal("aes256gcm16", ESP, 2, offer.spi))
    offer.payloads = replaced(offer.payloads, offered)
    answer = sa.request(CREATE_CHILD_SA, *offer.payloads)
    (chosen,) = answer.proposals
    assert (chosen.number, chosen.protocol) == (2, ESP)
    offer.take(answer).ping()


@requirement("RFC7296-2.7-01", "RFC7296-2.7-02", "RFC7296-2.7-03")
def test_the_proposal_that_fits_is_chosen_for_an_ike_rekey(peer):
    """The same of a rekey of the IKE SA. RFC 7296 2.7"""
    sa = peer.establish()
    offer = sa.offer_rekey()
    words = "aes256gcm16-prfsha256-x25519"
    offer.payloads = replaced(offer.payloads, SA(unknown(words, IKE, 1, offer.spi), proposal(words, IKE, 2, offer.spi)))
    answer = sa.request(CREATE_CHILD_SA, *offer.payloads)
    assert [one.number for one in answer.proposals] == [2]
    new = offer.take(answer)
    sa.delete()
    new.liveness()


@requirement("RFC7296-2.7-03", "RFC7296-1.3.1-09")
def test_a_rekey_that_cannot_be_chosen_is_refused(peer):
    """NO_PROPOSAL_CHOSEN to a rekey of the IKE SA, which lives on. RFC 7296 2.7"""
    sa = peer.establish()
    offer = sa.offer_rekey()
    answer = sa.request(CREATE_CHILD_SA, *replaced(offer.payloads, SA(unknown("aes256gcm16-prfsha256-x25519", IKE, 1,
                                                                              offer.spi))))
    answer.notified("NO_PROPOSAL_CHOSEN")
    assert answer.first(PayloadType.SA) is None
    sa.liveness()


@requirement("RFC7296-2.7-03")
def test_a_first_child_sa_that_cannot_be_chosen_is_refused(responder):
    """NO_PROPOSAL_CHOSEN in IKE_AUTH refuses the Child SA; the IKE SA is set up. RFC 7296 2.7, 1.2"""
    sa = responder.initialised()
    sent = sa.send_auth(*replaced(sa.auth_payloads(), SA(unknown("aes256gcm16", ESP, 1, sa.child_spi))))
    answer = sa.expect_response(sent)
    answer.notified("NO_PROPOSAL_CHOSEN")
    assert sa.take_auth(answer, sent) is None
    sa.create_child().ping()


@needs("ike-aes-cbc", "ke-ecp")
@configuration(**CBC_IKE)
@requirement("RFC7296-2.7-04", "RFC7296-2.7-05")
def test_one_transform_of_each_type_is_chosen_in_ike_sa_init(responder):
    """Two ciphers, two integrity algorithms, two PRFs, two groups: one of each comes back. RFC 7296 2.7"""
    sa = responder.ike_sa()
    answer = sa.init()
    (chosen,) = answer.proposals
    assert sorted(one.kind for one in chosen.transforms) == [TransformType.ENCR, TransformType.PRF, TransformType.INTEG,
                                                             TransformType.KE]
    sa.auth().ping()


@needs("esp-aes-cbc")
@configuration(**CBC_ESP)
@requirement("RFC7296-2.7-04", "RFC7296-2.7-05")
def test_one_transform_of_each_type_is_chosen_for_a_child_sa(peer):
    """Two ciphers, two integrity algorithms, one ESN: one of each comes back. RFC 7296 2.7"""
    sa = peer.establish()
    offer = sa.offer_child()
    answer = sa.request(CREATE_CHILD_SA, *offer.payloads)
    (chosen,) = answer.proposals
    assert sorted(one.kind for one in chosen.transforms) == [TransformType.ENCR, TransformType.INTEG, TransformType.ESN]
    offer.take(answer).ping()


@needs("ike-aes-cbc")
@configuration(**BOTH)
@requirement("RFC7296-2.7-06")
def test_combined_ciphers_stand_in_proposals_of_their_own(initiator):
    """A proposal has combined-mode ciphers or others, and integrity with the others alone. RFC 7296 2.7, 3.3"""
    for one in initiator.call().init_request.proposals:
        ciphers = {found.number in (12, 13) for found in one.transforms if found.kind == TransformType.ENCR}
        assert len(ciphers) == 1
        protected = [found for found in one.transforms if found.kind == TransformType.INTEG and found.number]
        assert bool(protected) == ciphers.pop()


@needs("ike-aes-cbc")
@configuration(**BOTH)
@each("number", 0, 1)
@requirement("RFC7296-2.7-01", "RFC7296-2.7-06")
def test_an_initiator_takes_either_of_its_proposals(initiator, number):
    """Whichever of its proposals is chosen, combined mode or not, is used. RFC 7296 2.7"""
    sa = initiator.call(proposals=BOTH["proposals"][number:number + 1])
    sa.accept_init()
    sa.accept_auth(sa.expect_request(IKE_AUTH))
    sa.liveness()
    sa.children[0].ping()


@each("wrong", "cipher", "group", "missing")
@requirement("RFC7296-3.3.6-05", "RFC7296-3.3.6-06")
def test_an_initiator_refuses_what_it_has_not_proposed(initiator, wrong):
    """A choice that is none of its proposals: no IKE_AUTH follows. RFC 7296 2.7, 3.3.6"""
    sa = initiator.call()
    payloads = sa.init_response_payloads()
    (good,) = payloads[0].proposals
    encr, prf, ke = good.transforms
    bad = {"cipher": [Transform(TransformType.ENCR, 20, 128), prf, ke], "missing": [encr, ke],
           "group": [encr, prf, Transform(TransformType.KE, 19)]}
    sa.answer(sa.init_request, *replaced(payloads, SA(Proposal(good.number, IKE, b"", bad[wrong]))))
    sa.expect_nothing("it was not proposed")
    assert not initiator.status().established()
