import ipaddress

from ikelab.conformance import *

MOBIKE_SUPPORTED, ADDITIONAL_IP4, ADDITIONAL_IP6, NONE_MORE = 16396, 16397, 16398, 16399
OTHERS = (N(ADDITIONAL_IP4, bytes([203, 0, 113, 9])), N(ADDITIONAL_IP6, bytes.fromhex("20010db8") + bytes(11) + b"\x07"))


def mobike_notifications(message):
    return [one for one in message.payloads if one.kind == PayloadType.N and 16396 <= one.notify_type <= 16402]


@needs("mobike-as-initiator")
@requirement("RFC4555-3.2-01", "RFC4555-4.2.1-01", "RFC4555-4.2.1-03")
def test_the_initiator_says_that_it_has_mobike(initiator):
    """IKE_AUTH, where the SA payload is, has MOBIKE_SUPPORTED: no protocol, no SPI, no data. RFC 4555 3.2, 4.2.1"""
    request = initiator.initialised().auth_request
    assert N(MOBIKE_SUPPORTED) in request.payloads and request.first(PayloadType.SA) is not None


@needs("mobike")
@requirement("RFC4555-3.2-01", "RFC4555-4.2.1-01", "RFC4555-4.2.1-03")
def test_the_responder_says_that_it_has_mobike(responder):
    """Asked with MOBIKE_SUPPORTED in IKE_AUTH, it answers with it. RFC 4555 3.2, 4.2.1"""
    sa = responder.initialised()
    assert N(MOBIKE_SUPPORTED) in sa.expect_response(sa.send_auth()).payloads


@needs("mobike")
@requirement("RFC4555-4.2.1-02")
def test_data_of_the_notification_is_ignored(responder):
    """MOBIKE_SUPPORTED with data is MOBIKE_SUPPORTED. RFC 4555 4.2.1"""
    sa = responder.initialised()
    sent = sa.send_auth(*replaced(sa.auth_payloads(), N(MOBIKE_SUPPORTED, b"of a version to come")))
    answer = sa.expect_response(sent)
    sa.take_auth(answer, sent)
    answer.notified("MOBIKE_SUPPORTED")


@needs("mobike-as-initiator", "roam")
@requirement("RFC4555-4.2.1-02")
def test_data_of_the_responders_notification_is_ignored(initiator):
    """Data in the response's MOBIKE_SUPPORTED takes nothing from it: the initiator moves by MOBIKE. RFC 4555 4.2.1"""
    sa = initiator.initialised()
    answer = sa.auth_response_payloads(sa.auth_request)
    sa.accept_auth(sa.auth_request, *replaced(answer, N(MOBIKE_SUPPORTED, b"of a version to come")))
    sa.liveness()
    initiator.renumber()
    request = sa.expect_update()
    sa.accept_update(request)


@needs("mobike")
@requirement("RFC4555-3.2-02")
def test_without_our_consent_there_is_no_mobike(responder):
    """Who did not say MOBIKE_SUPPORTED moves nothing by UPDATE_SA_ADDRESSES: ESP goes on to the old address. RFC 4555 3.2"""
    sa = responder.establish(mobike=False)
    home = sa.children[0].ping().arrived.at
    sa.move(responder.another_address())
    sa.expect_response(sa.send(INFORMATIONAL, N("UPDATE_SA_ADDRESSES")))
    assert sa.children[0].ping().arrived.at == home


@needs("mobike-as-initiator")
@requirement("RFC4555-3.3-01")
def test_ike_auth_goes_to_port_4500(initiator):
    """Where both sides have NAT traversal, who wants MOBIKE changes ports although no NAT is there. RFC 4555 3.3"""
    arrived = initiator.initialised().auth_request.arrived
    assert (arrived.port, arrived.source[1]) == (4500, 4500)


@needs("mobike", "esp-bare")
@requirement("RFC4555-3.3-02")
def test_esp_goes_where_ike_auth_came_from(responder):
    """The tunnel's addresses are those of the IKE_AUTH request, not of IKE_SA_INIT. RFC 4555 3.3"""
    sa = responder.initialised()
    sa.move(responder.another_address())
    child = sa.auth()
    assert child.ping().arrived.at == responder.another_address()


@needs("mobike")
@requirement("RFC4555-3.4-01")
def test_additional_addresses_in_ike_auth_are_taken(responder):
    """ADDITIONAL_IP4_ADDRESS and ADDITIONAL_IP6_ADDRESS change nothing for now. RFC 4555 3.4"""
    sa = responder.initialised()
    home = sa.carrier.local
    child = sa.auth(*sa.auth_payloads(), *OTHERS)
    assert child.ping().arrived.at == home


@needs("mobike-as-initiator")
@requirement("RFC4555-3.4-01")
def test_additional_addresses_of_the_responder_are_taken(initiator):
    """The same in the response. RFC 4555 3.4"""
    sa = initiator.initialised()
    child = sa.accept_auth(sa.auth_request, *sa.auth_response_payloads(sa.auth_request), *OTHERS)
    sa.liveness()
    assert child.ping().arrived.at == sa.carrier.local


@needs("mobike")
@requirement("RFC4555-3.4-02")
def test_additional_addresses_are_for_another_day(responder):
    """Told a second address of ours, at which we listen, the responder sends ESP and its requests, repeated ones too, to the
    first. RFC 4555 3.4"""
    sa = responder.initialised()
    home, other = sa.carrier.local, responder.another_address()
    sa.carrier.move(other)
    sa.carrier.move(home)
    child = sa.auth(*sa.auth_payloads(), N(ADDITIONAL_IP4, ipaddress.ip_address(other).packed))
    assert child.ping().arrived.at == home
    responder.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert request.arrived.at == home and sa.expect_copy(request).arrived.at == home
    sa.accept_child(request)


@needs("mobike")
@requirement("RFC4555-4.2.2-01", "RFC4555-4.2.1-03")
def test_additional_addresses_have_the_length_of_their_family(peer):
    """Four octets or sixteen, no protocol and no SPI; and never the address that the packet came from. RFC 4555 3.4, 4.2.2"""
    sa = peer.initialised()
    message = sa.auth_request if peer.role == "initiator" else sa.expect_response(sa.send_auth())
    for one in mobike_notifications(message):
        assert (one.protocol, one.spi) == (0, b"")
        assert len(one.data) == {ADDITIONAL_IP4: 4, ADDITIONAL_IP6: 16}.get(one.notify_type, 0)


@needs("mobike")
@requirement("RFC4555-3.1-02")
def test_ike_sa_init_is_answered_where_it_came_from(responder):
    """From the address that was asked to the one that asked, whichever of ours that is. RFC 4555 3.1"""
    sa = responder.ike_sa()
    sa.carrier.move(responder.another_address())
    answer = sa.try_init()
    assert (answer.arrived.at, answer.arrived.source) == (responder.another_address(), sa.to)


@needs("mobike-as-initiator")
@configuration(two_addresses=True, retransmission={"timeout_ms": 100, "backoff": 1.5, "tries": 6})
@requirement("RFC4555-3.1-01")
def test_ike_sa_init_is_repeated_to_another_address(initiator):
    """It knows two addresses of ours, and the first says nothing: it asks the other. RFC 4555 3.1"""
    home, other = initiator.stage.carrier.local, initiator.another_address()
    initiator.stage.carrier.move(other)
    initiator.stage.carrier.move(home)
    sa = initiator.call()
    while sa.carrier.wait(2):
        if {one.arrived.at for one in sa.heard} | {one.at for one in sa.carrier.strangers} >= {home, other}:
            return
    raise Unmet(f"all IKE_SA_INIT requests went to {sa.heard[0].arrived.at}")
