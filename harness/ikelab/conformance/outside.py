"""A peer at a real address, on an interface of this machine: no namespaces, no layout, and nothing of it is changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from .. import cleanup, process
from ..process import ProcessError
from ..topology import CapturePoint, Host, Link, Topology
from ..topology.plan import CLIENT_NET, GATEWAY_NET, Plan, family_of, first_hosts


@dataclass(frozen=True)
class Outside:
    """Where the box is, and by which interface of ours it is reached."""

    interface: str
    address: str

    @classmethod
    def parse(cls, text: str) -> Outside:
        """"eth0=192.0.2.9"."""
        interface, _, address = text.partition("=")
        return cls(interface, address)

    def __str__(self) -> str:
        return f"{self.interface}={self.address}"


def own_addresses(interface: str) -> list[str]:
    """Global addresses of an interface of ours, IPv4 first. Raises ProcessError."""
    listed = json.loads(process.run(None, ["ip", "-json", "addr", "show", "dev", interface]).stdout)
    found = [info["local"] for one in listed for info in one.get("addr_info", []) if info.get("scope") == "global"]
    return sorted(found, key=family_of)


def world(where: Outside, own: str, other: str, directory: Path) -> Topology:
    """`own` is what the peer is called, `other` what we are: client or gateway. Both have the protected networks of the
    layout `pair`; behind the box there is a host that answers echo requests, or tests of ESP say that nothing did."""
    addresses = own_addresses(where.interface)
    family = family_of(where.address)
    ours = [one for one in addresses if family_of(one) == family]
    if not ours:
        raise ProcessError(f"{where.interface} has no IPv{family} address to reach {where.address} from; give it one")
    plan = Plan()
    nets = {"client": CLIENT_NET, "gateway": GATEWAY_NET}
    hosts = {}  # both without a namespace: this machine, and the box, whose driver runs on this machine
    for name, outer in ((own, [where.address]), (other, ours)):
        inside = [one.split("/")[0] for one in first_hosts(nets[name], 1)]
        plan.host(name, inside=tuple(first_hosts(nets[name], 1)), protected=nets[name])
        hosts[name] = Host(name, "", directory, outer, inside, list(nets[name]), outer, [where.interface])
    scratch = cleanup.scratch_directory(cleanup.current_run().next_prefix())
    made = Topology("outside", directory, plan, hosts, scratch=scratch)
    point = CapturePoint("wire", "", where.interface)
    made.links["wire"] = Link("wire", (own, other), [point])
    return made
