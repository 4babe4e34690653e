from ikelab.conformance import *


@requirement("RFC7296-1.3.1-01", "RFC7296-1.3-01")
def test_a_request_for_a_child_sa_has_what_it_needs(peer):
    """SA Ni TSi TSr, and no REKEY_SA where nothing is replaced. RFC 7296 1.3.1"""
    sa = peer.establish()
    sa.delete_child(sa.children[0])
    peer.create_child()
    request = sa.expect_request(CREATE_CHILD_SA)
    for kind in (PayloadType.SA, PayloadType.NONCE, PayloadType.TSi, PayloadType.TSr):
        assert request.first(kind) is not None, f"{request} has no {kind.name}"
    assert "REKEY_SA" not in request.notifies() and request.first(PayloadType.KE) is None
    child = sa.accept_child(request)
    sa.liveness()
    child.ping()


@requirement("RFC7296-1.3.1-02")
def test_a_response_for_a_child_sa_has_what_it_needs(peer):
    """SA with one suite, Nr, TSi and TSr, with an SPI of the peer's own. RFC 7296 1.3.1"""
    sa = peer.establish()
    answer = sa.request(CREATE_CHILD_SA, *sa.offer_child().payloads)
    assert len(answer.proposals) == 1 and len(answer.proposals[0].spi) == 4
    assert answer.proposals[0].spi != sa.children[0].spi_out
    assert 16 <= len(answer.first(PayloadType.NONCE).body) <= 256
    assert answer.selectors(PayloadType.TSi) and answer.selectors(PayloadType.TSr)


@each("error", "NO_ADDITIONAL_SAS", "NO_PROPOSAL_CHOSEN", "TS_UNACCEPTABLE", "INTERNAL_ADDRESS_FAILURE",
      "SINGLE_PAIR_REQUIRED")
@requirement("RFC7296-1.3-02", "RFC7296-1.3-08", "RFC7296-1.3.1-09", "RFC7296-2.9-09")
def test_a_refused_child_sa_leaves_the_ike_sa(peer, error):
    """Who is refused a further Child SA keeps the IKE SA. RFC 7296 1.3, 1.3.1"""
    sa = peer.establish()
    sa.delete_child(sa.children[0])
    peer.create_child()
    sa.answer(sa.expect_request(CREATE_CHILD_SA), N(error))
    sa.liveness()
    sa.create_child().ping()


@each("what", "ike", "child")
@requirement("RFC7296-1.3-02", "RFC7296-1.3-08", "RFC7296-2.8-03")
def test_a_refused_rekey_leaves_the_sas(peer, what):
    """NO_ADDITIONAL_SAS to a rekey: what was there is used on. RFC 7296 1.3, 2.8"""
    sa = peer.establish()
    peer.rekey(what)
    sa.answer(sa.expect_request(CREATE_CHILD_SA), N("NO_ADDITIONAL_SAS"))
    sa.liveness()
    sa.children[0].ping()


@requirement("RFC7296-1.3.1-09", "RFC7296-2.7-03")
def test_what_cannot_be_chosen_is_refused_and_no_more(peer):
    """NO_PROPOSAL_CHOSEN refuses the Child SA; the IKE SA and the other Child SA live on. RFC 7296 1.3.1, 2.7"""
    sa = peer.establish()
    offer = sa.offer_child()
    other = SA(Proposal(1, ESP, offer.spi, [Transform(TransformType.ENCR, 65000), Transform(TransformType.ESN, 0)]))
    answer = sa.request(CREATE_CHILD_SA, *replaced(offer.payloads, other))
    answer.notified("NO_PROPOSAL_CHOSEN")
    assert answer.first(PayloadType.SA) is None
    sa.children[0].ping()


@requirement("RFC7296-1.3.1-09", "RFC7296-2.9-04")
def test_selectors_that_nobody_wants_are_refused_and_no_more(peer):
    """TS_UNACCEPTABLE refuses the Child SA; the IKE SA and the other Child SA live on. RFC 7296 1.3.1, 2.9"""
    sa = peer.establish()
    payloads = replaced(sa.offer_child().payloads, TSi("203.0.113.0/24"))
    answer = sa.request(CREATE_CHILD_SA, *replaced(payloads, TSr("203.0.114.0/24")))
    answer.notified("TS_UNACCEPTABLE")
    assert answer.first(PayloadType.SA) is None
    sa.children[0].ping()


@requirement("RFC7296-1.3.1-09")
def test_a_malformed_request_for_a_child_sa_is_answered(peer):
    """Without a nonce there is no Child SA; it is answered by an error, and the IKE SA is judged by that. RFC 7296 1.3.1"""
    sa = peer.establish()
    answer = sa.request(CREATE_CHILD_SA, *without(sa.offer_child().payloads, PayloadType.NONCE))
    assert any(one.is_error for one in answer.notifies().values())
    assert answer.first(PayloadType.SA) is None


@requirement("RFC7296-1.3.1-05")
def test_transport_mode_that_is_declined(peer):
    """A policy of tunnel mode: USE_TRANSPORT_MODE is left out of the response, and the SA is a tunnel. RFC 7296 1.3.1"""
    sa = peer.establish()
    offer = sa.offer_child()
    answer = sa.request(CREATE_CHILD_SA, N("USE_TRANSPORT_MODE"), *offer.payloads)
    if answer.first(PayloadType.SA) is not None:
        assert "USE_TRANSPORT_MODE" not in answer.notifies()
        offer.take(answer).ping()


@needs("transport-mode")
@configuration(child={"mode": "transport"})
@requirement("RFC7296-1.3.1-03", "RFC7296-1.3.1-04")
def test_transport_mode_is_answered_in_kind(responder):
    """USE_TRANSPORT_MODE beside the SA payload is answered by the same, and packets go without a tunnel. RFC 7296 1.3.1"""
    sa = responder.establish()
    assert sa.children[0].transport
    sa.children[0].ping()


@needs("transport-mode")
@configuration(child={"mode": "transport"})
@requirement("RFC7296-1.3.1-06")
def test_a_tunnel_instead_of_transport_mode(initiator):
    """A responder that declines transport mode makes a tunnel: it is used as one, or deleted. RFC 7296 1.3.1"""
    sa = initiator.initialised()
    request = sa.auth_request
    request.notified("USE_TRANSPORT_MODE")
    sa.accept_auth(request, *without(sa.auth_response_payloads(request), "USE_TRANSPORT_MODE"))
    child = sa.children[0]
    sa.prove_chance()
    if sa.inbox:
        assert D(ESP, child.spi_out) in sa.expect_request(INFORMATIONAL).payloads or sa.inbox[0].payloads == [D()]
    else:
        packet = ip.ip(sa.carrier.local, sa.carrier.remote, ip.ICMP,
                       ip.icmp_echo(sa.carrier.local, sa.carrier.remote, 1, 1))
        child.send(packet)
        child.expect(lambda one: one.next_header == ip.IPV4, "the reply in tunnel mode")


@needs("transport-mode")
@configuration(child={"mode": "transport"})
@requirement("RFC7296-1.3.3-01", "RFC7296-1.3.3-03")
def test_a_rekey_keeps_transport_mode(peer):
    """The notifications of the Child SA stand in its rekey again. RFC 7296 1.3.3"""
    sa = peer.establish()
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    request.notified("REKEY_SA")
    with peer.should("RFC7296-1.3.3-03"):
        request.notified("USE_TRANSPORT_MODE")
    sa.accept_child(request)


@requirement("RFC7296-1.3.1-07")
def test_no_tfc_padding_where_it_is_not_supported(peer):
    """After ESP_TFC_PADDING_NOT_SUPPORTED nothing stands behind the inner packet. RFC 7296 1.3.1"""
    sa = peer.establish()
    offer = sa.offer_child()
    child = offer.take(sa.request(CREATE_CHILD_SA, N("ESP_TFC_PADDING_NOT_SUPPORTED"), *offer.payloads))
    reply = child.ping()
    assert len(reply.payload) == int.from_bytes(reply.payload[2:4], "big")


@requirement("RFC7296-1.3.1-10")
def test_non_first_fragments_are_accepted_or_left_out(peer):
    """Asked for NON_FIRST_FRAGMENTS_ALSO, a responder accepts the Child SA, with it or without. RFC 7296 1.3.1"""
    sa = peer.establish()
    offer = sa.offer_child()
    offer.take(sa.request(CREATE_CHILD_SA, N("NON_FIRST_FRAGMENTS_ALSO"), *offer.payloads)).ping()
