"""The size of fragments in exchanges after the first ones. RFC 7383 2.5.1, 2.5.2"""

from ikelab.conformance import *

IPV4_AND_UDP, MARKER = 28, 4
IP_MTU_DISCOVER, DONT_FRAGMENT = 10, 2  # of a Linux socket
NARROW = 900  # octets that the path turns out to take
# So many that a rekey of the IKE SA fills more than one packet of 1280 octets, and IKE_SA_INIT less than one of 1500.
MANY = 8 * ("aes256-aes192-aes128-sha256-sha384-sha512-prfsha256-prfsha384-prfsha512-"
            "x25519-ecp256-ecp384-ecp521-modp2048-modp3072-modp4096-x448",)


@configuration(proposals=MANY, retransmission={"timeout_ms": 60, "backoff": 1.5, "tries": 9})
@needs("fragmentation", "fragment-search", "rekey-by-command", "ke-x448")
@requirement("RFC7383-2.5.2-02")
def test_the_search_goes_on_in_create_child_sa(peer):
    """A rekey that nobody answers comes in smaller and more fragments as well as IKE_AUTH does. RFC 7383 2.5.2"""
    sa = peer.establish()
    peer.rekey("ike")
    first = sa.expect_request(CREATE_CHILD_SA)
    again = cut_again(sa, first)
    assert again.fragment.total > first.fragment.total and again.inner == first.inner
    sa.accept_rekey(again).liveness()


def cut_again(sa, request):
    """The same request in other fragments."""
    sa.expected_request = request.message_id
    return sa.expect_request(request.exchange)


@configuration(proposals=MANY, keepalive_ms=250,
               retransmission={"timeout_ms": 80, "backoff": 3.0, "tries": 9, "timeout_max_ms": 2000})
@needs("fragmentation", "fragment-search", "rekey-by-command", "ke-x448", "keepalive")
@requirement("RFC7383-2.5.2-04")
def test_smaller_fragments_are_repeated_as_soon_as_the_first_were(initiator):
    """The times of repetition begin anew. The clock is the peer's own, who takes itself for behind a NAT: whenever it was
    silent for a quarter of a second, a keepalive comes. Before the first smaller fragments there is one, as the pauses have
    grown, and before their repetition there is none. RFC 7383 2.5.2, RFC 3948 4"""
    sa = initiator.call()
    sa.accept_init(*replaced(sa.init_response_payloads(), N("NAT_DETECTION_DESTINATION_IP", bytes(20))))
    sa.accept_auth(sa.expect_request(IKE_AUTH))
    sa.liveness()
    initiator.rekey("ike")
    first = sa.expect_request(CREATE_CHILD_SA)
    sa.expect_copy(first)
    second = sa.expect_copy(first)
    smaller = cut_again(sa, first)
    if not keepalives(sa, second, smaller):
        raise NotReady("no keepalive came while the peer was silent for long")
    assert not keepalives(sa, smaller, sa.expect_copy(smaller)), "the pause has not become short again"
    sa.accept_rekey(smaller).liveness()


def keepalives(sa, before, after):
    """Those that came between two messages."""
    return [one for one in sa.carrier.keepalives if before.arrived.time_ns < one.time_ns < after.arrived.time_ns]


def told_of_a_narrow_path(peer, sa, packet):
    """The peer learns by ICMP, about that packet of its own, that no more than NARROW octets pass."""
    peer.tell_path_mtu(packet, NARROW)
    sa.prove_chance()


def assert_narrow(message):
    largest = max(len(one.octets) for one in message.pieces) + IPV4_AND_UDP + MARKER * (message.arrived.port == 4500)
    assert largest <= NARROW, f"fragments of {largest} octets, where the path is known to take {NARROW}"


@configuration(proposals=MANY)
@needs("fragmentation", "rekey-by-command", "ke-x448")
@requirement("RFC7383-2.5.1-02")
def test_what_is_known_of_the_path_counts_for_fragments(peer):
    """A packet with DF of its Child SA was too much for the path, and the peer was told so: its IKE messages come in
    fragments that the path takes. RFC 7383 2.5.1"""
    sa = peer.establish()
    with peer.host_socket(6050, 6051) as talk:
        talk.setsockopt(0, IP_MTU_DISCOVER, DONT_FRAGMENT)
        talk.send(bytes(1200))
        packet = sa.children[0].expect(lambda one: len(ip.body_of(one.payload, ip.UDP) or b"") == 1208, "the host's datagram")
    told_of_a_narrow_path(peer, sa, peer.carried(packet))
    peer.rekey("ike")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert_narrow(request)
    sa.accept_rekey(request).liveness()


@configuration(proposals=MANY, retransmission={"timeout_ms": 400, "backoff": 1.5, "tries": 9})
@needs("fragmentation", "fragment-search", "rekey-by-command", "ke-x448")
@requirement("RFC7383-2.5.2-06", "RFC7383-2.5.2-07")
def test_a_probe_that_is_too_big_is_not_repeated(peer):
    """ICMP says that a fragment was more than the path takes: it comes no more, and then in fragments that the path takes.
    RFC 7383 2.5.2"""
    sa = peer.establish()
    peer.rekey("ike")
    first = sa.expect_request(CREATE_CHILD_SA)
    largest = max(first.pieces, key=lambda one: len(one.octets)).octets[:40]
    told_of_a_narrow_path(peer, sa, next(one for one in peer.on_the_wire() if largest in one[:100]))
    before = len(sa.copies)
    again = cut_again(sa, first)
    assert not sa.copies[before:], "fragments were repeated that are too large for the path"
    assert_narrow(again)
    sa.accept_rekey(again).liveness()
