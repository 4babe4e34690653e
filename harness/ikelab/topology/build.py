"""Makes a plan real with as few programs as possible: `ip -batch` once for all namespaces, once for
all links, once a host; `nft -f -` once a NAT. Everything else is written from inside."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ikelab import cleanup, process
from ikelab.link import Relay
from ikelab.topology import interface
from ikelab.topology.host import Host, write_sysctls
from ikelab.topology.nat import Nat
from ikelab.topology.plan import Plan
from ikelab.topology.world import CapturePoint, Link, Topology

if TYPE_CHECKING:
    from ikelab.guest.machine import Guest

STUB = "inside"  # carries protected addresses; veth, because not every kernel has dummy

# Written before the first interface exists, so that each inherits them: nothing on the wire that
# the scenario did not ask for, and nothing that waits for it (no DAD, no router solicitation).
SYSCTLS = {
    "ipv4/conf/all/rp_filter": 0, "ipv4/conf/default/rp_filter": 0,
    "ipv4/conf/all/send_redirects": 0, "ipv4/conf/default/send_redirects": 0,
    "ipv4/conf/all/accept_redirects": 0, "ipv4/conf/default/accept_redirects": 0,
    "ipv4/icmp_ratelimit": 0, "ipv6/icmp/ratelimit": 0,
    # A datagram that never becomes whole is given up in silence: after 30 s its receiver would send an ICMP error, perhaps
    # when another test is at work, and that packet wants an SA.
    "ipv4/ipfrag_time": 3600, "ipv6/ip6frag_time": 3600,
    "ipv6/conf/all/accept_dad": 0, "ipv6/conf/default/accept_dad": 0,
    "ipv6/conf/default/accept_ra": 0, "ipv6/conf/default/router_solicitations": 0,
    "ipv6/conf/default/accept_redirects": 0,
}
FORWARDING = {"ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1, "ipv6/conf/default/forwarding": 1}
SILENT = {"ipv6/conf/all/disable_ipv6": 1, "ipv6/conf/default/disable_ipv6": 1}


def build(topology: Topology, prefix: str, relayed: Iterable[str], guests: Mapping[str, Guest]) -> None:
    """Fills an empty topology from its plan; `guests` inhabit the hosts of these names. On failure the caller
    closes it."""
    started = time.monotonic()
    plan = topology.plan
    wires = {name: f"{prefix}-wire-{name}" for name in relayed}
    for name in plan.hosts:
        topology.hosts[name] = _host(plan, name, f"{prefix}-{name}", topology.directory, guests.get(name))
    topology.namespaces = [host.netns for host in topology.hosts.values()] + list(wires.values())
    _ip(f"netns add {name}" for name in topology.namespaces)
    for host in topology.hosts.values():
        host.sysctl(SYSCTLS | (FORWARDING if plan.hosts[host.name].forwards else {}))
    for netns in wires.values():
        process.call_in(netns, write_sysctls, SILENT)
    _ip(_link_commands(topology, wires))
    for host in topology.hosts.values():
        guest = host.name in guests
        names = host.links + ([STUB, f"{STUB}-far"] if plan.hosts[host.name].inside and not guest else [])
        host.call(interface.offload_off, names)
        if guest:
            host.plug_in()  # type: ignore[attr-defined]
        host.ip(*_host_commands(plan, host, guest))
        _add_rules(plan, host)
    for name, netns in wires.items():
        process.call_in(netns, interface.offload_off, ["a", "b"])
        process.run(None, ["ip", "-n", netns, "-batch", "-"],
                    input="link set dev a up\nlink set dev b up\n")
        topology.links[name].relay = Relay(netns, name, topology.links[name].hosts,
                                            topology.directory)
    for name, nat_plan in plan.nats.items():
        forward_to = plan.addresses(nat_plan.forwards) if nat_plan.forwards else []
        topology.nats[name] = Nat(topology.hosts[name], nat_plan, forward_to)
        topology.nats[name].install()
    for host in topology.hosts.values():
        process.await_that(lambda: host.call(interface.running, host.links),
                           f"carrier on every link of {host.name}", interval_s=0.0005)
    topology.ready()
    topology.build_ms = (time.monotonic() - started) * 1000


def _host(plan: Plan, name: str, netns: str, directory: Path, guest: Guest | None) -> Host:
    addresses = plan.addresses(name)
    host_plan = plan.hosts[name]
    host = (name, netns, directory, addresses, plan.addresses(name, inner=True),
            list(host_plan.protected), list(host_plan.reachable) or addresses,
            [link for link, _ in plan.ends_of(name)])
    if guest is None:
        return Host(*host)
    from ikelab.guest.host import GuestHost

    return GuestHost(*host, guest=guest, stub=bool(host_plan.inside))


def _link_commands(topology: Topology, wires: dict[str, str]) -> list[str]:
    commands = []
    for index, link in enumerate(topology.plan.links.values()):
        index = 10 * (index + 1)
        one, other = (topology.hosts[end.host].netns for end in link.ends)
        if link.name in wires:
            wire = wires[link.name]
            commands += [_veth(one, link.name, wire, "a", index),
                         _veth(wire, "b", other, link.name, index + 2)]
            points = [CapturePoint(link.name, wire, "a"),
                      CapturePoint(f"{link.name}-far", wire, "b")]
        else:
            commands.append(_veth(one, link.name, other, link.name, index))
            points = [CapturePoint(link.name, other, link.name)]
        topology.links[link.name] = Link(link.name, (link.ends[0].host, link.ends[1].host), points)
    for host in topology.hosts.values():
        if topology.plan.hosts[host.name].inside and type(host) is Host:
            commands.append(_veth(host.netns, STUB, host.netns, f"{STUB}-far", 2))
    return commands


def _veth(netns: str, name: str, peer_netns: str, peer_name: str, index: int) -> str:
    """Ends of different index: of equal ones (each namespace counts for itself) Linux takes a change
    of carrier for that of a plain interface, and lets it wait for up to a second."""
    return (f"link add name {name} index {index} netns {netns} type veth "
            f"peer name {peer_name} index {index + 1} netns {peer_netns}")


def _host_commands(plan: Plan, host: Host, guest: bool = False) -> list[str]:
    commands = ["link set lo up"]
    for link, end in plan.ends_of(host.name):
        lladdr = plan.lladdr(link, host.name)
        commands += [f"link set dev {link} address {lladdr}", f"link set dev {link} up"]
        if not end.later:
            commands += [address_command("add", address, link) for address in end.addresses]
        commands += plan.neighbour_commands(link, host.name)
    host_plan = plan.hosts[host.name]
    if host_plan.inside and not guest:
        commands += [f"link set dev {STUB}-far up", f"link set {STUB} up"]
        commands += [address_command("add", address, STUB) for address in host_plan.inside]
    commands += [f"route add {route}" for route in host_plan.routes]
    return commands


def _add_rules(plan: Plan, host: Host) -> None:
    """`ip rule` takes the family from its option alone, hence one program for each."""
    for family in (4, 6):
        rules = [rule for rule in plan.hosts[host.name].rules if (":" in rule) == (family == 6)]
        if rules:
            host.ip(*(f"rule add {rule}" for rule in rules), family=family)


def address_command(verb: str, address: str, interface_name: str) -> str:
    """nodad: an IPv6 address is usable at once."""
    return f"addr {verb} {address} dev {interface_name}" + (" nodad" if ":" in address else "")


def _ip(commands: Iterable[str]) -> None:
    process.run(None, ["ip", "-batch", "-"], input="\n".join(commands) + "\n")
