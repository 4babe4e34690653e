from ikelab.conformance import *


@requirement("RFC7296-1.4.1-01", "RFC7296-1.4.1-02", "RFC7296-1.4.1-03", "RFC7296-1.4.1-04")
def test_a_delete_closes_both_sas_of_the_pair(peer):
    """The receiver of a Delete closes the SA named and its own of the pair, and names that. RFC 7296 1.4.1"""
    sa = peer.establish()
    old = sa.children[0]
    answer = sa.delete_child(old)
    with peer.should("RFC7296-1.4.1-04"):
        assert answer.payloads == [D(ESP, old.spi_out)]
    assert not peer.status().installed()
    new = sa.create_child()
    number = old.send_echo()
    new.ping()
    assert not any(old.reply_to(number)(one) for one in [*old.inbox, *new.inbox]), "the old SA was used on"


@requirement("RFC7296-1.4.1-01", "RFC7296-1.4.1-02", "RFC7296-1.4.1-11", "RFC7296-2.4-14")
def test_who_deletes_names_its_own_half(peer):
    """Delete has the SPI of the sender's inbound SA alone; after the response both are gone. RFC 7296 1.4.1, 2.4"""
    sa = peer.establish()
    child = sa.children[0]
    peer.delete("child")
    request = sa.expect_request(INFORMATIONAL)
    assert request.payloads == [D(ESP, child.spi_out)]
    sa.accept_delete(request)
    sa.liveness()
    assert not peer.status().child_sas


@each("payloads", 1, 2)
@requirement("RFC7296-1.4.1-03", "RFC7296-1.4.1-04")
def test_several_child_sas_in_one_request(peer, payloads):
    """Two Child SAs are closed by one request, in one Delete payload or in two. RFC 7296 1.4.1, 3.11"""
    sa = peer.establish()
    pair = [sa.children[0], sa.create_child()]
    inbound = [one.spi_in for one in pair]
    answer = sa.request(INFORMATIONAL, *([D(ESP, *inbound)] if payloads == 1 else [D(ESP, one) for one in inbound]))
    with peer.should("RFC7296-1.4.1-04"):
        named = [spi for one in answer.payloads if one.kind == PayloadType.D for spi in one.spis]
        assert sorted(named) == sorted(one.spi_out for one in pair)
    assert not peer.status().installed()
    sa.liveness()


@requirement("RFC7296-1.4.1-05", "RFC7296-1.4.1-06", "RFC7296-2.25.1-05")
def test_crossing_deletes_of_a_child_sa(peer):
    """Both delete the same Child SA: neither response has a Delete payload, and it is gone. RFC 7296 1.4.1, 2.25.1"""
    sa = peer.establish()
    child = sa.children[0]
    peer.delete("child")
    request = sa.expect_request(INFORMATIONAL)
    answer = sa.request(INFORMATIONAL, D(ESP, child.spi_in))
    assert [one for one in answer.payloads if one.kind == PayloadType.D] == []
    sa.answer(request)
    sa.liveness()
    assert not peer.status().child_sas


@requirement("RFC7296-1.4.1-10")
def test_the_response_to_a_delete_of_the_ike_sa_is_empty(peer):
    """Delete of the IKE SA: an empty response, and its Child SAs are gone too. RFC 7296 1.4.1"""
    sa = peer.establish()
    assert sa.delete().payloads == []
    status = peer.status()
    assert not status.established() and not status.installed()


@requirement("RFC7296-2.25.1-07")
def test_a_delete_of_nothing_is_answered_by_nothing(peer):
    """An SPI that is not there: a response without Delete payload. RFC 7296 2.25.1"""
    sa = peer.establish()
    answer = sa.request(INFORMATIONAL, D(ESP, sa.draws.spi(4)))
    assert [one for one in answer.payloads if one.kind == PayloadType.D] == []
    sa.children[0].ping()


@requirement("RFC7296-1.4.1-03", "RFC7296-1.4.1-11")
def test_a_delete_names_the_senders_spi(peer):
    """The SPI of the peer's own inbound SA designates nothing of ours, and closes nothing. RFC 7296 1.4.1"""
    sa = peer.establish()
    child = sa.children[0]
    sa.request(INFORMATIONAL, D(ESP, child.spi_out))
    child.ping()
