"""ikeref without memory, file descriptors or room on the disk: one clear sentence when it cannot start, and a life that
goes on when it has started. A share in `make test`; all of it in `make robust` (IKELAB_ROBUST=all)."""

from __future__ import annotations

import json
import os
import select
import subprocess

import ground
import pytest
from hardship import IKEREF, LIBRARY, NEVER, Hardship, script
from ikelab import process
from ikelab.peers import unix_socket
from ikelab.peers.contract import PeerError
from ikelab.traffic import Flow
from reference_pair import ReferencePair
from test_robust_kill import CONFIGURATION

ALL = os.environ.get("IKELAB_ROBUST") == "all"
pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not LIBRARY.exists(),
                                reason="needs root and the reference: run `make`")


def write(directory, text=CONFIGURATION):
    file = directory / "ikeref.conf"
    file.write_text(text)
    file.chmod(0o600)


class Start:
    """One start under conditions: it becomes ready, or ends with a sentence and leaves nothing."""

    def __init__(self, host, directory):
        self.host, self.directory = host, directory
        self.before = ground.of_host(host)

    def happens(self, *words) -> tuple[str, str]:
        """("ready", "") or ("refused", the sentence)."""
        log = self.directory / "log"
        log.unlink(missing_ok=True)
        started = process.popen(self.host.netns, [*words, "--config", "ikeref.conf"], cwd=self.directory,
                                stdout=subprocess.PIPE, log=log)
        said_or_ended, _, _ = select.select([started.stdout], [], [], 30)
        if not said_or_ended:
            started.kill()
        assert said_or_ended, f"it neither became ready nor ended: {log.read_text()}"
        ready = b'"ready"' in started.stdout.readline()
        code = started.stop(10) if ready else started.wait(10)
        said = log.read_text().splitlines()
        if ready:
            assert code == 0, said
            outcome = "ready", ""
        else:
            assert code == 3, (code, said)
            assert said and said[-1].startswith("ikeref: ") and "warning" not in said[-1], said
            outcome = "refused", said[-1]
        process.await_that(lambda: not ground.processes(self.host), "the end of what it had started")
        assert ground.of_host(self.host) == self.before, said
        assert not (self.directory / "run/control.sock").exists()
        return outcome


def test_a_start_without_descriptors(make_world, tmp_path):
    """However few it may have: a sentence that says so, until there are enough."""
    write(tmp_path)
    start = Start(make_world("pair").host("client"), tmp_path)
    outcomes = []
    for limit in range(4, 40):
        outcome, said = start.happens("prlimit", f"--nofile={limit}", IKEREF)
        outcomes.append(outcome)
        assert outcome == "ready" or limit < 6 or "open files" in said, (limit, said)
        if outcomes[-2:] == ["ready", "ready"]:
            break
    assert outcomes[0] == "refused" and outcomes[-1] == "ready"
    assert outcomes == sorted(outcomes, reverse=True)  # refused, then ready


def test_a_start_without_memory(make_world, tmp_path):
    """The n-th request for memory and all after it, or only it, gets none: no crash, and nothing is left.

    From when the configuration has been read: libraries that read it do not look, so ikeref does before they begin."""
    write(tmp_path)
    host, hardship = make_world("pair").host("client"), Hardship(tmp_path)
    start = Start(host, tmp_path)
    host.run(["env", "-C", tmp_path, hardship.program, "--config", "ikeref.conf", "--check"])
    read = hardship.asked
    hardship.reset(NEVER, 1)
    assert start.happens(hardship.program) == ("ready", "")
    total = hardship.asked
    failed = 0
    for first in range(read, total, max(1, (total - read) // (300 if ALL else 4))):
        for count in (1, NEVER):
            hardship.reset(first, count)
            outcome, said = start.happens(hardship.program)
            failed += outcome == "refused"
            assert outcome == "ready" or "memory" in said or "filter" in said, (first, count, said)
    assert failed > 0


def test_a_start_with_a_small_address_space(make_world, tmp_path):
    """ulimit -v: from what the loader needs on, a sentence or a life."""
    write(tmp_path)
    start = Start(make_world("pair").host("client"), tmp_path)
    megabytes = next(size for size in range(4, 100) if subprocess.run(
        ["prlimit", f"--as={size << 20}", IKEREF, "--version"], capture_output=True, check=False).returncode == 0)
    outcomes = []
    while "ready" not in outcomes:
        outcome, said = start.happens("prlimit", f"--as={megabytes << 20}", IKEREF)
        outcomes.append(outcome)
        assert outcome == "ready" or "memory" in said, (megabytes, said)
        megabytes += 1 if ALL else 6
    assert outcomes[0] == "refused"


def test_a_life_without_memory(make_world, tmp_path):
    """While SAs are made, rekeyed and deleted, some requests for memory get none. What fails is answered with an error;
    afterwards all is as ever."""
    hardship = Hardship(tmp_path)
    pair = ReferencePair(make_world("pair"), tmp_path, client_program=hardship.program)
    pair.start()
    before = hardship.asked
    life(pair)
    total = hardship.asked - before
    for first in range(0, total, max(1, total // (400 if ALL else 4))):
        hardship.fail(first, 1 if first % 2 else 5)
        life(pair)
        hardship.relent()
        assert pair.client.running() and pair.gateway.running(), first
    hardship.fail(0)
    assert not life(pair)
    assert Flow().ping(*pair.hosts, count=1, deadline_s=0.2).received == 0  # and nothing goes in the clear
    hardship.relent()
    process.await_that(lambda: life(pair), "a life as ever", deadline_s=30)
    pair.client.initiate()
    with Flow().udp(*pair.hosts, interval_ms=1) as traffic:
        traffic.wait_received(10)
    pair.stop()


def life(pair) -> bool:
    """Whether all of it came about."""
    good = True
    for step in (lambda: pair.client.initiate(deadline_s=1), lambda: pair.client.rekey("child", deadline_s=1),
                 lambda: pair.client.rekey("ike", deadline_s=1), lambda: pair.client.delete("ike", deadline_s=1)):
        try:
            step()
        except PeerError:
            good = False
    return good


def test_a_life_without_descriptors(make_world, tmp_path):
    """Clients have taken all there are: who comes now is turned away, and not left to wait; packets flow, a rekey goes
    on, and later all is as ever."""
    world = make_world("pair")
    pair = ReferencePair(world, tmp_path)
    pair.start()
    limit = 1 + max(map(int, os.listdir(f"/proc/{pair.client._process.pid}/fd")))
    pair.stop()
    few = script(tmp_path / "few", f'exec prlimit --nofile={limit + 1} {IKEREF} "$@"')  # one more, for netlink
    pair = ReferencePair(world, tmp_path / "few-of-them", client_program=few)
    pair.start()
    pair.client.initiate()
    control = pair.client.directory / "run/control.sock"
    with Flow().udp(*pair.hosts, interval_ms=5) as traffic, unix_socket.connect(control, 5) as last:
        assert asked(last)["ok"] is True
        for _ in range(3):
            with unix_socket.connect(control, 5) as client:
                client.settimeout(10)
                assert client.recv(1) == b""
        pair.client.rekey("child")
        traffic.wait_more(5)
    assert traffic.lost == 0
    process.await_that(lambda: room(control), "room for a client again")
    pair.client.rekey("ike")
    pair.stop()


def room(control) -> bool:
    with unix_socket.connect(control, 5) as client:
        try:
            return asked(client)["ok"] is True
        except (OSError, ValueError):
            return False


def asked(client) -> dict[str, object]:
    client.settimeout(10)
    client.sendall(b'{"id": 1, "command": "status"}\n')
    return json.loads(client.makefile().readline())


def test_a_disk_that_is_full(make_world, tmp_path):
    """Keys are missing from the key log, and the log says so; SAs come up and carry packets."""
    full = script(tmp_path / "full", 'exec unshare --mount sh -c \'mount -t tmpfs -o size=4k none keys'
                                     f' && head -c 8192 /dev/zero >keys/filler 2>/dev/null; exec {IKEREF} "$@"\' sh "$@"')
    pair = ReferencePair(make_world("pair"), tmp_path, client_program=full)
    pair.start()
    pair.client.initiate()
    with Flow().udp(*pair.hosts, interval_ms=1) as traffic:
        traffic.wait_received(10)
    pair.client.rekey("ike")
    pair.stop()
    said = (pair.client.directory / "ikeref.log").read_text()
    assert "the key log cannot be written (No space left on device)" in said
