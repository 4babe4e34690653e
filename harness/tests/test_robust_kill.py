"""ikeref is killed before every system call that changes something, in every part of its life. What it leaves is what
docs/EXIT_CODES.md says, protected packets do not pass in the clear, and the next start or --cleanup mends it.

A few points in `make test`; all of them in `make robust` (IKELAB_ROBUST=all)."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import ground
import kill_points
import pytest
from hardship import IKEREF
from ikelab import process
from ikelab.peers import unix_socket
from ikelab.stage.setting import Setting
from ikelab.traffic import Flow
from reference_pair import ReferencePair

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not IKEREF.exists(),
                                reason="needs root and the reference: run `make`")
CONFIGURATION = """control-socket = "run/control.sock"
key-log = "keys"
peer "gateway" {
    address = {"192.0.2.2"}
    local-id = "client"
    remote-id = "gateway"
    psk = "secret"
    child "net" { local = {"10.1.0.0/24"} remote = {"10.2.0.0/24"} }
}
"""
KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)  # also when strace says it for the program
PROTECTED = "10.2.0.77"

# What may stay behind a killed daemon, line by line of `ground`, and nothing else.
LEFT = re.compile(r"4500:\s+not from all fwmark 0x1ce lookup 4500"
                  r"|unreachable 10\.2\.0\.0/24 (proto static )?(table 4500 )?.*metric 900[01].*")


def left_over(before: dict[str, object], after: dict[str, object]) -> list[str]:
    """What stands in `after` and may not."""
    found = []
    for look, lines in after.items():
        if look != "nft list ruleset":
            found += [f"{look}: {line}" for line in lines if line not in before[look] and not LEFT.match(str(line).strip())]
            found += [f"{look}: {line} is gone" for line in before[look] if line not in lines]
    tables = re.findall(r"^table .*", "\n".join(after["nft list ruleset"]), re.MULTILINE)
    return found + [table for table in tables if table != "table inet ikeref_ikeref0 {"]


class Life:
    """One configuration in one host, started again and again."""

    def __init__(self, host, directory: Path):
        self.host, self.directory = host, directory
        file = directory / "ikeref.conf"
        file.write_text(CONFIGURATION)
        file.chmod(0o600)
        self.clean = ground.of_host(host)

    def start(self, *before: str) -> process.Process:
        return process.popen(self.host.netns, [*before, IKEREF, "--config", "ikeref.conf"], cwd=self.directory,
                             stdout=subprocess.PIPE, log=self.directory / "log")

    def ready(self, *before: str) -> process.Process:
        """None is killed on this way."""
        started = self.start(*before)
        assert b'"ready"' in started.stdout.readline(), (self.directory / "log").read_text()
        return started

    def pid(self) -> int:
        """The daemon's own, also behind strace."""
        with unix_socket.connect(self.directory / "run/control.sock", 5) as client:
            client.settimeout(10)
            client.sendall(b'{"command": "status"}\n')
            return int(re.search(rb'"pid":(\d+)', client.recv(65536))[1])

    def closed(self) -> bool:
        """Whether a protected packet would find no way in the clear."""
        asked = self.host.run(["ip", "route", "get", PROTECTED], check=False)
        return asked.returncode != 0 or "dev ikeref0" in asked.stdout

    def died(self, started: process.Process, point: kill_points.Point) -> None:
        """It has been killed, nft that it may have started is through, and what is left may be left."""
        assert started.wait(20) in KILLED, (point, (self.directory / "log").read_text())
        process.await_that(lambda: not ground.processes(self.host), "the end of what it had started")
        assert left_over(self.clean, ground.of_host(self.host)) == []

    def mend(self, by_cleanup: bool) -> None:
        """The next start, or --cleanup, finds everything."""
        if by_cleanup:
            self.host.run(["env", "-C", self.directory, IKEREF, "--config", "ikeref.conf", "--cleanup"])
        else:
            started = self.ready()
            assert self.closed()
            assert started.stop(10) == 0
        assert ground.of_host(self.host) == self.clean
        assert not (self.directory / "run/control.sock").exists()
        if (self.directory / "run").exists():
            (self.directory / "run").rmdir()  # each life makes it anew


@pytest.fixture
def life(make_world, tmp_path):
    return Life(make_world("pair").host("client"), tmp_path)


def points_of_start(life: Life) -> list[kill_points.Point]:
    """Until it is ready."""
    log = life.directory / "calls"
    started = life.ready(*kill_points.watched(log))
    found = kill_points.points(log)
    os.kill(life.pid(), signal.SIGTERM)
    assert started.wait(10) == 0
    (life.directory / "run").rmdir()
    assert {"sendto", "ioctl", "setresuid", "seccomp"} <= {point.call for point in found}
    return found


def test_killed_while_it_starts(life):
    found = points_of_start(life)
    for number, point in enumerate(kill_points.chosen(found, 6)):
        life.died(life.start(*kill_points.stepped(point)), point)
        life.mend(by_cleanup=number % 2 == 0)
    assert len(found) > 50


def test_killed_while_it_starts_over_what_a_killed_one_left(life):
    """The way that the first had closed is never open."""
    life.ready().kill()
    for point in kill_points.chosen(points_of_start(life), 4):
        started = life.ready()
        started.kill()
        assert life.closed()
        life.died(life.start(*kill_points.stepped(point)), point)
        assert life.closed(), point
    life.mend(by_cleanup=False)


def test_killed_while_it_ends(life):
    started = life.ready()
    watching = kill_points.attach_to_watch(life.pid(), life.directory)
    assert started.stop(10) == 0
    watching.wait()
    (life.directory / "run").rmdir()
    found = kill_points.points(watching.log)
    assert {"sendto", "unlinkat", "exit_group"} <= {point.call for point in found}
    for number, point in enumerate(kill_points.chosen(found, 4)):
        started = life.ready()
        killer = kill_points.attach_to_kill(life.pid(), life.directory, point)
        started.signal(signal.SIGTERM)
        life.died(started, point)
        killer.wait()
        life.mend(by_cleanup=number % 2 == 1)


def test_cleanup_killed_while_it_cleans_up(life):
    command = ("env", "-C", str(life.directory))
    words = (str(IKEREF), "--config", "ikeref.conf", "--cleanup")
    log = life.directory / "calls"
    life.ready().kill()
    life.host.run([*command, *kill_points.watched(log), *words])
    assert ground.of_host(life.host) == life.clean
    for point in kill_points.chosen(kill_points.points(log), 2):
        life.ready().kill()
        done = life.host.run([*command, *kill_points.stepped(point), *words], check=False)
        assert done.returncode in KILLED, point
        assert left_over(life.clean, ground.of_host(life.host)) == []
        life.mend(by_cleanup=True)


# With a peer: connects, rekeys, roams.

WAYS = {
    "connects": lambda pair: pair.client.initiate(),
    "rekeys": lambda pair: (pair.client.rekey("child"), pair.client.rekey("ike")),
    "roams": lambda pair: pair.client.roam(),
}


@pytest.mark.parametrize("way", WAYS)
def test_killed_with_a_peer(make_world, tmp_path, way):
    """The next life connects again, and traffic flows: also while the peer still has the SAs of the life before."""
    world = make_world("pair")
    setting = Setting()
    setting.change("both", {"replace_existing": True})
    pair = ReferencePair(world, tmp_path, setting)
    host = pair.hosts[0]
    clean = ground.of_host(host)
    pair.start()

    def begin() -> None:
        if not pair.client.running():
            pair.client.start(host)
        if way != "connects":
            pair.client.initiate()

    begin()
    watching = kill_points.attach_to_watch(pair.client._process.pid, tmp_path)
    WAYS[way](pair)
    watching.detach()
    found = kill_points.points(watching.log)
    pair.client.stop()
    assert ground.of_host(host) == clean
    for point in kill_points.chosen(found, 2):
        begin()
        killer = kill_points.attach_to_kill(pair.client._process.pid, tmp_path, point)
        try:
            WAYS[way](pair)
        except Exception:
            pass  # it is dying
        pair.client._process.wait(20)
        killer.wait()
        pair.client.kill()
        assert left_over(clean, ground.of_host(host)) == []
        assert Flow().ping(*pair.hosts, count=1, deadline_s=0.2).received == 0  # closed, though the peer could answer
        pair.client.start(host)
        pair.client.initiate()
        assert Flow().ping(*pair.hosts, count=1).received == 1, point
        pair.client.stop()
        assert ground.of_host(host) == clean
    pair.stop()
