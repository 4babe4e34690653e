"""The neutral description that every peer is configured from, and the neutral state that it reports.

Nothing in here knows any implementation. Times are milliseconds unless a name says otherwise, volumes are
octets, 0 means "never" or "no limit". Proposals are written as in docs/ikeref.conf.example:
"aes256gcm16-prfsha256-x25519" for IKE, "aes256gcm16-esn" for ESP. SPIs are integers here; `spi_text`
writes them the way docs/CONTROL.md does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

Mode = Literal["tunnel", "transport"]
Start = Literal["never", "traffic", "now"]

DEFAULT_IKE = ("aes256gcm16-prfsha256-x25519",)
DEFAULT_ESP = ("aes256gcm16",)
ITS_OWN: tuple[str, ...] = ()  # as proposals: what the implementation offers and takes when it is told nothing


@dataclass(frozen=True)
class Retransmission:
    """RFC 7296 2.1 and 2.4: copy n is sent timeout_ms * backoff ** n after the one before it."""

    timeout_ms: int = 500
    backoff: float = 1.8
    tries: int = 5  # copies sent in all before the peer is taken for dead
    timeout_max_ms: int = 0  # 0: no cap


@dataclass(frozen=True)
class Lifetime:
    """Soft limits start a rekey, hard limits end the SA (RFC 4301 4.4.2.1)."""

    rekey_ms: int = 0
    hard_ms: int = 0
    rekey_octets: int = 0
    hard_octets: int = 0
    rekey_packets: int = 0
    hard_packets: int = 0
    jitter_ms: int = 0


@dataclass(frozen=True)
class ChildSpec:
    """One policy and the Child SA that carries it."""

    name: str = "net"
    mode: Mode = "tunnel"
    local_ts: tuple[str, ...] = ()  # empty: our own address, or that which we are assigned
    remote_ts: tuple[str, ...] = ()  # empty: the peer's address, or that which it is assigned
    proposals: tuple[str, ...] = DEFAULT_ESP
    lifetime: Lifetime = field(default_factory=Lifetime)
    start: Start = "never"
    replay_window: int = 64  # packets; 0: off
    copy_dscp: bool = True
    ecn: bool = True
    df: Literal["copy", "clear", "set"] = "copy"  # of the outer IPv4 header (RFC 4301 8.1)

    def mirrored(self) -> ChildSpec:
        """The same policy as the other side writes it."""
        return replace(self, local_ts=self.remote_ts, remote_ts=self.local_ts)


@dataclass(frozen=True)
class Credentials:
    """What a side proves itself by, and believes the other by, where that is not the shared key (RFC 7296 2.15: each
    side has its own method). Files are PEM; they are the scenario's and stay where they are."""

    certificate: Path | None = None  # our own, followed by the intermediates; None: we prove ourselves by the psk
    private_key: Path | None = None  # PKCS#8, not encrypted
    authorities: tuple[Path, ...] = ()  # one root each; empty: the other side proves itself by the psk
    key_kind: str = ""  # of private_key, a name of pki.keys.KINDS
    remote_key_kind: str = ""  # of the other side's, for those who have to be told


@dataclass(frozen=True)
class Eap:
    """How the initiator proves itself by EAP (RFC 7296 2.16, RFC 3748), in the words of both sides' entries."""

    method: str = "mschapv2"  # or "md5", or "tls": by the certificate of its credentials
    user: str = ""  # whom EAP knows the initiator as, which it is asked for; empty: the identity of its entry
    password: str = field(default="a password for the lab and nothing else", repr=False)  # not of "tls"
    alone: bool = False  # the responder proves itself by the method too, and by nothing else (RFC 5998)


@dataclass(frozen=True)
class PeerSpec:
    """One entry of the Peer Authorization Database (RFC 4301 4.4.3) with its policies."""

    name: str
    local_id: str
    remote_id: str
    psk: str = field(repr=False)  # text, or 0x<hex>
    local_addresses: tuple[str, ...] = ()  # empty: any of this host's
    remote_addresses: tuple[str, ...] = ()  # empty: any, so this side can only respond
    proposals: tuple[str, ...] = DEFAULT_IKE
    lifetime: Lifetime = field(default_factory=Lifetime)  # of the IKE SA: times only
    retransmission: Retransmission = field(default_factory=Retransmission)
    liveness_ms: int = 0
    keepalive_ms: int = 20_000
    mobike: bool = True
    fragmentation: bool = True  # of IKE messages, RFC 7383
    fragment_size: int = 0  # octets of the largest IP packet that carries a fragment; 0: the peer's own choice
    force_encapsulation: bool = False
    initial_contact: bool = True
    replace_existing: bool = False  # a second IKE SA of the same identities ends the first
    remote_port: int = 500
    remote_natt_port: int = 4500
    credentials: Credentials | None = None  # None: the psk, on both sides
    certificate_base: str = ""  # URL under which a certificate of ours is found by its SHA-1 in hexadecimal; with it
    # certificates are told, and looked up, by Hash and URL where the other side can (RFC 7296 3.6)
    eap: Eap | None = None  # what we prove ourselves by as the initiator, in place of certificate or psk
    expects_eap: Eap | None = None  # what the other side proves itself by where it is the initiator
    requests: tuple[int, ...] = ()  # families that we ask an internal address of (RFC 7296 2.19)
    pool: tuple[str, ...] = ()  # networks, one a family, that the other side is assigned addresses of
    childless: str = ""  # "never": as if RFC 6023 were unknown; "prefer": IKE_AUTH without a Child SA where it can be
    rsa_pss: bool = False  # sign by RSASSA-PSS also where that is not the implementation's own way
    rsa_sha1: bool = False  # RSA by the method 1, for a peer that does not know RFC 7427
    children: tuple[ChildSpec, ...] = (ChildSpec(),)

    @property
    def signs(self) -> bool:
        """We prove ourselves by a signature (RFC 7427), not by the shared key."""
        by_eap = self.eap is not None or self.expects_eap is not None and self.expects_eap.alone
        return self.credentials is not None and self.credentials.certificate is not None and not by_eap

    @property
    def expects_signature(self) -> bool:
        """The other side has to prove itself by a signature."""
        by_eap = self.expects_eap is not None or self.eap is not None and self.eap.alone
        return self.credentials is not None and bool(self.credentials.authorities) and not by_eap

    @property
    def shares_key(self) -> bool:
        """One of the two proves itself by the shared key."""
        by_eap = self.eap is not None or self.expects_eap is not None
        return not by_eap and not (self.signs and self.expects_signature)

    def child(self, name: str | None = None) -> ChildSpec:
        """The child of that name; without a name, the first."""
        if not self.children:
            raise KeyError(f"peer {self.name!r} has no child")
        if name is None:
            return self.children[0]
        for child in self.children:
            if child.name == name:
                return child
        known = ", ".join(c.name for c in self.children)
        raise KeyError(f"peer {self.name!r} has no child {name!r}, it has: {known}")


@dataclass(frozen=True)
class DaemonSpec:
    """What holds for the daemon as a whole, and the peers it knows."""

    peers: tuple[PeerSpec, ...]
    ike_port: int = 500
    natt_port: int = 4500
    cookie_threshold: int | None = None  # half-open IKE SAs from which on a COOKIE is asked for; 0: always
    puzzles: int | None = None
    """Zero bits of those that everybody is given (RFC 8019); whose address has two half-open IKE SAs already is served
    for a solution alone, and who has failed has one to solve before IKE_AUTH, too. None: the daemon's own choice."""
    half_open_max: int | None = None  # beyond it, requests are dropped
    half_open_timeout_ms: int | None = None
    flood_limits: bool = True  # False: whoever fails often from one address is no flood (RFC 7296 2.6, RFC 8019 4.2)
    delete_linger_ms: int | None = None  # how long a replaced inbound Child SA still opens packets
    mtu: int = 0  # of the inner interface; 0: the daemon's own choice
    quiet: bool = False
    """For who measures: no key log, nobody who listens to events, and no more in the log than that SAs came and went, as far
    as the daemon can be told so."""

    def peer(self, name: str | None = None) -> PeerSpec:
        """The peer of that name; without a name, the first."""
        for peer in self.peers:
            if name is None or peer.name == name:
                return peer
        known = ", ".join(p.name for p in self.peers) or "none"
        raise KeyError(f"no peer {name!r} is configured, only: {known}")


@dataclass(frozen=True)
class Endpoint:
    """An address and a UDP port."""

    address: str
    port: int


@dataclass(frozen=True)
class IkeSaStatus:
    """An IKE SA as one side sees it."""

    peer: str
    state: str  # "connecting", "established", "rekeying", "deleting", ...
    initiator: bool | None  # this side is its original initiator; None: this peer does not tell
    spi_i: int
    spi_r: int
    local: Endpoint
    remote: Endpoint
    local_id: str = ""
    remote_id: str = ""
    nat_local: bool | None = False  # None: this peer does not tell; stage/on_the_wire.py then asks the packets
    nat_remote: bool | None = False
    mobike: bool | None = None  # None: this peer does not tell
    fragmentation: bool | None = None  # the same
    udp_encapsulation: bool = False
    proposal: str = ""
    unique: str = ""  # the peer's own handle for it

    @property
    def spis(self) -> tuple[int, int]:
        """What identifies it on the wire: the same on both sides. 0 of who has not answered yet."""
        return self.spi_i, self.spi_r


@dataclass(frozen=True)
class ChildSaStatus:
    """A pair of ESP SAs as one side sees it."""

    peer: str
    child: str
    state: str  # "installed", "rekeying", "deleting", ...
    mode: Mode
    spi_in: int
    spi_out: int
    local_ts: tuple[str, ...]
    remote_ts: tuple[str, ...]
    proposal: str = ""
    esn: bool = False
    udp_encapsulation: bool = False
    local: str = ""
    remote: str = ""
    ike_sa: str = ""  # IkeSaStatus.unique
    unique: str = ""
    packets_in: int = field(default=0, compare=False)
    packets_out: int = field(default=0, compare=False)
    octets_in: int = field(default=0, compare=False)
    octets_out: int = field(default=0, compare=False)
    replayed: int | None = field(default=None, compare=False)  # None: this peer does not tell
    not_authentic: int | None = field(default=None, compare=False)

    def agreement(self) -> ChildAgreement:
        """What both sides must agree upon."""
        return ChildAgreement(
            self.mode, self.spi_in, self.spi_out, frozenset(map(whole, self.local_ts)),
            frozenset(map(whole, self.remote_ts))
        )

    def mirrored(self) -> ChildAgreement:
        """What the other side's `agreement()` must be: `a.agreement() == b.mirrored()`."""
        return self.agreement().mirrored()


@dataclass(frozen=True)
class ChildAgreement:
    """The part of a Child SA that both sides see alike, from one side's point of view."""

    mode: Mode
    spi_in: int
    spi_out: int
    local_ts: frozenset[str]
    remote_ts: frozenset[str]

    def mirrored(self) -> ChildAgreement:
        """The same seen from the other side."""
        return ChildAgreement(self.mode, self.spi_out, self.spi_in, self.remote_ts, self.local_ts)


@dataclass(frozen=True)
class PeerStatus:
    """Everything a peer says about its state at one moment."""

    ike_sas: tuple[IkeSaStatus, ...] = ()
    child_sas: tuple[ChildSaStatus, ...] = ()

    def established(self, peer: str | None = None) -> tuple[IkeSaStatus, ...]:
        """IKE SAs that are up and not on their way out."""
        return tuple(
            sa for sa in self.ike_sas if sa.state == "established" and peer in (None, sa.peer)
        )

    def installed(self, child: str | None = None) -> tuple[ChildSaStatus, ...]:
        """Child SAs that carry traffic now, of the named child or of all."""
        return tuple(
            sa for sa in self.child_sas if sa.state == "installed" and child in (None, sa.child)
        )


@dataclass(frozen=True)
class Event:
    """Something a peer told on its own accord. Names are those of docs/CONTROL.md."""

    name: str
    time_ns: int  # CLOCK_MONOTONIC when the harness read it
    peer: str = ""
    child: str = ""
    error: str = ""  # the notification's name, as in "NO_PROPOSAL_CHOSEN"
    reason: str = ""
    fields: dict[str, object] = field(default_factory=dict, compare=False)


def whole(selector: str) -> str:
    """A selector as all peers write it: one address with its prefix length. Ports and ranges stay as they are."""
    if "/" in selector or "[" in selector or "-" in selector:
        return selector
    return selector + ("/128" if ":" in selector else "/32")


def spi_text(spi: int, octets: int = 4) -> str:
    """An SPI in hexadecimal as docs/CONTROL.md writes it: 4 octets for ESP, 8 for IKE."""
    return f"{spi:0{2 * octets}x}"


def both_sides(
    client: PeerSpec, *, gateway_name: str = "client", **gateway: object
) -> tuple[PeerSpec, PeerSpec]:
    """The client's entry and the gateway's entry that matches it, with `gateway` fields replaced. What the gateway has
    instead of the client's credentials must be among them: nobody's private key is on both sides."""
    if client.credentials is not None and "credentials" not in gateway:
        raise ValueError("the other side needs credentials of its own: both_sides(..., credentials=...)")
    mirrored = replace(
        client,
        name=gateway_name,
        local_id=client.remote_id,
        remote_id=client.local_id,
        local_addresses=client.remote_addresses,
        remote_addresses=(),
        eap=client.expects_eap,
        expects_eap=client.eap,
        requests=(),
        children=tuple(child.mirrored() for child in client.children),
    )
    return client, replace(mirrored, **gateway)
