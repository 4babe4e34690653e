"""Selectors of one protocol, of ports, of ICMP types. RFC 4301 4.4.1.1, D.2, RFC 7296 3.13.1"""

from ikelab.conformance import *

ANY = (0, 65535)
ECHO, TIMESTAMP = 8 << 8, 13 << 8


def narrow(peer, protocol, ours=ANY, theirs=ANY, *notifies):
    """A second Child SA, of one protocol and these ports at our end and at the peer's."""
    peer.require("narrowing", "several-children")
    sa = peer.establish()
    offer = sa.offer_child(group=0)
    (own, its), ends = sa.inside[4], []
    for build, address, ports in ((TSi, own, ours), (TSr, its, theirs)):
        ends.append(build(selector(address, protocol, ports)))
        offer.payloads = replaced(offer.payloads, ends[-1])
    answer = sa.request(CREATE_CHILD_SA, *notifies, *offer.payloads)
    child = offer.take(answer)
    for asked in ends:
        assert answer.first(asked.kind).selectors == asked.selectors, "the peer made the selectors other than they were asked for"
    return child


@requirement("RFC4301-4.4.1.1-01", "RFC4301-4.4.1-04")
def test_a_port_of_the_peers(peer):
    """On an SA for one port of its end, TCP to that port is heard, and to another is not. RFC 4301 4.4.1.1"""
    child = narrow(peer, ip.TCP, theirs=(7, 7))
    child.expect_reset(child.knock(7))
    for port in (6, 8, 7 << 8):
        child.expect_unheard(child.reset_of(child.knock(port)), f"the SA is not for port {port}")


@requirement("RFC4301-4.4.1.1-01", "RFC4301-4.4.1-04")
def test_a_range_of_our_ports(peer):
    """On an SA for some ports of our end, TCP from these is heard, and from others is not. RFC 4301 4.4.1.1"""
    child = narrow(peer, ip.TCP, ours=(5000, 5009))
    for port in (5000, 5009):
        child.expect_reset(child.knock(7, from_port=port))
    for port in (4999, 5010):
        child.expect_unheard(child.reset_of(child.knock(7, from_port=port)), f"the SA is not for our port {port}")


@requirement("RFC4301-4.4.1.1-01", "RFC4301-4.4.1-04", "RFC4301-6-01")
def test_one_protocol(peer):
    """On an SA for TCP alone, an echo request is not heard. RFC 4301 4.4.1.1, 6"""
    child = narrow(peer, ip.TCP)
    child.expect_reset(child.knock(7))
    number = child.send_echo()
    child.expect_unheard(child.reply_to(number), "the SA is not for ICMP")


@requirement("RFC4301-4.4.1.1-04", "RFC7296-3.13.1-05", "RFC4301-6-01")
@each("ports", (ECHO, ECHO), (ECHO, ECHO + 255), (0, ECHO), (ECHO - 1, ECHO + 1))
def test_an_icmp_type_within_the_range(peer, ports):
    """Type times 256 plus code lies in the range: an echo request is heard. RFC 4301 4.4.1.1, RFC 7296 3.13.1"""
    child = narrow(peer, ip.ICMP, ports, ports)
    number = child.send_echo()
    child.expect(child.reply_to(number), "the reply to an echo request that the SA is for", anywhere=True)


@requirement("RFC4301-4.4.1.1-04", "RFC7296-3.13.1-05", "RFC4301-6-01")
@each("ports", (TIMESTAMP, TIMESTAMP), (0, ECHO - 1), (ECHO + 1, 65535), (8, 8))
def test_an_icmp_type_outside_the_range(peer, ports):
    """An echo request, whose type and code make 2048, is not heard. RFC 4301 4.4.1.1, RFC 7296 3.13.1"""
    child = narrow(peer, ip.ICMP, ports, ports)
    number = child.send_echo()
    child.expect_unheard(child.reply_to(number), "the SA is for other ICMP types")


@configuration(child={"local_ts": ("10.1.0.0/24[6]",), "remote_ts": ("10.2.0.0/24[6]",)})
@requirement("RFC4301-7.1-02")
def test_a_protocol_without_regard_to_ports_has_all_of_them(initiator):
    """Configured for TCP alone, the peer asks for the ports 0 to 65535. RFC 4301 7.1"""
    request = initiator.initialised().auth_request
    for one in (one for kind in (PayloadType.TSi, PayloadType.TSr) for one in request.first(kind).selectors):
        assert (one.protocol, one.start_port, one.end_port) == (ip.TCP, *ANY)


@configuration(child={"local_ts": ("10.1.0.0/24[89]",), "remote_ts": ("10.2.0.0/24[89]",)})
@requirement("RFC4301-D.2-01")
def test_a_protocol_that_has_no_ports_has_all_of_them(initiator):
    """Configured for OSPF, the peer asks for the ports 0 to 65535. RFC 4301 D.2"""
    request = initiator.initialised().auth_request
    for one in (one for kind in (PayloadType.TSi, PayloadType.TSr) for one in request.first(kind).selectors):
        assert (one.protocol, one.start_port, one.end_port) == (89, *ANY)


@requirement("RFC4301-7.1-03", "RFC4301-D.2-02", "RFC4301-7.2-03")
def test_without_a_protocol_there_are_no_ports(peer):
    """Of all selectors that the peer writes, those of any protocol are of all ports. RFC 4301 7.1, 7.2, D.2"""
    found = payloads_of(life(peer), PayloadType.TSi, PayloadType.TSr)
    assert any(one.protocol == 0 for payload in found for one in payload.selectors)
    for one in (one for payload in found for one in payload.selectors):
        assert one.protocol != 0 or (one.start_port, one.end_port) == ANY
