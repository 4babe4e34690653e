"""Real daemons in namespaces: each peer starts, answers, connects with itself, and lacks what it says it lacks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ikelab import topology
from ikelab.peers import strongswan_probe, table
from ikelab.peers.contract import Peer, PeerError, PeerNotRunning
from ikelab.peers.neutral import ChildSpec, DaemonSpec, PeerSpec, Retransmission, both_sides

STRONGSWANS = [line.name for line in table.TABLE if line.adapter.__name__ == "StrongSwan" and line.by_default]
NAMES = [line.name for line in table.TABLE if line.by_default]  # of the others, test_guest.py tells

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces are made by root only")


def kind(name: str) -> table.PeerKind:
    line = table.kind(name)
    if missing := line.available():
        pytest.skip(missing)
    return line


def specs(net: topology.Topology, psk: str = "secret") -> tuple[PeerSpec, PeerSpec]:
    client, gateway = net.host("client"), net.host("gateway")
    child = ChildSpec(local_ts=tuple(client.protected), remote_ts=tuple(gateway.protected))
    spec = PeerSpec("gateway", "client.example", "gateway.example", "secret",
                    remote_addresses=(gateway.address(4),), children=(child,),
                    retransmission=Retransmission(300, 1.5, 4))
    return both_sides(spec, local_addresses=(), psk=psk)


@contextmanager
def running(net: topology.Topology, initiator: str, responder: str, psk: str = "secret") -> Iterator[tuple[Peer, Peer]]:
    client = kind(initiator).create(net.directory / "client")
    gateway = kind(responder).create(net.directory / "gateway")
    ours, theirs = specs(net, psk)
    client.configure(DaemonSpec((ours,)))
    gateway.configure(DaemonSpec((theirs,)))
    try:
        gateway.start(net.host("gateway"))
        client.start(net.host("client"))
        yield client, gateway
    finally:
        client.stop()
        gateway.stop()


@pytest.mark.parametrize("name", STRONGSWANS)
def test_starts_and_answers(name: str, tmp_path: Path) -> None:
    line = kind(name)
    with topology.create("pair") as net:
        peer = line.create(tmp_path)
        peer.configure(DaemonSpec(specs(net)[:1]))
        assert not peer.running()
        peer.start(net.host("client"))
        assert peer.running() and not peer.status().ike_sas
        assert peer.version().startswith(name.removeprefix("strongswan-"))
        peer.stop()
        assert not peer.running()
        with pytest.raises(PeerNotRunning):
            peer.status()


@pytest.mark.parametrize("responder", NAMES)
@pytest.mark.parametrize("initiator", NAMES)
def test_life_of_a_child_sa(initiator: str, responder: str) -> None:
    with topology.create("pair") as net, running(net, initiator, responder) as (client, gateway):
        client.initiate()
        first = client.child_sa()
        assert first.agreement() == gateway.child_sa().mirrored()
        net.host("client").run(["ping", "-c1", "-W2", "-I", net.host("client").inside[0], net.host("gateway").inside[0]])
        for peer in (client, gateway):  # charon may count a packet after it has sent it
            peer.wait_for(lambda status: [(sa.packets_in, sa.packets_out) for sa in status.installed()] == [(1, 1)])
        client.rekey("child")
        assert client.child_sa().spi_in != first.spi_in
        before = gateway.ike_sa().spis
        gateway.rekey("ike", peer="client")
        client.wait_for(lambda status: [sa.spis for sa in status.ike_sas] == [gateway.ike_sa().spis])
        assert client.ike_sa().spis != before
        client.delete("ike")
        gateway.wait_for(lambda status: not status.ike_sas, "the end of the IKE SA")
        for name in ("ike-sa-up", "child-sa-up", "ike-sa-rekeyed", "ike-sa-down"):
            client.wait_for_event(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_key_is_refused_by_name(name: str) -> None:
    with topology.create("pair") as net, running(net, name, name, psk="other") as (client, _):
        with pytest.raises(PeerError) as refused:
            client.initiate()
        assert refused.value.error == "AUTHENTICATION_FAILED"


@pytest.mark.parametrize("name", NAMES)
def test_roams(name: str) -> None:
    """To the reference: two charons of 6.0.1 that leave a NAT both rekey their Child SA, as libipsec cannot change
    its encapsulation, and about one in fifty of these collisions ends in NO_CHILD_SA and a charon that spins."""
    with topology.create("roaming") as net, running(net, name, "reference") as (client, _):
        client.initiate()
        before = client.ike_sa().local.address
        net.uplink("lte")
        client.roam()
        assert client.ike_sa().local.address != before
        assert client.ike_sa().local.address in net.host("client").addresses
        # Some answer: the gateway may still be about to replace its Child SA.
        net.host("client").run(["ping", "-c20", "-i0.02", "-W2", "-I", net.host("client").inside[0], net.host("gateway").inside[0]])


@pytest.mark.parametrize("name", NAMES)
def test_killed_and_started_again(name: str) -> None:
    with topology.create("pair") as net, running(net, name, name) as (client, gateway):
        client.initiate()
        client.kill()
        assert not client.running()
        client.start(net.host("client"))
        assert not client.status().ike_sas
        client.initiate()
        gateway.wait_for(lambda status: len(status.ike_sas) == 1, "INITIAL_CONTACT clears the old IKE SA")


@pytest.mark.parametrize("name", STRONGSWANS)
@pytest.mark.parametrize("lack", sorted(strongswan_probe.PROBES))
def test_declared_lacks_are_real_and_nothing_else_is_lacking(name: str, lack: str) -> None:
    line = kind(name)
    seen = strongswan_probe.PROBES[lack](line.create)  # type: ignore[arg-type]
    with topology.create("pair") as net:
        declared = lack in line.create(net.directory).missing()
    assert seen.real == declared, seen.evidence
