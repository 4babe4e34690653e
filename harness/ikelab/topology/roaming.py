"""A client that moves between Wi-Fi at home (behind a NAT) and LTE (bare).

                        192.168.1.0/24 .1 +-----+ 198.51.100.2    .1
                 +--------- wifi ---------| nat |-------- isp --------+
    +--------+ .2|      2001:db8:a::/64   +-----+ 2001:db8:1::/64     |  +--------+         +---------+
    | client |---+                                                    +--| router |-- net --| gateway |
    +--------+ .2|      203.0.113.0/24                             .1 |  +--------+ .1   .2 +---------+
                 +--------- lte --------------------------------------+     192.0.2.0/24
                        2001:db8:b::/64                                     2001:db8:2::/64

    inside 10.1.0.1, fd00:1::1                                       inside 10.2.0.1, fd00:2::1

IPv4 on Wi-Fi is mapped; IPv6 is routed, but nothing gets in unasked. So wifi -> lte leaves a NAT,
lte -> wifi enters one, and uplink("wifi", families=(6,)) goes from v4 behind a NAT to bare v6.
An uplink that is not in use has no carrier and no address: the kernel really has changed network.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ikelab.process import ProcessError, await_that
from ikelab.topology import interface
from ikelab.topology.build import address_command
from ikelab.topology.plan import (BOTH, CLIENT_NET, GATEWAY_NET, End, Plan, family_of, first_hosts)
from ikelab.topology.world import Topology

METRIC = 100  # of the first uplink's default routes; the others' follow


@dataclass(frozen=True)
class Uplink:
    addresses: tuple[str, ...]
    gateways: tuple[str, ...]
    table: int  # answers leave by the uplink whose address they bear


UPLINKS = {
    "wifi": Uplink(("192.168.1.2/24", "2001:db8:a::2/64"), ("192.168.1.1", "2001:db8:a::1"), 101),
    "lte": Uplink(("203.0.113.2/24", "2001:db8:b::2/64"), ("203.0.113.1", "2001:db8:b::1"), 102),
}


def plan() -> Plan:
    world = Plan()
    world.host("client", inside=first_hosts(CLIENT_NET, 1), protected=CLIENT_NET)
    world.host("nat")
    world.host("router", forwards=True)
    world.host("gateway", inside=first_hosts(GATEWAY_NET, 1), protected=GATEWAY_NET)
    world.link("wifi", End("client", UPLINKS["wifi"].addresses, later=True),
               End("nat", ("192.168.1.1/24", "2001:db8:a::1/64")))
    world.link("lte", End("client", UPLINKS["lte"].addresses, later=True),
               End("router", ("203.0.113.1/24", "2001:db8:b::1/64")))
    world.link("isp", End("nat", ("198.51.100.2/24", "2001:db8:1::2/64")),
               End("router", ("198.51.100.1/24", "2001:db8:1::1/64")))
    world.link("net", End("router", ("192.0.2.1/24", "2001:db8:2::1/64")),
               End("gateway", ("192.0.2.2/24", "2001:db8:2::2/64")))
    for uplink in UPLINKS.values():
        world.hosts["client"].rules += [
            f"from {address.split('/')[0]} lookup {uplink.table} priority 6000"
            for address in uplink.addresses]
    world.default("nat", "198.51.100.1", "2001:db8:1::1")
    world.default("router", "192.0.2.2", "2001:db8:2::2")
    world.route("router", "2001:db8:a::/64", "2001:db8:1::2")
    world.default("gateway", "192.0.2.1", "2001:db8:2::1")
    world.nat("nat", "isp", families=(4,))
    return world


@dataclass
class Roaming(Topology):
    uplinks: list[str] = field(default_factory=list)  # in use now; the first has the default route
    _in_use: dict[str, list[str]] = field(default_factory=dict, repr=False)  # with their addresses

    def ready(self) -> None:
        self.host("client").ip(*(f"link set dev {name} down" for name in UPLINKS))
        self.uplink("wifi")

    def uplink(self, *names: str, families: tuple[int, ...] = BOTH) -> None:
        """The client is now on these networks and no others: first what goes, then what comes."""
        unknown = set(names) - set(UPLINKS)
        if unknown:
            raise ProcessError(f"no uplink {', '.join(unknown)}; there are {', '.join(UPLINKS)}")
        client = self.host("client")
        wanted = {name: [a for a in UPLINKS[name].addresses if family_of(a) in families]
                  for name in names}
        client.ip(*self._leave(wanted), *(f"link set dev {name} up" for name in names))
        self._await_carrier(names)
        client.ip(*self._join(wanted))
        self._in_use = wanted
        self.uplinks = list(names)
        client.addresses[:] = sorted((a.split("/")[0] for name in names for a in wanted[name]),
                                     key=family_of)

    def _await_carrier(self, names: tuple[str, ...]) -> None:
        """At both ends: an address comes when its network is there, as after any association. A router
        that has not seen its own carrier yet drops what is answered to the first packet."""
        for link in (self.link(name) for name in names):
            for host in link.hosts:
                await_that(lambda host=self.host(host), name=link.name: host.call(interface.running, [name]),
                           f"carrier on the uplink {link.name}", interval_s=0.0005)

    def _leave(self, wanted: dict[str, list[str]]) -> list[str]:
        commands = []
        for number, (name, addresses) in enumerate(self._in_use.items()):
            if name not in wanted:
                commands += [f"link set dev {name} down", f"addr flush dev {name}"]
                continue
            gone = [address for address in addresses if address not in wanted[name]]
            for gateway in _gateways(name, gone):
                way = f"default via {gateway} dev {name}"
                commands += [f"route del {way} metric {METRIC + number}",
                             f"route del {way} table {UPLINKS[name].table}"]
            commands += [address_command("del", address, name) for address in gone]
        return commands

    def _join(self, wanted: dict[str, list[str]]) -> list[str]:
        commands = []
        for number, (name, addresses) in enumerate(wanted.items()):
            if name not in self._in_use:
                commands += self.plan.neighbour_commands(name, "client")
            commands += [address_command("add", address, name) for address in addresses
                         if address not in self._in_use.get(name, [])]
            for gateway in _gateways(name, addresses):
                way = f"default via {gateway} dev {name}"
                commands += [f"route replace {way} metric {METRIC + number}",
                             f"route replace {way} table {UPLINKS[name].table}"]
        return commands


def _gateways(name: str, addresses: list[str]) -> list[str]:
    """The uplink's gateways of these addresses' families."""
    families = {family_of(address) for address in addresses}
    return [gateway for gateway in UPLINKS[name].gateways if family_of(gateway) in families]
