from ipaddress import ip_address, ip_network

from ikelab.conformance import *


@requirement("RFC7296-2.8-12", "RFC7296-2.8-16", "RFC7296-2.8.1-02")
def test_both_child_sas_carry_packets_until_the_old_one_is_deleted(peer):
    """The new Child SA takes packets at once, and the old one until its Delete. RFC 7296 2.8"""
    sa = peer.establish()
    old = sa.children[0]
    new = sa.create_child(rekey=old)
    new.ping()
    old.ping()
    sa.delete_child(old)
    new.ping()


@requirement("RFC7296-2.8-12", "RFC7296-2.8-13")
def test_the_responder_takes_packets_before_it_answers(peer):
    """A packet on the new Child SA right behind the response is taken, each of three times. RFC 7296 2.8"""
    sa = peer.establish()
    for _ in range(3):
        sa.create_child(rekey=sa.children[0]).ping(at_once=True)
        sa.delete_child(sa.children[0])


@requirement("RFC7296-1.3.3-01", "RFC7296-1.3.3-02", "RFC7296-2.8-09")
def test_a_rekey_names_the_sa_and_deletes_it(peer):
    """Who rekeys a Child SA names it by its own inbound SPI, and deletes it afterwards. RFC 7296 1.3.3, 2.8"""
    sa = peer.establish()
    old = sa.children[0]
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    named = request.notified("REKEY_SA")
    assert (named.protocol, named.spi) == (ESP, old.spi_out)
    sa.accept_child(request)
    deleted = sa.expect_request(INFORMATIONAL)
    assert deleted.payloads == [D(ESP, old.spi_out)]
    sa.accept_delete(deleted)


@requirement("RFC7296-2.8-08", "RFC7296-2.8-07", "RFC7296-2.8-09", "RFC7296-2.18-01")
def test_child_sas_live_on_under_the_new_ike_sa(peer):
    """After a rekey of the IKE SA its Child SAs are those of the new one. RFC 7296 2.8"""
    sa = peer.establish()
    peer.rekey("ike")
    new = sa.accept_rekey(sa.expect_request(CREATE_CHILD_SA))
    farewell = sa.expect_request(INFORMATIONAL)
    assert farewell.payloads == [D()]
    sa.accept_delete(farewell)
    new.children[0].ping()
    new.delete_child(new.children[0])


@requirement("RFC7296-2.8-08")
def test_child_sas_live_on_under_an_ike_sa_of_ours(peer):
    """We rekey the IKE SA: its Child SAs carry packets before and after the Delete of the old one. RFC 7296 2.8"""
    sa = peer.establish()
    new = sa.rekey(delete=False)
    new.children[0].ping()
    sa.delete()
    new.children[0].ping()
    new.rekey_child()
    new.children[0].ping()
    assert len(peer.status().installed()) == 1


def covered(nets, payload):
    """Whether each network lies within one of the selectors."""
    return all(any(ip_address(one.start) <= ip_network(net)[0] and ip_network(net)[-1] <= ip_address(one.end)
                   for one in payload.selectors) for net in nets)


@requirement("RFC7296-2.8-06", "RFC7296-2.9.2-01", "RFC7296-2.9.2-02", "RFC7296-2.9.2-04")
def test_a_rekey_asks_for_the_same_again(peer):
    """Selectors and algorithms of a rekey are those of the Child SA it replaces. RFC 7296 2.8, 2.9.2"""
    sa = peer.establish()
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    child = sa.spec.children[0]
    assert covered(child.local_ts, request.first(PayloadType.TSr)) and covered(child.remote_ts, request.first(PayloadType.TSi))
    with peer.should("RFC7296-2.8-06"):
        assert request.selectors(PayloadType.TSr) == list(child.local_ts)
        assert request.selectors(PayloadType.TSi) == list(child.remote_ts)
        wanted = set(proposal(child.proposals[0], ESP).transforms)
        assert any(wanted <= set(one.transforms) for one in request.proposals)


@requirement("RFC7296-2.8-13", "RFC7296-2.8-14")
def test_who_answered_a_rekey_may_send_on_the_new_child_sa(peer):
    """Once it has read the response, the peer takes packets on the new Child SA. RFC 7296 2.8"""
    sa = peer.establish()
    peer.rekey("child")
    new = sa.accept_child(sa.expect_request(CREATE_CHILD_SA))
    sa.liveness()
    new.ping()
    sa.accept_delete(sa.expect_request(INFORMATIONAL))
    new.ping()


@requirement("RFC7296-2.8-17")
def test_a_dummy_packet_on_a_new_child_sa_is_discarded(peer):
    """A dummy packet says that the new Child SA is ready; it is taken and thrown away. RFC 7296 2.8, RFC 4303 2.6"""
    sa = peer.establish()
    new = sa.create_child(rekey=sa.children[0])
    new.send(b"", next_header=ip.NO_NEXT_HEADER)
    new.send(bytes(40), next_header=ip.NO_NEXT_HEADER)
    new.ping()


@requirement("RFC7296-2.8-11")
def test_likeness_is_no_reason_to_delete(peer):
    """Three Child SAs of the same selectors stay until they are deleted. RFC 7296 2.8"""
    sa = peer.establish()
    sa.create_child()
    sa.create_child()
    sa.expect_nothing("none of the three is to be deleted")
    assert len(peer.status().child_sas) == 3
    for child in list(sa.children):
        child.ping()
        sa.delete_child(child)
    assert not peer.status().installed()


@requirement("RFC7296-2.8-09", "RFC7296-2.8-12")
def test_a_child_sa_is_rekeyed_again_and_again(peer):
    """Each rekey names the one before, by either side. RFC 7296 2.8"""
    sa = peer.establish()
    sa.rekey_child()
    peer.rekey("child")
    old = sa.children[0]
    request = sa.expect_request(CREATE_CHILD_SA)
    assert request.notified("REKEY_SA").spi == old.spi_out
    sa.accept_child(request)
    sa.accept_delete(sa.expect_request(INFORMATIONAL))
    sa.rekey_child()
    sa.children[0].ping()
    assert len(peer.status().installed()) == 1
