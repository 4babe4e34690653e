"""Libreswan, several versions, each from its own root directory: pluto in a guest, with the guest kernel's ESP.

It is driven with whack, its own control program. What it cannot do here is declared in `missing`.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ikelab import keys
from ikelab.guest.netlink import FLUSH, XFRM
from ikelab.peers import libreswan_config as config
from ikelab.peers import libreswan_credentials as credentials
from ikelab.peers import libreswan_log as log
from ikelab.peers import libreswan_status as says
from ikelab.peers import xfrm
from ikelab.peers.contract import (DEADLINE_S, REMOTE_ACCESS, SELDOM_ASKED, PeerError, PeerNotRunning, PeerTimeout,
                                   PeerUnsupported, What, address_needs, algorithm_needs, authentication_needs)
from ikelab.peers.in_guest import LINUX_ECN, POLL_S, GuestPeer
from ikelab.peers.neutral import DaemonSpec, IkeSaStatus, PeerStatus, whole
from ikelab.process import ProcessError

LIBEXEC = "/usr/libexec/ipsec/"
WHACK = LIBEXEC + "whack"
WHACK_S = 30.0  # pluto hears it between other things, in a guest that shares its core
CONNECTIONS = "/etc/ipsec.connections"
_DEBUGGING = re.compile(r"[^|\"]*\| ")
KEY_LOG = "/mnt/guest-nss-key-log.so"
UNDER_WAY = "/run/pluto/under-way."  # and a number: a command that nobody waits for

LACKS: Mapping[str, str] = {
    "untimely-certificate": "pluto does not take a certificate of its own whose time is over or has not come",
    "auth-ed25519": "pluto has no EdDSA",
    "auth-ed448": "pluto has no EdDSA",
    "ecn": LINUX_ECN,
    "ke-x448": "pluto offers no X448",
    "initial-contact-heeded": "pluto keeps the old IKE SAs of a peer that says INITIAL_CONTACT (RFC 7296 2.4: MAY end them)",
    "return-routability": "pluto sends no COOKIE2",
    "dynamic-address-update": "pluto stays with the mapping it knows, whatever comes from a new one",
    "dynamic-address-update-by-esp": "pluto stays with the mapping it knows, whatever comes from a new one",
    "path-probing": "pluto tries no other path when one falls silent",
    "fail-closed": "pluto has a policy only while a Child SA or a trap is up",
    "acquire-keeps-packet": "the kernel drops the packet that starts a Child SA",
    "fragment-size": "pluto has a fixed size of fragments",
    "fragment-search": "pluto sends the same fragments again until it gives up",
    "liveness-by-command": "whack has no such command",
    "reauthentication": "whack has no such command",
}


class Libreswan(GuestPeer):
    """The adapter."""

    LOG = "/run/pluto/log"
    PROGRAM = "pluto"
    SPIS_FROM_ASIDE = True
    _kept_up = False  # an instance of a connection that was loaded as a template
    _said = ""  # the last answer to --status
    _commands = 0  # that nobody has waited for
    _under_way = False  # whether one of them may not be over yet

    def missing(self) -> Mapping[str, str]:
        return {**dict.fromkeys(REMOTE_ACCESS, "its adapter does not configure it; pluto's only EAP method is TLS"),
                **dict.fromkeys(SELDOM_ASKED, "its adapter does not configure it"),
                "puzzles": "pluto knows no PUZZLE (RFC 8019)",
                "prf-apart": "ike= has one hash, for integrity and for the PRF",
                "address-policy": "pluto agrees to MOBIKE only with a peer whose address it was not told",
                "selectors-opaque": "the kernel's selectors know no OPAQUE ports, and pluto refuses them", **LACKS}

    def configure(self, spec: DaemonSpec) -> None:
        for peer in spec.peers:
            self.require(*authentication_needs(peer), *address_needs(peer), *algorithm_needs(peer))
            for child in peer.children:
                if child.df != "copy":
                    raise PeerUnsupported("Libreswan cannot be told to set DF, and its kernel copies it")
                if not child.copy_dscp and self._number() < (5,):
                    raise PeerUnsupported("Libreswan before 5.0 cannot be told to leave DSCP inside")
        config.ipsec_conf(spec)  # these refuse what they cannot say
        config.connections(spec, self._number(), ("192.0.2.1", "2001:db8:2::1"))
        if self.running():
            raise PeerUnsupported("the adapter configures pluto before its start only")
        self.spec = spec

    def configuration(self) -> tuple[Path, ...]:
        files = (self.directory / name for name in ("ipsec.conf", "ipsec.connections", "ipsec.secrets"))
        return tuple(file for file in files if file.exists())

    def _launch(self, deadline_s: float) -> None:
        assert self.spec is not None
        self._kept_up = self._under_way = False
        end = time.monotonic() + deadline_s
        self._write("/etc/ipsec.conf", config.ipsec_conf(self.spec))
        self._write(CONNECTIONS, config.connections(self.spec, self._number(), self._host.addresses))
        self._write("/etc/ipsec.secrets", config.secrets(self.spec), 0o600)
        for path, content in credentials.files(self.spec):
            self._host.guest.write(path, content, 0o600)
        if script := credentials.script(self.spec):
            self._run(["/bin/sh"], input=script)
        if "nss" not in self._host.guest.touched:
            self._run(["/bin/sh", "-c", "[ -e /var/lib/ipsec/nss/cert9.db ] || ipsec initnss"])
            self._host.guest.touched.add("nss")
        if self._log:  # it has lived before
            self._run(["/bin/sh", "-c", "rm -f /run/pluto/pluto.*"])
        self._popen(["/bin/sh", "-c", f"mkdir -p /run/pluto; rm -f {UNDER_WAY}*; LD_PRELOAD={KEY_LOG} exec {LIBEXEC}pluto --nofork"
                     f" --config /etc/ipsec.conf --stderrlog >>{self.LOG} 2>&1"])
        self._await_text("", end, "/run/pluto/pluto.ctl")
        # addconn also tells pluto to listen and to read the secrets.
        add = [LIBEXEC + "addconn", "--config", CONNECTIONS, "--autoall"]
        while "Connection refused" in (done := self._run(add, check=False)).stderr + done.stdout and time.monotonic() < end:
            time.sleep(POLL_S)  # the socket has its name a moment before pluto listens to it
        # pluto has begun one of its own before it heard ours: secrets that are read again in the middle of a signature end 4.10.
        self._run(["/bin/sh", "-c", "while cat /proc/[0-9]*/comm 2>/dev/null | grep -qx addconn; do sleep 0.01; done"],
                  timeout=max(end - time.monotonic(), 1.0))
        loaded = self._whack("--status").stdout
        # whack's initiate also means "and keep it up": pluto would start again at once what a peer has refused or deleted.
        if all(child.start == "never" for peer in self.spec.peers for child in peer.children):
            self._whack("--impair", "revival")
        absent = [name for name in config.names(self.spec, self._families()) if f'"{name}"' not in loaded]
        if absent:
            raise PeerError(f"{self.kind} did not take {', '.join(absent)}: {(done.stderr + done.stdout)[-500:]}")

    def _shut_down(self) -> None:
        self._whack("--shutdown")

    # Verbs.

    def initiate(self, child: str | None = None, peer: str | None = None, deadline_s: float = DEADLINE_S,
                 wait: bool = True) -> None:
        entry = self._peer(peer)
        name = entry.child(child).name
        subject = f"initiate {entry.name}/{name}"
        words = ["--initiate", "--name", self._connection(entry.name, name)]
        if not entry.remote_addresses and (known := self.status().established(entry.name)):
            words += ["--remote-host", known[0].remote.address]  # a template does not know whom to ask
            self._kept_up = True
        if not wait:
            self._only_say([*words, "--asynchronous"])
            return
        said = self._command(words, subject, deadline_s)

        def up(now: PeerStatus) -> bool:
            return any(sa.peer == entry.name for sa in now.installed(name))

        if not up(self.status()):
            if "established Child SA" not in said:
                raise self._failed(subject, says.refusal(said), said)
            self.wait_for(up, subject, deadline_s)  # pluto and its kernel are asked one after the other: amid a rekey

    def rekey(self, what: What = "child", child: str | None = None, peer: str | None = None,
              deadline_s: float = DEADLINE_S, wait: bool = True) -> None:
        entry = self._peer(peer)
        name = entry.child(child).name
        before = self.status()
        subject = f"rekey the IKE SA with {entry.name}" if what == "ike" else f"rekey Child SA {entry.name}/{name}"
        if not (before.established(entry.name) if what == "ike" else before.installed(name)):
            raise PeerError(f"{self.kind} cannot {subject}: there is none")
        verb = "--rekey-ike" if what == "ike" else "--rekey-child" if self._number() >= (5,) else "--rekey-ipsec"
        words = [verb, "--name", self._connection(entry.name, name), "--asynchronous"]
        if not wait:
            self._only_say(words)
            return
        said = self._command(words, subject, deadline_s)
        try:
            self.wait_for(self._replaced(what, entry.name, name, before), subject, deadline_s)
        except PeerTimeout as error:
            raise self._failed(subject, says.refusal(said), f"{said} {error}") from error

    def delete(self, what: What = "ike", child: str | None = None, peer: str | None = None,
               deadline_s: float = DEADLINE_S, wait: bool = True) -> None:
        entry = self._peer(peer)
        status = self.status()
        if what == "ike":
            subject = f"delete the IKE SA with {entry.name}"
            doomed = [sa.unique for sa in status.ike_sas if sa.peer == entry.name]
            names = [self._connection(entry.name, one.name) for one in entry.children]
            commands = [["--terminate", "--name", name] for name in names]
        else:
            name = entry.child(child).name
            subject = f"delete Child SA {entry.name}/{name}"
            doomed = [sa.unique for sa in status.child_sas if (sa.peer, sa.child) == (entry.name, name)]
            commands = [["--deletestate", number] for number in doomed]
        for command in commands:
            if wait:
                self._command([*command, "--asynchronous"], subject, deadline_s)
            else:
                self._only_say([*command, "--asynchronous"])
        if wait:
            self.wait_for(lambda now: not any(sa.unique in doomed for sa in (*now.ike_sas, *now.child_sas)),
                          subject, deadline_s)

    def await_packets(self) -> None:
        """The kernel asks once in half a minute: one that was asked for in vain would keep it from asking again."""
        self._host.guest.netlink(XFRM, FLUSH[0])

    def left_over(self) -> str:
        """Without its revival (above) pluto keeps a trap for what had an SA, narrowed as that one was; the next SA gets
        no packet through it. And an instance of a template that is to be kept up takes the Child SAs of the next one;
        with one that has moved 4.10 would begin the next IKE SA where the last one ended. A command to end an IKE SA that
        comes late ends the next one."""
        assert self.spec is not None
        if self._under_way:
            if self._run(["/bin/sh", "-c", f"ls {UNDER_WAY}*"], check=False).stdout:
                return "a command that is not over yet"
            self._under_way = False
        if self._kept_up:
            return "an instance that is to be kept up"
        if instance := says.moved(self._said):
            return f"an instance that has moved: {instance}"
        children = [child for peer in self.spec.peers for child in peer.children]
        told = {whole(text) for child in children for text in (*child.local_ts, *child.remote_ts)}
        for policy in xfrm.policies(self._kernel()):
            for text in (policy.source, policy.destination):
                if text not in told and any(_within(text, one) for one in told):
                    return f"a policy for {policy.source} === {policy.destination}"
        return ""

    def roam(self, local: str | None = None, peer: str | None = None, deadline_s: float = DEADLINE_S) -> None:
        """pluto sees by itself that an address has gone, and moves once it has another."""
        entry = self._peer(peer)

        def moved(now: PeerStatus) -> bool:
            found = now.established(entry.name)
            wanted = [local] if local else self._host.addresses
            return bool(found) and found[0].local.address in wanted and bool(now.installed())

        self.wait_for(moved, f"the move of the IKE SA with {entry.name}", deadline_s)

    def liveness(self, peer: str | None = None, deadline_s: float = DEADLINE_S) -> None:
        self.require("liveness-by-command")

    # Inside.

    def _ask_status(self) -> PeerStatus:
        assert self.spec is not None
        self._said = said = self._told([WHACK, "--status"], WHACK_S)
        kernel = self._kernel()
        local = {str(family): self._host.address(family) for family in self._families()}
        status = says.peer_status(said, kernel, config.names(self.spec, (4, 6)),
                                  {peer.name: peer for peer in self.spec.peers}, local)
        told = {one.number: one.spis for one in log.read(self._log_text())}
        return replace(status, ike_sas=tuple(_with_spis(sa, told) for sa in status.ike_sas))

    def _families(self) -> list[int]:
        return sorted({6 if ":" in address else 4 for address in self._host.addresses})

    def _connection(self, peer: str, child: str) -> str:
        assert self.spec is not None
        for name, (one, other) in config.names(self.spec, self._families()).items():
            if (one, other) == (peer, child):
                return name
        raise PeerError(f"{self.kind} has no connection for {peer}/{child}")

    def ike_keys(self) -> Path | None:
        self._fetch_log()
        told = self.directory / "daemon.log"
        if not told.exists():
            return None
        store = self._keys_so_far()
        for one in log.read(told.read_text(errors="replace")):
            store.add(one.keys)
        keys.write(self.directory / "keys", store)
        return self.directory / "keys" / keys.IKE_TABLE

    def _words(self) -> str:
        """pluto's log without its debugging."""
        return "".join(line for line in self._log_text().splitlines(True) if not _DEBUGGING.match(line))

    def _whack(self, *words: str, timeout: float = WHACK_S):  # type: ignore[no-untyped-def]
        return self._run([WHACK, *words], timeout=timeout, check=False)

    def _only_say(self, words: Sequence[str]) -> None:
        """For whoever does not wait: whack stays until a Delete has been answered, however it is asked."""
        if not self.running():
            raise PeerNotRunning(f"{self.kind} is not running: {self._last_words()}")
        self._commands, self._under_way = self._commands + 1, True
        mark = f"{UNDER_WAY}{self._commands}"
        self._run(["/bin/sh", "-c", f": >{mark}; {{ {shlex.join([WHACK, *words])}; rm -f {mark}; }} >/dev/null 2>&1 &"])

    def _command(self, words: Sequence[str], subject: str, deadline_s: float) -> str:
        if not self.running():
            raise PeerNotRunning(f"{self.kind} is not running: {self._last_words()}")
        mark = len(self._words())
        try:
            done = self._whack(*words, timeout=deadline_s)
        except ProcessError as error:
            if not self._host.guest.running:
                raise
            late = self._too_late(subject, deadline_s)
            refused = says.refusal(self._words()[mark:])
            raise (self._failed(subject, refused, "") if refused else late) from error
        return done.stdout + done.stderr


def _within(text: str, net: str) -> bool:
    """Whether the addresses of the one selector are among those of the other."""
    one, other = (ipaddress.ip_network(part.partition("[")[0], strict=False) for part in (text, net))
    return one.version == other.version and one.subnet_of(other)  # type: ignore[arg-type]


def _with_spis(sa: IkeSaStatus, told: Mapping[int, tuple[int, int]]) -> IkeSaStatus:
    """One that has no keys yet has no SPIs of both sides either."""
    spi_i, spi_r = told.get(int(sa.unique), (0, 0))
    return replace(sa, spi_i=spi_i, spi_r=spi_r)
