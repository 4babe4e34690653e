"""Profiles: what is made of perf's samples, why there is none, and that a function which runs is seen."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ikelab.bench import profile
from ikelab.bench.profile import KERNEL, MOST, UNNAMED, CannotProfile, Function, Profiler
from ikelab.cli.bench_profile import or_sentence, profile_row, show_profile
from ikelab.process import await_that

SAMPLES = """\
 ffffffff81565d45 _copy_to_iter ([kernel.kallsyms])
            5c3e5 esp_seal (/work/build/ikeref)
           230ce5 [unknown] (/usr/lib/x86_64-linux-gnu/libcrypto.so.3)
           230ce9 [unknown] (/usr/lib/x86_64-linux-gnu/libcrypto.so.3)
     7ffd2ad5a5d9 __vdso_clock_gettime ([vdso])
           100000 veth_xmit (/lib/modules/6.1/veth.ko)

perf says something else
            5c3e7 esp_seal (/work/build/ikeref)
            5c3e9 operator new(unsigned long) (/work/build/other (deleted))
"""


def test_samples_are_shares():
    found = profile.profile(SAMPLES.splitlines())
    assert found.samples == 8
    assert found.parts == {KERNEL: 0.25, "ikeref": 0.25, "libcrypto.so.3": 0.25, "[vdso]": 0.125, "other (deleted)": 0.125}
    assert found.functions[:2] == (Function("esp_seal", "ikeref", 0.25), Function(UNNAMED, "libcrypto.so.3", 0.25))
    assert Function("veth_xmit", KERNEL, 0.125) in found.functions
    assert sum(one.share for one in found.functions) == pytest.approx(1)


def test_only_the_greatest_are_told():
    found = profile.profile([f"1 f{number} (/bin/x)" for number in range(100)])
    assert len(found.functions) == MOST and found.functions[0].share == 0.01


def test_no_samples_are_no_profile():
    with pytest.raises(CannotProfile, match="has sampled nothing"):
        profile.profile(["nothing"])


def test_without_perf(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotProfile, match=r"perf .* is not there: run `ci/install.sh --bench`"):
        Profiler([1])


@pytest.mark.parametrize("script, words", [("echo 'one thing' >&2; echo 'no permission' >&2; exit 1", "no permission"),
                                           ("exit 7", "it ended with status 7")])
def test_a_perf_that_may_not_says_why(monkeypatch, tmp_path, script, words):
    perf = tmp_path / "perf"
    perf.write_text(f"#!/bin/sh\n{script}\n")
    perf.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(CannotProfile, match=f"perf cannot sample here: {words}"):
        Profiler([os.getpid()])


def test_what_is_shown_keeps_to_80_columns(capsys):
    found = profile.Profile(5, {"ikeref": 0.7, "x" * 40: 0.3}, (Function("f" * 100, "g" * 50, 0.7),))
    show_profile("a", found, "")
    assert all(len(line) <= 80 for line in capsys.readouterr().out.splitlines())
    show_profile("a", None, "perf is not there")
    assert "no profile: perf is not there" in capsys.readouterr().out
    assert profile_row(None, "why") == {"reason": "why"} and profile_row(found, "")["samples"] == 5


def test_a_fault_is_a_sentence_and_what_is_no_fault_is_raised():
    def fail():
        raise CannotProfile("why")
    assert or_sentence(fail, (CannotProfile,)) == (None, "why")
    with pytest.raises(CannotProfile):
        or_sentence(fail, (OSError,))


def ticks(pid: int) -> int:
    """Of processor time, in hundredths of a second."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])


@pytest.mark.skipif(not shutil.which("perf") or not shutil.which("cc"), reason="needs perf and a compiler")
def test_a_function_that_runs_is_seen(tmp_path: Path):
    source, program = tmp_path / "spin.c", tmp_path / "spin"
    source.write_text("static volatile unsigned long n;\n"
                      "__attribute__((noinline)) void spin_here(void) { for (int i = 0; i < 100000; i++) { n++; } }\n"
                      "int main(void) { for (;;) { spin_here(); } }\n")
    subprocess.run(["cc", "-O1", "-g", "-o", program, source], check=True)
    with subprocess.Popen([program]) as spinning:
        try:
            try:
                profiler = Profiler([spinning.pid])
            except CannotProfile as error:
                pytest.skip(str(error))
            begun = ticks(spinning.pid)  # so long it has run for certain, however busy the machine is
            await_that(lambda: ticks(spinning.pid) - begun > 30, "a third of a second of the program's", 60)
            found = profiler.end()
        finally:
            spinning.kill()
    assert found.functions[0].name == "spin_here" and found.functions[0].part == "spin", found
    assert found.functions[0].share > 0.5
