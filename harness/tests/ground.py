"""What a program could leave behind in a host and on the disk, taken as one value that can be compared."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

from ikelab import process
from ikelab.cleanup import MEMORY, NETNS_DIRECTORY, build_directory
from ikelab.topology import Host

LOOKS = (["ip", "-o", "link"], ["ip", "-o", "addr"], ["ip", "rule"], ["ip", "-6", "rule"],
         ["ip", "route", "show", "table", "all"], ["ip", "-6", "route", "show", "table", "all"],
         ["nft", "list", "ruleset"])


def of_host(host: Host, *directories: Path) -> dict[str, object]:
    """Interfaces, addresses, rules, routes, nftables, sockets and processes; and files in the directories. What the
    kernel itself has not finished with is awaited first: its looking for IPv6 addresses that are taken."""
    process.await_that(host.settled, "the end of duplicate address detection")
    found: dict[str, object] = {" ".join(look): sorted(host.run(look).stdout.splitlines()) for look in LOOKS}
    found["sockets"] = host.call(sockets)
    found["processes"] = sorted(processes(host))
    for directory in directories:
        found[str(directory)] = sorted(str(path) for path in directory.rglob("*"))
    return found


def sockets() -> list[str]:
    """Local ends of IP sockets in this thread's namespace; ours are opened and closed by tests only."""
    found = []
    for name in ("udp", "udp6", "raw", "raw6", "tcp", "tcp6"):
        lines = Path(f"/proc/thread-self/net/{name}").read_text().splitlines()[1:]
        found += [f"{name} {line.split()[1]}" for line in lines]
    return sorted(found)


def processes(host: Host) -> list[int]:
    inode = os.stat(NETNS_DIRECTORY / host.netns).st_ino
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.readlink(f"/proc/{entry}/ns/net") == f"net:[{inode}]":
                found.append(int(entry))
        except OSError:
            continue
    return found


def of_run(pid: int) -> list[str]:
    """What carries the name of the lab run by this process."""
    prefix = f"ikl{pid:x}x"
    places = (NETNS_DIRECTORY, Path("/tmp"), MEMORY, build_directory() / "run")
    return [str(place / name) for place in places if place.is_dir()
            for name in os.listdir(place) if name.startswith(prefix)]


def with_descendants(pid: int) -> list[int]:
    """The process and all that it has started, and they."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                text = Path(f"/proc/{entry}/stat").read_text()
                parents[int(entry)] = int(text[text.rindex(")") + 2:].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def udp_socket(port: int, family: int = socket.AF_INET) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    made.bind(("", port))
    return made
