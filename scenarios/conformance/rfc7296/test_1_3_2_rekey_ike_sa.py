from ikelab.conformance import *


@requirement("RFC7296-1.3.2-01", "RFC7296-1.3.2-02")
def test_a_rekey_of_the_ike_sa_has_what_it_needs(peer):
    """SA with a new SPI of eight octets, Ni and KEi; no selectors. RFC 7296 1.3.2"""
    sa = peer.establish()
    peer.rekey("ike")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert request.first(PayloadType.KE) is not None and request.first(PayloadType.NONCE) is not None
    assert request.first(PayloadType.TSi) is None
    for one in request.proposals:
        assert one.protocol == IKE and len(one.spi) == 8 and one.spi not in (sa.spi_i, sa.spi_r, bytes(8))


@requirement("RFC7296-1.3.2-02")
def test_the_response_to_a_rekey_has_what_it_needs(peer):
    """SA with a new SPI of eight octets, Nr and KEr. RFC 7296 1.3.2"""
    sa = peer.establish()
    answer = sa.request(CREATE_CHILD_SA, *sa.offer_rekey().payloads)
    (chosen,) = answer.proposals
    assert chosen.protocol == IKE and len(chosen.spi) == 8 and chosen.spi not in (sa.spi_i, sa.spi_r, bytes(8))
    assert answer.first(PayloadType.KE) is not None and answer.first(PayloadType.NONCE) is not None


@requirement("RFC7296-1.3.2-01")
def test_a_rekey_without_ke_is_refused(peer):
    """KEi is no option in a rekey of the IKE SA. RFC 7296 1.3.2"""
    sa = peer.establish()
    answer = sa.request(CREATE_CHILD_SA, *without(sa.offer_rekey().payloads, PayloadType.KE))
    assert any(one.is_error for one in answer.notifies().values()) and answer.first(PayloadType.SA) is None


@requirement("RFC7296-1.3.2-04")
def test_we_rekey_and_both_count_from_zero(peer):
    """On the new IKE SA both sides' first requests have Message ID 0, the old one goes on as it was. RFC 7296 1.3.2"""
    sa = peer.establish()
    new = sa.rekey(delete=False)
    assert new.liveness().message_id == 0
    peer.delete("child")
    request = new.expect_request(INFORMATIONAL)
    assert request.message_id == 0 and new.liveness().message_id == 1
    new.accept_delete(request)
    number = sa.next_request
    assert sa.delete().message_id == number


@requirement("RFC7296-1.3.2-04", "RFC7296-2.2-02")
def test_the_peer_rekeys_and_both_count_from_zero(peer):
    """The same, begun by the other side; its Delete of the old IKE SA has the next number there. RFC 7296 1.3.2"""
    sa = peer.establish()
    peer.rekey("ike")
    request = sa.expect_request(CREATE_CHILD_SA)
    new = sa.accept_rekey(request)
    farewell = sa.expect_request(INFORMATIONAL)
    assert farewell.message_id == request.message_id + 1
    sa.accept_delete(farewell)
    assert new.liveness().message_id == 0
    peer.delete("child")
    assert new.expect_request(INFORMATIONAL).message_id == 0


@requirement("RFC7296-1.3.2-03", "RFC7296-1.4-03")
def test_a_rekeyed_ike_sa_begins_nothing_new(peer):
    """After a rekey of the IKE SA, a rekey of its Child SA goes under the new one. RFC 7296 1.3.2, 1.4"""
    sa = peer.establish()
    new = sa.rekey(delete=False)
    peer.rekey("child")
    new.accept_child(new.expect_request(CREATE_CHILD_SA))
    new.accept_delete(new.expect_request(INFORMATIONAL))
    assert not sa.inbox
    sa.delete()


@requirement("RFC7296-1.4-03", "RFC7296-2.8-08")
def test_child_sas_are_deleted_under_the_new_ike_sa(peer):
    """A Child SA that was inherited is named under the successor, by either side. RFC 7296 1.4, 2.8"""
    sa = peer.establish()
    new = sa.rekey()
    child = new.children[0]
    peer.delete("child")
    request = new.expect_request(INFORMATIONAL)
    assert request.payloads == [D(ESP, child.spi_out)]
    new.accept_delete(request)
    new.liveness()
    assert not peer.status().installed()


@requirement("RFC7296-2.8-08", "RFC7296-1.3.2-04")
def test_an_ike_sa_is_rekeyed_again_and_again(peer):
    """Keys, SPIs and roles follow from one rekey to the next, begun by either side. RFC 7296 1.3.2, 2.18"""
    sa = peer.establish()
    second = sa.rekey()
    peer.rekey("ike")
    third = second.accept_rekey(second.expect_request(CREATE_CHILD_SA))
    second.accept_delete(second.expect_request(INFORMATIONAL))
    fourth = third.rekey()
    fourth.children[0].ping()
    fourth.rekey_child()
    fourth.children[0].ping()
