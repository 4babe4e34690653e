from ikelab.conformance import *


@needs("rekey-by-time")
@configuration(child={"lifetime": {"rekey_ms": 1000, "hard_ms": 2000}})
@requirement("RFC7296-2.8-01", "RFC7296-2.4-14")
def test_a_child_sa_whose_time_is_over_is_not_used(peer):
    """Its rekey is refused: at the end of its time it is deleted, and what comes on it is discarded. RFC 7296 2.8"""
    sa = peer.establish()
    child = sa.children[0]
    request = sa.expect_request()
    while request.exchange == CREATE_CHILD_SA:
        sa.answer(request, N("NO_ADDITIONAL_SAS"))
        request = sa.expect_request()
    assert request.exchange == INFORMATIONAL and request.payloads in ([D(ESP, child.spi_out)], [D()])
    sa.accept_delete(request)  # before which neither side has closed it (1.4.1)
    sa.prove_chance()
    number = child.send_echo()
    sa.prove_chance()
    assert not any(child.reply_to(number)(one) for one in child.inbox), "it was used after its time"


@needs("rekey-by-time", "ike-hard-lifetime")
@configuration(lifetime={"rekey_ms": 1000, "hard_ms": 2000})
@requirement("RFC7296-2.8-04", "RFC7296-2.8-01")
def test_an_ike_sa_that_cannot_be_rekeyed_is_closed(peer):
    """Its rekeys fail: at the end of its time the IKE SA goes, and its Child SAs with it. RFC 7296 2.8"""
    sa = peer.establish()
    request = sa.expect_request()
    while request.exchange == CREATE_CHILD_SA:
        sa.answer(request, N("TEMPORARY_FAILURE"))
        request = sa.expect_request()
    assert request.payloads == [D()]
    sa.accept_delete(request)
    sa.prove_chance()
    assert not peer.status().established() and not peer.status().installed()


@requirement("RFC7296-2.8-02", "RFC7296-2.8-10", "RFC7296-2.4-15")
def test_sas_that_were_idle_may_go_and_others_come(peer):
    """We close the Child SA, and then the IKE SA, instead of a rekey; later both sides set up new ones. RFC 7296 2.4, 2.8"""
    sa = peer.establish()
    sa.delete_child(sa.children[0])
    sa.delete()
    begin_anew(peer)


@requirement("RFC7296-2.8-05")
def test_after_a_rekey_that_failed_there_may_be_new_sas(peer):
    """Our rekey of the IKE SA is refused, so we close it, and both sides set up another. RFC 7296 2.8"""
    sa = peer.establish()
    offer = sa.offer_rekey()
    nobodys = Proposal(1, IKE, offer.spi, [Transform(TransformType.ENCR, 1023)])
    sa.request(CREATE_CHILD_SA, *replaced(offer.payloads, SA(nobodys))).notified("NO_PROPOSAL_CHOSEN")
    sa.delete()
    begin_anew(peer)


@requirement("RFC7296-1.4.1-09")
def test_an_ike_sa_may_be_closed_while_a_child_sa_is(peer):
    """Its Delete of the Child SA is out and not answered when we close the IKE SA: that is answered, and new SAs can be set
    up. RFC 7296 1.4.1"""
    sa = peer.establish()
    peer.delete("child")
    sa.expect_request(INFORMATIONAL)
    assert sa.delete().payloads == []
    sa.prove_chance()
    assert not peer.status().established() and not peer.status().installed()
    begin_anew(peer)


def begin_anew(peer):
    """An IKE SA and a Child SA, as if there had been none before."""
    sa = peer.initialised()
    child = sa.auth() if sa.initiator else sa.accept_auth(sa.auth_request)
    sa.liveness()
    child.ping()
