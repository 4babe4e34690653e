"""Paths that do not take every packet, and IKE messages that have to pass (RFC 7383 1, 2.5.2)."""

import pytest

from ikelab.peers.contract import PeerError
from ikelab.scenario import Retransmission, needs, topology

QUICK = Retransmission(timeout_ms=100, backoff=1.2, tries=10)
LONG = 200 * "a"  # makes identities, and so IKE_AUTH, long


def large(lab, **changes):
    many = ("aes256gcm16", "aes256-aes192-sha256-sha384-sha512", "aes128gcm16", "aes128-sha256-sha384-sha512")
    lab.configure(local_id=f"{LONG}.client", remote_id=f"{LONG}.gateway", child={"proposals": many}, **changes)


def narrow(*sides, mtu):
    for side in sides:
        side.host.ip(f"link set wire mtu {mtu}")


def is_up(lab, flow, client, gateway):
    lab.agree()
    assert flow.ping(client, gateway).lost == 0


@topology("pair", relayed=("wire",))
@needs("fragmentation", "fragment-size")
def test_no_ip_fragments(client, gateway, flow, lab):
    """The path loses what IP has cut, as many firewalls do: IKE's own fragments pass. RFC 7383 1"""
    large(lab, fragment_size=576)
    gateway.configure(fragment_size=300)
    narrow(client, gateway, mtu=600)
    lab.relay("wire").drop(None, "ip", last=None, fragment=True)
    client.connect(gateway)
    is_up(lab, flow, client, gateway)
    lab.afterwards(lambda trace: all_within(trace, 576))


@topology("pair", relayed=("wire",))
@needs("fragmentation")
def test_no_ip_fragments_and_none_of_ike(client, gateway, lab):
    """The same path with sides that leave it to IP: IKE_AUTH never arrives. RFC 7383 1"""
    large(lab, fragmentation=False)
    narrow(client, gateway, mtu=600)
    lab.relay("wire").drop(None, "ip", last=None, fragment=True)
    with pytest.raises(PeerError):
        client.connect(gateway, deadline_s=3)

    def cut_by_ip(trace):
        asked = trace.exchanges("IKE_AUTH")
        assert asked and all(event.lost for event in asked)

    lab.afterwards(cut_by_ip)


@topology("pair", relayed=("wire",))
@needs("fragmentation", client=("fragment-size", "fragment-search"))
def test_large_packets_get_lost(client, gateway, flow, lab):
    """The path loses packets over 600 octets and says nothing: what went whole comes again in fragments that pass, and
    what follows begins with them. RFC 7383 2.5.2"""
    large(lab, certificate=None, retransmission=QUICK)  # the sizes below are those with a shared key
    client.configure(fragment_size=1280)
    gateway.start()
    lab.relay("wire").drop(None, "ip", last=None, larger=600)
    client.connect(gateway)
    is_up(lab, flow, client, gateway)

    def smaller_in_the_end(trace):
        sizes = [event.sent.length for event in trace.events if event.source == "client" and event.message
                 and event.message.header.exchange == "IKE_AUTH"]
        assert sizes[0] > 600 and sizes.count(sizes[0]) >= 3  # several tries, and then smaller
        pieces = trace.fragments("client", again=True)
        assert pieces and all(event.sent.length <= 576 for event in pieces)
        all_within(trace, 576, "gateway")  # as the request was, so is the answer (2.5.1)

    lab.afterwards(smaller_in_the_end)


@topology("pair", relayed=("wire",))
@needs("fragmentation", client=("fragment-size", "fragment-search"))
def test_a_second_search(client, gateway, flow, lab):
    """Fragments of one size do not pass either: the message is cut anew, into more of them, and the gateway mixes
    nothing up although it has pieces of the first cut. RFC 7383 2.5.2, 2.6"""
    large(lab, certificate=None, retransmission=QUICK)  # the sizes below are those with a shared key
    client.configure(fragment_size=700)
    gateway.start()
    lab.relay("wire").drop("client", "ip", last=None, larger=600)
    client.connect(gateway)
    is_up(lab, flow, client, gateway)

    def totals_grow(trace):
        totals = [event.message.fragment.total for event in trace.fragments("client", again=True)]
        assert totals == sorted(totals) and len(set(totals)) == 2
        # the last fragment of the first cut is small enough to arrive
        assert any(not event.lost for event in trace.fragments("client") if event.message.fragment.total == totals[0])

    lab.afterwards(totals_grow)


@topology("roaming")
@needs("fragmentation", "fragment-size")
def test_a_router_says_too_big(client, gateway, flow, lab):
    """A link in the middle takes 1280 octets and its router says so: IKE's fragments are of that size. RFC 7383 2.5.1"""
    large(lab, fragment_size=1280)
    for host in ("router", "gateway"):
        lab.host(host).ip("link set net mtu 1280")
    client.connect(gateway)
    is_up(lab, flow, client, gateway)
    lab.afterwards(lambda trace: all_within(trace, 1280))


def all_within(trace, size, host=""):
    for event in trace.events:
        if event.message is not None and host in ("", event.source):
            assert event.sent.length <= size, f"{event.title} in {event.sent.length} octets"
