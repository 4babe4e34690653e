"""DF and packets that are too large. RFC 4301 8, RFC 4303 3.3.4"""

import select
import socket

from ikelab.conformance import *

IP_MTU_DISCOVER, IP_MTU, MAY_FRAGMENT, DONT_FRAGMENT = 10, 14, 0, 2  # of a Linux socket
IPV6_MTU_DISCOVER, IPV6_MTU = 23, 24
LINK_MTU = 1500
HEADERS = 28  # IPv4 and UDP
HEADERS_6 = 48
NARROW, LARGE = 1000, 1200  # octets that a path turns out to take, and of data in a datagram that is too much for it
NARROW_6, LARGE_6 = 1400, 1340  # no link of IPv6 takes less than 1280
FRAGMENTATION_NEEDED = b"\x03\x04"


def from_host(child, octets):
    """The ESP packet with a UDP datagram of so much data of the peer's protected host."""
    return child.expect(lambda one: len(ip.body_of(one.payload, ip.UDP) or b"") == 8 + octets, "the host's datagram")


def outer_df(peer, talk, child, discover):
    talk.setsockopt(0, IP_MTU_DISCOVER, discover)
    octets = 50 + discover
    talk.send(bytes(octets))
    packet = peer.carried(from_host(child, octets))
    return bool(packet[6] & 0x40)


def outer_dfs(peer):
    """Of a datagram with DF, and of one without."""
    child = peer.establish().children[0]
    with peer.host_socket(6020, 6021) as talk:
        return [outer_df(peer, talk, child, discover) for discover in (DONT_FRAGMENT, MAY_FRAGMENT)]


@requirement("RFC4301-8.1-01")
def test_df_is_copied(peer):
    """What the protected host says of DF stands outside as well. RFC 4301 8.1"""
    assert outer_dfs(peer) == [True, False]


@configuration(child={"df": "set"})
@requirement("RFC4301-8.1-02")
def test_df_is_set(peer):
    """Told to set DF, the peer does, whatever the protected host says. RFC 4301 8.1"""
    assert outer_dfs(peer) == [True, True]


@configuration(child={"df": "clear"})
@requirement("RFC4301-8.1-02")
def test_df_is_cleared(peer):
    """Told to clear DF, the peer does, whatever the protected host says. RFC 4301 8.1"""
    assert outer_dfs(peer) == [False, False]


@requirement("RFC4303-3.3.4-02", "RFC4301-8.2.1-02")
def test_who_sends_too_much_with_df_is_told(peer):
    """A datagram as large as the link, with DF, does not fit once it is sealed: its sender learns what does, and that comes.
    RFC 4301 8.2.1, RFC 4303 3.3.4"""
    child = peer.establish().children[0]
    with peer.host_socket(6022, 6023) as talk:
        talk.setsockopt(0, IP_MTU_DISCOVER, DONT_FRAGMENT)
        is_told(child, talk, LINK_MTU - HEADERS)
        mtu = talk.getsockopt(0, IP_MTU)
        assert mtu < LINK_MTU
        talk.send(bytes(mtu - HEADERS))
        reply = from_host(child, mtu - HEADERS)
    assert len(peer.carried(reply)) <= LINK_MTU
    assert not any(len(ip.body_of(one.payload, ip.UDP) or b"") == LINK_MTU - 20 for one in child.inbox)


def is_told(child, talk, octets):
    """The host, which sends a datagram of so much data with DF again and again, hears that it is too large."""
    for _ in range(20):
        try:
            talk.send(bytes(octets))
        except OSError:
            talk.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # of ICMP; it would be the next send's
            return
        child.carrier.wait(0.05)
    raise Unmet("the host was not told that its datagrams are too large")


@requirement("RFC4301-8.2.1-02")
def test_what_may_be_fragmented_comes_in_whatever_pieces(peer):
    """A large datagram without DF arrives, cut before or after it is sealed, and no packet exceeds the link. RFC 4301 8.2.1"""
    child = peer.establish().children[0]
    with peer.host_socket(6024, 6025) as talk:
        talk.setsockopt(0, IP_MTU_DISCOVER, MAY_FRAGMENT)
        talk.send(bytes(3000))
    arrives(child, 3000)
    assert all(len(one) <= LINK_MTU for one in peer.on_the_wire())


def arrives(child, octets):
    """The host's datagram with so much data, whole or in inner fragments."""
    got = 0
    while got < 8 + octets:
        got += len(child.expect(lambda one: one.payload[9] == ip.UDP, "the rest of the host's datagram").payload) - 20
    assert got == 8 + octets


def narrowed(peer, talk, child, octets=LARGE, mtu=NARROW):
    """The host's datagram has come, and then the peer is told by ICMP that no more octets than `mtu` pass: the number of
    packets that were on the wire before."""
    talk.send(bytes(octets))
    peer.tell_path_mtu(peer.carried(from_host(child, octets)), mtu)
    child.ike_sa.prove_chance()
    return len(peer.on_the_wire())


def sizes_since(peer, before):
    """Of the IPv4 packets that the peer has sent since."""
    own = socket.inet_aton(peer.stage.carrier.remote)
    return [len(one) for one in peer.on_the_wire()[before:] if one[12:16] == own]


@requirement("RFC4301-8.2.1-01", "RFC4301-8.2.1-03")
def test_with_df_the_sender_is_told_of_a_narrower_path(peer):
    """By ICMP the peer has learnt that its path takes less. A datagram with DF that is more than that does not leave, its
    sender learns what would, and that comes. RFC 4301 8.2.1"""
    child = peer.establish().children[0]
    with peer.host_socket(6026, 6027) as talk:
        talk.setsockopt(0, IP_MTU_DISCOVER, DONT_FRAGMENT)
        before = narrowed(peer, talk, child)
        is_told(child, talk, LARGE)
        mtu = talk.getsockopt(0, IP_MTU)
        assert mtu < LARGE + HEADERS
        talk.send(bytes(mtu - HEADERS))
        from_host(child, mtu - HEADERS)
    assert max(sizes_since(peer, before)) <= NARROW


@requirement("RFC4301-8.2.1-01", "RFC4301-8.2.1-04")
def test_without_df_what_a_narrower_path_does_not_take_is_cut(peer):
    """The same without DF: the very next datagram comes all the same, and in no packet that is more. RFC 4301 8.2.1"""
    child = peer.establish().children[0]
    with peer.host_socket(6028, 6029) as talk:
        talk.setsockopt(0, IP_MTU_DISCOVER, DONT_FRAGMENT)
        before = narrowed(peer, talk, child)
        talk.setsockopt(0, IP_MTU_DISCOVER, MAY_FRAGMENT)
        talk.send(bytes(LARGE))
        arrives(child, LARGE)
    assert max(sizes_since(peer, before)) <= NARROW


@requirement("RFC4301-8.2.1-05")
def test_without_df_the_sender_hears_of_no_narrower_path(peer):
    """Its datagram may be cut, and so there is nothing to tell its sender. RFC 4301 8.2.1"""
    child = peer.establish().children[0]
    with peer.host_socket(6030, 6031) as talk:
        talk.setsockopt(0, IP_MTU_DISCOVER, DONT_FRAGMENT)
        narrowed(peer, talk, child)
        talk.setsockopt(0, IP_MTU_DISCOVER, MAY_FRAGMENT)
        with peer.host_icmp() as told:
            talk.send(bytes(LARGE))
            child.ping()
            while select.select([told], [], [], 0)[0]:
                assert told.recv(2000)[20:22] != FRAGMENTATION_NEEDED, "the sender of a datagram without DF was told by ICMP"


@configuration(inner=(4, 6))
@needs("inner-ipv6")
@requirement("RFC4301-8.2.1-01", "RFC4301-8.2.1-06")
def test_with_ipv6_the_sender_is_told_of_a_narrower_path(peer):
    """IPv6 is only cut by who sends it: a datagram that is too much does not leave, its sender learns what would, and that
    comes. RFC 4301 8.2.1"""
    child = peer.establish().children[0]
    with peer.host_socket(6032, 6033, family=6) as talk:
        talk.setsockopt(socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER, DONT_FRAGMENT)
        before = narrowed(peer, talk, child, LARGE_6, NARROW_6)
        is_told(child, talk, LARGE_6)
        mtu = talk.getsockopt(socket.IPPROTO_IPV6, IPV6_MTU)
        assert mtu < LARGE_6 + HEADERS_6
        talk.send(bytes(mtu - HEADERS_6))
        from_host(child, mtu - HEADERS_6)
    assert max(sizes_since(peer, before)) <= NARROW_6
