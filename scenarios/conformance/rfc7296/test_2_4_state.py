import time

from ikelab.conformance import *


@requirement("RFC7296-2.4-04")
def test_initial_contact_is_in_ike_auth_alone(peer):
    """INITIAL_CONTACT, if sent at all, is in the first IKE_AUTH message and in no later one. RFC 7296 2.4"""
    sa = peer.establish()
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert "INITIAL_CONTACT" not in request.notifies()
    sa.accept_child(request)
    farewell = sa.expect_request(INFORMATIONAL)
    assert "INITIAL_CONTACT" not in farewell.notifies()
    sa.accept_delete(farewell)
    assert "INITIAL_CONTACT" not in sa.liveness().notifies()


@requirement("RFC7296-2.4-05", "RFC7296-1.4-04")
def test_initial_contact_elsewhere_does_no_harm(peer):
    """INITIAL_CONTACT in another exchange is answered, and this IKE SA is not the one it ends. RFC 7296 2.4"""
    sa = peer.establish()
    sa.request(INFORMATIONAL, N("INITIAL_CONTACT"))
    sa.children[0].ping()


@requirement("RFC7296-2.4-01", "RFC7296-2.4-02")
def test_initial_contact_begins_a_new_life(responder):
    """IKE_AUTH with INITIAL_CONTACT sets up an IKE SA, whatever becomes of the older ones. RFC 7296 2.4"""
    old = responder.establish()
    new = responder.establish(initial_contact=True)
    old.carrier.ike.pop(old.own_spi)
    new.children[0].ping()
    new.liveness()


@each("error", "INVALID_IKE_SPI", "INVALID_SYNTAX", "AUTHENTICATION_FAILED")
@requirement("RFC7296-2.4-06", "RFC7296-2.4-07")
def test_an_unprotected_response_ends_nothing(peer, error):
    """An error in the clear to a request under keys: the request is repeated, and the IKE SA lives. RFC 7296 2.4"""
    sa = peer.establish()
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    sa.answer(request, N(error), sealed=False)
    sa.expect_copy(request)
    sa.accept_child(request)
    sa.accept_delete(sa.expect_request(INFORMATIONAL))
    sa.liveness()


@each("error", "INVALID_IKE_SPI", "AUTHENTICATION_FAILED", "NO_PROPOSAL_CHOSEN")
@requirement("RFC7296-2.4-06", "RFC7296-2.4-07")
def test_an_unprotected_response_to_ike_auth_ends_nothing(initiator, error):
    """The same of IKE_AUTH: whoever can send UDP could end it otherwise. RFC 7296 2.4, 2.21.2"""
    sa = initiator.initialised()
    sa.answer(sa.auth_request, N(error), sealed=False)
    sa.expect_copy(sa.auth_request)
    sa.accept_auth(sa.auth_request)
    sa.liveness()
    sa.children[0].ping()


@each("response", False, True)
@requirement("RFC7296-2.4-06", "RFC7296-1.4-01")
def test_an_unprotected_delete_ends_nothing(peer, response):
    """A Delete in the clear, as a request or as a response, is not obeyed. RFC 7296 2.4"""
    sa = peer.establish()
    sent = sa.send(INFORMATIONAL, D(), sealed=False, response=response)
    sa.expect_no_success(sent, "it was not protected")
    sa.children[0].ping()
    sa.liveness()


@requirement("RFC7296-2.4-06")
def test_icmp_ends_nothing(peer):
    """Destination Unreachable about a request that is out: it is repeated, and the IKE SA lives. RFC 7296 2.4"""
    sa = peer.establish()
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    sa.carrier.send_unreachable(request.arrived)
    sa.expect_copy(request)
    sa.accept_child(request)
    sa.accept_delete(sa.expect_request(INFORMATIONAL))
    sa.liveness()


@requirement("RFC7296-2.4-10")
def test_unprotected_messages_cause_little(peer):
    """Of thirty hints that nobody knows this IKE SA, few make the peer do something. RFC 7296 2.4"""
    sa, caused = peer.establish(), 0
    for number in range(30):
        sa.send(INFORMATIONAL, N("INVALID_IKE_SPI"), sealed=False, response=True, message_id=number)
        if number % 5 == 4:
            sa.carrier.prove_chance()
        while sa.inbox:
            sa.answer(sa.expect_request(INFORMATIONAL))
            caused += 1
    assert caused <= 5
    sa.liveness()


@needs("liveness")
@configuration(liveness_ms=300)
@requirement("RFC7296-2.4-18", "RFC7296-2.4-08")
def test_a_silent_peer_is_asked(peer):
    """Packets go out and nothing comes in: an empty request asks whether we are alive. RFC 7296 2.4"""
    sa = peer.establish()
    assert sa.expect_request(INFORMATIONAL).payloads == []


@needs("liveness")
@configuration(liveness_ms=300)
@requirement("RFC7296-2.4-18")
def test_each_of_several_silent_peers_is_asked(responder):
    """The same of three IKE SAs at a time: on each the question comes, and comes again until it is answered. RFC 7296 2.4"""
    several = [responder.establish() for _ in range(3)]
    for sa in several:
        question = sa.expect_request(INFORMATIONAL)
        sa.expect_copy(question)
        sa.expect_copy(question)
        sa.answer(question)
        sa.liveness()


@needs("liveness")
@configuration(liveness_ms=300)
@requirement("RFC7296-2.4-07")
def test_one_unanswered_question_is_not_death(peer):
    """A peer is dead only after repeated attempts: the second copy is answered, and all is well. RFC 7296 2.4"""
    sa = peer.establish()
    question = sa.expect_request(INFORMATIONAL)
    sa.expect_copy(question)
    sa.answer(question)
    sa.liveness()
    sa.children[0].ping()


@needs("liveness")
@configuration(liveness_ms=300)
@requirement("RFC7296-2.4-18")
def test_one_answer_is_a_sign_of_life(peer):
    """A question is answered late: with that we are alive, and no row of others follows that have piled up. RFC 7296 2.4"""
    sa, asked = peer.establish(), 0
    question = sa.expect_request(INFORMATIONAL)
    sa.expect_copy(question)
    began = time.monotonic()
    sa.answer(question)
    for _ in range(10):
        sa.prove_chance()
        while sa.inbox:
            sa.answer(sa.expect_request(INFORMATIONAL))
            asked += 1
    due = (time.monotonic() - began) / 0.3  # where it is silent so long, it may be asked again
    assert asked <= due + 2, f"{asked} more questions came, although the first had been answered"


@requirement("RFC7296-2.4-17")
def test_later_responses_to_ike_sa_init_are_ignored(initiator):
    """Once a response has proved valid, another one to the same IKE_SA_INIT changes nothing. RFC 7296 2.4"""
    sa = initiator.initialised()
    other = replaced(sa.init_response_payloads(), Nonce(sa.draws.octets(32)))
    sa.answer(sa.init_request, *other, spi_r=sa.draws.spi(8))
    sa.expect_nothing("there was a response already")
    sa.accept_auth(sa.auth_request)
    sa.liveness()
    sa.children[0].ping()
