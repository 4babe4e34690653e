"""Workers that play, die, hang and are interrupted; and a small matrix for real."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path

import jsonschema
import pytest
from ikelab.cleanup import build_directory, current_run
from ikelab.interop import crew as crews
from ikelab.interop.crew import Crew, CrewError
from ikelab.interop.plan import Cell
from ikelab.interop.schedule import Schedule
from ikelab.peers import table
from ikelab.result import SCHEMA
from ikelab.verdict import Verdict
from ground import of_run
from test_cli import fails, invoke
from test_interop_plan import kind

# Speaks the protocol of ikelab.interop.worker; the scenario's name says what it does.
PLAYER = '''
import json, os, socket, sys, time
channel = socket.socket(fileno=int(sys.argv[1]))
out, said = channel.makefile("w"), channel.makefile("r")
def tell(what):
    out.write(json.dumps(what) + "\\n"); out.flush()
if "{start}" == "dies": sys.exit("no such module")
tell({{"scenarios": ["good", "dies", "hangs", "breaks"], "problems": ["it does not compile"] if "{start}" == "breaks" else []}})
for line in said:
    order = json.loads(line); name = order.pop("scenario").split("-")[0]
    if name == "dies": os.abort()
    if name == "hangs": time.sleep(60)
    tell({{"problem": "fixture"}} if name == "breaks" else
         {{"result": dict(order, scenario=line[14:line.index('"', 14)], verdict="pass", seconds=0.1)}})
'''


@pytest.fixture
def player(tmp_path):
    def make(start="well"):
        (tmp_path / "player.py").write_text(PLAYER.format(start=start))
        return [sys.executable, str(tmp_path / "player.py")]
    return make


def play(tmp_path, player, scenarios, workers=2):
    found = []
    crew = Crew(tmp_path, workers, found.append, player)
    crew.play(Schedule([Cell(kind("one"), kind("other"), tuple(scenarios), "all")]))
    crew.close()
    return crew, {result.scenario: result for result in found}


def test_everything_is_told(tmp_path, player):
    names = [f"good-{n}" for n in range(20)]
    crew, found = play(tmp_path, player(), names, workers=3)
    assert sorted(found) == sorted(names) and crew.deaths == []
    assert {(one.verdict, one.initiator, one.responder) for one in found.values()} == {(Verdict.PASS, "one", "other")}


def test_a_worker_that_dies_is_replaced_and_its_scenario_inconclusive(tmp_path, player):
    crew, found = play(tmp_path, player(), ["good-1", "dies", "good-2", "good-3"], workers=1)
    assert [found[name].verdict for name in ("good-1", "good-2", "good-3")] == [Verdict.PASS] * 3
    assert found["dies"].verdict is Verdict.INCONCLUSIVE and "killed by SIGABRT" in found["dies"].reason
    assert len(crew.deaths) == 1 and "worker 1 was killed by SIGABRT (dies)" in crew.deaths[0]


def test_a_worker_that_hangs_is_ended(tmp_path, player, monkeypatch):
    monkeypatch.setattr(crews, "PLAY_S", 0.5)
    crew, found = play(tmp_path, player(), ["hangs", "good"], workers=1)
    assert found["hangs"].verdict is Verdict.INCONCLUSIVE and "still played after 0.5 s" in found["hangs"].reason
    assert found["good"].verdict is Verdict.PASS and len(crew.deaths) == 1


def test_a_scenario_without_a_result_costs_no_worker(tmp_path, player):
    crew, found = play(tmp_path, player(), ["breaks", "good"])
    assert found["breaks"].verdict is Verdict.INCONCLUSIVE and "fixture" in found["breaks"].reason
    assert crew.deaths == []


def test_when_all_die_the_rest_is_named(tmp_path, player, monkeypatch):
    monkeypatch.setattr(crews, "DEATHS_MAX", 2)
    crew, found = play(tmp_path, player(), [f"dies-{n}" for n in range(6)], workers=1)
    assert len(found) == 6 and {one.verdict for one in found.values()} == {Verdict.INCONCLUSIVE}
    assert sum("no worker was left" in one.reason for one in found.values()) == 3 and len(crew.deaths) == 3


@pytest.mark.parametrize("start, words", [("dies", "ended with status 1; it said: no such module"),
                                          ("breaks", "it does not compile")])
def test_a_crew_that_cannot_start_says_why(tmp_path, player, start, words):
    with pytest.raises(CrewError, match=words):
        Crew(tmp_path, 2, print, player(start))


def test_an_interrupt_names_what_was_not_played(tmp_path, player, monkeypatch):
    found = []
    crew = Crew(tmp_path, 1, found.append, player())
    monkeypatch.setattr(threading.Event, "wait", interrupted(threading.Event.wait))
    with pytest.raises(KeyboardInterrupt):
        crew.play(Schedule([Cell(kind("one"), kind("other"), tuple(f"good-{n}" for n in range(5000)), "all")]))
    crew.close()
    assert len(found) == 5000 and "interrupted before" in found[-1].reason


def interrupted(wait):
    once = []

    def raises(self, timeout=None):
        if not once and timeout == 0.2:
            once.append(True)
            raise KeyboardInterrupt
        return wait(self, timeout)
    return raises


lab = pytest.mark.skipif(
    os.geteuid() != 0 or bool(table.kind("reference").available()) or not (build_directory() / "capture").exists(),
    reason="needs root and `make`")


@lab
def test_a_matrix_for_real(tmp_path):
    """Two scenarios, one cell, two workers: results, documents, page; again from two shards; nothing stays."""
    before = set(of_run(os.getpid()))
    options = ("connect.connect", "rekey.by_command[client-child]", "--initiator", "reference", "--responder", "reference",
               "--workers", "2")
    found = invoke("interop", *options, "--out", tmp_path / "out", "--junit", tmp_path / "j.xml", "--json", tmp_path / "j.json")
    assert found.exit_code == 0, found.output + found.stderr
    assert "1 cells, 2 scenarios, 2 at a time" in found.output and " 1  reference 2/2" in found.output
    document = json.loads((tmp_path / "j.json").read_text())
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    one = document["results"][0]
    assert (tmp_path / one["artefacts"] / "trace.txt").exists() and one["spent"]["playing"] > 0 and one["cause"] == ""
    assert (tmp_path / "out" / "interop.html").exists() and (tmp_path / "j.xml").exists()
    assert set(of_run(os.getpid())) - before <= {str(build_directory() / "run" / current_run().name)}
    deadline = time.monotonic() + 5
    while (left := workers_left(tmp_path)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []


STRONGSWAN = table.kind("strongswan-6.0.1")


@lab
@pytest.mark.skipif(bool(STRONGSWAN.available()), reason=STRONGSWAN.available())
def test_two_shards_merged_are_the_whole(tmp_path):
    """Two implementations, both methods of authentication, played whole and in two parts: the same scenarios and verdicts,
    and each part has something to do."""
    words = ["interop", "connect.connect", "connect.wrong_key", "authentication.refuses_another_name[client]"]
    for side in ("initiator", "responder"):
        words += [f"--{side}", "reference", f"--{side}", STRONGSWAN.name]
    words += ["--authentication", "psk,certificate"]
    whole = invoke(*words, "--out", tmp_path / "whole")
    assert whole.exit_code == 0, whole.output
    for part in ("1", "2"):
        invoke(*words, "--shard", f"{part}/2", "--out", tmp_path / part)
    merged = invoke("interop", "merge", tmp_path / "1", tmp_path / "2", "--out", tmp_path / "merged",
                    "--baseline", tmp_path / "whole" / "results.json")
    assert merged.exit_code == 0 and "0 worse, 0 fixed, 0 otherwise" in merged.output and "0 not played now" in merged.output
    found = {name: json.loads((tmp_path / name / "results.json").read_text()) for name in ("whole", "merged", "1", "2")}
    jsonschema.validate(found["merged"], json.loads(SCHEMA.read_text()))
    verdicts = {name: sorted((one["scenario"], one["initiator"], one["responder"], one["authentication"], one["verdict"])
                             for one in document["results"]) for name, document in found.items()}
    assert verdicts["merged"] == verdicts["whole"] and len(verdicts["whole"]) == 4 * 3 + 4 * 2
    assert verdicts["1"] and verdicts["2"] and not set(verdicts["1"]) & set(verdicts["2"])
    cells = [{**cell, "seconds": 0} for cell in found["merged"]["interop"]["cells"]]
    assert cells == [{**cell, "seconds": 0} for cell in found["whole"]["interop"]["cells"]] and len(cells) == 8


def workers_left(out: Path) -> list[str]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(out) in (entry / "cmdline").read_bytes().decode(errors="replace"):
                found.append(entry.name)
        except OSError:
            continue
    return found


@lab
def test_a_budget_for_real(tmp_path):
    found = invoke("interop", "connect.tunnel[", "--initiator", "reference", "--responder", "reference", "--workers", "1",
                   "--budget", "0.001", "--out", tmp_path / "out")
    assert found.exit_code == 1 and "3 x the cell's budget of 0.001 s was used up" in found.output


@lab
def test_bad_input(tmp_path):
    fails(invoke("interop", "--initiator", "nobody"), 2, "no peer is called 'nobody'")
    fails(invoke("interop", "--shard", "3/2"), 2, "K/N")
    fails(invoke("interop", "no.such.scenario", "--initiator", "reference", "--responder", "reference",
                 "--out", tmp_path / "out"), 2, "no scenario matches no.such.scenario", "--list")
    assert workers_left(tmp_path) == []


def test_a_peer_that_cannot_be_built_is_told(monkeypatch):
    from ikelab.peers import build

    def fails_to(*_):
        raise build.BuildFailed("strongswan-5.9.8: mmdebstrap failed; check the network and --mirror")

    monkeypatch.setattr(build.Root, "missing", lambda self: "not built")
    monkeypatch.setattr(build, "build", fails_to)
    fails(invoke("interop", "--initiator", "strongswan-5.9.8"), 3, "check the network and --mirror")


def test_help_has_examples():
    for words in (("--help",), ("play", "--help"), ("merge", "--help")):
        found = invoke("interop", *words)
        assert found.exit_code == 0 and "Example:" in found.output
