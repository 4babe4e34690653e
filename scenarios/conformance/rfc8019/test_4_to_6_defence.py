"""What is done against floods, and not without one. RFC 8019 4.1, 5, 6"""

import time

from ikelab.conformance import *

MANY = 200  # requests at once, which nobody has reason for
LOST_S = 3.5  # until the fourth IKE_AUTH of an initiator that repeats it after 0.5, 1 and 2 seconds


@requirement("RFC8019-4.1-01")
def test_a_half_open_ike_sa_waits_for_what_was_lost(responder):
    """IKE_AUTH and three repetitions of it are lost: the fourth is answered as the first would have been. RFC 8019 4.1"""
    sa = responder.initialised()
    end = time.monotonic() + LOST_S
    while (left := end - time.monotonic()) > 0:
        sa.carrier.wait(left)
    assert sa.auth() is not None
    sa.liveness()


@configuration(flood_limits=True)
@requirement("RFC8019-6-03")
def test_in_quiet_times_nobody_is_asked_for_anything(responder):
    """One initiator after the other, each of which goes on to IKE_AUTH: neither COOKIE nor PUZZLE. RFC 8019 6"""
    for _ in range(3):
        sa = responder.ike_sa()
        answer = sa.expect_response(sa.send_init())
        assert {"COOKIE", "PUZZLE"}.isdisjoint(answer.notifies())
        sa.take_init(answer)
        sa.auth()
        sa.delete()


@requirement("RFC8019-5-02")
def test_who_never_stops_rekeying_hears_to_slow_down(peer):
    """Hundreds of requests to rekey a Child SA, one behind the other: sooner or later TEMPORARY_FAILURE. RFC 8019 5"""
    sa = peer.establish()
    child = sa.children[0]
    nothing = SA(Proposal(1, ESP, b"four", [Transform(TransformType.ENCR, 65000), Transform(TransformType.ESN, 0)]))
    asked = replaced(sa.offer_child(rekey=child, group=0).payloads, nothing)
    for _ in range(MANY):
        if "TEMPORARY_FAILURE" in sa.request(CREATE_CHILD_SA, *asked).notifies():
            break
    else:
        raise Unmet(f"{MANY} requests, and never TEMPORARY_FAILURE")
    child.ping()


@requirement("RFC8019-5-03")
def test_whoever_has_enough_sas_is_left_in_peace(peer):
    """The peer wants another SA, and hears NO_ADDITIONAL_SAS: it goes on with those that it has. RFC 8019 5"""
    sa = peer.establish()
    peer.rekey("child")
    sa.answer(sa.expect_request(CREATE_CHILD_SA), N("NO_ADDITIONAL_SAS"))
    sa.liveness()
    sa.children[0].ping()


@requirement("RFC8019-5-04")
def test_a_response_that_is_late_is_waited_for(peer):
    """The response to a rekey is put off until the peer has repeated its request: then it is taken. RFC 8019 5"""
    sa = peer.establish()
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    sa.expect_copy(request)
    new = sa.accept_child(request)
    sa.accept_delete(sa.expect_request(INFORMATIONAL))
    new.ping()


@requirement("RFC8019-5-06")
def test_who_has_asked_too_much_loses_its_ike_sa(peer):
    """A Delete in the midst of its own request: the IKE SA is gone, whatever was asked. RFC 8019 5"""
    sa = peer.establish()
    peer.rekey("child")
    sa.expect_request(CREATE_CHILD_SA)
    sa.delete()
    assert not peer.status().established()


@requirement("RFC8019-6-06")
def test_a_limit_that_is_over_is_no_refusal(initiator):
    """Its first IKE_SA_INIT is dropped, as if too many had come from its address, and the second is answered. RFC 8019 6"""
    sa = initiator.call()
    sa.expect_copy(sa.init_request)
    sa.accept_init()
    sa.accept_auth(sa.expect_request(IKE_AUTH))
    sa.liveness()
