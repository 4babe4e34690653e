"""Leftovers: of the dead, all; of the living and of others, nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ikelab import cleanup, process

HARNESS = Path(__file__).resolve().parents[1]
NETNS = Path("/run/netns")
WORLD = """
import sys
from ikelab import topology
world = topology.create("behind_nat", relayed=["net"])
child = world.host("client").popen(["sleep", "1000"])
print(child.pid, world.scratch, *world.namespaces, flush=True)
if len(sys.argv) > 1: raise RuntimeError("on purpose")
sys.stdin.read()
"""


class Runner:
    """Another runner with a world of its own."""

    def __init__(self, *arguments: str):
        self.popen = subprocess.Popen([sys.executable, "-c", WORLD, *arguments], text=True,
                                      env=os.environ | {"PYTHONPATH": str(HARNESS)},
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL)
        pid, scratch, *self.namespaces = self.popen.stdout.readline().split()
        self.child, self.scratch = int(pid), Path(scratch)
        self.run = cleanup.run_of(self.namespaces[0])

    def left(self) -> list[object]:
        paths = [NETNS / name for name in self.namespaces] + [
            self.scratch, cleanup.build_directory() / "run" / self.run]
        found: list[object] = [path for path in paths if path.exists()]
        return found + ([self.child] if cleanup.start_time(self.child) is not None else [])

    def end(self, number: int | None = None) -> None:
        if number is not None:
            self.popen.send_signal(number)
        self.popen.communicate()


@pytest.mark.parametrize("how", ["success", "failure", "Ctrl-C"])
def test_a_runner_that_ends_takes_everything_with_it(how):
    runner = Runner(*(["fail"] if how == "failure" else []))
    runner.end(signal.SIGINT if how == "Ctrl-C" else None)
    process.await_that(lambda: not runner.left(), "an empty place")


def test_a_killed_runner_is_cleaned_up_after_and_a_living_one_is_not():
    living, dead = Runner(), Runner()
    try:
        dead.end(signal.SIGKILL)
        assert len(dead.left()) >= len(dead.namespaces)
        everything = living.left()
        cleanup.sweep()  # its answer may be empty: another test's runner may have been quicker
        process.await_that(lambda: not dead.left(), "an empty place")
        assert living.left() == everything
        assert cleanup.run_is_alive(living.run) and not cleanup.run_is_alive(dead.run)
    finally:
        living.end()


def test_what_only_looks_like_ours_stays():
    names = [f"iklx-{os.getpid()}", f"other-{os.getpid()}", f"ikl{os.getpid():x}-1-client"]
    process.run(None, ["ip", "-batch", "-"], input="".join(f"netns add {n}\n" for n in names))
    directory = Path(tempfile.mkdtemp(prefix="ikl-somebody-"))
    try:
        cleanup.sweep()
        assert all((NETNS / name).exists() for name in names) and directory.exists()
    finally:
        process.run(None, ["ip", "-batch", "-"], input="".join(f"netns del {n}\n" for n in names))
        directory.rmdir()


def test_a_reused_pid_is_not_the_runner():
    """A leftover that names this very pid, but another start: its runner is dead."""
    run = f"ikl{os.getpid():x}x1"
    process.run(None, ["ip", "netns", "add", f"{run}-1-client"])
    cleanup.sweep()
    process.await_that(lambda: not (NETNS / f"{run}-1-client").exists(), "the removal")


def test_a_recorded_process_is_ended_only_if_it_is_the_same():
    run = f"ikl{os.getpid():x}x2"
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    registry = cleanup.build_directory() / "run" / run
    try:
        registry.mkdir(parents=True)
        (registry / "processes").write_text(f"{child.pid} 1\n{os.getpid()} 2\nhalf a li")
        cleanup.sweep()
        process.await_that(lambda: not registry.exists(), "the sweep")
        assert child.poll() is None
        registry.mkdir(parents=True)
        (registry / "processes").write_text(f"{child.pid} {cleanup.start_time(child.pid)}\n")
        cleanup.sweep()
        assert child.wait(5) == -signal.SIGKILL
    finally:
        child.kill()
        child.wait()


def test_names():
    assert cleanup.run_of("ikl1fx2a-3-client") == "ikl1fx2a"
    assert cleanup.run_of("ikl1fx2a") == "ikl1fx2a"
    for other in ("eth0", "ikl", "ikl1f-3-client", "xikl1fx2a-1-a", "ikl1fx2aclient"):
        assert cleanup.run_of(other) is None
    assert cleanup.run_is_alive(cleanup.current_run().name)
    assert cleanup.start_time(os.getpid()) and cleanup.start_time(2**22 + 1) is None
