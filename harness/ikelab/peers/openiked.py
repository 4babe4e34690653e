"""OpenIKED, several versions, each from its own root directory: iked in a guest, with the guest kernel's ESP.

ikectl can end IKE SAs and list, and little more. What else a scenario wants is asked for through the kernel
(`openiked_kernel`), or declared in `missing`. A fence of the kernel's own stands around what policies protect, as an
administrator would put it there: iked has a policy only while a Child SA is up.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from ikelab import keys
from ikelab.guest import netlink
from ikelab.guest.netlink import ROUTE, XFRM
from ikelab.peers import fence
from ikelab.peers import openiked_config as config
from ikelab.peers import openiked_credentials as credentials
from ikelab.peers import openiked_debug as debug
from ikelab.peers import openiked_kernel as kernel
from ikelab.peers import openiked_status as says
from ikelab.peers.contract import (DEADLINE_S, REMOTE_ACCESS, SELDOM_ASKED, PeerError, PeerNotRunning, PeerUnsupported,
                                   What, address_needs, algorithm_needs, authentication_needs)
from ikelab.peers.in_guest import LINUX_ECN, POLL_S, GuestPeer
from ikelab.peers.neutral import DaemonSpec, Event, PeerSpec, PeerStatus

IKED, IKECTL = "/usr/sbin/iked", "/usr/sbin/ikectl"
ASK = (IKECTL, "-s", "/run/iked.sock")
AGAIN_S = 1.0
QUESTIONS = 3  # iked is asked before its kernel is: between the two a Child SA may have taken another's place
# How iked's log names a refusal of the peer's: only to give a PeerError its name.
REFUSALS = {"authentication failed notification from peer": "AUTHENTICATION_FAILED", "no proposal chosen": "NO_PROPOSAL_CHOSEN",
            "TS unacceptable": "TS_UNACCEPTABLE", "ts unacceptable": "TS_UNACCEPTABLE"}

LACKS: Mapping[str, str] = {
    "auth-ed25519": "iked takes RSA and ECDSA keys only",
    "auth-ed448": "iked takes RSA and ECDSA keys only",
    "long-messages": "iked has buffers of 8192 octets, and gives no answer to a longer message",
    "auth-mixed": "iked has one way to authenticate for both sides of a policy",
    "esp-aes-gcm": "iked installs SAs through PF_KEY, and Linux takes no AEAD there",
    "esp-chacha20poly1305": "iked installs SAs through PF_KEY, and Linux takes no AEAD there",
    "esp-hmac-sha256": "iked as Debian builds it has no HMAC-SHA-256-128 for ESP: it agrees to it, and installs nothing",
    "esp-null": "Linux refuses what iked asks of PF_KEY to install NULL encryption; iked has agreed to it by then",
    "esn": "iked installs SAs through PF_KEY, which has no extended sequence numbers on Linux",
    "ike-chacha20poly1305": "iked has ChaCha20-Poly1305 for Child SAs only",
    "ke-x448": "iked has no X448",
    "replay-window": "iked has a fixed window",
    "ecn": LINUX_ECN,
    "mixed-families": "iked installs SAs through PF_KEY, which cannot say that the inner family is another",
    "peer-in-policy": "the guard against what comes in the clear, which its adapter puts up, takes IKE from that address too",
    "address-policy": "iked's policies say who may set up an IKE SA; a MOBIKE update is taken from any address",
    "several-children": "iked has one Child SA for all flows of a policy, and one policy for a peer",
    "return-routability": "iked sends no COOKIE2",
    "dynamic-address-update": "Linux refuses iked's request to change the SAs' addresses",
    "dynamic-address-update-by-esp": "Linux refuses iked's request to change the SAs' addresses",
    "path-probing": "iked tries no other path when one falls silent",
    "roam": "iked answers MOBIKE updates, and starts none",
    "ike-hard-lifetime": "iked has no limit for an IKE SA's time but that at which it rekeys",
    "retransmission-times": "iked repeats a request after 2, 4, 8, 16 and 32 s, whatever it is told",
    "rekey-by-packets": "iked has limits of time and octets only",
    "liveness": "iked repeats a request after 2, 4, 8, 16 and 32 s before it takes a peer for dead, whatever it is told",
    "fragment-size": "iked has a fixed size of fragments",
    "fragment-search": "iked sends the same fragments again until it gives up",
    "mobike-as-initiator": "iked answers MOBIKE_SUPPORTED, and sends none first",
    "initial-contact": "iked sends no INITIAL_CONTACT",
    "initial-contact-heeded": "iked keeps the old IKE SAs, whatever the new one says; set enforcesingleikesa ends them "
                              "without being told",
    "liveness-by-command": "ikectl has no such command",
    "reauthentication": "ikectl has no such command",
    "keepalive": "iked sends keepalives each 20 s, and cannot be told to otherwise",
    "acquire-keeps-packet": "the kernel keeps it, but what comes in the clock's tick after the SA overtakes it",
    "cookie-always": "iked cannot be told to ask for a COOKIE",
}
BEFORE_7_4: Mapping[str, str] = {
    "certificate-chain": "iked takes the first certificate of a message, and ignores those that lead to the root",
}


class OpenIKED(GuestPeer):
    """The adapter."""

    LOG = "/run/iked.log"
    PROGRAM = "iked"
    default_esp = ("aes256-sha512",)

    def __init__(self, directory: Path, kind: str, root: Path, version: str) -> None:
        super().__init__(directory, kind, root, version)
        self._logged = debug.Told()
        self._asked: set[object] = set()  # IKE SAs the log was last read for
        self._fenced = False
        self._failures = 0
        self._launched = False

    def missing(self) -> Mapping[str, str]:
        remote_access = dict.fromkeys(REMOTE_ACCESS, "its adapter does not configure it; iked's only EAP method is MSCHAPv2, "
                                                     "as the responder")
        unasked = dict.fromkeys(SELDOM_ASKED, "its adapter does not configure it")
        unasked["puzzles"] = "iked knows no PUZZLE (RFC 8019)"
        return {**remote_access, **unasked, **LACKS, **({} if self._number() >= (7, 4) else BEFORE_7_4)}

    def configure(self, spec: DaemonSpec) -> None:
        for peer in spec.peers:
            self.require(*authentication_needs(peer), *address_needs(peer), *algorithm_needs(peer))
            if peer.force_encapsulation:
                raise PeerUnsupported("iked encapsulates without a NAT only when it gives up port 500 altogether")
            for child in peer.children:
                if child.df != "copy":
                    raise PeerUnsupported("iked cannot be told what becomes of DF: its kernel copies it")
                if not child.copy_dscp:
                    raise PeerUnsupported("iked cannot be told to leave DSCP inside")
                if child.mode == "tunnel" and any(fence.covers(remote, address) for remote in child.remote_ts
                                                  for address in peer.remote_addresses):
                    self.require("peer-in-policy")
                families = {":" in one for one in (*child.local_ts, *child.remote_ts)}
                if len(families) > 1:
                    self.require("mixed-families")
                for words, name in (("gcm", "esp-aes-gcm"), ("chacha", "esp-chacha20poly1305")):
                    if child.proposals and all(words in proposal for proposal in child.proposals):
                        self.require(name)
                if child.proposals and all("null" in proposal.split("-") for proposal in child.proposals):
                    self.require("esp-null")
                if child.proposals and not config.installable(child.proposals):
                    raise PeerUnsupported(f"{self.kind} as Debian builds it can install none of "
                                          f"{', '.join(child.proposals)}: it has neither AEAD nor HMAC-SHA-256-128 for ESP")
                if child.proposals and all("esn" in proposal.split("-") for proposal in child.proposals):
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
        self._logged, self._asked, self._failures = debug.Told(), set(), 0
        self._write("/etc/iked.conf", config.iked_conf(self.spec, self._host.addresses), 0o600)
        by_traffic = any(child.start == "traffic" for peer in self.spec.peers for child in peer.children)
        self._tidy_up()
        # Without larval_drop the kernel keeps the packets that asked for an SA.
        self._host.guest.settings({"/proc/sys/net/core/xfrm_larval_drop": int(not by_traffic)})
        for path, content in credentials.files(self.spec):
            self._host.guest.write(path, content, 0o600 if path == credentials.KEY else 0o644)
        if not self._fenced:
            self._batch(kernel.fence(kernel.flows(self.spec)))
            self._fenced = True
        self._popen(["/bin/sh", "-c", f"exec {IKED} -dvvv -s /run/iked.sock -f /etc/iked.conf >>{self.LOG} 2>&1"])
        # Its sockets, which are bound by then, come after its policies.
        for awaited in ("config_getsocket: received", credentials.awaited(self.spec)):
            if awaited:
                self._await_text(awaited, end)
        # iked takes away every policy there is when it starts.
        self._batch(kernel.guard(kernel.flows(self.spec)))
        if by_traffic:
            self._batch(self._traps())

    def _tidy_up(self) -> None:
        """What iked has left in this guest: in an earlier life, and in an earlier scenario, which takes files with
        certificates only."""
        script = f"rm -f /run/iked.sock {self.LOG}\n" if self._launched else ""
        told = any(True for _ in credentials.files(self.spec))
        if told or credentials.PLACE in self._host.guest.touched:
            script += f"{credentials.CLEAN}\n"
        self._host.guest.touched.discard(credentials.PLACE)
        if told:
            self._host.guest.touched.add(credentials.PLACE)
        if script:
            self._run(["/bin/sh", "-e"], input=script)
        self._launched, self._log = True, b""

    def _shut_down(self) -> None:
        """iked tells its peers when its SAs are reset, and not when it ends."""
        self._ikectl("reset", "sa")
        end = time.monotonic() + 1.0
        while self._ask_status().ike_sas and time.monotonic() < end:
            time.sleep(POLL_S)
        if self._process is not None:
            self._process.signal(signal.SIGTERM)

    def stop(self, deadline_s: float = DEADLINE_S) -> None:
        self._fenced = False
        super().stop(deadline_s)

    def events(self) -> tuple[Event, ...]:
        """Attempts that failed between two questions are told by iked's counters."""
        super().events()
        if self.running() and self.spec is not None:
            failed = says.failed_attempts(self._ikectl("show", "stats").stdout)
            while self._failures < failed:
                self._failures += 1
                self._events.append(Event("child-sa-failed", time.monotonic_ns(), self.spec.peers[0].name))
        return tuple(self._events)

    # Verbs.

    def initiate(self, child: str | None = None, peer: str | None = None, deadline_s: float = DEADLINE_S,
                 wait: bool = True) -> None:
        entry = self._peer(peer)
        subject = f"initiate {entry.name}"
        end = time.monotonic() + deadline_s
        mark = self._log_lines()
        flow = self._flows(entry)[0]
        again = 0.0
        while True:
            now = self.status()
            if any(sa.peer == entry.name for sa in now.installed()):
                return
            if refused := self._refused(mark):
                self._run(["ip", "xfrm", "policy", "deleteall", "priority", str(kernel.TRAP_PRIORITY)])
                raise self._failed(subject, refused, "")
            if time.monotonic() > end:
                raise self._too_late(subject, deadline_s)
            if (not now.ike_sas or not wait and not now.established(entry.name)) and time.monotonic() > again:
                # An SA that somebody asked for a while ago, and never got, would keep the kernel from asking again.
                self._batch(["xfrm state flush", self._trap(entry, flow)])
                self._provoke(flow)
                if not wait:
                    return
                again = time.monotonic() + AGAIN_S
            elif now.established(entry.name) and time.monotonic() > again:
                self._provoke(flow)
                if not wait:
                    return
                again = time.monotonic() + AGAIN_S
            self.wait_event(POLL_S)

    def rekey(self, what: What = "child", child: str | None = None, peer: str | None = None,
              deadline_s: float = DEADLINE_S, wait: bool = True) -> None:
        if what == "ike":
            raise PeerUnsupported("iked rekeys an IKE SA by time only")
        entry = self._peer(peer)
        name = entry.child(child).name
        before = self.status()
        self._expire(before, entry.name, hard=False)
        if wait:
            self.wait_for(self._replaced("child", entry.name, name, before), f"rekey Child SA {entry.name}/{name}",
                          deadline_s)

    def delete(self, what: What = "ike", child: str | None = None, peer: str | None = None,
               deadline_s: float = DEADLINE_S, wait: bool = True) -> None:
        entry = self._peer(peer)
        before = self.status()
        if what == "child":
            doomed = self._expire(before, entry.name, hard=True)
            if wait:
                self.wait_for(lambda now: not any(sa.unique == doomed for sa in now.child_sas),
                              f"delete the Child SA with {entry.name}", deadline_s)
            return
        gone = [sa.unique for sa in before.ike_sas if sa.peer == entry.name]
        self._ikectl("reset", "sa")
        if wait:
            self.wait_for(lambda now: not any(sa.unique in gone for sa in now.ike_sas),
                          f"delete the IKE SA with {entry.name}", deadline_s)

    def await_packets(self) -> None:
        """The first SA of a policy takes the place of its trap, and leaves none when it goes. An SA that was asked for in
        vain would keep the kernel from asking again."""
        self._batch(["xfrm state flush", *self._traps()])

    def left_over(self) -> str:
        """Of SAs that are gone its kernel may have a half: that to the SPI zero, that which a MOBIKE update was to move. The
        next packet would take it; so it goes here."""
        self._host.guest.netlink(XFRM, netlink.FLUSH[0])
        return ""

    def roam(self, local: str | None = None, peer: str | None = None, deadline_s: float = DEADLINE_S) -> None:
        self.require("roam")

    def liveness(self, peer: str | None = None, deadline_s: float = DEADLINE_S) -> None:
        self.require("liveness-by-command")

    def ike_keys(self) -> Path | None:
        if self._host is not None and self._host.guest.running:
            self._read_log()
        store = self._keys_so_far()
        for one in self._logged.keys:
            store.add(one)
        keys.write(self.directory / "keys", store)
        return self.directory / "keys" / keys.IKE_TABLE

    # Inside.

    def _ask_status(self) -> PeerStatus:
        assert self.spec is not None
        for _ in range(QUESTIONS):
            shown, kernel_says = self._told([*ASK, "show", "sa"]), self._kernel()
            if says.at_one_moment(shown, kernel_says):
                break
        status = says.peer_status(shown, kernel_says, {peer.name: peer for peer in self.spec.peers})
        # The log is long: asked only when there is news.
        known = {(sa.spi_i, sa.state, sa.local, sa.remote) for sa in status.ike_sas}
        if not known <= self._asked:
            self._read_log()
            self._asked |= known
        return says.with_told(status, self._logged)

    def _read_log(self) -> None:
        self._logged = debug.read(self._log_text().rpartition("\n")[0])

    def _clear_kernel(self) -> None:
        """A power cut takes everything but what the administrator has put there, which is back before the network is."""
        guest = self._host.guest
        if self._fenced:
            guest.netlink(XFRM, netlink.FLUSH[0], *kernel.allowing(self._kernel()))
        else:
            guest.netlink(XFRM, *netlink.FLUSH)
            guest.netlink(ROUTE, netlink.remove_link(kernel.FENCE))

    def _expire(self, now: PeerStatus, peer: str, hard: bool) -> str:
        """Makes the kernel say that the Child SA's time is over; returns which it was."""
        found = [sa for sa in now.installed() if sa.peer == peer]
        if not found:
            raise PeerError(f"{self.kind} has no Child SA with {peer}")
        sa = found[0]
        half = sa.spi_out if sa.packets_out or not sa.packets_in else sa.spi_in
        if command := kernel.expire(self._run(kernel.STATE).stdout, half, hard):
            self._run(command, check=False)  # that it has gone meanwhile is as good
        return sa.unique

    def _provoke(self, flow: kernel.Flow) -> None:
        if kernel.first_of(flow[0]) in self._host.addresses:
            script = f"echo >/dev/udp/{kernel.first_of(flow[1])}/{kernel.DISCARD}\n"
        elif self._host.stub:
            self._host.call(kernel.provoke, flow)
            return
        else:
            script = kernel.provoke_here(flow, self._run(["ip", "-oneline", "addr"]).stdout)
        self._run(["/bin/bash"], input=script, check=False)

    def _flows(self, peer: PeerSpec) -> list[kernel.Flow]:
        if peer.child().mode == "transport":
            return [config.ends(peer, self._host.addresses)]
        return kernel.flows(DaemonSpec((peer,)))

    def _trap(self, peer: PeerSpec, flow: kernel.Flow) -> str:
        return kernel.trap(flow, config.local_address(peer, self._host.addresses), peer.remote_addresses[0],
                           peer.child().mode)

    def _traps(self) -> list[str]:
        assert self.spec is not None
        return [self._trap(peer, flow) for peer in self.spec.peers if peer.remote_addresses for flow in self._flows(peer)]

    def _batch(self, lines: list[str]) -> None:
        self._run(["ip", "-batch", "-"], input="\n".join(lines) + "\n")

    def _log_lines(self) -> int:
        return self._log_text().count("\n")

    def _refused(self, mark: int) -> str:
        """What the log since that line calls a refusal, only to give a PeerError its name."""
        since = "\n".join(self._log_text().splitlines()[mark:])
        found = re.search("|".join(REFUSALS), since)
        return REFUSALS[found[0]] if found else ""

    def _ikectl(self, *words: str):  # type: ignore[no-untyped-def]
        if not self.running():
            raise PeerNotRunning(f"{self.kind} is not running: {self._last_words()}")
        return self._run([*ASK, *words], check=False)
