"""The NAT box: nftables masquerade, a stateful filter, and mappings that can be made to change."""

from __future__ import annotations

import errno
import os
import socket
import struct

from ikelab import process
from ikelab.topology.host import Host
from ikelab.topology.plan import NatPlan

PORT_RANGES = ((20000, 29999), (30000, 39999), (40000, 49999))

NETLINK_NETFILTER = 12
NLM_F_REQUEST, NLM_F_ACK = 1, 4
NLMSG_ERROR = 2
CTNETLINK_DELETE = 1 << 8 | 2  # NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE


class Nat:
    def __init__(self, host: Host, plan: NatPlan, forward_to: list[str]):
        self.host = host
        self._plan = plan
        self._forward_to = forward_to
        self._turn = -1 if plan.keeps_ports else 0

    def install(self) -> None:
        """Loads the rules; nft swaps the whole table in one transaction."""
        process.run(self.host.netns, ["nft", "-f", "-"], input=self._ruleset())

    def rebind(self) -> None:
        """Forgets every mapping; new ones get other ports, as after a reboot of the box."""
        self._turn = (self._turn + 1) % len(PORT_RANGES)
        self.install()
        self.host.call(forget_mappings)

    def mapping_timeout(self, seconds: int) -> None:
        """How long an idle UDP mapping lives from its next packet on."""
        self.host.sysctl({"netfilter/nf_conntrack_udp_timeout": seconds,
                          "netfilter/nf_conntrack_udp_timeout_stream": seconds})

    def mappings(self) -> list[str]:
        """The connection table as the kernel prints it; empty where it does not."""
        def read() -> list[str]:
            try:
                with open("/proc/thread-self/net/nf_conntrack") as file:
                    return file.read().splitlines()
            except FileNotFoundError:
                return []
        return self.host.call(read)

    def _ruleset(self) -> str:
        outside = self._plan.outside
        families = ", ".join(f"ipv{family}" for family in self._plan.families)
        ours = f'oifname "{outside}" meta nfproto {{ {families} }}'
        ports = ""
        if self._turn >= 0:
            low, high = PORT_RANGES[self._turn]
            ports = f"{ours} meta l4proto {{ tcp, udp }} masquerade to :{low}-{high}"
        incoming, allowed = [], []
        for address in self._forward_to:
            ip = "ip6" if ":" in address else "ip"
            incoming += [f'iifname "{outside}" meta nfproto ipv{6 if ip == "ip6" else 4} '
                         f"{what} dnat {ip} to {address}"
                         for what in ("udp dport { 500, 4500 }", "meta l4proto esp")]
            allowed.append(f'iifname "{outside}" {ip} daddr {address} accept')
        return "\n".join([
            "table inet ikelab", "delete table inet ikelab", "table inet ikelab {",
            "chain incoming { type nat hook prerouting priority -100; policy accept;",
            *incoming, "}",
            "chain mapping { type nat hook postrouting priority 100; policy accept;",
            ports, f"{ours} masquerade", "}",
            "chain through { type filter hook forward priority 0; policy drop;",
            "ct state established,related accept", f'iifname != "{outside}" accept', *allowed, "}",
            "chain itself { type filter hook input priority 0; policy accept;",
            f'iifname "{outside}" ct state new drop', "}", "}", ""])


def forget_mappings() -> None:
    """Deletes the whole connection table (ctnetlink), whichever family; runs inside the namespace."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as sock:
        sock.bind((0, 0))
        message = struct.pack("=LHHLLBBH", 20, CTNETLINK_DELETE, NLM_F_REQUEST | NLM_F_ACK, 1, 0,
                              socket.AF_UNSPEC, 0, 0)
        sock.send(message)
        _, kind, _, _, _, error = struct.unpack_from("=LHHLLi", sock.recv(4096))
    if kind != NLMSG_ERROR or error not in (0, -errno.ENOENT):
        raise process.ProcessError(
            f"the kernel did not forget its NAT mappings: {os.strerror(-error)}; "
            "it needs nf_conntrack_netlink")
