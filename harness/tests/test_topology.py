"""Layouts: reachability, what a NAT hides, roaming, rebinding, and that nothing stays behind."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ikelab import process, topology
from ikelab.process import ProcessError
from ikelab.topology import LAYOUTS, plan

NETNS = Path("/run/netns")


def udp(host, address: str, port: int = 0) -> socket.socket:
    def make() -> socket.socket:
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                             socket.SOCK_DGRAM)
        sock.settimeout(2)
        sock.bind((address, port))
        return sock
    return host.call(make)


def arrives(sock: socket.socket) -> bool:
    """For what must not arrive: the same link has carried something later, so this is no race."""
    sock.setblocking(False)
    try:
        sock.recv(100)
        return True
    except BlockingIOError:
        return False
    finally:
        sock.settimeout(2)


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_client_reaches_gateway_by_udp_500_and_gets_an_answer(make_world, layout, family):
    world = make_world(layout)
    client, gateway = world.host("client"), world.host("gateway")
    with udp(gateway, gateway.address(family), 500) as far, \
            udp(client, client.address(family), 500) as near:
        near.sendto(b"question", (gateway.reachable_address(family), 500))
        question, seen = far.recvfrom(100)
        far.sendto(b"answer", seen)
        assert (question, near.recv(100)) == (b"question", b"answer")
        natted = layout in ("behind_nat", "double_nat", "both_nated", "two_clients") or \
            (layout == "roaming" and family == 4)
        assert (seen[0] != client.address(family)) == natted
        assert (seen[1] != 500) == natted


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_hosts_say_where_they_are(make_world, layout):
    world = make_world(layout)
    for name in ("client", "gateway"):
        host = world.host(name)
        families = [plan.family_of(a) for a in host.addresses]
        assert families == ([4, 4, 6] if (layout, name) == ("flooded", "gateway") else [4, 6])
        assert [plan.family_of(a) for a in host.inside] == [4, 6]
        assert len(host.protected) == 2
        assert set(host.links) <= set(world.links)
    for link in world.links.values():
        assert [point.netns in world.namespaces for point in link.capture_points] == [True]


def test_a_protected_packet_could_leak(make_world, flow):
    """Without IPsec the protected nets reach each other in the clear: a leak would be seen."""
    world = make_world("pair")
    assert flow.ping(world.host("client"), world.host("gateway"), count=1).received == 1
    world = make_world("gateways")
    assert flow.ping(world.host("alice"), world.host("bob"), count=1, family=6).received == 1


def test_nat_lets_nothing_in_unasked(make_world):
    world = make_world("behind_nat")
    client, gateway = world.host("client"), world.host("gateway")
    world.host("gateway").ip("route add 192.168.1.0/24 via 192.0.2.1")
    with udp(gateway, gateway.address(), 500) as far, udp(client, client.address(), 500) as near:
        far.sendto(b"unasked", (client.address(), 500))
        near.sendto(b"question", (gateway.address(), 500))
        _, seen = far.recvfrom(100)
        far.sendto(b"answer", seen)
        assert near.recv(100) == b"answer"
        assert not arrives(near)


def test_rebind_changes_the_mapping_and_forgets_the_old_one(make_world):
    world = make_world("behind_nat")
    client, gateway = world.host("client"), world.host("gateway")
    with udp(gateway, gateway.address(), 4500) as far, udp(client, client.address(), 4500) as near:
        ports = []
        for _ in range(4):
            near.sendto(b"x", (gateway.address(), 4500))
            ports.append(far.recvfrom(100)[1][1])
            world.nat().rebind()
            far.sendto(b"to the old mapping", ("192.0.2.1", ports[-1]))
        assert len({port // 10000 for port in ports[:3]}) == 3
        near.sendto(b"x", (gateway.address(), 4500))
        far.sendto(b"answer", far.recvfrom(100)[1])
        assert near.recv(100) == b"answer"
        assert not arrives(near)


def test_rebind_keeps_a_port_forward(make_world):
    world = make_world("both_nated")
    client, gateway = world.host("client"), world.host("gateway")
    with udp(gateway, gateway.address(), 4500) as far, udp(client, client.address(), 4500) as near:
        for _ in range(2):
            near.sendto(b"x", (gateway.reachable_address(), 4500))
            far.sendto(b"answer", far.recvfrom(100)[1])
            answer, sender = near.recvfrom(100)
            assert (answer, sender) == (b"answer", (gateway.reachable_address(), 4500))
            world.nat("far_nat").rebind()


def test_mapping_timeout(make_world):
    world = make_world("behind_nat")
    world.nat().mapping_timeout(1)
    client, gateway = world.host("client"), world.host("gateway")
    with udp(gateway, gateway.address(), 4500) as far, udp(client, client.address(), 4500) as near:
        near.sendto(b"x", (gateway.address(), 4500))
        far.recv(100)
        assert any("sport=4500" in line for line in world.nat().mappings())
        process.await_that(lambda: not any("sport=4500" in m for m in world.nat().mappings()),
                           "the end of an idle mapping", deadline_s=5)


def test_roaming_moves_addresses_carrier_and_route(make_world, flow):
    world = make_world("roaming")
    client, gateway = world.host("client"), world.host("gateway")

    def kernel_addresses() -> set[str]:
        words = client.run(["ip", "-o", "addr", "show", "scope", "global"]).stdout.split()
        return {w.split("/")[0] for w in words if "/" in w} - set(client.inside)

    assert world.uplinks == ["wifi"]
    steps = [(("lte",), (4, 6)), (("wifi",), (6,)), (("wifi",), (4,)), (("lte", "wifi"), (4, 6)),
             (("wifi", "lte"), (4, 6)), (("wifi",), (4, 6)), (("wifi",), (6,)), ((), (4, 6)), (("lte",), (6,)), (("lte",), (4, 6))]
    for names, families in steps:
        world.uplink(*names, families=families)
        assert kernel_addresses() == set(client.addresses)
        assert len(client.addresses) == len(names) * len(families)
        for family in (4, 6):
            if names and family in families:
                assert flow.ping(client, gateway, count=1, family=family, outer=True).received == 1
                route = client.run(["ip", "route", "get", gateway.address(family)]).stdout
                assert f"dev {names[0]} " in route
            else:
                assert client.run(["ip", "route", "get", gateway.address(family)],
                                  check=False).returncode != 0


def test_both_uplinks_answer_by_the_way_they_were_asked(make_world):
    """The second uplink's address works too: its packets leave by its own link."""
    world = make_world("roaming")
    client, gateway = world.host("client"), world.host("gateway")
    world.uplink("lte", "wifi")
    with udp(gateway, gateway.address(), 4500) as far:
        seen = {}
        for address in ("203.0.113.2", "192.168.1.2"):
            with udp(client, address, 4500) as near:
                near.sendto(b"x", (gateway.address(), 4500))
                seen[address] = far.recvfrom(100)[1][0]
    assert seen == {"203.0.113.2": "203.0.113.2", "192.168.1.2": "198.51.100.2"}


def test_unknown_uplink_is_an_error_with_the_names_there_are(make_world):
    with pytest.raises(ProcessError, match="wifi, lte"):
        make_world("roaming").uplink("5g")


def test_close_leaves_nothing(tmp_path):
    world = topology.create("behind_nat", relayed="all")
    names, scratch = list(world.namespaces), world.scratch
    child = world.host("client").popen(["sleep", "1000"])
    stray = world.host("nat").run(["sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $!"])
    assert all((NETNS / name).exists() for name in names) and scratch.exists()
    world.close()
    assert not any((NETNS / name).exists() for name in names)
    assert not scratch.exists()
    assert child.returncode == -9
    process.await_that(lambda: not _lives(int(stray.stdout)), "the end of a stray process")
    world.close()


def _lives(pid: int) -> bool:
    from ikelab import cleanup
    return cleanup.start_time(pid) is not None


def test_failure_while_building_leaves_nothing(monkeypatch):
    from ikelab.topology import nat

    def broken(self):
        raise ProcessError("no nft")
    monkeypatch.setattr(nat.Nat, "install", broken)
    before = set(os.listdir(NETNS))
    own = f"ikl{os.getpid():x}x"
    with pytest.raises(ProcessError, match="no nft"):
        topology.create("behind_nat")
    assert not [n for n in set(os.listdir(NETNS)) - before if n.startswith(own)]


@pytest.mark.parametrize("options, words", [
    ({"layout": "ring"}, "there is no layout ring; there are: pair"),
    ({"layout": "pair", "relayed": ("lte",)}, "pair has no link lte; it has: wire")])
def test_what_is_not_there_is_named(options, words):
    with pytest.raises(ProcessError, match=words):
        topology.create(**options)


def test_checksums_are_whole_on_the_wire(make_world):
    """Offloads are off, so a capture can be judged by its checksums."""
    world = make_world("pair")
    client = world.host("client")

    def transmit_checksum_offload() -> int:
        import array
        import fcntl
        import struct

        value = array.array("B", struct.pack("II", 0x16, 1))
        with socket.socket() as sock:
            fcntl.ioctl(sock, 0x8946, b"wire".ljust(16, b"\0")
                        + struct.pack("P", value.buffer_info()[0]))
        return struct.unpack("II", value)[1]

    assert client.call(transmit_checksum_offload) == 0


def test_nobody_sends_an_error_for_what_never_became_whole(make_world):
    """Half a datagram of one test would have its receiver send something in the middle of another."""
    for host in make_world("pair").hosts.values():
        assert host.call(lambda: [int(Path("/proc/sys/net", name).read_text()) for name in ("ipv4/ipfrag_time", "ipv6/ip6frag_time")]
                         ) == [3600, 3600]


def test_build_time_is_told(make_world, capsys):
    """No bar here, only the figure: pair is to stay under 60 ms, roaming under 150."""
    for layout in ("pair", "roaming"):
        print(f"{layout} built in {make_world(layout).build_ms:.0f} ms")
    assert "built in" in capsys.readouterr().out
