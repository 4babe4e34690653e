"""The reference over the kernel's ESP, in a guest: what only this data plane has to get right."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ikelab import topology
from ikelab.cleanup import build_directory
from ikelab.guest import pool as pools
from ikelab.peers import table
from ikelab.peers.contract import PeerNotRunning
from ikelab.peers.neutral import ChildSpec, DaemonSpec, PeerSpec, both_sides
from ikelab.peers.reference import Reference
from ikelab.peers.reference_xfrm import HOME, ReferenceInGuest, ReferenceOnHostKernel, missing_esp
from ikelab.topology.host import Host
from ikelab.traffic import Flow

KIND = table.kind("reference-xfrm")
REMEDY = "`ikelab peers build reference-xfrm`"

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="namespaces are made by root only"),
    pytest.mark.skipif(bool(KIND.available()), reason=f"reference-xfrm is not built: {REMEDY}"),
    pytest.mark.skipif(not (build_directory() / pools.AGENT).exists(), reason="run `make`"),
]


class World:
    """A guest at the client's, the reference with its TUN at the gateway's."""

    def __init__(self, tmp_path: Path, net: topology.Topology, child: ChildSpec) -> None:
        self.client_host, self.gateway_host = net.host("client"), net.host("gateway")
        spec = PeerSpec("gateway", "client", "gateway", "a key", children=(child,),
                        remote_addresses=(self.gateway_host.address(4),))
        near, far = both_sides(spec, local_addresses=())
        self.client = KIND.create(tmp_path / "client")
        self.gateway = Reference(tmp_path / "gateway")
        self.client.configure(DaemonSpec((near,)))
        self.gateway.configure(DaemonSpec((far,)))

    def start(self) -> None:
        self.gateway.start(self.gateway_host)
        self.client.start(self.client_host)

    def kernel(self, what: str) -> str:
        return self.client_host.run(["ip", "-s", "xfrm", what]).stdout


CHILD = ChildSpec("net", local_ts=("10.1.0.0/24",), remote_ts=("10.2.0.0/24",), start="traffic")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    guest = pools.Pool().take(table.GUEST_KERNEL.path, KIND.root().path)
    try:
        with topology.create("pair", guests={"client": guest}) as net:
            one = World(tmp_path, net, CHILD)
            try:
                yield one
            finally:
                one.client.kill()
                one.gateway.kill()
    finally:
        guest.close()


def spi(number: int) -> str:
    return f"spi 0x{number:08x}"


def test_sas_policies_and_counters_are_the_kernels(world: World) -> None:
    world.start()
    world.client.initiate()
    assert Flow().ping(world.client_host, world.gateway_host, count=5, outer=False).received == 5
    sa = world.client.child_sa()
    assert spi(sa.spi_in) in world.kernel("state") and spi(sa.spi_out) in world.kernel("policy")
    assert (sa.packets_in, sa.packets_out) == (5, 5) and sa.octets_out >= 5 * 84
    world.client.rekey("child")
    fresh = world.client.child_sa()
    assert spi(fresh.spi_out) in world.kernel("policy") and spi(sa.spi_out) not in world.kernel("policy")
    world.client.stop()
    assert world.kernel("state") == "" == world.kernel("policy")
    assert world.client_host.run(["cat", "/proc/sys/net/core/xfrm_larval_drop"]).stdout.strip() == "1"


def test_packets_that_wait_are_kept(world: World) -> None:
    """None is lost; in what order they come out is the kernel's (so the capability is declared missing)."""
    world.start()
    with Flow().udp(world.client_host, world.gateway_host, count=20, interval_ms=2) as traffic:
        traffic.wait_received(20)
    assert traffic.lost == 0 and traffic.duplicated == 0


def test_sas_outlive_the_daemon_and_the_next_start_takes_over(world: World) -> None:
    """While nobody is there the kernel carries on; what starts then leaves no moment without a policy."""
    world.start()
    world.client.initiate()
    old = world.client.child_sa()
    client, gateway = world.client_host, world.gateway_host
    world.client._process.kill()  # type: ignore[union-attr]
    assert Flow().ping(client, gateway, count=1, outer=False).received == 1
    world.client.kill()  # takes the SAs, as the contract has it
    assert "dst 10.2.0.0/24" in world.kernel("policy")
    assert Flow().ping(client, gateway, count=1, outer=False, deadline_s=0.2).received == 0
    world.client.start(client)
    assert spi(old.spi_out) not in world.kernel("policy")
    world.client.initiate()
    assert Flow().ping(client, gateway, count=1, outer=False).received == 1


def test_a_second_daemon_with_the_same_mark_is_refused(world: World) -> None:
    world.start()
    before = world.kernel("policy")
    done = world.client_host.run(["/bin/sh", "-c", f"cd {HOME} && sed 's/\"run.control.sock\"/\"other.sock\"/' ikeref.conf >two.conf"
                                  " && /mnt/ikeref --config two.conf"], check=False)
    assert done.returncode == 3 and re.search(r"another ikeref .* mark = 0x1ce .*\n", done.stderr)
    assert world.kernel("policy") == before


def test_cleanup_after_a_kill(world: World) -> None:
    world.start()
    world.client.initiate()
    world.client.kill()
    done = world.client_host.run(["/bin/sh", "-c", f"cd {HOME} && /mnt/ikeref --config ikeref.conf --cleanup"])
    assert re.search(r"removed \d+ things", done.stdout)
    assert world.kernel("state") == "" == world.kernel("policy")


def test_it_has_the_capabilities_it_does_not_lack() -> None:
    lacks = KIND.create(Path("/nonexistent")).missing()
    assert {"ecn", "acquire-keeps-packet"} <= set(lacks) and all(lacks.values())


def test_it_runs_in_a_guest_only(tmp_path: Path) -> None:
    with topology.create("pair") as net:
        peer = World(tmp_path, net, CHILD).client
        assert isinstance(peer, ReferenceInGuest)
        with pytest.raises(PeerNotRunning, match="in a guest only"):
            peer.start(net.host("client"))


@pytest.mark.skipif(not missing_esp(), reason="this machine's kernel has ESP")
def test_a_kernel_without_esp_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What reference-xfrm-host meets on such a machine; and nothing is left of the attempt."""
    with topology.create("pair") as net:
        host: Host = net.host("client")
        peer = ReferenceOnHostKernel(tmp_path / "peer")
        peer.configure(DaemonSpec((PeerSpec("p", "a", "b", "c", children=(CHILD,)),)))
        monkeypatch.setattr(ReferenceOnHostKernel, "missing_program", staticmethod(Reference.missing_program))
        before = host.footprint()
        started = time.monotonic()
        with pytest.raises(PeerNotRunning, match=r'this kernel has no ESP; use data-plane = "tun"|lacks|xfrm_user'):
            peer.start(host)
        assert time.monotonic() - started < 10 and host.footprint() == before
