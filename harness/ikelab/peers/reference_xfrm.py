"""The reference with the kernel's ESP as its data plane (`data-plane = "xfrm"`): in a guest, whose kernel has ESP, or
in the host's own kernel where that has it.

The daemon is the build folder's. In a guest its control socket is spoken to by `nc`.
"""

from __future__ import annotations

import queue
import re
import signal
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ikelab import keys, process
from ikelab.guest import netlink
from ikelab.guest.counters import Counters
from ikelab.guest.netlink import XFRM
from ikelab.peers import reference_config as config
from ikelab.peers.contract import DEADLINE_S, HostLike, PeerError, PeerNotRunning
from ikelab.peers.control import Control, ControlError, ControlTimeout
from ikelab.peers.in_guest import LINUX_ECN
from ikelab.peers.neutral import Credentials, DaemonSpec, PeerSpec
from ikelab.peers.reference import Reference

if TYPE_CHECKING:
    from ikelab.guest.machine import Guest, GuestProcess

KERNEL_LACKS: Mapping[str, str] = {
    "ecn": LINUX_ECN,
    "selectors-opaque": "the kernel's selectors know no OPAQUE ports, and ikeref refuses them",
    "acquire-keeps-packet": "the kernel keeps it, but what comes in the clock's tick after the SA overtakes it",
}
PROGRAM = "/mnt/ikeref"  # the guest was started with it, see guest/machine.py
HOME = "/run/ikeref"
POLL_S = 0.02


class ReferenceOnHostKernel(Reference):
    """In the host's namespace, with the host kernel's ESP."""

    kind = "reference-xfrm-host"
    tier = "host-kernel"
    data_plane = "xfrm"

    def missing(self) -> Mapping[str, str]:
        return {**super().missing(), **KERNEL_LACKS}

    @staticmethod
    def missing_program() -> str:
        return Reference.missing_program() or missing_esp()


def missing_esp() -> str:
    """"" when the kernel of this machine has ESP, else what to do without."""
    from ikelab import doctor  # late: the doctor looks at peers

    return "no ESP in this kernel: play with reference-xfrm" if doctor.kernel_esp_problem() else ""


class ReferenceInGuest(Reference):
    """`root` is an unpacked suite with the libraries of the daemon; the guest runs on it."""

    kind = "reference-xfrm"
    tier = "uml-kernel"
    data_plane = "xfrm"

    def __init__(self, directory: Path, kind: str, root: Path, version: str) -> None:
        super().__init__(directory)
        self.kind = kind
        self.guest_root = root  # the lab gives this peer a host that a guest over it inhabits
        self._guest: Guest | None = None
        self._counters: Counters | None = None

    def missing(self) -> Mapping[str, str]:
        return {**super().missing(), **KERNEL_LACKS}

    def start(self, host: HostLike, deadline_s: float = DEADLINE_S) -> None:
        if self.spec is None:
            raise ValueError("configure before start")
        if not hasattr(host, "guest"):
            raise PeerNotRunning(f"{self.kind} runs in a guest only: create the topology with guests={{...}}")
        if sentence := self.missing_program():
            raise PeerNotRunning(sentence)
        guest: Guest = host.guest
        self._guest = guest
        self._counters = self._counters or Counters(guest)
        self._write_files(guest, self.spec)
        said = self.directory / "ikeref.log"
        seen = said.stat().st_size if said.exists() else 0
        self._process = host.popen(["/bin/sh", "-c", f"cd {HOME} && exec {PROGRAM} --config ikeref.conf"],
                                   name=f"ikeref-{host.name}", log=said)  # type: ignore[assignment]
        try:
            self._await_ready_in(said, seen, deadline_s)
            self._control = Control(GuestLine(guest, "requests"))
            self._listener = Control(GuestLine(guest, "events"))
            self._listener.ask("subscribe", deadline_s)
        except ControlError as error:
            self.kill()
            raise PeerNotRunning(f"ikeref came up, but: {error}") from error
        except BaseException:
            self.kill()
            raise

    def stop(self, deadline_s: float = DEADLINE_S) -> None:
        status, running = 0, self._process
        if running is not None:
            alive = running.running
            self._collect()
            running.signal(signal.SIGTERM)
            running.job.wait(deadline_s)  # type: ignore[attr-defined]
            status = running.kill() if alive else 0
        self._gone()
        if status != 0:
            raise PeerError(f"ikeref ended with status {status}: {self._last_words()}")

    def kill(self) -> None:
        """All state is lost: the kernel's SAs, which would go on carrying packets, are taken as well. Its policies
        stay, as they do when a daemon is killed: what was closed stays closed."""
        running, guest = self._process, self._guest
        if running is not None and guest is not None and guest.running:
            running.kill()
            guest.netlink(XFRM, netlink.FLUSH[0])
        self._gone()

    # Inside.

    def _write_files(self, guest: Guest, spec: DaemonSpec) -> None:
        if guest.await_text(f"{HOME}/ikeref.conf", deadline_s=0):  # it has lived before
            guest.run(["rm", "-f", f"{HOME}/{config.CONTROL_SOCKET}"])
        else:
            guest.run(["mkdir", "-p", f"{HOME}/{config.KEY_LOG}"])
        peers = tuple(replace(peer, credentials=_carry(guest, peer, number)) for number, peer in enumerate(spec.peers))
        text = config.daemon_conf(replace(spec, peers=peers), directory=Path(HOME), data_plane=self.data_plane)
        guest.write(f"{HOME}/ikeref.conf", text, 0o600)

    def _await_ready_in(self, said: Path, seen: int, deadline_s: float) -> None:
        end = time.monotonic() + deadline_s
        while '"ready"' not in (said.read_text(errors="replace")[seen:] if said.exists() else ""):
            if not self.running():
                raise PeerNotRunning(f"ikeref ended at its start: {self._last_words()}")
            if time.monotonic() > end:
                raise PeerNotRunning(f"ikeref is not ready after {deadline_s:g} s: {self._last_words()}")
            time.sleep(POLL_S)

    def _fetch_keys(self) -> None:
        if self._guest is None or not self._guest.running:
            return
        for name in (keys.IKE_TABLE, keys.ESP_TABLE):
            told = self._guest.read(f"{HOME}/{config.KEY_LOG}/{name}")
            (self.directory / config.KEY_LOG / name).write_bytes(told)

    def ike_keys(self) -> Path | None:
        self._fetch_keys()
        return super().ike_keys()

    def child_keys(self) -> Path | None:
        self._fetch_keys()
        return super().child_keys()

    def _gone(self) -> None:
        super()._gone()
        self._fetch_keys()
        if self._counters is not None and self._guest is not None and self._guest.running:
            self._counters.write(self.directory)


class GuestLine:
    """A connection to the control socket in a guest: `nc` there, whose input is a FIFO that we write to. The shell holds
    the FIFO open until it has removed it, so that nobody ever waits for a reader of it."""

    def __init__(self, guest: Guest, name: str) -> None:
        self._guest = guest
        self._fifo = f"{HOME}/{name}"
        self._arrived: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        script = (f"rm -f {self._fifo}; mkfifo {self._fifo}; exec 3<>{self._fifo}; echo;"
                  f" nc -U {HOME}/{config.CONTROL_SOCKET} <&3; rm {self._fifo}")
        self._nc = guest.popen(["/bin/sh", "-c", script], name=name, sink=self._arrived.put)
        try:
            self._arrived.get(timeout=DEADLINE_S)  # the empty line: there is a FIFO
        except queue.Empty as error:
            raise ControlTimeout(f"the guest has started no {name} in {DEADLINE_S:g} s") from error

    def send(self, octets: bytes) -> None:
        if not self._nc.running:
            raise ConnectionResetError("the daemon has closed it")
        try:
            self._guest.write(self._fifo, octets, 0o600)
        except process.ProcessError as error:
            raise OSError(0, str(error)) from error

    def receive(self, wait_s: float) -> bytes | None:
        end = time.monotonic() + wait_s
        while True:
            ended = not self._nc.running
            try:
                return self._arrived.get(timeout=0 if ended else max(0.0, min(0.2, end - time.monotonic())))
            except queue.Empty:
                if ended:
                    return b""
                if time.monotonic() >= end:
                    return None

    def close(self) -> None:
        self._nc.signal(signal.SIGKILL)


def _carry(guest: Guest, peer: PeerSpec, number: int) -> Credentials | None:
    """The files of a peer's credentials, as they are called in the guest."""
    if peer.credentials is None:
        return None

    def carry(file: Path | None) -> Path | None:
        if file is None:
            return None
        there = Path(HOME) / f"{number}-{re.sub(r'[^A-Za-z0-9.]', '-', file.name)}"
        guest.write(str(there), file.read_bytes(), 0o600)
        return there

    own = peer.credentials
    authorities = tuple(there for file in own.authorities if (there := carry(file)) is not None)
    return replace(own, certificate=carry(own.certificate), private_key=carry(own.private_key), authorities=authorities)
