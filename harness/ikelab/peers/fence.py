"""A fence around what policies protect, for daemons that have a policy only while an SA is up.

Such a daemon leaves packets to the routes when it has no SA for them, or is dead. Its administrator is told to put
something behind it that does not: here `unreachable` routes of worse metric than the daemon's own, and a packet filter
that takes what a policy protects from nobody but the daemon's interface (RFC 4301 5.1, 5.2). The adapter puts it up
before the daemon starts and takes it away at an orderly end; a killed daemon leaves it standing. The scenarios about
leaks judge the two together.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from ikelab.peers.contract import HostLike
from ikelab.peers.neutral import DaemonSpec

METRIC = 4_000_000
TABLE = "ikelab_fence"

Pair = tuple[str, str]


def pairs(spec: DaemonSpec) -> list[Pair]:
    """Each local selector of a tunnel with each remote one of its family, without ports and protocols."""
    found = {}
    for peer in spec.peers:
        for child in peer.children:
            for local in child.local_ts if child.mode == "tunnel" else ():
                for remote in child.remote_ts:
                    pair = _network(local), _network(remote)
                    if None not in pair and (":" in local) == (":" in remote):
                        found[pair] = None
    return list(found)  # type: ignore[arg-type]


def _network(selector: str) -> str | None:
    """None for a range, which no route can say."""
    text = selector.split("[")[0]
    return None if "-" in text else str(ipaddress.ip_network(text, strict=False))


def covers(selector: str, address: str) -> bool:
    """Whether it is one of the selector's addresses; of a range that is not asked."""
    network = _network(selector)
    return network is not None and ipaddress.ip_address(address) in ipaddress.ip_network(network)


def put_up(host: HostLike, protected: Iterable[Pair], interface: str) -> None:
    """`interface`: where what has come through ESP appears, as nft writes it ("ipsec*")."""
    rules, routes = [], []
    for local, remote in protected:
        family = "ip6" if ":" in local else "ip"
        routes.append(f"-{6 if family == 'ip6' else 4} route replace unreachable {remote} metric {METRIC}")
        rules.append(f'iifname != "{interface}" {family} saddr {remote} {family} daddr {local} drop')
    if not rules:
        return
    body = "\n".join(rules)
    # Loopback is no wire: what both ends of a flow in one host say to each other never leaves it.
    host.run(["nft", "-f", "-"], input=f"table inet {TABLE}\ndelete table inet {TABLE}\ntable inet {TABLE} {{\n"
             f"chain in {{ type filter hook prerouting priority 0;\niifname lo accept\n{body}\n}}\n}}\n")
    for line in dict.fromkeys(routes):
        host.run(["ip", *line.split()])


def take_away(host: HostLike, protected: Iterable[Pair]) -> None:
    """Harmless where none stands."""
    host.run(["nft", "delete", "table", "inet", TABLE], check=False)
    for _, remote in dict.fromkeys(protected):
        host.run(["ip", "-6" if ":" in remote else "-4", "route", "del", "unreachable", remote, "metric", str(METRIC)],
                 check=False)
