from ikelab.conformance import *

LARGE = {"key": "p256", "padding": 1600}  # a certificate that no packet holds
PIECE = 60


@configuration(certificate=LARGE)
@needs("fragmentation")
@requirement("RFC7383-2.4-01")
def test_the_responder_sends_none_to_who_has_not_asked_for_it(responder):
    """Without the notification in the request, a large response comes whole. RFC 7383 2.4"""
    sa = responder.initialised(fragmentation=False)
    sent = sa.send_auth()
    answer = sa.expect_response(sent)
    assert answer.fragment is None and len(answer.octets) > 1500
    sa.take_auth(answer, sent)


@configuration(certificate=LARGE)
@needs("fragmentation")
@requirement("RFC7383-2.4-01")
def test_the_initiator_sends_none_without_the_responders_consent(initiator):
    """Without the notification in the response, a large request comes whole. RFC 7383 2.4"""
    sa = initiator.initialised(fragmentation=False)
    assert sa.auth_request.fragment is None and len(sa.auth_request.octets) > 1500
    sa.accept_auth(sa.auth_request)


@configuration(proposals=("aes256gcm16-prfsha256-modp4096",), fragment_size=400)
@needs("fragmentation", "fragment-size")
@requirement("RFC7383-2.4-02")
def test_the_first_request_is_never_cut(initiator):
    """An IKE_SA_INIT request larger than fragments may be comes whole. RFC 7383 2.5"""
    sa = initiator.call()
    assert len(sa.init_request.octets) > 400 and sa.init_request.first(PayloadType.SKF) is None
    sa.init_request.first(PayloadType.KE)


@configuration(proposals=("aes256gcm16-prfsha256-modp4096",), fragment_size=400)
@needs("fragmentation", "fragment-size")
@requirement("RFC7383-2.4-02")
def test_the_first_response_is_never_cut(responder):
    """An IKE_SA_INIT response larger than fragments may be comes whole. RFC 7383 2.5"""
    sa = responder.ike_sa()
    answer = sa.try_init()
    assert len(answer.octets) > 400 and answer.first(PayloadType.KE) is not None


@configuration(proposals=("aes256gcm16-prfsha256-modp4096",), fragment_size=400)
@needs("fragmentation", "fragment-size")
@requirement("RFC7383-2.4-03", "RFC7383-2.4-04", "RFC7383-2.5.1-01")
def test_later_messages_above_the_threshold_are_cut_as_well(peer):
    """A rekey of the IKE SA with a large KE comes in fragments that keep to the size configured. RFC 7383 2.4"""
    sa = peer.establish()
    peer.rekey("ike")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert len(request.pieces) > 1
    assert max(len(one.octets) for one in request.pieces) + 28 <= 400
    sa.accept_rekey(request)


@needs("fragmentation")
@requirement("RFC7383-2.4-05")
def test_small_messages_are_not_cut(peer):
    """Neither the first messages of a shared key nor a sign of life need fragments. RFC 7383 2.4"""
    sa = peer.establish()
    assert sa.auth_request is None or sa.auth_request.fragment is None
    assert sa.liveness().fragment is None
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert request.fragment is None
    sa.accept_child(request)


@needs("fragmentation")
@requirement("RFC7383-2.4-06")
def test_a_request_in_fragments_is_answered_in_fragments(peer):
    """Where nothing else decides, the response has the form of its request. RFC 7383 2.4"""
    sa = peer.establish()
    offer = sa.offer_child()
    answer = sa.request(CREATE_CHILD_SA, *offer.payloads, fragment=PIECE)
    offer.take(answer)
    assert answer.fragment is not None


@needs("fragmentation")
@requirement("RFC7383-2.4-06")
def test_a_whole_request_is_answered_whole(peer):
    """A response that is not large, to a request that was whole, is whole. RFC 7383 2.4"""
    sa = peer.establish()
    offer = sa.offer_child()
    answer = sa.request(CREATE_CHILD_SA, *offer.payloads)
    assert answer.fragment is None
    offer.take(answer)
