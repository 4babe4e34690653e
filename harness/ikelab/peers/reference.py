"""The reference implementation, ikeref, as a peer: docs/CONTROL.md over its control socket."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ikelab import cleanup
from ikelab.peers import reference_config as config
from ikelab.peers.contract import (
    DEADLINE_S,
    REMOTE_ACCESS,
    HostLike,
    Peer,
    PeerError,
    PeerNotRunning,
    PeerTimeout,
    PeerUnsupported,
    What,
    address_needs,
    algorithm_needs,
    authentication_needs,
)
from ikelab.peers.control import Control, ControlClosed, ControlError, ControlTimeout
from ikelab.peers.neutral import (
    ChildSaStatus,
    DaemonSpec,
    Endpoint,
    Event,
    IkeSaStatus,
    PeerStatus,
)
from ikelab.process import Process


def program() -> Path:
    """The daemon in the build folder, or the one that IKELAB_IKEREF (`ikelab run --ikeref`) names."""
    return Path(os.environ.get("IKELAB_IKEREF") or cleanup.build_directory() / "ikeref")


class Reference(Peer):
    """The adapter. The daemon's working directory is the scenario's, so that its paths stay short."""

    kind = "reference"
    data_plane = "tun"

    def __init__(self, directory: Path, own_program: Path | None = None) -> None:
        """`own_program`: played in place of program()."""
        super().__init__(directory)
        self._program = own_program
        self._process: Process | None = None
        self._control: Control | None = None
        self._listener: Control | None = None
        self._events: list[Event] = []
        self._version = ""

    @staticmethod
    def missing_program() -> str:
        """"" when the daemon is built, else the remedy."""
        return "" if program().exists() else f"{program()} is not built: run `make`"

    # What it is and can do.

    def version(self) -> str:
        if self._version:
            return self._version
        try:
            said = subprocess.run([program(), "--version"], capture_output=True, text=True, check=False)
        except OSError:
            return "unknown"
        words = said.stdout.split()
        self._version = words[-1] if words else "unknown"
        return self._version

    def missing(self) -> Mapping[str, str]:
        return {**dict.fromkeys(REMOTE_ACCESS, "it has no EAP, no internal addresses and no Hash and URL yet"),
                "ke-modp-subgroup": "RFC 8247 2.4 advises against it",
                "prf-aes": "its PRFs are those of HMAC (RFC 8247 2.2 wants XCBC for small devices only)",
                **dict.fromkeys(("ike-aes-ccm", "esp-aes-ccm"), "it has no AES-CCM yet, which RFC 8221 5 and RFC 8247 2.1 want "
                                                                "for the sake of small devices"),
                "integrity-aes-xcbc": "it has no AES-XCBC yet, which RFC 8221 6 and RFC 8247 2.3 want for small devices only",
                "childless": "it has no RFC 6023: IKE_AUTH always comes with a Child SA"}

    # Life and death.

    def configure(self, spec: DaemonSpec) -> None:
        if self.running():
            raise PeerUnsupported("a running ikeref takes no new configuration: stop it first")
        for peer in spec.peers:
            self.require(*authentication_needs(peer), *address_needs(peer), *algorithm_needs(peer))
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / config.KEY_LOG).mkdir(exist_ok=True)
        file = self.directory / "ikeref.conf"
        file.write_text(config.daemon_conf(spec, directory=self.directory, data_plane=self.data_plane))
        file.chmod(0o600)
        self.spec = spec

    def start(self, host: HostLike, deadline_s: float = DEADLINE_S) -> None:
        if self.spec is None:
            raise ValueError("configure before start")
        if self._program is None and (sentence := self.missing_program()):
            raise PeerNotRunning(sentence)
        (self.directory / config.CONTROL_SOCKET).unlink(missing_ok=True)
        self._process = host.popen(
            [(self._program or program()).resolve(), "--config", "ikeref.conf"], name=f"ikeref-{host.name}",
            cwd=self.directory, stdout=subprocess.PIPE, log=self.directory / "ikeref.log",
        )
        try:
            self._await_ready(deadline_s)
            self._control = Control(self.directory / config.CONTROL_SOCKET, deadline_s)
            if not self.spec.quiet:
                self._listener = Control(self.directory / config.CONTROL_SOCKET, deadline_s)
                self._listener.ask("subscribe", deadline_s)
        except ControlError as error:
            self.kill()
            raise PeerNotRunning(f"ikeref came up, but: {error}") from error
        except BaseException:
            self.kill()
            raise

    def stop(self, deadline_s: float = DEADLINE_S) -> None:
        status = 0
        if self._process is not None:
            alive = self._process.running
            self._collect()
            ended = self._process.stop(deadline_s)
            status = ended if alive else 0  # that it died before is known already
        self._gone()
        if status != 0:  # a signal (negative), or what a sanitizer found at the very end
            raise PeerError(f"ikeref ended with status {status}: {self._last_words()}")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
        self._gone()

    def running(self) -> bool:
        return self._process is not None and self._process.running

    @property
    def pid(self) -> int:
        """Of the daemon, which has to be running."""
        if self._process is None:
            raise PeerNotRunning(f"ikeref is not running: {self._last_words()}")
        return self._process.pid

    # Verbs.

    def initiate(
        self,
        child: str | None = None,
        peer: str | None = None,
        deadline_s: float = DEADLINE_S,
        wait: bool = True,
    ) -> None:
        entry = self._spec().peer(peer)
        self._ask("initiate", deadline_s, peer=entry.name, child=entry.child(child).name, wait=wait)

    def rekey(
        self,
        what: What = "child",
        child: str | None = None,
        peer: str | None = None,
        deadline_s: float = DEADLINE_S,
        wait: bool = True,
    ) -> None:
        self._ask("rekey", deadline_s, wait=wait, **self._subject(what, child, peer))

    def reauthenticate(self, peer: str | None = None, deadline_s: float = DEADLINE_S, wait: bool = True) -> None:
        self._ask("reauthenticate", deadline_s, peer=self._spec().peer(peer).name, wait=wait)

    def delete(
        self,
        what: What = "ike",
        child: str | None = None,
        peer: str | None = None,
        deadline_s: float = DEADLINE_S,
        wait: bool = True,
    ) -> None:
        self._ask("delete", deadline_s, wait=wait, **self._subject(what, child, peer))

    def roam(
        self, local: str | None = None, peer: str | None = None, deadline_s: float = DEADLINE_S
    ) -> None:
        self._ask("roam", deadline_s, peer=self._spec().peer(peer).name, local=local)

    def liveness(self, peer: str | None = None, deadline_s: float = DEADLINE_S) -> None:
        self._ask("liveness", deadline_s, peer=self._spec().peer(peer).name)

    # What it says of itself.

    def status(self) -> PeerStatus:
        return peer_status(self._ask("status", 5.0))

    def counters(self) -> dict[str, int]:
        """The daemon's own counters."""
        return dict(self._ask("status", 5.0).get("counters", {}))

    def events(self) -> tuple[Event, ...]:
        self._collect()
        return tuple(self._events)

    def ike_keys(self) -> Path | None:
        return self.directory / config.KEY_LOG / "ikev2_decryption_table"

    def child_keys(self) -> Path | None:
        return self.directory / config.KEY_LOG / "esp_sa"

    def logs(self) -> tuple[Path, ...]:
        log = self.directory / "ikeref.log"
        return (log,) if log.exists() else ()

    def configuration(self) -> tuple[Path, ...]:
        file = self.directory / "ikeref.conf"
        return (file,) if file.exists() else ()

    def wait_event(self, deadline_s: float) -> bool:
        before = len(self._events)
        if self._listener is None:
            raise PeerNotRunning(f"ikeref is not running: {self._last_words()}")
        self._collect(deadline_s)
        return len(self._events) > before

    # Inside.

    def _subject(self, what: What, child: str | None, peer: str | None) -> dict[str, object]:
        entry = self._spec().peer(peer)
        subject: dict[str, object] = {"peer": entry.name, "what": what}
        if what == "child":
            subject["child"] = entry.child(child).name
        return subject

    def _spec(self) -> DaemonSpec:
        if self.spec is None:
            raise ValueError("configure before anything else")
        return self.spec

    def _ask(self, command: str, deadline_s: float, **arguments: object) -> dict[str, Any]:
        if self._control is None:
            raise PeerNotRunning(f"ikeref is not running: {self._last_words()}")
        try:
            return self._control.ask(command, deadline_s, **arguments)
        except ControlTimeout as error:
            raise PeerTimeout(f"{error}; see {self.directory / 'ikeref.log'}") from error
        except ControlClosed as error:
            raise PeerNotRunning(f"{error}: {self._last_words()}") from error
        except ControlError as error:
            raise PeerError(f"ikeref could not {command}: {error.error or error} ({error}); "
                            f"see {self.directory / 'ikeref.log'}", error.error) from error

    def _await_ready(self, deadline_s: float) -> None:
        """The daemon writes one line, the event "ready", when everything is up."""
        assert self._process is not None and self._process.stdout is not None
        end = time.monotonic() + deadline_s
        said = b""
        while b"\n" not in said:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                raise PeerNotRunning(f"ikeref is not ready after {deadline_s:g} s: {self._last_words()}")
            more = self._process.stdout.read1(4096)
            if not more:
                self._process.wait(deadline_s)
                raise PeerNotRunning(f"ikeref ended at its start: {self._last_words()}")
            said += more

    def _collect(self, wait_s: float = 0.0) -> None:
        if self._listener is None:
            return
        try:
            for event in self._listener.drain(wait_s):
                self._events.append(neutral_event(event))
        except ControlError:
            self._listener.close()
            self._listener = None

    def _gone(self) -> None:
        for client in (self._control, self._listener):
            if client is not None:
                client.close()
        self._process = self._control = self._listener = None

    def _last_words(self) -> str:
        lines = [line for file in self.logs() for line in file.read_text(errors="replace").splitlines()]
        return " / ".join(lines[-3:]) or "it left no log"


def peer_status(answer: Mapping[str, Any]) -> PeerStatus:
    """From the answer to `status`."""
    return PeerStatus(
        tuple(ike_sa_status(sa) for sa in answer.get("ike_sas", [])),
        tuple(child_sa_status(sa) for sa in answer.get("child_sas", [])),
    )


def ike_sa_status(sa: Mapping[str, Any]) -> IkeSaStatus:
    """One IKE SA."""
    return IkeSaStatus(
        peer=sa.get("peer", ""),
        state=sa.get("state", ""),
        initiator=bool(sa.get("initiator")),
        spi_i=int(sa.get("spi_i", "0"), 16),
        spi_r=int(sa.get("spi_r", "0"), 16),
        local=endpoint(sa.get("local", "")),
        remote=endpoint(sa.get("remote", "")),
        local_id=sa.get("local_id", ""),
        remote_id=sa.get("remote_id", ""),
        nat_local=bool(sa.get("nat_local")),
        nat_remote=bool(sa.get("nat_remote")),
        mobike=sa.get("mobike"),
        fragmentation=sa.get("fragmentation"),
        udp_encapsulation=bool(sa.get("udp_encapsulation")),
        proposal=sa.get("proposal", ""),
        unique=str(sa.get("id", "")),
    )


def child_sa_status(sa: Mapping[str, Any]) -> ChildSaStatus:
    """One Child SA."""
    return ChildSaStatus(
        peer=sa.get("peer", ""),
        child=sa.get("child", ""),
        state=sa.get("state", ""),
        mode=sa.get("mode", "tunnel"),
        spi_in=int(sa.get("spi_in", "0"), 16),
        spi_out=int(sa.get("spi_out", "0"), 16),
        local_ts=tuple(sa.get("local_ts", [])),
        remote_ts=tuple(sa.get("remote_ts", [])),
        proposal=sa.get("proposal", ""),
        esn="esn" in sa.get("proposal", "").split("-"),
        udp_encapsulation=bool(sa.get("udp_encapsulation")),
        local=sa.get("local", ""),
        remote=sa.get("remote", ""),
        ike_sa=str(sa.get("ike_sa", "")),
        unique=str(sa.get("id", "")),
        packets_in=sa.get("packets_in", 0),
        packets_out=sa.get("packets_out", 0),
        octets_in=sa.get("octets_in", 0),
        octets_out=sa.get("octets_out", 0),
        replayed=sa.get("replayed"),
        not_authentic=sa.get("not_authentic"),
    )


def neutral_event(event: Mapping[str, Any]) -> Event:
    """One event line."""
    return Event(
        name=event.get("event", ""),
        time_ns=event.get("time_ns", time.monotonic_ns()),
        peer=event.get("peer", ""),
        child=event.get("child", ""),
        error=event.get("error", "") or "",
        reason=event.get("reason", "") or "",
        fields=dict(event),
    )


def endpoint(text: str) -> Endpoint:
    """"192.0.2.1:4500" or "[2001:db8::1]:4500"."""
    address, _, port = text.rpartition(":")
    return Endpoint(address.strip("[]"), int(port) if port.isdigit() else 0)
