"""ci/fuzz.py: a finding is exit 1 with its reason and the line that repeats it; and the seeds are still scripts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import fuzz_corpus
import fuzz_mutants
import pytest
from sim_mutants import mutate

FUZZ = Path(__file__).resolve().parent / "fuzz.py"


def fuzz(build: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, FUZZ, "--build", build, *arguments], capture_output=True, text=True, check=False)


def program(build: Path, text: str) -> None:
    path = build / "fuzzed/ref/fuzz/fuzz_words"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_nothing_found(tmp_path: Path) -> None:
    program(tmp_path, "echo 'stat::number_of_executed_units: 1200' >&2")
    done = fuzz(tmp_path, "--runs", "5", "words")
    assert done.returncode == 0 and "1,200" in done.stdout and "fuzz: 0 findings" in done.stdout


def test_a_finding_keeps_its_input_and_says_how_to_repeat_it(tmp_path: Path) -> None:
    program(tmp_path, "for a; do case $a in -artifact_prefix=*) echo x >${a#*=}crash-1;; esac; done\n"
                      "echo 'finding: what must not be' >&2; exit 77")
    done = fuzz(tmp_path, "--runs", "5", "words")
    kept = tmp_path / "fuzz/findings/words/crash-1"
    assert done.returncode == 1 and kept.exists()
    assert "what must not be" in done.stdout and f"again: {tmp_path / 'fuzzed/ref/fuzz/fuzz_words'} {kept}" in done.stdout


def test_who_is_slow_fails_where_minutes_were_given(tmp_path: Path) -> None:
    program(tmp_path, "echo 'stat::number_of_executed_units: 1' >&2")
    assert fuzz(tmp_path, "--runs", "5", "words").returncode == 0
    done = fuzz(tmp_path, "--minutes", "0.01", "words")
    assert done.returncode == 1 and "words (" in done.stdout and "of 50,000 runs a second" in done.stdout


@pytest.mark.parametrize("text", ["exit 1", "kill -SEGV $$"])
def test_a_program_that_dies_without_an_input_is_a_finding(tmp_path: Path, text: str) -> None:
    program(tmp_path, text)
    assert fuzz(tmp_path, "--runs", "5", "words").returncode == 1


def test_a_program_that_was_not_built(tmp_path: Path) -> None:
    done = fuzz(tmp_path, "--runs", "5", "words")
    assert done.returncode == 1 and "make fuzzers" in done.stdout


def test_an_unknown_target_is_wrong_usage(tmp_path: Path) -> None:
    done = fuzz(tmp_path, "nowhere")
    assert done.returncode == 2 and "there is no target nowhere" in done.stderr


def test_scripts_in_the_corpus_are_what_the_tables_say() -> None:
    """An operation that was moved would turn every seed into another."""
    for target, name, octets in fuzz_corpus.scripts():
        path = fuzz_corpus.CORPUS / target / name
        assert path.exists() and path.read_bytes() == octets, f"{path}: run ci/fuzz_corpus.py"


def test_planted_faults_still_fit() -> None:
    """`make fuzz-mutants` hunts them; here only that none has lost its place in the source."""
    mutants = [mutant for hunt in fuzz_mutants.HUNTS for mutant in hunt.mutants]
    assert len(mutants) >= 40 and [mutant.name for mutant in mutants if mutate(mutant) is None] == []


def test_planted_faults_without_fuzzers(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, FUZZ.with_name("fuzz_mutants.py"), "--build", tmp_path], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 3 and "make fuzzers" in done.stderr


def afl(tmp_path: Path, text: str) -> subprocess.CompletedProcess[str]:
    """ci/fuzz_afl.py with an engine that does what is written here; $out is its folder."""
    engine = tmp_path / "bin/afl-fuzz"
    engine.parent.mkdir()
    engine.write_text("#!/bin/sh\nwhile [ $# -gt 0 ]; do case $1 in -o) out=$2;; esac; shift; done\n"
                      f"mkdir -p $out/default/crashes\n{text}\n")
    engine.chmod(0o755)
    return subprocess.run([sys.executable, FUZZ.with_name("fuzz_afl.py"), "--build", tmp_path, "words"], capture_output=True,
                          text=True, check=False, env={**os.environ, "PATH": f"{engine.parent}:{os.environ['PATH']}"})


STATS = "printf 'execs_done        : 1200\\nedges_found       : 7\\n' >$out/default/fuzzer_stats"


def test_the_other_engine_finds_nothing(tmp_path: Path) -> None:
    done = afl(tmp_path, STATS)
    assert done.returncode == 0 and "1,200" in done.stdout and "fuzz_afl: 0 findings" in done.stdout


def test_the_other_engine_finds_something(tmp_path: Path) -> None:
    done = afl(tmp_path, f"{STATS}; echo x >$out/default/crashes/id:000000")
    assert done.returncode == 1 and "1 FOUND" in done.stdout and "crashes/id:000000" in done.stdout


def test_the_other_engine_does_not_run(tmp_path: Path) -> None:
    done = afl(tmp_path, "echo '[-] PROGRAM ABORT : no such thing'; exit 1")
    assert done.returncode == 1 and "no such thing" in done.stdout
