from ikelab.conformance import *


@each("exchange", CREATE_CHILD_SA, INFORMATIONAL)
@requirement("RFC7296-1-01", "RFC7296-1.4-01")
def test_nothing_comes_before_ike_auth(responder, exchange):
    """Between IKE_SA_INIT and IKE_AUTH no other request is fulfilled, keys or not. RFC 7296 1, 1.4"""
    sa = responder.initialised()
    payloads = sa.offer_child().payloads if exchange == CREATE_CHILD_SA else []
    sent = sa.send(exchange, *payloads, message_id=1)
    sa.expect_no_success(sent, "there is no IKE SA before IKE_AUTH")
    assert not responder.status().installed()


@each("exchange", CREATE_CHILD_SA, INFORMATIONAL)
@requirement("RFC7296-1-01", "RFC7296-1.4-01")
def test_an_initiator_answers_nothing_before_ike_auth(initiator, exchange):
    """While its IKE_AUTH is unanswered, the initiator fulfils no request of the responder's. RFC 7296 1, 1.4"""
    sa = initiator.initialised()
    payloads = sa.offer_child().payloads if exchange == CREATE_CHILD_SA else []
    sent = sa.send(exchange, *payloads, message_id=0)
    sa.expect_no_success(sent, "there is no IKE SA before IKE_AUTH")
    assert not initiator.status().installed()


@requirement("RFC7296-1-01")
def test_ike_auth_is_over_when_it_is_over(responder):
    """Another IKE_AUTH request in an IKE SA that is set up is not fulfilled. RFC 7296 1"""
    sa = responder.establish()
    sent = sa.send_auth()
    sa.expect_no_success(sent, "IKE_AUTH was complete")
    assert len(responder.status().installed()) <= 1


@each("exchange", IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL)
@requirement("RFC7296-1-01", "RFC7296-1.4-01")
def test_in_the_clear_nothing_is_done(peer, exchange):
    """After IKE_SA_INIT a request without Encrypted payload is not fulfilled. RFC 7296 1.2, 1.4"""
    sa = peer.establish()
    payloads = {CREATE_CHILD_SA: sa.offer_child().payloads, INFORMATIONAL: [D()], IKE_AUTH: sa.auth_payloads()}[exchange]
    sent = sa.send(exchange, *payloads, sealed=False)
    sa.expect_no_success(sent, "it was not protected")
    assert len(peer.status().installed()) == 1
    sa.liveness()


@needs("several-children")
@requirement("RFC7296-1-02", "RFC7296-1.3-01", "RFC7296-1.3.1-02", "RFC7296-2.8-11")
def test_another_child_sa_beside_the_first(peer):
    """Either end may ask for a further Child SA, with the same selectors too; both carry packets. RFC 7296 1.3, 2.8"""
    sa = peer.establish()
    second = sa.create_child()
    second.ping()
    sa.children[0].ping()
    sa.expect_nothing("neither of the two is to be deleted for being alike")
    assert len(peer.status().child_sas) == 2
