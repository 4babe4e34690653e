"""Guests that wait for their next scenario: one boots when it is first needed, and again when it is not clean."""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass, field
from pathlib import Path

from ikelab import process
from ikelab.cleanup import build_directory
from ikelab.guest.machine import INTERFACES, Guest
from ikelab.process import ProcessError

AGENT = "guest-agent"


@dataclass
class Pool:
    """Of this process. A guest that was handed out is nobody else's until it is given back."""

    idle: list[Guest] = field(default_factory=list)
    booted: int = 0
    reused: int = 0
    thrown_away: list[str] = field(default_factory=list)  # why, for the curious

    def take(self, kernel: Path, root: Path) -> Guest:
        """A clean guest over that root. Raises GuestDead when it does not boot."""
        for guest in [one for one in self.idle if one.root == root]:
            self.idle.remove(guest)
            if guest.running:
                self.reused += 1
                return guest
            guest.close()
        agent = build_directory() / AGENT
        if not agent.exists():
            raise ProcessError(f"{agent} is not built; run `make`")
        self.booted += 1
        return Guest(kernel, root, agent, root.parent.name)

    def give_back(self, guest: Guest) -> None:
        """Cleans it for the next scenario; what does not come clean is ended."""
        try:
            problem = clean(guest)
        except ProcessError as error:
            problem = str(error)
        if problem:
            self.thrown_away.append(f"{guest.name}: {problem}")
            guest.close()
        else:
            self.idle.append(guest)

    def close(self) -> None:
        """Ends those that wait."""
        for guest in self.idle:
            guest.close()
        self.idle.clear()


_pool: Pool | None = None
_pid = 0


def pool() -> Pool:
    """This process's own."""
    global _pool, _pid
    if _pool is None or _pid != os.getpid():
        _pool, _pid = Pool(), os.getpid()
        atexit.register(_pool.close)
    return _pool


# Everything a scenario can have left: programs, SAs and policies, interfaces' names, addresses, rules, routes, files.
_CLEAN = r"""
for pid in /proc/[0-9]*; do
    pid=${pid#/proc/}
    [ "$pid" -gt 1 ] && [ "$pid" != $$ ] && [ -e /proc/$pid/exe ] && readlink /proc/$pid/exe >/dev/null && kill -9 $pid
done 2>/dev/null
ip xfrm state flush; ip xfrm policy flush; ip xfrm policy flush ptype sub 2>/dev/null
ip link show | sed -n 's/^[0-9]*: \([^:@]*\).*/\1/p' | while read name; do
    [ "$name" = lo ] && continue
    ip link set "$name" down; ip addr flush dev "$name"; ip neigh flush dev "$name" nud permanent 2>/dev/null
    index=$(cat /sys/class/net/$name/ifindex)
    ip link set "$name" name old$index
done
n=0
for index in $(cat /sys/class/net/old*/ifindex | sort -n); do
    if [ -e /sys/class/net/old$index/device ]; then ip link set old$index name vec$n; n=$((n + 1))
    else ip link del old$index; fi
done
for family in -4 -6; do
    ip $family rule list | sed 's/^\([0-9]*\):.*/\1/' | while read priority; do
        case $priority in 0|32766|32767) ;; *) ip $family rule del priority $priority;; esac
    done
    ip $family route flush table all 2>/dev/null
    ip $family rule list | grep -vE '^(0|32766|32767):'
done
ip link set lo down; ip addr flush dev lo
rm -rf /run/* /tmp/*
ip xfrm state; ip xfrm policy
ip -o addr show; ip route show table all; ip -6 route show table all
exit 0
"""


def clean(guest: Guest) -> str:
    """Makes it as new; "" or what is still there."""
    left = guest.run(["/bin/sh"], input=_CLEAN, timeout=20).stdout.strip()
    if left:
        return f"not clean: {left[:300]}"
    names = guest.run(["ls", "/sys/class/net"]).stdout.split()
    wanted = {"lo", *(f"vec{n}" for n in range(INTERFACES))}
    if set(names) != wanted:
        return f"interfaces are {names}"
    plugged = process.run(None, ["ip", "-n", guest.netns, "-brief", "link"]).stdout
    return f"still plugged in: {plugged}" if "plug" in plugged else ""
