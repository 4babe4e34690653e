"""A host of a topology: one network namespace, its addresses, and programs inside it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ikelab import process
from ikelab.topology.plan import family_of

T = TypeVar("T")


@dataclass
class Host:
    name: str
    netns: str
    directory: Path  # where logs of its programs go
    addresses: list[str]  # outer, as they are now; IPv4 first
    inside: list[str] = field(default_factory=list)
    protected: list[str] = field(default_factory=list)
    reachable: list[str] = field(default_factory=list)  # where others find it (behind a NAT: the NAT's)
    links: list[str] = field(default_factory=list)
    processes: list[process.Process] = field(default_factory=list, repr=False)

    def address(self, family: int = 4) -> str:
        return _of_family(self.addresses, family, f"{self.name} has no outer IPv{family} address")

    def inside_address(self, family: int = 4) -> str:
        return _of_family(self.inside, family, f"{self.name} has no protected IPv{family} address")

    def reachable_address(self, family: int = 4) -> str:
        return _of_family(self.reachable, family, f"nobody can reach {self.name} by IPv{family}")

    def run(self, argv: Sequence[str | Path], *, input: str | None = None, timeout: float = 10.0,
            check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs a program to its end inside this host."""
        return process.run(self.netns, argv, input=input, timeout=timeout, check=check)

    def popen(self, argv: Sequence[str | Path], *, name: str | None = None, log: Path | None = None,
              cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: Any = None,
              stdout: Any = None, stderr: Any = None, pass_fds: Sequence[int] = ()
              ) -> process.Process:
        """Starts a program inside this host; it ends with the topology at the latest.

        Its output goes to `log`, by default <directory>/<host>-<name>.log."""
        name = name or Path(argv[0]).name
        log = log or self.directory / f"{self.name}-{name}.log"
        child = process.popen(self.netns, argv, name=f"{name} in {self.name}", log=log, cwd=cwd,
                              env=env, stdin=stdin, stdout=stdout, stderr=stderr,
                              pass_fds=pass_fds)
        self.processes.append(child)
        return child

    def call(self, function: Callable[..., T], *args: Any) -> T:
        """Runs function in a thread that is inside this host; sockets made there stay there."""
        return process.call_in(self.netns, function, *args)

    def ip(self, *lines: str, family: int | None = None) -> None:
        """`ip` commands, one a line, in one go: host.ip("addr add ...", "route add ...")."""
        if lines:
            option = [f"-{family}"] if family else []
            process.run(None, ["ip", *option, "-n", self.netns, "-batch", "-"], input="\n".join(lines) + "\n")

    def forget_path_mtus(self) -> None:
        """What ICMP has said of paths' MTUs counts no more; by itself that would take ten minutes."""
        for family in (4, 6):
            self.ip("route flush cache", family=family)

    def renumber(self, old: str, new: str) -> None:
        """Another outer address in place of one that it has, in the same network; routes stay as they were."""
        listed = json.loads(self.run(["ip", "-json", "addr"]).stdout)
        link, prefix = next((one["ifname"], info["prefixlen"]) for one in listed
                            for info in one["addr_info"] if info["local"] == old)
        family = f"-{family_of(old)}"
        routes = [f"route replace {line}" for line in self.run(["ip", family, "route"]).stdout.splitlines()
                  if line.startswith("default") and f"dev {link}" in line]
        nodad = " nodad" if ":" in new else ""
        self.ip(f"addr del {old}/{prefix} dev {link}", f"addr add {new}/{prefix} dev {link}{nodad}", *routes)
        self.addresses[self.addresses.index(old)] = new

    def settled(self) -> bool:
        """Duplicate address detection has ended: every IPv6 address is in use, with its route in the table "local"."""
        lines = [line.split() for line in self.run(["ip", "-6", "-o", "addr"]).stdout.splitlines()]
        routes = self.run(["ip", "-6", "route", "show", "table", "local"]).stdout.splitlines()
        local = {line.split()[1] for line in routes}
        return all("tentative" not in words and words[3].split("/")[0] in local for words in lines)

    def footprint(self) -> dict[str, str]:
        """Interfaces, addresses, routes of every table, rules, netfilter tables and sockets, as text. What the kernel
        itself has not finished with is awaited first."""
        process.await_that(self.settled, "the end of duplicate address detection")
        asked = ("ip -brief link", "ip -brief addr", "ip route show table all", "ip -6 route show table all",
                 "ip rule", "ip -6 rule", "ip xfrm state", "ip xfrm policy", "nft list ruleset",
                 "ss --no-header --numeric --all --udp --raw")
        return {words: self.run(words.split(), check=False).stdout for words in asked}

    def sysctl(self, settings: Mapping[str, object]) -> None:
        """Writes under /proc/sys/net: {"ipv4/ip_forward": 1}."""
        self.call(write_sysctls, settings)


def write_sysctls(settings: Mapping[str, object]) -> None:
    """Runs inside the namespace."""
    for name, value in settings.items():
        Path("/proc/sys/net", name).write_text(f"{value}\n")


def _of_family(addresses: list[str], family: int, otherwise: str) -> str:
    for address in addresses:
        if family_of(address) == family:
            return address
    raise LookupError(otherwise)
