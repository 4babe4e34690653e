"""Topology: the hosts, links and NATs of one scenario, and their end."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL

from ikelab import cleanup
from ikelab.link import Relay
from ikelab.process import ProcessError
from ikelab.topology.host import Host
from ikelab.topology.nat import Nat
from ikelab.topology.plan import Plan


@dataclass(frozen=True)
class CapturePoint:
    """Where a link can be listened to."""

    name: str
    netns: str
    interface: str


@dataclass
class Link:
    name: str
    hosts: tuple[str, str]
    capture_points: list[CapturePoint]
    relay: Relay | None = None


@dataclass
class Topology:
    """Use as a context manager; close() is idempotent and happens at the runner's end anyway."""

    layout: str
    directory: Path
    plan: Plan = field(repr=False)
    hosts: dict[str, Host] = field(default_factory=dict)
    links: dict[str, Link] = field(default_factory=dict)
    nats: dict[str, Nat] = field(default_factory=dict)
    namespaces: list[str] = field(default_factory=list)
    scratch: Path | None = None
    build_ms: float = 0.0

    def host(self, name: str) -> Host:
        return _look_up(self.hosts, name, "host", self.layout)

    def link(self, name: str) -> Link:
        return _look_up(self.links, name, "link", self.layout)

    def nat(self, name: str = "nat") -> Nat:
        return _look_up(self.nats, name, "NAT", self.layout)

    def capture_points(self) -> list[CapturePoint]:
        return [point for link in self.links.values() for point in link.capture_points]

    def ready(self) -> None:
        """Called once when everything exists; a layout with a state of its own starts here."""

    def close(self) -> None:
        children = [child for host in self.hosts.values() for child in host.processes]
        relays = [link.relay for link in self.links.values() if link.relay is not None]
        for child in children:
            child.signal(SIGKILL)  # all at once, so that their ends overlap
        for relay in relays:
            relay.close()
        for child in children:
            child.kill()
        for host in self.hosts.values():
            host.processes.clear()
        cleanup.remove_namespaces(self.namespaces)
        self.namespaces.clear()
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)
            self.scratch = None

    def __enter__(self) -> Topology:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _look_up(table: dict, name: str, what: str, layout: str):
    try:
        return table[name]
    except KeyError:
        raise ProcessError(f"the layout {layout} has no {what} {name}; it has: "
                           + (", ".join(table) or "none")) from None
