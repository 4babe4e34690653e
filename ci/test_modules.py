"""Every module of the reference has a test file of its own, or a reason why not stands here."""

from __future__ import annotations

from pathlib import Path

REF = Path(__file__).resolve().parent.parent / "ref"

# Rooms of which every file is played to test others.
THEMSELVES = {"fuzz", "bench", "crowd"}

# Without a file of their own, and where they are tested instead.
ELSEWHERE = {
    "host/daemon_control": "a part of the daemon: test_daemon.c speaks to it through the control socket",
    "host/daemon_events": "a part of the daemon: test_daemon.c sees what core events bring about",
    "host/daemon_work": "the same: a daemon with certificates does not end; harness/tests/test_workers.py sees who waits",
    "host/main": "a program: harness/tests/test_bad_input_daemon.py runs it",
    "load/client": "test_crowd.c plays whole runs of it",
    "load/main": "a program: harness/tests/test_bench_handshake.py runs it",
    "load/run": "the same: sockets and a clock",
    "sim/act": "an act of a script: test_run.c plays every verb",
    "sim/check_agreement": "test_check.c breaks each rule",
    "sim/check_bounds": "make sim-mutants: a core that leaks is found by it",
    "sim/check_due": "make sim-mutants: an IKE SA whose time is not looked at again is found by it",
    "sim/check_end": "make sim-mutants: a core that leaves something behind is found by it",
    "sim/check_esp": "test_check.c breaks each rule",
    "sim/check_fragments": "make sim-mutants: fragments that are kept are found by it",
    "sim/check_gone": "test_check.c breaks each rule",
    "sim/check_inner": "test_check.c breaks each rule",
    "sim/check_inside": "make sim-mutants: a nonce that serves twice is found by it",
    "sim/check_keys": "test_check.c breaks each rule",
    "sim/check_messages": "test_check.c breaks each rule",
    "sim/check_owners": "make sim-mutants: SAs nobody was told of are found by it",
    "sim/check_puzzles": "test_check.c breaks each rule",
    "sim/check_reasons": "test_check.c breaks each rule",
    "sim/check_window": "test_check.c breaks each rule",
    "sim/certificates": "test_run.c: hosts whose certificates are not believed do not connect",
    "sim/config": "test_run.c: hosts that are set up wrongly do not connect",
    "sim/host": "test_run.c plays whole lives of it",
    "sim/main": "a program: ci/test_ikesim.py runs it",
    "sim/mirror": "test_check.c: the record of a host",
    "sim/network": "test_run.c: its dice are part of the digest that is pinned there",
    "sim/trace": "ci/test_ikesim.py reads a ladder",
    "sim/traffic": "test_run.c: what does not arrive breaks a rule",
}


def modules() -> set[str]:
    return {f"{path.parent.name}/{path.stem}" for path in REF.glob("*/*.c") if path.parent.name not in THEMSELVES}


def modules_with_a_test() -> set[str]:
    return {f"{path.parent.name}/{path.stem.removeprefix('test_')}" for path in REF.glob("test/*/test_*.c")}


def test_every_module_has_a_test_file() -> None:
    assert sorted(modules() - modules_with_a_test() - ELSEWHERE.keys()) == []


def test_no_reason_outlives_its_module() -> None:
    assert sorted(ELSEWHERE.keys() - (modules() - modules_with_a_test())) == []
