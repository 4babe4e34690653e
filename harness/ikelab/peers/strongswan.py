"""strongSwan, several versions, each from its own root directory: charon with ESP in user space.

charon runs chrooted with a private mount namespace (its own /run, so that instances do not find each other)
inside the host's network namespace; the kernel-libipsec plugin carries ESP through a TUN, so no kernel ESP is
needed. It is driven over VICI. libipsec has a policy only while a Child SA or a trap is up, so a fence stands around
what is to be protected. What that data plane cannot do is declared in `missing` and shown to be true by
`strongswan_probe`.
"""

from __future__ import annotations

import json
import re
import shlex
import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from ikelab import keys
from ikelab.peers import fence, strongswan_keys
from ikelab.peers import strongswan_config as config
from ikelab.peers import strongswan_credentials as credentials
from ikelab.peers import strongswan_status as says
from ikelab.peers.contract import (
    DEADLINE_S,
    HostLike,
    Peer,
    PeerError,
    PeerNotRunning,
    PeerSilent,
    PeerTimeout,
    PeerUnsupported,
    What,
    address_needs,
    authentication_needs,
)
from ikelab.peers.neutral import DaemonSpec, Event, PeerSpec, PeerStatus
from ikelab.peers.vici import Message, Vici, ViciClosed, ViciError, ViciTimeout
from ikelab.process import Process

LOOK_S = 0.02  # between two looks at what charon does not tell on its own accord
TUN = "ipsec*"  # the interface that kernel-libipsec makes

# What libipsec, charon's user-space ESP, cannot do in any version so far. Each was tried; see strongswan_probe.
LIBIPSEC_LACKS: Mapping[str, str] = {
    "transport-mode": "libipsec refuses the mode",
    "peer-in-policy": "libipsec's route for what a policy protects, and the fence behind it, take IKE to that address with them",
    "esn": "libipsec refuses extended sequence numbers",
    "replay-window": "libipsec has a fixed window of 128 packets",
    "acquire-keeps-packet": "libipsec drops the packet that starts a Child SA",
    "dscp": "libipsec builds the outer header through a UDP socket and copies no DSCP",
    "ecn": "libipsec builds the outer header through a UDP socket and copies no ECN",
    "cookie-always": "charon's threshold starts at one half-open IKE SA",
    "dynamic-address-update-by-esp": "libipsec does not tell charon where ESP came from",
    "address-policy": "charon takes a MOBIKE update from any address; remote_addrs serves to find the configuration alone",
    "return-routability": "charon sends to a new address without asking it for a COOKIE2",
    "path-probing": "charon tries other paths only when its own addresses or routes have changed",
    "fragment-search": "charon sends the same fragments again until it gives up",
    "liveness-by-command": "VICI has no such command",
    "counters-replayed": "VICI does not tell how many packets were replayed",
}
# Lacking before 5.9.11, which brought protocol 50 and trap policies to libipsec.
BEFORE_5_9_11: Mapping[str, str] = {
    "esp-bare": "libipsec before 5.9.11 always encapsulates in UDP",
    "acquire": "libipsec before 5.9.11 has no trap policies",
    "selectors-elsewhere": "libipsec of 5.9.8 has no route for a local selector in which it finds none of the host's addresses",
}

# Capabilities that are plugins in packages of their own, with these.
OPTIONAL_PLUGINS: Mapping[str, tuple[str, str]] = {
    "eap-mschapv2": ("eap-mschapv2", "libcharon-extauth-plugins"),
    "hash-and-url": ("curl", "libstrongswan-extra-plugins"),
}
PLUGIN = "usr/lib/ipsec/plugins/libstrongswan-{}.so"


class StrongSwan(Peer):
    """The adapter; `root` is the unpacked suite, `versions` its manifest's package versions."""

    def __init__(self, directory: Path, kind: str, root: Path, version: str) -> None:
        super().__init__(directory)
        self.kind = kind
        self.root = root
        self._version = version
        self.declares_nothing = False  # for probes: try even what is declared as missing
        self.ends_what_it_begins_anew = self._number() >= (6,)
        self._process: Process | None = None
        self._host: HostLike | None = None
        self._vici: Vici | None = None
        self._listener: Vici | None = None
        self._events: list[Event] = []
        self._source_tables: tuple[int, ...] = ()
        self._connecting: dict[str, str] = {}  # IKE SAs on their way when last looked at, with their peers

    # What it is and can do.

    def version(self) -> str:
        return self._version

    def missing(self) -> Mapping[str, str]:
        absent = {name: f"its root has no plugin {plugin} of {package}: delete build/peers/{self.kind}, and build it again"
                  for name, (plugin, package) in OPTIONAL_PLUGINS.items() if not (self.root / PLUGIN.format(plugin)).exists()}
        absent["puzzles"] = "charon knows no PUZZLE (RFC 8019)"
        if self._number() >= (5, 9, 11):
            return {**LIBIPSEC_LACKS, **absent}
        return {**LIBIPSEC_LACKS, **BEFORE_5_9_11, **absent}

    def _number(self) -> tuple[int, ...]:
        upstream = self._version.split("-")[0]
        return tuple(int(part) for part in upstream.split(".") if part.isdigit())

    # Life and death.

    def configure(self, spec: DaemonSpec) -> None:
        self._check(spec)
        if any(peer.childless == "prefer" for peer in spec.peers) and self._number() < (6,):
            raise PeerUnsupported("charon 5.9.8 knows no `childless = prefer`: it does without a Child SA always, or never asks to")
        self.directory.mkdir(parents=True, exist_ok=True)
        text = self._daemon_conf(spec)
        if self.running() and self._conf_file.read_text() != text:
            raise PeerUnsupported("a running charon takes new peers and children, not new daemon settings")
        self._conf_file.write_text(text)
        connections = {k: v for peer in spec.peers for k, v in config.connection(peer).items()}
        (self.directory / "connections.json").write_text(json.dumps(connections, indent=1) + "\n")
        previous, self.spec = self.spec, spec
        if self.running():
            for peer in previous.peers if previous else ():
                if peer.name not in connections:
                    self._ask("unload-conn", {"name": peer.name})
            self._load()

    def start(self, host: HostLike, deadline_s: float = DEADLINE_S) -> None:
        if self.spec is None:
            raise ValueError("configure before start")
        self._host = host
        self._source_tables = source_tables(host)
        self._conf_file.write_text(self._daemon_conf(self.spec))
        # An address that comes and goes with the TUN is news, of which charon tells its peers (RFC 4555 3.6).
        host.call(_no_link_local_addresses)
        fence.put_up(host, fence.pairs(self.spec), TUN)
        (self.directory / "vici").unlink(missing_ok=True)
        self._process = host.popen(
            self._command(), name=f"charon-{host.name}", log=self.directory / "charon.out"
        )
        try:
            self._vici = self._connect(time.monotonic() + deadline_s)
            self._listener = None if self.spec.quiet else self._listen(deadline_s)
            self._load()
        except BaseException:
            self.kill()
            raise

    def stop(self, deadline_s: float = DEADLINE_S) -> None:
        if self._process is not None:
            self._collect()
            self._process.stop(deadline_s)
            if self._host is not None and self.spec is not None:
                fence.take_away(self._host, fence.pairs(self.spec))
        self._gone()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
        self._gone()

    def running(self) -> bool:
        return self._process is not None and self._process.running

    # Verbs.

    def initiate(
        self,
        child: str | None = None,
        peer: str | None = None,
        deadline_s: float = DEADLINE_S,
        wait: bool = True,
    ) -> None:
        entry = self._peer(peer)
        name = entry.child(child).name
        mark = self._log_size()
        message = {"child": name, "ike": entry.name, "timeout": int(deadline_s * 1000) if wait else -1, "loglevel": -1}
        self._command_vici("initiate", message, f"initiate {entry.name}/{name}", deadline_s, mark)

    def rekey(
        self,
        what: What = "child",
        child: str | None = None,
        peer: str | None = None,
        deadline_s: float = DEADLINE_S,
        wait: bool = True,
    ) -> None:
        entry = self._peer(peer)
        mark, since = self._log_size(), len(self.events())
        before = self.status()
        if what == "ike":
            old = {sa.spis for sa in before.established(entry.name)}
            message = {"ike": entry.name}
            subject = f"rekey the IKE SA with {entry.name}"
        else:
            name = entry.child(child).name
            old = {(sa.spi_in, sa.spi_out) for sa in before.installed(name)}
            message = {"ike": entry.name, "child": name}
            subject = f"rekey Child SA {entry.name}/{name}"
        if not old:
            raise PeerError(f"{self.kind} cannot {subject}: there is none")
        self._command_vici("rekey", message, subject, deadline_s, mark)
        if not wait:
            return

        def replaced(status: PeerStatus) -> bool:
            if self._has_ended(entry.name, since):
                raise PeerError(f"{self.kind} could not {subject}: the IKE SA has ended meanwhile")
            if what == "ike":
                now = {sa.spis for sa in status.established(entry.name)}
                gone = not any(sa.spis in old for sa in status.ike_sas)
            else:
                now = {(sa.spi_in, sa.spi_out) for sa in status.installed(name)}
                # charon keeps a deleted inbound SA for late packets: state "deleted".
                gone = not any((sa.spi_in, sa.spi_out) in old and sa.state != "deleted"
                               for sa in status.child_sas)
            return gone and bool(now) and not now & old

        try:
            self.wait_for(replaced, subject, deadline_s)
        except PeerTimeout as late:  # what is in the log is not proof of an end: charon tries again
            if error := says.refusal(self._log_since(mark)):
                raise PeerError(f"{self.kind} could not {subject}: {error}", error) from late
            raise

    def reauthenticate(self, peer: str | None = None, deadline_s: float = DEADLINE_S, wait: bool = True) -> None:
        entry = self._peer(peer)
        subject = f"reauthenticate with {entry.name}"
        before, mark = self.status(), self._log_size()
        old = {sa.spis for sa in before.established(entry.name)}
        children = {sa.child for sa in before.installed()}
        if not old:
            raise PeerError(f"{self.kind} cannot {subject}: there is no IKE SA")
        self._command_vici("rekey", {"ike": entry.name, "reauth": "yes"}, subject, deadline_s, mark)
        if not wait:
            return

        def replaced(status: PeerStatus) -> bool:
            now = {sa.spis for sa in status.established(entry.name)}
            gone = not any(sa.spis in old for sa in status.ike_sas)
            return gone and bool(now) and children <= {sa.child for sa in status.installed()}

        self.wait_for(replaced, subject, deadline_s)

    def delete(
        self,
        what: What = "ike",
        child: str | None = None,
        peer: str | None = None,
        deadline_s: float = DEADLINE_S,
        wait: bool = True,
    ) -> None:
        entry = self._peer(peer)
        message: dict[str, object] = {"ike": entry.name}
        if what == "child":
            message["child"] = entry.child(child).name
        # charon answers at once to a negative timeout.
        message |= {"timeout": int(deadline_s * 1000) if wait else -1, "loglevel": -1}
        subject = f"delete the {'IKE' if what == 'ike' else 'Child'} SA with {entry.name}"
        self._command_vici("terminate", message, subject, deadline_s, self._log_size())

    def roam(
        self, local: str | None = None, peer: str | None = None, deadline_s: float = DEADLINE_S
    ) -> None:
        """charon sees by itself that the host's addresses or routes have changed, and cannot be told more."""
        entry = self._peer(peer)
        end = time.monotonic() + deadline_s
        while True:
            sections = self.sections()
            found = says.peer_status(sections).established(entry.name)
            # libipsec cannot change a Child SA's encapsulation in place: charon then rekeys it.
            tasks = ("IKE_MOBIKE", "CHILD_REKEY")
            if found and not any(says.busy(sections, entry.name, task) for task in tasks):
                here = found[0].local.address
                wanted = local or self._source_address(found[0].remote.address)
                if here == wanted:
                    return
            left = end - time.monotonic()
            if left <= 0:
                raise PeerTimeout(f"{self.kind}: the IKE SA with {entry.name} has not moved "
                                  f"in {deadline_s:g} s; now: {found}")
            self.wait_event(min(left, 0.01))

    def liveness(self, peer: str | None = None, deadline_s: float = DEADLINE_S) -> None:
        self.require("liveness-by-command")

    # What it says of itself.

    def status(self) -> PeerStatus:
        return says.peer_status(self.sections())

    def events(self) -> tuple[Event, ...]:
        self._collect()
        if self.running():
            self._notice_failures()
        return tuple(self._events)

    def _notice_failures(self) -> None:
        """VICI tells of an IKE SA that was up, and of none that never came up: one that was seen and is not any more."""
        now = {sa.unique: sa for sa in self.status().ike_sas}
        up = {unique for unique, sa in now.items() if sa.state != "connecting"}
        for unique, peer in self._connecting.items():
            if unique not in now:
                self._events.append(Event("child-sa-failed", time.monotonic_ns(), peer))
        self._connecting = {unique: sa.peer for unique, sa in now.items() if unique not in up}

    def ike_keys(self) -> Path | None:
        return self._keys(keys.IKE_TABLE)

    def child_keys(self) -> Path | None:
        return self._keys(keys.ESP_TABLE)

    def logs(self) -> tuple[Path, ...]:
        return tuple(p for n in ("charon.log", "charon.out") if (p := self.directory / n).exists())

    def how_it_ended(self) -> str:
        """charon catches a signal that ends it, writes what it knows about it, and aborts: what the thread was doing that
        was struck says more than how the process ended."""
        log = self.directory / "charon.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        struck = [(number, found) for number, line in enumerate(lines)
                  if (found := re.search(r" (\d+)\[DMN\] thread \d+ received (\d+)", line))]
        if not struck:
            return super().how_it_ended()
        number, found = struck[0]
        doing = [line for line in lines[:number] if f" {found[1]}[" in line]
        return f"killed by {signal.Signals(int(found[2])).name}; the log of that thread ends with: " + " | ".join(doing[-2:])[:300]

    def configuration(self) -> tuple[Path, ...]:
        files = (self.directory / n for n in ("strongswan.conf", "connections.json"))
        return tuple(p for p in files if p.exists())

    def wait_event(self, deadline_s: float) -> bool:
        before = len(self._events)
        deadline_s = min(deadline_s, LOOK_S)
        if self._listener is None:
            raise PeerNotRunning(f"{self.kind} is not running: {self._last_words()}")
        self._collect(deadline_s)
        return len(self._events) > before

    # Inside.

    def _has_ended(self, peer: str, since: int) -> bool:
        """Whether an IKE SA went since that many events. A listing may miss one that is just being replaced."""
        return any(e.name == "ike-sa-down" and e.peer == peer for e in self.events()[since:])

    def _check(self, spec: DaemonSpec) -> None:
        if self.declares_nothing:
            return
        if spec.cookie_threshold == 0:
            self.require("cookie-always")
        for peer in spec.peers:
            self.require(*authentication_needs(peer), *address_needs(peer))
            for child in peer.children:
                if child.mode == "transport":
                    self.require("transport-mode")
                elif any(fence.covers(remote, address) for remote in child.remote_ts for address in peer.remote_addresses):
                    self.require("peer-in-policy")
                if child.start == "traffic":
                    self.require("acquire")
                if child.df != "copy":
                    raise PeerUnsupported("libipsec sends by a UDP socket, whose DF is the same for all packets")
                # Only when nothing else is offered: among alternatives the peers choose what both can.
                if child.proposals and all("esn" in p.split("-") and "noesn" not in p.split("-") for p in child.proposals):
                    self.require("esn")

    @property
    def _conf_file(self) -> Path:
        return self.directory / "strongswan.conf"

    def _daemon_conf(self, spec: DaemonSpec) -> str:
        return config.daemon_conf(spec, "esp-bare" not in self.missing(), self._source_tables)

    def _command(self) -> list[str]:
        """A shell that makes the private mounts and then becomes charon, so that its pid is charon's."""
        root, lab = shlex.quote(str(self.root)), shlex.quote(str(self.directory.resolve()))
        script = (
            f"mount -t tmpfs -o mode=755 tmpfs {root}/run && mkdir {root}{config.LAB}"
            f" && mount --bind {lab} {root}{config.LAB} && mount --rbind /dev {root}/dev"
            f" && mount -t proc proc {root}/proc"
            f" && exec chroot {root} /usr/bin/env -i STRONGSWAN_CONF={config.LAB}/strongswan.conf"
            " /usr/lib/ipsec/charon"
        )
        return ["/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script]

    def _connect(self, end: float) -> Vici:
        while True:
            try:
                return Vici(self.directory / "vici", max(end - time.monotonic(), 0.1))
            except ViciError as error:
                if not self.running():
                    raise PeerNotRunning(f"{self.kind} ended at its start: {self._last_words()}") from error
                if time.monotonic() > end:
                    raise PeerNotRunning(f"{self.kind} does not listen: {error}") from error
            # A socket's birth has no event that is cheaper to await than to try again.
            time.sleep(0.001)

    def _listen(self, deadline_s: float) -> Vici:
        listener = Vici(self.directory / "vici", deadline_s)
        for event in says.EVENTS:
            try:
                listener.register(event, deadline_s)
            except (ViciTimeout, ViciClosed) as error:
                raise PeerNotRunning(f"{self.kind} came up, but: {error}") from error
            except ViciError:
                continue  # an older charon without that event
        return listener

    def _load(self) -> None:
        assert self.spec is not None
        self._ask("clear-creds", {})
        for peer in self.spec.peers:
            if peer.shares_key:
                self._ask("load-shared", config.shared_secret(peer))
            for command, message in credentials.requests(peer):
                self._ask(command, message)
        for peer in self.spec.peers:
            for name, pool in config.pools(peer).items():
                self._ask("load-pool", {name: pool})
            self._ask("load-conn", config.connection(peer))

    def _ask(self, command: str, message: Mapping[str, object]) -> Message:
        try:
            return self._control().ask(command, message)
        except ViciError as error:
            raise PeerError(f"{self.kind} refused {command}: {error}") from error

    def _command_vici(
        self, command: str, message: Mapping[str, object], subject: str, deadline_s: float, mark: int
    ) -> None:
        start = time.monotonic()
        try:
            # charon ends the wait by itself at the deadline; ours is only for a charon that hangs.
            self._control().ask(command, message, deadline_s + 2)
        except ViciTimeout as error:
            raise PeerTimeout(f"{self.kind} could not {subject}: {error}") from error
        except ViciError as error:
            refused = says.refusal(self._log_since(mark))
            if not refused and time.monotonic() - start >= deadline_s:
                raise PeerTimeout(f"{self.kind} could not {subject} in {deadline_s:g} s") from error
            raise PeerError(f"{self.kind} could not {subject}: {refused or error}; "
                            f"see {self.directory / 'charon.log'}", refused) from error

    def _control(self) -> Vici:
        if self._vici is None or not self.running():
            raise PeerNotRunning(f"{self.kind} is not running: {self._last_words()}")
        return self._vici

    def sections(self) -> list[Message]:
        """What VICI lists of each IKE SA."""
        try:
            return self._control().stream("list-sas", "list-sa")
        except ViciTimeout as error:
            raise PeerSilent(f"{self.kind} does not tell its state: {error}") from error
        except ViciError as error:
            raise PeerNotRunning(f"{self.kind} does not tell its state: {error}") from error

    def _collect(self, wait_s: float = 0.0) -> None:
        if self._listener is None:
            return
        try:
            for name, message, time_ns in self._listener.drain(wait_s):
                self._events += says.neutral_events(name, message, time_ns)
        except ViciError:
            self._listener.close()
            self._listener = None

    def _keys(self, table: str) -> Path | None:
        log = self.directory / "keys.log"
        if not log.exists():
            return None
        keys.write(self.directory / "keys", strongswan_keys.read(log.read_text(errors="replace")))
        return self.directory / "keys" / table

    def _gone(self) -> None:
        self.ike_keys()
        for client in (self._vici, self._listener):
            if client is not None:
                client.close()
        self._process = self._vici = self._listener = None

    def _peer(self, name: str | None) -> PeerSpec:
        if self.spec is None:
            raise ValueError("configure before anything else")
        return self.spec.peer(name)

    def _source_address(self, remote: str) -> str | None:
        assert self._host is not None
        return self._host.call(source_address, remote)

    def _log_size(self) -> int:
        file = self.directory / "charon.log"
        return file.stat().st_size if file.exists() else 0

    def _log_since(self, mark: int) -> str:
        file = self.directory / "charon.log"
        return file.read_bytes()[mark:].decode(errors="replace") if file.exists() else ""

    def _last_words(self) -> str:
        lines = [line for file in self.logs() for line in file.read_text(errors="replace").splitlines()]
        return " / ".join(lines[-3:]) or "it left no log"


def _no_link_local_addresses() -> None:
    """Of interfaces that this namespace gets from now on."""
    Path("/proc/sys/net/ipv6/conf/default/addr_gen_mode").write_text("1\n")


def source_address(remote: str) -> str | None:
    """The address this host would send from; None without a route."""
    family = socket.AF_INET6 if ":" in remote else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((remote, 4500))
        except OSError:
            return None
        return probe.getsockname()[0]


def source_tables(host: HostLike) -> tuple[int, ...]:
    """Tables that the host's rules ask for certain source addresses only."""
    listed = [host.run(["ip", family, "-json", "-N", "rule"]).stdout for family in ("-4", "-6")]
    rules = [rule for text in listed for rule in json.loads(text or "[]")]
    return tuple(sorted({int(rule["table"]) for rule in rules if rule.get("src", "all") != "all"}))
