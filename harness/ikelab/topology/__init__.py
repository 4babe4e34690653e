"""Topologies: small worlds of network namespaces, one for each scenario.

    with topology.create("roaming", relayed=("lte",)) as world:
        client = world.host("client")
        client.run(["ping", "-c1", world.host("gateway").address()])
        world.uplink("lte")

create(layout, *, relayed=(), directory=None, guests=None) -> Topology
    layout      pair, behind_nat, double_nat, both_nated, roaming, gateways, two_clients, flooded: each
                module here, with its drawing
    relayed     names of links that go through the lab's own impairment relay, or "all"
    directory   where logs of its processes go; default: a scratch directory that close() removes
    guests      {host's name: ikelab.guest.Guest}: outer addresses and programs of that host are in the guest

Topology    .layout .directory .scratch .hosts .links .nats .build_ms
            .host(name) .link(name) .nat(name="nat") .capture_points() .close()
Roaming     .uplinks, and .uplink(*names, families=(4, 6)):
                uplink("lte")                 break before make
                uplink("lte", "wifi")         addresses on both, the first has the default route
                uplink("wifi", families=(6,)) only IPv6 addresses there
                uplink()                      no network at all
Host        .name .netns .addresses (outer, as now, IPv4 first) .inside (protected, its own)
            .protected (networks) .reachable (where others find it) .links (interface names)
            .address(family=4) .inside_address(family=4) .reachable_address(family=4)
            .run(argv, input=, timeout=10, check=True) -> CompletedProcess (text)
            .popen(argv, name=, log=, cwd=, env=, stdin=, stdout=, stderr=, pass_fds=) -> Process
            .call(function, *args)            in a thread inside the namespace
            .ip(*lines) .sysctl({"ipv4/ip_forward": 1})
Link        .name .hosts (two names) .relay (link.Relay or None) .capture_points
CapturePoint .name .netns .interface
Nat         .host .rebind() .mapping_timeout(seconds) .mappings()

See also process.Process, link.Relay, capture.Capture, traffic.Flow, cleanup.sweep, doctor.examine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ikelab import cleanup
from ikelab.process import ProcessError
from ikelab.topology import (behind_nat, both_nated, build, double_nat, gateways, pair, roaming,
                             two_clients, flooded)
from ikelab.topology.host import Host
from ikelab.topology.nat import Nat
from ikelab.topology.plan import Plan
from ikelab.topology.roaming import Roaming
from ikelab.topology.world import CapturePoint, Link, Topology

if TYPE_CHECKING:
    from ikelab.guest.machine import Guest

__all__ = ["CapturePoint", "Host", "LAYOUTS", "Link", "Nat", "Roaming", "Topology", "create"]

LAYOUTS: dict[str, tuple[Callable[[], Plan], type[Topology]]] = {
    "pair": (pair.plan, Topology),
    "behind_nat": (behind_nat.plan, Topology),
    "double_nat": (double_nat.plan, Topology),
    "both_nated": (both_nated.plan, Topology),
    "roaming": (roaming.plan, Roaming),
    "gateways": (gateways.plan, Topology),
    "two_clients": (two_clients.plan, Topology),
    "flooded": (flooded.plan, Topology),
}


def create(layout: str, *, relayed: Iterable[str] | str = (),
           directory: Path | None = None, guests: Mapping[str, Guest] | None = None) -> Topology:
    """Builds a layout; on failure nothing of it is left. `guests` (ikelab.guest) inhabit hosts of these names."""
    if layout not in LAYOUTS:
        raise ProcessError(f"there is no layout {layout}; there are: {', '.join(LAYOUTS)}")
    plan_of, kind = LAYOUTS[layout]
    plan = plan_of()
    relayed = list(plan.links) if relayed == "all" else [relayed] if isinstance(relayed, str) \
        else list(relayed)
    unknown = set(relayed) - set(plan.links)
    if unknown:
        raise ProcessError(f"{layout} has no link {', '.join(sorted(unknown))}; "
                           f"it has: {', '.join(plan.links)}")
    prefix = cleanup.current_run().next_prefix()
    scratch = cleanup.scratch_directory(prefix)
    world = kind(layout, Path(directory) if directory is not None else scratch, plan,
                 scratch=scratch)
    try:
        build.build(world, prefix, relayed, guests or {})
    except BaseException:
        world.close()
        raise
    return world
