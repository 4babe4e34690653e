from ikelab.conformance import *

UNKNOWN = 200  # a payload type that nobody has


@requirement("RFC7296-2.5-10", "RFC7296-2.5-11")
def test_an_unknown_critical_payload_is_refused_by_name(peer):
    """A request with one is answered by UNSUPPORTED_CRITICAL_PAYLOAD with its type. RFC 7296 2.5"""
    sa = peer.establish()
    answer = sa.request(INFORMATIONAL, Raw(UNKNOWN, b"who knows", critical=True))
    assert answer.notified("UNSUPPORTED_CRITICAL_PAYLOAD").data == bytes([UNKNOWN])


@requirement("RFC7296-2.5-10", "RFC7296-2.5-11")
def test_a_critical_payload_refuses_the_whole_message(peer):
    """Nothing of a request with an unknown critical payload is done: no Child SA is made, none deleted. RFC 7296 2.5"""
    sa = peer.establish()
    answer = sa.request(CREATE_CHILD_SA, *sa.offer_child().payloads, Raw(UNKNOWN, b"?", critical=True))
    assert answer.notified("UNSUPPORTED_CRITICAL_PAYLOAD").data == bytes([UNKNOWN])
    assert answer.first(PayloadType.SA) is None
    answer = sa.request(INFORMATIONAL, D(ESP, sa.children[0].spi_in), Raw(UNKNOWN, b"?", critical=True))
    answer.notified("UNSUPPORTED_CRITICAL_PAYLOAD")
    sa.children[0].ping()


@requirement("RFC7296-2.5-10", "RFC7296-2.5-11")
def test_ike_sa_init_with_a_critical_payload_begins_nothing(responder):
    """IKE_SA_INIT with an unknown critical payload: the error in the clear, and no half-open IKE SA. RFC 7296 2.5"""
    sa = responder.ike_sa()
    answer = sa.try_init(lambda payloads: [*payloads, Raw(UNKNOWN, b"?", critical=True)])
    assert answer.notified("UNSUPPORTED_CRITICAL_PAYLOAD").data == bytes([UNKNOWN])
    assert answer.first(PayloadType.SA) is None
    sa.init()
    sa.auth()


@requirement("RFC7296-2.5-10", "RFC7296-2.5-11")
def test_ike_auth_with_a_critical_payload_sets_up_nothing(responder):
    """IKE_AUTH with an unknown critical payload is refused by name. RFC 7296 2.5"""
    sa = responder.initialised()
    answer = sa.expect_response(sa.send_auth(*sa.auth_payloads(), Raw(UNKNOWN, b"?", critical=True)))
    assert answer.notified("UNSUPPORTED_CRITICAL_PAYLOAD").data == bytes([UNKNOWN])
    assert not responder.status().established()


@requirement("RFC7296-2.5-10")
def test_an_ike_sa_init_response_with_a_critical_payload_is_refused(initiator):
    """No IKE_AUTH follows a response with an unknown critical payload. RFC 7296 2.5"""
    sa = initiator.call()
    sa.accept_init(*sa.init_response_payloads(), Raw(UNKNOWN, b"?", critical=True))
    sa.prove_chance()
    assert not [one for one in sa.inbox if one.exchange == IKE_AUTH]
    assert not initiator.status().established()


@requirement("RFC7296-2.5-10")
def test_an_ike_auth_response_with_a_critical_payload_is_refused(initiator):
    """No Child SA is made of a response with an unknown critical payload. RFC 7296 2.5"""
    sa = initiator.initialised()
    request = sa.auth_request
    sa.accept_auth(request, *sa.auth_response_payloads(request), Raw(UNKNOWN, b"?", critical=True))
    sa.prove_chance()
    assert not initiator.status().installed()


@requirement("RFC7296-2.5-10")
def test_a_create_child_sa_response_with_a_critical_payload_is_refused(peer):
    """The Child SA of a response with an unknown critical payload is not made. RFC 7296 2.5"""
    sa = peer.establish()
    sa.delete_child(sa.children[0])
    peer.create_child()
    request = sa.expect_request(CREATE_CHILD_SA)
    sa.answer(request, *sa.reply_child(request).payloads, Raw(UNKNOWN, b"?", critical=True))
    sa.prove_chance()
    assert not peer.status().installed()


@requirement("RFC7296-2.5-09", "RFC7296-2.5-12")
def test_an_unknown_payload_is_skipped(peer):
    """Without the critical flag it is as if it were not there. RFC 7296 2.5"""
    sa = peer.establish()
    answer = sa.request(INFORMATIONAL, Raw(UNKNOWN, b"who knows"))
    assert answer.payloads == []


@each("kind", 49, 127, 128, 255)
@requirement("RFC7296-2.5-09", "RFC7296-2.5-12")
def test_unknown_payloads_are_skipped_in_every_request(responder, kind):
    """First, in between and last, in all exchanges: types without a meaning, and of private use. RFC 7296 2.5"""
    sa = responder.ike_sa()
    odd = Raw(kind, b"who knows")
    sa.take_init(sa.try_init(lambda payloads: [odd, payloads[0], odd, *payloads[1:], odd]))
    first, *rest = sa.auth_payloads()
    sent = sa.send_auth(odd, first, odd, *rest, odd)
    assert sa.take_auth(sa.expect_response(sent), sent) is not None
    offer = sa.offer_child(rekey=sa.children[0])
    offer.take(sa.request(CREATE_CHILD_SA, odd, *offer.payloads, odd)).ping()


@requirement("RFC7296-2.5-09", "RFC7296-2.5-12")
def test_unknown_payloads_are_skipped_in_every_response(initiator):
    """First and last, in the responses of all exchanges. RFC 7296 2.5"""
    odd = Raw(UNKNOWN, b"who knows")
    sa = initiator.call()
    sa.accept_init(odd, *sa.init_response_payloads(), odd)
    request = sa.expect_request(IKE_AUTH)
    sa.accept_auth(request, odd, *sa.auth_response_payloads(request), odd)
    sa.liveness()
    initiator.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    reply = sa.reply_child(request)
    sa.answer(request, odd, *reply.payloads, odd)
    new = reply.child()
    sa.accept_delete(sa.expect_request(INFORMATIONAL))
    new.ping()


@requirement("RFC7296-2.5-14")
def test_the_critical_flag_of_known_payloads_is_ignored(responder):
    """SA, KE, nonce, ID, AUTH, selectors and notifications with the flag are as without. RFC 7296 2.5"""
    sa = responder.ike_sa()
    sa.take_init(sa.try_init(lambda payloads: map(critical, payloads)))
    sent = sa.send_auth(*map(critical, sa.auth_payloads()))
    assert sa.take_auth(sa.expect_response(sent), sent) is not None
    sa.request(INFORMATIONAL, critical(N(40000)))
    offer = sa.offer_child(rekey=sa.children[0])
    offer.take(sa.request(CREATE_CHILD_SA, *map(critical, offer.payloads))).ping()


@requirement("RFC7296-2.5-14")
def test_the_critical_flag_in_responses_is_ignored(initiator):
    """A responder has no business setting it, and an initiator none minding it. RFC 7296 2.5"""
    sa = initiator.call()
    sa.accept_init(*map(critical, sa.init_response_payloads()))
    request = sa.expect_request(IKE_AUTH)
    sa.accept_auth(request, *map(critical, sa.auth_response_payloads(request)))
    sa.liveness()
    sa.children[0].ping()


@requirement("RFC7296-2.5-14")
def test_a_critical_vendor_id_is_ignored(responder):
    """A Vendor ID payload is understood, whatever is in it. RFC 7296 2.5, 3.12"""
    sa = responder.ike_sa()
    sa.take_init(sa.try_init(lambda payloads: [*payloads, critical(V(b"nobody's"))]))
    sa.auth()


@requirement("RFC7296-2.5-13")
def test_no_payload_of_a_response_is_critical(responder):
    """The critical flag is clear in responses. RFC 7296 2.5"""
    sa = responder.ike_sa()
    answers = [sa.init(), sa.expect_response(sent := sa.send_auth())]
    sa.take_auth(answers[1], sent)
    child = sa.children[0]
    answers += [sa.request(CREATE_CHILD_SA, *sa.offer_child(rekey=child).payloads), sa.delete_child(child)]
    answers += [sa.request(INFORMATIONAL, Raw(UNKNOWN, b"?", critical=True))]
    for answer in answers:
        assert [str(one) for one in [*answer.outer, *answer.payloads] if one.critical] == [], f"in {answer}"
