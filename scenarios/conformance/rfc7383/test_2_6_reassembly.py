from ikelab.conformance import *

HARMLESS = Raw(200, 90 * b"h")  # an unknown payload: skipped
REFUSED = Raw(200, 90 * b"h", critical=True)  # the same, and the answer names it: it is in the first fragment
ORDERS = {"reversed": lambda datagrams: datagrams[::-1], "odd_ones_first": lambda datagrams: datagrams[::2] + datagrams[1::2],
          "each_twice": lambda datagrams: [one for one in datagrams for _ in range(2)]}

pytestmark = needs("fragmentation")


def ask(sa, payload, pieces=2, offer=None, **odd):
    """Asks for a Child SA, with that payload first, in so many fragments."""
    payloads = [payload, *(offer or sa.offer_child()).payloads]
    return sa.send(CREATE_CHILD_SA, *payloads, fragment=-(-len(chain(payloads)[1]) // pieces), **odd)


def said(numbers):
    """What the one fragment of a message says of itself."""
    number, total = numbers.split("_of_")
    return {"numbers": [int(number)], "total": int(total)}


def first(datagrams):
    return datagrams[:1]


def rest(datagrams):
    return datagrams[1:]


def forged(octets):
    return octets[:-1] + bytes([octets[-1] ^ 1])


def answered(sa, sent):
    """Without anything being sent again."""
    return sa.expect_response(sent, again=False)


def refused(sa, sent):
    """What has the critical payload is what was answered."""
    answer = answered(sa, sent)
    assert "UNSUPPORTED_CRITICAL_PAYLOAD" in answer.notifies(), f"{answer} came, for a request with a critical payload"


def taken(sa, sent):
    """What has the harmless one is."""
    answer = answered(sa, sent)
    assert not {"UNSUPPORTED_CRITICAL_PAYLOAD", "INVALID_SYNTAX"} & set(answer.notifies()), f"{answer} came, for one that is whole"


@each("size", 7, 33, 1000)
@requirement("RFC7383-2.5-10", "RFC7383-2.5.2-01")
def test_a_message_may_be_cut_anywhere(peer, size):
    """Fragments of any size, ending in the midst of payloads, are joined before they are parsed. RFC 7383 2.5"""
    sa = peer.establish()
    offer = sa.offer_child()
    offer.take(sa.request(CREATE_CHILD_SA, *offer.payloads, fragment=size)).ping()


@each("order", *ORDERS)
@requirement("RFC7383-2.6-07")
def test_fragments_may_arrive_in_any_order(peer, order):
    """Whatever comes first, and whatever comes twice: the message is answered once. RFC 7383 2.6"""
    sa = peer.establish()
    offer = sa.offer_child()
    sent = sa.send(CREATE_CHILD_SA, *offer.payloads, fragment=30, order=ORDERS[order])
    assert len(sent.datagrams) > 3
    offer.take(answered(sa, sent))
    sa.expect_nothing("one message has one response")


@requirement("RFC7383-2.6-07")
def test_without_its_last_fragment_a_message_is_not_answered(peer):
    """Nothing happens until all are there; then it is answered. RFC 7383 2.6"""
    sa = peer.establish()
    sent = ask(sa, HARMLESS, 4, order=lambda datagrams: datagrams[:1] + datagrams[2:])
    sa.expect_nothing("a message of which a fragment is missing is not processed")
    sa.resend(sent, lambda datagrams: datagrams[1:2])
    answered(sa, sent)


@each("numbers", "0_of_2", "1_of_0", "0_of_0", "3_of_2", "65535_of_2")
@requirement("RFC7383-2.6-01")
def test_numbers_that_cannot_be_are_dropped(peer, numbers):
    """A Fragment Number or a total of zero, or a number above the total: silence, and the IKE SA goes on. RFC 7383 2.6"""
    sa = peer.establish()
    ask(sa, HARMLESS, 1, **said(numbers))
    sa.expect_nothing("a fragment with such numbers is dropped")
    sent = ask(sa, HARMLESS)
    answered(sa, sent)


@each("numbers", "0_of_2", "2_of_0", "3_of_2")
@requirement("RFC7383-2.6-01")
def test_numbers_that_cannot_be_do_not_disturb_what_is_kept(peer, numbers):
    """Amidst the fragments of a message they neither complete it nor end it. RFC 7383 2.6"""
    sa = peer.establish()
    sent = ask(sa, HARMLESS, order=first)
    ask(sa, HARMLESS, 1, **said(numbers))
    sa.expect_nothing("a fragment with such numbers is dropped")
    sa.resend(sent, rest)
    answered(sa, sent)


@requirement("RFC7383-2.6-01")
def test_a_smaller_total_than_that_of_what_is_kept_is_dropped(peer):
    """A message in two fragments does not come in between one in more. RFC 7383 2.6"""
    sa = peer.establish()
    more = ask(sa, REFUSED, 4, order=first)
    sa.prove_chance()  # who has threads may take datagrams in another order than they come
    ask(sa, HARMLESS)
    sa.expect_nothing("fragments of a smaller total are dropped")
    sa.resend(more, rest)
    refused(sa, more)


@requirement("RFC7383-2.6-02", "RFC7383-2.6.1-01")
def test_the_first_fragment_of_a_number_counts(peer):
    """A fragment of a number that is there already is dropped, whatever it says. RFC 7383 2.6"""
    sa = peer.establish()
    kept = ask(sa, REFUSED, order=first)
    ask(sa, HARMLESS, order=first)
    sa.resend(kept, rest)
    refused(sa, kept)


@requirement("RFC7383-2.6-03")
def test_a_fragment_with_a_wrong_checksum_is_dropped(peer):
    """It completes nothing; the good one does. RFC 7383 2.6"""
    sa = peer.establish()
    sent = ask(sa, HARMLESS, order=lambda datagrams: [datagrams[0], forged(datagrams[1])])
    sa.expect_nothing("a fragment whose checksum is wrong completes no message")
    sa.resend(sent, rest)
    answered(sa, sent)


@requirement("RFC7383-2.6-03", "RFC7383-2.6-04")
def test_a_forged_larger_total_discards_nothing(peer):
    """Only an authentic fragment begins anew. RFC 7383 2.6"""
    sa = peer.establish()
    sent = ask(sa, HARMLESS, order=first)
    ask(sa, REFUSED, 4, order=lambda datagrams: [forged(datagrams[0])])
    sa.resend(sent, rest)
    taken(sa, sent)


@requirement("RFC7383-2.6-03")
def test_a_changed_fragment_number_is_noticed(peer):
    """Numbers are under the checksum: a fragment that says it is another one is dropped. RFC 7383 2.5"""
    sa = peer.establish()

    def another_number(datagrams):
        at = 28 + 4
        return [datagrams[0], datagrams[0][:at] + (2).to_bytes(2, "big") + datagrams[0][at + 2 :]]

    sent = ask(sa, HARMLESS, order=another_number)
    sa.expect_nothing("the Fragment Number is authenticated")
    sa.resend(sent, rest)
    answered(sa, sent)


@requirement("RFC7383-2.6-04")
def test_a_larger_total_begins_anew(peer):
    """Fragments of a larger total replace those of a smaller one, which then count for nothing. RFC 7383 2.6"""
    sa = peer.establish()
    fewer = ask(sa, REFUSED, order=first)
    sa.prove_chance()
    more = ask(sa, HARMLESS, 4, order=first)
    sa.prove_chance()
    sa.resend(fewer, rest)
    sa.expect_nothing("what was kept of a smaller total is discarded")
    sa.resend(more, rest)
    taken(sa, more)


@requirement("RFC7383-2.6-04")
def test_fragments_of_two_cuts_are_not_mixed(peer):
    """Fragment 1 of the old cut does not complete the new one. RFC 7383 2.6"""
    sa = peer.establish()
    ask(sa, REFUSED, order=first)
    more = ask(sa, HARMLESS, 4, order=rest)
    sa.expect_nothing("fragment 1 of the larger total is still missing")
    sa.resend(more, first)
    taken(sa, more)


@requirement("RFC7383-2.6.1-01")
def test_fragments_of_two_messages_are_not_mixed(peer):
    """Fragment 2 of the next Message ID does not complete this one. RFC 7383 2.6.1"""
    sa = peer.establish()
    offer = sa.offer_child()
    sent = ask(sa, HARMLESS, offer=offer, order=first)
    ask(sa, HARMLESS, message_id=sa.next_request + 1, order=rest)
    sa.expect_nothing("these are fragments of two messages")
    sa.resend(sent, rest)
    offer.take(answered(sa, sent)).ping()  # the nonce is in fragment 2: an answer to a mixture has other keys


@requirement("RFC7383-2.6.1-02")
def test_the_first_fragment_of_an_answered_request_brings_the_response_again(peer):
    """Fragment 1 alone is enough, and the response is the very same. RFC 7383 2.6.1"""
    sa = peer.establish()
    sent = ask(sa, HARMLESS)
    answer = answered(sa, sent)
    sa.resend(sent, first)
    sa.expect_copy(answer)


@requirement("RFC7383-2.6.1-03")
def test_other_fragments_of_an_answered_request_are_ignored(peer):
    """Fragment 2 of a request that was answered brings nothing. RFC 7383 2.6.1"""
    sa = peer.establish()
    sent = ask(sa, HARMLESS)
    answer = answered(sa, sent)
    sa.resend(sent, rest)
    sa.expect_no_copy(answer)
    sa.expect_nothing("fragments above 1 of an answered request are ignored")
    sa.liveness()


@requirement("RFC7383-2.6.1-02", "RFC7383-2.6.1-03")
def test_a_request_that_comes_again_whole_is_answered_once_more(peer):
    """All its fragments together bring one copy of the response, not one each. RFC 7383 2.6.1"""
    sa = peer.establish()
    sent = ask(sa, HARMLESS, 7)
    answer = answered(sa, sent)
    sa.resend(sent)
    sa.expect_copy(answer)
    sa.expect_no_copy(answer)


@requirement("RFC7383-2.6.1-02")
def test_fragments_of_a_request_that_was_answered_whole(peer):
    """The initiator may cut what it has sent whole; where that was answered, fragment 1 brings the response again. RFC 7383
    2.4, 2.6.1"""
    sa = peer.establish()
    payloads = sa.offer_child().payloads
    whole = sa.send(CREATE_CHILD_SA, *payloads)
    answer = answered(sa, whole)
    sa.send(CREATE_CHILD_SA, *payloads, fragment=60, message_id=whole.message_id)
    while not sa.copies and not sa.inbox:
        assert sa.carrier.wait(2), "no response to the same request in fragments"
    assert (sa.copies + list(sa.inbox))[0].message_id == answer.message_id


def asked_for_a_rekey(peer):
    """The peer's request to rekey its Child SA, and what would answer it."""
    sa = peer.establish()
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    return sa, request, sa.reply_child(request)


def goes_on(sa, reply):
    """The peer has taken the answer: it ends the old Child SA and uses the new one."""
    child = reply.child()
    sa.expect_request(INFORMATIONAL)
    child.ping()


@requirement("RFC7383-2.6-07", "RFC7383-2.5-10")
def test_a_response_may_come_in_fragments(peer):
    """The answer to the peer's own request, in fragments that come in reverse. RFC 7383 2.5, 2.6"""
    sa, request, reply = asked_for_a_rekey(peer)
    sa.answer(request, *reply.payloads, fragment=30, order=ORDERS["reversed"])
    goes_on(sa, reply)


@requirement("RFC7383-2.6-08")
def test_an_incomplete_response_is_none(peer):
    """Who has asked repeats the request until all fragments of the response are there. RFC 7383 2.6"""
    sa, request, reply = asked_for_a_rekey(peer)
    sent = sa.answer(request, *reply.payloads, fragment=30, order=rest)
    sa.expect_copy(request)
    sa.resend(sent)
    reply.child()
    sa.expect_request(INFORMATIONAL)


@each("numbers", "0_of_3", "4_of_3")
@requirement("RFC7383-2.6-01")
def test_impossible_numbers_in_a_response_are_dropped(peer, numbers):
    """A fragment that cannot be is no part of a response: the request is repeated, and the good response taken. RFC 7383 2.6"""
    sa, request, reply = asked_for_a_rekey(peer)
    sa.answer(request, *reply.payloads, fragment=1000, **said(numbers))
    sa.expect_copy(request)
    sa.answer(request, *reply.payloads, fragment=50)
    goes_on(sa, reply)


@requirement("RFC7383-2.6-03")
def test_a_forged_fragment_of_a_response_is_dropped(peer):
    """It is not kept: the good one completes the response. RFC 7383 2.6"""
    sa, request, reply = asked_for_a_rekey(peer)
    sa.answer(request, *reply.payloads, fragment=60, order=lambda datagrams: [forged(datagrams[0]), *datagrams])
    goes_on(sa, reply)


@requirement("RFC7383-2.6-04")
def test_a_response_cut_anew_is_taken(peer):
    """A larger total replaces what was kept of the response. RFC 7383 2.6"""
    sa, request, reply = asked_for_a_rekey(peer)
    sa.answer(request, N("NO_PROPOSAL_CHOSEN"), V(90 * b"v"), fragment=50, order=first)
    sa.answer(request, *reply.payloads, fragment=30)
    goes_on(sa, reply)


@requirement("RFC7383-2.6-02")
def test_the_first_fragment_of_a_response_counts(peer):
    """A second one of the same number is dropped. RFC 7383 2.6"""
    sa, request, reply = asked_for_a_rekey(peer)
    size = len(chain(reply.payloads)[1]) // 2 + 4
    other = [N("NO_PROPOSAL_CHOSEN"), V((2 * size - 20) * b"v")]
    sent = sa.answer(request, *reply.payloads, fragment=size, order=first)
    sa.answer(request, *other, fragment=size, order=first)
    sa.resend(sent, rest)
    goes_on(sa, reply)


@requirement("RFC7383-2.6-07", "RFC7383-2.5-10")
def test_the_responder_takes_ike_auth_in_fragments(responder):
    """Before the peer has proved anything its messages may be cut already. RFC 7383 2.4"""
    sa = responder.initialised()
    sent = sa.send_auth(fragment=45, order=ORDERS["reversed"])
    sa.take_auth(answered(sa, sent), sent).ping()


@requirement("RFC7383-2.6-07", "RFC7383-2.5-10")
def test_the_initiator_takes_ike_auth_in_fragments(initiator):
    """The response to IKE_AUTH may be cut as well. RFC 7383 2.4"""
    sa = initiator.initialised()
    child = sa.accept_auth(sa.auth_request, fragment=45, order=ORDERS["reversed"])
    sa.liveness()
    child.ping()


@requirement("RFC7383-2.6-03")
def test_the_responder_drops_a_forged_fragment_of_ike_auth(responder):
    """Somebody's forged fragment does not keep the initiator out. RFC 7383 2.6, 5"""
    sa = responder.initialised()
    sent = sa.send_auth(fragment=100, order=lambda datagrams: [*map(forged, datagrams), *datagrams])
    sa.take_auth(answered(sa, sent), sent).ping()


@requirement("RFC7383-2.6-08")
def test_the_initiator_repeats_ike_auth_for_an_incomplete_response(initiator):
    """Half of the response is none. RFC 7383 2.6"""
    sa = initiator.initialised()
    child = sa.accept_auth(sa.auth_request, fragment=100, order=first)
    sa.expect_copy(sa.auth_request)
    sa.answer(sa.auth_request, *sa.auth_response_payloads(sa.auth_request), fragment=100)
    sa.liveness()
    child.ping()


@requirement("RFC7383-2.5-10")
def test_fragments_are_taken_by_the_ike_sa_after_a_rekey(peer):
    """What was negotiated holds for the IKE SA that replaces this one. RFC 7383 2.4, RFC 7296 2.18"""
    new = peer.establish().rekey()
    answered(new, ask(new, HARMLESS))


@requirement("RFC7383-2.6-07")
def test_an_informational_request_may_be_cut(peer):
    """It is up to who asks which exchanges have fragments. RFC 7383 2.4"""
    sa = peer.establish()
    assert sa.request(INFORMATIONAL, V(40 * b"v"), fragment=30).payloads == []


@requirement("RFC7383-2.6-07")
def test_a_delete_in_fragments_is_done_when_it_is_whole(peer):
    """Half of a Delete deletes nothing. RFC 7383 2.6"""
    sa = peer.establish()
    child = sa.children[0]
    sent = sa.send(INFORMATIONAL, D(ESP, child.spi_in), fragment=8, order=first)
    child.ping()
    sa.resend(sent, rest)
    assert answered(sa, sent).payloads == [D(ESP, child.spi_out)]
    sa.forget_child(child)


@requirement("RFC7383-2.6-01", "RFC7383-2.6-07")
def test_what_is_inside_a_joined_message_is_judged_like_any(peer):
    """A payload whose length leads out of the message is a syntax error, although every fragment was good. RFC 7383 2.6, RFC
    7296 2.21.3"""
    sa = peer.establish()
    sent = ask(sa, odd(HARMLESS, length=4000))
    answered(sa, sent).notified("INVALID_SYNTAX")


@requirement("RFC7296-3.14-05", "RFC7296-3.14-08")
def test_each_fragment_may_have_padding_of_its_own(peer):
    """More padding than needed, of any octets, in every fragment. RFC 7383 2.5, RFC 7296 3.14"""
    sa = peer.establish()
    sent = ask(sa, HARMLESS, 4, padding=bytes(range(64, 112)))
    assert "INVALID_SYNTAX" not in answered(sa, sent).notifies()


@requirement("RFC7383-2.6-01")
def test_padding_longer_than_a_fragment_is_no_message(peer):
    """Pad Length beyond the fragment: it is not kept, nor does it end anything. RFC 7383 2.5, RFC 7296 3.14"""
    sa = peer.establish()
    ask(sa, HARMLESS, pad_length=250)
    sa.prove_chance()
    assert all(set(one.notifies()) <= {"INVALID_SYNTAX"} for one in sa.inbox)


@configuration(proposals=("aes256-sha256-x25519",))
@requirement("RFC7383-2.5-08", "RFC7383-2.5-10")
def test_fragments_of_a_block_cipher_are_padded_one_by_one(peer):
    """With CBC each fragment has whole blocks of its own. RFC 7383 2.5, RFC 7296 3.14"""
    sa = peer.establish()
    offer = sa.offer_child()
    offer.take(sa.request(CREATE_CHILD_SA, *offer.payloads, fragment=29)).ping()


@requirement("RFC7383-5-01", "RFC7383-5-03")
def test_more_than_64_kilobytes_are_not_kept(peer):
    """A message that would be larger is never answered. RFC 7383 5"""
    sa = peer.establish()
    sa.send(INFORMATIONAL, V(33_500 * b"v"), V(33_500 * b"v"), fragment=1200)
    sa.prove_chance()
    assert not [one for one in sa.inbox if one.header.response], "a message of 67 KB was joined and answered"


@requirement("RFC7383-5-02")
def test_who_sends_too_much_of_a_message_is_dropped(responder):
    """More than 64 KB of an IKE_AUTH request that is never whole: the IKE SA is given up, and a good one comes too late. RFC
    7383 5"""
    sa = responder.initialised()
    much = [V(33_500 * b"v"), V(33_500 * b"v")]
    sa.send_auth(*sa.auth_payloads(), *much, fragment=1200, order=lambda datagrams: datagrams[:-1])
    sa.expect_no_success(sa.send_auth(), "the IKE SA of who has sent 64 KB of a message goes on")
