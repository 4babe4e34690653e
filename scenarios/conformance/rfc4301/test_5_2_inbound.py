import select

from ikelab.conformance import *

EXPERIMENT = 253  # a protocol that is nobody's (RFC 3692)


def inner(child, **changes):
    """An echo request through the Child SA, with another address than those that it is for."""
    source, target = child.inside()
    ends = {"source": source, "target": target} | changes
    return child.echo_request(sequence=90, **ends)


@requirement("RFC4301-5.2-04", "RFC4301-4.4.1-04", "RFC4301-4.4.2-01")
def test_a_source_outside_the_selectors_is_dropped(peer):
    """A packet whose inner source the SA is not for is not passed on. RFC 4301 5.2"""
    child = peer.establish().children[0]
    child.send(inner(child, source="203.0.113.77"))
    child.expect_no_reply(90, "the inner source is not among the selectors")


@requirement("RFC4301-5.2-05")
def test_who_sends_what_does_not_fit_is_told(peer):
    """A packet outside the selectors brings INVALID_SELECTORS, about the SA that it came by. RFC 4301 5.2, RFC 7296 3.10.1"""
    sa = peer.establish()
    child = sa.children[0]
    child.send(inner(child, source="203.0.113.77"))
    child.expect_no_reply(90, "the inner source is not among the selectors")
    sa.prove_chance()
    said = [found for one in sa.received if (found := one.notifies().get("INVALID_SELECTORS")) is not None]
    assert said, "nobody said INVALID_SELECTORS"
    assert said[0].spi == child.spi_out


@requirement("RFC4301-5.2-04", "RFC4301-4.4.1-04", "RFC4301-4.4.2-01", "RFC3948-3.1.1-01")
def test_a_source_outside_the_selectors_is_dropped_behind_a_nat_too(peer):
    """In UDP the selectors hold as well. RFC 4301 5.2, RFC 3948 3.1.1"""
    peer.require("esp-in-udp")
    child = peer.establish(encapsulated=True).children[0]
    child.send(inner(child, source="203.0.113.77"))
    child.expect_no_reply(90, "the inner source is not among the selectors")


@requirement("RFC4301-5.2-04", "RFC4301-4.4.1-04")
def test_a_version_that_the_sa_is_not_for_is_dropped(peer):
    """IPv6 on an SA for IPv4 networks. RFC 4301 5.2"""
    child = peer.establish().children[0]
    own, its = peer.stage.inside[6]
    child.send(child.echo_request(family=6, source=own, target=its, sequence=91))
    child.expect_no_reply(91, "the SA is not for IPv6")


@requirement("RFC4301-5.2-04", "RFC4301-4.4.2-01")
def test_selectors_are_those_of_the_sa_and_not_of_the_policy(peer):
    """On an SA that was narrowed to one address, another one of the same policy is dropped. RFC 4301 4.4.2, 5.2"""
    peer.require("narrowing")
    sa = peer.establish()
    offer = sa.offer_child()
    own, its = sa.inside[4]
    initiator, responder = TSi(own), TSr(its)
    offer.payloads = replaced(replaced(offer.payloads, initiator), responder)
    child = offer.take(sa.request(CREATE_CHILD_SA, *offer.payloads))
    first, child.ike_sa.children = sa.children[0], [child]
    child.ping()
    other = own.rsplit(".", 1)[0] + ".200"
    child.send(inner(child, source=other))
    child.expect_no_reply(90, "the SA was narrowed to one address")
    sa.children.append(first)


@each("tos", 0xB8, 0x28, 0xFC)
@requirement("RFC4301-4.1-04")
def test_dscp_does_not_matter_to_an_sa(peer, tos):
    """Packets of any traffic class are accepted on one SA. RFC 4301 4.1"""
    child = peer.establish().children[0]
    own, its = child.inside()
    child.send(ip.ip(own, its, ip.ICMP, ip.icmp_echo(own, its, child.identifier, 92, b"ikelab"), tos=tos))
    child.expect(child.reply_to(92))


@requirement("RFC4301-7.1-01", "RFC4301-7.2-04", "RFC4301-5.1-03")
def test_an_sa_for_all_ports_carries_fragments(peer):
    """A datagram in two inner fragments arrives through an SA without regard to ports. RFC 4301 7.1"""
    child = peer.establish().children[0]
    own, its = child.inside()
    message = ip.icmp_echo(own, its, child.identifier, 93, 40 * b"f")
    child.send(ip.ip(own, its, ip.ICMP, message[:24], identification=7, fragment=0x2000))
    child.send(ip.ip(own, its, ip.ICMP, message[24:], identification=7, fragment=3))
    child.expect(child.reply_to(93))


@requirement("RFC4301-5.1.2-01")
def test_the_inner_header_stays_as_it_was(peer):
    """Addresses and contents of the inner packet are those that the host has sent; only its TTL may be less. RFC 4301 5.1.2"""
    child = peer.establish().children[0]
    own, its = child.inside()
    found = ip.parse_echo(child.ping().payload)
    assert (found.source, found.target, found.data) == (its, own, b"ikelab")
    assert found.ttl > 32


@requirement("RFC4301-4.4.2-01")
def test_a_datagram_of_nothing_but_a_header_arrives(peer):
    """Of a protocol that is nobody's, and with nothing in it: it fits the selectors, and is passed on. RFC 4301 4.4.2, 5.2"""
    child = peer.establish().children[0]
    own, its = child.inside()
    datagram = ip.ip(own, its, EXPERIMENT, b"")
    assert [one[12:] for one in passed_on(peer, child, datagram)] == [datagram[12:]]


@requirement("RFC4303-2.7-05")
@each("more", 1, 8, 100)
def test_a_datagram_that_lacks_its_end_is_not_passed_on(peer, more):
    """The inner header says that there is more of it than has come: nothing is put in its place. RFC 4303 2.7"""
    child = peer.establish().children[0]
    own, its = child.inside()
    assert not passed_on(peer, child, ip.ip(own, its, EXPERIMENT, bytes(40 + more))[:60])


def passed_on(peer, child, datagram):
    """What comes out of it at the peer's host."""
    with peer.host_packets(EXPERIMENT) as host:
        child.send(datagram)
        child.ping()
        found = []
        while select.select([host], [], [], 0)[0]:
            found.append(host.recv(1000))
    return found


@configuration(child={"mode": "transport"})
@needs("transport-mode")
@requirement("RFC4301-4.1-07")
def test_transport_mode_is_there(peer):
    """A host has transport mode besides tunnel mode: what is inside is no IP packet. RFC 4301 4.1"""
    child = peer.establish().children[0]
    assert child.transport
    assert child.ping().next_header == ip.ICMP
