from ikelab.conformance import *


@requirement("RFC4303-3.4.3-01", "RFC4303-3.4.3-10")
def test_packets_may_come_in_any_order(peer):
    """Within the window each is taken, in whatever order. RFC 4303 3.4.3"""
    child = peer.establish().children[0]
    for sequence in (20, 3, 11, 12, 1, 19, 33):
        child.ping(sequence=sequence)
    child.sequence = 33


@requirement("RFC4303-3.4.3-10", "RFC4303-3.4.3-05")
def test_a_packet_31_behind_is_taken_once(peer):
    """The smallest window is of 32 packets. RFC 4303 3.4.3"""
    child = peer.establish().children[0]
    child.ping(sequence=100)
    child.ping(sequence=69)
    child.sequence = 100
    child.expect_no_reply(child.send_echo(sequence=69), "it was received before")


@requirement("RFC4303-3.4.3-11")
def test_a_packet_63_behind_is_taken(peer):
    """The window should be of 64 packets. RFC 4303 3.4.3"""
    child = peer.establish().children[0]
    child.ping(sequence=1000)
    child.ping(sequence=937)
    child.sequence = 1000


@each("behind", 70_000, 99_999)
@requirement("RFC4303-3.4.3-13")
def test_a_packet_left_of_the_window_is_dropped(peer, behind):
    """What is too old to be known is not taken. RFC 4303 3.4.3"""
    child = peer.establish().children[0]
    child.ping(sequence=100_000)
    child.sequence = 100_000
    child.expect_no_reply(child.send_echo(sequence=100_000 - behind), "it is left of the window")


@requirement("RFC4303-3.4.3-05")
def test_each_packet_of_the_window_is_taken_once(peer):
    """Sixteen packets, newest first, and all of them again: no second reply. RFC 4303 3.4.3"""
    child = peer.establish().children[0]
    packets = [child.seal(child.echo_request(sequence=number), sequence=number) for number in range(16, 0, -1)]
    for _ in range(2):
        for octets in packets:
            child.send_octets(octets)
    child.sequence = 16
    child.ping()
    child.ping()
    for number in range(1, 16):
        child.expect(child.reply_to(number))
        assert not any(child.reply_to(number)(one) for one in child.inbox), f"packet {number} was taken twice"


@requirement("RFC4303-3.4.3-10", "RFC4303-3.4.3-05")
def test_what_stands_behind_the_newest_is_still_known(peer):
    """The newest packet moves the window by little: those just behind it are not taken again. RFC 4303 3.4.3"""
    child = peer.establish().children[0]
    for sequence in (66, 67, 70):
        child.ping(sequence=sequence)
    child.sequence = 70
    for number in (66, 67):
        child.expect_no_reply(child.send_echo(sequence=number), "it was received before")


@requirement("RFC4303-3.4.3-10")
def test_what_is_left_of_the_window_is_not_mistaken_for_what_is_in_it(peer):
    """A number that never came is taken, however many numbers before it one came: a window may have its bits in a ring, of
    whatever size. RFC 4303 3.4.3"""
    child = peer.establish().children[0]
    before = 1
    for size in (32 << power for power in range(9)):
        for sequence in (before, before + size + 1, before + size):
            child.ping(sequence=sequence)
        before += size + 2
    child.sequence = before


@requirement("RFC4303-3.4.3-05")
def test_another_packet_of_a_number_that_was_used_is_dropped(peer):
    """The number decides, not the contents. RFC 4303 3.4.3"""
    child = peer.establish().children[0]
    child.ping(sequence=5)
    child.sequence = 5
    child.expect_no_reply(child.send_echo(sequence=5), "this Sequence Number was received before")


@requirement("RFC4303-3.4.3-14")
def test_a_forged_packet_does_not_use_up_its_number(peer):
    """After a packet with a wrong ICV the good one of the same number is taken. RFC 4303 3.4.3"""
    child = peer.establish().children[0]
    packet = child.seal(child.echo_request(sequence=12), sequence=8)
    child.send_octets(packet[:-1] + bytes([packet[-1] ^ 1]))
    child.send_octets(packet)
    child.expect(child.reply_to(12))
    child.sequence = 8


@requirement("RFC4303-3.4.3-01", "RFC4303-3.4.3-13")
def test_the_last_number_is_taken_and_the_first_is_not_taken_after_it(peer):
    """Without ESN the counter does not wrap: after 2^32 - 1 comes nothing. RFC 4303 3.3.3, 3.4.3"""
    sa = peer.establish()
    child = sa.children[0]
    child.ping(sequence=2**32 - 1)
    number = child.send_echo(sequence=1)
    other = sa.create_child(rekey=child)
    other.ping()
    assert not any(child.reply_to(number)(one) for one in [*child.inbox, *other.inbox]), "the Sequence Number has wrapped"


@requirement("RFC4303-3.4.3-04", "RFC4303-3.4.3-05")
def test_windows_of_two_sas_are_two(peer):
    """A number that one SA has had is new to another. RFC 4303 3.4.3"""
    sa = peer.establish()
    first, second = sa.children[0], sa.create_child()
    for child in (first, second):
        child.ping(sequence=7)
        child.sequence = 7
    second.expect_no_reply(second.send_echo(sequence=7), "this Sequence Number was received before")
