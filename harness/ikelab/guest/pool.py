"""Guests that wait for their next scenario: one boots when it is first needed, and again when it is not clean."""

from __future__ import annotations

import atexit
import os
import struct
from dataclasses import dataclass, field
from pathlib import Path

from ikelab import process
from ikelab.cleanup import build_directory
from ikelab.guest import netlink
from ikelab.guest.machine import INTERFACES, Guest
from ikelab.guest.netlink import ROUTE, XFRM, Message
from ikelab.process import ProcessError

AGENT = "guest-agent"
IDLE_MAX = 4  # guests that wait in one process; each holds some hundred megabytes


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
            return
        self.idle.append(guest)
        while len(self.idle) > IDLE_MAX:
            self.idle.pop(0).close()  # the one that has waited longest

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


FAMILIES = (2, 10)  # IPv4, IPv6
_PERMANENT = 0x80  # of a neighbour: somebody has put it there
_TO_TABLE = 1  # what a rule does
_PRIORITY, _TABLE = 6, 15  # attributes of a rule
# Priority and table of the rules that a new network has; IPv6 has no last one.
RULES = {(family, priority): table for family in FAMILIES for priority, table in ((0, 255), (32766, 254))} | {(2, 32767): 253}


def clean(guest: Guest) -> str:
    """Makes it as new: programs, files, SAs and policies, interfaces, neighbours, addresses, rules, routes; "" or what
    is still there."""
    guest.clean()
    guest.netlink(XFRM, *netlink.FLUSH, netlink.FLUSH_SUB)
    _clean_links(guest)
    guest.netlink(ROUTE, *netlink.undo(_left(guest)))
    rules = {_rule(one) for one in _dump(guest, netlink.GET_RULE)}
    guest.netlink(ROUTE, *(_add_rule(*one) for one in RULES.items() if (*one[0], one[1]) not in rules))
    if left := [*_left(guest), *(one for one in guest.netlink(XFRM, netlink.STATES, netlink.POLICIES) if not one.error)]:
        return f"not clean: {len(left)} are left, the first one of kind {left[0].kind}: {left[0].body.hex()[:300]}"
    if more := set(guest.read("/proc/self/mounts").splitlines()) ^ set(guest.mounts):
        return f"mounts are others: {b', '.join(more).decode()}"
    wanted = {"lo", *(f"vec{n}" for n in range(INTERFACES))}
    if (names := {link.name for link in _links(guest)}) != wanted:
        return f"interfaces are {' '.join(sorted(names))}"
    # The namespaces of the scenario are gone, but the kernel takes their interfaces away in its own time.
    process.run(None, ["ip", "-n", guest.netns, "-force", "-batch", "-"], check=False,
                input="".join(f"link del plug{n}\n" for n in range(INTERFACES)))
    plugged = process.run(None, ["ip", "-n", guest.netns, "-brief", "link"]).stdout
    return f"still plugged in: {plugged}" if "plug" in plugged else ""


def _links(guest: Guest) -> list[netlink.Link]:
    return [netlink.Link.of(one) for one in guest.netlink(ROUTE, netlink.dump(netlink.GET_LINK)) if not one.error]


def _clean_links(guest: Guest) -> None:
    """Those of its own are down and have their first names; others go."""
    links = _links(guest)
    own = sorted((link for link in links if not link.made and link.name != "lo"), key=lambda link: link.index)
    steps = [link.remove() for link in links if link.made]
    steps += [link.down() for link in links if not link.made]
    steps += [link.down(f"vec{number}") for number, link in enumerate(own) if link.name != f"vec{number}"]
    guest.netlink(ROUTE, *steps)


def _dump(guest: Guest, *kinds: int) -> list[Message]:
    questions = [netlink.dump(kind, family) for kind in kinds for family in FAMILIES]
    return [one for one in guest.netlink(ROUTE, *questions) if not one.error]


def _left(guest: Guest) -> list[Message]:
    """Addresses, neighbours, routes and rules that a new guest does not have."""
    found = _dump(guest, netlink.GET_ADDRESS, netlink.GET_ROUTE, netlink.GET_RULE, netlink.GET_NEIGHBOUR)
    return [one for one in found
            if not (one.kind == netlink.NEW_RULE and RULES.get(_rule(one)[:2]) == _rule(one)[2])
            and not (one.kind == netlink.NEW_NEIGHBOUR and not struct.unpack_from("=H", one.body, 8)[0] & _PERMANENT)]


def _rule(message: Message) -> tuple[int, int, int]:
    """Its family, priority and table."""
    found = message.attributes(12)
    numbers = (struct.unpack("=I", found.get(kind, bytes(4)))[0] for kind in (_PRIORITY, _TABLE))
    return (message.body[0], *numbers)  # type: ignore[return-value]


def _add_rule(which: tuple[int, int], table: int) -> bytes:
    family, priority = which
    numbers = b"".join(netlink.attribute(kind, struct.pack("=I", number))
                       for kind, number in ((_PRIORITY, priority), (_TABLE, table)))
    header = struct.pack("=BBBBBBBBI", family, 0, 0, 0, table, 0, 0, _TO_TABLE, 0)
    return netlink.build(netlink.NEW_RULE, header + numbers, netlink.ACK | netlink.CREATE | netlink.EXCLUSIVE)
