"""Signs of life and of trouble: what a peer asks because of them, and learns from the answer. RFC 4555 3.5, 3.8, 3.12, 5.3"""

from ikelab.conformance import *

pytestmark = needs("mobike")


def is_asked(sa, again, times, seconds):
    """Does that, many times, until the peer asks something; False: it never did."""
    for _ in range(times):
        again()
        sa.carrier.wait(seconds)
        if any(not one.header.response for one in sa.inbox):
            return True
    return False


def told_of_trouble(peer, hint, times=50):
    """An IKE SA, and whether the peer asks on it when it gets unprotected hints that something is wrong."""
    sa = peer.establish(encapsulated=True)
    child = sa.children[0]
    packet = child.ping()
    message = sa.liveness()

    def tell():
        if hint == "INVALID_SPI":
            sa.send(INFORMATIONAL, N("INVALID_SPI", child.spi_in), sealed=False, message_id=0, spi_i=sa.draws.spi(8),
                    spi_r=bytes(8), from_initiator=True)
        elif hint == "INVALID_IKE_SPI":
            sa.send(INFORMATIONAL, N("INVALID_IKE_SPI"), sealed=False, response=True)
        else:
            sa.carrier.send_unreachable((packet if hint == "ICMP about ESP" else message).arrived)

    return sa, is_asked(sa, tell, times, 0.02)


def asks_because_of(peer, hint):
    sa, asked = told_of_trouble(peer, hint)
    assert asked, f"{hint} was no reason to ask"
    assert sa.expect_request().exchange == INFORMATIONAL


@each("hint", "ICMP about IKE", "ICMP about ESP", "INVALID_SPI", "INVALID_IKE_SPI")
@requirement("RFC4555-3.5-10")
def test_a_hint_is_no_more_than_a_hint(peer, hint):
    """ICMP or an unprotected notification says that something is wrong: nothing ends, and nothing moves. RFC 4555 3.5"""
    sa, _ = told_of_trouble(peer, hint, times=5)
    home = sa.carrier.local
    sa.settle()
    assert sa.children[0].ping().arrived.at == home
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert request.arrived.at == home
    sa.accept_child(request)


@needs("retransmission-times")
@each("hint", "INVALID_SPI", "INVALID_IKE_SPI")
@requirement("RFC7296-2.1-06")
def test_what_a_hint_makes_the_peer_ask_is_repeated(peer, hint):
    """If it asks, it asks until it has an answer, as of any request. RFC 7296 2.1"""
    sa, asked = told_of_trouble(peer, hint)
    if asked:
        question = sa.expect_request()
        sa.expect_copy(question, 6)
        sa.answer_politely(question)
    sa.settle()


@needs("mobike-as-initiator")
@each("hint", "ICMP about IKE", "INVALID_IKE_SPI")
@requirement("RFC4555-3.5-11")
def test_a_hint_makes_the_initiator_ask(initiator, hint):
    """It asks by an INFORMATIONAL request whether the path still works. RFC 4555 3.5"""
    asks_because_of(initiator, hint)


@each("hint", "ICMP about ESP", "INVALID_SPI")
@requirement("RFC4555-5.3-01")
def test_who_is_told_that_esp_is_unwanted_asks(peer, hint):
    """Of ESP that is said to be of no use where it arrives: a sign of life is asked for. RFC 4555 5.3"""
    asks_because_of(peer, hint)


@needs("liveness")
@configuration(liveness_ms=1000)
@requirement("RFC4555-3.12-01", "RFC4555-3.12-02")
def test_esp_from_elsewhere_is_no_sign_of_life(peer):
    """ESP of ours comes from an address that nobody told the peer: after a while it asks whether we are alive. RFC 4555
    3.12"""
    sa = peer.establish()
    own, its = sa.inside[4]
    unasked = ip.ip(own, its, ip.ICMP, ip.icmp_echo(own, its, 1, 1, reply=True))  # which nobody answers
    sa.carrier.move(peer.another_address())
    assert is_asked(sa, lambda: sa.children[0].send(unasked), 60, 0.05), "ESP from elsewhere kept the peer from asking whether we are alive"


@needs("mobike-as-initiator", "liveness")
@configuration(liveness_ms=1000)
@requirement("RFC4555-3.8-03")
def test_a_sign_of_life_through_a_nat_asks_for_the_mapping(initiator):
    """The initiator is behind a NAT: its empty requests have NAT detection. RFC 4555 3.8"""
    sa = initiator.establish(natted=True)
    request = sa.expect_request(INFORMATIONAL)
    request.notified("NAT_DETECTION_SOURCE_IP")
    request.notified("NAT_DETECTION_DESTINATION_IP")
    sa.answer(request, *sa.nat_detection())


@needs("mobike-as-initiator", "liveness")
@configuration(liveness_ms=1000)
@requirement("RFC4555-3.8-04")
def test_another_mapping_is_a_move(initiator):
    """NAT_DETECTION_DESTINATION_IP of the answer is another than before: UPDATE_SA_ADDRESSES follows. RFC 4555 3.8"""
    sa = initiator.establish(natted=True)
    request = sa.expect_request(INFORMATIONAL)
    sa.answer(request, *replaced(sa.nat_detection(), N("NAT_DETECTION_DESTINATION_IP", bytes(20))), *request.cookie2)
    sa.accept_update(sa.expect_update())
