"""How often a daemon calls the kernel for one fixed piece of work: the same number every time.

How many packets a wake-up finds waiting is up to the scheduler. So the daemon is stopped (SIGSTOP), all that it is to find is
queued, and then it goes on (SIGCONT): it finds everything at once, works it off and sleeps again. strace writes down what it
calls meanwhile; that takes time, as does whatever else runs on the machine, and changes nothing.

    with Bench(directory) as bench:
        found = bench.count("calls.daemon.tun.train")      # {"epoll_wait": 2, "readv": 2, "sendmsg": 1}

A daemon whose clock fires in the midst of it does that turn too. Such a piece is counted again, but a fifth time counts: a clock
that always fires is no accident.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ikelab import topology
from ikelab.peers.contract import PeerError
from ikelab.peers.reference import Reference
from ikelab.process import ProcessError, await_that
from ikelab.stage.setting import Setting
from ikelab.topology import interface
from ikelab.topology.host import Host

from .measure import CannotMeasure, NoSuchCase

Calls = Mapping[str, int]  # by the system call's name

PREFIX = "calls.daemon."
PACKETS = 64
PAYLOAD = 800  # octets in each: 64 of them are one packet for the TUN, and sealed one datagram for the socket
DEADLINE_S = 60.0  # a machine may have other things to do
IDLE_S = 1.0
TRIES = 5
INTERFACE = "ikeref0"
SOL_PACKET, PACKET_VNET_HDR, ETH_P_IP = 263, 15, 0x0800
CALL = re.compile(r"^(?!getpid)(\w+)\(", re.MULTILINE)  # which some versions of libcrypto ask for before each random number
ASLEEP = re.compile(r"(?:^|\n)epoll_wait\([^\n]*$")  # the last line, and it has no end yet
CLOCK_FIRED = re.compile(r"^read\(\d+, .*, 8\) += 8$", re.MULTILINE)


def missing() -> str:
    """"" or why nothing can be counted here."""
    if os.geteuid() != 0:
        return "hosts of their own take root: run it as root"
    return "" if shutil.which("strace") else "strace writes down system calls and is not there: run `ci/install.sh`"


def named(calls: Calls) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(calls.items())) or "none"


# ---- packets for the TUN ----


def _sum(octets: bytes) -> int:
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def _ip(source: str, destination: str, protocol: int, length: int) -> bytes:
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + length, 1, 0x4000, 64, protocol, 0, socket.inet_aton(source),
                         socket.inet_aton(destination))
    return header[:10] + struct.pack(">H", 0xFFFF - _sum(header)) + header[12:]


def train(source: str, destination: str) -> list[bytes]:
    """One packet of TCP's that the daemon is to cut into 64."""
    return [_long(source, destination, PACKETS, PAYLOAD)]


def trains(source: str, destination: str) -> list[bytes]:
    """Three as long as they can be, as a stream brings them: a burst holds one of them, and not half of another."""
    return [_long(source, destination, 45, 1350)] * 3


def _long(source: str, destination: str, segments: int, payload: int) -> bytes:
    """Behind virtio's header as Linux has it."""
    length = 20 + segments * payload
    pseudo = _sum(socket.inet_aton(source) + socket.inet_aton(destination) + struct.pack(">HH", 6, length))
    tcp = struct.pack(">HHIIBBHHH", 1000, 2000, 1, 1, 0x50, 0x10, 500, pseudo, 0)
    vnet = struct.pack("=BBHHHH", 1, 1, 40, payload, 20, 16)  # NEEDS_CSUM, GSO_TCPV4
    return vnet + _ip(source, destination, 6, length) + tcp + bytes(segments * payload)


def singles(source: str, destination: str) -> list[bytes]:
    """64 of UDP's, each longer than the one before: sealed, no two of them are one datagram for the socket."""
    found = []
    for number in range(PACKETS):
        length = 8 + 200 + 8 * number
        found.append(bytes(10) + _ip(source, destination, 17, length) + struct.pack(">HHHH", 1000, 2000, length, 0)
                     + bytes(length - 8))
    return found


def _send(packets: Sequence[bytes]) -> None:
    """Runs inside the host: out of the TUN, as if the host itself had sent them."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
        sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        sock.bind((INTERFACE, ETH_P_IP))
        for packet in packets:
            sock.send(packet)


# ---- what a daemon calls ----


class Trace:
    """What the one thread of a process calls, until end()."""

    def __init__(self, host: Host, pid: int, log: Path):
        self._pid, self._log = pid, log
        if len(list(Path(f"/proc/{pid}/task").iterdir())) != 1:
            raise CannotMeasure("the daemon has several threads now: teach harness/ikelab/bench/daemon_calls.py to follow them")
        self._strace = host.popen(["strace", "--output", log, "--strings-in-hex=non-ascii", "--attach", str(pid)], name=f"strace-{pid}")
        await_that(lambda: self._status("TracerPid") != "0", "strace's attaching", DEADLINE_S)

    def await_sleep(self) -> int:
        """It waits for what comes next; returns how much is written until then."""
        return await_that(self._asleep, "the daemon's going to sleep", DEADLINE_S)

    def await_stop(self) -> int:
        return await_that(lambda: len(text) if (text := self._text()).endswith("--- stopped by SIGSTOP ---\n") else 0,
                          "the daemon's stop", DEADLINE_S)

    def between(self, mark: int, end: int) -> str:
        return self._text()[mark:end]

    def end(self) -> None:
        self._strace.stop()

    def _text(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def _asleep(self) -> int:
        """Nothing was written around the moment when it slept: else it may have slept elsewhere than where the log ends."""
        text = self._text()
        asleep = ASLEEP.search(text) is not None and self._status("State").startswith("S")
        return len(text) if asleep and self._text() == text else 0

    def _status(self, key: str) -> str:
        return Path(f"/proc/{self._pid}/status").read_text().partition(f"\n{key}:\t")[2].partition("\n")[0]


class Bench:
    """Two daemons and a Child SA between them, until close()."""

    def __init__(self, directory: Path, program: Path | None = None):
        self._world = topology.create("pair", directory=directory)
        self._sides: dict[str, Reference] = {}
        self._traces: dict[str, Trace] = {}
        try:
            self._open(directory, program)
        except (PeerError, ProcessError, OSError) as error:
            self.close()
            raise CannotMeasure(f"two daemons to count system calls of do not come up: {error}") from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        for trace in self._traces.values():
            trace.end()
        for side in self._sides.values():
            side.kill()
        self._world.close()

    def count(self, name: str) -> Calls:
        """Once to warm up, then once to be counted."""
        piece = PIECES[name]
        piece(self)
        for _ in range(TRIES):
            text = piece(self)
            if not CLOCK_FIRED.search(text):
                break
        return dict(Counter(CALL.findall(text)))

    # The pieces; each returns what strace wrote of it.

    def tun(self, make: Callable[[str, str], list[bytes]]) -> str:
        """What waits in the client's TUN, sealed and sent."""
        with _Held(self._sides["client"], self._traces["client"]) as held:
            self._queue(make)
        self._traces["gateway"].await_sleep()
        return held.text

    def esp(self, make: Callable[[str, str], list[bytes]]) -> str:
        """What waits in the gateway's socket, opened and written to its TUN."""
        with _Held(self._sides["gateway"], self._traces["gateway"]) as held:
            before = self._delivered()
            self._queue(make)
            self._traces["client"].await_sleep()
            least = {train: 1, trains: 3, singles: PACKETS}[make]
            await_that(lambda: self._delivered() - before >= least, "what the client has sealed, at the gateway", DEADLINE_S)
        return held.text

    def exchange(self, begin: Callable[[Reference], None]) -> str:
        """The gateway's part in what the client begins, and waits for."""
        trace = self._traces["gateway"]
        mark = trace.await_sleep()
        begin(self._sides["client"])
        return trace.between(mark, trace.await_sleep())

    def idle(self) -> str:
        trace = self._traces["gateway"]
        mark = trace.await_sleep()
        time.sleep(IDLE_S)
        return trace.between(mark, trace.await_sleep())

    # Inside.

    def _open(self, directory: Path, program: Path | None) -> None:
        setting = Setting()
        setting.change("both", {"force_encapsulation": True, "quiet": True})
        specs = setting.specs(self._world)
        for name in ("client", "gateway"):
            host = self._world.host(name)
            host.call(interface.offload_on, host.links)
            self._sides[name] = Reference(directory / name, program)
            self._sides[name].configure(specs[name])
        for name in ("gateway", "client"):
            self._sides[name].start(self._world.host(name), DEADLINE_S)
        self._sides["client"].initiate(deadline_s=DEADLINE_S)
        gateway = self._world.host("gateway")  # nobody answers what comes out of its TUN
        gateway.run(["nft", "add table inet bench; add chain inet bench quiet { type filter hook prerouting priority raw; }; "
                     f"add rule inet bench quiet iifname {INTERFACE} drop"])
        for name, side in self._sides.items():
            self._traces[name] = Trace(self._world.host(name), side.pid, directory / f"{name}.strace")

    def _queue(self, make: Callable[[str, str], list[bytes]]) -> None:
        client, gateway = self._world.host("client"), self._world.host("gateway")
        client.call(_send, make(client.inside_address(), gateway.inside_address()))

    def _delivered(self) -> int:
        """Packets that the gateway's IPv4 has given to sockets."""
        names, values = (line.split() for line in self._world.host("gateway").run(["cat", "/proc/net/snmp"]).stdout.splitlines()[:2])
        return int(values[names.index("InDelivers")])


class _Held:
    """The daemon is stopped inside; behind it, `text` is what it called from then until it sleeps again."""

    def __init__(self, side: Reference, trace: Trace):
        self._side, self._trace, self.text = side, trace, ""

    def __enter__(self) -> _Held:
        self._trace.await_sleep()
        os.kill(self._side.pid, signal.SIGSTOP)
        self._mark = self._trace.await_stop()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        os.kill(self._side.pid, signal.SIGCONT)
        if kind is None:
            self.text = self._trace.between(self._mark, self._trace.await_sleep())


PIECES: dict[str, Callable[[Bench], str]] = {
    PREFIX + "tun.train": lambda bench: bench.tun(train),
    PREFIX + "tun.trains": lambda bench: bench.tun(trains),
    PREFIX + "tun.single": lambda bench: bench.tun(singles),
    PREFIX + "esp.train": lambda bench: bench.esp(train),
    PREFIX + "esp.trains": lambda bench: bench.esp(trains),
    PREFIX + "esp.single": lambda bench: bench.esp(singles),
    PREFIX + "idle": Bench.idle,
    PREFIX + "exchange.liveness": lambda bench: bench.exchange(lambda client: client.liveness(deadline_s=DEADLINE_S)),
    PREFIX + "exchange.rekey-child": lambda bench: bench.exchange(lambda client: client.rekey(deadline_s=DEADLINE_S)),
}


def measure(directory: Path, wanted: Sequence[str] = (), program: Path | None = None) -> dict[str, Calls]:
    """Every piece whose name begins with one of the words, or all."""
    names = [name for name in PIECES if not wanted or name.startswith(tuple(wanted))]
    if not names:
        raise NoSuchCase("no case begins so; `ikelab bench gate --list` names them")
    if reason := missing():
        raise CannotMeasure(reason)
    try:
        with Bench(directory, program) as bench:
            return {name: bench.count(name) for name in names}
    except (ProcessError, PeerError) as error:
        raise CannotMeasure(f"system calls of a daemon cannot be counted here: {error}") from error
