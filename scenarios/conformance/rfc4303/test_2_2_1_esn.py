from ikelab.conformance import *

HALF = 2**32

pytestmark = [configuration(child={"proposals": ("aes256gcm16-esn", "aes256-sha256-esn")}), needs("esn")]


def extended(peer, suite):
    """A Child SA with ESN."""
    sa = peer.establish()
    offer = sa.offer_child(group=0)
    offer.payloads = replaced(offer.payloads, SA(proposal(f"{suite}-esn", ESP, 1, offer.spi)))
    child = offer.take(sa.request(CREATE_CHILD_SA, *offer.payloads))
    assert child.choice.esn
    return child


@each("suite", "aes256gcm16", "aes256-sha256")
@requirement("RFC4303-2.2.1-01", "RFC4303-2.2.1-03")
def test_the_upper_half_is_in_the_checksum_and_not_on_the_wire(peer, suite):
    """Once negotiated, 32 bits are sent and 64 are protected, with both kinds of integrity. RFC 4303 2.2.1, 3.3.2"""
    child = extended(peer, suite)
    assert [child.ping().sequence for _ in range(2)] == [1, 2]


@each("suite", "aes256gcm16", "aes256-sha256")
@requirement("RFC4303-2.2.1-03", "RFC4303-3.4.3-10")
def test_the_lower_half_may_wrap(peer, suite):
    """Behind 2^32 - 1 the receiver counts on, with one more in the upper half. RFC 4303 A2"""
    child = extended(peer, suite)
    for sequence in (2**31, HALF - 2, HALF - 1, HALF, HALF + 1):
        child.ping(sequence=sequence)


@requirement("RFC4303-2.2.1-03", "RFC4303-3.4.3-10", "RFC4303-3.4.3-05")
def test_the_window_reaches_across_the_wrap(peer):
    """A late packet of before the wrap is taken, once. RFC 4303 A2.1"""
    child = extended(peer, "aes256gcm16")
    for sequence in (2**31, HALF - 5, HALF + 5, HALF - 4):
        child.ping(sequence=sequence)
    child.sequence = HALF + 5
    child.expect_no_reply(child.send_echo(sequence=HALF - 4), "it was received before")


@requirement("RFC4303-2.2.1-03", "RFC4303-3.4.3-08")
def test_a_packet_sealed_with_another_upper_half_is_dropped(peer):
    """The lower half alone does not make a packet authentic. RFC 4303 2.2.1"""
    child = extended(peer, "aes256gcm16")
    child.ping()
    child.expect_no_reply(child.send_echo(sequence=HALF + 7), "the upper half is another")


@requirement("RFC4303-A3-01")
def test_the_upper_half_is_found_again(peer):
    """More than 2^32 packets are lost: after a while the receiver tries larger values of the upper half, and takes what comes.
    RFC 4303 A3"""
    child = extended(peer, "aes256gcm16")
    child.ping()
    first = child.send_echo(sequence=HALF + 1000)
    for sequence in range(HALF + 1001, HALF + 1300):
        child.send_echo(sequence=sequence)
    child.expect(lambda one: (echo := child.echo(one)) is not None and echo.reply and echo.sequence >= first,
                 "a reply to any of three hundred packets with the next upper half")
