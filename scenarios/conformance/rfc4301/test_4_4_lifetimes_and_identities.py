"""Lifetimes of SAs (RFC 4301 4.4.2.1), and whom an entry of the PAD is for (4.4.3)."""

from ikelab.conformance import *

HOUR = 3_600_000


def rekey_of(sa, child):
    """The peer's request to rekey that Child SA."""
    request = sa.expect_request(CREATE_CHILD_SA)
    assert request.notified("REKEY_SA").spi == child.spi_out
    return request


@needs("rekey-by-volume")
@configuration(child={"lifetime": {"rekey_octets": 20_000, "hard_octets": 40_000, "rekey_ms": HOUR, "hard_ms": 2 * HOUR}})
@requirement("RFC4301-4.4.2.1-01", "RFC4301-4.4.2.1-02")
def test_octets_are_over_before_time_is(peer):
    """With both limits: twenty thousand octets, long before the hour is over, and the SA is rekeyed. RFC 4301 4.4.2.1"""
    sa = peer.establish()
    child = sa.children[0]
    child.ping()
    sa.expect_nothing("neither of the limits is reached")
    for _ in range(30):  # some draw a limit of up to a quarter more
        child.send(child.echo_request(data=bytes(1100)))
    sa.answer(rekey_of(sa, child), N("NO_ADDITIONAL_SAS"))


@needs("rekey-by-volume", "rekey-by-time")
@configuration(child={"lifetime": {"rekey_octets": 10**9, "hard_octets": 2 * 10**9, "rekey_ms": 1000, "hard_ms": HOUR}})
@requirement("RFC4301-4.4.2.1-01", "RFC4301-4.4.2.1-02")
def test_time_is_over_before_octets_are(peer):
    """With both limits: a second, long before all octets are used, and the SA is rekeyed. RFC 4301 4.4.2.1"""
    sa = peer.establish()
    sa.answer(rekey_of(sa, sa.children[0]), N("NO_ADDITIONAL_SAS"))


@needs("rekey-by-volume")
@configuration(child={"lifetime": {"rekey_octets": 20_000, "hard_octets": 40_000, "rekey_ms": HOUR, "hard_ms": 2 * HOUR}})
@requirement("RFC4301-4.4.2.1-03")
def test_what_was_lost_is_not_counted_alike(peer):
    """Of what we have sent and counted most is lost: no error, and nothing is rekeyed. RFC 4301 4.4.2.1"""
    sa = peer.establish()
    child = sa.children[0]
    for _ in range(60):
        child.seal(child.echo_request(data=bytes(1100)))
    child.ping()
    sa.expect_nothing("what was lost is no error")


@needs("rekey-by-volume")
@configuration(child={"lifetime": {"rekey_octets": 20_000, "hard_octets": 40_000, "rekey_ms": HOUR, "hard_ms": 2 * HOUR}})
@requirement("RFC4301-4.4.2.1-04")
def test_a_soft_lifetime_and_a_hard_one(peer):
    """At the first the peer asks for another SA, which is refused, and goes on with this one; at the second this one ends.
    RFC 4301 4.4.2.1"""
    sa = peer.establish()
    child = sa.children[0]
    for _ in range(30):
        child.send(child.echo_request(data=bytes(1100)))
    sa.answer(rekey_of(sa, child), N("NO_ADDITIONAL_SAS"))
    child.ping()
    for _ in range(20):
        child.send(child.echo_request(data=bytes(1100)))
    over(sa, child)
    number = child.send_echo()
    sa.prove_chance()
    assert not any(child.reply_to(number)(one) for one in child.inbox), "it was used after its lifetime"


def over(sa, child):
    """The peer deletes that Child SA; until then it gets no other in its place."""
    request = sa.expect_request()
    while request.first(PayloadType.D) is None:
        if request.exchange == CREATE_CHILD_SA:
            sa.answer(request, N("NO_ADDITIONAL_SAS"))
        else:
            sa.answer_politely(request)
        request = sa.expect_request()
    assert request.payloads in ([D(ESP, child.spi_out)], [D()]), f"{request} came at the end of the SA's lifetime"
    sa.accept_delete(request)


@needs("rekey-by-volume")
@configuration(child={"lifetime": {"hard_octets": 5000}})
@requirement("RFC4301-4.4.2.1-05")
def test_what_exceeds_the_lifetime_is_not_sent(peer):
    """Four datagrams fit into five thousand octets, and a fifth does not: it is not sent, not even in part. RFC 4301 4.4.2.1"""
    sa = peer.establish()
    child = sa.children[0]
    with peer.host_socket(6040, 6041) as talk:
        for _ in range(4):
            talk.send(bytes(1200))
            child.expect(lambda one: (ip.body_of(one.payload, ip.UDP) or b"")[8:] == bytes(1200), "the host's datagram")
        talk.send(bytes(1200))
        over(sa, child)
    assert not child.inbox, "a packet was sent that the SA's lifetime had no room for"


@configuration(local_id="key:the office", remote_id="key:the lab")
@requirement("RFC4301-4.4.3.1-03")
@each("wrong", "key:the offic", "key:the office ", "key:The office", "key:the office\x00")
def test_a_key_id_is_matched_octet_by_octet(responder, wrong):
    """Who is the office is let in, and whose ID_KEY_ID is nearly that is not, although the key is right. RFC 4301 4.4.3.1"""
    sa = responder.initialised(local_id=wrong)
    answer = sa.expect_response(sa.send_auth())
    answer.notified("AUTHENTICATION_FAILED")


@configuration(child={"local_ts": ("10.1.0.1-10.1.0.6", "fd00:1::1-fd00:1::6"), "remote_ts": ("10.2.0.0/24", "fd00:2::/64")}, inner=(4, 6))
@needs("narrowing", "several-children")
@requirement("RFC4301-4.4.3.3-01")
@each("family", 4, 6)
def test_a_peer_is_authorised_for_ranges_of_addresses(responder, family):
    """We are authorised for six addresses of each family: an SA for another one is refused, and for one of them made.
    RFC 4301 4.4.3.3"""
    sa = responder.establish()
    net = "10.1.0." if family == 4 else "fd00:1::"
    for last, made in (("7", False), ("6", True)):
        offer = sa.offer_child(group=0)
        offer.payloads = replaced(replaced(offer.payloads, TSi(net + last)), TSr(sa.inside[family][1]))
        answer = sa.request(CREATE_CHILD_SA, *offer.payloads)
        assert (answer.first(PayloadType.SA) is not None) == made, f"{net}{last}: {answer}"
