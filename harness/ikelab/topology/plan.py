"""What a layout says: hosts, links, addresses, routes and NATs, as data. build.py makes it real."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

BOTH = (4, 6)

# The protected networks of every layout: client's side and gateway's side.
CLIENT_NET = ("10.1.0.0/24", "fd00:1::/64")
GATEWAY_NET = ("10.2.0.0/24", "fd00:2::/64")


def family_of(address: str) -> int:
    return ipaddress.ip_interface(address).version


def first_hosts(networks: tuple[str, ...], number: int) -> tuple[str, ...]:
    """The number-th address of each network, with its prefix length: "10.1.0.1/24"."""
    return tuple(f"{net[number]}/{net.prefixlen}" for net in map(ipaddress.ip_network, networks))


@dataclass(frozen=True)
class End:
    """One end of a link: the host and its addresses there, with prefix lengths.

    inner: the link belongs to the protected net, so its addresses are `inside` ones.
    later: the host does not have them yet; the layout's own operation gives and takes them."""

    host: str
    addresses: tuple[str, ...]
    inner: bool = False
    later: bool = False


@dataclass
class LinkPlan:
    name: str
    ends: tuple[End, End]


@dataclass
class NatPlan:
    """A box that maps what leaves through `outside` and lets nothing in that was not asked for.

    keeps_ports: source ports stay when they can (a static mapping), else they always change.
    forwards: a host behind it that gets what arrives for UDP 500, 4500 and protocol 50."""

    host: str
    outside: str
    families: tuple[int, ...] = BOTH
    keeps_ports: bool = False
    forwards: str | None = None


@dataclass
class HostPlan:
    name: str
    inside: tuple[str, ...] = ()  # protected addresses of its own, on a stub interface "inside"
    protected: tuple[str, ...] = ()
    forwards: bool = False
    reachable: tuple[str, ...] = ()  # where others find it; default: its own addresses
    routes: list[str] = field(default_factory=list)  # arguments of `ip route add`
    rules: list[str] = field(default_factory=list)  # arguments of `ip rule add`


@dataclass
class Plan:
    hosts: dict[str, HostPlan] = field(default_factory=dict)
    links: dict[str, LinkPlan] = field(default_factory=dict)
    nats: dict[str, NatPlan] = field(default_factory=dict)

    def host(self, name: str, *, inside: tuple[str, ...] = (), protected: tuple[str, ...] = (),
             forwards: bool = False, reachable: tuple[str, ...] = ()) -> None:
        self.hosts[name] = HostPlan(name, inside, protected, forwards, reachable)

    def link(self, name: str, one: End, other: End) -> None:
        """The interface has the link's name at both ends, so a layout reads like its drawing."""
        assert len(name) <= 15 and name not in ("inside", "lo")
        self.links[name] = LinkPlan(name, (one, other))

    def default(self, host: str, *gateways: str) -> None:
        """Default routes, one a family. Every host has them, so that a leak has somewhere to go."""
        self.hosts[host].routes += [f"default via {gateway}" for gateway in gateways]

    def route(self, host: str, network: str, gateway: str) -> None:
        self.hosts[host].routes.append(f"{network} via {gateway}")

    def nat(self, host: str, outside: str, *, families: tuple[int, ...] = BOTH,
            keeps_ports: bool = False, forwards: str | None = None) -> None:
        self.hosts[host].forwards = True
        self.nats[host] = NatPlan(host, outside, families, keeps_ports, forwards)

    def ends_of(self, host: str) -> list[tuple[str, End]]:
        return [(link.name, end) for link in self.links.values() for end in link.ends
                if end.host == host]

    def lladdr(self, link: str, host: str) -> str:
        """The Ethernet address of a host on a link: 02:00:00:00:<link>:<end>."""
        number = list(self.links).index(link) + 1
        side = [end.host for end in self.links[link].ends].index(host) + 1
        return f"02:00:00:00:{number:02x}:{side:02x}"

    def neighbour_commands(self, link: str, host: str) -> list[str]:
        """The host knows its neighbour from the start.

        Otherwise the first packets would wait for ARP or ND, and the kernel may then send them
        behind later ones: an ordinal would not mean the same packet in every run."""
        other = next(end for end in self.links[link].ends if end.host != host)
        return [f"neigh replace {address.split('/')[0]} lladdr {self.lladdr(link, other.host)} "
                f"dev {link} nud permanent" for address in other.addresses]

    def addresses(self, host: str, *, inner: bool = False) -> list[str]:
        """Without prefix lengths, IPv4 first."""
        found = [a.split("/")[0] for _, end in self.ends_of(host)
                 if end.inner == inner and not end.later for a in end.addresses]
        if inner:
            found += [a.split("/")[0] for a in self.hosts[host].inside]
        return sorted(found, key=family_of)  # stable: the first link's address stays first
