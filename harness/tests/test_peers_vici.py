"""The VICI codec, and the client against a socket that answers by script."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ikelab.peers import vici
from ikelab.peers.control import Control, ControlClosed, ControlError, ControlTimeout

TREE = {"key1": "value1", "section1": {"sub": {"key2": "value2"}, "list1": ["item1", "item2"], "none": []}}
# The same by hand: a key, a section that holds a section and two lists.
OCTETS = (
    b"\x03\x04key1\x00\x06value1" b"\x01\x08section1" b"\x01\x03sub\x03\x04key2\x00\x06value2\x02"
    b"\x04\x05list1\x05\x00\x05item1\x05\x00\x05item2\x06" b"\x04\x04none\x06" b"\x02"
)


def test_message_both_ways() -> None:
    assert vici.build_message(TREE) == OCTETS
    assert vici.parse_message(OCTETS) == TREE


def test_numbers_truth_and_octets() -> None:
    assert vici.parse_message(vici.build_message({"a": 5, "b": True, "c": False, "d": b"x"})) == {
        "a": "5", "b": "yes", "c": "no", "d": "x"}


@pytest.mark.parametrize("cut", range(1, len(OCTETS)))
def test_a_message_cut_short_is_an_error_or_a_shorter_tree(cut: int) -> None:
    try:
        assert vici.parse_message(OCTETS[:cut]) != TREE
    except vici.ViciError:
        pass


@pytest.mark.parametrize("octets", [b"\x02", b"\x05\x00\x01a", b"\x04\x01l\x03\x01k\x00\x00", b"\x07", b"\x01\x01s", b"\x04\x01l\x06\x06"])
def test_elements_out_of_place(octets: bytes) -> None:
    with pytest.raises(vici.ViciError):
        vici.parse_message(octets)


@pytest.mark.parametrize("message", [{"k" * 256: "v"}, {"k": "v" * 65536}])
def test_what_does_not_fit(message: dict[str, str]) -> None:
    with pytest.raises(vici.ViciError):
        vici.build_message(message)


def serve(path: Path, talk: Callable[[socket.socket], None]) -> threading.Thread:
    """A server for one client, listening when this returns."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def run() -> None:
        with listener, listener.accept()[0] as client:
            talk(client)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def packet(kind: int, name: str | None = None, message: dict[str, object] | None = None) -> bytes:
    return vici.build_packet(kind, name, vici.build_message(message or {}))


def test_request_keeps_events_and_survives_torn_segments(tmp_path: Path) -> None:
    done = threading.Event()

    def talk(client: socket.socket) -> None:
        client.recv(4096)
        octets = packet(vici.EVENT, "ike-updown", {"up": True}) + packet(vici.CMD_RESPONSE, None, {"success": "yes"})
        for octet in octets:
            client.sendall(bytes([octet]))
        done.wait(5)

    thread = serve(tmp_path / "vici", talk)
    client = vici.Vici(tmp_path / "vici")
    assert client.ask("version") == {"success": "yes"}
    assert [(name, message) for name, message, _ in client.drain()] == [("ike-updown", {"up": "yes"})]
    done.set()
    thread.join(5)
    with pytest.raises(vici.ViciClosed):
        list(client.drain(5))


def test_refusals_have_charons_words(tmp_path: Path) -> None:
    def talk(client: socket.socket) -> None:
        client.recv(4096)
        client.sendall(packet(vici.CMD_RESPONSE, None, {"success": "no", "errmsg": "no such child"}))
        client.recv(4096)
        client.sendall(packet(vici.CMD_UNKNOWN))

    serve(tmp_path / "vici", talk)
    client = vici.Vici(tmp_path / "vici")
    with pytest.raises(vici.ViciError, match="no such child"):
        client.ask("initiate")
    with pytest.raises(vici.ViciError, match="knows no command"):
        client.ask("fly")


def test_silence_end_and_nobody(tmp_path: Path) -> None:
    done = threading.Event()

    def talk(client: socket.socket) -> None:
        client.recv(4096)
        done.wait(5)

    thread = serve(tmp_path / "vici", talk)
    client = vici.Vici(tmp_path / "vici")
    with pytest.raises(vici.ViciTimeout):
        client.ask("version", deadline_s=0.01)
    done.set()
    thread.join(5)
    with pytest.raises(vici.ViciClosed):
        client.ask("version")
    with pytest.raises(vici.ViciClosed, match="nobody listens"):
        vici.Vici(tmp_path / "nothing")


def test_an_absurd_length_is_no_vici(tmp_path: Path) -> None:
    serve(tmp_path / "vici", lambda client: client.recv(4096) and client.sendall(b"\xff\xff\xff\xff") or None)
    with pytest.raises(vici.ViciError, match="segment"):
        vici.Vici(tmp_path / "vici").ask("version")


def test_a_long_path_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    serve(Path("vici"), lambda client: None)
    vici.Vici(deep / "vici").close()


def test_control_answers_events_and_late_answers(tmp_path: Path) -> None:
    def talk(client: socket.socket) -> None:
        client.recv(4096)
        client.recv(4096)
        client.sendall(b'{"event": "ike-sa-up", "time_ns": 1}\n{"id": 1, "ok": true, "late": true}\n')
        client.sendall(b'{"id": 2, "ok": true}\n')
        client.recv(4096)
        client.sendall(b'{"id": 3, "ok": false, "error": "TS_UNACCEPTABLE", "message": "no"}\n')
        client.recv(4096)
        client.sendall(b"nonsense\n")

    thread = serve(tmp_path / "control.sock", talk)
    client = Control(tmp_path / "control.sock")
    with pytest.raises(ControlTimeout):
        client.ask("initiate", deadline_s=0.01, peer="gateway", child=None)
    assert client.ask("status") == {"id": 2, "ok": True}
    assert [event["event"] for event in client.drain()] == ["ike-sa-up"]
    with pytest.raises(ControlError, match="no") as refused:
        client.ask("initiate")
    assert refused.value.error == "TS_UNACCEPTABLE"
    with pytest.raises(ControlError, match="no JSON"):
        client.ask("status")
    thread.join(5)
    with pytest.raises(ControlClosed):
        client.ask("status")
