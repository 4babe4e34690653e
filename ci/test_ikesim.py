"""The command line of `ikesim`: exit codes, one sentence for bad input, ladders, scripts."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import sim_mutants  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(os.environ.get("IKELAB_BUILD", ROOT / "build")) / "ikesim"
BREAKS = "seed 3\nset plan 2\n10 a initiate 0\n2000 net partition 40000\n2001 a rekey-ike 0\n40000 a liveness 0\n"

pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="build/ikesim is missing; run `make`")


def ikesim(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=120)


def test_figures_and_exit_0() -> None:
    done = ikesim("--seeds", "20", "--jobs", "2")
    assert done.returncode == 0, done.stdout
    assert "20 runs" in done.stdout and "0 rules broken" in done.stdout


def test_slower_than_wanted_is_exit_4() -> None:
    done = ikesim("--seeds", "20", "--plan", "life", "--least", "100000000")
    assert done.returncode == 4 and "too slow: 100000000 runs a second" in done.stdout and "0 rules broken" in done.stdout
    assert ikesim("--seeds", "20", "--plan", "life", "--least", "1").returncode == 0


def test_same_seed_same_digest() -> None:
    one, two = ikesim("--seed", "11"), ikesim("--seed", "11")
    assert one.stdout == two.stdout and re.search(r"digest [0-9a-f]{16}", one.stdout)


@pytest.mark.parametrize("arguments, words", [
    (("--dance",), "no such option"), (("--seeds", "many"), "no number"), (("--plan", "gale"), "there is no plan"),
    (("what",), "what is meant"), (("--script", "/nowhere/x.sim"), "cannot read")])
def test_bad_usage_is_one_sentence(arguments: tuple[str, ...], words: str) -> None:
    done = ikesim(*arguments)
    assert done.returncode == 2
    assert words in done.stderr and done.stderr.count("\n") == 1


def test_a_bad_script_names_its_line(tmp_path: Path) -> None:
    script = tmp_path / "bad.sim"
    script.write_text("seed 1\n\n10 a dance\n")
    done = ikesim("--script", script)
    assert done.returncode == 2 and f"{script}:3:" in done.stderr


def test_a_broken_rule_is_exit_1_and_shrinks_to_a_script(tmp_path: Path) -> None:
    script, shorter = tmp_path / "breaks.sim", tmp_path / "shorter.sim"
    script.write_text(BREAKS)
    done = ikesim("--script", script, "--shrink")
    assert done.returncode == 1 and "an SA is lost (unreachable)" in done.stdout
    shorter.write_text(done.stdout.split("\n", 2)[2])
    again = ikesim("--script", shorter)
    assert again.returncode == 1 and "an SA is lost (unreachable)" in again.stdout


def test_the_ladder_shows_both_hosts() -> None:
    done = ikesim("--seed", "11", "--plan", "life", "--trace")
    assert re.search(r"a +--> IKE_SA_INIT request", done.stdout)
    assert re.search(r"b +<-- IKE_AUTH request", done.stdout)
    assert re.search(r"=> ESP [0-9a-f]{8} 1 ", done.stdout)


def test_the_printed_script_is_the_seed(tmp_path: Path) -> None:
    script = tmp_path / "seed.sim"
    script.write_text(ikesim("--seed", "11", "--plan", "calm", "--print").stdout)
    digest = re.compile(r"digest ([0-9a-f]{16})")
    played = [digest.search(done.stdout) for done in (ikesim("--script", script), ikesim("--seed", "11", "--plan", "calm"))]
    assert played[0] and played[1] and played[0][1] == played[1][1]


def test_every_mutant_still_fits() -> None:
    """`make sim-mutants` builds and hunts them; here only that none has lost its place in the source."""
    assert len(sim_mutants.MUTANTS) >= 30
    assert [mutant.name for mutant in sim_mutants.MUTANTS if sim_mutants.mutate(mutant) is None] == []
    assert len({mutant.name for mutant in sim_mutants.MUTANTS}) == len(sim_mutants.MUTANTS)
