"""Inner fragments, of which all but the first have no ports. RFC 4301 7

A datagram of ours in pieces tells what the peer takes: its first piece goes on the SA for everything, and whether the whole
is heard depends on the others."""

from ikelab.conformance import *

ANY, OPAQUE = (0, 65535), (65535, 0)
ECHO = (8 << 8, 8 << 8)


def narrow(sa, protocol, ports, *notifies):
    """A second Child SA, of that protocol and these ports at both ends, and the response that made it."""
    offer = sa.offer_child(group=0)
    for build, address in zip((TSi, TSr), sa.inside[4], strict=True):
        offer.payloads = replaced(offer.payloads, build(selector(address, protocol, ports)))
    answer = sa.request(CREATE_CHILD_SA, *notifies, *offer.payloads)
    return offer.take(answer), answer


def echo_in_pieces(child, number):
    own, its = child.inside()
    message = ip.icmp_echo(own, its, child.identifier, number, 40 * b"f")
    return ip.fragments(ip.ip(own, its, ip.ICMP, message, identification=number), 24)


def syn_in_pieces(child, from_port, cut):
    own, its = child.inside()
    return ip.fragments(ip.ip(own, its, ip.TCP, ip.tcp_syn(own, its, from_port, 7, 20 * b"d"), identification=from_port), cut)


@needs("narrowing", "several-children")
@requirement("RFC4301-4.4.1.1-03", "RFC4301-7.3-05", "RFC4301-7.3-03")
@each("notified", False, True)
def test_later_fragments_on_an_sa_for_one_port(peer, notified):
    """Unless both have said NON_FIRST_FRAGMENTS_ALSO they are dropped, and who says it takes them. RFC 4301 7.3"""
    sa = peer.establish()
    whole = sa.children[0]
    child, answer = narrow(sa, ip.ICMP, ECHO, *([N("NON_FIRST_FRAGMENTS_ALSO")] if notified else []))
    agreed = "NON_FIRST_FRAGMENTS_ALSO" in answer.notifies()
    assert notified or not agreed, "the peer says NON_FIRST_FRAGMENTS_ALSO although we have not"
    first, later = echo_in_pieces(child, 300)
    whole.send(first)
    child.send(later)
    if agreed:
        child.expect(child.reply_to(300), "the reply to an echo request in fragments", anywhere=True)
    else:
        child.expect_unheard(child.reply_to(300), "a later fragment came on an SA for one port")


@needs("narrowing", "several-children")
@requirement("RFC4301-7.3-06")
@each("notified", False, True)
def test_later_fragments_of_a_datagram_that_the_sa_is_not_for(peer, notified):
    """Its first fragment, on another SA, has shown what it is: the others are dropped on one for other ports. RFC 4301 7.3"""
    sa = peer.establish()
    child, _ = narrow(sa, ip.TCP, (9, 9), *([N("NON_FIRST_FRAGMENTS_ALSO")] if notified else []))
    first, later = syn_in_pieces(child, 5100, 24)
    sa.children[0].send(first)
    child.send(later)
    child.expect_unheard(child.reset_of(5100), "a later fragment of a datagram for port 7 came on an SA for port 9")


@needs("narrowing", "several-children", "selectors-opaque")
@requirement("RFC4301-4.4.1.1-02", "RFC7296-3.13.1-04")
def test_an_sa_for_what_has_no_ports_to_be_seen(peer):
    """OPAQUE, 65535 to 0, is agreed upon: later fragments are taken, and whole segments, with ports, are not. RFC 4301 4.4.1.1,
    7.2, RFC 7296 3.13.1"""
    sa = peer.establish()
    child, answer = narrow(sa, ip.TCP, OPAQUE)
    for kind in (PayloadType.TSi, PayloadType.TSr):
        assert [(one.start_port, one.end_port) for one in answer.first(kind).selectors] == [OPAQUE]
    first, later = syn_in_pieces(child, 5200, 24)
    sa.children[0].send(first)
    child.send(later)
    child.expect_reset(5200)
    child.expect_unheard(child.reset_of(child.knock(7)), "a segment with ports came on an SA for OPAQUE ones")


@needs("selectors-opaque")
@configuration(child={"local_ts": ("10.1.0.0/24[6/opaque]",), "remote_ts": ("10.2.0.0/24[6/opaque]",)})
@requirement("RFC7296-3.13.1-04", "RFC4301-4.4.1.1-02")
def test_opaque_ports_as_they_are_written(initiator):
    """Configured for later fragments alone, the peer asks for the ports 65535 to 0. RFC 7296 3.13.1"""
    request = initiator.initialised().auth_request
    for kind in (PayloadType.TSi, PayloadType.TSr):
        assert [(one.start_port, one.end_port) for one in request.first(kind).selectors] == [OPAQUE]


@needs("narrowing", "several-children", "selectors-opaque")
@requirement("RFC4301-7.2-02")
def test_a_fragment_that_would_lie_over_the_header_is_dropped(peer):
    """On an SA for OPAQUE ports no fragment may begin within the first sixteen octets of TCP. RFC 4301 7.2, RFC 1858 3.2"""
    sa = peer.establish()
    child, _ = narrow(sa, ip.TCP, OPAQUE)
    first, later = syn_in_pieces(child, 5300, 8)
    sa.children[0].send(first)
    child.send(later)
    child.expect_unheard(child.reset_of(5300), "a fragment brought flags and sequence number of TCP")


@configuration(child={"local_ts": ("10.1.0.0/24[1/2048]", "10.1.0.0/24[1/0]"), "remote_ts": ("10.2.0.0/24[1/2048]", "10.2.0.0/24[1/0]")})
@requirement("RFC4301-7.3-02", "RFC4301-7.3-04", "RFC7296-1.3.1-08")
def test_no_later_fragments_are_sent_on_an_sa_for_some_ports(peer):
    """A reply that the peer's host sends in fragments: unless both have said NON_FIRST_FRAGMENTS_ALSO, none but the first goes
    on an SA for some ICMP types. RFC 4301 7.3, RFC 7296 1.3.1"""
    sa = peer.establish()
    child = sa.children[0]
    for number in (1, 2):
        child.send(child.echo_request(data=bytes(4000), sequence=400 + number))
    child.ping()
    child.ping()
    assert not any(ip.is_later_fragment(one.payload) for one in child.inbox), "a later fragment came on an SA for some ICMP types"
