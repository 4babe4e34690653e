"""`ikelab conform` from its options to its page, and boxes that an executable or a person drives."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
from ikelab.catalogue import load, marks
from ikelab.cleanup import build_directory
from ikelab.conformance.outside import Outside
from ikelab.peers import table
from ikelab.peers.contract import CAPABILITIES, PeerError, PeerUnsupported
from ikelab.peers.driver import Driver
from ikelab.peers.manual import Manual, instructions
from ikelab.peers.neutral import DaemonSpec, PeerSpec
from ikelab.report.conformance import columns, rows, state_of, write_conformance
from ikelab.report.interop import Entry
from ikelab.result import SCHEMA, Result
from ikelab.verdict import Verdict

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "driver.example"
live = pytest.mark.skipif(os.geteuid() != 0 or not (build_directory() / "ikeref").exists(),
                          reason="needs root and `make`")


def invoke(*arguments, netns="", **variables):
    """As a process of its own: it runs pytest."""
    environment = {**os.environ, "IKELAB_BUILD": str(build_directory().resolve()), "PYTHONPATH": str(ROOT / "harness"), **variables}
    where = ["ip", "netns", "exec", netns] if netns else []
    return subprocess.run([*where, sys.executable, "-m", "ikelab", *map(str, arguments)], cwd=ROOT, env=environment,
                          capture_output=True, text=True, timeout=300, check=False)


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!/usr/bin/python3\nimport json, sys\nasked = json.load(sys.stdin)\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


# ---- one table from several runs ----

def run_of(directory, peer, role="responder", test="rfc7296.2_6.one", verdict=Verdict.PASS):
    """What a run with one test leaves."""
    sides = ("scripted", peer) if role == "responder" else (peer, "scripted")
    artefacts = directory / "conformance" / test / f"{peer}+{role}"
    artefacts.mkdir(parents=True)
    (artefacts / "trace.txt").write_text(f"what {peer} said\n")
    one = Result(test, *sides, verdict, "", requirements=["RFC7296-2.6-01"], test=test, role=role,
                 artefacts=str(artefacts.relative_to(directory)))
    (directory / "results.json").write_text(json.dumps({"results": [asdict(one)]}))
    return directory


def test_runs_become_one_table(tmp_path):
    first, second = run_of(tmp_path / "a", "libreswan-5.2"), run_of(tmp_path / "b", "openiked-7.4", verdict=Verdict.FAIL)
    out = tmp_path / "somewhere" / "else"
    done = invoke("conform", "merge", first, second, "--out", out, "--json", tmp_path / "all.json", "--junit", tmp_path / "all.xml")
    assert done.returncode == 1 and "1 pass, 1 fail" in done.stdout, done
    written = json.loads((out / "results.json").read_text())["results"]
    assert [one["responder"] for one in written] == ["libreswan-5.2", "openiked-7.4"]
    for one in written:
        assert (out / one["artefacts"] / "trace.txt").read_text() == f"what {one['responder']} said\n"
    page = (out / "conformance.html").read_text()
    assert "what libreswan-5.2 said" in page and "what openiked-7.4 said" in page
    assert (tmp_path / "all.json").exists() and (tmp_path / "all.xml").exists()


def test_many_columns_have_short_words(tmp_path):
    runs = [run_of(tmp_path / name, name, verdict=Verdict.EXPECTED_FAIL) for name in ("a1", "b2", "c3", "d4", "e5", "f6", "g7")]
    for count, body, word in ((6, "<body>", "</span>expected-fail</a>"), (7, '<body class="many">', ">known</span></a>")):
        assert invoke("conform", "merge", *runs[:count], "--out", tmp_path / str(count)).returncode == 0
        page = (tmp_path / str(count) / "conformance.html").read_text()
        assert body in page and page.count(word) >= count


@pytest.mark.parametrize("spoil, words", [
    (lambda run: (run / "results.json").unlink(), "cannot read"),
    (lambda run: (run / "results.json").write_text("{"), "holds no results"),
    (lambda run: (run / "results.json").write_text('{"results": [{"scenario": 1}]}'), "holds no results"),
    (lambda run: (run / "results.json").write_text((run / "results.json").read_text().replace('"role": "responder"', '"role": ""')),
     "of scenarios"),
    (lambda run: run_of(run.parent / "other", "libreswan-5.2").rename(run.parent / "again"), "give each run once")])
def test_what_cannot_be_merged_is_named_and_nothing_is_left(tmp_path, spoil, words):
    run = run_of(tmp_path / "run", "libreswan-5.2")
    spoil(run)
    again = tmp_path / "again"
    done = invoke("conform", "merge", run, *([again] if again.exists() else []), "--out", tmp_path / "out")
    assert done.returncode == 2 and words in done.stderr and len(done.stderr.splitlines()) == 1, done
    assert not (tmp_path / "out").exists()


# ---- the command ----

def test_play_is_a_command_and_no_filter():
    """What `conform --help` calls `conform play` plays what `conform` does, not only tests with "play" in their name."""
    one = "rfc4555.3_5_update.data_of_an_update_is_ignored"
    lists = [invoke("conform", *words, "--list", one).stdout for words in ((), ("play",))]
    assert lists == [f"{one}\n"] * 2


@pytest.mark.parametrize("arguments, words", [
    (("--interface", "lo"), "belong together"),
    (("--manual",), "--manual needs --interface"),
    (("--interface", "lo", "--address", "192.0.2.1", "--peer", "reference"), "namespace of ours"),
    (("--driver", "/nowhere/box"), "is no program"),
    (("--peer", "nobody"), "no peer is called"),
    (("no such test at all", "--workers", "1"), "no test matches"),
])
def test_bad_options_end_in_one_sentence(arguments, words):
    result = invoke("conform", *arguments)
    assert result.returncode in (2, 3) and words in result.stderr, result


def test_tests_are_listed_by_name_and_by_requirement():
    result = invoke("conform", "--list", "RFC7296-2.6-07")
    assert result.returncode == 0 and "rfc7296.2_6_cookie.cookie_is_returned_unchanged" in result.stdout.splitlines()


def test_tests_of_one_role():
    of_initiator, of_responder = (set(invoke("conform", "--list", "2_6_cookie", "--role", role).stdout.splitlines())
                                  for role in ("initiator", "responder"))
    assert "rfc7296.2_6_cookie.cookie_is_returned_unchanged" in of_initiator - of_responder
    assert "rfc7296.2_6_cookie.a_wrong_cookie_is_as_good_as_none" in of_responder - of_initiator


@live
def test_a_run_writes_json_junit_and_the_page(tmp_path):
    result = invoke("conform", "cookie_is_returned", "--workers", "1", "--out", tmp_path / "out", "--json",
                    tmp_path / "out.json", "--junit", tmp_path / "out.xml", "--html", tmp_path / "page.html")
    assert result.returncode == 0, result
    found = json.loads((tmp_path / "out.json").read_text())
    jsonschema.validate(found, json.loads(SCHEMA.read_text()))
    assert [(one["role"], one["verdict"], one["test"]) for one in found["results"]] == [
        ("initiator", "pass", "rfc7296.2_6_cookie.cookie_is_returned_unchanged")]
    assert "cookie_is_returned_unchanged" in (tmp_path / "out.xml").read_text()
    page = (tmp_path / "page.html").read_text()
    assert "RFC7296-2.6-07" in page and "asks again, with the cookie first" in page


# ---- drivers ----

@live
def test_the_example_of_the_documents_drives_a_box(tmp_path):
    result = invoke("conform", "cookie_is_returned_unchanged", "cookie_with_a_responder_spi_is_taken",
                    "a_wrong_cookie_is_as_good_as_none", "a_rekey_names_the_sa_and_deletes_it", "--driver", EXAMPLE,
                    "--workers", "1", "--out", tmp_path / "out", "--json", tmp_path / "out.json")
    verdicts = {one["test"].split(".")[-1] + "/" + one["role"]: one["verdict"]
                for one in json.loads((tmp_path / "out.json").read_text())["results"]}
    assert verdicts == {"cookie_is_returned_unchanged/initiator": "pass",
                        "cookie_with_a_responder_spi_is_taken/initiator": "pass",
                        "a_wrong_cookie_is_as_good_as_none/responder": "unsupported",
                        "a_rekey_names_the_sa_and_deletes_it/initiator": "pass",
                        "a_rekey_names_the_sa_and_deletes_it/responder": "pass"}, result
    assert result.returncode == 0


def test_the_example_is_short():
    assert len(EXAMPLE.read_text().splitlines()) <= 45


def test_a_driver_that_says_yes_to_everything_is_not_believed(tmp_path):
    driver = Driver(tmp_path, program(tmp_path / "yes.py", "print('{}')"))
    with pytest.raises(PeerError, match="does not exist"):
        driver.version()


def test_what_a_driver_does_not_list_is_missing(tmp_path):
    text = ("if asked['request'] != 'capabilities': sys.exit(127)\n"
            "print(json.dumps({'version': '7', 'capabilities': ['initiator']}))")
    driver = Driver(tmp_path, program(tmp_path / "box.py", text))
    assert (driver.version(), driver.kind) == ("7", "box")
    assert set(driver.missing()) == set(CAPABILITIES) - {"initiator"}
    with pytest.raises(PeerUnsupported, match="'status'"):
        driver.status()


@pytest.mark.parametrize("text, words", [
    ("print('not json')", "no JSON object"), ("print('[]')", "no JSON object"),
    ("print(json.dumps({'message': 'the cable is out'})); sys.exit(3)", "the cable is out"),
    ("sys.exit('on stderr')", "on stderr")])
def test_what_a_driver_says_of_its_failures(tmp_path, text, words):
    driver = Driver(tmp_path, program(tmp_path / "box.py", text))
    with pytest.raises(PeerError, match=words):
        driver.status()


def test_the_kind_of_a_driver_needs_no_line_in_the_table(tmp_path):
    kind = table.kind(f"driver:{EXAMPLE}")
    assert kind.available() == "" and kind.create(tmp_path).kind == "driver"
    assert "is no program" in table.kind(f"driver:{tmp_path}").available()


# ---- by hand ----

def test_a_person_is_told_what_to_do_and_waited_for(tmp_path):
    told = []
    peer = Manual(tmp_path, lambda text: told.append(text) or "")
    peer.configure(DaemonSpec((PeerSpec("scripted", "box.example", "lab.example", "the key",
                                        remote_addresses=("192.0.2.7",)),)))
    peer.start(None)  # type: ignore[arg-type]
    peer.initiate(wait=False)
    assert "box.example" in told[0] and "the key" in told[0] and "192.0.2.7" in told[0] and "initiate" in told[2]
    assert peer.running()
    with pytest.raises(PeerUnsupported):
        peer.status()


def test_instructions_name_everything():
    text = instructions(PeerSpec("scripted", "a", "b", "k", proposals=("aes256gcm16-prfsha256-x25519",)))
    assert "aes256gcm16-prfsha256-x25519" in text and "any" in text


def test_where_a_box_is():
    assert str(Outside.parse("eth0=192.0.2.9")) == "eth0=192.0.2.9"


@live
def test_a_box_at_an_address_of_its_own(make_world, tmp_path):
    """The command runs in one namespace, as on somebody's machine; the box is in another, reached by an interface."""
    world = make_world("pair")
    ours, box = world.host("client"), world.host("gateway")
    ikeref = tmp_path / "ikeref"
    ikeref.write_text(f'#!/bin/sh\nexec ip netns exec {box.netns} {build_directory().resolve()}/ikeref "$@"\n')
    ikeref.chmod(0o755)
    before = ours.run(["ip", "addr"]).stdout
    result = invoke("conform", "a_dummy_packet", "an_unknown_payload", "--role", "responder", "--driver", EXAMPLE, "--interface",
                    "wire", "--address", box.address(), "--out", tmp_path / "out", "--json", tmp_path / "out.json",
                    netns=ours.netns, IKEREF=str(ikeref))
    assert result.returncode == 0, result
    verdicts = [one["verdict"] for one in json.loads((tmp_path / "out.json").read_text())["results"]]
    assert len(verdicts) >= 2 and set(verdicts) == {"pass"}
    assert ours.run(["ip", "addr"]).stdout == before


# ---- the page ----

class Tags(HTMLParser):
    """Every element that begins ends as well."""

    void = {"meta", "br", "input", "link", "img", "line", "path", "rect", "circle", "use", "text", "tspan"}

    def __init__(self):
        super().__init__()
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids |= {found["id"]} if "id" in found else set()
        if tag == "a" and found.get("href", "").startswith("#"):
            self.links.add(found["href"][1:])
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.void:
            assert self.open.pop() == tag


def _results() -> list[Result]:
    common = {"initiator_version": "1", "responder_version": "1"}
    return [
        Result("rfc7296.a", "box", "scripted", Verdict.FAIL, "it <did> not", role="initiator", test="rfc7296.a",
               requirements=["RFC7296-2.6-07"], **common),
        Result("rfc7296.b", "box", "scripted", Verdict.PASS, role="initiator", test="rfc7296.b",
               requirements=["RFC7296-2.6-07"], **common),
        Result("rfc7296.c", "scripted", "box", Verdict.PASS, role="responder", test="rfc7296.c",
               requirements=["RFC7296-2.4-08", "RFC7296-2.6-04"], notes=["RFC7296-2.4-08: no"], **common)]


def test_a_cell_shows_the_worst_and_notes_are_of_their_requirement():
    entries = [Entry(str(n), one, "") for n, one in enumerate(_results())]
    found = {row.requirement.id: row.cells for row in rows(load.load(), entries)}
    assert found["RFC7296-2.6-07"][("box", "initiator")].state == "fail"
    assert found["RFC7296-2.6-07"][("box", "initiator")].tests == 2
    assert found["RFC7296-2.4-08"][("box", "responder")].state == "note"
    assert found["RFC7296-2.6-04"][("box", "responder")].state == "pass"
    assert [(one.peer, one.role) for one in columns(_results())] == [("box", "initiator"), ("box", "responder")]
    assert state_of(_results()[2]) == "note"


def test_the_page_is_whole(tmp_path):
    catalogue = marks.with_tests(load.load(), [])
    page = write_conformance(tmp_path / "page.html", tmp_path, _results(), catalogue).read_text()
    tags = Tags()
    tags.feed(page)
    assert tags.open == [] and tags.links <= tags.ids and len(tags.links) == 2
    assert "it &lt;did&gt; not" in page and ' src="' not in page and '="http' not in page
