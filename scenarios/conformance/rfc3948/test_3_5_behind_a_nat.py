"""Checksums behind a NAT, what keepalives are worth, and who else is behind it. RFC 3948 3.1.2, 4, 5"""

from ikelab.conformance import *

pytestmark = needs("esp-in-udp")

PRIVATE = "192.168.77.7"  # the address that we would have behind our NAT


@configuration(child={"mode": "transport"})
@needs("transport-mode")
@requirement("RFC3948-3.1.2-01")
def test_a_checksum_for_the_address_before_the_nat(peer):
    """In transport mode a TCP segment, whose checksum is for the address that we had before the NAT, is heard. RFC 3948 3.1.2"""
    child = peer.establish(encapsulated=True).children[0]
    child.expect_reset(child.knock(7, checksum_of=PRIVATE))


@requirement("RFC3948-3.1.2-04")
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
