"""Rekeys and moves of an IKE SA whose messages are in fragments (RFC 7383, RFC 4555)."""

import pytest

from ikelab.scenario import Retransmission, needs, topology

SMALLEST = 256  # octets of an IP packet
QUICK = Retransmission(timeout_ms=100, backoff=1.2, tries=10)
LTE = {"203.0.113.2", "2001:db8:b::2"}
BOTH_KINDS = pytest.mark.parametrize("what", ["child", "ike"])
EITHER_SIDE = pytest.mark.parametrize("starter", ["client", "gateway"])


def large(lab, **changes):
    """A public value of 256 octets each way, in rekeys of both kinds."""
    lab.configure(fragment_size=SMALLEST, proposals=("aes256gcm16-prfsha256-modp2048",),
                  child={"proposals": ("aes256gcm16-modp2048",)}, **changes)


def in_fragments(trace):
    pieces = [event for event in trace.fragments() if event.message.header.exchange == "CREATE_CHILD_SA"]
    assert {event.message.header.response for event in pieces} == {True, False}
    assert all(event.sent.length <= SMALLEST for event in pieces)


@topology("pair")
@needs("fragmentation", "fragment-size", "ke-modp", "rekey-child", "rekey-ike")
@BOTH_KINDS
@EITHER_SIDE
def test_rekey_in_fragments(client, gateway, flow, lab, what, starter):
    """A rekey is in fragments both ways, and what follows on the new SA too. RFC 7383 2.4, RFC 7296 2.8"""
    large(lab)
    client.connect(gateway)
    with flow.udp(client, gateway, interval_ms=2) as traffic:
        traffic.wait_received(20)
        lab.side(starter).rekey(what)
        lab.settle()
        lab.side(starter).rekey("child")
        traffic.wait_more(20)
    lab.settle()
    assert (traffic.lost, traffic.duplicated) == (0, 0)
    lab.afterwards(in_fragments)


@topology("pair", relayed=("wire",))
@needs("fragmentation", "fragment-size", "ke-modp", "rekey-child", "rekey-ike")
@BOTH_KINDS
@EITHER_SIDE
def test_rekey_with_fragments_lost(client, gateway, flow, lab, what, starter):
    """One fragment of the request and one of the answer get lost, and both come again. RFC 7383 2.6.1"""
    large(lab, retransmission=QUICK, mobike=False)  # else what is asked twice is also asked along other paths
    client.connect(gateway)
    lab.agree()
    relay = lab.relay("wire")
    other = {"client": "gateway", "gateway": "client"}[starter]
    relay.drop(starter, "ike", 2, exchange=36, response=False)
    relay.drop(other, "ike", 1, exchange=36, response=True)
    with flow.udp(client, gateway, interval_ms=2) as traffic:
        traffic.wait_received(20)
        lab.side(starter).rekey(what)
        traffic.wait_more(20)
    lab.settle()
    assert (traffic.lost, traffic.duplicated) == (0, 0)
    lab.afterwards(in_fragments)


@topology("roaming", relayed="net")
@needs("fragmentation", "fragment-size", "ke-modp", "esp-in-udp", "rekey-child", client=("roam",))
def test_roam_with_half_a_request_out(client, gateway, flow, lab):
    """Half of a rekey has arrived when the client moves: all fragments come again from the new address, and the rekey
    and the move both end well. RFC 4555 3.5, RFC 7383 2.6"""
    large(lab, retransmission=QUICK)
    client.connect(gateway)
    lab.agree()
    lost = lab.relay("net").drop("router", "ike", 2, exchange=36)
    with flow.udp(client, gateway) as traffic:
        traffic.wait_received(20)
        client.rekey("child", wait=False)
        lost.wait_acted()
        client.roam("lte")
        traffic.wait_more(20)
    lab.settle()
    assert gateway.ike_sa().remote.address in LTE

    def from_both_addresses(trace):
        asked = [event for event in trace.fragments("client", again=True) if not event.message.header.response]
        assert {event.sent.src in LTE for event in asked if event.message.header.exchange == "CREATE_CHILD_SA"} == \
            {True, False}

    lab.afterwards(from_both_addresses)
