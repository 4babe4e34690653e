"""Checksums behind a NAT, what keepalives are worth, and who else is behind it. RFC 3948 3.1.2, 4, 5"""

from ikelab.conformance import *

pytestmark = needs("esp-in-udp")

PRIVATE = "192.168.77.7"  # the address that we would have behind our NAT
ANYBODY = {"remote_id": "any"}  # who knows the key


@configuration(child={"mode": "transport"})
@needs("transport-mode")
@requirement("RFC3948-3.1.2-01")
def test_a_checksum_for_the_address_before_the_nat(peer):
    """In transport mode a TCP segment, whose checksum is for the address that we had before the NAT, is heard. RFC 3948 3.1.2"""
    child = peer.establish(encapsulated=True).children[0]
    child.expect_reset(child.knock(7, checksum_of=PRIVATE))


@requirement("RFC3948-3.1.2-04", "RFC3948-3.1.2-03")
def test_a_wrong_checksum_in_tunnel_mode(peer):
    """In tunnel mode no NAT can have changed it: a TCP segment whose checksum is wrong is not heard. RFC 3948 3.1.2"""
    child = peer.establish(encapsulated=True).children[0]
    child.expect_unheard(child.reset_of(child.knock(7, checksum_of=PRIVATE)), "the checksum of a TCP segment was wrong")
    child.expect_reset(child.knock(7))


@needs("liveness")
@configuration(liveness_ms=1000)
@requirement("RFC3948-4-01")
def test_keepalives_are_no_sign_of_life(peer):
    """Of us come NAT keepalives alone: after a while the peer asks whether we are alive. RFC 3948 4"""
    sa = peer.establish(encapsulated=True)
    for _ in range(400):
        sa.carrier.send_raw(b"\xff", 4500, sa.to)
        sa.carrier.wait(0.01)
        if sa.inbox:
            break
    assert sa.inbox, "keepalives every 10 ms kept the peer from asking whether we are alive"
    assert sa.expect_request(INFORMATIONAL).payloads == []


@configuration(child={"mode": "transport"})
@needs("transport-mode", "fail-closed")
@requirement("RFC3948-5.2-02")
def test_who_shares_our_address_does_not_pass_for_us(responder):
    """Somebody else behind our NAT knocks in the clear, where the policy wants all of that address protected: not heard.
    RFC 3948 5.2"""
    child = responder.establish(encapsulated=True).children[0]
    own, its = child.inside()
    child.carrier.send_ip(ip.ip(own, its, ip.TCP, ip.tcp_syn(own, its, 7070, 7)))
    child.expect_unheard(child.reset_of(7070), "a segment in the clear was let in that a policy protects")
    back = ip.ip(its, own, ip.TCP, b"")[12:20]
    assert not any(one[9] == ip.TCP and one[12:20] == back for one in responder.on_the_wire())


def asked_for(sa):
    """IKE_AUTH of a further client: its Child SA, or None where that was refused."""
    sent = sa.send_auth()
    answer = sa.expect_response(sent)
    if "AUTHENTICATION_FAILED" in answer.notifies():
        raise NotReady(f"a client of another name is not let in: {answer}")
    return None if any(one.is_error for one in answer.notifies().values()) else sa.take_auth(answer, sent)


def is_deleted(sa):
    """The peer has ended it."""
    return any(one.first(PayloadType.D) is not None for one in sa.inbox)


def each_gets_its_own(*clients):
    """Each of these Child SAs, the ones that there are: the reply to its echo request comes back on it. `clients`: the
    address that each sends from, and its Child SA."""
    there = [(address, child) for address, child in clients if child is not None and not is_deleted(child.ike_sa)]
    for address, child in [*there, *there]:
        child.carrier.move(address)
        number = child.send_echo()
        try:
            child.expect(child.reply_to(number), "the reply to its own echo request")
        finally:
            others = [one for _, other in there if other is not child for one in other.inbox]
            assert not any(child.reply_to(number)(one) for one in others), "what was for one client went to the other"


@configuration(gateway=ANYBODY)
@requirement("RFC3948-5.1-01")
def test_two_clients_with_the_same_inner_address(responder):
    """Behind two NATs there are two clients, whose inner addresses are the same: the second gets no Child SA, or what is
    sent to one of them never goes to the other. RFC 3948 5.1"""
    first = responder.establish(encapsulated=True, local_id="ari")
    home, away = first.carrier.local, responder.another_address()
    first.carrier.move(away)
    second = responder.initialised(encapsulated=True, local_id="bob")
    each_gets_its_own((home, first.children[0]), (away, asked_for(second)))


@configuration(gateway=ANYBODY, child={"mode": "transport"})
@needs("transport-mode")
@requirement("RFC3948-5.2-01")
def test_two_clients_behind_one_nat_in_transport_mode(responder):
    """Behind one NAT they are one address, and their selectors the same: the second gets no Child SA, or what is sent to
    one of them never goes to the other. RFC 3948 5.2"""
    first = responder.establish(encapsulated=True, local_id="ari")
    second = responder.neighbour(local_id="bob")
    second.init()
    home = first.carrier.local
    each_gets_its_own((home, first.children[0]), (home, asked_for(second)))


@configuration(gateway=ANYBODY, requests=(4,))
@requirement("RFC3948-5.1-02")
def test_two_clients_that_ask_for_addresses_get_two(responder):
    """Internal addresses that are assigned to two clients are not the same, and each gets what is sent to its own. RFC 3948
    5.1"""
    first, second = responder.establish(encapsulated=True, local_id="ari"), responder.neighbour(local_id="bob")
    second.init()
    child = second.auth()
    assert child is not None and first.leased and not set(first.leased) & set(second.leased)
    each_gets_its_own((first.carrier.local, first.children[0]), (first.carrier.local, child))
