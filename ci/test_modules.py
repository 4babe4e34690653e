"""Every module of the reference has a test file of its own, or a reason why not stands here."""

from __future__ import annotations

from pathlib import Path

REF = Path(__file__).resolve().parent.parent / "ref"

# Without a file of their own, and where they are tested instead.
ELSEWHERE = {
    "host/daemon_control": "a part of the daemon: test_daemon.c speaks to it through the control socket",
    "host/daemon_events": "a part of the daemon: test_daemon.c sees what core events bring about",
    "host/main": "a program: harness/tests/test_bad_input_daemon.py runs it",
}


def modules() -> set[str]:
    return {f"{path.parent.name}/{path.stem}" for path in REF.glob("*/*.c")}


def modules_with_a_test() -> set[str]:
    return {f"{path.parent.name}/{path.stem.removeprefix('test_')}" for path in REF.glob("test/*/test_*.c")}


def test_every_module_has_a_test_file() -> None:
    assert sorted(modules() - modules_with_a_test() - ELSEWHERE.keys()) == []


def test_no_reason_outlives_its_module() -> None:
    assert sorted(ELSEWHERE.keys() - (modules() - modules_with_a_test())) == []
