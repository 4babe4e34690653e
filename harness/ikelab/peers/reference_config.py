"""The neutral description as ikeref's configuration file (docs/ikeref.conf.example)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from ikelab.peers.neutral import ChildSpec, DaemonSpec, Lifetime, PeerSpec, Retransmission

# Relative to the daemon's working directory: the paths of scenarios are too long for a Unix socket's address.
CONTROL_SOCKET = "run/control.sock"  # in a directory that the daemon makes, and so may empty as another user
KEY_LOG = "keys"
NEVER = 4096  # half-open IKE SAs: as many as there may be


def daemon_conf(spec: DaemonSpec, interface: str = "ikeref0", directory: Path = Path(), data_plane: str = "tun") -> str:
    """The whole file. `directory`: where the daemon runs."""
    lines = [
        f'data-plane = "{data_plane}"',
        *([f'offload = "{offload}"'] if (offload := os.environ.get("IKELAB_OFFLOAD")) else []),
        f'interface = "{interface}"',
        f'control-socket = "{CONTROL_SOCKET}"',
        *([] if spec.quiet else [f'key-log = "{KEY_LOG}"']),
        f"ike-port = {spec.ike_port}",
        f"natt-port = {spec.natt_port}",
    ]
    if spec.puzzles is not None:
        lines += ["cookie-threshold = 0", "puzzle-threshold = 0", f"puzzle-difficulty = {spec.puzzles}",
                  "prefix-half-open = 0", "prefix-half-open-max = 2", "prefix-failures = 1"]
    elif spec.cookie_threshold is not None:
        lines.append(f"cookie-threshold = {spec.cookie_threshold}")
    elif not spec.flood_limits:
        lines.append(f"cookie-threshold = {NEVER}")
    if spec.half_open_max is not None:
        lines.append(f"half-open-max = {spec.half_open_max}")
    if spec.half_open_timeout_ms is not None:
        lines.append(f'half-open-timeout = "{spec.half_open_timeout_ms}ms"')
    if not spec.flood_limits and spec.puzzles is None:
        lines += ["prefix-half-open = 0", "prefix-half-open-max = 0", "prefix-failures = 0"]
    if spec.delete_linger_ms is not None:
        lines.append(f'delete-linger = "{spec.delete_linger_ms}ms"')
    if spec.mtu:
        lines.append(f"mtu = {spec.mtu}")
    return "\n".join(lines) + "\n" + "".join(peer_block(peer, directory) for peer in spec.peers)


def peer_block(peer: PeerSpec, directory: Path = Path()) -> str:
    """One peer with its children."""
    retransmission = peer.retransmission
    lines = [
        f"address = {_list(peer.remote_addresses or ('any',))}",
        f"local-id = {_quoted(peer.local_id)}",
        f"remote-id = {_quoted(peer.remote_id or 'any')}",
        *_authentication(peer, directory),
        *([f"proposals = {_list(peer.proposals)}"] if peer.proposals else []),
        f"remote-port = {peer.remote_port}",
        f"remote-natt-port = {peer.remote_natt_port}",
        f"mobike = {_truth(peer.mobike)}",
        f"fragmentation = {_truth(peer.fragmentation)}",
        f'liveness = "{peer.liveness_ms}ms"',
        f'keepalive = "{peer.keepalive_ms}ms"',
        f'encapsulation = "{"always" if peer.force_encapsulation else "auto"}"',
        f'retransmit-timeout = "{retransmission.timeout_ms}ms"',
        f'retransmit-timeout-max = "{longest_timeout_ms(retransmission)}ms"',
        f"retransmit-backoff = {round(retransmission.backoff * 100)}",
        f"retransmit-tries = {retransmission.tries}",
        *_times(peer.lifetime),
        f"initial-contact = {_truth(peer.initial_contact)}",
        f"replace-existing = {_truth(peer.replace_existing)}",
    ]
    if peer.fragment_size:
        lines.append(f"fragment-size = {peer.fragment_size}")
    if peer.local_addresses:
        lines.insert(1, f"local-address = {_list(peer.local_addresses)}")
    return _block("peer", peer.name, lines, [child_block(child) for child in peer.children])


def child_block(child: ChildSpec) -> str:
    """One child of a peer."""
    life = child.lifetime
    lines = [
        f'mode = "{child.mode}"',
        *([f"proposals = {_list(child.proposals)}"] if child.proposals else []),
        *_times(life),
        f'rekey-octets = "{life.rekey_octets}"',
        f'lifetime-octets = "{life.hard_octets}"',
        f"rekey-packets = {life.rekey_packets}",
        f"lifetime-packets = {life.hard_packets}",
        f'start = "{child.start}"',
        f"replay-window = {child.replay_window}",
        f"dscp = {_truth(child.copy_dscp)}",
        f"ecn = {_truth(child.ecn)}",
        *([f'df = "{child.df}"'] if child.df != "copy" else []),
    ]
    if child.local_ts:
        lines.insert(1, f"local = {_list(child.local_ts)}")
    if child.remote_ts:
        lines.insert(2, f"remote = {_list(child.remote_ts)}")
    return _block("child", child.name, lines, [])


def _authentication(peer: PeerSpec, directory: Path) -> list[str]:
    """The key that is shared, where one of the two sides proves itself by it; certificates for who does not."""
    lines = [f"psk = {_psk(peer.psk)}"] if peer.shares_key else []
    if peer.credentials is None:
        return lines

    def path(file: Path) -> str:
        return os.path.relpath(file, directory)

    if peer.credentials.certificate is not None and peer.credentials.private_key is not None:
        lines += [f"certificate = {_quoted(path(peer.credentials.certificate))}",
                  f"private-key = {_quoted(path(peer.credentials.private_key))}"]
    if peer.credentials.authorities:
        lines.append(f"authorities = {_list(path(file) for file in peer.credentials.authorities)}")
    if peer.rsa_sha1:
        lines.append("rsa-sha1 = true")
    return lines


def longest_timeout_ms(retransmission: Retransmission) -> int:
    """The cap, or without one what the backoff reaches by itself."""
    if retransmission.timeout_max_ms:
        return max(retransmission.timeout_max_ms, retransmission.timeout_ms)
    return int(retransmission.timeout_ms * retransmission.backoff**retransmission.tries) + 1


def _times(lifetime: Lifetime) -> list[str]:
    lines = [f'rekey = "{lifetime.rekey_ms}ms"', f'lifetime = "{lifetime.hard_ms}ms"']
    if lifetime.rekey_ms:
        lines.append(f'jitter = "{lifetime.jitter_ms}ms"')
    return lines


def _block(kind: str, name: str, lines: list[str], inner: list[str]) -> str:
    body = "".join(f"    {line}\n" for text in [*lines, *inner] for line in text.splitlines())
    return f"{kind} {_quoted(name)} {{\n{body}}}\n"


def _quoted(text: str) -> str:
    if not text.isprintable():
        raise ValueError(f"{text!r} cannot stand in a configuration file")
    return '"' + re.sub(r'([\\"$])', r"\\\1", text) + '"'


def _psk(psk: str) -> str:
    """As it is when that is unmistakable, else in hexadecimal."""
    if psk.startswith("0x") or re.fullmatch(r"[A-Za-z0-9 ._-]+", psk):
        return _quoted(psk)
    return f'"0x{psk.encode().hex()}"'


def _list(items: Iterable[str]) -> str:
    return "{" + ", ".join(_quoted(item) for item in items) + "}"


def _truth(value: bool) -> str:
    return "true" if value else "false"
