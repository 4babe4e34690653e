"""The report: one file, complete, readable without a network."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import asdict

import pytest
import synthetic as syn
from ikelab.report import ReportError, write_report
from ikelab.report.ladder import draw
from ikelab.result import Result
from ikelab.trace import Mark, annotate
from ikelab.trace.render import lines
from ikelab.verdict import Verdict
from ikelab.wire import capture, packet
from test_trace import SCENE


def leave(directory, verdict=Verdict.PASS, responder="reference"):
    """What a scenario leaves behind."""
    story = syn.demo()
    paths = story.write(directory)
    marks = [Mark(story.frames["client-wifi"][30].time_ns, "client", "roams to <lte>")]
    trace = annotate(packet.datagrams(capture.read_captures(paths)), story.store, SCENE, marks)
    (directory / "ladder.svg").write_text(draw(trace))
    (directory / "trace.txt").write_text("\n".join(lines(trace)))
    result = Result("roaming.x", "reference", responder, verdict, "5 < 3 & so on", outage_ms=12.5, packets_lost=4,
                    artefacts=str(directory.relative_to(directory.parent.parent)), title="It <works>.")
    (directory / "verdict.json").write_text(json.dumps(asdict(result)))
    return trace


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    run = tmp_path_factory.mktemp("run")
    leave(run / "scenarios" / "a")
    leave(run / "scenarios" / "b", Verdict.FAIL, "strongswan-5.9.8")
    return write_report(run).read_text()


def test_nothing_is_fetched_from_anywhere(page):
    addresses = re.findall(r'(?:src|href|url\()=?["\'(]?([^"\')\s>]+)', page)
    assert addresses and all(not a.startswith(("http", "//", "data")) for a in addresses)


def test_words_of_others_are_escaped(page):
    assert "5 &lt; 3 &amp; so on" in page and "It &lt;works&gt;." in page
    assert "roams to &lt;lte&gt;" in page and "<lte>" not in page


def test_each_scenario_has_verdict_ladder_trace_and_files(page):
    assert page.count("<details") == 2 and page.count("<svg") == 2
    assert "Not as expected" in page
    assert 'href="scenarios/a/gateway-wan.pcap"' in page and 'href="scenarios/a/keys/esp_sa"' in page
    assert "rekeys Child SA beef0001" in page
    assert 'href="#roaming.x_reference-strongswan-5.9.8_"' in page
    assert 'id="roaming.x_reference-strongswan-5.9.8_"' in page


def test_ladder_is_well_formed_and_complete(tmp_path):
    (tmp_path / "s").mkdir()
    trace = leave(tmp_path / "s" / "a")
    root = ElementTree.fromstring((tmp_path / "s" / "a" / "ladder.svg").read_text())
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{space}g")) == len([e for e in trace.events if e.kind != "mark"])
    hosts = [t.text for t in root.iter(f"{space}text") if t.get("class") == "host"]
    assert hosts == ["client", "nat", "gateway"]
    assert root.find(f".//{space}path[@class='cross']") is not None


def test_a_trace_of_nothing_still_draws():
    ElementTree.fromstring(draw(annotate([], syn.keys.KeyStore(), SCENE)))


@pytest.mark.parametrize("make, word", [(False, "no directory"), (True, "no verdict.json")])
def test_without_results_it_says_what_to_do(tmp_path, make, word):
    run = tmp_path / "run"
    if make:
        run.mkdir()
    with pytest.raises(ReportError, match=word):
        write_report(run)


def test_a_long_mark_stays_within_the_drawing():
    story = syn.demo()
    paths = story.frames
    marks = [Mark(paths["client-wifi"][30].time_ns, "client", "is told " + "many words " * 12)]
    drawn = draw(annotate([], story.store, SCENE, marks))
    said = re.findall(r'class="mark"[^>]*>([^<]*)<', drawn)
    assert len(said) == 3 and max(map(len, said)) < 60 and said[0].startswith("client: is told many words")


def test_a_long_name_does_not_push_the_verdicts_out(page):
    assert re.search(r"\.matrix tbody th \{[^}]*overflow-wrap: anywhere", page)
