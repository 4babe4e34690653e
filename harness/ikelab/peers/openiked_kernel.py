"""What an administrator, or age, may do to iked through the guest's kernel, as commands of `ip`.

iked takes its orders from PF_KEY as well as from ikectl: an ACQUIRE makes it start an IKE SA, an EXPIRE of a soft limit
makes it rekey a Child SA, one of a hard limit makes it delete one. So a policy without an SA, and a limit that has just
been passed, tell it to do at once what ikectl has no word for.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable

from ikelab.guest import netlink
from ikelab.guest.netlink import Message
from ikelab.peers.neutral import DaemonSpec

STATE = ["ip", "-s", "xfrm", "state"]
FENCE = "fence"
FENCE_METRIC = 1_000
GUARD_PRIORITY = 1_000_000  # worse than any policy of iked's
TRAP_PRIORITY = 1_000  # worse than those, better than the guard
IPV6_HDRINCL = 36  # linux/in6.h; Python has no name for it
DISCARD = 9

Flow = tuple[str, str]


def fence(flows: Iterable[Flow]) -> list[str]:
    """Lines for `ip -batch`: the routes to what is protected end in an interface without a far end. ESP is routed by its
    outer address; what has no policy, or none any more, goes nowhere (RFC 4301 5.1). No policy could do that: iked
    takes away all there are when it starts."""
    remotes = dict.fromkeys(remote for _, remote in flows)
    return [f"link add {FENCE} type dummy", f"link set {FENCE} up",
            *(f"route add {remote} dev {FENCE} metric {FENCE_METRIC}" for remote in remotes)] if remotes else []


def guard(flows: Iterable[Flow]) -> list[str]:
    """And what is protected is not taken from the wire in the clear (RFC 4301 5.2). In halves, for what has the
    selectors of a policy of iked's goes with that policy."""
    return [f"xfrm policy update src {remote} dst {half} dir {direction} action block priority {GUARD_PRIORITY}"
            for local, remote in flows for half in ipaddress.ip_network(local).subnets()
            for direction in ("in", "fwd")]


def trap(flow: Flow, local: str, peer: str, mode: str = "tunnel") -> str:
    """A policy whose first packet makes the kernel ask for an SA. iked replaces it by its own."""
    return (f"xfrm policy update src {flow[0]} dst {flow[1]} dir out priority {TRAP_PRIORITY}"
            f" tmpl src {local} dst {peer} proto esp mode {mode}")


def allowing(told: Iterable[Message]) -> list[bytes]:
    """Requests that remove the policies among these which let something pass, protected or not."""
    return [netlink.build(netlink.DELETE_POLICY, one.body[:56] + one.body[156:161] + bytes(3)) for one in told
            if one.kind == netlink.NEW_POLICY and one.body[161] == 0]


def flows(spec: DaemonSpec) -> list[Flow]:
    """Of every policy with a tunnel, each local selector with each remote one of its family."""
    return [(local, remote) for peer in spec.peers for child in peer.children if child.mode == "tunnel"
            for local in child.local_ts for remote in child.remote_ts
            if ipaddress.ip_network(local).version == ipaddress.ip_network(remote).version]


def expire(states: str, spi: int, hard: bool) -> list[str]:
    """The command that gives this SA (of STATE) a limit it has passed: in packets if it has carried some,
    else a second from now. The kernel keeps its keys and changes its limits."""
    for chunk in re.split(r"^(?=src )", states, flags=re.M):
        head = re.match(r"src (\S+) dst (\S+)\s+proto esp spi 0x([0-9a-f]+)\S* reqid (\d+)\S* mode (\w+)", chunk)
        if head and int(head[3], 16) == spi:
            words = ["ip", "xfrm", "state", "update", "src", head[1], "dst", head[2], "proto", "esp", "spi", f"0x{head[3]}",
                     "reqid", head[4], "mode", head[5]]
            for line in re.findall(r"^\s+((?:auth-trunc|enc|aead) .*)$", chunk, re.M):
                words += re.sub(r" \(\d+ bits\)", "", line).split()
            if encap := re.search(r"encap type espinudp sport (\d+) dport (\d+) addr (\S+)", chunk):
                words += ["encap", "espinudp", *encap.groups()]
            kind = "hard" if hard else "soft"
            return [*words, "limit", f"packet-{kind}", "1", "limit", f"time-{kind}", "1"]
    return []


def first_of(net: str) -> str:
    """Its first address, which is that of a single host."""
    return str(ipaddress.ip_network(net)[0])


def provoke(flow: Flow) -> None:
    """One datagram of that flow, from whom it may concern. Runs inside the namespace; the guest drops it, for it asks
    for an SA and has none."""
    source, destination = map(first_of, flow)
    datagram = b"\0" + bytes([DISCARD]) + b"\0" + bytes([DISCARD]) + b"\0\x08\0\0"
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as sender:
        if family == socket.AF_INET6:
            sender.setsockopt(socket.IPPROTO_IPV6, IPV6_HDRINCL, 1)
            header = b"\x60\0\0\0" + len(datagram).to_bytes(2, "big") + bytes([socket.IPPROTO_UDP, 64])
        else:  # the kernel fills in length, identification and checksum
            header = b"\x45\0\0\0\0\0\0\0" + bytes([64, socket.IPPROTO_UDP, 0, 0])
        addresses = socket.inet_pton(family, source) + socket.inet_pton(family, destination)
        sender.sendto(header + addresses + datagram, (destination, 0))


def provoke_here(flow: Flow, addresses: str) -> str:
    """The same for a gateway that has the protected net on a link of its own: a script for the guest's bash.
    `addresses`: of `ip -oneline addr`."""
    local = ipaddress.ip_network(flow[0])
    found = [word.split("/")[0] for word in re.findall(r" inet6? (\S+)", addresses)]
    source = next((one for one in found if ipaddress.ip_address(one) in local), "")
    link = next((line.split()[1] for line in addresses.splitlines() if f" {source}/" in line), "lo")
    destination = first_of(flow[1])
    route = f"{flow[1]} dev {link} src {source} metric 1"
    return f"ip route add {route}; echo >/dev/udp/{destination}/{DISCARD}; ip route del {route}\n"
