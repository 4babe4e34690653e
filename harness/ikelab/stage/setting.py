"""The neutral configuration of both sides: what the topology gives, then what the scenario changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ..peers.neutral import DEFAULT_ESP, ChildSpec, DaemonSpec, PeerSpec, both_sides
from ..topology import Topology
from ..topology.plan import family_of
from .proof import Proof

PEER_FIELDS = {one.name for one in fields(PeerSpec)}
DAEMON_FIELDS = {one.name for one in fields(DaemonSpec)} - {"peers"}
CHILD_FIELDS = {one.name for one in fields(ChildSpec)}
PSK = "a shared key for the lab and nothing else"
POOLS = {4: "10.77.0.0/24", 6: "2001:db8:77::/112"}  # what a gateway assigns addresses of, nobody's protected network


@dataclass(slots=True)
class Setting:
    """`both`, `client`, `gateway`: fields of PeerSpec and DaemonSpec; `child`: fields of the one ChildSpec,
    always as the client sees them."""

    family: int = 4
    inner: tuple[int, ...] = (4,)
    esp: tuple[str, ...] = DEFAULT_ESP  # when the scenario does not say
    both: dict[str, Any] = field(default_factory=dict)
    client: dict[str, Any] = field(default_factory=dict)
    gateway: dict[str, Any] = field(default_factory=dict)
    child: dict[str, Any] = field(default_factory=dict)
    client_child: dict[str, Any] = field(default_factory=dict)
    gateway_child: dict[str, Any] = field(default_factory=dict)
    proof: Proof = field(default_factory=Proof)

    def change(self, who: str, changes: dict[str, Any]) -> None:
        changes = dict(changes)
        child = changes.pop("child", {})
        if "certificate" in changes:
            self.proof.asked[who] = changes.pop("certificate")
        if who == "both":
            self.family = changes.pop("family", self.family)
            inner = changes.pop("inner", self.inner)
            self.inner = (inner,) if isinstance(inner, int) else tuple(inner)
        unknown = set(changes) - PEER_FIELDS - DAEMON_FIELDS | set(child) - CHILD_FIELDS
        if unknown:
            raise ValueError(f"no such setting: {', '.join(sorted(unknown))}; see peers/neutral.py")
        getattr(self, who).update(changes)
        {"both": self.child, "client": self.client_child, "gateway": self.gateway_child}[who].update(child)

    @property
    def transport(self) -> bool:
        """Whether the Child SA is for the two ends themselves."""
        return self.child.get("mode") == "transport"

    def specs(self, topology: Topology, more: Iterable[str] = ()) -> dict[str, DaemonSpec]:
        """Client's and gateway's, and those of `more` clients like the first, each with its own net."""
        client_host, gateway_host = topology.host("client"), topology.host("gateway")
        assigned = bool(self.both.get("requests"))
        own = ChildSpec(
            proposals=self.esp,
            local_ts=() if self.transport or assigned else _of(client_host.protected, self.inner),
            remote_ts=() if self.transport else _of(gateway_host.protected, self.inner))
        peer = {name: value for name, value in self.both.items() if name in PEER_FIELDS}
        base = replace(
            PeerSpec("gateway", "client", "gateway", PSK, children=(replace(own, **self.child),),
                     remote_addresses=(gateway_host.reachable_address(self.family),)), **peer)
        pool = base.pool or tuple(POOLS[family] for family in base.requests)
        client, gateway = both_sides(replace(base, pool=()), local_addresses=(), pool=pool)
        client = _with(client, self.client, self.client_child)
        gateway = _with(gateway, self.gateway, self.gateway_child)
        client, gateway = self.proof.between(client, gateway)
        found = {"client": self._daemon(self.client, client)}
        known = [gateway]
        for name in more:
            child = replace(own, name=name, local_ts=_of(topology.host(name).protected, self.inner))
            mine, theirs = both_sides(replace(base, local_id=name, children=(replace(child, **self.child),)),
                                      gateway_name=name, local_addresses=())
            mine, theirs = self.proof.between(mine, theirs, name)
            found[name] = self._daemon(self.client, mine)
            known.append(theirs)
        found["gateway"] = self._daemon(self.gateway, *known)
        return found

    def _daemon(self, own: dict[str, Any], *peers: PeerSpec) -> DaemonSpec:
        both = {**self.both, **own}
        return DaemonSpec(peers, **{name: both[name] for name in both if name in DAEMON_FIELDS})


def _with(peer: PeerSpec, own: dict[str, Any], child: dict[str, Any]) -> PeerSpec:
    peer = replace(peer, **{name: value for name, value in own.items() if name in PEER_FIELDS})
    if child:
        peer = replace(peer, children=tuple(replace(one, **child) for one in peer.children))
    return peer


def _of(networks: list[str], families: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(network for network in networks if family_of(network) in families)
