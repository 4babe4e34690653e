"""Bad input at `ikelab`, as a user meets it: one clear sentence, the exit status that --help documents, nothing left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import ground
import pytest
from ikelab.cleanup import build_directory

BUILD = build_directory().resolve()
IKELAB = BUILD / "ikelab"
pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not IKELAB.exists(), reason="needs root and `make`")


def ikelab(*arguments, environment=None, before=()):
    """Exit status and output; whatever carries the run's name must be gone."""
    child = subprocess.Popen([*map(str, before), IKELAB, *map(str, arguments)], text=True, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **(environment or {})})
    out, err = child.communicate(timeout=120)
    # Workers have left their names by the time the runner ends; it kills what hangs on.
    assert ground.of_run(child.pid) == []
    return subprocess.CompletedProcess(arguments, child.returncode, out, err)


def fails(done, status, *words):
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    said = done.stdout + done.stderr
    assert all(word in said for word in words), said
    assert "Traceback" not in said


@pytest.fixture(scope="module")
def plain_build(tmp_path_factory):
    """A build folder with the programs and without any other peer."""
    folder = tmp_path_factory.mktemp("build")
    for name in ("ikeref", "capture", "relay"):
        shutil.copy(BUILD / name, folder)
    return {"IKELAB_BUILD": str(folder)}


@pytest.mark.parametrize(("arguments", "status", "words"), [
    (("dance",), 2, ("No such command", "ikelab -h")),
    (("run", "--colour"), 2, ("No such option", "ikelab run -h")),
    (("run", "no_scenario_is_called_so"), 2, ("no_scenario_is_called_so", "ikelab run --list")),
    (("run", "--initiator", "nobody"), 2, ("nobody", "reference", "strongswan-6.0.1")),
    (("run", "connect.connect", "--out", "/proc/nowhere"), 3, ("/proc/nowhere", "--out DIR")),
    (("demo", "--out", "/proc/nowhere"), 3, ("/proc/nowhere", "--out DIR")),
    (("run", "--ikeref", "/nowhere/ikeref"), 2, ("/nowhere/ikeref", "make")),
    (("peers", "build", "nobody"), 2, ("nobody", "reference")),
    (("report", "/nowhere"), 2, ("/nowhere",)),
    (("explain", "/nowhere.pcap"), 2, ("/nowhere.pcap",)),
])
def test_bad_words(arguments, status, words):
    fails(ikelab(*arguments), status, *words)


def test_a_peer_whose_root_is_missing(plain_build):
    fails(ikelab("run", "connect.connect", "--responder", "strongswan-5.9.8", environment=plain_build), 3,
          "strongswan-5.9.8", "build/ikelab peers build strongswan-5.9.8")


def test_without_other_peers_the_reference_plays_with_itself(plain_build, tmp_path):
    done = ikelab("run", "connect.connect", "--out", tmp_path, environment=plain_build)
    assert done.returncode == 0 and "1 pass" in done.stdout, done


def test_before_make(tmp_path):
    fails(ikelab("run", "connect.connect", environment={"IKELAB_BUILD": str(tmp_path)}), 3, "run `make`")


def test_without_root(tmp_path):
    """Somebody else, who may read this tree wherever it lies (in /root, for one)."""
    done = ikelab("run", "connect.connect", "--out", tmp_path / "x",
                  before=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                          "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"))
    fails(done, 3, "root", "sudo")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("size", ["64k", "160k"])
def test_a_full_disk_for_captures(tmp_path, size):
    """Too small for the first file, and too small for what comes later."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", disk], check=True)
    try:
        done = ikelab("run", "demo.demo", "--initiator", "reference", "--responder", "reference", "--out", disk)
    finally:
        subprocess.run(["umount", disk], check=True)
    assert done.returncode in (1, 3)
    fails(done, done.returncode, "--out")
    assert "o space left" in done.stdout + done.stderr or "disk is full" in done.stdout + done.stderr


def test_full_disk_for_the_results(tmp_path):
    fails(ikelab("run", "connect.connect", "--initiator", "reference", "--responder", "reference", "--out", tmp_path,
                 "--json", "/dev/full"), 3, "/dev/full", "--json FILE")


def test_a_directory_for_the_json(tmp_path):
    fails(ikelab("run", "connect.connect", "--json", tmp_path), 2, str(tmp_path))


@pytest.mark.parametrize("command", ["run", "interop"])
@pytest.mark.parametrize("how", ["Ctrl-C", "told to end"])
def test_an_interrupt_leaves_nothing(tmp_path, command, how):
    out = tmp_path / "out"
    child = subprocess.Popen([IKELAB, command, "demo.demo", "--initiator", "reference", "--responder", "reference",
                              "--workers", "1", "--out", out], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, start_new_session=True,
                             # A shell starts what it puts into the background with SIGINT ignored, and that is handed on.
                             preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    deadline = time.monotonic() + 30
    runs: list[int] = []
    while not any(list(Path(place).glob("*.pcap")) for pid in runs for place in ground.of_run(pid)):  # one plays
        assert child.poll() is None and time.monotonic() < deadline
        runs = ground.with_descendants(child.pid)
    if how == "Ctrl-C":
        os.killpg(child.pid, signal.SIGINT)
    else:
        child.terminate()
    _, err = child.communicate(timeout=30)
    assert child.returncode != 0 and b"Traceback" not in err, err
    assert [left for pid in runs for left in ground.of_run(pid)] == []


def test_json_says_all_of_every_scenario(tmp_path):
    file = tmp_path / "out.json"
    done = ikelab("run", "demo.demo", "--initiator", "reference", "--responder", "reference", "--out", tmp_path / "r",
                  "--json", file)
    assert done.returncode == 0, done
    found = json.loads(file.read_text())
    assert found["tool"] == "ikelab" and found["machine"] and found["started"]
    (one,) = found["results"]
    assert (one["scenario"], one["initiator"], one["responder"]) == ("demo.demo", "reference", "reference")
    assert one["initiator_version"] == one["responder_version"] != ""
    assert one["tier"] == "userspace" and one["verdict"] == "pass" and one["seconds"] > 0
    assert one["outage_ms"] is not None and one["packets_lost"] is not None and one["packets_sent"] > 0
    place = file.parent / one["artefacts"]
    assert {"verdict.json", "trace.txt", "ladder.svg", "net.pcap"} <= {path.name for path in Path(place).iterdir()}
