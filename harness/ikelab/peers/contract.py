"""The contract of a peer adapter: what a scenario may ask of any IKE implementation.

An adapter drives one running daemon in one host of a topology. Every verb returns when what was asked for has
ended, or raises: `PeerError` when the peer refused or failed, `PeerTimeout` when the deadline passed,
`PeerUnsupported` when the adapter declared that it cannot. No verb sleeps.
"""

from __future__ import annotations

import re
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from ikelab.peers.neutral import DEFAULT_ESP, ChildSaStatus, DaemonSpec, Event, IkeSaStatus, PeerSpec, PeerStatus
from ikelab.process import Process

DEADLINE_S = 10.0  # for one verb; a scenario that waits longer on purpose says so

What = Literal["ike", "child"]

# Every name a scenario may require. An adapter answers for each: able, or unable with a reason.
CAPABILITIES: Mapping[str, str] = {
    "initiator": "starts IKE SAs",
    "responder": "answers IKE SAs that others start",
    "tunnel-mode": "ESP in tunnel mode",
    "transport-mode": "ESP in transport mode",
    "peer-in-policy": "ESP in tunnel mode where the other side's outer address is one of those inside (RFC 4301 3.1)",
    "esp-in-udp": "ESP in UDP on port 4500 (RFC 3948)",
    "esp-bare": "ESP as IP protocol 50, without UDP",
    "outer-ipv4": "IKE and ESP over IPv4",
    "outer-ipv6": "IKE and ESP over IPv6",
    "inner-ipv4": "IPv4 packets inside ESP",
    "inner-ipv6": "IPv6 packets inside ESP",
    "mixed-families": "IPv4 inside ESP over IPv6, and the reverse",
    "esn": "extended sequence numbers (RFC 4303 2.2.1)",
    "replay-window": "a replay window of configurable size",
    "esp-aes-gcm": "AES-GCM for ESP (RFC 4106)",
    "esp-aes-ccm": "AES-CCM with an ICV of 8 octets for ESP (RFC 4309)",
    "esp-hmac-sha256": "HMAC-SHA-256-128 for ESP (RFC 4868)",
    "esp-null": "NULL encryption with HMAC-SHA-2 for ESP (RFC 2410)",
    "esp-aes-cbc": "AES-CBC with HMAC-SHA-2 for ESP",
    "esp-chacha20poly1305": "ChaCha20-Poly1305 for ESP (RFC 7634)",
    "ike-aes-gcm": "AES-GCM for IKE (RFC 5282)",
    "ike-aes-ccm": "AES-CCM with an ICV of 8 octets for IKE (RFC 5282)",
    "integrity-aes-xcbc": "AES-CBC with AUTH_AES_XCBC_96, for IKE and for ESP (RFC 3566)",
    "ike-aes-cbc": "AES-CBC with HMAC-SHA-2 for IKE",
    "ike-chacha20poly1305": "ChaCha20-Poly1305 for IKE (RFC 7634)",
    "ke-x25519": "X25519 (RFC 8031)",
    "ke-x448": "X448 (RFC 8031)",
    "ke-ecp": "ECP 256, 384 and 521 (RFC 5903)",
    "ke-modp-subgroup": "the MODP group 24 with its subgroup (RFC 5114), which RFC 8247 2.4 advises against",
    "prf-aes": "the PRFs of AES, XCBC (RFC 4434) and CMAC (RFC 4615)",
    "ke-modp": "MODP 2048, 3072 and 4096 (RFC 3526)",
    "auth-psk": "a shared key (RFC 7296 2.15)",
    "auth-mixed": "one side by a shared key, the other by a signature (RFC 7296 2.15)",
    "auth-signature": "certificates and signatures of the method 14 (RFC 7427)",
    "auth-rsa": "RSA signatures",
    "auth-ecdsa": "ECDSA signatures with P-256, P-384 and P-521",
    "auth-ed25519": "Ed25519 signatures (RFC 8420)",
    "auth-ed448": "Ed448 signatures (RFC 8420)",
    "eap-md5": "EAP with MD5-Challenge, as the initiator and as the responder (RFC 7296 2.16, RFC 3748 5.4)",
    "eap-mschapv2": "EAP with MS-CHAP-V2, as the initiator and as the responder (RFC 7296 2.16, RFC 2759)",
    "eap-tls": "EAP with TLS, as the initiator and as the responder (RFC 7296 2.16, RFC 5216)",
    "eap-alone": "EAP that the responder too proves itself by, and by nothing else (RFC 5998)",
    "address-request": "asks for an internal address (RFC 7296 2.19)",
    "address-pool": "assigns internal addresses (RFC 7296 2.19)",
    "certificate-chain": "sends and takes intermediate certificates (RFC 7296 3.6)",
    "hash-and-url": "tells and looks up certificates by Hash and URL, over HTTP (RFC 7296 3.6)",
    "certificate-key-id": "takes an identity of type KEY_ID from a certificate's subject key identifier (RFC 7296 4)",
    "childless": "IKE_AUTH without a Child SA (RFC 6023)",
    "untimely-certificate": "proves itself by a certificate whose time is over or has not come, when told to",
    "long-messages": "IKE messages of more than 8192 octets (RFC 7296 2 asks for 3000)",
    "id-dn": "identities of type ASN1_DN (RFC 7296 3.5)",
    "narrowing": "narrows traffic selectors (RFC 7296 2.9)",
    "prf-apart": "takes a PRF of another hash than that of integrity (RFC 7296 3.3.2)",
    "selectors-opaque": "SAs for packets whose ports are not to be seen (RFC 4301 4.4.1.1)",
    "selectors-elsewhere": "local traffic selectors in which the host has no address of its own (RFC 4301 4.4.1)",
    "several-children": "several Child SAs under one IKE SA",
    "cookie": "asks for a COOKIE under load, and returns one (RFC 7296 2.6)",
    "puzzles": "gives puzzles when told to, and solves those that it is given (RFC 8019)",
    "cookie-always": "can be told to ask everybody for a COOKIE (RFC 7296 2.6)",
    "fragmentation": "sends large IKE messages in fragments (RFC 7383)",
    "fragment-size": "can be told how large its fragments may be",
    "fragment-search": "makes smaller fragments when nothing comes back (RFC 7383 2.5.2)",
    "mobike": "MOBIKE (RFC 4555)",
    "mobike-as-initiator": "asks for MOBIKE when it starts an IKE SA (RFC 4555 3.1)",
    "roam": "moves a running IKE SA and its Child SAs to another address (RFC 4555 3.5)",
    "address-policy": "refuses a MOBIKE move of a peer to an address that its configuration does not name (RFC 4555 3.5)",
    "return-routability": "checks a peer's new address before it sends there (RFC 4555 3.7)",
    "path-probing": "tries other paths when the one in use falls silent (RFC 4555 3.10)",
    "rekey-child": "rekeys Child SAs (RFC 7296 2.8)",
    "rekey-ike": "rekeys IKE SAs (RFC 7296 2.8)",
    "rekey-by-command": "rekeys when told to",
    "rekey-by-volume": "rekeys Child SAs by octets",
    "rekey-by-packets": "rekeys Child SAs by packets",
    "rekey-by-time": "rekeys by time",
    "reauthentication": "replaces an IKE SA by a newly authenticated one before it ends the old one, when told to "
                        "(RFC 7296 2.8.3)",
    "ike-hard-lifetime": "ends an IKE SA whose time is over, whatever has become of its rekey (RFC 7296 2.8)",
    "retransmission-times": "sends requests again at the times it is told (RFC 7296 2.1)",
    "liveness": "checks liveness by time (RFC 7296 2.4)",
    "liveness-by-command": "checks liveness when told to",
    "keepalive": "sends NAT keepalives (RFC 3948 4)",
    "initial-contact": "sends INITIAL_CONTACT (RFC 7296 2.4)",
    "initial-contact-heeded": "ends the old IKE SAs of a peer that sends INITIAL_CONTACT (RFC 7296 2.4)",
    "initial-contact-off": "can be told not to send INITIAL_CONTACT",
    "acquire": "starts a Child SA when a packet needs one (RFC 7296 2.9)",
    "acquire-keeps-packet": "the packet that starts a Child SA is sent through it (RFC 4301 4.4.1)",
    "fail-closed": "a packet of a policy never leaves in the clear (RFC 4301 5.1)",
    "dynamic-address-update": "follows a NAT's new mapping by the next IKE message (RFC 7296 2.23)",
    "dynamic-address-update-by-esp": "follows a NAT's new mapping by the next ESP packet (RFC 7296 2.23)",
    "key-log-ike": "writes IKE keys that Wireshark reads",
    "key-log-esp": "writes ESP keys that Wireshark reads",
    "dscp": "copies DSCP to the outer header (RFC 4301 5.1.2)",
    "ecn": "tunnels ECN (RFC 6040)",
    "counters-packets": "counts packets of each Child SA",
    "counters-replayed": "counts replayed packets of each Child SA",
}


# For adapters that configure nothing of it.
REMOTE_ACCESS = ("eap-md5", "eap-mschapv2", "eap-tls", "eap-alone", "address-request", "address-pool", "hash-and-url")
# What only a conformance test asks for.
SELDOM_ASKED = ("childless", "certificate-key-id", "prf-aes", "ke-modp-subgroup", "ike-aes-ccm", "esp-aes-ccm",
                "integrity-aes-xcbc")


def authentication_needs(peer: PeerSpec) -> tuple[str, ...]:
    """What an entry's way to authenticate asks of its own side; the kind of its key included."""
    found = ["auth-psk"] if peer.shares_key else []
    if peer.signs or peer.expects_signature:
        found.append("auth-signature")
    if len(found) == 2:
        found.append("auth-mixed")
    if (eap := peer.eap or peer.expects_eap) is not None:
        found += [f"eap-{eap.method}", *(["eap-alone"] if eap.alone else [])]
    if peer.certificate_base:
        found.append("hash-and-url")
    kind = peer.credentials.key_kind if peer.credentials is not None else ""
    if kind:
        found.append({"rsa": "auth-rsa", "p": "auth-ecdsa"}.get(kind.rstrip("0123456789"), f"auth-{kind}"))
    if any(identity.startswith("dn:") for identity in (peer.local_id, peer.remote_id)):
        found.append("id-dn")
    if "auth-signature" in found and any(identity.startswith("key:") for identity in (peer.local_id, peer.remote_id)):
        found.append("certificate-key-id")
    return tuple(found)


def address_needs(peer: PeerSpec) -> tuple[str, ...]:
    """What an entry's internal addresses ask of its own side."""
    return ("address-request",) * bool(peer.requests) + ("address-pool",) * bool(peer.pool)


def words_of(proposals: Iterable[str]) -> set[str]:
    """All words of some proposals."""
    return {word for proposal in proposals for word in proposal.split("-")}


def algorithm_needs(peer: PeerSpec) -> tuple[str, ...]:
    """What an entry's proposals ask of an implementation that cannot be told everything."""
    ike, esp = words_of(peer.proposals), words_of(words for child in peer.children for words in child.proposals)
    ccm = {"aes128ccm8", "aes192ccm8", "aes256ccm8"}
    asked = {"prf-aes": ike & {"prfaesxcbc", "prfaescmac"}, "ke-modp-subgroup": ike & {"modp2048s256"},
             "ike-aes-ccm": ike & ccm, "esp-aes-ccm": esp & ccm, "integrity-aes-xcbc": (ike | esp) & {"aesxcbc"}}
    return tuple(name for name, words in asked.items() if words)




class PeerError(Exception):
    """The peer refused or failed. `error` is the notification's name, as in "NO_PROPOSAL_CHOSEN", or "" when
    the peer did not tell; the words say what was asked of whom and where its log is."""

    def __init__(self, message: str, error: str = "") -> None:
        super().__init__(message)
        self.error = error


class PeerTimeout(PeerError):
    """The deadline passed first."""


class PeerUnsupported(PeerError):
    """The adapter declared that this peer cannot do that: the verdict is `unsupported`, with this reason."""


class PeerNotRunning(PeerError):
    """The daemon did not come up, or has ended when it should not: the verdict is `inconclusive`."""


class PeerSilent(PeerNotRunning):
    """The daemon runs, and its control does not answer: `inconclusive`, or `fail` when packets show that it hangs."""


class HostLike(Protocol):
    """What an adapter needs of a host of a topology (ikelab.topology.host.Host has it)."""

    name: str

    def popen(self, argv: Sequence[str | Path], **options: Any) -> Process:
        """Starts a supervised process in the host's namespace; options as of ikelab.process.popen."""

    def run(self, argv: Sequence[str | Path], **options: Any) -> subprocess.CompletedProcess[str]:
        """Runs a program to its end in the host's namespace."""

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Runs a function inside the host's namespace."""


class Peer(ABC):
    """One daemon of one implementation in one host. `directory` is where its files, keys and logs go."""

    kind: str = ""  # the name in the table: "reference", "strongswan-5.9.8", ...
    tier: str = "userspace"
    ask_again_s = 0.05  # wait_for asks for the state this often, when no event comes before
    # What both sides offer for ESP when the scenario does not say: DEFAULT_ESP, unless one side cannot.
    default_esp: tuple[str, ...] = DEFAULT_ESP
    # By command, and without harm: an IKE SA that it has begun in place of one that the other side deleted.
    ends_what_it_begins_anew = True

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.spec: DaemonSpec | None = None
        self.spis_to_prove: set[tuple[int, int]] = set()  # of IKE SAs, which the capture has to show

    # What it is and can do; may be asked without a running daemon.

    @abstractmethod
    def version(self) -> str:
        """The version for reports: "0.1.0", "5.9.8-5+deb12u1"."""

    @abstractmethod
    def missing(self) -> Mapping[str, str]:
        """Names of CAPABILITIES this peer lacks, each with the reason."""

    def capabilities(self) -> frozenset[str]:
        """Names of CAPABILITIES this peer has."""
        return frozenset(CAPABILITIES) - frozenset(self.missing())

    def require(self, *names: str) -> None:
        """Raises PeerUnsupported with the reason when one of the names is missing."""
        missing = self.missing()
        for name in names:
            if name not in CAPABILITIES:
                raise ValueError(f"no capability is called {name!r}; see CAPABILITIES in contract.py")
            if name in missing:
                raise PeerUnsupported(f"{self.kind} cannot: {name} ({missing[name]})")

    # Life and death.

    @abstractmethod
    def configure(self, spec: DaemonSpec) -> None:
        """Takes the description. Raises PeerUnsupported when it asks for what this peer lacks. Before start,
        or on a running daemon where it replaces what was configured (the reference: only before)."""

    @abstractmethod
    def start(self, host: HostLike, deadline_s: float = DEADLINE_S) -> None:
        """Starts the daemon in the host's namespace; returns when it listens and is configured."""

    @abstractmethod
    def stop(self, deadline_s: float = DEADLINE_S) -> None:
        """Orderly end: the peer's peers are told. Harmless when it is not running."""

    @abstractmethod
    def kill(self) -> None:
        """SIGKILL: all state is lost, nobody is told. It may be started again."""

    @abstractmethod
    def running(self) -> bool:
        """True while the daemon's process lives."""

    # Verbs. `peer` and `child` are names of the configuration; None: the first.

    @abstractmethod
    def initiate(
        self,
        child: str | None = None,
        peer: str | None = None,
        deadline_s: float = DEADLINE_S,
        wait: bool = True,
    ) -> None:
        """An IKE SA if there is none, then the Child SA; returns when the Child SA is up; without `wait`, at once."""

    @abstractmethod
    def rekey(
        self,
        what: What = "child",
        child: str | None = None,
        peer: str | None = None,
        deadline_s: float = DEADLINE_S,
        wait: bool = True,
    ) -> None:
        """Returns when the new SA is in use and this side has deleted the old one; without `wait`, at once."""

    def reauthenticate(self, peer: str | None = None, deadline_s: float = DEADLINE_S, wait: bool = True) -> None:
        """A new IKE SA with new Child SAs, then the end of the old ones; returns when they are gone, or without `wait` at
        once."""
        self.require("reauthentication")
        raise NotImplementedError(f"{self.kind} has the capability reauthentication and no verb for it")

    @abstractmethod
    def delete(
        self,
        what: What = "ike",
        child: str | None = None,
        peer: str | None = None,
        deadline_s: float = DEADLINE_S,
        wait: bool = True,
    ) -> None:
        """Returns when the peer has answered, or is taken for dead; without `wait`, at once."""

    def await_packets(self) -> None:
        """The next packet of the protected host asks for an SA, where the configuration says so. For a peer that needs to
        be told again when an SA has ended; there is none now."""

    @abstractmethod
    def roam(
        self, local: str | None = None, peer: str | None = None, deadline_s: float = DEADLINE_S
    ) -> None:
        """The host has moved (or: shall use address `local`); returns when the peer has confirmed the new
        address, also when the daemon noticed by itself before it was told."""

    @abstractmethod
    def liveness(self, peer: str | None = None, deadline_s: float = DEADLINE_S) -> None:
        """Asks the peer for a sign of life; returns when it has answered."""

    # What it says of itself.

    def left_over(self) -> str:
        """What an SA that is gone has left and the next one would meet, in words; "" when there is nothing."""
        return ""

    @abstractmethod
    def status(self) -> PeerStatus:
        """The state now."""

    @abstractmethod
    def events(self) -> tuple[Event, ...]:
        """All events since the start, oldest first."""

    @abstractmethod
    def ike_keys(self) -> Path | None:
        """A file in Wireshark's ikev2_decryption_table format; None when this peer writes none."""

    @abstractmethod
    def child_keys(self) -> Path | None:
        """A file in Wireshark's esp_sa format; None when this peer writes none."""

    @abstractmethod
    def logs(self) -> tuple[Path, ...]:
        """The daemon's own logs, for people only: no verdict is read from them."""

    def process_id(self) -> int | None:
        """Of the process on this machine that is the daemon, or the parent of all that it is; None where it cannot be seen."""
        return getattr(getattr(self, "_process", None), "pid", None)

    def resident_kib(self) -> int | None:
        """Memory of the daemon; None where it cannot be seen, or says nothing (under AddressSanitizer)."""
        process = getattr(self, "_process", None)
        folder = Path("/proc") / str(getattr(process, "pid", None))
        try:
            if "/libasan" in (folder / "maps").read_text():
                return None
            return int(re.search(r"^VmRSS:\s+(\d+)", (folder / "status").read_text(), re.M)[1])  # type: ignore[index]
        except (OSError, TypeError):
            return None

    def how_it_ended(self) -> str:
        """Of a daemon that is not running though it should: "killed by SIGSEGV; its log ends with: ..."."""
        process = getattr(self, "_process", None)
        status = getattr(process, "returncode", None)
        if status is None:
            how = "how is not known"
        elif status < 0:
            how = f"killed by {signal.Signals(-status).name}"
        else:
            how = f"with status {status}"
        lines = [line for file in self.logs() if file.exists()
                 for line in file.read_text(errors="replace").splitlines() if line.strip()]
        return f"{how}; its log ends with: {' | '.join(lines[-2:])[:300] or 'nothing'}"

    @abstractmethod
    def configuration(self) -> tuple[Path, ...]:
        """The files it was configured from, for the artefacts. Secrets in them are the scenario's own."""

    @abstractmethod
    def wait_event(self, deadline_s: float) -> bool:
        """Waits until something may have changed, or the time is over (then False). May return early."""

    # Conveniences made of the above, the same for every peer.

    def wait_for(
        self,
        predicate: Callable[[PeerStatus], bool],
        what: str = "the expected state",
        deadline_s: float = DEADLINE_S,
    ) -> PeerStatus:
        """The first status that satisfies the predicate. Raises PeerTimeout, with the last status in words."""
        end = time.monotonic() + deadline_s
        while True:
            status = self.status()
            if predicate(status):
                return status
            left = end - time.monotonic()
            if left <= 0:
                raise PeerTimeout(
                    f"{self.kind}: {what} did not come about in {deadline_s:g} s; last seen: {status}"
                )
            self.wait_event(min(left, self.ask_again_s))

    def wait_for_event(
        self,
        name: str,
        after: int = 0,
        matching: Callable[[Event], bool] = lambda event: True,
        deadline_s: float = DEADLINE_S,
    ) -> Event:
        """The first event of that name, not counting the first `after` events. Raises PeerTimeout."""
        end = time.monotonic() + deadline_s
        while True:
            for event in self.events()[after:]:
                if event.name == name and matching(event):
                    return event
            left = end - time.monotonic()
            if left <= 0:
                raise PeerTimeout(f"{self.kind}: no {name} event in {deadline_s:g} s")
            self.wait_event(left)

    def ike_sa(self, peer: str | None = None) -> IkeSaStatus:
        """The one established IKE SA. Raises PeerError when there is none, or more than one."""
        found = self.status().established(peer)
        if len(found) != 1:
            raise PeerError(f"{self.kind}: expected one established IKE SA, found {len(found)}: {found}")
        return found[0]

    def child_sa(self, child: str | None = None) -> ChildSaStatus:
        """The one installed Child SA. Raises PeerError when there is none, or more than one."""
        found = self.status().installed(child)
        if len(found) != 1:
            raise PeerError(f"{self.kind}: expected one installed Child SA, found {len(found)}: {found}")
        return found[0]
