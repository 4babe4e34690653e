import time

from ikelab.conformance import *
from ikelab.wire import ike

AT_ONCE_NS = 100_000_000  # a slow machine makes it later, never earlier
LOW, HIGH = bytes(32), 32 * b"\xff"
# Our nonces in the request and in the response, and whose of the two new SAs has the lowest of the four therefore: ours,
# when it is the one of our request. The peer's nonces are drawn, so they are neither as low nor as high as these.
NONCES = {"ours": (LOW, HIGH), "theirs": (HIGH, LOW), "ours_by_the_last_octet": (LOW, LOW[:-1] + b"\1"),
          "theirs_by_the_last_octet": (LOW[:-1] + b"\1", LOW), "ours_by_the_first_octet": (b"\0" + HIGH[1:], b"\1" + LOW[1:]),
          "ours_by_length": (LOW[:16], LOW), "theirs_by_length": (LOW, LOW[:16]),
          "ours_by_the_first_octet_though_longer": (bytes(40), b"\1" + bytes(15))}


def lowest_is_ours(case):
    return case.startswith("ours")


def with_nonce(payloads, nonce):
    return replaced(payloads, Nonce(nonce))


def crossing_child_rekeys(peer, case):
    """Both sides rekey the same Child SA; the old one, the one of our request, and the one of the peer's."""
    mine, reply_nonce = NONCES[case]
    sa = peer.establish()
    old = sa.children[0]
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    offer = sa.offer_child(rekey=old)
    offer.payloads = with_nonce(offer.payloads, mine)
    ours = offer.take(sa.request(CREATE_CHILD_SA, *offer.payloads))
    reply = sa.reply_child(request)
    reply.payloads = with_nonce(reply.payloads, reply_nonce)
    sa.answer(request, *reply.payloads)
    return sa, old, ours, reply.child()


@each("case", *NONCES)
@requirement("RFC7296-2.8.1-03", "RFC7296-2.8.1-04", "RFC7296-2.8.1-05", "RFC7296-2.25.1-02", "RFC7296-2.25.1-03")
def test_crossing_rekeys_of_a_child_sa(peer, case):
    """Who has made the Child SA of the lowest nonce closes that, the other side the old one. RFC 7296 2.8.1"""
    sa, old, ours, theirs = crossing_child_rekeys(peer, case)
    request = sa.expect_request(INFORMATIONAL)
    assert request.payloads == [D(ESP, (old if lowest_is_ours(case) else theirs).spi_out)]
    sa.accept_delete(request)
    sa.delete_child(ours if lowest_is_ours(case) else old)
    (left,) = sa.children
    left.ping()
    assert [one.spi_in for one in peer.status().installed()] == [int.from_bytes(left.spi_out, "big")]


@requirement("RFC7296-2.8.1-02")
def test_all_child_sas_of_a_collision_take_packets(peer):
    """Until the Deletes have come, packets are taken by both new ones. RFC 7296 2.8.1"""
    sa, _, ours, theirs = crossing_child_rekeys(peer, "ours")
    sa.liveness()
    ours.ping()
    theirs.ping()


@requirement("RFC7296-2.8.1-06")
def test_child_sa_not_found_is_ignored_after_a_collision(peer):
    """Our rekey went through, its own found nothing any more: nothing but the old one is gone. RFC 7296 2.8.1"""
    sa = peer.establish()
    old = sa.children[0]
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    new = sa.create_child(rekey=old)
    sa.delete_child(old)
    sa.answer(request, N("CHILD_SA_NOT_FOUND", protocol=ESP, spi=request.notified("REKEY_SA").spi))
    sa.liveness()
    new.ping()


def crossing_ike_rekeys(peer, case):
    """Both sides rekey the IKE SA; the old one, the one of our request, and the one of the peer's."""
    mine, reply_nonce = NONCES[case]
    sa = peer.establish()
    peer.rekey("ike")
    request = sa.expect_request(CREATE_CHILD_SA)
    offer = sa.offer_rekey()
    offer.payloads = with_nonce(offer.payloads, mine)
    ours = offer.take(sa.request(CREATE_CHILD_SA, *offer.payloads))
    reply = sa.reply_rekey(request)
    reply.payloads = with_nonce(reply.payloads, reply_nonce)
    sa.answer(request, *reply.payloads)
    theirs = reply.ike_sa()
    if lowest_is_ours(case):
        theirs.adopt(ours)
    return sa, ours, theirs


@each("case", *NONCES)
@requirement("RFC7296-2.8.2-01", "RFC7296-2.8.2-02", "RFC7296-2.8.1-04", "RFC7296-2.25.2-01", "RFC7296-2.25.2-02")
def test_crossing_rekeys_of_the_ike_sa(peer, case):
    """The IKE SA of the lowest nonce goes, by who has made it; the other one has the Child SAs. RFC 7296 2.8.2"""
    sa, ours, theirs = crossing_ike_rekeys(peer, case)
    if lowest_is_ours(case):
        ours.delete()
        farewell = sa.expect_request(INFORMATIONAL)
        assert farewell.payloads == [D()]
        sa.accept_delete(farewell)
        left = sa.replaced_by = theirs
    else:
        farewell = theirs.expect_request(INFORMATIONAL)
        assert farewell.payloads == [D()]
        theirs.accept_delete(farewell)
        sa.delete()
        left = sa.replaced_by = ours
    left.children[0].ping()
    left.rekey_child()
    left.children[0].ping()
    assert len(peer.status().established()) == 1 and len(peer.status().installed()) == 1


@requirement("RFC7296-2.8.2-03", "RFC7296-2.25.2-03", "RFC7296-2.25-01")
def test_a_late_rekey_of_an_ike_sa_that_was_rekeyed(peer):
    """Its own rekey is through, and the old IKE SA about to go: TEMPORARY_FAILURE. RFC 7296 2.8.2, 2.25.2"""
    sa = peer.establish()
    peer.rekey("ike")
    new = sa.accept_rekey(sa.expect_request(CREATE_CHILD_SA))
    farewell = sa.expect_request(INFORMATIONAL)
    answer = sa.request(CREATE_CHILD_SA, *sa.offer_rekey().payloads)
    answer.notified("TEMPORARY_FAILURE")
    sa.accept_delete(farewell)
    new.liveness()


def deletes(message):
    return [one for one in message.payloads if isinstance(one, ike.DeletePayload)]


@requirement("RFC7296-2.25-06", "RFC7296-2.25.1-04")
def test_a_rekey_of_an_unknown_child_sa_is_refused(peer):
    """CHILD_SA_NOT_FOUND with the SPI of REKEY_SA. RFC 7296 2.25"""
    sa = peer.establish()
    offer = sa.offer_child(rekey=sa.children[0])
    answer = sa.request(CREATE_CHILD_SA, *replaced(offer.payloads, N("REKEY_SA", protocol=ESP, spi=b"\x0b\xad\xf0\x0d")))
    assert answer.notified("CHILD_SA_NOT_FOUND").spi == b"\x0b\xad\xf0\x0d"
    sa.children[0].ping()


@requirement("RFC7296-2.25-06", "RFC7296-2.25.1-04", "RFC7296-1.3.3-02")
def test_rekey_sa_names_the_senders_spi(peer):
    """The peer's own inbound SPI names no Child SA in our REKEY_SA. RFC 7296 1.3.3, 2.25"""
    sa = peer.establish()
    child = sa.children[0]
    offer = sa.offer_child(rekey=child)
    answer = sa.request(CREATE_CHILD_SA, *replaced(offer.payloads, N("REKEY_SA", protocol=ESP, spi=child.spi_out)))
    answer.notified("CHILD_SA_NOT_FOUND")
    child.ping()


@requirement("RFC7296-2.25-07")
def test_a_child_sa_that_was_not_found_is_made_anew(peer):
    """CHILD_SA_NOT_FOUND to a rekey: the Child SA is dropped silently, and another asked for. RFC 7296 2.25"""
    sa = peer.establish()
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    old = sa.children[0]
    sa.forget_child(old)
    sa.answer(request, N("CHILD_SA_NOT_FOUND", protocol=ESP, spi=request.notified("REKEY_SA").spi))
    again = sa.expect_request(CREATE_CHILD_SA)
    assert "REKEY_SA" not in again.notifies()
    child = sa.accept_child(again)
    sa.liveness()
    child.ping()
    lost = old.send_echo()
    child.expect_unheard(old.reply_to(lost), "the Child SA that was not found still takes packets")


@requirement("RFC7296-2.25-07")
def test_a_child_sa_that_was_not_found_is_not_deleted_either(peer):
    """It was told to delete it while its rekey was out: after CHILD_SA_NOT_FOUND no Delete names it, and the IKE SA goes on.
    RFC 7296 2.25"""
    sa = peer.establish()
    old = sa.children[0]
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    peer.delete("child")
    sa.forget_child(old)
    sa.answer(request, N("CHILD_SA_NOT_FOUND", protocol=ESP, spi=request.notified("REKEY_SA").spi))
    peer.catch_up(sa)
    assert D(ESP, old.spi_out) not in [one for message in sa.inbox for one in message.payloads]
    sa.liveness()


@each("what", "child", "ike")
@requirement("RFC7296-2.25-02", "RFC7296-2.25-03")
def test_after_temporary_failure_one_waits(peer, what):
    """What was refused by TEMPORARY_FAILURE is not asked for again at once. RFC 7296 2.25"""
    sa = peer.establish()
    peer.rekey(what)
    sa.answer(sa.expect_request(CREATE_CHILD_SA), N("TEMPORARY_FAILURE"))
    answered = time.time_ns()
    sa.prove_chance()
    assert [str(one) for one in sa.inbox if one.arrived.time_ns - answered < AT_ONCE_NS] == [], "it was tried again at once"
    sa.liveness()
    sa.children[0].ping()


@requirement("RFC7296-2.25.1-01", "RFC7296-2.25-01")
def test_a_rekey_of_a_child_sa_that_is_being_closed(peer):
    """TEMPORARY_FAILURE while its Delete is out. RFC 7296 2.25.1"""
    sa = peer.establish()
    peer.delete("child")
    request = sa.expect_request(INFORMATIONAL)
    answer = sa.request(CREATE_CHILD_SA, *sa.offer_child(rekey=sa.children[0]).payloads)
    answer.notified("TEMPORARY_FAILURE")
    sa.accept_delete(request)
    sa.liveness()


@requirement("RFC7296-2.25.1-06")
def test_a_delete_of_a_child_sa_that_is_being_rekeyed(peer):
    """It is answered by a Delete as ever. RFC 7296 2.25.1"""
    sa = peer.establish()
    child = sa.children[0]
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert sa.delete_child(child).payloads == [D(ESP, child.spi_out)]
    sa.answer(request, N("CHILD_SA_NOT_FOUND", protocol=ESP, spi=child.spi_out))
    sa.liveness()


@each("what", "rekeyed", "closed", "created")
@requirement("RFC7296-2.25.1-08", "RFC7296-2.25-01")
def test_a_rekey_of_the_ike_sa_while_a_child_sa_is_changed(peer, what):
    """TEMPORARY_FAILURE while a request about a Child SA is out. RFC 7296 2.25.1"""
    sa = peer.establish()
    if what == "created":
        sa.delete_child(sa.children[0])
    {"rekeyed": peer.rekey, "closed": peer.delete, "created": lambda _: peer.create_child()}[what]("child")
    request = sa.expect_request()
    answer = sa.request(CREATE_CHILD_SA, *sa.offer_rekey().payloads)
    answer.notified("TEMPORARY_FAILURE")
    sa.accept_delete(request) if what == "closed" else sa.accept_child(request)
    sa.liveness()


@requirement("RFC7296-2.25.2-03", "RFC7296-2.25-01")
def test_a_rekey_of_an_ike_sa_that_is_being_closed(peer):
    """TEMPORARY_FAILURE while its Delete is out. RFC 7296 2.25.2"""
    sa = peer.establish()
    peer.delete("ike")
    request = sa.expect_request(INFORMATIONAL)
    answer = sa.request(CREATE_CHILD_SA, *sa.offer_rekey().payloads)
    answer.notified("TEMPORARY_FAILURE")
    sa.accept_delete(request)


@requirement("RFC7296-2.25.2-04")
def test_a_delete_of_an_ike_sa_that_is_being_rekeyed(peer):
    """It is answered as ever, and the rekey is forgotten. RFC 7296 2.25.2"""
    sa = peer.establish()
    peer.rekey("ike")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert sa.delete().payloads == []
    sa.expect_no_copy(request)
    assert not peer.status().installed()


@requirement("RFC7296-2.25.2-05")
def test_crossing_deletes_of_an_ike_sa(peer):
    """It is answered as ever, and its own Delete is forgotten. RFC 7296 2.25.2"""
    sa = peer.establish()
    peer.delete("ike")
    sa.expect_request(INFORMATIONAL)
    assert sa.delete().payloads == []
    sa.prove_chance()
    assert not peer.status().established()


@each("what", "create", "rekey")
@requirement("RFC7296-2.25.2-06", "RFC7296-2.25-01")
def test_child_sas_while_the_ike_sa_is_rekeyed(peer, what):
    """New and rekeyed Child SAs wait for the rekey of the IKE SA: TEMPORARY_FAILURE. RFC 7296 2.25.2"""
    sa = peer.establish()
    peer.rekey("ike")
    request = sa.expect_request(CREATE_CHILD_SA)
    offer = sa.offer_child(rekey=sa.children[0] if what == "rekey" else None)
    answer = sa.request(CREATE_CHILD_SA, *offer.payloads)
    answer.notified("TEMPORARY_FAILURE")
    new = sa.accept_rekey(request)
    sa.accept_delete(sa.expect_request(INFORMATIONAL))
    new.children[0].ping()


@requirement("RFC7296-2.25.2-07")
def test_a_delete_of_a_child_sa_while_the_ike_sa_is_rekeyed(peer):
    """It is answered by a Delete as ever, and the new IKE SA does not have it. RFC 7296 2.25.2"""
    sa = peer.establish()
    child = sa.children[0]
    peer.rekey("ike")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert deletes(sa.delete_child(child)) == [D(ESP, child.spi_out)]
    new = sa.accept_rekey(request)
    sa.accept_delete(sa.expect_request(INFORMATIONAL))
    new.liveness()
    assert not peer.status().installed()


@requirement("RFC7296-2.25-04")
def test_each_repetition_of_what_was_refused_is_answered(peer):
    """While it rekeys the IKE SA we ask three times for a Child SA, each time by a new request: each is answered
    TEMPORARY_FAILURE, and the one after the rekey makes it. RFC 7296 2.25"""
    sa = peer.establish()
    peer.rekey("ike")
    request = sa.expect_request(CREATE_CHILD_SA)
    for _ in range(3):
        sa.request(CREATE_CHILD_SA, *sa.offer_child().payloads).notified("TEMPORARY_FAILURE")
    new = sa.accept_rekey(request)
    sa.accept_delete(sa.expect_request(INFORMATIONAL))
    new.create_child().ping()
