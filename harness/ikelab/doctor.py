"""What this machine can and cannot do for the lab, and how to get what is missing.

    for check in examine(): print(check.name, check.ok, check.detail, check.remedy)
    able(checks)      every check that is needed holds
    as_table(checks)  lines for people
    as_json(checks)   for --json

Nothing is believed that can be tried: each ability is used once, in a scratch namespace.
"""

from __future__ import annotations

import fcntl
import functools
import importlib.util
import os
import shutil
import socket
import struct
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ikelab import cleanup, process
from ikelab.process import ProcessError
from ikelab.topology.nat import forget_mappings

INSTALL = "ci/install.sh"
TOOLS = {"ip": "iproute2", "nft": "nftables", "setpriv": "util-linux", "tshark": "tshark",
         "mmdebstrap": "mmdebstrap", "cc": "build-essential", "make": "make"}
BENCH = {"openvpn": "openvpn", "wireguard-go": "wireguard-go"}  # for `ikelab bench contest` alone
MODULES = {"pytest": "python3-pytest", "xdist": "python3-pytest-xdist", "scapy": "python3-scapy",
           "cryptography": "python3-cryptography", "OpenSSL": "python3-openssl", "jsonschema": "python3-jsonschema",
           "jinja2": "python3-jinja2", "rich": "python3-rich", "click": "python3-click",
           "numpy": "python3-numpy"}
PROGRAMS = ("ikeref", "capture", "relay")
MEMORY_MIB = 512
DISK_MIB = 2048

TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x1001


@dataclass(frozen=True)
class Check:
    """One ability. needed: without it `ikelab run` cannot work; else something smaller is lost."""

    name: str
    ok: bool
    needed: bool
    detail: str
    remedy: str = ""  # empty when ok


def examine() -> list[Check]:
    checks = [_root()]
    checks += _kernel() if checks[0].ok else []
    checks += _tools() + _modules() + _programs() + _peers() + [_memory(), _disk()]
    return checks


def able(checks: Iterable[Check]) -> bool:
    return all(check.ok or not check.needed for check in checks)


def as_json(checks: Iterable[Check]) -> list[dict[str, Any]]:
    return [asdict(check) for check in checks]


def as_table(checks: Iterable[Check]) -> list[str]:
    lines = []
    for check in checks:
        state = "yes" if check.ok else "MISSING" if check.needed else "no"
        lines.append(f"{state:8}{check.name:24}{check.detail}")
        if not check.ok and check.remedy:
            lines.append(f"{'':32}-> {check.remedy}")
    return lines


def _check(name: str, needed: bool, problem: str | None, detail: str, remedy: str) -> Check:
    """problem None: it works, and detail says what of it."""
    if problem is None:
        return Check(name, True, needed, detail)
    return Check(name, False, needed, problem, remedy)


def _root() -> Check:
    problem = None if os.geteuid() == 0 else "this user may not make namespaces"
    return _check("root", True, problem, "running as root", "run with sudo, or in a root container")


# What is tried, in a scratch namespace: name, needed, try, what it is for, remedy.
_Attempt = Callable[[str], object]


def _run_in(netns: str, *argv: str, input: str | None = None) -> object:
    return process.run(netns, argv, input=input)


def _veth(netns: str) -> object:
    return _run_in(netns, "ip", "link", "add", "name", "x", "type", "veth", "peer", "name", "y")


def _tun(netns: str) -> None:
    def make() -> None:
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", b"probe", IFF_TUN_NO_PI))
        finally:
            os.close(fd)
    process.call_in(netns, make)


def _nat(netns: str) -> object:
    return _run_in(netns, "nft", "-f", "-", input=(
        "table inet probe {\n"
        "chain c { type nat hook postrouting priority 100; meta l4proto udp masquerade to :20000; }\n"
        "chain d { type filter hook forward priority 0; ct state established accept; }\n}\n"))


def _rebind(netns: str) -> None:
    process.call_in(netns, forget_mappings)


def _packet_socket(netns: str) -> None:
    process.call_in(netns, lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close())


def _kernel_esp(netns: str) -> object:
    return _run_in(netns, "ip", "xfrm", "state", "add", "src", "192.0.2.1", "dst", "192.0.2.2",
                   "proto", "esp", "spi", "0x1000", "mode", "tunnel", "aead", "rfc4106(gcm(aes))",
                   "0x" + "00" * 20, "128")


@functools.cache  # the kernel stays the same, and a namespace is made to ask it
def kernel_esp_problem() -> str:
    """"" when this machine's kernel has ESP, else what it said."""
    for check in _kernel():
        if check.name == "kernel ESP":
            return "" if check.ok else check.detail
    return "no network namespace can be made"


def _netem(netns: str) -> object:
    return _run_in(netns, "tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms")


_ATTEMPTS: tuple[tuple[str, bool, _Attempt, str, str], ...] = (
    ("veth", True, _veth, "links between namespaces", "a kernel with CONFIG_VETH"),
    ("TUN", True, _tun, "user-space ESP",
     "a kernel with CONFIG_TUN; in a container: --device /dev/net/tun"),
    ("NAT", True, _nat, "nftables masquerade", "a kernel with CONFIG_NFT_MASQ; and nftables"),
    ("NAT rebinding", True, _rebind, "mappings can be deleted", "a kernel with CONFIG_NF_CT_NETLINK"),
    ("packet sockets", True, _packet_socket, "capture and link relay",
     "CAP_NET_RAW, and a kernel with CONFIG_PACKET"),
    ("kernel ESP", False, _kernel_esp, "tier host-kernel",
     "a kernel with CONFIG_INET_ESP; until then ESP is carried in user space"),
    ("netem", False, _netem, "(not used: the lab has its own link relay)",
     "nothing: the lab's own link relay does its work"),
)


def _kernel() -> list[Check]:
    netns = f"{cleanup.current_run().next_prefix()}-doctor"
    try:
        process.run(None, ["ip", "netns", "add", netns])
    except ProcessError as error:
        return [Check("namespaces", False, True, str(error),
                      "iproute2 and CAP_SYS_ADMIN; in a container: --privileged")]
    checks = [Check("namespaces", True, True, "one world for each scenario")]
    try:
        for name, needed, attempt, purpose, remedy in _ATTEMPTS:
            checks.append(_check(name, needed, _problem_of(attempt, netns), purpose, remedy))
    finally:
        cleanup.remove_namespaces([netns])
    return checks


def _problem_of(attempt: _Attempt, netns: str) -> str | None:
    try:
        attempt(netns)
    except (OSError, ProcessError) as error:
        said = str(error).rpartition("ended with status")[2].partition(": ")[2] or str(error)
        return said.partition(";")[0]
    return None


def _tools() -> list[Check]:
    # /usr/sbin is not on everybody's PATH, and that is where some of these are.
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    checks = []
    for tool, package in TOOLS.items():
        found = shutil.which(tool, path=path)
        checks.append(_check(tool, tool != "mmdebstrap", None if found else "not installed",
                             found or "", f"{INSTALL}, or: apt-get install {package}"))
    for tool, package in BENCH.items():
        found = shutil.which(tool, path=path)
        checks.append(_check(tool, False, None if found else "not installed: `ikelab bench contest` goes without", found or "",
                             f"{INSTALL} --bench, or: apt-get install {package}"))
    from ikelab.peers import table  # late: adapters need more than the doctor does

    kernel = table.GUEST_KERNEL
    checks.append(_check("user-mode Linux", False, kernel.missing() or None, f"{kernel.version()} in {kernel.path}",
                         "it comes with the first peer of the tier uml-kernel that is built"))
    return checks


def _modules() -> list[Check]:
    missing = [name for name in MODULES if importlib.util.find_spec(name) is None]
    packages = " ".join(MODULES[name] for name in missing)
    return [_check("Python modules", True, f"without {', '.join(missing)}" if missing else None,
                   ", ".join(MODULES),
                   f"{INSTALL}, or: apt-get install {packages}; and use /usr/bin/python3")]


def _programs() -> list[Check]:
    directory = cleanup.build_directory()
    missing = [name for name in PROGRAMS if not (directory / name).exists()]
    return [_check("built programs", True, f"without {', '.join(missing)}" if missing else None,
                   f"{', '.join(PROGRAMS)} in {directory}", "make")]


def _peers() -> list[Check]:
    from ikelab.peers import table  # late: adapters need more than the doctor does

    checks = []
    for line in table.TABLE:
        lack = line.available()
        checks.append(_check(f"peer {line.name}", line.name == "reference", lack or None, line.tier,
                             f"build/ikelab peers build {line.name}" if line.suite else "make"))
    return checks


def _memory() -> Check:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            mib = int(line.split()[1]) // 1024
            return _check("memory", True, None if mib >= MEMORY_MIB else f"only {mib} MiB available",
                          f"{mib} MiB available", f"free some: the lab wants {MEMORY_MIB} MiB")
    return Check("memory", True, True, "unknown")


def _disk() -> Check:
    directory = cleanup.build_directory()
    while not directory.exists():
        directory = directory.parent
    mib = shutil.disk_usage(directory).free // 2**20
    return _check("disk", True, None if mib >= DISK_MIB else f"only {mib} MiB free in {directory}",
                  f"{mib} MiB free", f"make room: roots and captures want {DISK_MIB} MiB")
