"""iked.conf from the neutral description."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Sequence

from ikelab.peers import openiked_credentials as credentials
from ikelab.peers.contract import PeerUnsupported
from ikelab.peers.neutral import ChildSpec, DaemonSpec, PeerSpec

GROUPS = {"x25519": "curve25519", "ecp256": "ecp256", "ecp384": "ecp384", "ecp521": "ecp521",
          "modp2048": "modp2048", "modp3072": "modp3072", "modp4096": "modp4096"}
REKEYS_AT = 0.9  # iked starts a rekey after 85 to 95 percent of a lifetime


def iked_conf(spec: DaemonSpec, addresses: Sequence[str]) -> str:
    """The whole file. `addresses`: the host's outer ones."""
    if spec.ike_port != 500:
        raise PeerUnsupported("iked listens on port 500, and cannot be told another")
    peers = spec.peers
    lines = [f"set {'' if all(peer.mobike for peer in peers) else 'no'}mobike", 
             f"set {'' if all(peer.fragmentation for peer in peers) else 'no'}fragmentation"]
    if any(peer.replace_existing for peer in peers):
        lines.append("set enforcesingleikesa")
    liveness = max((peer.liveness_ms for peer in peers), default=0)
    lines.append(f"set dpd_check_interval {_seconds(liveness)}")
    return "\n".join([*lines, *(policy(peer, addresses) for peer in peers)]) + "\n"


def policy(peer: PeerSpec, addresses: Sequence[str]) -> str:
    """One peer: an IKE SA with one Child SA."""
    if len(peer.children) != 1:
        raise PeerUnsupported("iked has one Child SA for all flows of a policy, and one policy for a peer")
    if peer.fragment_size:
        raise PeerUnsupported("iked cannot be told how large its fragments may be")
    child = peer.children[0]
    words = ["ikev2", f'"{peer.name}"', "active" if peer.remote_addresses and child.start == "now" else "passive", child.mode, "esp"]
    words += [word for pair in _flows(peer, child, addresses) for word in ("from", pair[0], "to", pair[1])]
    words += ["local", local_address(peer, addresses)]
    words += ["peer", peer.remote_addresses[0] if peer.remote_addresses else "any"]
    for proposal in peer.proposals:
        words += ["ikesa", *_transforms(proposal, ike=True)]
    for proposal in installable(child.proposals):
        words += ["childsa", *_transforms(proposal, ike=False)]
    words += ["srcid", f'"{identity(peer.local_id)}"']
    if peer.remote_id not in ("", "any"):
        words += ["dstid", f'"{identity(peer.remote_id)}"']
    life = child.lifetime
    words += ["ikelifetime", str(_lifetime(peer.lifetime.rekey_ms / 1000))]
    words += ["lifetime", str(_lifetime(life.rekey_ms / 1000) or _seconds(life.hard_ms)),
              "bytes", str(_lifetime(life.rekey_octets) or life.hard_octets)]
    return " ".join([*words, *credentials.words(peer)])


def identity(text: str) -> str:
    """Our way to write an identity (ref/sa/config.h) as iked's."""
    if text.startswith("key:"):
        raise PeerUnsupported("iked sends identities of type ASN1_DN, FQDN, address and RFC 822 only")
    if text.startswith("dn:"):
        return "/" + "/".join(part.strip() for part in text[3:].split(","))
    return text


def local_address(peer: PeerSpec, addresses: Sequence[str]) -> str:
    """Who starts has to name its address; "any" for who only answers."""
    if peer.local_addresses or not peer.remote_addresses:
        return peer.local_addresses[0] if peer.local_addresses else "any"
    family = ipaddress.ip_address(peer.remote_addresses[0]).version
    return next((one for one in addresses if ipaddress.ip_address(one).version == family), "any")


def _flows(peer: PeerSpec, child: ChildSpec, addresses: Sequence[str]) -> list[tuple[str, str]]:
    """Every local selector with every remote one of its family; in transport mode the two ends."""
    found = []
    if child.mode == "transport":
        return [ends(peer, addresses)]
    for local in child.local_ts:
        for remote in child.remote_ts:
            if "[" in local + remote or "-" in local + remote:
                raise PeerUnsupported(f"iked's adapter cannot say the selectors {local} and {remote}")
            if ipaddress.ip_network(local).version == ipaddress.ip_network(remote).version:
                found.append((local, remote))
    return found


def installable(proposals: Sequence[str]) -> list[str]:
    """Of the proposals for ESP, what iked can install on Linux: it agrees to the others as well, and then ends the IKE SA
    without a word. PF_KEY has no AEAD there, and iked as Debian builds it no HMAC-SHA-256-128 for ESP."""
    found = []
    for proposal in proposals:
        parts = [word for word in proposal.split("-") if word != "sha256"]
        if any(word.startswith("sha") for word in parts) and not any("gcm" in word or "chacha" in word for word in parts):
            found.append("-".join(parts))
    return found


def ends(peer: PeerSpec, addresses: Sequence[str]) -> tuple[str, str]:
    """What transport mode protects: our address and the peer's."""
    if not peer.remote_addresses:
        raise PeerUnsupported("a policy of iked's in transport mode names both ends, and a responder knows its own only")
    if ":" in peer.remote_addresses[0]:
        raise PeerUnsupported("iked does not find its policy in transport mode when the kernel asks for an SA by IPv6")
    return local_address(peer, addresses), peer.remote_addresses[0]


def _transforms(proposal: str, ike: bool) -> list[str]:
    words, hashes, aead = [], [], False
    parts = proposal.split("-")
    for word in parts:
        if word in GROUPS:
            words += ["group", GROUPS[word]]
        elif word == "chacha20poly1305" and not ike:
            words, aead = [*words, "enc", "chacha20-poly1305"], True
        elif word == "null" and not ike:
            words += ["enc", "null"]
        elif word.startswith("aes"):
            size = word.removeprefix("aes").removesuffix("gcm16")
            aead |= word.endswith("gcm16")
            words += ["enc", f"aes-{size}-gcm" if word.endswith("gcm16") else f"aes-{size}"]
        elif word.startswith(("prfsha", "sha")):
            size = word.removeprefix("prf").removeprefix("sha")
            hashes.append((word.startswith("prf"), "hmac-sha1" if size == "1" else f"hmac-sha2-{size}"))
        elif word in ("esn", "noesn") and not ike:
            words.append(word)
        else:
            raise PeerUnsupported(f"iked has no {word!r} for {'IKE' if ike else 'ESP'}")
    prfs = [name for is_prf, name in hashes if is_prf] or [name for _, name in hashes]
    for is_prf, name in hashes:
        if not is_prf and not aead:
            words += ["auth", name]
    if ike:
        words += [word for name in dict.fromkeys(prfs) for word in ("prf", name)]
    elif not {"esn", "noesn"} & set(parts):
        words.append("noesn")
    return words


def _lifetime(soft: float) -> int:
    """At least 2: iked's soft limit is a whole number below the hard one."""
    return max(math.ceil(soft / REKEYS_AT), 2) if soft else 0


def _seconds(ms: int) -> int:
    return math.ceil(ms / 1000)
