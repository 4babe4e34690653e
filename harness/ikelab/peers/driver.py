"""Any implementation, by an executable of its owner's: one JSON object on stdin, one on stdout (docs/ADD_A_PEER.md).

Exit status 0: done; 127: this driver knows no such request; anything else: it failed, and `message` of its answer or the
last line on stderr says why. Whether it says so honestly is asked first, by a request whose name nobody can know.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ikelab import process
from ikelab.peers.contract import (CAPABILITIES, DEADLINE_S, HostLike, Peer, PeerError, PeerNotRunning, PeerTimeout,
                                   PeerUnsupported, What)
from ikelab.peers.neutral import ChildSaStatus, DaemonSpec, Endpoint, Event, IkeSaStatus, PeerStatus
from ikelab.process import ProcessError

UNKNOWN_REQUEST = 127
NOWHERE = Endpoint("", 0)


class Driver(Peer):
    """`executable` runs in the host's namespace, once for each request."""

    tier = "driver"

    def __init__(self, directory: Path, executable: Path) -> None:
        super().__init__(directory)
        self.executable = executable
        self.kind = executable.stem
        self._host: HostLike | None = None
        self._pid = 0
        self._on = False
        self._about: dict[str, Any] | None = None

    # What it is and can do.

    def about(self) -> dict[str, Any]:
        """Its answer to `capabilities`. Raises PeerError when it also says yes to what nobody can know."""
        if self._about is None:
            try:
                self._ask(f"probe-{secrets.token_hex(8)}")
            except PeerUnsupported:
                pass
            else:
                raise PeerError(f"{self.executable} says yes to a request that does not exist; let it exit with "
                                f"{UNKNOWN_REQUEST} for each that it does not know")
            self._about = self._ask("capabilities")
        return self._about

    def version(self) -> str:
        return str(self.about().get("version", "unknown"))

    def missing(self) -> Mapping[str, str]:
        able = set(self.about().get("capabilities", []))
        return {name: "its driver does not list it" for name in CAPABILITIES if name not in able}

    # Life and death.

    def configure(self, spec: DaemonSpec) -> None:
        self._ask("configure", **json.loads(json.dumps(asdict(spec), default=str)))
        self.spec = spec

    def start(self, host: HostLike, deadline_s: float = DEADLINE_S) -> None:
        self._host = host
        self._pid = int(self._ask("start", deadline_s).get("pid", 0))
        self._on = True

    def stop(self, deadline_s: float = DEADLINE_S) -> None:
        if self._on:
            self._on = False
            self._ask("stop", deadline_s)
            self._await_end(deadline_s)

    def kill(self) -> None:
        if self._on:
            with contextlib.suppress(PeerError):
                self.stop()
        if self._pid and self._alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            self._await_end(DEADLINE_S)
        self._on = False

    def _await_end(self, deadline_s: float) -> None:
        with contextlib.suppress(ProcessError):
            process.await_that(lambda: not self._alive(), f"the end of {self.kind}", deadline_s)

    def _alive(self) -> bool:
        """Of the process that `start` named, which is nobody's child here."""
        try:
            state = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, IndexError):
            return False
        return state != "Z"

    def process_id(self) -> int | None:
        """That which `start` named."""
        return self._pid or None

    def running(self) -> bool:
        return self._on and (not self._pid or self._alive())

    # Verbs; a driver does not wait for their end.

    def initiate(self, child: str | None = None, peer: str | None = None, deadline_s: float = DEADLINE_S,
                 wait: bool = True) -> None:
        self._ask("initiate", deadline_s)
        if wait:
            self.wait_for(lambda status: bool(status.installed()), "a Child SA", deadline_s)

    def rekey(self, what: What = "child", child: str | None = None, peer: str | None = None,
              deadline_s: float = DEADLINE_S, wait: bool = True) -> None:
        self._ask("rekey", deadline_s, what=what)

    def delete(self, what: What = "ike", child: str | None = None, peer: str | None = None,
               deadline_s: float = DEADLINE_S, wait: bool = True) -> None:
        self._ask("delete", deadline_s, what=what)

    def roam(self, local: str | None = None, peer: str | None = None, deadline_s: float = DEADLINE_S) -> None:
        self._ask("roam", deadline_s, local=local)

    def liveness(self, peer: str | None = None, deadline_s: float = DEADLINE_S) -> None:
        self._ask("liveness", deadline_s)

    # What it says of itself.

    def status(self) -> PeerStatus:
        found = self._ask("status")
        return PeerStatus(tuple(_ike_sa(one) for one in found.get("ike_sas", [])),
                          tuple(_child_sa(one) for one in found.get("child_sas", [])))

    def events(self) -> tuple[Event, ...]:
        return ()

    def wait_event(self, deadline_s: float) -> bool:
        time.sleep(min(deadline_s, self.ask_again_s))  # a driver has no events to wait for
        return False

    def ike_keys(self) -> Path | None:
        return None

    def child_keys(self) -> Path | None:
        return None

    def logs(self) -> tuple[Path, ...]:
        return tuple(sorted(self.directory.glob("*.log")))

    def configuration(self) -> tuple[Path, ...]:
        return tuple(sorted(self.directory.glob("*.conf")))

    # Inside.

    def _ask(self, request: str, deadline_s: float = DEADLINE_S, **fields: object) -> dict[str, Any]:
        self.directory.mkdir(parents=True, exist_ok=True)
        asked = json.dumps({"request": request, "directory": str(self.directory.resolve()), **fields})
        netns = getattr(self._host, "netns", None)
        try:
            done = process.run(netns, [self.executable], input=asked, timeout=deadline_s, check=False)
        except ProcessError as error:
            raise PeerTimeout(f"{self.executable} did not answer {request!r}: {error}") from error
        except OSError as error:
            raise PeerNotRunning(f"{self.executable}: {error.strerror}; name an executable file") from error
        if done.returncode == UNKNOWN_REQUEST:
            raise PeerUnsupported(f"{self.kind}'s driver does not do {request!r}")
        return _answer(self.executable, request, done)


def _answer(executable: Path, request: str, done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    try:
        answer = json.loads(done.stdout or "{}")
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise PeerError(f"{executable} answered {request!r} by no JSON object: {done.stdout[:80]!r}")
    if done.returncode != 0:
        said = answer.get("message") or (done.stderr.strip().splitlines() or ["it did not say why"])[-1]
        raise PeerError(f"{executable} could not {request}: {said}", str(answer.get("error", "")))
    return answer


def _ike_sa(one: Mapping[str, Any]) -> IkeSaStatus:
    return IkeSaStatus("", str(one.get("state", "established")), one.get("initiator"), int(one.get("spi_i", "0"), 16),
                       int(one.get("spi_r", "0"), 16), NOWHERE, NOWHERE, nat_local=None, nat_remote=None)


def _child_sa(one: Mapping[str, Any]) -> ChildSaStatus:
    return ChildSaStatus("", "", str(one.get("state", "installed")), one.get("mode", "tunnel"),
                         int(one.get("spi_in", "0"), 16), int(one.get("spi_out", "0"), 16), tuple(one.get("local_ts", ())),
                         tuple(one.get("remote_ts", ())))
