"""A packet that belongs to a policy never leaves in the clear (RFC 4301 5.1): every one that did is listed."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..wire.packet import ICMP, ICMPV6, Datagram

ICMP_ERRORS, ICMPV6_ERRORS = {3, 4, 5, 11, 12}, {1, 2, 3, 4}
NEIGHBOUR_DISCOVERY = range(133, 138)


@dataclass(slots=True, frozen=True)
class Policy:
    """What must be protected between two sets of addresses, in either direction. Selectors are networks,
    ranges `a-b` or addresses; what follows `[` (protocol, ports) is left out: it can only hide a leak.

    With an owner only what its side sends from local to remote counts, and only from `since_ns` to
    `until_ns` (0: to the end): a policy that is not there yet, or was taken away, protects nothing."""

    local: tuple[str, ...]
    remote: tuple[str, ...]
    name: str = ""
    owner: str = ""
    since_ns: int = 0
    until_ns: int = 0

    def holds_at(self, time_ns: int) -> bool:
        return self.since_ns <= time_ns and not 0 < self.until_ns < time_ns


@dataclass(slots=True)
class Leak:
    datagram: Datagram
    policy: Policy

    def __str__(self) -> str:
        seen = self.datagram
        ports = f" port {seen.sport} > {seen.dport}" if seen.sport else ""
        return (f"in the clear on {seen.link}: {seen.src} > {seen.dst} {seen.protocol_name}{ports}, "
                f"which policy {self.policy.name or '(unnamed)'} protects")


def find_leaks(datagrams: Iterable[Datagram], policies: list[Policy]) -> list[Leak]:
    """Every clear datagram on the given (outer) links that belongs to a policy."""
    leaks = []
    matched: dict[tuple[str, str], list[Policy]] = {}
    for datagram in datagrams:
        if datagram.kind != "clear" or _is_signalling(datagram):
            continue
        pair = (datagram.src, datagram.dst)
        if pair not in matched:
            matched[pair] = [p for p in policies if _belongs(p, *pair)]
        leaks += [Leak(datagram, p) for p in matched[pair] if p.holds_at(datagram.time_ns)][:1]
    return leaks


def _is_signalling(datagram: Datagram) -> bool:
    """Neighbour discovery and ICMP errors keep the outer network going and are never protected here."""
    kind = datagram.payload[0] if datagram.payload else 0
    if datagram.protocol == ICMPV6:
        return kind in NEIGHBOUR_DISCOVERY or kind in ICMPV6_ERRORS
    return datagram.protocol == ICMP and kind in ICMP_ERRORS


def _belongs(policy: Policy, src: str, dst: str) -> bool:
    def within(address: str, selectors: tuple[str, ...]) -> bool:
        return any(_contains(selector, address) for selector in selectors)

    if within(src, policy.local) and within(dst, policy.remote):
        return True
    return not policy.owner and within(src, policy.remote) and within(dst, policy.local)


@lru_cache(maxsize=1024)
def _span(selector: str) -> tuple[Any, Any]:
    text = selector.split("[")[0].strip()
    if "-" in text:
        start, end = text.split("-")
        return ipaddress.ip_address(start), ipaddress.ip_address(end)
    network = ipaddress.ip_network(text, strict=False)
    return network[0], network[-1]


def _contains(selector: str, address: str) -> bool:
    start, end = _span(selector)
    found = ipaddress.ip_address(address)
    return found.version == start.version and start <= found <= end
