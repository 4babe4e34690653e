"""The neutral configuration of both sides: what the topology gives, then what the scenario changed."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from ..peers.neutral import ChildSpec, DaemonSpec, PeerSpec, both_sides
from ..topology import Topology
from ..topology.plan import family_of

PEER_FIELDS = {one.name for one in fields(PeerSpec)}
DAEMON_FIELDS = {one.name for one in fields(DaemonSpec)} - {"peers"}
CHILD_FIELDS = {one.name for one in fields(ChildSpec)}
PSK = "a shared key for the lab and nothing else"


@dataclass(slots=True)
class Setting:
    """`both`, `client`, `gateway`: fields of PeerSpec and DaemonSpec; `child`: fields of the one ChildSpec,
    always as the client sees them."""

    family: int = 4
    inner: tuple[int, ...] = (4,)
    both: dict[str, Any] = field(default_factory=dict)
    client: dict[str, Any] = field(default_factory=dict)
    gateway: dict[str, Any] = field(default_factory=dict)
    child: dict[str, Any] = field(default_factory=dict)
    client_child: dict[str, Any] = field(default_factory=dict)
    gateway_child: dict[str, Any] = field(default_factory=dict)

    def change(self, who: str, changes: dict[str, Any]) -> None:
        changes = dict(changes)
        child = changes.pop("child", {})
        if who == "both":
            self.family = changes.pop("family", self.family)
            inner = changes.pop("inner", self.inner)
            self.inner = (inner,) if isinstance(inner, int) else tuple(inner)
        unknown = set(changes) - PEER_FIELDS - DAEMON_FIELDS | set(child) - CHILD_FIELDS
        if unknown:
            raise ValueError(f"no such setting: {', '.join(sorted(unknown))}; see peers/neutral.py")
        getattr(self, who).update(changes)
        {"both": self.child, "client": self.client_child, "gateway": self.gateway_child}[who].update(child)

    def specs(self, topology: Topology) -> tuple[DaemonSpec, DaemonSpec]:
        """Client's and gateway's."""
        client_host, gateway_host = topology.host("client"), topology.host("gateway")
        transport = self.child.get("mode") == "transport"
        own = ChildSpec(
            local_ts=() if transport else _of(client_host.protected, self.inner),
            remote_ts=() if transport else _of(gateway_host.protected, self.inner))
        peer = {name: value for name, value in self.both.items() if name in PEER_FIELDS}
        base = replace(
            PeerSpec("gateway", "client", "gateway", PSK, children=(replace(own, **self.child),),
                     remote_addresses=(gateway_host.reachable_address(self.family),)), **peer)
        client, gateway = both_sides(base, local_addresses=())
        client = _with(client, self.client, self.client_child)
        gateway = _with(gateway, self.gateway, self.gateway_child)
        return self._daemon(client, self.client), self._daemon(gateway, self.gateway)

    def _daemon(self, peer: PeerSpec, own: dict[str, Any]) -> DaemonSpec:
        both = {**self.both, **own}
        return DaemonSpec((peer,), **{name: both[name] for name in both if name in DAEMON_FIELDS})


def _with(peer: PeerSpec, own: dict[str, Any], child: dict[str, Any]) -> PeerSpec:
    peer = replace(peer, **{name: value for name, value in own.items() if name in PEER_FIELDS})
    if child:
        peer = replace(peer, children=tuple(replace(one, **child) for one in peer.children))
    return peer


def _of(networks: list[str], families: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(network for network in networks if family_of(network) in families)
