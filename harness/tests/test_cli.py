"""The command: help with an example everywhere, documented exit status, one clear sentence for bad input."""

from __future__ import annotations

import importlib
import json

import jsonschema
import pytest
import synthetic as syn
from click.testing import CliRunner
from ikelab.cli import common, ikelab
from ikelab.peers.contract import CAPABILITIES
from ikelab.peers.table import PeerKind
from ikelab.result import SCHEMA
from test_report import leave

SCHEMA_OBJECT = json.loads(SCHEMA.read_text())


def invoke(*arguments):
    return CliRunner(mix_stderr=False).invoke(ikelab, [str(one) for one in arguments])


def fails(result, status, *words):
    assert result.exit_code == status, result.output + result.stderr
    assert all(word in result.stderr for word in words), result.stderr
    assert "Traceback" not in result.stderr


@pytest.fixture
def story(tmp_path):
    syn.demo().write(tmp_path / "story")
    return tmp_path / "story"


@pytest.mark.parametrize("command", [(), ("doctor",), ("demo",), ("run",), ("report",), ("explain",), ("peers",),
                                     ("peers", "list"), ("peers", "build"), ("interop",), ("conform",)])
def test_help_has_an_example(command):
    result = invoke(*command, "--help")
    assert result.exit_code == 0 and "Example:" in result.output


def test_explain_tells_the_story_and_writes_json(story, tmp_path):
    result = invoke("explain", story, "--json", tmp_path / "out.json", "--ladder", tmp_path / "l.svg", "--width", 80)
    assert result.exit_code == 0, result.stderr
    assert "rekeys Child SA beef0001" in result.output and "104 ESP packets" in result.output
    assert max(map(len, result.output.splitlines())) <= 80
    found = json.loads((tmp_path / "out.json").read_text())
    jsonschema.validate(found, SCHEMA_OBJECT)
    assert len(found["results"]) > 20
    assert (tmp_path / "l.svg").read_text().startswith("<svg")


def test_explain_one_file_with_keys_elsewhere(story):
    (story / "keys").rename(story.parent / "elsewhere")
    sealed = invoke("explain", story / "gateway-wan.pcap")
    opened = invoke("explain", story / "gateway-wan.pcap", "--keys", story.parent / "elsewhere")
    assert "no keys for this IKE SA" in sealed.output
    assert "no keys" not in opened.output and "ends the IKE SA" in opened.output


def test_explain_finds_leaks(tmp_path):
    story = syn.demo()
    story.put("gateway-wan", syn.udp("10.1.0.1", 1, "10.2.0.1", 2, b"secret"))
    story.write(tmp_path)
    assert invoke("explain", tmp_path, "--protected", "10.1.0.0/24=10.3.0.0/24").exit_code == 0
    result = invoke("explain", tmp_path, "--protected", "10.1.0.0/24=10.2.0.0/24")
    assert result.exit_code == 1 and "in the clear on gateway-wan" in result.output


def test_explain_bad_input(story, tmp_path):
    (tmp_path / "text").write_text("hello there")
    fails(invoke("explain", tmp_path / "text"), 2, "neither pcap nor pcapng", "tshark")
    fails(invoke("explain", tmp_path / "nothing"), 2, "cannot read")
    fails(invoke("explain", tmp_path), 2, "holds no .pcap")
    fails(invoke("explain", story, "--keys", tmp_path / "none"), 2, "no key directory")
    (story / "keys" / "esp_sa").write_text('"IPv4","*"\n')
    fails(invoke("explain", story), 2, "esp_sa:1", "columns")
    fails(invoke("explain", story, "--protected", "10.1/99=x"), 2, "10.1.0.0/24=10.2.0.0/24")
    fails(invoke("explain"), 2, "Missing argument")


def test_report_again_from_a_directory(tmp_path):
    leave(tmp_path / "scenarios" / "a")
    result = invoke("report", tmp_path, "--json", tmp_path / "out.json")
    assert result.exit_code == 0 and "1 pass" in result.output
    jsonschema.validate(json.loads((tmp_path / "out.json").read_text()), SCHEMA_OBJECT)
    fails(invoke("report", tmp_path / "nowhere"), 2, "no directory")


def test_full_disk_for_json(story):
    fails(invoke("explain", story, "--json", "/dev/full"), 3, "/dev/full", "No space left", "--json FILE")


def test_run_bad_input(monkeypatch):
    fails(invoke("run", "--initiator", "nobody"), 2, "no peer is called 'nobody'", "reference")
    monkeypatch.setattr(common.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(PeerKind, "available", lambda kind: "")
    fails(invoke("run"), 3, "root", "sudo")


def test_missing_peer_names_the_remedy(monkeypatch):
    monkeypatch.setattr(PeerKind, "available", lambda kind: "the root is not built: run `X`")
    fails(invoke("run", "--responder", "strongswan-5.9.8"), 3, "run `X`")


def test_peers_list(tmp_path):
    result = invoke("peers", "list", "--json", tmp_path / "p.json")
    assert result.exit_code == 0 and "strongswan-5.9.8" in result.output
    jsonschema.validate(json.loads((tmp_path / "p.json").read_text()), SCHEMA_OBJECT)
    fails(invoke("peers", "build", "nobody"), 2, "nobody")


def test_capabilities_of_peers(tmp_path):
    result = invoke("peers", "list", "--capabilities", "--json", tmp_path / "p.json")
    rows = {one["peer"]: one for one in json.loads((tmp_path / "p.json").read_text())["results"]}
    reference = rows["reference"]
    assert set(reference["capabilities"]) | set(reference["lacks"]) == set(CAPABILITIES)
    assert f"{len(reference['capabilities'])} of {len(CAPABILITIES)} capabilities" in result.output
    assert max(map(len, result.output.splitlines())) <= 100


def test_list_names_scenarios():
    result = invoke("run", "--list", "connect")
    assert result.exit_code == 0 and "connect.connect" in result.output.split()
    assert "demo.demo" not in result.output


def test_an_interrupted_demo_is_no_pass(monkeypatch, tmp_path):
    demo = importlib.import_module("ikelab.cli.demo")
    played = []

    def play(watcher, directory, filters, initiators, *_):
        played.append(initiators)
        return demo.INTERRUPTED

    monkeypatch.setattr(demo, "check_environment", lambda *_: None)
    monkeypatch.setattr(demo, "pairs", lambda: [("reference", "reference"), ("reference", "other")])
    monkeypatch.setattr(demo, "play", play)
    result = invoke("demo", "--out", tmp_path)
    assert result.exit_code == 1 and "interrupted" in result.output and "pass:" not in result.output
    assert len(played) == 1
