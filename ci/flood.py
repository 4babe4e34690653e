#!/usr/bin/python3
"""Floods a running ikeref, one kind after the other, and says how an honest client fared; exit 1 when a figure is missed.

    ci/flood.py --build build [--seconds 5] [--rate 20000] [init-many tarpit ...]     what `make flood` does

Namespaces only, bounded in count and in time. The gateway's daemon is bound to one processor. During each flood one
client connects and disconnects again and again. What is looked at, docs/FLOODS.md:

    every connect succeeds, the slowest within 2 s
    strangers whose cookie has not come back are answered no more octets than they sent
    the daemon's memory is as before
    at least 100,000 cookies in a second of one processor: in the core alone, and with sockets and all they cost
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "harness"))

from ikelab import process, topology  # noqa: E402
from ikelab.capture import Capture  # noqa: E402
from ikelab.peers.contract import PeerError  # noqa: E402
from ikelab.peers.reference import Reference  # noqa: E402
from ikelab.process import Process  # noqa: E402
from ikelab.stage.setting import Setting  # noqa: E402
from ikelab.topology.host import Host  # noqa: E402
from ikelab.traffic import Flow  # noqa: E402
from ikelab.wire import capture, packet  # noqa: E402

SLOWEST_S = 2.0
COOKIES_PER_PROCESSOR_S = 100_000
GROWTH_MAX_KIB = 4096
HALF_OPEN_KIB = 12  # what one may take beside that, as long as it is there
CONNECT_PAUSE_S = 0.1  # what a client leaves behind is kept for a while too, and is not what is measured
FIRST_ADDRESS = "198.18.0.1"
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Kind:
    """One kind of flood: the generator's mode, how many addresses, and what share of --rate."""

    name: str
    mode: str
    addresses: int
    share: float = 1.0
    says: str = ""


KINDS = (
    Kind("init-one", "init", 1, says="IKE_SA_INIT from one address"),
    Kind("init-many", "init", 130_000, says="IKE_SA_INIT from 130,000 spoofed addresses"),
    Kind("tarpit", "tarpit", 130_000, 0.05, "cookies come back, then silence"),
    Kind("auth", "auth", 130_000, 0.05, "cookies come back, then IKE_AUTH of noise"),
    Kind("fragments", "fragments", 130_000, 0.05, "cookies come back, then fragments of noise"),
    Kind("spis", "spis", 130_000, 10.0, "requests for guessed SPIs"),
)


@dataclass
class Outcome:
    kind: str
    connects: list[float] = field(default_factory=list)
    sent: dict[str, float] = field(default_factory=dict)
    processor_s: float = 0.0
    seconds: float = 0.0
    growth_kib: int = 0
    half_open: int = 0  # the most at a time
    counters: dict[str, int] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)


class Daemon:
    """A running ikeref as the kernel accounts for it."""

    def __init__(self, side: Reference) -> None:
        self.side = side
        assert side._process is not None
        self.pid = side._process.pid

    def processor_s(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS

    def resident_kib(self) -> int:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmRSS")))


def generate(crowd: Host, build: Path, kind: Kind, count: int, rate: int) -> Process:
    return crowd.popen([build / "flood", kind.mode, "203.0.113.2", FIRST_ADDRESS, str(count), str(kind.addresses),
                        str(rate)], name=f"flood-{kind.name}", stdout=subprocess.PIPE)


def connect_while(sides: tuple[Reference, Reference], running: Callable[[], bool], outcome: Outcome) -> None:
    """How long each connect takes, one after the other, until the flood is over; three at least."""
    client, gateway = sides
    while running() or len(outcome.connects) < 3:
        begun = time.monotonic()
        client.initiate(deadline_s=30.0)
        outcome.connects.append(time.monotonic() - begun)
        outcome.half_open = max(outcome.half_open, gateway.counters()["half_open"])
        client.delete("ike")
        for side in sides:
            side.events()  # who subscribes and does not read is closed
        time.sleep(CONNECT_PAUSE_S)


def flood(world: topology.Topology, build: Path, kind: Kind, sides: tuple[Reference, Reference], seconds: float,
          rate: int) -> Outcome:
    gateway = sides[1]
    daemon, outcome = Daemon(gateway), Outcome(kind.name)
    rate = max(1, int(rate * kind.share))
    process.await_that(lambda: gateway.counters()["half_open"] == 0, "the end of what is half-open", 30.0)
    before, resident, spent = gateway.counters(), daemon.resident_kib(), daemon.processor_s()
    begun = time.monotonic()
    generator = generate(world.host("crowd"), build, kind, int(seconds * rate), rate)
    try:
        connect_while(sides, lambda: generator.running, outcome)
    except PeerError as error:
        outcome.missed.append(f"a client did not connect: {error}")
    assert generator.stdout is not None
    said = generator.stdout.read()
    generator.wait(60)
    outcome.seconds = time.monotonic() - begun
    outcome.processor_s = daemon.processor_s() - spent
    outcome.growth_kib = daemon.resident_kib() - resident
    outcome.counters = {name: now - before.get(name, 0) for name, now in gateway.counters().items()
                        if isinstance(now, int)}
    outcome.sent = json.loads(said)
    judge(outcome)
    return outcome


def judge(outcome: Outcome) -> None:
    if outcome.connects and max(outcome.connects) > SLOWEST_S:
        outcome.missed.append(f"the slowest connect took {max(outcome.connects):.2f} s, not {SLOWEST_S:.0f}")
    if outcome.sent["received_octets"] > outcome.sent["sent_octets"]:
        outcome.missed.append("strangers were answered more octets than they sent")
    if outcome.growth_kib > GROWTH_MAX_KIB + HALF_OPEN_KIB * outcome.half_open:
        outcome.missed.append(f"memory grew by {outcome.growth_kib} KiB")


def replayed_esp(world: topology.Topology, directory: Path, sides: tuple[Reference, Reference], count: int) -> Outcome:
    """ESP that was accepted once, again and again; the client lives on beside it, and so does its traffic."""
    client, gateway = sides
    outcome, daemon = Outcome("esp"), Daemon(gateway)
    hosts = (world.host("client"), world.host("gateway"))
    client.initiate()
    with Capture([point for point in world.capture_points() if point.name == "wire"], directory) as recorder:
        with Flow().udp(*hosts, interval_ms=1) as traffic:
            traffic.wait_received(50)
        recorder.flush()
    seen = [one.payload for one in packet.datagrams(capture.read_captures(recorder.result.files.values()))
            if one.kind == "esp" and one.src == hosts[0].address(4)]
    before, resident, spent, begun = gateway.counters(), daemon.resident_kib(), daemon.processor_s(), time.monotonic()
    with Flow().udp(*hosts, interval_ms=10) as traffic:
        traffic.wait_received(5)
        hosts[0].call(replay, seen, hosts[0].address(4), hosts[1].address(4), count)
        traffic.wait_more(5)
    outcome.seconds, outcome.processor_s = time.monotonic() - begun, daemon.processor_s() - spent
    outcome.growth_kib = daemon.resident_kib() - resident
    after = gateway.counters()
    replayed = after["esp_in"]["replayed"] - before["esp_in"]["replayed"]
    outcome.sent = {"sent": count, "received": 0, "cookies": 0, "accepted": 0}
    outcome.counters = {"replayed": replayed}
    if traffic.duplicated or traffic.lost:
        outcome.missed.append(f"traffic beside it: {traffic.lost} lost, {traffic.duplicated} twice")
    if replayed < count * 0.9:
        outcome.missed.append(f"{replayed} of {count} were counted as replayed")
    client.delete("ike")
    return outcome


def replay(seen: list[bytes], source: str, target: str, count: int) -> None:
    import socket

    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ESP)
    sock.bind((source, 0))
    for number in range(count):
        sock.sendto(seen[number % len(seen)], (target, 0))
        if number % 100 == 99:
            time.sleep(0.005)  # 20,000 a second


def core_rate(build: Path) -> int:
    done = subprocess.run([build / "cookie-rate"], capture_output=True, text=True, check=True, timeout=120)
    return int(json.loads(done.stdout)["cookies_per_processor_second"])


def show(outcome: Outcome) -> None:
    slowest = f"{max(outcome.connects):.3f} s" if outcome.connects else "-"
    sent, counters = outcome.sent, outcome.counters
    print(f"{outcome.kind:10} {int(sent['sent']):8} sent {int(sent['sent'] / max(outcome.seconds, 0.001)):7}/s   "
          f"{int(sent['cookies']):8} cookies   {counters.get('puzzles_sent', 0):7} puzzles   "
          f"{len(outcome.connects):4} connects, slowest {slowest:8}   "
          f"half-open {outcome.half_open:4}   processor {100 * outcome.processor_s / outcome.seconds:3.0f} %   memory {outcome.growth_kib:+} KiB", flush=True)
    for sentence in outcome.missed:
        print(f"           MISSED: {sentence}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rate", type=int, default=20_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join([kind.name for kind in KINDS] + ["esp"]))
    options = parser.parse_args()
    unknown = set(options.kinds) - {kind.name for kind in KINDS} - {"esp"}
    if unknown:
        parser.error(f"no such kind: {', '.join(sorted(unknown))}")
    if os.geteuid() != 0:
        print("flood: namespaces need root; run it with sudo", file=sys.stderr)
        return 3
    build = options.build.resolve()
    outcomes = [*play(build, options.kinds, options.seconds, options.rate)]
    missed = [sentence for outcome in outcomes for sentence in outcome.missed]
    missed += rates(build, outcomes)
    if options.json:
        options.json.write_text(json.dumps([vars(outcome) for outcome in outcomes], indent=2) + "\n")
    print(f"flood: {len(missed)} figures missed" if missed else "flood: every figure is reached")
    return 1 if missed else 0


def play(build: Path, wanted: list[str], seconds: float, rate: int) -> list[Outcome]:
    outcomes = []
    with topology.create("flooded") as world:
        setting = Setting()
        setting.change("gateway", {"half_open_timeout_ms": 5000})
        specs = setting.specs(world)
        sides = tuple(Reference(world.directory / name) for name in ("client", "gateway"))
        for side, name in reversed([*zip(sides, ("client", "gateway"))]):
            side.configure(specs[name])
            side.start(world.host(name))
        os.sched_setaffinity(Daemon(sides[1]).pid, {max(os.sched_getaffinity(0))})
        for kind in KINDS:
            if not wanted or kind.name in wanted:
                outcomes.append(flood(world, build, kind, sides, seconds, rate))
                show(outcomes[-1])
        if not wanted or "esp" in wanted:
            outcomes.append(replayed_esp(world, world.directory, sides, int(seconds * rate / 2)))
            show(outcomes[-1])
        for side in sides:
            side.stop()
    return outcomes


def rates(build: Path, outcomes: list[Outcome]) -> list[str]:
    missed = []
    found = {"in the core alone": core_rate(build)}
    for outcome in outcomes:
        if outcome.kind == "init-many" and outcome.processor_s > 0:
            found["with sockets"] = int(outcome.counters["cookies_sent"] / outcome.processor_s)
    print("cookies in a second of one processor: " + ", ".join(f"{rate:,} {where}" for where, rate in found.items()))
    for where, rate in found.items():
        if rate < COOKIES_PER_PROCESSOR_S:
            missed.append(f"{rate:,} cookies a second of one processor {where}, not {COOKIES_PER_PROCESSOR_S:,}")
            print(f"           MISSED: {missed[-1]}")
    return missed


if __name__ == "__main__":
    sys.exit(main())
