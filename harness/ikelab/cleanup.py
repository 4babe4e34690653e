"""What a run owns, and how what a dead run has left is told from what a living one uses.

Everything the lab makes is named after its run: `ikl<pid>x<start>-<n>-<role>`, where <pid> and
<start> are the runner's process id and start time in hexadecimal. That pair names one process of
this machine until it reboots, so a leftover's owner is known from the leftover's name alone.
Beside that each runner holds a lock on build/run/<run>/lock while it lives, and writes down the
processes it starts in build/run/<run>/processes.

The kernel ends most things by itself when a runner dies: its children get SIGKILL
(PR_SET_PDEATHSIG), interfaces and TUNs go with their namespace. Names in /run/netns, scratch
directories and workplaces in memory stay; `sweep` removes those whose runner is dead, and nothing
else.
"""

from __future__ import annotations

import atexit
import ctypes
import fcntl
import os
import re
import shutil
import signal
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

PREFIX = "ikl"
NETNS_DIRECTORY = Path("/run/netns")
MEMORY = Path("/dev/shm")
ROOT = Path(__file__).resolve().parents[2]
MNT_DETACH = 2

_NAME = re.compile(rf"({PREFIX}([0-9a-f]+)x([0-9a-f]+))(?:-.*)?")
_libc = ctypes.CDLL(None, use_errno=True)
_lock = threading.Lock()


def build_directory() -> Path:
    """build/ of this tree, or what IKELAB_BUILD names."""
    return Path(os.environ.get("IKELAB_BUILD") or ROOT / "build")


def start_time(pid: int) -> int | None:
    """The process's start in clock ticks since boot (proc(5), field 22); None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2:].split()
    return None if fields[0] in "ZX" else int(fields[19])


def run_of(name: str) -> str | None:
    """The run that a namespace or scratch directory belongs to; None when it is not the lab's."""
    match = _NAME.fullmatch(name)
    return match.group(1) if match else None


@dataclass
class Run:
    """This process's own registration; made on first need, taken back at exit."""

    pid: int
    name: str
    directory: Path
    lock_fd: int
    topologies: int = 0

    def next_prefix(self) -> str:
        """A prefix for the names of one more topology."""
        with _lock:
            self.topologies += 1
            return f"{self.name}-{self.topologies}"


_current: Run | None = None


def current_run() -> Run:
    global _current
    with _lock:
        if _current is None or _current.pid != os.getpid():
            _current = _register()
        return _current


def _register() -> Run:
    pid = os.getpid()
    name = f"{PREFIX}{pid:x}x{start_time(pid):x}"
    directory = build_directory() / "run" / name
    directory.mkdir(parents=True, exist_ok=True)
    lock_fd = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock_fd, fcntl.LOCK_EX)
    atexit.register(_release, pid)
    sweep()
    return Run(pid, name, directory, lock_fd)


def _release(pid: int) -> None:
    if _current is not None and os.getpid() == pid == _current.pid:
        _remove_run(_current.name)


def scratch_directory(prefix: str) -> Path:
    """A directory with a short path (Unix sockets allow 108 octets), removed with its run."""
    path = Path(tempfile.gettempdir()) / prefix
    path.mkdir(mode=0o755, parents=True, exist_ok=True)
    return path


def record_process(pid: int) -> None:
    """Writes down a child, so that the next run ends it should the kernel not have done so."""
    started = start_time(pid)
    if started is not None:
        with open(current_run().directory / "processes", "a") as file:
            file.write(f"{pid} {started}\n")


def run_is_alive(run: str) -> bool:
    """Whether the runner lives: it holds its lock, or a process of that pid and start time exists.

    Either is enough: the lock does not exist for a moment while a runner starts, and the pid says
    nothing about a runner in another pid namespace."""
    match = _NAME.fullmatch(run)
    if match is None:
        return True  # not ours to judge
    if start_time(int(match.group(2), 16)) == int(match.group(3), 16):
        return True
    try:
        fd = os.open(build_directory() / "run" / run / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(fd)


def sweep() -> list[str]:
    """Removes what dead runs have left and returns their names. Living runs are not touched."""
    dead = sorted(run for run in _runs_seen() if not run_is_alive(run))
    for run in dead:
        _remove_run(run)
    return dead


def _runs_seen() -> set[str]:
    seen = set()
    for directory in (NETNS_DIRECTORY, *_scratch(), build_directory() / "run"):
        if directory.is_dir():
            seen.update(run_of(name) for name in os.listdir(directory))
    seen.discard(None)
    return seen  # type: ignore[return-value]


def _scratch() -> list[Path]:
    """Where runs have directories named after them."""
    return [place for place in {Path(tempfile.gettempdir()), MEMORY} if place.is_dir()]


def _remove_run(run: str) -> None:
    registry = build_directory() / "run" / run
    _kill_recorded(registry / "processes")
    if NETNS_DIRECTORY.is_dir():
        remove_namespaces([n for n in os.listdir(NETNS_DIRECTORY) if run_of(n) == run])
    for place in _scratch():
        for name in os.listdir(place):
            if run_of(name) == run:
                shutil.rmtree(place / name, ignore_errors=True)
    shutil.rmtree(registry, ignore_errors=True)


def _kill_recorded(processes: Path) -> None:
    try:
        lines = processes.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        words = line.split()
        if len(words) != 2 or not all(word.isdigit() for word in words):
            continue  # the last line of a runner that died while it wrote
        pid, started = map(int, words)
        if start_time(pid) == started:
            try:
                os.killpg(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def remove_namespaces(names: list[str]) -> None:
    """Ends whatever still runs inside these namespaces, then removes them. Unknown names are fine."""
    for pid in _processes_in(_namespace_inodes(names)):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    for name in names:
        path = NETNS_DIRECTORY / name
        _libc.umount2(os.fsencode(path), MNT_DETACH)
        path.unlink(missing_ok=True)


def _namespace_inodes(names: list[str]) -> set[int]:
    nsfs = os.stat("/proc/self/ns/net").st_dev
    inodes = set()
    for name in names:
        try:
            status = os.stat(NETNS_DIRECTORY / name)
        except OSError:
            continue
        if status.st_dev == nsfs:  # else a plain file: its namespace was never mounted on it
            inodes.add(status.st_ino)
    return inodes


def _processes_in(inodes: set[int]) -> list[int]:
    """Who has one of these network namespaces; never this process, whatever its threads do."""
    found = []
    own = os.getpid()
    for entry in os.listdir("/proc") if inodes else ():
        if entry.isdigit() and int(entry) != own:
            try:
                link = os.readlink(f"/proc/{entry}/ns/net")
            except OSError:
                continue
            if int(link[5:-1]) in inodes:
                found.append(int(entry))
    return found
