from ikelab.conformance import *


@requirement("RFC7296-2.3-03", "RFC7296-2.3-06", "RFC7296-2.3-07")
def test_one_request_at_a_time(peer):
    """Without SET_WINDOW_SIZE of ours, a second request waits for the response to the first. RFC 7296 2.3"""
    sa = peer.establish()
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    peer.delete("ike")
    sa.expect_nothing("a second request was out before the first was answered")
    sa.answer(request, N("NO_ADDITIONAL_SAS"))
    sa.expect_request()


@each("what", "child", "ike")
@requirement("RFC7296-2.3-05")
def test_requests_are_answered_while_one_is_out(peer, what):
    """Who waits for a response still answers requests. RFC 7296 2.3"""
    sa = peer.establish()
    peer.rekey(what)
    sa.expect_request(CREATE_CHILD_SA)
    sa.liveness()
    sa.children[0].ping()
    sa.liveness()


@requirement("RFC7296-2.3-05")
def test_requests_are_answered_while_a_delete_is_out(peer):
    """The same while a Delete of a Child SA waits. RFC 7296 2.3"""
    sa = peer.establish()
    peer.delete("child")
    request = sa.expect_request(INFORMATIONAL)
    sa.liveness()
    sa.accept_delete(request)
    sa.liveness()


def windows(message):
    return [one for one in message.payloads if one.kind == PayloadType.N and one.name == "SET_WINDOW_SIZE"]


@requirement("RFC7296-2.3-01")
def test_a_window_that_is_announced_has_four_octets(peer):
    """SET_WINDOW_SIZE, where it is sent beside IKE_AUTH, is a number of four octets that is not 0. RFC 7296 2.3"""
    sa = peer.initialised()
    message = sa.expect_response(sa.send_auth()) if sa.initiator else sa.auth_request
    for one in windows(message):
        assert len(one.data) == 4 and one.data != bytes(4)


@requirement("RFC7296-2.3-06", "RFC7296-2.3-07")
def test_a_larger_window_is_not_exceeded(peer):
    """With SET_WINDOW_SIZE of 2 no more than two requests are out at once. RFC 7296 2.3"""
    sa = peer.establish()
    sa.request(INFORMATIONAL, N("SET_WINDOW_SIZE", b"\0\0\0\x02"))
    peer.rekey("child")
    first = sa.expect_request(CREATE_CHILD_SA)
    peer.delete("child")
    peer.delete("ike")
    sa.prove_chance()
    out = [first, *(one for one in sa.inbox if not one.header.response)]
    assert len(out) <= 2
    assert [one.message_id for one in out] == list(range(first.message_id, first.message_id + len(out)))


@requirement("RFC7296-2.3-04", "RFC7296-2.3-09")
def test_as_many_requests_as_the_window_says(peer):
    """As many requests as its window allows (one where it has announced none) are all answered. RFC 7296 2.3"""
    sa = peer.initialised()
    message = sa.expect_response(sent := sa.send_auth()) if sa.initiator else sa.auth_request
    sa.take_auth(message, sent) if sa.initiator else sa.accept_auth(message)
    sa.liveness()
    size = max([int.from_bytes(one.data, "big") for one in windows(message)], default=1)
    for sent in [sa.send(INFORMATIONAL, message_id=sa.next_request + number) for number in range(min(size, 8))]:
        sa.expect_response(sent)


@requirement("RFC7296-2.3-12", "RFC7296-2.3-13")
def test_invalid_message_id_is_rare_and_well_formed(peer):
    """INVALID_MESSAGE_ID comes in a request of its own with the four octets, and not for each message. RFC 7296 2.3"""
    sa, count = peer.establish(), 0
    for number in range(30):
        wrong = sa.next_request + 100 + number
        sa.send(INFORMATIONAL, message_id=wrong)
        sa.carrier.prove_chance()
        for one in list(sa.inbox):
            assert one.notified("INVALID_MESSAGE_ID").data == wrong.to_bytes(4, "big") and not one.header.response
            sa.answer(sa.expect_request(INFORMATIONAL))
            count += 1
    assert count <= 10, "they are not limited in rate"
    sa.liveness()
