"""A host of a topology that a guest inhabits: its addresses, routes and programs are in the guest.

    namespace of the topology                        the guest's namespace            the guest
    the link's veth -- bridge -- veth ------------------ bridge -- tap ------------- interface "wire"
    inside: 10.1.0.1 -- veth --------------------------- bridge -- tap ------------- interface "inside"

The outer addresses live in the guest. The protected ones stay in the namespace, which reaches everything through the
guest: for them the guest is a security gateway, and what makes traffic runs where it always does. What the guest
itself says, for transport mode, goes through an outlet (harness/guest/outlet.c): the flow's socket is in the
namespace, and a program in the guest says the same from the outer address. The far ends of the links are as they
were, so captures, relays and NATs notice nothing.
"""

from __future__ import annotations

import ipaddress
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ikelab import process
from ikelab.guest.machine import INTERFACES, Guest, GuestProcess
from ikelab.process import ProcessError
from ikelab.topology import interface
from ikelab.topology.host import Host

STUB = "inside"
INSIDE_MTU = 1400  # leaves room for any ESP: as behind a TUN, senders know from the start what fits
GUEST_NUMBER = -2  # the guest's own address in a protected net: the last but one
_CARRIER = re.compile(r"link set (?:dev )?(\S+) (?:up|down)$")


Address = tuple[str, int]  # and a UDP or TCP port


@dataclass(frozen=True)
class Outlet:
    """One end of a flow that the guest itself speaks."""

    stub: Address  # where the flow's socket, in the namespace, finds it
    outer: Address  # where everybody else does
    process: GuestProcess


@dataclass
class GuestHost(Host):
    guest: Guest | None = None
    stub: bool = False  # it has protected addresses of its own
    _waiting: list[str] = field(default_factory=list, repr=False)  # lines for `ip`, which go with the next ones

    def plug_in(self) -> None:
        """Connects the guest's interfaces with the links of this host, which exist and have no address yet. Inside the
        guest they get their names with the next lines for `ip`."""
        names = [*self.links, *([STUB] if self.stub else [])]
        if len(names) > INTERFACES:
            raise ProcessError(f"{self.name} has {len(names)} interfaces; a guest has {INTERFACES}")
        made, plugs, ours, theirs = [], [], [], []
        for number, name in enumerate(names):
            plug = STUB if name == STUB else f"g-{name}"[:15]
            plugs.append(plug)
            # Different indexes at both ends, see topology/build.py.
            made.append(f"link add name {plug} index {200 + number} netns {self.netns} type veth "
                        f"peer name plug{number} index {300 + number} netns {self._guest.netns}")
            theirs.append(f"link set plug{number} master br{number} up")
            ours.append(f"link set {plug} up")
            if name != STUB:
                bridge = f"b-{name}"[:15]
                made.append(f"link add name {bridge} netns {self.netns} type bridge forward_delay 0 mcast_snooping 0")
                # The link's own Ethernet address belongs to the guest's interface now.
                ours += [f"link set dev {name} address 02:00:00:ff:ff:{number:02x}",
                         f"link set {name} master {bridge} up", f"link set {plug} master {bridge}",
                         f"link set {bridge} up"]
        process.run(None, ["ip", "-batch", "-"], input="\n".join(made) + "\n")
        self.call(_silent)
        process.run(None, ["ip", "-n", self._guest.netns, "-batch", "-"], input="\n".join(theirs) + "\n")
        process.run(None, ["ip", "-n", self.netns, "-batch", "-"], input="\n".join(ours) + "\n")
        self.call(interface.offload_off, plugs)
        process.call_in(self._guest.netns, interface.offload_off, [f"plug{n}" for n in range(len(names))])
        self._waiting += ["link set lo up", *(f"link set vec{n} name {name} address 02:00:00:fe:00:{n:02x} mtu 1500"
                                              for n, name in enumerate(names))]
        self._guest_sysctl({"ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1, "ipv6/conf/default/forwarding": 1})
        if self.stub:
            self._settle_inside()

    def _settle_inside(self) -> None:
        """The protected addresses, here in the namespace, with the guest as the way to everything else."""
        here, there = [f"link set {STUB} up"], [f"link set {STUB} up"]
        for address in self.inside:
            network = next(n for n in map(ipaddress.ip_network, self.protected)
                           if ipaddress.ip_address(address) in n)
            guests = network[GUEST_NUMBER]
            nodad = " nodad" if network.version == 6 else ""
            here += [f"addr add {address}/{network.prefixlen} dev {STUB}{nodad}",
                     f"route add default via {guests} dev {STUB} mtu {INSIDE_MTU}"]
            there += [f"addr add {guests}/{network.prefixlen} dev {STUB}{nodad}"]
        process.run(None, ["ip", "-n", self.netns, "-batch", "-"], input="\n".join(here) + "\n")
        self._waiting += there

    @property
    def _guest(self) -> Guest:
        assert self.guest is not None
        return self.guest

    def _in_guest(self, *lines: str, family: int | None = None) -> None:
        option = [f"-{family}"] if family else []
        lines, self._waiting = (*self._waiting, *lines), []
        self._guest.run(["ip", *option, "-batch", "-"], input="\n".join(lines) + "\n")

    # What Host does, in the guest.

    def run(self, argv: Sequence[str | Path], *, input: str | None = None, timeout: float = 10.0,
            check: bool = True) -> subprocess.CompletedProcess[str]:
        return self._guest.run(argv, input=input, timeout=timeout, check=check)

    def popen(self, argv: Sequence[str | Path], *, name: str | None = None, log: Path | None = None,
              **options: Any) -> GuestProcess:  # type: ignore[override]
        """Streams, directories and environments of this machine mean nothing in a guest."""
        if any(value is not None and value != () for value in options.values()):
            raise ValueError(f"a program in a guest takes no {', '.join(options)}")
        name = name or Path(argv[0]).name
        child = self._guest.popen(argv, name=f"{name} in {self.name}",
                                  log=log or self.directory / f"{self.name}-{name}.log")
        self.processes.append(child)  # type: ignore[arg-type]
        return child

    def outlet(self, transport: str, inside: Address, outer: Address, target: Address | None = None,
               deadline_s: float = 5.0) -> Outlet:
        """Lets the guest speak for the socket at `inside`, from `outer` (port 0: any), by "udp" or "tcp". With a
        target it speaks to that; without one, to whoever has spoken to it."""
        network = next(n for n in map(ipaddress.ip_network, self.protected) if ipaddress.ip_address(inside[0]) in n)
        stub = str(network[GUEST_NUMBER])
        words = [transport, stub, *inside, *outer, *(target or ())]
        log = self.directory / f"{self.name}-outlet-{inside[1]}.log"
        child = self.popen(["/mnt/agent", "outlet", *map(str, words)], name="outlet", log=log)
        process.await_that(lambda: "\n" in child.output() or not child.running, "an outlet", deadline_s, 0.005)
        ports = re.match(r"(\d+) (\d+)\n", child.output())
        if ports is None:
            raise ProcessError(f"no outlet at {outer[0]} in {self.name}: {child.output().strip()}; see {log}")
        return Outlet((stub, int(ports[1])), (outer[0], int(ports[2])), child)

    def forget_path_mtus(self) -> None:
        """The guest's, and the namespace's where the protected addresses are."""
        super().forget_path_mtus()
        for family in (4, 6):
            super().ip("route flush cache", family=family)

    def ip(self, *lines: str, family: int | None = None) -> None:
        """In the guest; what changes the carrier of a link, on the link as well."""
        if not lines:
            return
        protected = [line for line in lines if f"dev {STUB}" in line]  # protected addresses live in the namespace
        super().ip(*protected, family=family)
        carrier = [line for line in lines if (found := _CARRIER.match(line)) and found[1] in self.links]
        if carrier:
            process.run(None, ["ip", "-n", self.netns, "-batch", "-"], input="\n".join(carrier) + "\n")
        if others := [line for line in lines if line not in protected]:
            self._in_guest(*others, family=family)

    def sysctl(self, settings: Mapping[str, object]) -> None:
        """In the namespace and in the guest."""
        super().sysctl(settings)
        self._guest_sysctl(settings)

    def _guest_sysctl(self, settings: Mapping[str, object]) -> None:
        """The guest's interfaces are older than these settings: a default is written to each of them as well."""
        values: dict[str, object] = {}
        for name, value in settings.items():
            values[f"/proc/sys/net/{name}"] = value
            if "/conf/default/" in name:
                values[f"/proc/sys/net/{name.replace('/default/', '/*/')}"] = value
        self._guest.settings(values)


def _silent() -> None:
    """No IPv6 of this kernel's own on what is a wire."""
    for setting in Path("/proc/sys/net/ipv6/conf").iterdir():
        if setting.name not in ("all", "default", "lo", STUB):
            (setting / "disable_ipv6").write_text("1\n")
