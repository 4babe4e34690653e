"""Guests: what they do for a host, how they end, and that the next scenario finds them as new."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ikelab import topology
from ikelab.cleanup import NETNS_DIRECTORY, build_directory
from ikelab.guest import netlink
from ikelab.guest import pool as pools
from ikelab.guest.machine import Guest, GuestDead, modules_directory
from ikelab.peers import table, xfrm
from ikelab.peers.neutral import DaemonSpec, PeerSpec, both_sides
from ikelab.process import ProcessError
from ikelab.stage.judge import play
from ikelab.stage.lab import Lab, Play
from ikelab.traffic import Flow, TrafficError
from ikelab.verdict import Verdict

GUEST_KINDS = [kind for kind in table.TABLE if kind.tier == "uml-kernel"]
ready = [kind for kind in GUEST_KINDS if not kind.available()]

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="namespaces are made by root only"),
    pytest.mark.skipif(not ready, reason="no peer that runs in a guest is built: `ikelab peers build libreswan-5.2`"),
    pytest.mark.skipif(not (build_directory() / pools.AGENT).exists(), reason="run `make`"),
]


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[pools.Pool]:
    own = pools.Pool()
    monkeypatch.setattr(pools, "pool", lambda: own)
    monkeypatch.setattr("ikelab.stage.lab.pool", lambda: own)
    yield own
    own.close()


@pytest.fixture
def guest(pool: pools.Pool) -> Iterator[Guest]:
    one = pool.take(table.GUEST_KERNEL.path, ready[0].root().path)
    yield one
    one.close()


def test_commands_have_output_status_and_deadlines(guest: Guest) -> None:
    done = guest.run(["sh", "-c", "cat; echo there >&2; exit 3"], input="here", check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("here", "there\n", 3)
    with pytest.raises(ProcessError, match="status 3"):
        guest.run(["sh", "-c", "exit 3"])
    with pytest.raises(ProcessError, match="did not end within"):
        guest.run(["sleep", "60"], timeout=0.2)
    assert guest.run(["no-such-program"], check=False).returncode == 127
    assert len(guest.run(["head", "-c", "300000", "/dev/zero"]).stdout) == 300000
    assert guest.running


def test_programs_stream_their_output_and_are_killed(guest: Guest, tmp_path: Path) -> None:
    child = guest.popen(["sh", "-c", "echo ready; exec sleep 60"], name="sleeper", log=tmp_path / "log")
    end = time.monotonic() + 5
    while "ready" not in child.output() and time.monotonic() < end:
        time.sleep(0.01)
    assert child.running and child.output() == "ready\n"
    assert child.kill() == -signal.SIGKILL and not child.running


def test_errands(guest: Guest) -> None:
    """What the agent does without a program: files, settings, waiting, netlink."""
    guest.write("/run/log", "first\n" + 40_000 * "x")
    assert guest.read("/run/log", 6) == 40_000 * b"x" and guest.read("/run/log", 99_999) == b"" == guest.read("/run/none")
    assert guest.await_text("/run/log", "first") and not guest.await_text("/run/log", "first", 0.05, offset=1)
    assert guest.await_text("/run/log", offset=40_005) and not guest.await_text("/run/log", "", 0.05, offset=40_006)
    started = time.monotonic()
    guest.popen(["sh", "-c", "sleep 0.3; echo second >>/run/log"], name="writer", log=guest.directory / "log")
    assert guest.await_text("/run/log", "xsecond", 5) and time.monotonic() - started > 0.1
    assert not guest.await_text("/run/none", deadline_s=0) and guest.await_text("/dev/null", deadline_s=0)
    guest.settings({"/proc/sys/net/ipv4/conf/vec*/rp_filter": 2, "/proc/sys/net/ipv4/conf/lo/rp_filter": 1})
    assert [guest.read(f"/proc/sys/net/ipv4/conf/{name}/rp_filter") for name in ("vec0", "vec2", "lo")] == [
        b"2\n", b"2\n", b"1\n"]
    with pytest.raises(ProcessError, match="No such file"):
        guest.settings({"/proc/sys/net/ipv4/conf/no*/rp_filter": 2})
    with pytest.raises(ProcessError, match="cannot speak netlink"):
        guest.netlink(99, netlink.STATES)


@pytest.mark.parametrize("esn", ["", " flag esn replay-window 64"])
def test_the_kernel_is_asked_and_heard_by_netlink(guest: Guest, esn: str) -> None:
    """What `ip` has put there, and told as it came."""
    heard: list[bytes] = []
    ear = guest.monitor(netlink.XFRM, netlink.GROUP_SA, heard.append, "ear")
    keys = {36: "12" * 36, 64: "34" * 64, 32: "56" * 32}
    state = "xfrm state add src {} dst {} proto esp spi {} reqid {} mode {} {}"
    guest.run(["ip", "-batch", "-"], input="\n".join([
        state.format("192.0.2.1", "192.0.2.2", "0xa01", 7, "tunnel", f"aead rfc4106(gcm(aes)) 0x{keys[36]} 128"
                     f" encap espinudp 4500 20001 0.0.0.0{esn}"),
        state.format("2001:db8::1", "2001:db8::2", "0xb01", 8, "transport",
                     f"auth-trunc hmac(sha512) 0x{keys[64]} 256 enc cbc(aes) 0x{keys[32]}"),
        "xfrm policy add src 10.1.0.0/24 dst 10.2.0.1/32 dir out"
        " tmpl src 192.0.2.1 dst 192.0.2.2 proto esp reqid 7 mode tunnel",
        "xfrm policy add src 10.3.0.0/24 dst 10.4.0.0/24 dir in action block"]) + "\n")
    told = guest.netlink(netlink.XFRM, netlink.STATES, netlink.POLICIES)
    found = {sa.spi: sa for sa in xfrm.states(told)}
    assert found == {
        0xA01: xfrm.EspSa("192.0.2.1", "192.0.2.2", 0xA01, 7, "tunnel", bool(esn), True, 4500, 20001, proposal="aes256gcm16"),
        0xB01: xfrm.EspSa("2001:db8::1", "2001:db8::2", 0xB01, 8, "transport", proposal="aes256-sha512")}
    assert xfrm.policies(told) == [xfrm.Policy("10.1.0.0/24", "10.2.0.1/32", "out", 7)]
    ear.kill()
    assert {one.spi: (one.key.hex(), one.integrity_key.hex()) for one in xfrm.esp_keys(netlink.parse(b"".join(heard)))} == {
        0xA01: (keys[36], ""), 0xB01: (keys[32], keys[64])}
    assert not ear.running and guest.netlink(netlink.XFRM, *netlink.FLUSH) and not [
        one for one in guest.netlink(netlink.XFRM, netlink.STATES, netlink.POLICIES) if not one.error]


def test_the_root_is_not_written(guest: Guest) -> None:
    guest.write("/etc/ikelab-was-here", "and nowhere else", 0o600)
    assert guest.run(["cat", "/etc/ikelab-was-here"]).stdout == "and nowhere else"
    assert not (guest.root / "etc/ikelab-was-here").exists()


@pytest.mark.parametrize("octets", [2039, 2040, 4095, 4096, 4097, 100_000])
def test_long_frames_arrive(guest: Guest, octets: int) -> None:
    """The line takes 4096 octets at a time, and stalls for ever when more come."""
    for _ in range(2):
        guest.write("/run/long", octets * b"x")
        assert guest.run(["wc", "-c"], input=octets * "y").stdout.strip() == str(octets)
    assert guest.run(["stat", "-c", "%s", "/run/long"]).stdout.strip() == str(octets)


def test_nothing_leads_out(guest: Guest) -> None:
    """Neither from the guest nor from its namespace; and its file system holds the peer's root only."""
    assert guest.run(["ip", "route"]).stdout == "" == guest.run(["ip", "-6", "route"]).stdout
    links = Path("/sys/class/net").exists() and guest.run(["ls", "/sys/class/net"]).stdout.split()
    assert sorted(links or []) == ["lo", "vec0", "vec1", "vec2"]
    seen = guest.run(["sh", "-c", "mkdir -p /tmp/x; mount -t hostfs none /tmp/x -o / && ls /tmp/x/srv; ls /tmp/x/work"],
                     check=False)
    assert seen.stdout.split() == ["root"] and "No such file" in seen.stderr


def test_it_inhabits_a_host_and_comes_back_clean(pool: pools.Pool) -> None:
    root = ready[0].root().path
    for layout in ("pair", "roaming", "gateways"):
        one = pool.take(table.GUEST_KERNEL.path, root)
        with topology.create(layout, guests={"client": one}) as net:
            client, gateway = net.host("client"), net.host("gateway")
            if layout == "roaming":
                net.uplink("lte")
            told = client.run(["ip", "-o", "addr"]).stdout
            assert all(address in told for address in client.addresses)
            assert client.run(["ping", "-c1", gateway.address()], check=False).returncode in (0, 127)
            near = net.hosts.get("alice", client)
            if layout != "roaming":
                assert Flow().ping(near, gateway, outer=False).received == 3
            one.run(["ip", "xfrm", "state", "add", "src", "192.0.2.1", "dst", "192.0.2.2", "proto", "esp", "spi",
                     "0x1001", "mode", "tunnel", "aead", "rfc4106(gcm(aes))", "0x" + 20 * "00", "128"])
            client.popen(["sleep", "60"])
        pool.give_back(one)
        assert pool.thrown_away == []
        assert one.run(["ip", "xfrm", "state"]).stdout == ""
        assert one.run(["sh", "-c", "ls -d /proc/[0-9]*/exe | wc -l"]).stdout.strip() != "0"
    assert (pool.booted, pool.reused) == (1, 2)


@pytest.mark.parametrize("family", [4, 6])
def test_flows_of_the_guest_itself(pool: pools.Pool, family: int) -> None:
    """They come from its outer address, in both directions, by UDP and TCP, and a datagram keeps its TOS."""
    flow = Flow()
    with topology.create("pair", guests={"client": pool.take(table.GUEST_KERNEL.path, ready[0].root().path)}) as world:
        client, gateway = world.host("client"), world.host("gateway")
        for near, far in ((client, gateway), (gateway, client)):
            with flow.udp(near, far, family=family, outer=True, interval_ms=2) as traffic:
                traffic.wait_received(20)
            assert (traffic.lost, traffic.duplicated) == (0, 0)
            with flow.tcp(near, far, family=family, outer=True, octets=300_000) as transfer:
                transfer.wait_received(300_000)
            assert transfer.complete
            arrival = flow.datagram(near, far, family=family, outer=True, octets=1000, tos=0xB9)
            assert arrival is not None and (arrival.octets, arrival.tos) == (1000, 0xB9)
            assert flow.reaches(near, far, family=family, outer=True)
        with flow.udp(client, gateway, family=family, outer=True, interval_ms=2) as traffic:
            traffic.wait_received(20)
            client.ip(f"addr del {client.address(family)}/{24 if family == 4 else 64} dev wire")
            with pytest.raises(TrafficError):
                traffic.wait_more(20, deadline_s=0.3)
        assert not any(one.running for one in client.processes)


def test_a_used_guest_is_as_new(pool: pools.Pool) -> None:
    """Whatever a scenario can have left, made by hand: all of it goes, and what a fresh guest has stays."""
    one = pool.take(table.GUEST_KERNEL.path, ready[0].root().path)
    ask = ["sh", "-c", "ip -4 rule; ip -6 rule; ip -o link | sed 's/ qdisc.*//'; ip -o addr;"
           " ip route show table all; ip -6 route show table all; ip xfrm policy; ls /run /tmp"]
    assert pools.clean(one) == ""
    fresh = one.run(ask).stdout
    one.run(["ip", "-batch", "-"], input="\n".join([
        "link set vec1 name wire", "link set wire up", "addr add 192.0.2.1/24 dev wire", "route add default via 192.0.2.9",
        "neigh add 192.0.2.9 lladdr 02:00:00:00:00:01 dev wire nud permanent", "rule add pref 220 lookup 220",
        "route add unreachable 10.0.0.0/8 table 220", "link set lo up", "addr add 2001:db8::1/64 dev wire nodad",
        "link add name more type bridge", "link set vec2 name lte",
        "xfrm policy add src 10.1.0.0/24 dst 10.2.0.0/24 dir out action block"]) + "\n")
    one.run(["sh", "-c", "ip -6 rule add pref 220 lookup 220; echo x >/run/left; echo x >/tmp/left"])
    child = one.popen(["sleep", "60"], name="sleeper", log=one.directory / "log")
    assert one.run(ask).stdout != fresh
    pool.give_back(one)
    assert pool.thrown_away == [] and one.run(ask).stdout == fresh
    assert child.job.wait(5) and child.returncode == -signal.SIGKILL


def test_only_some_guests_wait(pool: pools.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "IDLE_MAX", 1)
    taken = [pool.take(table.GUEST_KERNEL.path, ready[0].root().path) for _ in range(2)]
    for one in taken:
        pool.give_back(one)
    assert pool.idle == taken[1:] and not taken[0].running and taken[1].running


def test_what_does_not_come_clean_is_thrown_away(pool: pools.Pool) -> None:
    root = ready[0].root().path
    one = pool.take(table.GUEST_KERNEL.path, root)
    one.run(["ip", "link", "set", "vec0", "down"])
    one.run(["mount", "-t", "tmpfs", "tmpfs", "/bin"])  # nothing works any more
    pool.give_back(one)
    assert len(pool.thrown_away) == 1 and not one.running
    assert not (NETNS_DIRECTORY / one.netns).exists()


def test_a_dead_guest_is_seen_and_replaced(pool: pools.Pool) -> None:
    root = ready[0].root().path
    one = pool.take(table.GUEST_KERNEL.path, root)
    child = one.popen(["sleep", "60"], name="sleeper", log=one.directory / "log")
    os.killpg(one._process.pid, signal.SIGKILL)
    with pytest.raises(GuestDead, match="status -9"):
        one.run(["sleep", "60"], timeout=5)
    assert not one.running and not child.running
    pool.give_back(one)
    other = pool.take(table.GUEST_KERNEL.path, root)
    assert other is not one and other.run(["echo", "alive"]).stdout == "alive\n"
    other.close()


def test_a_guest_that_dies_in_mid_scenario_is_inconclusive(pool: pools.Pool, tmp_path: Path) -> None:
    """Never a pass, and no failure of the peer's."""
    for moment in ("while it is asked", "when all has been said"):
        lab = Lab(Play("guest.dies", "", ready[0].name, "reference", tmp_path / moment.replace(" ", "-")))

        def scenario(lab: Lab = lab, moment: str = moment) -> None:
            lab.client.connect(lab.gateway)
            os.killpg(lab.guests["client"]._process.pid, signal.SIGKILL)
            if moment == "while it is asked":
                lab.client.rekey()

        result = play(lab, scenario, [])
        assert result.verdict is Verdict.INCONCLUSIVE, result.reason
        assert "guest of the client" in result.reason and "status -9" in result.reason
        assert result.tier == "uml-kernel+userspace"


@pytest.mark.parametrize("name", [kind.name for kind in ready])
def test_life_of_a_child_sa(pool: pools.Pool, name: str, tmp_path: Path) -> None:
    """Each such peer with the reference: up, traffic in both directions, the same SAs on both sides, down."""
    lab = Lab(Play("guest.life", "", name, "reference", tmp_path / "out"))

    def scenario() -> None:
        lab.client.connect(lab.gateway)
        lab.agree()
        assert lab.flow.ping(lab.client, lab.gateway).lost == 0
        assert lab.client.child_sa().packets_out == lab.gateway.child_sa().packets_in == 3
        assert lab.client.child_sa().proposal.removesuffix("-noesn") in lab.client.daemon.default_esp
        lab.client.delete()
        lab.gateway.wait_for(lambda status: not status.ike_sas, "the end of all SAs")

    result = play(lab, scenario, [])
    assert result.verdict is Verdict.PASS, result.reason
    assert "ikl" not in "".join(p.name for p in NETNS_DIRECTORY.iterdir() if "client" in p.name and str(os.getpid()) in p.name)


def test_a_kernel_without_modules_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match="no modules"):
        modules_directory(tmp_path)


def test_a_guest_that_does_not_boot_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "agent").write_text("no program")
    with pytest.raises(GuestDead, match="did not boot.*console ends with"):
        Guest(table.GUEST_KERNEL.path, ready[0].root().path, tmp_path / "agent", "broken")


def test_status_needs_a_daemon(tmp_path: Path) -> None:
    from ikelab.peers.contract import PeerNotRunning

    peer = ready[0].create(tmp_path)
    peer.configure(DaemonSpec(both_sides(PeerSpec("gateway", "a", "b", "key", remote_addresses=("192.0.2.2",)))[:1]))
    with pytest.raises(PeerNotRunning):
        peer.status()
