"""Guests that wait for their next scenario: one boots when it is first needed, and again when it is not clean."""

from __future__ import annotations

import atexit
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from ikelab import process
from ikelab.cleanup import build_directory
from ikelab.guest.machine import INTERFACES, Guest
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


# Everything a scenario can have left: programs, files, SAs and policies, interfaces, addresses, rules, routes. A program
# costs a guest ten times what it costs this machine, so the shell does with its own means what it can, and `ip` is
# started once a family. What is still there afterwards is printed.
_CLEAN = r"""
kill -9 -1
rm -rf /run/* /tmp/*
{
    last=0
    for device in /sys/class/net/*; do
        name=${device##*/}
        [ "$name" = lo ] && continue
        echo "link set $name down"
        if [ -e "$device/device" ]; then
            read -r index <"$device/ifindex"
            eval "name$index=\$name"
            [ "$index" -gt "$last" ] && last=$index
        else
            echo "link del $name"
        fi
    done
    index=0 number=0
    while [ "$index" -lt "$last" ]; do
        index=$((index + 1))
        eval "name=\${name$index:-}"
        [ -n "$name" ] || continue
        echo "addr flush dev $name"
        echo "neigh flush dev $name nud permanent"
        [ "$name" = "vec$number" ] || echo "link set $name name vec$number"
        number=$((number + 1))
    done
    printf '%s\n' "xfrm state flush" "xfrm policy flush" "xfrm policy flush ptype sub" "link set lo down" "addr flush dev lo" \
        "rule flush" "rule add pref 32766 lookup main" "rule add pref 32767 lookup default" "route flush table all" \
        "xfrm state" "xfrm policy" "addr show" "rule list" "route show table all"
} | ip -4 -o -force -batch - 2>/dev/null
printf '%s\n' "rule flush" "rule add pref 32766 lookup main" "route flush table all" "addr show" "rule list" \
    "route show table all" | ip -6 -o -force -batch - 2>/dev/null
echo /sys/class/net/*
"""
_ALWAYS = re.compile(r"(0:\s+from all lookup local|32766:\s+from all lookup main|32767:\s+from all lookup default)\s*")


def clean(guest: Guest) -> str:
    """Makes it as new; "" or what is still there."""
    *left, names = guest.run(["/bin/sh"], input=_CLEAN, timeout=20, check=False).stdout.splitlines() or [""]
    if left := [line for line in left if not _ALWAYS.fullmatch(line)]:
        return f"not clean: {' | '.join(left)[:300]}"
    wanted = {"lo", *(f"vec{n}" for n in range(INTERFACES))}
    if {Path(name).name for name in names.split()} != wanted:
        return f"interfaces are {names}"
    # The namespaces of the scenario are gone, but the kernel takes their interfaces away in its own time.
    process.run(None, ["ip", "-n", guest.netns, "-force", "-batch", "-"], check=False,
                input="".join(f"link del plug{n}\n" for n in range(INTERFACES)))
    plugged = process.run(None, ["ip", "-n", guest.netns, "-brief", "link"]).stdout
    return f"still plugged in: {plugged}" if "plug" in plugged else ""
