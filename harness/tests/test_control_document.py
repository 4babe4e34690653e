"""docs/CONTROL.md against the running daemon: every command is taken, every field it shows is there and no other."""

from __future__ import annotations

import json
import os
import re
import textwrap
from pathlib import Path

import pytest
from ikelab.cleanup import build_directory
from ikelab.peers.reference import Reference
from ikelab.stage.setting import Setting
from ikelab.traffic import Flow

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs/CONTROL.md").read_text()
pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not (build_directory() / "ikeref").exists(),
                                reason="needs root and the reference: run `make`")
# Fields that any answer may have beside what the document shows of it, because it ends in "...".
OPEN_ENDED = ("counters", "esp_in", "esp_out")


def shown_status() -> dict:
    block = re.search(r'^    \{"id": 1, "ok": true, "version".*?\}\}\}$', TEXT, re.M | re.S)
    return json.loads(textwrap.dedent(block.group()))


def shown_commands() -> list[str]:
    return re.findall(r"^\| `([a-z]+)` \|", TEXT, re.M)


def compare(shown, real, where="status"):
    """Same keys all the way down, same kinds of value."""
    if isinstance(shown, dict):
        assert isinstance(real, dict), where
        missing = set(shown) - set(real) - {"..."}
        more = set(real) - set(shown) if "..." not in shown else set()
        assert not missing and not more, (where, missing, more)
        for key in set(shown) & set(real):
            compare(shown[key], real[key], f"{where}.{key}")
    elif isinstance(shown, list):
        assert isinstance(real, list) and real, where
        compare(shown[0], real[0], f"{where}[0]")
    elif real is not None:
        assert type(shown) is type(real), (where, shown, real)


@pytest.fixture
def sides(make_world, tmp_path):
    world = make_world("pair")
    specs = Setting().specs(world)
    made = []
    for name in ("gateway", "client"):
        side = Reference(tmp_path / name)
        side.configure(specs[name])
        side.start(world.host(name))
        made.append(side)
    yield made[1], made[0], world
    for side in made:
        side.stop()


def test_status_is_as_shown(sides):
    client, _, world = sides
    client.initiate()
    with Flow().udp(world.host("client"), world.host("gateway"), interval_ms=1) as traffic:
        traffic.wait_received(3)
    compare(shown_status(), client._ask("status", 5))


def test_every_command_is_taken_and_answered(sides):
    client, gateway, _ = sides
    peer = client.spec.peer().name
    arguments = {"initiate": {"peer": peer}, "rekey": {"peer": peer, "what": "child", "child": "net"},
                 "delete": {"peer": peer, "what": "ike"}, "liveness": {"peer": peer}, "roam": {"peer": peer},
                 "reauthenticate": {"peer": peer}}
    order = ["status", "subscribe", "initiate", "rekey", "liveness", "reauthenticate", "roam", "delete", "shutdown"]
    assert sorted(order) == sorted(shown_commands())
    for command in order:
        assert client._ask(command, 5, **arguments.get(command, {}))["ok"] is True
    assert client._process.wait(5) == 0
    gateway.wait_for(lambda status: not status.ike_sas, "nothing left", deadline_s=5)


def test_events_have_names_from_the_document(sides):
    client, gateway, _ = sides
    client.initiate()
    client.rekey("child")
    client.rekey("ike")
    client.roam()
    client.liveness()
    client.delete("ike")
    names = {event.name for side in (client, gateway) for event in side.events()}
    assert {"ike-sa-up", "child-sa-up", "ike-sa-rekeyed", "child-sa-down", "ike-sa-down"} <= names
    assert all(f"`{name}`" in TEXT for name in names), names
    fields = {field for event in client.events() for field in event.fields}
    assert {"event", "time_ns", "reason"} <= fields
    ends = [event for event in client.events() if event.name in ("ike-sa-down", "child-sa-down")]
    assert all(event.reason for event in ends)
    assert all(not event.error for event in ends), [event.fields for event in ends]
