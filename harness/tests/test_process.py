"""Processes in namespaces: supervised, stopped in order, and never alive after their runner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ikelab import cleanup, process
from ikelab.process import ProcessError

HARNESS = Path(__file__).resolve().parents[1]


def test_run_gives_output_and_names_what_failed():
    assert process.run(None, ["cat"], input="words").stdout == "words"
    assert process.run(None, ["false"], check=False).returncode == 1
    with pytest.raises(ProcessError, match="`sh -c echo reason >&2; exit 5` ended with status 5: reason"):
        process.run(None, ["sh", "-c", "echo reason >&2; exit 5"])
    with pytest.raises(ProcessError, match="cannot start /nowhere"):
        process.run(None, ["/nowhere"])
    with pytest.raises(ProcessError, match="did not end within 0.05 s"):
        process.run(None, ["sleep", "1000"], timeout=0.05)


def test_programs_run_inside_and_the_runner_stays_outside(make_world):
    world = make_world("pair")
    home = os.readlink("/proc/thread-self/ns/net")
    seen = {name: world.host(name).run(["readlink", "/proc/self/ns/net"]).stdout.strip()
            for name in ("client", "gateway")}
    assert len({home, *seen.values()}) == 3
    assert os.readlink("/proc/thread-self/ns/net") == home
    assert world.host("client").call(os.readlink, "/proc/thread-self/ns/net") == seen["client"]
    assert process.call_in(None, os.readlink, "/proc/thread-self/ns/net") == home


def test_worker_comes_home_after_an_error(make_world):
    world = make_world("pair")
    with pytest.raises(ZeroDivisionError):
        world.host("client").call(lambda: 1 / 0)
    assert process.call_in(None, os.readlink, "/proc/thread-self/ns/net") == \
        os.readlink("/proc/thread-self/ns/net")
    with pytest.raises(ProcessError, match="no network namespace ikl-none"):
        process.call_in("ikl-none", os.getpid)


def test_stop_is_polite_first_and_output_goes_to_the_log(tmp_path):
    log = tmp_path / "logs" / "polite.log"
    child = process.popen(None, ["sh", "-c", 'trap "echo bye; exit 7" TERM; echo up; while :; do sleep 0.01; done'],
                          log=log)
    process.await_that(lambda: "up" in child.output(), "the trap")
    assert child.running
    assert child.stop() == 7
    assert child.output() == "up\nbye\n"
    assert not child.running and child.stop() == 7


def test_stop_kills_what_does_not_listen_with_all_its_children(tmp_path):
    log = tmp_path / "deaf.log"
    child = process.popen(None, ["sh", "-c", 'trap "" TERM; sleep 1000 & echo $!; wait; wait'], log=log)
    process.await_that(lambda: "\n" in child.output(), "the pid")
    assert child.stop(timeout=0.05) == -signal.SIGKILL
    process.await_that(lambda: cleanup.start_time(int(child.output())) is None, "the grandchild's end")


def test_wait_tells_the_status_and_has_a_deadline():
    assert process.popen(None, ["sh", "-c", "exit 3"]).wait() == 3
    with process.popen(None, ["sleep", "1000"]) as child, pytest.raises(ProcessError, match="still runs"):
        child.wait(0.01)
    assert child.returncode == -signal.SIGTERM


def test_a_child_outlives_the_thread_that_asked_for_it():
    """PR_SET_PDEATHSIG goes by thread, and scenarios start peers side by side in threads."""
    children = []
    thread = threading.Thread(target=lambda: children.append(process.popen(None, ["sleep", "1000"])))
    thread.start()
    thread.join()
    with pytest.raises(ProcessError, match="still runs"):
        children[0].wait(0.05)
    children[0].kill()


def test_children_die_with_a_killed_runner():
    runner = subprocess.Popen(
        [sys.executable, "-c", "from ikelab import process\n"
         "print(process.popen(None, ['sleep', '1000']).pid, flush=True)\ninput()"],
        env=os.environ | {"PYTHONPATH": str(HARNESS)}, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True)
    pid = int(runner.stdout.readline())
    assert cleanup.start_time(pid) is not None
    runner.kill()
    runner.communicate()
    process.await_that(lambda: cleanup.start_time(pid) is None, "the child's end")
    cleanup.sweep()
