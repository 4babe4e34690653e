"""From results to the matrix, the documents, the page and the exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import click
import jsonschema
import pytest
from ikelab.cli.common import COLOURS
from ikelab.interop import baseline, document, junit
from ikelab.interop.matrix import groups, headline, lines, matrix, told_alone, where_the_time_went, why
from ikelab.report.interop import write_matrix
from ikelab.result import SCHEMA, Result
from ikelab.verdict import Verdict
from junitparser import JUnitXml
from test_cli import fails, invoke
from test_report import leave

SCHEMA_OBJECT = json.loads(SCHEMA.read_text())
PASS, FAIL, UNSUPPORTED = Verdict.PASS, Verdict.FAIL, Verdict.UNSUPPORTED


def result(scenario, verdict=PASS, pair="reference strongswan-5.9.8", reason="", **more):
    initiator, responder = pair.split()
    return Result(scenario, initiator, responder, verdict, reason or ("" if verdict is PASS else "why"), seconds=1.5,
                  initiator_version=f"{initiator}'s", responder_version=f"{responder}'s", spent={"playing": 1.0}, **more)


ALL = [result("a.x"), result("a.y", FAIL, cause="gateway answered", artefacts="scenarios/a"),
       result("a.z", UNSUPPORTED), result("a.x", pair="strongswan-5.9.8 reference"),
       result("a.y", Verdict.EXPECTED_FAIL, "strongswan-5.9.8 reference", artefacts="scenarios/b"),
       result("a.x", Verdict.INCONCLUSIVE, "libreswan-5.2 reference", "the cell's budget of 5 s was used up")]


def test_cells_have_counts_and_the_worst_verdict():
    found = matrix(ALL)
    assert [(one.initiator, one.text) for one in found.in_order] == \
        [("reference", "1/3F"), ("strongswan-5.9.8", "1/2x"), ("libreswan-5.2", "0/1?")]
    assert list(found.versions.items()) == [
        (name, f"{name}'s") for name in ("reference", "strongswan-5.9.8", "libreswan-5.2")]


@pytest.mark.parametrize("width", [80, 40])
def test_nine_by_nine_fits(width):
    names = [f"strongswan-{n}.0.0" for n in range(9)]
    found = matrix([result(f"s.{n:03}", FAIL if n else PASS, f"{one} {other}", authentication=method) for n in range(250)
                    for one in names for other in names for method in ("psk", "certificate")])
    told = [click.unstyle(line) for line in lines(found, width, COLOURS)]
    assert max(map(len, told[:-1])) <= width
    assert sum(line.count("1/250F") for line in told) == 162


BOTH = [*ALL, result("a.x", authentication="certificate"), result("a.y", FAIL, authentication="certificate")]


def test_a_cell_of_another_method_has_a_line_of_its_own():
    told = [click.unstyle(line) for line in lines(matrix(BOTH), 80, COLOURS)]
    row = next(at for at, line in enumerate(told) if line.startswith(" 1  reference"))
    assert told[row].split() == ["1", "reference", ".", "1/3F"] and told[row + 1].split() == ["certificate", ".", "1/2F"]
    assert told[row].index("1/3F") == told[row + 1].index("1/2F") and "certificate" not in "".join(told[row + 2:])


def test_one_method_that_is_not_the_usual_one_is_named():
    only = [one for one in BOTH if one.authentication == "certificate"]
    told = [click.unstyle(line) for line in lines(matrix(only), 80, COLOURS)]
    assert [line.split() for line in told[1:3]] == [["2", "reference"], ["certificate", "1/2F"]]
    assert "certificate" not in "".join(click.unstyle(line) for line in lines(matrix(ALL), 80, COLOURS))


def test_what_did_not_pass_is_told_once_and_the_rest_in_groups():
    assert [one.scenario for one in told_alone(ALL)] == ["a.y", "a.y"]
    assert [(one.verdict, one.count) for one in groups(ALL)] == [(Verdict.INCONCLUSIVE, 1), (UNSUPPORTED, 1)]
    assert why(ALL[1]) == "gateway answered [why]"


def test_a_reason_is_one_line_with_its_place():
    assert headline("assert 1 == 2\n  +  where 1 = f() (test_x.py:12)") == "assert 1 == 2 (test_x.py:12)"
    assert headline("short (test_x.py:12)") == "short (test_x.py:12)" and headline("") == ""
    alike = [result(f"a.{n}", UNSUPPORTED, reason=f"no keys (test_x.py:{n})") for n in (1, 2)]
    assert [one.count for one in groups(alike)] == [2]


def test_where_the_time_went():
    assert where_the_time_went(ALL) == {"playing": 6.0, "between": 3.0}


def test_the_document_keeps_to_the_schema():
    found = json.loads(json.dumps(document.build(ALL, 0, document.About(workers=3, shards=["1/2"]))))
    jsonschema.validate(found, SCHEMA_OBJECT)
    assert found["interop"]["cells"][0]["verdicts"] == {"fail": 1, "pass": 1, "unsupported": 1}
    found["interop"]["cells"][0]["worst"] = "bad"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(found, SCHEMA_OBJECT)


# Baselines.

def compared(before, now):
    return baseline.compare([result("a.x", before)] if before else [], [result("a.x", now)] if now else [])


@pytest.mark.parametrize("before, now, where", [
    (PASS, FAIL, "worse"), (PASS, Verdict.INCONCLUSIVE, "worse"), (None, FAIL, "worse"), (UNSUPPORTED, FAIL, "worse"),
    (PASS, UNSUPPORTED, "worse"), (FAIL, PASS, "fixed"), (UNSUPPORTED, PASS, "fixed"), (FAIL, FAIL, "as_before"),
    (FAIL, UNSUPPORTED, "other"), (PASS, Verdict.EXPECTED_FAIL, "other"), (PASS, None, "gone"),
    (PASS, PASS, ""), (None, PASS, ""), (None, UNSUPPORTED, ""), (UNSUPPORTED, UNSUPPORTED, "")])
def test_what_has_changed(before, now, where):
    found = compared(before, now)
    lists = {name: getattr(found, name) for name in ("worse", "fixed", "other", "as_before", "gone")}
    assert {name for name, those in lists.items() if those} == ({where} if where else set())


def test_a_change_is_one_line():
    assert str(compared(PASS, FAIL).worse[0]) == "a.x[reference-strongswan-5.9.8]: pass -> fail"


@pytest.mark.parametrize("text", ["{", "[]", '{"results": 3}', '{"results": [{}]}'])
def test_a_wrong_baseline_costs_no_hour(tmp_path, text):
    (tmp_path / "b.json").write_text(text)
    fails(invoke("interop", "--baseline", tmp_path / "b.json"), 2, "b.json", "ikelab interop --json")
    fails(invoke("interop", "--baseline", tmp_path / "none.json"), 2, "cannot read")


def test_one_method_is_no_change_of_the_other():
    psk, certificate = result("a.x"), result("a.x", FAIL, authentication="certificate")
    assert not baseline.compare([psk, certificate], [psk, certificate]).worse
    found = baseline.compare([psk], [psk, certificate])
    assert [str(one) for one in found.worse] == ["a.x[reference-strongswan-5.9.8, certificate]: not played -> fail"]
    assert baseline.compare([psk, certificate], [psk]).gone == ["a.x[reference-strongswan-5.9.8, certificate]"]


# Shards and merging.

def written(place: Path, results, **about):
    place.mkdir()
    (place / "results.json").write_text(json.dumps(document.build(results, 0, document.About(**about))))
    return place


def timeless(path: Path):
    found = json.loads(path.read_text())
    for one in (found, found["interop"]):
        for name in ("started", "machine", "seconds", "workers"):
            one.pop(name, None)
    return found


def test_merged_shards_are_the_same_as_one_run(tmp_path):
    whole = written(tmp_path / "whole", ALL)
    parts = [written(tmp_path / f"part{n + 1}", ALL[2 * n:2 * n + 2], shards=[f"{n + 1}/3"]) for n in range(3)]
    for name, sources in (("one", [whole]), ("three", parts)):
        assert invoke("interop", "merge", *sources, "--out", tmp_path / name).exit_code == 1
    one, three = timeless(tmp_path / "one" / "results.json"), timeless(tmp_path / "three" / "results.json")
    for found in (one, three):
        for each in found["results"]:
            each["artefacts"] = Path(each["artefacts"]).name  # which shard played it
    assert one == three
    strip = [re.sub(r"(?<=href=\")[^#][^\"]*|Made [^.]*|\d+ min by the clock", "", (tmp_path / name / "interop.html").read_text())
             for name in ("one", "three")]
    assert strip[0] == strip[1]


def test_a_part_that_is_missing_or_there_twice_is_told(tmp_path):
    parts = [written(tmp_path / f"part{n + 1}", ALL[2 * n:2 * n + 2], shards=[f"{n + 1}/3"]) for n in range(3)]
    found = invoke("interop", "merge", *parts[:2], "--out", tmp_path / "two")
    assert "only the parts 1/3, 2/3" in found.output
    fails(invoke("interop", "merge", parts[0], parts[0], "--out", tmp_path / "x"), 2, "in two of these runs")
    fails(invoke("interop", "merge", tmp_path, "--out", tmp_path / "x"), 2, "cannot read")
    (tmp_path / "results.json").write_text('{"results": [], "started": ""}')
    fails(invoke("interop", "merge", tmp_path, "--out", tmp_path / "x"), 2, "not written by")


def test_whole_runs_of_both_methods_merge_and_their_parts_do_not(tmp_path):
    psk = [one for one in BOTH if one.authentication == "psk"]
    certificate = [one for one in BOTH if one.authentication == "certificate"]
    wholes = [written(tmp_path / "p", psk), written(tmp_path / "c", certificate, authentication=["certificate"])]
    invoke("interop", "merge", *wholes, "--out", tmp_path / "both")
    found = json.loads((tmp_path / "both" / "results.json").read_text())
    jsonschema.validate(found, SCHEMA_OBJECT)
    assert found["interop"]["authentication"] == ["psk", "certificate"] and len(found["results"]) == len(BOTH)
    assert [(one["responder"], one["authentication"]) for one in found["interop"]["cells"]][:2] == [
        ("strongswan-5.9.8", "psk"), ("strongswan-5.9.8", "certificate")]
    parts = [written(tmp_path / "p1", psk, shards=["1/2"]),
             written(tmp_path / "c2", certificate, shards=["2/2"], authentication=["certificate"])]
    fails(invoke("interop", "merge", *parts, "--out", tmp_path / "x"), 2, "part 2/2", "the shards of one run")


def test_the_exit_code_follows_the_baseline(tmp_path):
    now = written(tmp_path / "now", ALL)
    same = tmp_path / "now" / "results.json"
    good = invoke("interop", "merge", now, "--baseline", same, "--out", tmp_path / "a")
    assert good.exit_code == 0 and "0 worse" in good.output and "2 not as expected as before" in good.output
    written(tmp_path / "before", [result("a.y")])
    bad = invoke("interop", "merge", now, "--baseline", tmp_path / "before" / "results.json", "--out", tmp_path / "b")
    assert bad.exit_code == 1 and "a.y[reference-strongswan-5.9.8]: pass -> fail" in bad.output
    assert invoke("interop", "merge", now, "--out", tmp_path / "c").exit_code == 1


# JUnit XML.

def test_junit_tells_the_methods_apart(tmp_path):
    junit.write(tmp_path / "j.xml", matrix(BOTH))
    suites = {suite.get("name"): suite for suite in ElementTree.parse(tmp_path / "j.xml").getroot()}
    assert {"reference > strongswan-5.9.8", "reference > strongswan-5.9.8, certificate"} <= set(suites)
    cases = suites["reference > strongswan-5.9.8, certificate"].findall("testcase")
    assert {case.get("classname") for case in cases} == {"reference.strongswan-5.9.8.certificate"} and len(cases) == 2


def test_junit_has_every_cell_and_every_cause(tmp_path):
    odd = result("a.w", FAIL, reason="octets \x00\x1b and <tags> & more", cause="c\x07")
    junit.write(tmp_path / "deep" / "j.xml", matrix([*ALL, odd]))
    root = ElementTree.parse(tmp_path / "deep" / "j.xml").getroot()
    assert root.tag == "testsuites" and [suite.get("name") for suite in root][0] == "reference > strongswan-5.9.8"
    for suite in root:
        cases = suite.findall("testcase")
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(name)) == len([case for case in cases if case.find(tag) is not None])
        assert int(suite.get("tests")) == len(cases) and float(suite.get("time")) == 1.5 * len(cases)
        assert all(case.get("name") and case.get("classname") and case.get("time") for case in cases)
    assert root.find(".//failure[@type='fail']").get("message") in ("gateway answered [why]", "c? [octets ?? and <tags> & more]")
    assert root.find(".//error").get("message") == "the cell's budget of 5 s was used up"
    assert len(list(JUnitXml.fromfile(str(tmp_path / "deep" / "j.xml")))) == 3


# The page.

@pytest.fixture(scope="module")
def page(tmp_path_factory):
    run = tmp_path_factory.mktemp("run")
    leave(run / "scenarios" / "a", FAIL, "strongswan-5.9.8")
    leave(run / "scenarios" / "b")
    for place, name, text in (("a/client", "ikeref.conf", "peer <gateway>"), ("a/logs", "x.log", "line\n" * 999),
                              ("a/keys", "esp_sa", "IPv4")):
        (run / "scenarios" / place).mkdir(exist_ok=True)
        (run / "scenarios" / place / name).write_text(text)
    results = [*ALL, result("a.q", artefacts="scenarios/b")]
    return write_matrix(run / "page.html", run, matrix(results), document.About(not_built=["x: run `y`"])).read_text()


def test_the_page_fetches_nothing(page):
    addresses = re.findall(r'(?:src|href|url\()=?["\'(]?([^"\')\s>]+)', page)
    assert addresses and all(not a.startswith(("http", "//")) for a in addresses)


def test_every_link_within_the_page_leads_somewhere(page):
    ids = re.findall(r'id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert {a for a in re.findall(r'href="#([^"]+)"', page)} <= set(ids)


def test_evidence_of_what_failed_is_in_the_page_and_passes_are_one_line(page):
    assert page.count("<svg") == 2  # failed, and failed as expected
    assert "peer &lt;gateway&gt;" in page and "... the whole of it is in the file" in page
    assert "data:application/vnd.tcpdump.pcap;base64," in page and "rekeys Child SA beef0001" in page
    assert 'href="scenarios/b/ladder.svg"' in page and 'href="scenarios/b/"' in page
    assert "x: run `y`" in page and "gateway answered [why]" in page


def test_the_page_has_a_cell_for_each_method(tmp_path):
    page = write_matrix(tmp_path / "p.html", tmp_path, matrix(BOTH), document.About()).read_text()
    test_every_link_within_the_page_leads_somewhere(page)
    assert page.count(">certificate</small>") == 1 and "→ strongswan-5.9.8, certificate</b>" in page
    assert "psk</small>" not in write_matrix(tmp_path / "q.html", tmp_path, matrix(ALL), document.About()).read_text()


def test_the_page_reads_without_javascript(page):
    assert page.count("<details") >= 4 and "hidden" not in page.split("<script>")[0].split("</style>")[1]


def test_a_large_matrix_makes_no_large_page(tmp_path):
    names = [f"peer-{n}" for n in range(9)]
    many = [result(f"scenario.number[{n}]", pair=f"{one} {other}", artefacts="scenarios/x/y") for n in range(100)
            for one in names for other in names]
    assert write_matrix(tmp_path / "p.html", tmp_path, matrix(many), document.About()).stat().st_size < 8 << 20


def test_evidence_stops_where_the_page_is_full(tmp_path, monkeypatch):
    leave(tmp_path / "scenarios" / "a", FAIL)
    failed = [result(f"a.{n}", FAIL, artefacts="scenarios/a") for n in range(3)]
    monkeypatch.setattr("ikelab.report.interop.WHOLE_MAX", 1)
    page = write_matrix(tmp_path / "p.html", tmp_path, matrix(failed), document.About()).read_text()
    assert page.count("<svg") == 1 and page.count('href="scenarios/a/ladder.svg"') == 2


def test_a_full_disk_is_told(tmp_path):
    now = written(tmp_path / "now", ALL)
    fails(invoke("interop", "merge", now, "--out", tmp_path / "a", "--html", "/dev/full"), 3, "/dev/full", "No space left")
    assert Path("/dev/full").is_char_device()
