"""A packet that belongs to a policy never leaves in the clear, whatever the state of the SAs. RFC 4301 5.1

Every scenario of the lab is judged by this, from the captures of all outer links. Here are the moments at
which others leak. All default routes lead to the other side, so a packet that is not held back is seen.
"""

import pytest
from ikelab.scenario import Lifetime, PeerError, Retransmission, each, needs, topology

QUICK = Retransmission(timeout_ms=50, backoff=1.2, tries=3)
PATIENT = Retransmission(timeout_ms=200, backoff=1.5, tries=4)  # enough for an answer that a guest is slow to give
LAYOUTS = ("pair", "behind_nat", "gateways", "roaming")


def what_arrives(flow, near, far, family=4):
    """Of datagrams small and large, a ping and a TCP SYN, one after the other; the captures show what left."""
    for octets in (64, 3000):
        if flow.datagram(near, far, octets=octets, family=family, deadline_s=0.05) is not None:
            yield f"{octets} octets"
    if flow.ping(near, far, count=1, family=family, deadline_s=0.05).received > 0:
        yield "ping"
    if flow.reaches(near, far, family=family, deadline_s=0.05):
        yield "TCP"


def tries_everything(flow, near, far, family=4):
    """Nothing may arrive."""
    assert list(what_arrives(flow, near, far, family)) == []


def tries_without(client, ended, flow, near, far):
    """Nothing may arrive but through a Child SA that is not that one: some make another at once, which is as good."""
    def others():
        return {sa.spi_in for sa in client.status().installed()} - {ended}

    before = others()
    for arrived in what_arrives(flow, near, far):
        now = others()
        assert before | now, f"{arrived} without a Child SA"
        before = now


def ends(lab):
    """Who talks: hosts behind the gateways where there are some."""
    hosts = lab.topology.hosts
    return (hosts["alice"], hosts["bob"]) if "alice" in hosts else (hosts["client"], hosts["gateway"])


@pytest.mark.parametrize("layout", [pytest.param(one, marks=topology(one), id=one) for one in LAYOUTS])
@needs(client=("fail-closed",))
def test_before_the_sa_is_up(client, gateway, flow, lab, layout):
    """From the moment a policy exists nothing leaves, though no IKE message was ever sent. RFC 4301 5.1"""
    lab.configure(inner=(4, 6))
    client.start()
    for family in (4, 6):
        tries_everything(flow, *ends(lab), family)
    gateway.start()
    client.initiate()
    lab.agree()
    assert flow.datagram(*ends(lab))


@topology("pair", relayed="wire")
@needs(client=("fail-closed", "acquire", "retransmission-times"))
def test_while_nobody_answers(client, gateway, flow, lab):
    """While IKE is retransmitted, and when it has given up. RFC 7296 2.1, RFC 4301 5.1"""
    client.configure(retransmission=QUICK, child={"start": "traffic"})
    gateway.start()
    client.start()
    lab.relay("wire").drop(None, "ike", 1, None)
    with flow.udp(client, gateway, interval_ms=2) as traffic:
        client.wait_for_event("child-sa-failed")
        assert traffic.received == 0


@topology("pair", relayed="wire")
@needs(client=("fail-closed", "acquire"))
def test_while_it_is_refused(client, gateway, flow, lab):
    """While the peer refuses every attempt that the packets start. RFC 7296 2.21.2, RFC 4301 5.1"""
    lab.relay("wire").impair(delay_ms=50)  # some tell of an attempt only while it lasts
    client.configure(child={"start": "traffic"})
    gateway.configure(psk="quite another key")
    gateway.start()
    client.start()
    with flow.udp(client, gateway, interval_ms=1) as traffic:
        client.wait_for_event("child-sa-failed")
        assert traffic.received == 0


@pytest.mark.parametrize("layout", [pytest.param(one, marks=topology(one), id=one) for one in LAYOUTS])
@each("what", "child", "ike")
@needs(client=("fail-closed",))
def test_after_delete(client, gateway, flow, lab, layout, what):
    """When the SAs were deleted, the policy stays; some make new ones for it. RFC 7296 1.4.1, RFC 4301 5.1"""
    client.connect(gateway)
    lab.agree()
    assert flow.datagram(*ends(lab))
    ended = client.child_sa().spi_in
    client.delete(what)
    tries_without(client, ended, flow, *ends(lab))


@topology("pair")
@needs(client=("fail-closed",))
def test_while_deleted_under_load(client, gateway, flow, lab):
    """While SAs end and come again under a flow. RFC 7296 1.4.1, RFC 4301 5.1"""
    client.connect(gateway)
    with flow.udp(client, gateway, interval_ms=1) as traffic:
        for _ in range(3):
            traffic.wait_more(10)
            client.delete("ike")
            client.initiate()
        traffic.wait_more(10)


@topology("pair")
@needs(client=("fail-closed", "liveness"))
def test_when_the_peer_has_died(client, gateway, flow, lab):
    """The peer dies without a word; its death is found out; packets still do not leave. RFC 7296 2.4"""
    client.configure(retransmission=PATIENT, liveness_ms=200)
    client.connect(gateway)
    gateway.kill()
    with flow.udp(client, gateway, interval_ms=2):
        client.wait_for(lambda status: not status.ike_sas, "the end of the IKE SA")
    tries_everything(flow, client, gateway)


@topology("pair")
@needs(client=("fail-closed",))
def test_when_its_time_is_over(client, gateway, flow, lab):
    """A hard lifetime that no rekey came before ends the Child SA and not the policy. RFC 4301 4.4.2.1"""
    lab.configure(child={"lifetime": Lifetime(hard_octets=2000)})
    client.connect(gateway)
    first = client.child_sa().spi_in
    with flow.udp(client, gateway, interval_ms=1, octets=200) as traffic:
        # Some make another Child SA at once, which is as good.
        client.wait_for(lambda status: first not in {sa.spi_in for sa in status.installed()}, "the end of the Child SA")
        traffic.wait_sent_more(20)
    tries_without(client, first, flow, client, gateway)


@pytest.mark.parametrize("layout", [pytest.param(one, marks=topology(one), id=one) for one in LAYOUTS])
@needs(client=("fail-closed",))
def test_when_the_daemon_is_killed(client, gateway, flow, lab, layout):
    """SIGKILL leaves nobody to seal packets, and nobody to let them out. RFC 4301 5.1"""
    gateway.configure(retransmission=QUICK)  # its Delete at the end will not be answered
    client.connect(gateway)
    near, far = ends(lab)
    with flow.udp(near, far, interval_ms=1) as traffic:
        traffic.wait_received(10)
        client.kill()
    tries_everything(flow, near, far)


@topology("pair")
@needs(client=("fail-closed",))
def test_when_the_daemon_starts_again(client, gateway, flow, lab):
    """Between the end of a killed daemon and the first SA of the next, nothing leaves. RFC 4301 5.1"""
    client.connect(gateway)
    with flow.udp(client, gateway, interval_ms=0.5) as traffic:
        client.kill()
        client.restart()
        client.initiate()
        traffic.wait_more(10)


@topology("roaming")
@needs("esp-in-udp", client=("fail-closed", "roam"))
def test_while_roaming(client, gateway, flow, lab):
    """On Wi-Fi, on nothing at all, on LTE and back: the flow's packets go through the SA or nowhere. RFC 4555 3.5"""
    client.connect(gateway)
    with flow.udp(client, gateway, interval_ms=1) as traffic:
        traffic.wait_received(10)
        client.move()
        client.roam("lte")
        traffic.wait_more(10)
        client.roam("wifi")
        traffic.wait_more(10)


@topology("pair")
@needs(client=("fail-closed",))
def test_clear_packets_are_not_accepted(client, gateway, flow, lab):
    """What a policy protects is not taken from the wire in the clear either. RFC 4301 5.2"""
    client.connect(gateway)
    gateway.stop()  # its policy goes with it, so what it sends from now on is in the clear
    for octets in (64, 3000):
        assert flow.datagram(gateway, client, octets=octets, deadline_s=0.1) is None


@topology("pair")
def test_orderly_stop_takes_the_policy_away(client, gateway, flow, lab):
    """Who ends the daemons in good order has packets in the clear again: what others would have leaked is seen."""
    client.connect(gateway)
    client.stop()
    gateway.stop()
    assert flow.datagram(client, gateway)
