"""What a Child SA is for: narrowing, several selectors, several Child SAs, and nothing in common."""

import pytest
from ikelab.scenario import ChildSpec, PayloadType, PeerError, needs, topology


@topology("pair")
@needs(gateway=("narrowing",))
def test_responder_narrows(client, gateway, flow, lab):
    """The responder makes the selectors as narrow as its own policy. RFC 7296 2.9"""
    client.configure(child={"remote_ts": ("10.2.0.0/16",)})
    client.connect(gateway)
    lab.agree()
    assert client.child_sa().remote_ts == ("10.2.0.0/24",)
    assert flow.ping(client, gateway).lost == 0

    def narrowed(trace):
        assert trace.requests("IKE_AUTH")[0].selectors(PayloadType.TSr)[-1] == "10.2.0.0/16"
        assert trace.responses("IKE_AUTH")[0].selectors(PayloadType.TSr) == ["10.2.0.0/24"]

    lab.afterwards(narrowed)


@topology("pair")
@needs(gateway=("narrowing",))
def test_both_ends_are_narrowed(client, gateway, flow, lab):
    """Where each side's policy is wider on its own end, what both want is left. RFC 7296 2.9"""
    client.configure(child={"local_ts": ("10.1.0.0/16",), "remote_ts": ("10.2.0.0/25",)})
    gateway.configure(child={"remote_ts": ("10.1.0.0/25",), "local_ts": ("10.2.0.0/16",)})
    client.connect(gateway)
    lab.agree()
    assert client.child_sa().local_ts == ("10.1.0.0/25",)
    assert client.child_sa().remote_ts == ("10.2.0.0/25",)
    assert flow.ping(client, gateway).lost == 0


@topology("pair")
def test_several_selectors(client, gateway, flow, lab):
    """One Child SA has several selectors on either side, and carries traffic of each. RFC 7296 3.13"""
    here = ("10.1.0.0/25", "10.1.0.128/25", "fd00:1::/65")
    there = ("10.2.0.0/28", "10.2.0.64/26", "fd00:2::/64")
    client.host.ip("addr add 10.1.0.129 dev inside")
    gateway.host.ip("addr add 10.2.0.65 dev inside")
    lab.configure(child={"local_ts": here, "remote_ts": there})
    client.connect(gateway)
    lab.agree()
    assert set(client.child_sa().local_ts) == set(here)
    assert set(gateway.child_sa().local_ts) == set(there)
    pairs = [(a, b) for a in ("10.1.0.1", "10.1.0.129") for b in ("10.2.0.1", "10.2.0.65")]
    for pair in (*pairs, ("fd00:1::1", "fd00:2::1")):
        assert flow.datagram(client, gateway, between=pair), f"{pair[0]} > {pair[1]} was lost"
        assert flow.datagram(gateway, client, between=pair[::-1]), f"{pair[1]} > {pair[0]} was lost"


@topology("pair")
@needs("several-children")
def test_several_child_sas(client, gateway, flow, lab):
    """Each policy has a Child SA of its own under the one IKE SA; deleting one leaves the other. RFC 7296 1.3.1"""
    lab.configure(children=(ChildSpec("four", local_ts=("10.1.0.0/24",), remote_ts=("10.2.0.0/24",)),
                            ChildSpec("six", local_ts=("fd00:1::/64",), remote_ts=("fd00:2::/64",))))
    client.connect(gateway, "four")
    client.initiate("six")
    for name, family in (("four", 4), ("six", 6)):
        lab.agree(name)
        assert flow.ping(client, gateway, family=family).lost == 0
    client.delete("child", "four")
    gateway.wait_for(lambda status: not status.installed("four"), "the end of one Child SA")
    lab.agree("six")
    assert flow.ping(client, gateway, family=6).lost == 0

    def one_ike_sa(trace):
        assert len(trace.requests("IKE_SA_INIT")) == 1 and len(trace.requests("CREATE_CHILD_SA")) == 1
        carried = {one.spi: ":" in one.inner.src for one in trace.esp}
        assert len(carried) == 4 and sum(carried.values()) == 2

    lab.afterwards(one_ike_sa)


@topology("pair")
def test_no_common_selectors(client, gateway, lab):
    """Policies without a common address: TS_UNACCEPTABLE, though each is who it is. RFC 7296 2.9"""
    client.configure(child={"remote_ts": ("10.9.0.0/24",)})
    gateway.start()
    client.start()
    with pytest.raises(PeerError):
        client.initiate()
    for side in (client, gateway):
        side.wait_for(lambda status: not status.child_sas, "no Child SA")

    def refused(trace):
        answer = trace.responses("IKE_AUTH")[0]
        assert "TS_UNACCEPTABLE" in answer.notifies() and answer.first(PayloadType.AUTH)
        assert not any("AUTHENTICATION_FAILED" in message.notifies() for message in trace.messages)
        assert trace.cost.esp_packets == 0

    lab.afterwards(refused)
