"""OpenIKED, several versions, each from its own root directory: iked in a guest, with the guest kernel's ESP.

iked starts passive, so that nothing happens before it is told to; ikectl drives it. ikectl can load, start, end and
list, and no more: what else a scenario may want is declared in `missing`.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from pathlib import Path

from ikelab.peers import openiked_config as config
from ikelab.peers import openiked_credentials as credentials
from ikelab.peers import openiked_status as says
from ikelab.peers import xfrm
from ikelab.peers.contract import DEADLINE_S, PeerError, PeerNotRunning, PeerTimeout, PeerUnsupported, What, authentication_needs
from ikelab.peers.in_guest import LINUX_ECN, POLL_S, GuestPeer
from ikelab.peers.neutral import DaemonSpec, PeerStatus

IKED, IKECTL = "/usr/sbin/iked", "/usr/sbin/ikectl"
AGAIN_S = 4.0
# How iked's log names a refusal of the peer's: only to give a PeerError its name.
REFUSALS = {"authentication failed notification from peer": "AUTHENTICATION_FAILED", "no proposal chosen": "NO_PROPOSAL_CHOSEN",
            "TS unacceptable": "TS_UNACCEPTABLE", "ts unacceptable": "TS_UNACCEPTABLE"}
BORDER = "---- ikelab ----"

LACKS: Mapping[str, str] = {
    "auth-mixed": "iked has one way to authenticate for both sides of a policy",
    "transport-mode": "the lab's flows run behind the guest, and transport mode protects the guest's own packets",
    "esp-aes-gcm": "iked installs SAs through PF_KEY, and Linux takes no AEAD there",
    "esp-chacha20poly1305": "iked installs SAs through PF_KEY, and Linux takes no AEAD there",
    "esn": "iked installs SAs through PF_KEY, which has no extended sequence numbers on Linux",
    "ike-chacha20poly1305": "iked has ChaCha20-Poly1305 for Child SAs only",
    "ke-x448": "iked has no X448",
    "replay-window": "iked has a fixed window",
    "ecn": LINUX_ECN,
    "mixed-families": "iked installs SAs through PF_KEY, which cannot say that the inner family is another",
    "several-children": "iked has one Child SA for all flows of a policy, and one policy for a peer",
    "return-routability": "iked sends no COOKIE2",
    "dynamic-address-update": "Linux refuses iked's request to change the SAs' addresses",
    "dynamic-address-update-by-esp": "Linux refuses iked's request to change the SAs' addresses",
    "path-probing": "iked tries no other path when one falls silent",
    "roam": "iked answers MOBIKE updates, and starts none",
    "rekey-by-command": "ikectl has no such command",
    "rekey-by-packets": "iked has limits of time and octets only",
    "liveness": "iked repeats a request after 2, 4, 8, 16 and 32 s before it takes a peer for dead, whatever it is told",
    "fragment-size": "iked has a fixed size of fragments",
    "fragment-search": "iked sends the same fragments again until it gives up",
    "liveness-by-command": "ikectl has no such command",
    "keepalive": "iked sends keepalives each 20 s, and cannot be told to otherwise",
    "cookie-always": "iked cannot be told to ask for a COOKIE",
    "acquire": "iked has a policy in the kernel only while a Child SA is up",
    "acquire-keeps-packet": "iked has a policy in the kernel only while a Child SA is up",
    "fail-closed": "iked has a policy in the kernel only while a Child SA is up",
    "key-log-ike": "iked has no key log",
}


class OpenIKED(GuestPeer):
    """The adapter."""

    LOG = "/run/iked.log"
    default_esp = ("aes256-sha512",)

    def missing(self) -> Mapping[str, str]:
        return LACKS

    def configure(self, spec: DaemonSpec) -> None:
        for peer in spec.peers:
            self.require(*authentication_needs(peer))
            if peer.force_encapsulation:
                raise PeerUnsupported("iked encapsulates without a NAT only when it gives up port 500 altogether")
            for child in peer.children:
                if not child.copy_dscp:
                    raise PeerUnsupported("iked cannot be told to leave DSCP inside")
                if child.mode == "transport":
                    self.require("transport-mode")
                if child.start == "traffic":
                    self.require("acquire")
                for words, name in (("gcm", "esp-aes-gcm"), ("chacha", "esp-chacha20poly1305")):
                    if all(words in proposal for proposal in child.proposals):
                        self.require(name)
                if all("sha256" in proposal for proposal in child.proposals):
                    raise PeerUnsupported(f"{self.kind} as Debian builds it cannot install HMAC-SHA-256-128 for ESP")
                if all("esn" in proposal.split("-") for proposal in child.proposals):
                    self.require("esn")
        if spec.cookie_threshold is not None:
            self.require("cookie-always")
        credentials.check(spec)
        config.iked_conf(spec, ())  # refuses what it cannot say
        if self.running():
            raise PeerUnsupported("the adapter configures iked before its start only")
        self.spec = spec

    def configuration(self) -> tuple[Path, ...]:
        return tuple(file for file in (self.directory / "iked.conf",) if file.exists())

    def _launch(self, deadline_s: float) -> None:
        assert self.spec is not None
        end = time.monotonic() + deadline_s
        self._write("/etc/iked.conf", config.iked_conf(self.spec, self._host.addresses), 0o600)
        self._run(["/bin/sh", "-c", f"rm -f /run/iked.sock; {credentials.CLEAN}"])
        for path, content in credentials.files(self.spec):
            self._host.guest.write(path, content, 0o600 if path == credentials.KEY else 0o644)
        passive = not any(child.start == "now" for peer in self.spec.peers for child in peer.children)
        self._popen(["/bin/sh", "-c", f"exec {IKED} -d{'S' if passive else ''}vv -s /run/iked.sock -f /etc/iked.conf "
                     f">>{self.LOG} 2>&1"])
        policies = len(self.spec.peers)
        while self._ikectl("show", "sa").returncode or self._policies_read() < policies:
            if not self.running() or time.monotonic() > end:
                raise PeerNotRunning(f"{self.kind} does not listen: {self._last_words()}")
            time.sleep(POLL_S)
        awaited = credentials.awaited(self.spec)
        while awaited and self._run(["grep", "-q", awaited, self.LOG], check=False).returncode:
            if not self.running() or time.monotonic() > end:
                raise PeerNotRunning(f"{self.kind} has not read its certificates: {self._last_words()}")
            time.sleep(POLL_S)

    def _log(self) -> str:
        return self._run(["cat", self.LOG], check=False).stdout

    def _policies_read(self) -> int:
        """iked prints each policy as it reads it."""
        return int(self._run(["grep", "-c", '^ikev2 "', self.LOG], check=False).stdout or 0)

    def _shut_down(self) -> None:
        """iked tells its peers when its SAs are reset, and not when it ends."""
        self._ikectl("passive")
        self._ikectl("reset", "sa")
        end = time.monotonic() + 1.0
        while self._ask_status().ike_sas and time.monotonic() < end:
            time.sleep(POLL_S)
        if self._process is not None:
            self._process.signal(signal.SIGTERM)

    # Verbs.

    def initiate(self, child: str | None = None, peer: str | None = None, deadline_s: float = DEADLINE_S) -> None:
        entry = self._peer(peer)
        subject = f"initiate {entry.name}"
        end = time.monotonic() + deadline_s
        mark = len(self._log())
        # Told before it has read its configuration, iked forgets it; told in time, it starts 2 s later.
        while "initiating" not in self._log()[mark:] and time.monotonic() < end - AGAIN_S:
            self._ikectl("active")
            again = time.monotonic() + AGAIN_S
            while "initiating" not in self._log()[mark:] and time.monotonic() < again:
                self.wait_event(POLL_S)

        def up(now: PeerStatus) -> bool:
            refused = next((name for words, name in REFUSALS.items() if words in self._log()[mark:]), "")
            if refused:
                self._ikectl("passive")  # it would try again, and again
                raise self._failed(subject, refused, "")
            return any(sa.peer == entry.name for sa in now.installed())

        try:
            self.wait_for(up, subject, max(end - time.monotonic(), 0.1))
        except PeerTimeout as error:
            raise self._too_late(subject, deadline_s) from error

    def rekey(self, what: What = "child", child: str | None = None, peer: str | None = None,
              deadline_s: float = DEADLINE_S, wait: bool = True) -> None:
        self.require("rekey-by-command")

    def delete(self, what: What = "ike", child: str | None = None, peer: str | None = None,
               deadline_s: float = DEADLINE_S, wait: bool = True) -> None:
        if what == "child":
            raise PeerUnsupported("ikectl can end IKE SAs only")
        entry = self._peer(peer)
        doomed = [sa.unique for sa in self.status().ike_sas if sa.peer == entry.name]
        self._ikectl("passive")
        self._ikectl("reset", "sa")
        if wait:
            self.wait_for(lambda now: not any(sa.unique in doomed for sa in now.ike_sas),
                          f"delete the IKE SA with {entry.name}", deadline_s)

    def roam(self, local: str | None = None, peer: str | None = None, deadline_s: float = DEADLINE_S) -> None:
        self.require("roam")

    def liveness(self, peer: str | None = None, deadline_s: float = DEADLINE_S) -> None:
        self.require("liveness-by-command")

    # Inside.

    def _ask_status(self) -> PeerStatus:
        assert self.spec is not None
        script = (f"{IKECTL} -s /run/iked.sock show sa; echo '{BORDER}'; {' '.join(xfrm.STATE)}; echo '{BORDER}';"
                  f" {' '.join(xfrm.POLICY)}")
        parts = self._run(["/bin/sh", "-c", script]).stdout.split(BORDER)
        return says.peer_status(parts[0], parts[1], parts[2], {peer.name: peer for peer in self.spec.peers})

    def _ikectl(self, *words: str):  # type: ignore[no-untyped-def]
        if not self.running():
            raise PeerNotRunning(f"{self.kind} is not running: {self._last_words()}")
        return self._run([IKECTL, "-s", "/run/iked.sock", *words], check=False)
