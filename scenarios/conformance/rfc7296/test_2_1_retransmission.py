from ikelab.conformance import *


@requirement("RFC7296-2.1-02", "RFC7296-2.1-04", "RFC7296-2.3-09")
def test_a_repeated_request_is_answered_by_the_same_octets(peer):
    """A request that comes again has no effect but that the very same response is sent again. RFC 7296 2.1"""
    sa = peer.establish()
    request = sa.send(INFORMATIONAL)
    answer = sa.expect_response(request)
    for _ in range(3):
        sa.repeat(request, answer)
    sa.liveness()


@needs("retransmission-times")
@requirement("RFC7296-2.1-06")
def test_a_request_is_repeated_however_many_ike_sas_there_are(responder):
    """Two other IKE SAs are alive and well: on the third one the request is sent again all the same, at the times that the peer
    was told, and again, until it has its response. RFC 7296 2.1"""
    *others, sa = [responder.establish() for _ in range(3)]
    responder.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    for other in others:
        other.settle()
    for _ in range(2):  # half a second later, and less than one after that
        sa.expect_copy(request, 6)
    sa.accept_child(request)
    sa.accept_delete(sa.expect_request(INFORMATIONAL))
    sa.liveness()


@needs("several-children")
@requirement("RFC7296-2.1-02")
def test_a_repeated_request_makes_no_second_child_sa(peer):
    """CREATE_CHILD_SA that comes again makes nothing new. RFC 7296 2.1"""
    sa = peer.establish()
    offer = sa.offer_child()
    request = sa.send(CREATE_CHILD_SA, *offer.payloads)
    answer = sa.expect_response(request)
    child = offer.take(answer)
    sa.repeat(request, answer)
    assert len(peer.status().child_sas) == 2
    child.ping()


@requirement("RFC7296-2.1-02")
def test_a_repeated_rekey_makes_no_second_ike_sa(peer):
    """A rekey of the IKE SA that comes again makes nothing new. RFC 7296 2.1"""
    sa = peer.establish()
    offer = sa.offer_rekey()
    request = sa.send(CREATE_CHILD_SA, *offer.payloads)
    answer = sa.expect_response(request)
    new = offer.take(answer)
    sa.repeat(request, answer)
    sa.delete()
    new.liveness()
    assert len(peer.status().established()) == 1


@requirement("RFC7296-2.1-02")
def test_a_repeated_ike_auth_is_answered_by_the_same_octets(responder):
    """IKE_AUTH that comes again. RFC 7296 2.1"""
    sa = responder.initialised()
    request = sa.send_auth()
    answer = sa.expect_response(request)
    sa.take_auth(answer, request)
    sa.repeat(request, answer)
    assert len(responder.status().installed()) == 1


@requirement("RFC7296-2.1-08")
def test_a_repeated_ike_sa_init_is_answered_by_the_same_octets(responder):
    """IKE_SA_INIT of the same octets is a retransmission. RFC 7296 2.1"""
    sa = responder.ike_sa()
    answer = sa.try_init()
    sa.repeat(sa.sent_init, answer)
    sa.take_init(answer)
    sa.auth()


@requirement("RFC7296-2.1-08")
def test_another_ike_sa_init_of_the_same_spi_is_another(responder):
    """The same SPI and address with another nonce is a request of its own, as from behind one NAT. RFC 7296 2.1"""
    sa = responder.ike_sa()
    first = sa.try_init()
    sa.ni = sa.draws.octets(32)
    second = sa.try_init()
    assert second.first(PayloadType.NONCE).body != first.first(PayloadType.NONCE).body
    assert second.header.spi_r != first.header.spi_r
    sa.take_init(second)
    sa.auth()


@requirement("RFC7296-2.1-09")
def test_ike_sa_init_after_ike_auth_is_ignored(responder):
    """IKE_SA_INIT of an IKE SA whose IKE_AUTH has arrived is not answered any more. RFC 7296 2.1"""
    sa = responder.establish()
    sa.resend(sa.sent_init)
    sa.prove_chance()
    assert not [one for one in (*sa.copies, *sa.inbox) if one.exchange == IKE_SA_INIT]
    assert len([one for one in responder.status().ike_sas if one.spi_i == int.from_bytes(sa.spi_i, "big")]) == 1


@needs("several-children")
@requirement("RFC7296-2.1-05")
def test_a_forgotten_response_is_not_made_anew(peer):
    """A request before the last: its response comes again as it was, or not at all. RFC 7296 2.1"""
    sa = peer.establish()
    offer = sa.offer_child()
    request = sa.send(CREATE_CHILD_SA, *offer.payloads)
    offer.take(sa.expect_response(request))
    sa.liveness()
    sa.resend(request)
    sa.expect_nothing("a new response was made for an old request")
    assert len(peer.status().child_sas) == 2


@requirement("RFC7296-2.1-01")
def test_a_response_is_not_repeated_by_itself(peer):
    """A response is sent again only when the request arrives again. RFC 7296 2.1"""
    sa = peer.establish()
    answer = sa.liveness()
    sa.expect_no_copy(answer)


@requirement("RFC7296-2.1-06", "RFC7296-2.1-07", "RFC7296-2.2-04")
def test_an_unanswered_request_is_repeated_as_it_was(initiator):
    """Without a response IKE_SA_INIT comes again, octet for octet. RFC 7296 2.1"""
    sa = initiator.call()
    assert sa.expect_copy(sa.init_request).octets == sa.init_request.octets


@requirement("RFC7296-2.1-06", "RFC7296-2.1-07", "RFC7296-2.2-04")
def test_an_unanswered_ike_auth_is_repeated_as_it_was(initiator):
    """Without a response IKE_AUTH comes again, octet for octet. RFC 7296 2.1"""
    sa = initiator.initialised()
    assert sa.expect_copy(sa.auth_request).octets == sa.auth_request.octets
    sa.accept_auth(sa.auth_request)
    sa.liveness()


@each("what", "rekey", "delete")
@requirement("RFC7296-2.1-06", "RFC7296-2.1-07", "RFC7296-2.2-04")
def test_unanswered_later_requests_are_repeated_as_they_were(peer, what):
    """Without a response a request of an IKE SA comes again, octet for octet. RFC 7296 2.1"""
    sa = peer.establish()
    peer.rekey("child") if what == "rekey" else peer.delete("child")
    request = sa.expect_request(CREATE_CHILD_SA if what == "rekey" else INFORMATIONAL)
    assert sa.expect_copy(request).octets == request.octets
    sa.liveness()


@requirement("RFC7296-2.1-06")
def test_an_answered_request_is_not_repeated(peer):
    """The response ends the retransmissions. RFC 7296 2.1"""
    sa = peer.establish()
    peer.delete("child")
    request = sa.expect_request(INFORMATIONAL)
    sa.accept_delete(request)
    sa.liveness()
    sa.copies.clear()
    sa.expect_no_copy(request)


@needs("retransmission-times")
@requirement("RFC7296-2.4-11", "RFC7296-2.1-06")
def test_retransmissions_become_rarer(initiator):
    """The pauses between retransmissions grow. RFC 7296 2.4"""
    sa = initiator.call()
    times = [sa.init_request.arrived.time_ns]
    for _ in range(3):
        times.append(sa.expect_copy(sa.init_request).arrived.time_ns)
    assert times[3] - times[2] > times[1] - times[0]
