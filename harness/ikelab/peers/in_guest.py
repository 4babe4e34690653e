"""What adapters of daemons in a guest have in common: the daemon's life, its files, and events made from its states.

Such a daemon tells nothing on its own accord that a program could read: `events()` are the differences between the
states that were asked for, and whoever waits asks again.
"""

from __future__ import annotations

import re
import signal
import subprocess
import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ikelab import keys
from ikelab.guest import netlink
from ikelab.guest.counters import Counters
from ikelab.guest.netlink import XFRM, Message
from ikelab.keys import EspKeys
from ikelab.peers import xfrm
from ikelab.peers.contract import DEADLINE_S, HostLike, Peer, PeerError, PeerNotRunning, PeerSilent, PeerTimeout, What
from ikelab.peers.neutral import DaemonSpec, Event, PeerSpec, PeerStatus
from ikelab.process import ProcessError

if TYPE_CHECKING:
    from ikelab.guest.machine import GuestProcess

# linux 6.1, include/net/inet_ecn.h: the outer header gets ECT(0) where the inner one says CE.
LINUX_ECN = "Linux does not copy CE to the outer header, as the full-functionality option of RFC 3168 had it"
TRIES = 3  # of one question, each for a third of the time
POLL_S = 0.02  # between two questions
POLL_GROWTH, POLL_MAX_S = 1.5, 0.25  # a question costs some 0.02 s of a processor: who waits long asks seldom


class GuestPeer(Peer):
    """`root` is the unpacked suite that the guest runs on."""

    tier = "uml-kernel"
    ask_again_s = POLL_MAX_S
    LOG = ""  # the daemon's log, in the guest
    PROGRAM = ""  # the daemon's name, as its guest's kernel has it
    SPIS_FROM_ASIDE = False  # whether SPIs of IKE SAs come from elsewhere than the daemon's own list of them

    def __init__(self, directory: Path, kind: str, root: Path, version: str) -> None:
        super().__init__(directory)
        self.kind = kind
        self.root = root
        self._version = version
        self._host: Any = None
        self._process: GuestProcess | None = None
        self._events: list[Event] = []
        self._pause = POLL_S
        self._last = PeerStatus()
        self._esp_keys: list[EspKeys] = []
        self._log = b""  # the daemon's, as far as it has been read
        self._counters: Counters | None = None

    # For each daemon to write.

    @abstractmethod
    def _launch(self, deadline_s: float) -> None:
        """Writes its files into the guest, starts it with `_popen`, returns when it listens."""

    @abstractmethod
    def _shut_down(self) -> None:
        """Asks it to end in good order; may raise ProcessError."""

    @abstractmethod
    def _ask_status(self) -> PeerStatus:
        """Its state and the kernel's."""

    # The same for all.

    @property
    def guest_root(self) -> Path:
        """The lab gives this peer a host that a guest over this root inhabits."""
        return self.root

    def version(self) -> str:
        return self._version

    def _number(self) -> tuple[int, ...]:
        return tuple(int(part) for part in re.findall(r"\d+", self._version.split("-")[0]))

    def start(self, host: HostLike, deadline_s: float = DEADLINE_S) -> None:
        if self.spec is None:
            raise ValueError("configure before start")
        if not hasattr(host, "guest"):
            raise PeerNotRunning(f"{self.kind} runs in a guest only: create the topology with guests={{...}}")
        self._host = host
        self.directory.mkdir(parents=True, exist_ok=True)
        try:
            self._counters = self._counters or Counters(host.guest)
            self._monitor = host.guest.monitor(XFRM, netlink.GROUP_SA, self._learn_keys, "the kernel's monitor")
            self._launch(deadline_s)
        except BaseException:
            self._fetch_log()
            self.kill()
            raise

    def stop(self, deadline_s: float = DEADLINE_S) -> None:
        process = self._process
        if process is None:
            return
        if process.running:
            self._shut_down()
            if not process.job.wait(deadline_s):
                process.kill()
        self._process = None
        self._gone()

    def process_id(self) -> int | None:
        """Of the whole guest: what is in it is not to be told apart from here."""
        return self._host.guest.pid if self.running() else None

    def kill(self) -> None:
        """A power cut takes the kernel's SAs and policies as well."""
        process, self._process = self._process, None
        if process is not None and process.guest.running:
            process.signal(signal.SIGKILL)
            process.kill()
            self._gone()

    def running(self) -> bool:
        return self._process is not None and self._process.running

    def status(self) -> PeerStatus:
        if not self.running():
            raise PeerNotRunning(f"{self.kind} is not running: {self._last_words()}")
        now = self._ask_status()
        self._tell_apart(self._last, now)
        self._last = now
        if self.SPIS_FROM_ASIDE:
            self.spis_to_prove |= {sa.spis for sa in now.established()}
        return now

    def events(self) -> tuple[Event, ...]:
        if self.running():
            self.status()
        return tuple(self._events)

    def wait_event(self, deadline_s: float) -> bool:
        """Nothing tells; so a little later."""
        if not self.running():
            raise PeerNotRunning(f"{self.kind} is not running: {self._last_words()}")
        pause = min(self._pause, deadline_s)
        self._pause = min(self._pause * POLL_GROWTH, POLL_MAX_S)
        time.sleep(pause)
        return deadline_s > pause

    def wait_for(self, predicate: Callable[[PeerStatus], bool], what: str = "the expected state",
                 deadline_s: float = DEADLINE_S) -> PeerStatus:
        self._pause = POLL_S
        return super().wait_for(predicate, what, deadline_s)

    def ike_keys(self) -> Path | None:
        return None

    def child_keys(self) -> Path | None:
        """As the kernel told them: of every SA that there was so far."""
        if not self._esp_keys:
            return None
        store = self._keys_so_far()
        for one in tuple(self._esp_keys):
            store.add(one)
        keys.write(self.directory / "keys", store)
        return self.directory / "keys" / keys.ESP_TABLE

    def _learn_keys(self, told: bytes) -> None:
        """Of SAs as the kernel makes them; from the channel's own thread."""
        self._esp_keys += xfrm.esp_keys(netlink.parse(told))

    def logs(self) -> tuple[Path, ...]:
        self._fetch_log()
        return tuple(p for p in (self.directory / "daemon.log", self.directory / "daemon.out") if p.exists())

    def resident_kib(self) -> int | None:
        """Of all processes of that name in the guest."""
        if not self.running():
            return None
        found = self._run(["/bin/sh", "-c", "grep -shE '^(Name|VmRSS):' /proc/[0-9]*/status"], check=False).stdout
        sizes = [int(size) for name, size in re.findall(r"Name:\s+(\S+)\nVmRSS:\s+(\d+)", found) if name == self.PROGRAM]
        return sum(sizes) or None

    # Inside.

    def _popen(self, argv: Sequence[str]) -> None:
        self._process = self._host.popen(argv, name=Path(argv[0]).name, log=self.directory / "daemon.out")

    def _run(self, argv: Sequence[str], timeout: float = 10.0, check: bool = True,
             input: str | None = None) -> subprocess.CompletedProcess[str]:
        return self._host.run(argv, timeout=timeout, check=check, input=input)

    def _told(self, argv: Sequence[str], timeout: float = 12.0) -> str:
        """What the daemon's own program says of its state. An answer gets lost at times while all else goes on (ikectl
        waits for ever then): whoever gets none asks again."""
        for left in reversed(range(TRIES)):
            if not self.running():
                raise PeerNotRunning(f"{self.kind} is not running: {self._last_words()}")
            try:
                return self._run(argv, timeout=timeout / TRIES, check=False).stdout
            except ProcessError as error:
                if not self._host.guest.running:
                    raise
                if not left:
                    raise PeerSilent(f"{self.kind} does not tell its state: {error}") from error
        raise AssertionError("the last question has raised or returned")

    def _write(self, path: str, content: str, mode: int = 0o644) -> None:
        """Into the guest, and beside it for the artefacts."""
        self._host.guest.write(path, content, mode)
        copy = self.directory / Path(path).name
        copy.touch(mode=0o600)
        copy.write_text(content)

    def _fetch_log(self) -> None:
        if self._host is None or not self.LOG or not self._host.guest.running or not self.directory.exists():
            return  # a stage that is over has carried what there was elsewhere
        if text := self._log_text():
            (self.directory / "daemon.log").write_text(text)

    def _log_text(self) -> str:
        """All of it: what is new is fetched."""
        self._log += self._host.guest.read(self.LOG, len(self._log))
        return self._log.decode(errors="replace")

    def _keys_so_far(self) -> keys.KeyStore:
        """What the files hold by now."""
        directory = self.directory / "keys"
        return keys.load([directory] if directory.exists() else [])

    def _gone(self) -> None:
        self.ike_keys()
        self._fetch_log()
        if self._counters is not None:
            self._counters.write(self.directory)
        self._clear_kernel()
        self._monitor.kill()
        self.child_keys()
        self._last = PeerStatus()

    def _clear_kernel(self) -> None:
        self._host.guest.netlink(XFRM, *netlink.FLUSH)

    def _kernel(self) -> list[Message]:
        """Its SAs and policies, for xfrm.states() and xfrm.policies()."""
        return self._host.guest.netlink(XFRM, netlink.STATES, netlink.POLICIES)

    def _await_text(self, text: str, end: float, path: str = "", offset: int = 0) -> None:
        """Until the daemon's log, or that file, has the text; without a text, until it is there. `end` is a moment."""
        while not self._host.guest.await_text(path or self.LOG, text, min(0.5, max(0.0, end - time.monotonic())), offset):
            if not self.running() or time.monotonic() > end:
                raise PeerNotRunning(f"{self.kind} does not listen, without {text or path!r}: {self._last_words()}")

    def _last_words(self) -> str:
        lines = [line for file in self.logs() for line in file.read_text(errors="replace").splitlines()]
        return " / ".join(lines[-3:]) or "it left no log"

    def _peer(self, name: str | None) -> PeerSpec:
        if self.spec is None:
            raise ValueError("configure before anything else")
        return self.spec.peer(name)

    def _replaced(self, what: What, peer: str, child: str, before: PeerStatus) -> Callable[[PeerStatus], bool]:
        """Whether what there was is gone, and something new is in use."""
        if what == "ike":
            old = {sa.spis for sa in before.established(peer)}
            return lambda now: (not any(sa.spis in old for sa in now.ike_sas)
                                and bool(now.established(peer)))
        old = {(sa.spi_in, sa.spi_out) for sa in before.installed(child)}
        return lambda now: (not any((sa.spi_in, sa.spi_out) in old for sa in now.child_sas)
                            and bool(now.installed(child)))

    def _tell_apart(self, before: PeerStatus, now: PeerStatus) -> None:
        moment = time.monotonic_ns()

        def told(name: str, peer: str, child: str = "") -> None:
            self._events.append(Event(name, moment, peer, child))

        for kind, was, are in (("ike-sa", before.established(), now.established()),
                               ("child-sa", before.installed(), now.installed())):
            old, new = {sa.unique: sa for sa in was}, {sa.unique: sa for sa in are}
            for unique in new.keys() - old.keys():
                told(f"{kind}-up", new[unique].peer, getattr(new[unique], "child", ""))
            for unique in old.keys() - new.keys():
                told(f"{kind}-down", old[unique].peer, getattr(old[unique], "child", ""))
        alive = {sa.unique for sa in now.ike_sas if sa.state != "deleting"}
        for sa in before.ike_sas:
            if sa.state == "connecting" and sa.unique not in alive:
                told("child-sa-failed", sa.peer)

    def _failed(self, subject: str, refused: str, words: str) -> PeerError:
        self._fetch_log()
        said = " / ".join(words.strip().splitlines()[-2:])
        return PeerError(f"{self.kind} could not {subject}: {refused or said}; see {self.directory / 'daemon.log'}",
                         refused)

    def _too_late(self, subject: str, deadline_s: float) -> PeerTimeout:
        self._fetch_log()
        return PeerTimeout(f"{self.kind} could not {subject} in {deadline_s:g} s")
