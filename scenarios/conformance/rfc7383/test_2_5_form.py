from ikelab.conformance import *

LARGE = {"key": "p256", "padding": 1600}  # a certificate that no packet holds
IPV4_AND_UDP, MARKER = 28, 4

pytestmark = [configuration(certificate=LARGE), needs("fragmentation")]


def large_message(peer):
    """The IKE_AUTH of the peer's, and its IKE SA."""
    if peer.role == "initiator":
        sa = peer.initialised()
        return sa, sa.auth_request
    sa = peer.initialised()
    sent = sa.send_auth()
    answer = sa.expect_response(sent)
    sa.take_auth(answer, sent)
    return sa, answer


@requirement("RFC7383-2.4-03", "RFC7383-2.5-04", "RFC7383-2.5-05", "RFC7383-2.5-06", "RFC7383-2.5-09")
def test_fragments_are_numbered_from_one_to_the_total(peer):
    """What no packet holds comes in fragments 1 to n of n. RFC 7383 2.5"""
    sa, message = large_message(peer)
    assert not sa.problems
    count = len(message.pieces)
    assert count > 1
    assert [(one.fragment.number, one.fragment.total) for one in message.pieces] == [
        (number, count) for number in range(1, count + 1)]


@requirement("RFC7383-2.5-02", "RFC7383-2.5-03")
def test_only_the_first_fragment_names_the_first_payload(peer):
    """Next Payload of SKF: the first payload inside, in the others zero. RFC 7383 2.5"""
    sa, message = large_message(peer)
    first, *others = message.pieces
    assert first.fragment.inner_first == message.inner[0].kind
    assert all(one.fragment.inner_first == PayloadType.NONE for one in others)


@requirement("RFC7383-2.5-07", "RFC7383-2.5-11")
def test_each_fragment_has_the_header_of_the_message(peer):
    """SPIs, version, exchange, flags and Message ID are those of the message; Length and Next Payload are the fragment's
    own. RFC 7383 2.5"""
    sa, message = large_message(peer)
    for one in message.pieces:
        header = one.header
        assert (header.spi_i, header.spi_r, header.version, header.exchange_type) == (sa.spi_i, sa.spi_r, 0x20, IKE_AUTH)
        assert header.flags == (0x08 if peer.role == "initiator" else 0x20) and header.message_id == 1
        assert (header.next_payload, header.length) == (PayloadType.SKF, len(one.octets))


@requirement("RFC7383-2.5-01", "RFC7383-2.5.3-01", "RFC7383-2.5.3-02")
def test_each_fragment_ends_with_its_encrypted_payload(peer):
    """SKF is the last payload in every one, and nothing stands before it but in the first. RFC 7383 2.5, 2.5.3"""
    sa, message = large_message(peer)
    assert all(one.outer[-1].kind == PayloadType.SKF for one in message.pieces)
    assert all(len(one.outer) == 1 for one in message.pieces[1:])


@requirement("RFC7383-2.5-08")
def test_each_fragment_is_sealed_by_itself(peer):
    """No IV serves for two fragments, and each has its own checksum. RFC 7383 2.5, RFC 5282 3.1"""
    sa, message = large_message(peer)
    assert not sa.problems
    ivs = [one.octets[one.fragment.at + 4 :][: sa.choice.suite.iv] for one in message.pieces]
    assert len(set(ivs)) == len(ivs) > 1


@requirement("RFC7383-2.5.1-01", "RFC7383-2.5.1-04")
def test_no_fragment_is_larger_than_a_packet(peer):
    """All IP datagrams with fragments are below what the link carries, and all but the last of one size. RFC 7383 2.5.1"""
    sa, message = large_message(peer)
    sizes = [len(one.octets) + IPV4_AND_UDP + MARKER for one in message.pieces]
    assert max(sizes) <= 1500
    with peer.should("RFC7383-2.5.1-04"):
        assert max(sizes) <= 576, f"datagrams of up to {max(sizes)} octets over IPv4"


@configuration(family=6)
@requirement("RFC7383-2.5.1-03")
def test_with_ipv6_the_smallest_link_holds_a_fragment(peer):
    """IPv6 datagrams with fragments have at most 1280 octets. RFC 7383 2.5.1"""
    peer.require("outer-ipv6")
    sa, message = large_message(peer)
    assert len(message.pieces) > 1
    assert max(len(one.octets) for one in message.pieces) + 48 + MARKER * (sa.port == 4500) <= 1280
