from ikelab.conformance import *


@each("ahead", 1, 1000, 2**31, 2**32 - 3)
@requirement("RFC7296-2.3-11", "RFC7296-2.3-10")
def test_a_request_outside_the_window_is_not_answered(peer, ahead):
    """A Message ID beyond the window gets no response, and the IKE SA goes on. RFC 7296 2.3"""
    sa = peer.establish()
    sa.send(INFORMATIONAL, message_id=(sa.next_request + ahead) % 2**32)
    sa.prove_chance()
    assert not [one for one in sa.inbox if one.header.response], "a request outside the window is not acknowledged"
    sa.liveness()


@requirement("RFC7296-2.3-11", "RFC7296-2.1-05")
def test_another_request_of_an_old_message_id_is_not_fulfilled(peer):
    """A Message ID that is used up: whatever it asks for now is not done. RFC 7296 2.2, 2.3"""
    sa = peer.establish()
    for _ in range(3):
        sa.liveness()
    sa.send(INFORMATIONAL, D(), message_id=sa.next_request - 3)
    sa.expect_nothing("its Message ID was over")
    sa.children[0].ping()


@requirement("RFC7296-2.2-02", "RFC7296-2.1-02")
def test_another_request_of_the_last_message_id_is_not_fulfilled(peer):
    """The Message ID of the last request: what it asks for now is not done. RFC 7296 2.1, 2.2"""
    sa = peer.establish()
    sa.liveness()
    sa.send(INFORMATIONAL, D(), message_id=sa.next_request - 1)
    sa.prove_chance()
    sa.inbox.clear()
    sa.liveness()
    sa.children[0].ping()


@requirement("RFC7296-2.2-02")
def test_the_first_ike_auth_is_one(initiator):
    """IKE_SA_INIT has Message ID 0, IKE_AUTH 1, and what follows counts on. RFC 7296 2.2"""
    sa = initiator.establish()
    assert (sa.init_request.message_id, sa.auth_request.message_id) == (0, 1)
    initiator.delete("child")
    request = sa.expect_request(INFORMATIONAL)
    assert request.message_id == 2
    sa.accept_delete(request)
    initiator.delete("ike")
    assert sa.expect_request(INFORMATIONAL).message_id == 3


@requirement("RFC7296-2.2-03", "RFC7296-2.2-02")
def test_a_responders_first_request_is_zero(responder):
    """The original responder counts its own requests from 0. RFC 7296 2.2"""
    sa = responder.establish()
    responder.delete("child")
    request = sa.expect_request(INFORMATIONAL)
    assert request.message_id == 0
    sa.accept_delete(request)
    responder.delete("ike")
    assert sa.expect_request(INFORMATIONAL).message_id == 1


@requirement("RFC7296-2.2-01", "RFC7296-2.2-02")
def test_ike_sa_init_with_another_message_id_begins_nothing(responder):
    """IKE_SA_INIT is number 0. RFC 7296 2.2"""
    sa = responder.ike_sa()
    sent = sa.send_init(message_id=1)
    sa.expect_no_success(sent, "its Message ID is not 0")
    assert not [one for one in responder.status().ike_sas if one.spi_i == int.from_bytes(sa.spi_i, "big")]


@requirement("RFC7296-2.3-02", "RFC7296-2.3-11")
def test_ike_auth_is_the_next_request(responder):
    """Before the IKE SA is set up the window is one: number 2 has to wait for number 1. RFC 7296 2.3"""
    sa = responder.initialised()
    sa.send(INFORMATIONAL, message_id=2)
    sa.expect_nothing("IKE_AUTH has not been")
    sa.auth().ping()


@requirement("RFC7296-2.2-02")
def test_a_response_of_another_number_is_no_response(peer):
    """A response fits its request by the Message ID: another one ends no wait. RFC 7296 2.2"""
    sa = peer.establish()
    peer.delete("child")
    request = sa.expect_request(INFORMATIONAL)
    sa.answer(request, message_id=request.message_id + 1)
    sa.expect_copy(request)
    sa.accept_delete(request)
    sa.liveness()
    assert not peer.status().child_sas
