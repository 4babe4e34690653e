from ikelab.conformance import *

PROTOCOL = 50  # of ESP in IP


def changed(at):
    """The octet there is another."""
    return lambda octets: octets[:at] + bytes([octets[at] ^ 0x40]) + octets[at + 1 :] if at != -1 else (
        octets[:-1] + bytes([octets[-1] ^ 0x40]))


WHERE = {"sequence_number": 7, "iv": 9, "ciphertext": 24, "last_of_the_icv": -1, "first_of_the_icv": -16}


@each("where", *WHERE)
@requirement("RFC4303-3.4.3-08", "RFC4303-3.4.4.1-01", "RFC4303-3.4.4.1-05", "RFC4303-3.4.4.2-01", "RFC4303-3.3.2-01")
def test_a_changed_packet_is_dropped(peer, where):
    """Whatever is changed on the way, the integrity check fails and nothing is passed on. RFC 4303 3.4.4"""
    at = WHERE[where]
    child = peer.establish().children[0]
    number = child.send_echo(after_sealing=lambda octets: changed(at % len(octets))(octets))
    child.expect_no_reply(number, "a packet that was changed is dropped")


@each("where", "sequence_number", "iv", "ciphertext", "last_of_the_icv")
@configuration(child={"proposals": ("aes256-sha256",)})
@needs("esp-aes-cbc")
@requirement("RFC4303-3.4.3-08", "RFC4303-3.4.4.1-01", "RFC4303-3.4.4.1-05", "RFC4303-3.3.2-01")
def test_a_changed_packet_is_dropped_with_separate_integrity(peer, where):
    """The same where a cipher and an integrity algorithm are two. RFC 4303 3.4.4.1"""
    at = WHERE[where]
    child = peer.establish().children[0]
    number = child.send_echo(after_sealing=lambda octets: changed(at % len(octets))(octets))
    child.expect_no_reply(number, "a packet that was changed is dropped")


@each("cut", 1, 4, 16, 60)
@requirement("RFC4303-3.4.4.1-01", "RFC4303-3.4.4.2-01")
def test_a_packet_that_was_cut_is_dropped(peer, cut):
    """What lacks its end is not authentic. RFC 4303 3.4.4"""
    child = peer.establish().children[0]
    child.expect_no_reply(child.send_echo(after_sealing=lambda octets: octets[:-cut]))


@each("length", 4, 8, 12, 16, 23, 24)
@requirement("RFC4303-3.4.4.2-01")
def test_too_little_for_a_packet_is_dropped(peer, length):
    """An SPI that is known, and hardly anything behind it: dropped, and the SA goes on. RFC 4303 2"""
    child = peer.establish().children[0]
    child.send_octets(child.seal(child.echo_request())[:length])
    child.ping()


@each("pad_length", 60, 255)
@requirement("RFC4303-2.4-02")
def test_padding_longer_than_the_packet_is_dropped(peer, pad_length):
    """An authentic packet whose Pad Length leads out of it is dropped, and the SA goes on. RFC 4303 2.4, 2.5"""
    child = peer.establish().children[0]
    child.expect_no_reply(child.send_echo(pad_length=pad_length), "there is less in it than Pad Length says")


@requirement("RFC4303-3.4.2-01")
def test_a_packet_of_no_sa_is_dropped(peer):
    """An SPI that nobody has chosen: dropped, although the keys are right. RFC 4303 3.4.2"""
    child = peer.establish().children[0]
    unknown = bytes([child.spi_out[0] ^ 0x55]) + child.spi_out[1:]
    child.expect_no_reply(child.send_echo(spi=unknown), "there is no SA of that SPI")


@requirement("RFC4303-3.4.2-01", "RFC4301-4.4.2-01")
def test_a_packet_of_our_own_inbound_spi_is_dropped(peer):
    """Each direction has its SPI: the other one's is none of the receiver's. RFC 4303 2.1, 3.4.2"""
    child = peer.establish().children[0]
    child.expect_no_reply(child.send_echo(spi=child.spi_in), "this is the SPI of the other direction")


@requirement("RFC4303-3.4.2-01", "RFC4303-3.4.4.2-01")
def test_a_packet_reflected_is_dropped(peer):
    """The peer's own packet, sent back to it: other SPI, other keys. RFC 4303 3.4.2"""
    child = peer.establish().children[0]
    request = child.seal(child.echo_request(sequence=30), spi=child.spi_out)
    child.key_out, kept = child.key_in, child.key_out
    number = child.send_echo()
    child.key_out = kept
    child.expect_no_reply(number, "it was sealed with the keys of the other direction")
    child.send_octets(request)


@requirement("RFC4303-3.4.1-03")
def test_a_packet_that_was_fragmented_on_the_way_is_reassembled(peer):
    """An ESP packet larger than the link comes in IP fragments, and is taken. RFC 4303 3.4.1"""
    child = peer.establish().children[0]
    child.send(child.echo_request(data=bytes(1700), sequence=44))  # not so much that a buffer decides
    child.expect(child.reply_to(44))


@configuration(child={"mode": "transport"})
@needs("transport-mode", "esp-bare")
@requirement("RFC4303-3.3.4-03", "RFC4303-3.4.1-03", "RFC4301-4.1-07")
def test_transport_mode_protects_whole_datagrams(peer):
    """What is larger than the link is sealed first and fragmented then: one ESP packet has all of it. RFC 4303 3.3.4"""
    child = peer.establish().children[0]
    assert child.transport
    child.send(child.echo_request(data=bytes(2500), sequence=45), ip.ICMP)
    assert len(child.expect(child.reply_to(45)).payload) == 2508


@configuration(family=6, child={"mode": "transport"})
@needs("transport-mode", "esp-bare", "outer-ipv6")
@requirement("RFC4303-3.3.4-03", "RFC4303-3.4.1-03", "RFC4301-4.1-05")
def test_transport_mode_protects_whole_datagrams_of_ipv6(peer):
    """The same with IPv6: ESP stands before ICMPv6, and the Fragment headers are outside. RFC 4303 3.1.1, 3.3.4"""
    child = peer.establish().children[0]
    child.send(child.echo_request(family=6, data=bytes(2500), sequence=46), ip.ICMPV6)
    reply = child.expect(child.reply_to(46))
    assert (reply.next_header, len(reply.payload)) == (ip.ICMPV6, 2508)


@needs("esp-bare")
@requirement("RFC4303-3.4.1-01")
@each("fragment", 0x2000, 0x0005, 0x2005)
def test_a_fragment_is_not_opened(peer, fragment):
    """A whole ESP packet in what says of itself that it is a fragment: dropped. RFC 4303 3.4.1"""
    child = peer.establish().children[0]
    packets = [child.seal(child.echo_request(data=bytes(4 * more), sequence=47)) for more in range(4)]
    packet = next(one for one in packets if len(one) % 8 == 0)  # as all fragments but the last are
    own, its = child.carrier.local, child.carrier.remote
    child.carrier.send_ip(ip.ip(own, its, PROTOCOL, packet, identification=4711, fragment=fragment))
    child.expect_no_reply(47, "a fragment was taken for a packet")
