"""The reference's adapter against a stand-in that speaks docs/CONTROL.md: what it makes of answers and of ends."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ikelab import process
from ikelab.peers.contract import PeerError, PeerNotRunning, PeerTimeout, PeerUnsupported
from ikelab.peers.neutral import ChildSpec, DaemonSpec, PeerSpec
from ikelab.peers.reference import Reference

STAND_IN = """#!/usr/bin/python3
import json, os, signal, socket, sys, threading
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # waited for below: no accept() to slip past
if "--version" in sys.argv:
    print("ikeref 0.0.7")
    raise SystemExit
if os.path.exists("fail"):
    print("ikeref.conf:3: nonsense", file=sys.stderr)
    raise SystemExit(2)
if os.path.exists("silent"):
    sys.stdin.read() or threading.Event().wait()
listener = socket.socket(socket.AF_UNIX)
os.makedirs("run", exist_ok=True)
listener.bind("run/control.sock")
listener.listen()
print('{"event": "ready"}', flush=True)
subscribers = []
def serve(client):
    for line in client.makefile():
        request = json.loads(line)
        answer = {"id": request["id"], "ok": True}
        if request["command"] == "subscribe":
            subscribers.append(client)
        elif request["command"] == "initiate":
            for s in subscribers:
                s.sendall(b'{"event": "child-sa-up", "time_ns": 5, "peer": "gateway", "child": "net"}\\n')
        elif request["command"] == "rekey":
            answer = {"id": request["id"], "ok": False, "error": "NO_PROPOSAL_CHOSEN", "message": "refused"}
        elif request["command"] == "delete":
            continue
        elif request["command"] == "liveness":
            os._exit(1)
        elif request["command"] == "status":
            answer["child_sas"] = [{"child": "net", "state": "installed", "spi_in": "01", "spi_out": "02"}]
        client.sendall(json.dumps(answer).encode() + b"\\n")
def accept():
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
threading.Thread(target=accept, daemon=True).start()
signal.sigwait({signal.SIGTERM})
os._exit(7 if os.path.exists("ends badly") else 0)
"""
SPEC = DaemonSpec((PeerSpec(
    "gateway", "client.example", "gateway.example", "secret", remote_addresses=("192.0.2.2",),
    children=(ChildSpec("net", local_ts=("10.1.0.0/24",), remote_ts=("10.2.0.0/24",)),)),))


class Host:
    """A host without a namespace of its own."""

    name = "client"

    def __init__(self) -> None:
        self.processes: list[process.Process] = []

    def popen(self, argv: Any, **options: Any) -> process.Process:
        self.processes.append(process.popen(None, argv, **options))
        return self.processes[-1]

    def run(self, argv: Any, **options: Any) -> subprocess.CompletedProcess[str]:
        return process.run(None, argv, **options)

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        return function(*args)


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()
    yield host
    for child in host.processes:
        child.kill()


@pytest.fixture
def peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reference:
    monkeypatch.setenv("IKELAB_BUILD", str(tmp_path / "build"))
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "ikeref").write_text(STAND_IN)
    (tmp_path / "build" / "ikeref").chmod(0o755)
    peer = Reference(tmp_path / "client")
    peer.configure(SPEC)
    return peer


def test_verbs_and_events(peer: Reference, host: Host) -> None:
    assert peer.version() == "0.0.7"
    peer.start(host)
    peer.initiate()
    event = peer.wait_for_event("child-sa-up", deadline_s=5)
    assert (event.peer, event.child, event.time_ns) == ("gateway", "net", 5)
    assert peer.child_sa().spi_in == 1
    with pytest.raises(PeerTimeout):
        peer.wait_for_event("child-sa-up", after=1, deadline_s=0.01)
    with pytest.raises(PeerUnsupported):
        peer.configure(SPEC)
    peer.stop()
    assert not peer.running()


def test_refusal_silence_and_sudden_end(peer: Reference, host: Host) -> None:
    peer.start(host)
    with pytest.raises(PeerError) as refused:
        peer.rekey("child")
    assert refused.value.error == "NO_PROPOSAL_CHOSEN"
    with pytest.raises(PeerTimeout):
        peer.delete("ike", deadline_s=0.01)
    peer.initiate()  # the late answer does not come in between
    with pytest.raises(PeerNotRunning):
        peer.liveness()
    host.processes[-1].wait(5)  # its socket closes before it is gone
    peer.stop()
    with pytest.raises(PeerNotRunning):
        peer.status()


def test_a_start_that_fails_says_why_and_leaves_nothing(peer: Reference, host: Host) -> None:
    (peer.directory / "fail").touch()
    with pytest.raises(PeerNotRunning, match="ikeref.conf:3: nonsense"):
        peer.start(host)
    (peer.directory / "fail").unlink()
    (peer.directory / "silent").touch()
    with pytest.raises(PeerNotRunning, match="not ready"):
        peer.start(host, deadline_s=0.2)
    assert not any(child.running for child in host.processes)


def test_killed_it_starts_again(peer: Reference, host: Host) -> None:
    peer.start(host)
    peer.kill()
    assert not peer.running()
    peer.start(host)
    assert peer.running()
    peer.stop()


def test_an_end_with_a_bad_status_is_told(peer: Reference, host: Host) -> None:
    peer.start(host)
    (peer.directory / "ends badly").touch()
    with pytest.raises(PeerError, match="ended with status 7"):
        peer.stop()


def test_a_daemon_that_is_not_built(peer: Reference, host: Host, tmp_path: Path) -> None:
    (tmp_path / "build" / "ikeref").unlink()
    with pytest.raises(PeerNotRunning, match="run `make`"):
        peer.start(host)


def test_the_configuration_is_nobody_elses_to_read(peer: Reference) -> None:
    file = peer.configuration()[0]
    assert file.stat().st_mode & 0o077 == 0
    assert 'psk = "secret"' in file.read_text()


@pytest.mark.parametrize("offload", ["off", "auto", ""])
def test_offload_is_what_the_environment_says(peer: Reference, monkeypatch: pytest.MonkeyPatch, offload: str) -> None:
    monkeypatch.setenv("IKELAB_OFFLOAD", offload)
    peer.configure(peer._spec())
    (file,) = peer.configuration()
    assert (f'offload = "{offload}"' in file.read_text().splitlines()) == bool(offload)
    assert ("offload" in file.read_text()) == bool(offload)
