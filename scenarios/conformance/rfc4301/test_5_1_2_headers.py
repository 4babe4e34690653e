"""What outer and inner headers have of each other. RFC 4301 5.1.2, RFC 6040"""

from ikelab.conformance import *

NOT_ECT, ECT_1, ECT_0, CE = range(4)
EF = 0xB8  # a DSCP


def through(child, inner, outer=0):
    """An echo request with that inner and that outer DS field and ECN, and the reply to it."""
    own, its = child.inside()
    child.send(ip.ip(own, its, ip.ICMP, ip.icmp_echo(own, its, child.identifier, 200 + inner, b"ikelab"), tos=inner),
               outer_tos=outer)
    return child.expect(child.reply_to(200 + inner), "the reply to a packet with other DSCP or ECN")


def inner_tos(reply):
    return ip.parse_echo(reply.payload).tos


def established(peer):
    """A Child SA with a host behind it that answers with the DS field and ECN that it was asked with, as most do."""
    sa = peer.establish()
    sa.liveness()  # a peer that is late to install its Child SA has done so now
    child = sa.children[0]
    try:
        assert inner_tos(through(child, EF | CE)) == EF | CE
    except AssertionError as error:
        raise NotReady("the peer's protected host answers an echo request with another DS field or ECN") from error
    return child


@needs("ecn")
@requirement("RFC4301-5.1.2-02", "RFC7296-2.24-01", "RFC7296-2.24-02")
@each("ecn", ECT_0, ECT_1, NOT_ECT)
def test_the_outer_ecn_field_is_the_inner_one(peer, ecn):
    """What the protected host says of ECN stands outside as well. RFC 4301 5.1.2.1"""
    child = established(peer)
    reply = through(child, ecn, outer=ecn)
    assert inner_tos(reply) & 3 == ecn
    assert tos_of(peer.carried(reply)) & 3 == ecn


def tos_of(packet):
    return packet[1] if packet[0] >> 4 == 4 else int.from_bytes(packet[:2], "big") >> 4 & 0xFF


@needs("ecn")
@requirement("RFC4301-5.1.2-02", "RFC7296-2.24-01", "RFC7296-2.24-02")
@each("inner", ECT_0, ECT_1)
def test_congestion_on_the_way_is_told_inside(peer, inner):
    """Outside CE, inside ECN-capable: the host is told. RFC 4301 5.1.2.1, RFC 6040 4.2"""
    child = established(peer)
    assert inner_tos(through(child, inner, outer=CE)) & 3 == CE


@needs("ecn")
@requirement("RFC4301-5.1.2-02", "RFC7296-2.24-02")
@each("outer", NOT_ECT, ECT_0, ECT_1)
def test_congestion_inside_is_not_forgotten(peer, outer):
    """Inside CE already: it stays, whatever is outside. RFC 4301 5.1.2.1"""
    child = established(peer)
    assert inner_tos(through(child, CE, outer=outer)) & 3 == CE


@requirement("RFC4301-5.1.2-02")
@each("outer", EF, 0x28)
def test_the_outer_dscp_does_not_come_in(peer, outer):
    """The inner DSCP stays what it was. RFC 4301 5.1.2.1"""
    child = established(peer)
    assert inner_tos(through(child, EF, outer=outer)) & 0xFC == EF
    assert inner_tos(through(child, 0, outer=outer)) & 0xFC == 0


@needs("dscp")
@requirement("RFC4301-5.1.2.1-01", "RFC4301-5.1.2-02")
@each("inner", EF, 0x28, 0)
def test_a_dscp_that_fits_stands_outside_as_well(peer, inner):
    """Told that the protected net's DSCPs mean the same outside, the peer sends each packet with its own. RFC 4301 5.1.2.1"""
    child = established(peer)
    reply = through(child, inner)
    assert inner_tos(reply) & 0xFC == inner == tos_of(peer.carried(reply)) & 0xFC


@needs("dscp")
@configuration(child={"copy_dscp": False})
@requirement("RFC4301-5.1.2.1-01")
def test_a_dscp_that_does_not_fit_outside_is_mapped(peer):
    """Told that the protected net's DSCPs mean nothing outside, the peer sends all with the default one. RFC 4301 5.1.2.1"""
    child = established(peer)
    reply = through(child, EF)
    assert inner_tos(reply) & 0xFC == EF
    assert tos_of(peer.carried(reply)) & 0xFC == 0
