"""What passes the boundary, and how: protected, or not at all. RFC 4301 4.4.1, 4.5, 5"""

import contextlib
import select

from ikelab.conformance import *

ELSEWHERE = "203.0.113.77"  # which no policy has
UNREACHABLE = 3  # of ICMP
CLIENT, GATEWAY = "192.0.2.1", "192.0.2.2"  # outer addresses of the layout "pair"
HOST, NET = ("10.1.0.1", "10.2.0.1"), ("10.1.0.0/24", "10.2.0.0/24")


def children(*policies):
    """Policies that overlap, in this order, told apart by their algorithms."""
    return [{"name": f"child{number}", "local_ts": (policy[0],), "remote_ts": (policy[1],), "start": "traffic",
             "proposals": (f"aes{bits}gcm16",)} for number, (policy, bits) in enumerate(zip(policies, (256, 128), strict=True), 1)]


def in_the_clear(peer):
    """Packets between the protected hosts that crossed the wire as they are."""
    ends = {ip.ip(*pair, ip.UDP, b"")[12:20] for pair in (peer.stage.inside[4], peer.stage.inside[4][::-1])}
    return [one for one in peer.on_the_wire() if one[0] >> 4 == 4 and one[12:20] in ends]


@needs("fail-closed")
@requirement("RFC4301-5.2-02", "RFC4301-5-01")
def test_what_ought_to_come_protected_is_dropped_when_it_does_not(peer):
    """An echo request in the clear, between addresses that a policy protects: no reply, in whatever way. RFC 4301 5.2"""
    sa = peer.establish()
    child = sa.children[0]
    sa.carrier.send_ip(child.echo_request(sequence=500))
    child.expect_no_reply(500, "a packet in the clear was let in that a policy protects")
    assert len(in_the_clear(peer)) == 1, "it was answered in the clear"


@needs("fail-closed")
@requirement("RFC4301-5.1-01", "RFC4301-5-01")
def test_what_a_policy_protects_leaves_protected(peer):
    """A datagram of the protected host comes in ESP, and in no other way. RFC 4301 5.1"""
    child = peer.establish().children[0]
    with peer.host_socket(6010, 6011) as talk:
        talk.send(b"a secret")
        child.expect(lambda one: (ip.body_of(one.payload, ip.UDP) or b"").endswith(b"a secret"), "the host's datagram")
    assert not in_the_clear(peer)


@needs("acquire", "fail-closed")
@configuration(child={"start": "traffic"})
@requirement("RFC4301-5.1-01", "RFC4301-5-01")
def test_what_no_sa_can_be_made_for_does_not_leave(initiator):
    """A datagram wants an SA, which is refused: it is dropped. RFC 4301 5.1"""
    sa = initiator.call(by_packet=True)
    sa.answer(sa.init_request, N("NO_PROPOSAL_CHOSEN"), spi_r=bytes(8))
    sa.prove_chance()
    assert not in_the_clear(initiator)


@requirement("RFC4301-4.4.1-03")
def test_what_no_policy_is_for_does_not_leave(peer):
    """The protected host sends to an address that no policy has: behind all of them there is one that drops. RFC 4301 4.4.1"""
    child = peer.establish().children[0]
    its = child.inside()[1]
    with peer.host_socket_to(its, ELSEWHERE, 6012) as talk:
        with contextlib.suppress(OSError):  # it may be told at once
            talk.send(b"a secret")
        child.ping()
    left = ip.ip(its, ELSEWHERE, ip.UDP, b"")[12:20]
    assert not any(one[12:20] == left for one in peer.on_the_wire()), "what no policy is for left in the clear"


@requirement("RFC4301-5.2-01")
def test_what_no_policy_is_for_does_not_come_in(peer):
    """In the clear, from an address that no policy has, to the protected host: it hears nothing of it. RFC 4301 5.2"""
    child = peer.establish().children[0]
    its = child.inside()[1]
    with peer.host_socket_to(its, ELSEWHERE, 6013) as talk:
        child.carrier.send_ip(ip.ip(ELSEWHERE, its, ip.UDP, ip.udp(ELSEWHERE, its, 6013, 6013, b"not a secret")))
        child.ping()
        assert not select.select([talk], [], [], 0)[0], "what no policy is for came in"


@needs("acquire")
@configuration(child={"start": "traffic"})
@requirement("RFC4301-5.1-01")
def test_what_waited_for_an_sa_wants_no_other(initiator):
    """Datagrams of one policy are sent while there is no SA. The one that comes about is for all of them, so that no second one
    is asked for. RFC 4301 5.1"""
    sa = initiator.call(by_packet=True)
    with initiator.host_socket(6020, 6021) as talk:
        for number in range(3):
            talk.send(b"too early %d" % number)
        sa.accept_init()
        sa.accept_auth(sa.expect_request(IKE_AUTH))
        sa.liveness()
        talk.send(b"in time")
        sa.children[0].expect(lambda one: (ip.body_of(one.payload, ip.UDP) or b"").endswith(b"in time"), "the host's datagram")
    sa.expect_nothing("there was an SA for all that was sent")


@needs("acquire")
@configuration(child={"start": "traffic"})
@requirement("RFC4301-5.1.1-01")
def test_whose_packet_is_dropped_is_told(initiator):
    """A datagram wants an SA, which is refused for good: its sender hears by ICMP that it was dropped. RFC 4301 5.1.1"""
    with initiator.host_icmp() as told:
        sa = initiator.call(by_packet=True)
        sa.accept_init()
        sa.answer(sa.expect_request(IKE_AUTH), N("AUTHENTICATION_FAILED"))
        sa.prove_chance()
        assert select.select([told], [], [], 1)[0], "who sent it was not told that it was dropped"
        assert told.recv(2000)[20] == UNREACHABLE


@needs("transport-mode")
@configuration(child={"mode": "transport"})
@requirement("RFC4301-5.2-03", "RFC4301-5-01")
def test_ike_passes_a_policy_for_everything(peer):
    """All traffic between the two ends is protected, and IKE between them goes on in the clear, both ways. RFC 4301 5.2"""
    sa = peer.establish()
    sa.children[0].ping()
    sa.liveness()
    peer.rekey("child")
    sa.accept_child(sa.expect_request(CREATE_CHILD_SA))
    sa.accept_delete(sa.expect_request(INFORMATIONAL))
    sa.liveness()


@needs("acquire")
@configuration(child={"start": "traffic"})
@requirement("RFC4301-4.5.3-01")
def test_a_packet_finds_its_gateway(initiator):
    """A datagram for the network behind us makes the peer call us, at the address that it was told. RFC 4301 4.5.3"""
    sa = initiator.call(by_packet=True)
    assert sa.init_request.arrived.at == sa.carrier.local


@needs("acquire", "several-children")
@configuration(children=children(HOST, NET))
@requirement("RFC4301-4.4.1-01")
def test_the_first_policy_decides_when_it_is_the_narrower(initiator):
    """Of two policies that a packet fits, the first decides: here the one of two hosts. RFC 4301 4.4.1"""
    assert_asked_with(initiator, 256)


@needs("acquire", "several-children")
@configuration(children=children(NET, HOST))
@requirement("RFC4301-4.4.1-01")
def test_the_first_policy_decides_when_it_is_the_wider(initiator):
    """The same the other way round: here the one of two networks, for the administrator has put it first. RFC 4301 4.4.1"""
    assert_asked_with(initiator, 256)


def assert_asked_with(initiator, bits):
    sa = initiator.call(by_packet=True)
    sa.accept_init()
    request = sa.expect_request(IKE_AUTH)
    assert [one.key_length for one in request.proposals[0].transforms if one.kind == TransformType.ENCR] == [bits]


@requirement("RFC4301-4.1-06")
def test_a_gateway_does_not_take_transport_mode_for_networks(peer):
    """USE_TRANSPORT_MODE for the networks behind both: declined, and the SA is in tunnel mode. RFC 4301 4.1"""
    sa = peer.establish()
    offer = sa.offer_child()
    answer = sa.request(CREATE_CHILD_SA, N("USE_TRANSPORT_MODE"), *offer.payloads)
    assert "USE_TRANSPORT_MODE" not in answer.notifies()
    if answer.first(PayloadType.SA) is not None:
        offer.take(answer).ping()


@requirement("RFC4301-4.1-08", "RFC4301-3.1-01")
def test_a_gateway_has_tunnel_mode(peer):
    """Between gateways: what is inside is a whole packet, between hosts of the two networks. RFC 4301 3.1, 4.1"""
    child = peer.establish().children[0]
    own, its = child.inside()
    is_protected(peer, child, own, its)
    assert {own, its}.isdisjoint({child.carrier.local, child.carrier.remote})


def is_protected(peer, child, own, its):
    """Our echo request is heard, and the reply comes in tunnel mode, between these two addresses and in no other way."""
    child.send(child.echo_request(source=own, target=its, sequence=510))
    reply = child.expect(child.reply_to(510), "the reply to an echo request through the tunnel")
    echo = ip.parse_echo(reply.payload)
    assert (reply.next_header, echo.source, echo.target) == (ip.IPV4, its, own)
    clear = [ip.ip(*ends, ip.ICMP, b"")[12:20] for ends in ((own, its), (its, own))]
    assert not any(one[9] == ip.ICMP and one[12:20] in clear for one in peer.on_the_wire()), "and another in the clear"


@configuration(child={"local_ts": (CLIENT,)}, fixed_address=True)
@requirement("RFC4301-3.1-01")
def test_a_host_calls_a_gateway(initiator):
    """The peer is a host, with one address outside and inside, and we are a gateway with a network. RFC 4301 3.1"""
    child = initiator.establish().children[0]
    is_protected(initiator, child, child.inside()[0], CLIENT)


@configuration(child={"local_ts": (CLIENT,)}, fixed_address=True)
@needs("peer-in-policy")
@requirement("RFC4301-3.1-01")
def test_a_gateway_is_called_by_a_host(responder):
    """The same the other way round: the peer is the gateway. RFC 4301 3.1"""
    child = responder.establish().children[0]
    is_protected(responder, child, CLIENT, child.inside()[1])


@configuration(child={"remote_ts": (GATEWAY,)}, fixed_address=True)
@needs("peer-in-policy")
@requirement("RFC4301-3.1-01")
def test_a_gateway_calls_a_host(initiator):
    """The peer is a gateway with a network, and we are a host. RFC 4301 3.1"""
    child = initiator.establish().children[0]
    is_protected(initiator, child, GATEWAY, child.inside()[1])


@configuration(child={"remote_ts": (GATEWAY,)}, fixed_address=True)
@requirement("RFC4301-3.1-01")
def test_a_host_is_called_by_a_gateway(responder):
    """The same the other way round: the peer is the host. RFC 4301 3.1"""
    child = responder.establish().children[0]
    is_protected(responder, child, child.inside()[0], GATEWAY)


@configuration(child={"local_ts": (CLIENT,), "remote_ts": (GATEWAY,)}, fixed_address=True)
@needs("peer-in-policy")
@requirement("RFC4301-3.1-01")
def test_two_hosts_in_tunnel_mode(peer):
    """Between hosts, each with one address outside and inside. RFC 4301 3.1"""
    child = peer.establish().children[0]
    is_protected(peer, child, child.carrier.local, child.carrier.remote)


@needs("transport-mode")
@configuration(child={"mode": "transport"})
@requirement("RFC4301-3.1-01")
def test_two_hosts(peer):
    """Between hosts in transport mode: what is inside has no IP header. RFC 4301 3.1, 4.1"""
    child = peer.establish().children[0]
    assert child.transport, "the peer did not agree to transport mode, which it is configured for"
    assert child.ping().next_header == ip.ICMP
