"""Random and mutated datagrams at UDP 500, UDP 4500 and protocol 50 of running daemons change nothing.

IKELAB_HOSTILE says how many in all; `make hostile` sends a million. The sanitized daemon finds what is read or
written out of place; the plain one shows that memory does not grow (a sanitizer's own would).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ikelab import process
from ikelab.capture import Capture
from ikelab.cleanup import build_directory
from ikelab.peers import reference
from ikelab.peers.reference import Reference
from ikelab.stage.setting import Setting
from ikelab.traffic import Flow
from ikelab.wire import capture, packet

PLAIN = build_directory() / "ikeref"
SANITIZED = build_directory() / "sanitized" / "ikeref"
pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not PLAIN.exists() or not SANITIZED.exists(),
                                reason="needs root and both builds: run `make all sanitized`")

COUNT = int(os.environ.get("IKELAB_HOSTILE", "90000"))
SENDER = Path(__file__).with_name("hostile_sender.py")
GROWTH_MAX_KIB = 512
PERIOD_MS = 10


class Pair:
    """Two references with a live Child SA, and datagrams of theirs to begin with."""

    def __init__(self, world, directory, program, monkeypatch, encapsulated):
        monkeypatch.setattr(reference, "program", lambda: program)
        setting = Setting()
        setting.change("both", {"force_encapsulation": encapsulated, "half_open_timeout_ms": 300, "liveness_ms": 0})
        self.hosts = (world.host("client"), world.host("gateway"))
        self.sides = tuple(Reference(directory / host.name) for host in self.hosts)
        specs = setting.specs(world)
        for side, host in zip(self.sides, self.hosts):
            side.configure(specs[host.name])
        with Capture(world.capture_points(), directory) as recorder:
            for side, host in reversed(list(zip(self.sides, self.hosts))):
                side.start(host)
            self.client.initiate()
            self.client.rekey("child")
            self.gateway.rekey("ike")
            with Flow().udp(*self.hosts, interval_ms=1) as traffic:
                traffic.wait_received(10)
        frames = capture.read_captures(recorder.files.values())
        self.seen = [one for one in packet.datagrams(frames) if one.kind in ("ike", "esp")]

    @property
    def client(self):
        return self.sides[0]

    @property
    def gateway(self):
        return self.sides[1]

    def order(self, count, seed):
        ways = []
        for here, there in (self.hosts, reversed(self.hosts)):
            material = [(one.dport if one.protocol == packet.UDP else 0, one.payload.hex())
                        for one in self.seen if one.src == here.address(4)]
            assert {port for port, _ in material} >= {500}
            ways.append({"from_netns": here.netns, "to_netns": there.netns, "src": here.address(4),
                         "dst": there.address(4), "material": material})
        return {"seed": seed, "count": count, "ways": ways}

    def storm(self, directory, count, seed):
        """The sender's answer."""
        child = process.popen(None, [sys.executable, SENDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              log=directory / "sender.log")
        child.stdin.write(json.dumps(self.order(count, seed)).encode())
        child.stdin.close()
        answer = child.stdout.read()
        child.wait(60)
        assert answer, (directory / "sender.log").read_text()
        return json.loads(answer)

    def state(self):
        """What no stranger may change: SAs as both sides see them, without counters."""
        return [(sorted(map(str, side.status().established())), sorted(map(str, (
            sa.agreement() for sa in side.status().installed())))) for side in self.sides]

    def message_ids(self):
        return [sorted((sa["spi_i"], sa["message_id_next_request"], sa["message_id_expected"])
                       for sa in side._ask("status", 5)["ike_sas"] if sa["state"] == "established")
                for side in self.sides]

    def looked_at(self):
        """Datagrams that reached IKE or ESP of either daemon."""
        total = 0
        for side in self.sides:
            counters = side._ask("status", 5)["counters"]
            total += counters["datagrams_in"] + sum(counters["esp_in"].values())
        return total

    def half_open(self):
        return [sa for side in self.sides for sa in side.status().ike_sas if sa.state != "established"]

    def resident_kib(self):
        found = []
        for side in self.sides:
            status = Path(f"/proc/{side._process.pid}/status").read_text()
            found.append(int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))))
        return found

    def stop(self):
        """Raises when an end is not clean: that is where a sanitizer has its last word."""
        for side in self.sides:
            side.stop()


@pytest.mark.parametrize(("program", "encapsulated", "seed"), [
    pytest.param(SANITIZED, False, 1, id="sanitized-protocol-50"),
    pytest.param(SANITIZED, True, 2, id="sanitized-in-udp"),
    pytest.param(PLAIN, True, 3, id="plain-in-udp"),
])
def test_hostile_datagrams_change_nothing(make_world, tmp_path, monkeypatch, program, encapsulated, seed):
    world = make_world("pair")
    pair = Pair(world, tmp_path, program.resolve(), monkeypatch, encapsulated)
    count = COUNT // 3
    pair.storm(tmp_path, count // 5, 100 + seed)  # every table is as full as it gets
    state, ids, resident, before = pair.state(), pair.message_ids(), pair.resident_kib(), pair.looked_at()
    with Flow().udp(*pair.hosts, interval_ms=PERIOD_MS) as traffic:
        traffic.wait_received(5)
        answer = pair.storm(tmp_path, count, seed)
        traffic.wait_more(5)
    assert sum(answer["sent"].values()) == count // 2 * 2
    assert pair.looked_at() - before >= count - answer["overflowed"] - count // 100, answer
    assert traffic.lost <= answer["overflowed"], (traffic.stats(), answer)
    assert traffic.duplicated == 0
    assert (pair.state(), pair.message_ids()) == (state, ids)
    if program == PLAIN:
        growth = [now - then for now, then in zip(pair.resident_kib(), resident)]
        assert max(growth) <= GROWTH_MAX_KIB, growth
    process.await_that(lambda: not pair.half_open(), "the end of all half-open IKE SAs")
    pair.client.liveness()
    pair.gateway.rekey("child")
    with Flow().udp(*pair.hosts, interval_ms=1) as traffic:
        traffic.wait_received(10)
    pair.stop()
