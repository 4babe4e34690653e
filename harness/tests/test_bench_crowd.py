"""What a pair of SAs takes of memory stays below its bound; no rekey of a storm is lost, nobody fails to come back."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
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
                                   ["memory", "1", "aes256gcm16-prfsha256", "aes256gcm16", "5000"], ["parade", "1"],
                                   ["storm", "1"], ["storm", "1", "none", "5"], ["storm", "1", "ike", "1800"],
                                   ["comeback", "1", "lost", "0"], ["comeback", "1", "found", "0", "1"],
                                   ["comeback", "1", "lost", "0", "0"]])
def test_wrong_words_are_answered_with_the_usage(words: list[str]) -> None:
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr.startswith("usage: ikecrowd memory PAIRS")


def _program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    os.chmod(path, 0o755)


def _said(pairs: int, octets: int) -> str:
    held = {"responder": octets * pairs, "initiator": pairs, "esp": pairs}
    return json.dumps({"pairs": pairs, "used": held, "idle": held})


# ---- storms ----


@built
@pytest.mark.parametrize(("kind", "jitter"), [("child", 120), ("ike", 300)])
def test_jitter_spreads_a_storm(kind: str, jitter: int) -> None:
    found = crowd.storm(PROGRAM, 200, kind, jitter)
    assert found.good and sum(found.per_second) == 200
    assert 0.9 * jitter < len(found.per_second) <= jitter + 1
    assert found.most <= 10  # two a second at random are hardly ever so many


@built
def test_without_jitter_all_comes_in_one_second() -> None:
    found = crowd.storm(PROGRAM, 200, "child", 0)
    assert found.good and found.per_second == (200,)


# ---- everybody comes back ----


@built
@pytest.mark.parametrize("gateway", ["lost", "kept"])
@pytest.mark.parametrize("rate", [8000, 50])  # at fifty datagrams a second many are sent more than once
def test_everybody_comes_back(gateway: str, rate: int) -> None:
    found = crowd.comeback(PROGRAM, 200, gateway, 0, rate)
    assert found.good and found.back == 200 and found.stale == 0
    assert found.cookies > 100 and 32 <= found.half_open_most <= 200
    assert found.seconds >= 3 * 200 / rate - 1  # two requests and a cookie's repetition from each


def test_what_is_lost_is_not_good() -> None:
    storm = crowd.Storm("child", 0, 2, 2, 0, 2, 1, (2,))
    assert storm.good and not replace(storm, lost=1).good and not replace(storm, rekeyed=1).good
    back = crowd.Comeback("lost", 2, 2, 0, 1, 5, 5, 0, 0, 0, 1)
    assert back.good and not any(replace(back, **one).good for one in ({"back": 1}, {"stale": 1}, {"half_open_most": 6}))


# ---- the command ----


@built
def test_the_command_shows_all_three(tmp_path: Path) -> None:
    done = CliRunner().invoke(ikelab, ["bench", "crowd", "200", "300", "--json", str(tmp_path / "found.json")])
    assert done.exit_code == 0 and "rekeys in a second, at most" in done.output and "half-open at most" in done.output
    results = json.loads((tmp_path / "found.json").read_text())["results"]
    assert [one["part"] for one in results] == 2 * ["memory"] + 8 * ["storm"] + 6 * ["comeback"]



@pytest.mark.parametrize(("octets", "status"), [(6143, 0), (6144, 1)])
def test_a_pair_above_the_limit_fails(octets: int, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _program(tmp_path / "ikecrowd", f"echo '{_said(10, octets)}'")
    monkeypatch.setattr("ikelab.cli.bench_crowd.build_directory", lambda: tmp_path)
    done = CliRunner().invoke(ikelab, ["bench", "crowd", "10", "--only", "memory", "--json", str(tmp_path / "found.json")])
    assert done.exit_code == status and f"{octets + 1:,}" in done.output
    assert [one["verdict"] for one in json.loads((tmp_path / "found.json").read_text())["results"]] == ["worse" if status else "same"]


@pytest.mark.parametrize(("script", "sentence"), [
    (None, "run `make crowd`"), ("echo 'ikecrowd: no memory' >&2; exit 1", "could not be played: ikecrowd: no memory"),
    ("kill -9 $$", "killed by signal 9 at 10 pairs"),
])
def test_what_cannot_be_counted_ends_in_a_sentence(script: str | None, sentence: str, tmp_path: Path,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    if script is not None:
        _program(tmp_path / "ikecrowd", script)
    monkeypatch.setattr("ikelab.cli.bench_crowd.build_directory", lambda: tmp_path)
    done = CliRunner().invoke(ikelab, ["bench", "crowd", "10", "--only", "memory"])
    assert done.exit_code == 3 and sentence in done.output
