"""What a pair of SAs takes of memory stays below its bound, and the command says what it is."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from ikelab.bench import crowd
from ikelab.cleanup import build_directory
from ikelab.cli import ikelab

PROGRAM = build_directory().resolve() / "ikecrowd"
built = pytest.mark.skipif(not PROGRAM.exists(), reason="needs `make crowd`, which builds ikecrowd")
# octets of one pair among a thousand: what was counted and some five in a hundred
BOUNDS = {"aes256gcm16": 5900, "chacha20poly1305": 5900, "aes256-sha256": 5900}


@built
@pytest.mark.parametrize("suite", BOUNDS)
def test_an_idle_pair_takes_no_more_than_it_did(suite: str) -> None:
    found = crowd.memory(PROGRAM, 1000, suite)
    assert found.idle.worse < found.used.worse
    assert 1000 < found.idle.worse <= BOUNDS[suite]


@built
def test_it_counts_the_same_twice() -> None:
    assert crowd.memory(PROGRAM, 100, "aes256gcm16") == crowd.memory(PROGRAM, 100, "aes256gcm16")


@built
@pytest.mark.parametrize("words", [[], ["memory"], ["memory", "0"], ["memory", "x"], ["memory", "1", "aes256gcm16"],
                                   ["memory", "1", "aes256gcm16-prfsha256", "aes256gcm16", "5000"], ["parade", "1"]])
def test_wrong_words_are_answered_with_the_usage(words: list[str]) -> None:
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr.startswith("usage: ikecrowd memory PAIRS")


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    os.chmod(path, 0o755)


def _said(pairs: int, octets: int) -> str:
    held = {"responder": octets * pairs, "initiator": pairs, "esp": pairs}
    return json.dumps({"pairs": pairs, "used": held, "idle": held})


@pytest.mark.parametrize(("octets", "status"), [(6143, 0), (6144, 1)])
def test_a_pair_above_the_limit_fails(octets: int, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path / "ikecrowd", f"echo '{_said(10, octets)}'")
    monkeypatch.setattr("ikelab.cli.bench_crowd.build_directory", lambda: tmp_path)
    done = CliRunner().invoke(ikelab, ["bench", "crowd", "10", "--json", str(tmp_path / "found.json")])
    assert done.exit_code == status and f"{octets + 1:,}" in done.output
    assert [one["verdict"] for one in json.loads((tmp_path / "found.json").read_text())["results"]] == ["worse" if status else "same"]


@pytest.mark.parametrize(("script", "sentence"), [
    (None, "run `make crowd`"), ("echo 'ikecrowd: no memory' >&2; exit 1", "could not be connected: ikecrowd: no memory"),
    ("kill -9 $$", "killed by signal 9 at 10 pairs"),
])
def test_what_cannot_be_counted_ends_in_a_sentence(script: str | None, sentence: str, tmp_path: Path,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    if script is not None:
        _program(tmp_path / "ikecrowd", script)
    monkeypatch.setattr("ikelab.cli.bench_crowd.build_directory", lambda: tmp_path)
    done = CliRunner().invoke(ikelab, ["bench", "crowd", "10"])
    assert done.exit_code == 3 and sentence in done.output
