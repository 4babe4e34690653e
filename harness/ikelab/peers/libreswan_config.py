"""ipsec.conf and ipsec.secrets from the neutral description."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Sequence
from itertools import product

from ikelab.peers import libreswan_credentials as credentials
from ikelab.peers.contract import PeerUnsupported
from ikelab.peers.neutral import ChildSpec, DaemonSpec, Lifetime, PeerSpec, whole

GROUPS = {"x25519": "dh31", "ecp256": "dh19", "ecp384": "dh20", "ecp521": "dh21",
          "modp2048": "dh14", "modp3072": "dh15", "modp4096": "dh16"}
_START = {"never": "add", "traffic": "ondemand", "now": "start"}
DAY_S, SHIFT_S = 86400, 28800
# The kernel's soft limit is drawn by pluto: of an initiator from about 25 to 31 percent of the hard one, of a responder from
# about 43 to 50.
VOLUME_FACTOR, RESPONDERS_VOLUME_FACTOR = 4, 2
SETTLED_S = 3
PRIORITY = 1000  # of the first Child SA's policies: any number, and what is lower comes first


def seconds(ms: int) -> int:
    """Whole seconds are pluto's unit; what is shorter becomes one."""
    return math.ceil(ms / 1000)


def ipsec_conf(spec: DaemonSpec) -> str:
    """What holds for the daemon as a whole."""
    if (spec.ike_port, spec.natt_port) != (500, 4500):
        raise PeerUnsupported("pluto takes no other ports than 500 and 4500 for itself from ipsec.conf")
    unique = any(peer.replace_existing for peer in spec.peers)
    setup = ["nhelpers=0", "plutodebug=none", f"uniqueids={_yes(unique)}", *credentials.setup(spec)]
    if spec.peers:
        setup.append(f"keep-alive={max(seconds(spec.peers[0].keepalive_ms), 1)}")
    if spec.cookie_threshold is not None:
        setup += ["ddos-mode=busy"] if spec.cookie_threshold == 0 else [f"ddos-ike-threshold={spec.cookie_threshold}"]
    elif not spec.flood_limits:
        setup.append("ddos-mode=unlimited")
    if spec.half_open_max is not None:
        setup.append(f"max-halfopen-ike={spec.half_open_max}")
    return _block("config setup", setup)


def connections(spec: DaemonSpec, version: tuple[int, ...], addresses: Sequence[str]) -> str:
    """Another file: pluto reads the first one by itself at its start, and says nothing when that has ended.
    `addresses`: the host's outer ones."""
    first = {ipaddress.ip_address(address).version: address for address in reversed(addresses)}
    text = _block("config setup", [])
    for peer in spec.peers:
        for child in peer.children:
            for family in _families_of(peer, sorted(first)):
                text += _block(f"conn {connection_name(peer, child, family)}",
                               _connection(peer, child, version, family, first.get(family, "%defaultroute")))
    return text


def connection_name(peer: PeerSpec, child: ChildSpec, family: int) -> str:
    """One of pluto's connections carries one Child SA."""
    return f"{peer.name}_{child.name}_v{family}"


def names(spec: DaemonSpec, families: Sequence[int]) -> dict[str, tuple[str, str]]:
    """Which peer and child a connection's name stands for."""
    return {connection_name(peer, child, family): (peer.name, child.name)
            for peer in spec.peers for child in peer.children for family in _families_of(peer, families)}


def secrets(spec: DaemonSpec) -> str:
    """ipsec.secrets."""
    lines = []
    for peer in spec.peers:
        if not peer.shares_key:
            continue
        key = peer.psk if peer.psk.startswith("0x") else f'"{peer.psk}"'
        # A name with a space would be two names here, and pluto would ask DNS for the second one.
        remote = "%any" if " " in peer.remote_id else _owner(peer.remote_id)
        lines.append(f"{_owner(peer.local_id)} {remote} : PSK {key}\n")
    return "".join(lines)


def identity(text: str) -> str:
    """Our way to write an identity (ref/sa/config.h) as Libreswan's."""
    if text in ("", "any"):
        return "%fromcert" if text == "cert" else "%any"
    if text.startswith("key:"):
        return f'"@[{text[4:]}]"' if " " in text else f"@[{text[4:]}]"
    if text.startswith("dn:"):
        return f'"{text[3:]}"'
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        name = text if "@" in text else f"@{text}"
        return f'"{name}"' if " " in name else name


def ike_algorithms(proposals: Sequence[str]) -> str:
    """ike= from our proposals."""
    found = []
    for proposal in proposals:
        ciphers, hashes, groups = [], [], []
        for word in proposal.split("-"):
            if word in GROUPS:
                groups.append(GROUPS[word])
            elif word.startswith(("prfsha", "sha")):
                name = _hash(word.removeprefix("prf"))
                if name not in hashes:
                    hashes.append(name)
            elif word.startswith(("aes", "chacha")):
                ciphers.append(_cipher(word))
            else:
                raise PeerUnsupported(f"Libreswan has no {word!r} for IKE")
        found += ["-".join(one) for one in product(ciphers, hashes, groups)]
    return ",".join(found)


def esp_algorithms(proposals: Sequence[str]) -> tuple[str, str, bool]:
    """esp=, esn= and whether a rekey makes a new key exchange."""
    found, esn, groups_seen = [], set(), set()
    for proposal in proposals:
        ciphers, hashes, groups, own_esn = [], [], [], set()
        for word in proposal.split("-"):
            if word in GROUPS:
                groups.append(GROUPS[word])
            elif word in ("esn", "noesn"):
                own_esn.add(word)
            elif word.startswith("sha"):
                hashes.append(_hash(word))
            elif word.startswith(("aes", "chacha")) or word == "null":
                ciphers.append(_cipher(word))
            else:
                raise PeerUnsupported(f"Libreswan has no {word!r} for ESP")
        groups_seen |= set(groups or [""])
        esn |= own_esn or {"noesn"}
        for cipher, hashed, group in product(ciphers, hashes or [""], groups or [""]):
            found.append(cipher + (f"-{hashed}" if hashed else "") + (f";{group}" if group else ""))
    if len(groups_seen) > 1:
        raise PeerUnsupported("pluto takes one key exchange method for all proposals of a Child SA, or none")
    both = {True: "either", False: "yes" if "esn" in esn else "no"}[len(esn) == 2]
    return ",".join(found), both, groups_seen not in (set(), {""})


def _hash(word: str) -> str:
    return word if word == "sha1" else f"sha2_{word.removeprefix('sha')}"


def _cipher(word: str) -> str:
    if word == "chacha20poly1305":
        return "chacha20_poly1305"
    if word.endswith("gcm16"):
        return "aes_gcm" + word.removeprefix("aes").removesuffix("gcm16")
    return word


def _connection(peer: PeerSpec, child: ChildSpec, version: tuple[int, ...], family: int,
                address: str) -> list[str]:
    if (peer.remote_port, peer.remote_natt_port) != (500, 4500):
        raise PeerUnsupported("Libreswan is told no other ports of the peer here than 500 and 4500")
    if peer.fragment_size:
        raise PeerUnsupported("Libreswan cannot be told how large its fragments may be")
    esp, esn, pfs = esp_algorithms(child.proposals)
    algorithms = [f"ike={ike_algorithms(peer.proposals)}"] if peer.proposals else []
    algorithms += [f"esp={esp}", f"esn={esn}", f"pfs={_yes(pfs)}"] if child.proposals else []
    remote = peer.remote_addresses[0] if peer.remote_addresses else "%any"
    # MOBIKE's initiator has to leave the choice to the routes; for IPv6 a responder must not.
    local = peer.local_addresses[0] if peer.local_addresses else "%defaultroute" if peer.remote_addresses else address
    lines = [
        f"hostaddrfamily=ipv{family}", f"left={local}", f"leftid={identity(peer.local_id)}",
        f"right={remote}", f"rightid={identity(peer.remote_id)}",
        *_selectors("left", child.local_ts, version), *_selectors("right", child.remote_ts, version),
        *credentials.connection(peer), f"type={child.mode}", *algorithms,
        f"mobike={_yes(peer.mobike and child.mode == 'tunnel')}",
        f"encapsulation={'yes' if peer.force_encapsulation else 'auto'}", f"fragmentation={_yes(peer.fragmentation)}",
        # What may be narrowed is a template to pluto, and no packet starts a template.
        f"narrowing={_yes(child.start == 'never')}",
        f"initial-contact={_yes(peer.initial_contact)}", f"replay-window={child.replay_window}",
        f"retransmit-interval={peer.retransmission.timeout_ms}", f"retransmit-timeout={_patience_ms(peer)}ms",
        # Without that word 4.10 waits for its shell script with every SA, and answers nobody meanwhile.
        f"auto={_START[child.start]}", "leftupdown=%disabled", *_lifetimes(peer, child),
    ]
    if len(peer.children) > 1 and child.start == "traffic":
        lines.append(f"priority={PRIORITY + peer.children.index(child)}")  # else the narrower one is first
    if version >= (5,):
        lines += ["keyexchange=ikev2", f"encap-dscp={_yes(child.copy_dscp)}"]
    else:
        # Else it begins anew for ever with who has refused it.
        lines += ["ikev2=insist", *(["keyingtries=1"] if child.start == "never" else [])]
    if peer.liveness_ms:
        lines.append(f"dpddelay={seconds(peer.liveness_ms)}")
        if version < (5,):
            lines += [f"dpdtimeout={max(seconds(_patience_ms(peer)), 1)}", "dpdaction=clear"]
    return lines


def _selectors(side: str, selectors: Sequence[str], version: tuple[int, ...]) -> list[str]:
    if not selectors:
        return []
    for selector in selectors:
        if "[" in selector or ("-" in selector and "/" not in selector):
            raise PeerUnsupported(f"Libreswan's adapter cannot say the selector {selector!r}")
    if len(selectors) > 1 and version < (5,):
        raise PeerUnsupported("Libreswan before 5.0 has one selector on each side of a Child SA")
    return [f"{side}subnet={','.join(map(whole, selectors))}"]  # without its length 4.10 overlooks an address


def _lifetimes(peer: PeerSpec, child: ChildSpec) -> list[str]:
    """One margin serves both SAs of a connection: that of the one that has a limit, the Child SA's first."""
    both = [(_soft(life), seconds(life.hard_ms)) for life in (child.lifetime, peer.lifetime)]
    if not peer.remote_addresses and any(soft and 2 * soft < hard for soft, hard in both):
        raise PeerUnsupported("as the responder pluto rekeys in the second half of an SA's lifetime only")
    margin = next((max(hard - soft, 1) if hard else max(soft // 10, 1) for soft, hard in both if soft), 0)
    whole = margin
    if margin and not peer.remote_addresses:
        # A responder takes half of it, and half of one second would be none: the SA would end without a rekey.
        margin = max(margin, min(2, *(soft + margin - 1 for soft, _ in both if soft)))
    lines = ["rekeyfuzz=0%"] + ([f"rekeymargin={margin}"] if margin else [])
    for name, default, (soft, hard) in zip(("salifetime", "ikelifetime"), (SHIFT_S, DAY_S), both):
        lines.append(f"{name}={soft + whole if soft else hard or default}s")
    life = child.lifetime
    for name, soft, hard in (("bytes", life.rekey_octets, life.hard_octets),
                             ("packets", life.rekey_packets, life.hard_packets)):
        late = not peer.remote_addresses and 0 < hard < soft * VOLUME_FACTOR  # a responder would be past the hard limit
        if soft or hard:
            lines.append(f"ipsec-max-{name}={soft * (RESPONDERS_VOLUME_FACTOR if late else VOLUME_FACTOR) if soft else hard}")
    return lines


def _soft(life: Lifetime) -> int:
    """pluto keeps what it has replaced for a second more: with less than SETTLED_S there would never be one SA alone."""
    soft, hard = seconds(life.rekey_ms), seconds(life.hard_ms)
    return max(soft, min(SETTLED_S, hard - 1) if hard else SETTLED_S) if soft else 0


def _patience_ms(peer: PeerSpec) -> int:
    """How long pluto sends copies: after 1, 2, 4, 8 times the timeout, whatever the backoff was to be. It gives up when
    the copy would be due that is one too many: its timers may be late, and are never early."""
    return peer.retransmission.timeout_ms * 2 ** (max(peer.retransmission.tries, 1) - 1)


def _families_of(peer: PeerSpec, families: Sequence[int]) -> list[int]:
    addresses = [*peer.remote_addresses, *peer.local_addresses]
    if addresses:
        return [ipaddress.ip_address(addresses[0]).version]
    return list(families)


def _owner(text: str) -> str:
    return "%any" if text in ("", "any") else identity(text)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _block(head: str, lines: Sequence[str]) -> str:
    return head + "\n" + "".join(f"    {line}\n" for line in lines) + "\n"
