"""Processes inside network namespaces: the one place where the harness starts any.

One thread of the runner, the namespace worker, is the only one that ever enters a namespace. It
starts every child, for two reasons: a child simply inherits the namespace its creator is in (no
`ip netns exec`, no code between fork and exec), and PR_SET_PDEATHSIG fires when the creating
*thread* ends, which for this thread is the end of the runner, however that comes about.
"""

from __future__ import annotations

import ctypes
import os
import queue
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ikelab import cleanup

T = TypeVar("T")

CLONE_NEWNET = 0x40000000
NETNS_DIRECTORY = Path("/run/netns")
# setpriv is in util-linux, which every Debian has; it becomes the program, so the pid stays.
DIE_WITH_RUNNER = ("/usr/bin/setpriv", "--pdeathsig", "KILL", "--")

_libc = ctypes.CDLL(None, use_errno=True)


class ProcessError(Exception):
    """A program could not be started, ended with an error or did not end in time."""


def _enter(fd: int) -> None:
    if _libc.setns(fd, CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise ProcessError(
            f"cannot enter a network namespace: {os.strerror(number)}; run as root (CAP_SYS_ADMIN)"
        )


class _NamespaceWorker:
    """Runs functions inside a named namespace, one after the other, in a thread of its own."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[tuple[str | None, Callable[[], Any], queue.SimpleQueue]]
        self._jobs = queue.SimpleQueue()
        self._pid = 0
        self._lock = threading.Lock()

    def call(self, netns: str | None, function: Callable[[], T]) -> T:
        """Returns what function returns (or raises what it raises) inside netns (None: our own)."""
        self._start()
        answer: queue.SimpleQueue = queue.SimpleQueue()
        self._jobs.put((netns, function, answer))
        value, error = answer.get()
        if error is not None:
            raise error
        return value

    def _start(self) -> None:
        with self._lock:
            if self._pid != os.getpid():  # also after a fork, which copies no threads
                self._jobs = queue.SimpleQueue()
                threading.Thread(target=self._loop, args=(self._jobs,), daemon=True,
                                 name="ikelab-namespaces").start()
                self._pid = os.getpid()

    @staticmethod
    def _loop(jobs: queue.SimpleQueue) -> None:
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        while True:
            netns, function, answer = jobs.get()
            try:
                answer.put((_inside(netns, home, function), None))
            except BaseException as error:  # handed to the caller, whatever it is
                answer.put((None, error))


def _inside(netns: str | None, home: int, function: Callable[[], T]) -> T:
    if not netns:
        return function()
    try:
        there = os.open(NETNS_DIRECTORY / netns, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise ProcessError(f"there is no network namespace {netns}: its topology is closed") from None
    try:
        _enter(there)
        return function()
    finally:
        _enter(home)
        os.close(there)


_worker = _NamespaceWorker()


def call_in(netns: str | None, function: Callable[..., T], *args: Any) -> T:
    """Runs function inside netns; keep it short, everything else waits. Sockets made stay there."""
    return _worker.call(netns, lambda: function(*args))


class Process:
    """A supervised child: own process group, output in files, ends with the runner at the latest."""

    def __init__(self, popen: subprocess.Popen, name: str, log: Path | None):
        self._popen = popen
        self.name = name
        self.log = log
        self.pid = popen.pid
        self.stdin = popen.stdin
        self.stdout = popen.stdout
        self.stderr = popen.stderr
        self._pidfd = os.pidfd_open(popen.pid)

    @property
    def running(self) -> bool:
        return self._popen.poll() is None

    @property
    def returncode(self) -> int | None:
        return self._popen.poll()

    def wait(self, timeout: float = 10.0) -> int:
        """The exit status (negative: the signal), at once when it ends; ProcessError when it does not."""
        if not self._ends_within(timeout):
            raise ProcessError(f"{self.name} (pid {self.pid}) still runs after {timeout:g} s")
        return self._popen.wait()

    def _ends_within(self, timeout: float) -> bool:
        """Does not reap it: while it is a zombie, its pid and group cannot become somebody else's."""
        if self._popen.returncode is not None:
            return True
        poller = select.poll()
        poller.register(self._pidfd, select.POLLIN)
        return bool(poller.poll(timeout * 1000))

    def signal(self, number: int) -> None:
        if self.running:
            self._popen.send_signal(number)

    def stop(self, timeout: float = 3.0) -> int:
        """SIGTERM, and SIGKILL to its whole group at its end or after timeout; the exit status."""
        self.signal(signal.SIGTERM)
        self._ends_within(timeout)
        return self.kill()

    def kill(self) -> int:
        """SIGKILL to the whole group: the peer loses its state without a word."""
        if self._popen.returncode is None:
            # Not reaped, so the group's number is still our child's pid and nobody else's.
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        status = self._popen.wait()
        self._close()
        return status

    def output(self) -> str:
        """What it has written so far to its log (empty when that went elsewhere)."""
        if self.log is None or not self.log.exists():
            return ""
        return self.log.read_text(errors="replace")

    def _close(self) -> None:
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None and not stream.closed:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


_leaving: list[Process] = []


def leave(child: Process) -> None:
    """Lets a child that has done its work end by itself; it is reaped later. Closing a packet socket
    costs its owner some 20 ms in the kernel, for which nobody needs to wait."""
    _leaving.append(child)


def _reap() -> None:
    for child in list(_leaving):
        if child._ends_within(0):
            _leaving.remove(child)
            child.kill()


def popen(netns: str | None, argv: Sequence[str | Path], *, name: str | None = None,
          log: Path | None = None, cwd: Path | None = None, env: Mapping[str, str] | None = None,
          stdin: Any = None, stdout: Any = None, stderr: Any = None,
          pass_fds: Sequence[int] = ()) -> Process:
    """Starts argv inside netns. stdout and stderr go to log (appended) unless given; stdin is empty."""
    words = [str(word) for word in argv]
    name = name or Path(words[0]).name

    def start() -> subprocess.Popen:
        return subprocess.Popen(
            [*DIE_WITH_RUNNER, *words], cwd=cwd, env=dict(env) if env is not None else None,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=sink if stdout is None else stdout,
            stderr=sink if stderr is None else stderr,
            pass_fds=tuple(pass_fds), start_new_session=True)

    sink: Any = subprocess.DEVNULL
    if log is not None:
        log.parent.mkdir(parents=True, exist_ok=True)
        sink = open(log, "ab")
    try:
        child = call_in(netns, start)
    except OSError as error:
        raise ProcessError(f"cannot start {name}: {error}") from error
    finally:
        if log is not None:
            sink.close()
    cleanup.record_process(child.pid)
    _reap()
    return Process(child, name, log)


def run(netns: str | None, argv: Sequence[str | Path], *, input: str | None = None,
        timeout: float = 10.0, check: bool = True,
        cwd: Path | None = None, env: Mapping[str, str] | None = None
        ) -> subprocess.CompletedProcess[str]:
    """Runs argv inside netns to its end and returns its output; a bad end is a ProcessError."""
    words = [str(word) for word in argv]

    def start() -> subprocess.Popen:
        return subprocess.Popen(
            words, text=True, errors="replace", cwd=cwd,
            env=dict(env) if env is not None else None, start_new_session=True,
            stdin=subprocess.DEVNULL if input is None else subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    try:
        child = call_in(netns, start)
    except OSError as error:
        raise ProcessError(f"cannot start {words[0]}: {error}") from error
    try:
        out, err = child.communicate(input, timeout)
    except BaseException as error:
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise ProcessError(f"`{' '.join(words)}` did not end within {timeout:g} s") from None
        raise
    if check and child.returncode != 0:
        said = (err.strip() or out.strip() or "it said nothing").splitlines()
        raise ProcessError(f"`{' '.join(words)}` ended with status {child.returncode}: "
                           + "; ".join(said[:4]))
    return subprocess.CompletedProcess(words, child.returncode, out, err)


def await_that(condition: Callable[[], T], what: str, deadline_s: float = 5.0,
               interval_s: float = 0.002) -> T:
    """Polls condition until it is true and returns its value; for the few things without an event."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise ProcessError(f"{what} did not happen within {deadline_s:g} s")
        time.sleep(interval_s)
