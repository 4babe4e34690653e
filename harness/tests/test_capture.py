"""Capture: every packet from the first on, on every link, and files that are whole whatever happens."""

from __future__ import annotations

import json
import signal
import socket
import struct
import subprocess
from pathlib import Path

import pytest

from ikelab import process
from ikelab.capture import Capture, CaptureError
from ikelab.cleanup import build_directory
from ikelab.process import ProcessError
from ikelab.topology import CapturePoint

MAGIC_NANOSECONDS = 0xA1B23C4D
PROGRAM = build_directory() / "capture"


def packets(path: Path) -> list[tuple[int, bytes]]:
    """(nanoseconds, octets) of each; fails when the file does not end with a whole packet."""
    octets = path.read_bytes()
    magic, major, minor, _, _, _, linktype = struct.unpack_from("=LHHLLLL", octets)
    assert (magic, major, minor, linktype) == (MAGIC_NANOSECONDS, 2, 4, 1)
    found, at = [], 24
    while at < len(octets):
        seconds, nanoseconds, captured, length = struct.unpack_from("=LLLL", octets, at)
        assert nanoseconds < 10**9 and captured == length
        assert at + 16 + captured <= len(octets)
        found.append((seconds * 10**9 + nanoseconds, octets[at + 16:at + 16 + captured]))
        at += 16 + captured
    return found


def sender(host, kind: int = socket.SOCK_DGRAM) -> socket.socket:
    return host.call(socket.socket, socket.AF_INET, kind)


def test_the_first_packet_and_every_other_is_there_after_a_flush(make_world, tmp_path):
    world = make_world("pair")
    client, gateway = world.host("client"), world.host("gateway")
    with Capture(world.capture_points(), tmp_path) as capture, sender(client) as sock:
        for number in range(1, 201):
            sock.sendto(b"mark%04d" % number, (gateway.address(), 9))
            if number in (1, 100, 200):
                capture.flush()
                marks = [o[-8:] for _, o in packets(capture.files["wire"]) if o[-8:-4] == b"mark" and o[23] == 17]
                assert marks == [b"mark%04d" % n for n in range(1, number + 1)]
    assert capture.result.dropped == 0
    stamps = [when for when, _ in packets(capture.result.files["wire"])]
    assert stamps == sorted(stamps) and any(when % 1000 for when in stamps)
    assert capture.result.received["wire"] == len(stamps)
    assert capture.stop() is capture.result


def test_every_link_in_one_process_through_a_roam(make_world, tmp_path, flow):
    world = make_world("roaming", relayed=["net"])
    client, gateway = world.host("client"), world.host("gateway")
    with Capture(world.capture_points(), tmp_path / "new" / "directory") as capture:
        for uplink in ("lte", "wifi"):
            world.uplink(uplink)
            assert flow.ping(client, gateway, count=3, outer=True).received == 3
    received = capture.result.received
    assert set(received) == {"wifi", "lte", "isp", "net", "net-far"}
    assert received["net"] == received["net-far"] >= 12
    assert all(received[link] >= 6 for link in ("wifi", "lte", "isp"))


def test_an_interface_that_goes_down_itself(make_world, tmp_path, flow):
    world = make_world("roaming")
    client, gateway = world.host("client"), world.host("gateway")
    with Capture([CapturePoint("mine", client.netns, "wifi")], tmp_path) as capture:
        for uplink in ("lte", "wifi", "lte", "wifi"):
            world.uplink(uplink)
            assert flow.ping(client, gateway, count=1, outer=True).received == 1
    assert sum(o[23] == 1 for _, o in packets(capture.files["mine"])) == 4


def test_a_burst_is_not_dropped(make_world, tmp_path):
    world = make_world("pair")
    with Capture(world.capture_points(), tmp_path) as capture, sender(world.host("client")) as sock:
        for _ in range(2000):
            sock.sendto(bytes(1400), (world.host("gateway").address(), 9))
    assert capture.result.dropped == 0
    assert sum(len(o) == 1442 for _, o in packets(capture.files["wire"])) == 2000


class Program:
    """The program itself, without capture.py."""

    def __init__(self, *arguments: str):
        self.popen = subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def line(self) -> str:
        return self.popen.stdout.readline().strip()

    def end(self) -> tuple[int, str, str]:
        out, err = self.popen.communicate(timeout=10)
        return self.popen.returncode, out, err


def test_signals_and_commands(make_world, tmp_path):
    world = make_world("pair")
    point = world.capture_points()[0]
    argument = f"{point.netns}:{point.interface}={tmp_path}/a.pcap"
    for end in (signal.SIGTERM, signal.SIGINT, "quit\n", ""):
        program = Program(argument)
        assert program.line() == "ready"
        program.popen.send_signal(signal.SIGUSR1)
        assert program.line() == "flushed"
        program.popen.stdin.write("flush\nwhat\n")
        program.popen.stdin.flush()
        assert [program.line(), program.line()] == ["flushed", "error: the commands are flush and quit"]
        if isinstance(end, str):
            program.popen.stdin.write(end)
        else:
            program.popen.send_signal(end)
        status, out, err = program.end()
        report = json.loads(out)["links"][0]
        assert (status, err) == (0, "")
        assert report["dropped"] == 0 and report["file"] == f"{tmp_path}/a.pcap"


@pytest.mark.parametrize("arguments, status, words", [
    ([], 2, "usage:"),
    (["eth0=file"], 2, "usage:"),
    (["ns:eth0"], 2, "usage:"),
    ([":=file"], 2, "usage:"),
    (["--buffer", "lots", ":lo=x"], 2, "--buffer takes 64 to 1048576 KiB"),
    (["ikl-no-such:eth0=x.pcap"], 3, "there is no network namespace ikl-no-such"),
    ([":nowhere0=x.pcap"], 3, "nowhere0"),
    ([":lo=/nowhere/x.pcap"], 4, "cannot create /nowhere/x.pcap")])
def test_what_goes_wrong_is_one_sentence_and_a_status(arguments, status, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    got, out, err = Program(*arguments).end()
    assert (got, out) == (status, "") and words in err
    assert status == 2 or err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_whole_packets(make_world, tmp_path):
    world = make_world("pair")
    client, gateway = world.host("client"), world.host("gateway")
    small = tmp_path / "small"
    small.mkdir()
    process.run(None, ["mount", "-t", "tmpfs", "-o", "size=64k", "ikl-test", small])
    try:
        capture = Capture(world.capture_points(), small)
        with sender(client) as sock, pytest.raises(CaptureError, match="make room on that disk"):
            for _ in range(40):
                for _ in range(20):
                    sock.sendto(bytes(777), (gateway.address(), 9))
                capture.flush()
        assert capture._process.returncode == 4
        kept = packets(capture.files["wire"])
        assert kept and 60_000 < capture.files["wire"].stat().st_size <= 65_536
    finally:
        process.run(None, ["umount", small])


def test_wrapper_tells_the_programs_own_words(tmp_path):
    with pytest.raises(CaptureError, match="there is no network namespace ikl-none"):
        Capture([CapturePoint("wire", "ikl-none", "eth0")], tmp_path)


def test_a_missing_program_has_its_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("IKELAB_BUILD", str(tmp_path))
    with pytest.raises(CaptureError, match="run `make`"):
        Capture([], tmp_path)


def test_the_first_error_is_the_one_that_is_seen(make_world, tmp_path):
    world = make_world("pair")
    with pytest.raises(ProcessError, match="the scenario"), Capture(world.capture_points(), tmp_path):
        raise ProcessError("the scenario's own")
