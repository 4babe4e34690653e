import ipaddress

from ikelab.conformance import *

pytestmark = needs("mobike")


def moved(peer, sa, *more):
    """To another address, by UPDATE_SA_ADDRESSES; the response."""
    sa.move(peer.another_address())
    answer = sa.expect_response(sa.send(INFORMATIONAL, N("UPDATE_SA_ADDRESSES"), *more))
    sa.settle()
    return answer


def follow(sa, request, source):
    """The copy of that request that comes from there; we send to there from now on."""
    while (again := sa.expect_copy(request)).arrived.source[0] != source:
        pass
    sa.port, sa.to = again.arrived.port, again.arrived.source
    return again


@requirement("RFC4555-3.5-03")
def test_esp_follows_an_update(responder):
    """After UPDATE_SA_ADDRESSES from there, ESP goes to the new address. RFC 4555 3.5"""
    sa = responder.establish()
    home = sa.children[0].ping().arrived.at
    moved(responder, sa, *sa.nat_detection())
    assert sa.children[0].ping().arrived.at == responder.another_address() != home


@requirement("RFC4555-3.5-03")
def test_requests_follow_an_update(responder):
    """What the responder asks afterwards goes to the new address. RFC 4555 3.5"""
    sa = responder.establish()
    moved(responder, sa, *sa.nat_detection())
    responder.rekey("child")
    request = sa.expect_request()  # or the Delete of what it has rekeyed by itself
    assert request.arrived.at == responder.another_address()


@requirement("RFC4555-3.5-03", "RFC4555-3.3-02")
def test_a_new_child_sa_is_between_the_new_addresses(responder):
    """What is made after a move is where the IKE SA is. RFC 4555 3.3, 3.5"""
    sa = responder.establish()
    moved(responder, sa, *sa.nat_detection())
    assert sa.create_child().ping().arrived.at == responder.another_address()


@requirement("RFC4555-3.5-03")
def test_all_child_sas_follow_an_update(responder):
    """Each Child SA of the IKE SA, not the first alone. RFC 4555 3.5"""
    sa = responder.establish()
    sa.create_child()
    moved(responder, sa, *sa.nat_detection())
    for child in sa.children:
        assert child.ping().arrived.at == responder.another_address()


@requirement("RFC4555-3.5-03")
def test_a_move_back_is_a_move(responder):
    """There and home again: ESP follows both times. RFC 4555 3.5"""
    sa = responder.establish()
    home = sa.carrier.local
    moved(responder, sa, *sa.nat_detection())
    sa.move(home)
    sa.expect_response(sa.send(INFORMATIONAL, N("UPDATE_SA_ADDRESSES"), *sa.nat_detection()))
    sa.settle()
    assert sa.children[0].ping().arrived.at == home


@needs("esp-bare")
@requirement("RFC4555-3.5-07", "RFC4555-3.8-02")
def test_an_update_is_answered_where_it_came_from_with_nat_detection(responder):
    """The response goes to the new address, and has NAT detection that fits it. RFC 4555 3.5"""
    sa = responder.establish()
    sa.move(responder.another_address())
    answer = sa.update_addresses()
    assert answer.arrived.at == responder.another_address() and answer.arrived.source == sa.to
    answer.notified("NAT_DETECTION_SOURCE_IP")
    answer.notified("NAT_DETECTION_DESTINATION_IP")
    assert not sa.nat_seen


@needs("esp-bare")
@requirement("RFC4555-3.5-13", "RFC7296-2.23-07")
def test_an_update_tells_of_a_nat_and_of_its_end(responder):
    """NAT detection of the update does not fit the address it comes from: from then on ESP comes in UDP; with one that fits
    it comes bare again. RFC 4555 3.5, RFC 7296 2.23"""
    sa = responder.establish()
    home = sa.carrier.local
    for there, seems_behind_nat, port in ((responder.another_address(), True, 4500), (home, False, 0)):
        sa.seems_behind_nat = seems_behind_nat
        sa.move(there)
        sa.update_addresses()
        sa.settle()
        reply = sa.children[0].ping().arrived
        assert (reply.at, reply.port) == (there, port)


@requirement("RFC4555-3.5-07")
def test_an_update_without_nat_detection_is_answered(responder):
    """UPDATE_SA_ADDRESSES alone is an update like any other, and the answer goes to where it came from. RFC 4555 3.5"""
    sa = responder.establish()
    answer = moved(responder, sa)
    assert answer.arrived.at == responder.another_address()
    assert not any(one.is_error for one in answer.notifies().values())
    assert sa.children[0].ping().arrived.at == responder.another_address()


@requirement("RFC4555-4.2.4-01")
def test_data_of_an_update_is_ignored(responder):
    """UPDATE_SA_ADDRESSES has no data, and what there is means nothing. RFC 4555 4.2.4"""
    sa = responder.establish()
    sa.move(responder.another_address())
    sa.expect_response(sa.send(INFORMATIONAL, N("UPDATE_SA_ADDRESSES", b"192.0.2.99"), *sa.nat_detection()))
    sa.settle()
    assert sa.children[0].ping().arrived.at == responder.another_address()


@requirement("RFC4555-3.5-03", "RFC4555-3.6-01")
def test_an_update_may_name_more_addresses(responder):
    """Additional addresses in the same request: both are taken. RFC 4555 3.6"""
    sa = responder.establish()
    moved(responder, sa, *sa.nat_detection(), N("ADDITIONAL_IP4_ADDRESS", bytes([203, 0, 113, 9])))
    assert sa.children[0].ping().arrived.at == responder.another_address()


@requirement("RFC4555-3.6-02")
def test_additional_addresses_are_answered_and_move_nothing(responder):
    """An update of the additional addresses, and one that there are none: empty responses, and ESP stays. RFC 4555 3.6"""
    sa = responder.establish()
    for one in (N("ADDITIONAL_IP4_ADDRESS", bytes([203, 0, 113, 9])), N("NO_ADDITIONAL_ADDRESSES")):
        assert sa.request(INFORMATIONAL, one).payloads == []
        assert sa.children[0].ping().arrived.at == sa.carrier.local


@requirement("RFC4555-3.5-05", "RFC4555-3.8-06", "RFC4555-3.10-01", "RFC4555-3.10-02")
def test_a_path_test_moves_nothing(peer):
    """A request from another address is answered there, and ESP stays where it was. RFC 4555 3.8, 3.10"""
    sa = peer.establish()
    home = sa.carrier.local
    sa.move(peer.another_address())
    assert sa.liveness().arrived.at == peer.another_address()
    sa.carrier.move(home)
    assert sa.children[0].ping().arrived.at == home


@requirement("RFC4555-3.8-06", "RFC4555-3.10-02")
def test_a_path_test_does_not_redirect_requests(peer):
    """What the peer asks after it goes to the address that it had. RFC 4555 3.8, 3.10"""
    sa = peer.establish()
    home = sa.carrier.local
    sa.move(peer.another_address())
    sa.liveness()
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert request.arrived.at == home
    sa.carrier.move(home)
    sa.accept_child(request)


@requirement("RFC4555-3.8-06", "RFC4555-3.8-07")
def test_esp_from_another_mapping_moves_esp_at_most(peer):
    """Behind a NAT, ESP of ours comes from elsewhere: ESP may follow it, IKE may not. RFC 4555 3.8"""
    sa = peer.establish(encapsulated=True)
    home, elsewhere = sa.carrier.local, peer.another_address()
    sa.carrier.move(elsewhere)
    assert sa.children[0].ping().arrived.at in (home, elsewhere)
    assert sa.children[0].ping().arrived.at in (home, elsewhere)
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert request.arrived.at == home, "ESP from elsewhere moved IKE"
    sa.carrier.move(home)
    sa.accept_child(request)


@needs("esp-bare")
@requirement("RFC4555-3.8-02")
def test_nat_detection_in_any_request_is_answered_and_moves_nothing(peer):
    """NAT detection in an INFORMATIONAL request comes back in the response; nothing else follows. RFC 4555 3.8"""
    sa = peer.establish()
    home = sa.carrier.local
    sa.move(peer.another_address())
    answer = sa.request(INFORMATIONAL, *sa.nat_detection())
    answer.notified("NAT_DETECTION_SOURCE_IP")
    answer.notified("NAT_DETECTION_DESTINATION_IP")
    assert not sa.sees_nat(answer)
    sa.carrier.move(home)
    assert sa.children[0].ping().arrived.at == home


@needs("mobike-as-initiator")
@requirement("RFC4555-3.5-01")
def test_the_responder_cannot_move_the_initiator(initiator):
    """UPDATE_SA_ADDRESSES is the original initiator's to say: of the responder it moves nothing. RFC 4555 3.5"""
    sa = initiator.establish()
    home = sa.carrier.local
    sa.move(initiator.another_address())
    sa.expect_response(sa.send(INFORMATIONAL, N("UPDATE_SA_ADDRESSES"), *sa.nat_detection()))
    sa.carrier.move(home)
    assert sa.children[0].ping().arrived.at == home


@needs("esp-bare", "mobike-as-initiator", "roam")
@requirement("RFC4555-3.5-02", "RFC4555-4.2.4-01", "RFC4555-4.2.1-03", "RFC4555-3.6-05")
def test_who_has_moved_says_so_from_the_new_address(initiator):
    """UPDATE_SA_ADDRESSES with NAT detection that fits, no data; additional addresses without the one in use. RFC 4555 3.5"""
    sa = initiator.establish()
    old = sa.to[0]
    new = initiator.renumber()
    request = sa.expect_update()
    assert N("UPDATE_SA_ADDRESSES") in request.payloads and request.arrived.source[0] == new
    assert "NAT_DETECTION_SOURCE_IP" in request.notifies() and not sa.sees_nat(request)
    others = [one.data for one in request.payloads if one.kind == PayloadType.N and one.name == "ADDITIONAL_IP4_ADDRESS"]
    assert bytes(map(int, new.split("."))) not in others and bytes(map(int, old.split("."))) not in others
    sa.accept_update(request)
    sa.settle()
    assert sa.children[0].ping().arrived.source[0] == new


@needs("esp-bare", "mobike-as-initiator", "roam")
@each("nat", False, True)
@requirement("RFC4555-3.5-13")
def test_the_answer_to_an_update_tells_of_a_nat(initiator, nat):
    """After the move ESP comes in UDP where NAT detection of the response fits no address, and bare where it does. RFC 4555
    3.5"""
    sa = initiator.establish()
    initiator.renumber()
    request = sa.expect_update()
    sa.seems_behind_nat = nat
    sa.accept_update(request)
    sa.settle()
    assert sa.children[0].ping().arrived.port == (4500 if nat else 0)


@needs("mobike-as-initiator", "roam", "rekey-by-command")
@requirement("RFC4555-3.5-08")
def test_what_is_out_is_repeated_from_the_new_address(initiator):
    """A request without an answer is sent again from where the initiator is now, same octets. RFC 4555 3.5"""
    sa = initiator.establish()
    initiator.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    new = initiator.renumber()
    sa.accept_child(follow(sa, request, new))


@needs("mobike-as-initiator", "roam")
@requirement("RFC4555-3.5-12")
def test_an_unacceptable_move_is_survived(initiator):
    """UNACCEPTABLE_ADDRESSES leaves the choice: try others, stay, or go. It is no reason to fail. RFC 4555 3.5"""
    sa = initiator.establish()
    initiator.renumber()
    request = sa.expect_update()
    sa.port, sa.to = request.arrived.port, request.arrived.source
    sa.answer(request, N("UNACCEPTABLE_ADDRESSES"), *request.cookie2)
    sa.prove_chance()


@needs("address-policy")
@configuration(fixed_address=True)
@requirement("RFC4555-3.5-06")
def test_an_address_against_the_policy_is_refused(responder):
    """The responder knows the one address that we may have: UPDATE_SA_ADDRESSES from another is answered
    UNACCEPTABLE_ADDRESSES, and ESP and requests go on to the first. RFC 4555 3.5"""
    sa = responder.establish()
    home = sa.carrier.local
    sa.move(responder.another_address())
    answer = sa.request(INFORMATIONAL, N("UPDATE_SA_ADDRESSES"), *sa.nat_detection())
    answer.notified("UNACCEPTABLE_ADDRESSES")
    sa.carrier.move(home)
    assert sa.children[0].ping().arrived.at == home
    responder.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert request.arrived.at == home
    sa.accept_child(request)


@needs("esp-bare", "mobike-as-initiator", "roam")
@requirement("RFC4555-3.5-09", "RFC4555-3.6-03")
def test_who_moves_on_says_so_anew(initiator):
    """Moved again before the answer: whatever that says means nothing any more, and another UPDATE_SA_ADDRESSES follows, of
    the newest address. RFC 4555 3.5, 3.6"""
    sa = initiator.establish()
    initiator.renumber()
    first = sa.expect_update()
    newest = initiator.renumber()
    sa.answer(follow(sa, first, newest), N("UNACCEPTABLE_ADDRESSES"), *first.cookie2)
    second = sa.expect_update()
    assert second.message_id > first.message_id and second.arrived.source[0] == newest
    assert not sa.sees_nat(second)
    sa.accept_update(second)
    sa.settle()
    assert sa.children[0].ping().arrived.source[0] == newest


ABOUT_ADDRESSES = ("ADDITIONAL_IP4_ADDRESS", "ADDITIONAL_IP6_ADDRESS", "NO_ADDITIONAL_ADDRESSES")


@needs("roam")
@requirement("RFC4555-3.6-03", "RFC4555-3.6-05")
def test_a_responder_that_moves_on_says_so_anew(responder):
    """The responder loses its address, tells its others, and loses the one that it has told that from: copies of the request
    are not enough, a new one follows, without the address in use. RFC 4555 3.6"""
    sa = responder.establish()
    responder.renumber()
    first = sa.expect_update(*ABOUT_ADDRESSES)
    newest = responder.renumber()
    sa.answer(follow(sa, first, newest))
    second = sa.expect_update(*ABOUT_ADDRESSES)
    assert second.message_id > first.message_id and second.arrived.source[0] == newest
    told = [one.data for one in second.payloads if one.kind == PayloadType.N and one.name == "ADDITIONAL_IP4_ADDRESS"]
    assert ipaddress.ip_address(newest).packed not in told
    sa.answer_politely(second)
