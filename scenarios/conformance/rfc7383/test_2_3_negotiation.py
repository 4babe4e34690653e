from ikelab.conformance import *

SUPPORTED = "IKEV2_FRAGMENTATION_SUPPORTED"


@needs("fragmentation")
@requirement("RFC7383-2.3-01", "RFC7383-2.3-03", "RFC7383-2.3-04", "RFC7383-2.3-05", "RFC7383-2.3-06")
def test_the_initiator_offers_it(initiator):
    """IKE_SA_INIT has the notification: number 16430, protocol 0, no SPI, no data. RFC 7383 2.3"""
    assert N(16430) in initiator.call().init_request.payloads


@needs("fragmentation")
@requirement("RFC7383-2.3-02", "RFC7383-2.3-03", "RFC7383-2.3-04", "RFC7383-2.3-05", "RFC7383-2.3-06")
def test_the_responder_takes_it_up(responder):
    """Asked with the notification, it answers with the notification, in the same form. RFC 7383 2.3"""
    sa = responder.ike_sa()
    assert N(16430) in sa.try_init().payloads


@configuration(fragmentation=False)
@requirement("RFC7383-2.4-01")
def test_who_does_not_want_it_does_not_take_it_up(responder):
    """Where it is switched off the notification is not answered, for that would say that it is not. RFC 7383 2.3, 2.4"""
    sa = responder.ike_sa(fragmentation=True)
    answer = sa.try_init()
    assert sa.sent_init.payloads.count(N(SUPPORTED)) == 1 and SUPPORTED not in answer.notifies()


@configuration(fragmentation=False)
@requirement("RFC7383-2.4-01")
def test_who_does_not_want_it_does_not_offer_it(initiator):
    """Where it is switched off IKE_SA_INIT has no such notification. RFC 7383 2.3, 2.4"""
    assert SUPPORTED not in initiator.call().init_request.notifies()
