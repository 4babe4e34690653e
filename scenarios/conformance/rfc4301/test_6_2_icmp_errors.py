"""ICMP errors through an SA: they are judged by the packet that they quote. RFC 4301 6.2"""

import select

from ikelab.conformance import *

ROUTER = "203.0.113.77"  # whose address no selector has
OWN_PORT, ITS_PORT = 6000, 6001
CLIENT_PORT, GATEWAY_PORT = 6010, 6011


def packet_of_its_host(child, talk):
    """A UDP datagram that the peer's protected host sends through the Child SA, as it was inside."""
    talk.send(b"a question")
    return child.expect(lambda one: (ip.body_of(one.payload, ip.UDP) or b"").endswith(b"a question")).payload


def told(talk, child):
    """Whether the host's socket hears of an error, before it hears of a datagram that is sent later."""
    own, its = child.inside()
    child.send(ip.ip(own, its, ip.UDP, ip.udp(own, its, talk.getpeername()[1], talk.getsockname()[1], b"an answer")))
    if not select.select([talk], [], [], 10)[0]:
        raise Unmet("a UDP datagram through the Child SA did not come to the peer's host")
    try:
        talk.recv(100)
    except OSError:
        return True
    return False


@requirement("RFC4301-6.2-03", "RFC4301-6.2-01")
def test_an_error_about_a_packet_of_the_sa_is_passed_on(peer):
    """It comes from a router that the selectors do not know, and quotes a packet that went by this SA. RFC 4301 6.2"""
    child = peer.establish().children[0]
    with peer.host_socket(ITS_PORT, OWN_PORT) as talk:
        question = packet_of_its_host(child, talk)
        child.send(ip.icmp_unreachable(ROUTER, child.inside()[1], question))
        assert told(talk, child), "an ICMP error about a packet of this SA was not passed on"


@configuration(child={"local_ts": (f"10.1.0.0/24[17/{CLIENT_PORT}]",), "remote_ts": (f"10.2.0.0/24[17/{GATEWAY_PORT}]",)})
@requirement("RFC4301-6.2-03", "RFC4301-6.2-01")
def test_an_error_about_a_packet_of_an_sa_for_ports_is_passed_on(peer):
    """The same where the SA is for one port at each end: those of the quoted packet are judged the other way round. RFC 4301
    6.2"""
    child = peer.establish().children[0]
    ports = CLIENT_PORT, GATEWAY_PORT
    with peer.host_socket(*(ports if child.inside()[1].startswith("10.1.") else reversed(ports))) as talk:
        question = packet_of_its_host(child, talk)
        child.send(ip.icmp_unreachable(ROUTER, child.inside()[1], question))
        assert told(talk, child), "an ICMP error about a packet of this SA was not passed on"


@requirement("RFC4301-6.2-04", "RFC4301-6.2-01")
@each("other", "address", "destination")
def test_an_error_about_another_packet_is_not_passed_on(peer, other):
    """From such a router, about a packet that never went by this SA: the host is not disturbed. RFC 4301 6.2"""
    child = peer.establish().children[0]
    its = child.inside()[1]
    elsewhere = {"address": peer.stage.host.address(4), "destination": its}[other]
    with peer.host_socket(ITS_PORT, OWN_PORT) as talk, peer.host_socket_to(elsewhere, "198.51.100.9", ITS_PORT + 1) as victim:
        packet_of_its_host(child, talk)
        quoted = ip.ip(elsewhere, "198.51.100.9", ip.UDP, ip.udp(elsewhere, "198.51.100.9", ITS_PORT + 1, ITS_PORT + 1, b"a question"))
        child.send(ip.icmp_unreachable(ROUTER, elsewhere, quoted))
        assert not told(talk, child)
        assert not select.select([victim], [], [], 0)[0], "a host heard of an error about a packet that went elsewhere"


@configuration(child={"local_ts": ("10.1.0.0/24[17]",), "remote_ts": ("10.2.0.0/24[17]",)})
@requirement("RFC4301-6.2-02")
def test_an_error_that_no_policy_has_goes_by_the_sa_of_what_caused_it(peer):
    """The peer's policy is for UDP alone: Port Unreachable comes back by the SA that the datagram came by. RFC 4301 6.2"""
    child = peer.establish().children[0]
    own, its = child.inside()
    child.send(ip.ip(own, its, ip.UDP, ip.udp(own, its, OWN_PORT, 9, b"is anybody there?")))
    error = child.expect(lambda one: (ip.body_of(one.payload, ip.ICMP) or b"")[:2] == b"\x03\x03", "the ICMP error")
    assert ip.body_of(error.payload, ip.ICMP)[8 + 12 : 8 + 20] == ip.ip(own, its, ip.UDP, b"")[12:20]
