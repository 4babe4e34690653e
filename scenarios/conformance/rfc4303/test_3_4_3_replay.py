from ikelab.conformance import *


@requirement("RFC4303-3.4.3-05")
def test_a_packet_is_taken_once(peer):
    """The very same packet again is dropped. RFC 4303 3.4.3"""
    child = peer.establish().children[0]
    packet = child.seal(child.echo_request(sequence=7))
    child.send_octets(packet)
    child.expect(child.reply_to(7))
    child.send_octets(packet)
    child.expect_no_reply(7, "a packet that was received before is dropped")


@requirement("RFC4303-2.6-03")
def test_a_dummy_packet_is_dropped(peer):
    """Next Header 59: no error, no answer, and the next packet is taken. RFC 4303 2.6"""
    child = peer.establish().children[0]
    child.send(b"nothing in here", ip.NO_NEXT_HEADER)
    child.ping()


@requirement("RFC4303-3.4.3-14", "RFC4303-3.4.4.1-01", "RFC4303-3.4.3-08")
def test_a_forged_packet_does_not_move_the_window(peer):
    """A packet with a wrong ICV and a high Sequence Number has no effect on those that follow. RFC 4303 3.4.3"""
    child = peer.establish().children[0]
    child.send(child.echo_request(sequence=9), sequence=100_000, after_sealing=lambda octets: octets[:-1] + bytes([octets[-1] ^ 1]))
    child.expect_no_reply(9, "a packet whose ICV is wrong is dropped")
