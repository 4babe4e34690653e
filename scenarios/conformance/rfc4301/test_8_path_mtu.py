"""DF and packets that are too large. RFC 4301 8, RFC 4303 3.3.4"""

from ikelab.conformance import *

IP_MTU_DISCOVER, IP_MTU, MAY_FRAGMENT, DONT_FRAGMENT = 10, 14, 0, 2  # of a Linux socket
LINK_MTU = 1500
HEADERS = 28  # IPv4 and UDP


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
    sa = peer.establish()
    child = sa.children[0]
    with peer.host_socket(6022, 6023) as talk:
        talk.setsockopt(0, IP_MTU_DISCOVER, DONT_FRAGMENT)
        for _ in range(20):
            try:
                talk.send(bytes(LINK_MTU - HEADERS))
            except OSError:
                break
            sa.carrier.wait(0.05)
        else:
            raise Unmet("the host was not told that its datagrams are too large")
        mtu = talk.getsockopt(0, IP_MTU)
        assert mtu < LINK_MTU
        talk.send(bytes(mtu - HEADERS))
        reply = from_host(child, mtu - HEADERS)
    assert len(peer.carried(reply)) <= LINK_MTU
    assert not any(len(ip.body_of(one.payload, ip.UDP) or b"") == LINK_MTU - 20 for one in child.inbox)


@requirement("RFC4301-8.2.1-02")
def test_what_may_be_fragmented_comes_in_whatever_pieces(peer):
    """A large datagram without DF arrives, cut before or after it is sealed, and no packet exceeds the link. RFC 4301 8.2.1"""
    child = peer.establish().children[0]
    with peer.host_socket(6024, 6025) as talk:
        talk.setsockopt(0, IP_MTU_DISCOVER, MAY_FRAGMENT)
        talk.send(bytes(3000))
    got = 0
    while got < 3008:
        got += len(child.expect(lambda one: one.payload[9] == ip.UDP, "the rest of the host's datagram").payload) - 20
    assert got == 3008
    assert all(len(one) <= LINK_MTU for one in peer.on_the_wire())
