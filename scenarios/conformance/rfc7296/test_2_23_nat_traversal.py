from hashlib import sha1
from ipaddress import ip_address

from ikelab.conformance import *

# Who cannot send ESP bare feigns a NAT where there is none; hence @needs("esp-bare").
SOURCE, DESTINATION = "NAT_DETECTION_SOURCE_IP", "NAT_DETECTION_DESTINATION_IP"


def digest(message, address, port):
    """RFC 7296 2.23"""
    header = message.header
    return sha1(header.spi_i + header.spi_r + ip_address(address).packed + port.to_bytes(2, "big")).digest()


def named(message, name):
    return [one for one in message.payloads if one.kind == PayloadType.N and one.name == name]


@needs("esp-bare")
@requirement("RFC7296-2.23-08", "RFC7296-2.23-09")
def test_nat_detection_of_the_request(initiator):
    """Both notifications, over the SPIs as in the header and the addresses and ports of the datagram. RFC 7296 2.23"""
    sa = initiator.call()
    request = sa.init_request
    assert digest(request, *request.arrived.source) in [one.data for one in named(request, SOURCE)]
    assert [one.data for one in named(request, DESTINATION)] == [digest(request, sa.carrier.local, request.arrived.port)]


@needs("esp-bare")
@requirement("RFC7296-2.23-08", "RFC7296-2.23-09")
def test_nat_detection_of_the_response(responder):
    """The same, with the responder's SPI. RFC 7296 2.23"""
    sa = responder.ike_sa()
    answer = sa.init()
    assert answer.header.spi_r != bytes(8)
    assert digest(answer, *answer.arrived.source) in [one.data for one in named(answer, SOURCE)]
    assert [one.data for one in named(answer, DESTINATION)] == [digest(answer, sa.carrier.local, answer.arrived.port)]


@requirement("RFC7296-2.23-09")
def test_nat_detection_names_the_port_that_the_request_came_from(responder):
    """From another port than 500: DESTINATION_IP of the response is over that one. RFC 7296 2.23"""
    sa = responder.ike_sa()
    sa.port = sa.carrier.open_port()
    answer = sa.init()
    assert [one.data for one in named(answer, DESTINATION)] == [digest(answer, sa.carrier.local, sa.port)]


@requirement("RFC7296-2.23-26")
def test_nat_detection_stands_behind_the_nonce(peer):
    """Just after it, and before CERTREQ. RFC 7296 2.23"""
    sa = peer.initialised()
    message = sa.received[0]
    after = message.payloads[[one.kind for one in message.payloads].index(PayloadType.NONCE) + 1]
    assert after.kind == PayloadType.N and after.name in (SOURCE, DESTINATION)


@requirement("RFC7296-2.23-04", "RFC7296-2.23-16", "RFC7296-2.23-17", "RFC7296-2.23-18")
@each("which", "ours", "theirs", "both")
def test_behind_a_nat_the_initiator_goes_on_from_4500(initiator, which):
    """A digest that does not match, of either side: IKE_AUTH and all that follows go from 4500 to 4500, with the
    Non-ESP marker. RFC 7296 2.23"""
    sa = initiator.call()
    payloads = sa.init_response_payloads()
    for name, of in ((SOURCE, "ours"), (DESTINATION, "theirs")):
        payloads = replaced(payloads, N(name, bytes(20))) if which in (of, "both") else payloads
    sa.accept_init(*payloads)
    request = sa.expect_request(IKE_AUTH)
    assert (request.arrived.source[1], request.arrived.port) == (4500, 4500)
    sa.accept_auth(request)
    assert sa.liveness().arrived.port == 4500


@configuration(mobike=False)
@needs("esp-bare")
@requirement("RFC7296-2.23-16", "RFC7296-2.23-10", "RFC7296-2.23-11")
def test_one_digest_that_matches_is_enough(initiator):
    """Several NAT_DETECTION_SOURCE_IP, the last of which matches: there is no NAT, and IKE_AUTH goes from 500. RFC 7296
    2.23"""
    sa = initiator.call()
    payloads = sa.init_response_payloads()
    at = [one.kind for one in payloads].index(PayloadType.NONCE) + 1
    payloads[at:at] = [N(SOURCE, bytes(20)), N(SOURCE, 20 * b"\x01")]
    sa.accept_init(*payloads)
    request = sa.expect_request(IKE_AUTH)
    assert (request.arrived.source[1], request.arrived.port) == (500, 500)


@requirement("RFC7296-2.23-07", "RFC7296-2.23-12", "RFC7296-2.23-05", "RFC7296-2.23-18")
def test_behind_a_nat_esp_comes_in_udp(peer):
    """Whichever side is behind it: packets come from 4500 to 4500, without a marker. RFC 7296 2.23"""
    sa = peer.establish(encapsulated=True)
    reply = sa.children[0].ping()
    assert (reply.arrived.port, reply.arrived.source[1]) == (4500, 4500)


@requirement("RFC7296-2.23-06", "RFC7296-2.23-19")
@needs("esp-bare")
@each("encapsulated", False, True)
def test_esp_is_taken_bare_and_in_udp(peer, encapsulated):
    """With a NAT and without, both ways at any time. RFC 7296 2.23"""
    sa = peer.establish(encapsulated=encapsulated)
    child, target = sa.children[0], sa.to[0]
    for port in (0, 4500, 0):
        packet = child.echo_request()
        number = child._pings
        sa.carrier.send_esp(child.seal(packet), (target, port))
        child.expect(child.reply_to(number), f"the reply to a packet that came {'in UDP' if port else 'bare'}")


@configuration(mobike=False)
@needs("esp-bare")
@requirement("RFC7296-2.23-05")
def test_without_a_nat_no_esp_goes_to_500(peer):
    """Packets come bare, or in UDP on 4500; on 500 there is IKE alone. RFC 7296 2.23"""
    sa = peer.establish()
    assert sa.children[0].ping().arrived.port in (0, 4500)
    assert not sa.carrier.strangers


@needs("esp-bare")
@requirement("RFC7296-2.23-13", "RFC7296-2.23-08")
def test_without_nat_detection_all_goes_on_500(responder):
    """We know nothing of NATs: the responder answers all the same, on port 500. RFC 7296 2.23"""
    sa = responder.ike_sa(mobike=False)
    sa.take_init(sa.try_init(lambda payloads: without(payloads, SOURCE, DESTINATION)))
    assert sa.auth() is not None
    assert sa.liveness().arrived.source[1] == 500


@configuration(mobike=False)
@needs("esp-bare")
@requirement("RFC7296-2.23-16", "RFC7296-2.23-08")
def test_a_response_without_nat_detection_is_no_obstacle(initiator):
    """The initiator goes on, on port 500. RFC 7296 2.23"""
    sa = initiator.call()
    sa.accept_init(*without(sa.init_response_payloads(), SOURCE, DESTINATION))
    request = sa.expect_request(IKE_AUTH)
    assert request.arrived.port == 500
    sa.accept_auth(request)
    sa.liveness()


@configuration(child={"mode": "transport"})
@needs("transport-mode")
@requirement("RFC7296-2.23-20", "RFC7296-2.23.1-01", "RFC7296-2.23.1-04", "RFC7296-2.23.1-05", "RFC7296-2.23.1-06",
             "RFC7296-2.23.1-07")
def test_transport_mode_through_a_nat_is_asked_for_with_one_address_each(initiator):
    """All entries of TSi are the address that the initiator has, all of TSr the one that it sends to. RFC 7296 2.23.1"""
    request = initiator.initialised(encapsulated=True).auth_request
    assert "USE_TRANSPORT_MODE" in request.notifies()
    own, ours = request.arrived.source[0], initiator.stage.carrier.local
    for kind, address in ((PayloadType.TSi, own), (PayloadType.TSr, ours)):
        found = request.first(kind).selectors
        assert found and {(one.start, one.end) for one in found} == {(address, address)}


@configuration(child={"mode": "transport"})
@needs("transport-mode")
@requirement("RFC7296-2.23.1-08", "RFC7296-2.23.1-09")
@each("entries", 1, 2)
def test_transport_mode_through_a_nat_is_answered_with_outer_addresses(responder, entries):
    """We say another address of ourselves than the responder sees: it puts that one in place, and answers so. RFC 7296
    2.23.1"""
    sa = responder.initialised(encapsulated=True)
    inner = "10.99.0.5"
    entry = [selector(inner, protocol=1)][: entries - 1] + [selector(inner)]
    sent = sa.send_auth(*replaced(sa.auth_payloads(), TSi(*entry)))
    answer = sa.expect_response(sent)
    sa.check_proof(answer)
    assert "USE_TRANSPORT_MODE" in answer.notifies(), f"{answer}"
    seen = answer.first(PayloadType.TSi).selectors
    assert {(one.start, one.end) for one in seen} == {(sa.carrier.local, sa.carrier.local)}


@configuration(child={"mode": "transport"})
@needs("transport-mode")
@requirement("RFC7296-2.23.1-10", "RFC7296-2.23.1-08")
@each("entries", 1, 2)
def test_transport_mode_through_a_nat_is_taken_with_outer_addresses(initiator, entries):
    """We answer with the address that a NAT would give to the initiator: it knows that it is the one meant, in every entry. RFC
    7296 2.23.1"""
    sa = initiator.initialised(natted=True)
    outer = "203.0.113.5"
    entry = [selector(outer, protocol=ip.ICMP)][: entries - 1] + [selector(outer)]
    sa.accept_auth(sa.auth_request, *replaced(sa.auth_response_payloads(sa.auth_request), TSi(*entry)))
    sa.liveness()
    sa.expect_nothing("the selectors are those that it asked for")
    sa.children[0].ping()


@needs("acquire", "transport-mode")
@configuration(child={"mode": "transport", "start": "traffic"})
@requirement("RFC7296-2.23.1-02")
def test_transport_mode_through_a_nat_begins_with_the_packets_own_selectors(initiator):
    """Asked for because of a packet, TSi and TSr begin with its protocol and ports. RFC 7296 2.23.1"""
    sa = initiator.call(by_packet=True)
    sa.seems_behind_nat = True
    sa.accept_init()
    request = sa.expect_request(IKE_AUTH)
    sa.accept_auth(request)
    for kind in (PayloadType.TSi, PayloadType.TSr):
        first = request.first(kind).selectors[0]
        assert first.protocol == ip.UDP and first.start_port == first.end_port


def esp_goes_to(peer, sa):
    """The port of ours that a packet of the peer's host goes to."""
    with peer.host_socket(7070, 7070) as host:
        host.send(b"which way?")
        return sa.children[0].expect(lambda one: b"which way?" in one.payload, "a packet of the peer's host",
                                     anywhere=True).arrived.port


def requests_go_to(peer, sa):
    """The port of ours that its next request goes to; it has rekeyed by itself, or is told to."""
    if not sa.inbox:
        peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    sa.accept_child(request)
    return request.arrived.port


@configuration(mobike=False)
@needs("esp-bare", "rekey-by-command")
@requirement("RFC7296-2.23-21", "RFC7296-2.23-22")
def test_without_mobike_a_new_mapping_is_followed(peer):
    """A message of ours comes from another port of our NAT's: what the peer repeats and all that it sends from then on, ESP
    too, goes there. RFC 7296 2.23"""
    sa = peer.establish(encapsulated=True)
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    sa.port = sa.natt_port = sa.carrier.open_port(marked=True)
    assert sa.liveness().arrived.port == sa.port
    while (again := sa.expect_copy(request)).arrived.port != sa.port:
        pass
    sa.accept_child(again)
    assert esp_goes_to(peer, sa) == sa.port


@configuration(mobike=False)
@needs("rekey-by-command")
@requirement("RFC7296-2.23-23")
def test_who_is_behind_a_nat_follows_nobody(peer):
    """The peer is behind a NAT, and we are not: a message of ours from another port is answered there, and all else goes to
    where it went. RFC 7296 2.23"""
    sa = peer.establish(natted=True)
    home, other = sa.port, sa.carrier.open_port(marked=True)
    assert sa.request(INFORMATIONAL, port=other).arrived.port == other
    assert esp_goes_to(peer, sa) == home and requests_go_to(peer, sa) == home


@configuration(mobike=False)
@needs("esp-bare", "rekey-by-command")
@each("replayed", "message", "packet")
@requirement("RFC7296-2.23-24")
def test_a_replay_is_not_followed(peer, replayed):
    """An old request or ESP packet of ours comes once more, from another port: nothing goes there from then on. RFC 7296
    2.23"""
    sa = peer.establish(encapsulated=True)
    child, home, other = sa.children[0], sa.port, sa.carrier.open_port(marked=True)
    packet = child.send(child.echo_request())
    sent = sa.send(INFORMATIONAL)
    sa.expect_response(sent)
    child.ping()
    if replayed == "message":
        sent.port = other
        sa.resend(sent)
    else:
        sa.carrier.send_raw(packet, other, sa.to)
    sa.prove_chance()
    assert esp_goes_to(peer, sa) == home and requests_go_to(peer, sa) == home
