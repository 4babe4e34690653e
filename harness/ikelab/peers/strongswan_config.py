"""The neutral description in strongSwan's words: strongswan.conf as text, the rest as VICI messages."""

from __future__ import annotations

import math

from ikelab.peers import strongswan_credentials as credentials
from ikelab.peers import strongswan_keys as key_log
from ikelab.peers.contract import PeerUnsupported, algorithm_needs
from ikelab.peers.neutral import ChildSpec, DaemonSpec, PeerSpec

# Only what an IKEv2 daemon with shared keys and user-space ESP needs: every plugin costs start-up time.
# kernel-libipsec stands before kernel-netlink, which then only serves addresses and routes.
PLUGINS = "random nonce openssl kdf kernel-libipsec kernel-netlink socket-default vici"

# What a scenario's directory is called inside the daemon's root.
LAB = "/run/lab"

ANY_ADDRESS = {4: "0.0.0.0", 6: "::"}
_START = {"never": "none", "traffic": "trap", "now": "start"}


def seconds(milliseconds: int) -> int:
    """strongSwan's timers count whole seconds; a shorter interval becomes one second, never "off"."""
    return math.ceil(milliseconds / 1000)


def daemon_conf(spec: DaemonSpec, raw_esp: bool, source_tables: tuple[int, ...] = ()) -> str:
    """strongswan.conf. `raw_esp`: this version knows protocol 50 in user space (since 5.9.11).
    `source_tables`: routing tables that the host asks only for some source addresses."""
    retransmission = spec.peers[0].retransmission if spec.peers else None
    lines = [
        " ".join(["load =", PLUGINS, *rare_plugins(spec), credentials.plugins(spec)]).rstrip(),
        f"port = {spec.ike_port}",
        f"port_nat_t = {spec.natt_port}",
        "threads = 16",
        f"fragment_size = {_fragment_size(spec)}",
        "max_packet = 32768",  # chains of certificates can be larger than its default
        "dos_protection = yes",
        "retry_initiate_interval = 0",
        "make_before_break = yes",  # the default since 6.0 only
        "install_virtual_ip = no",
        # A client whose default route moves shall move with it, though its old address still works.
        "prefer_best_path = yes",
        # Many IKE SAs from one address are the lab's ordinary case, not an attack. (0 would mean 1 here.)
        "block_threshold = 65536",
        "cookie_threshold_ip = 0",
    ]
    if source_tables:
        # charon reads all tables and heeds no rules, so it would take these for everybody's.
        lines.append(f"ignore_routing_tables = {' '.join(str(table) for table in source_tables)}")
    if retransmission is not None:
        _same_retransmission(spec)
        lines += [
            f"retransmit_timeout = {retransmission.timeout_ms / 1000:g}",
            f"retransmit_base = {retransmission.backoff:g}",
            # strongSwan counts the copies after the first.
            f"retransmit_tries = {max(retransmission.tries - 1, 0)}",
            f"retransmit_limit = {seconds(retransmission.timeout_max_ms)}",
            f"keep_alive = {seconds(spec.peers[0].keepalive_ms)}",
        ]
    if any(peer.rsa_pss for peer in spec.peers):
        lines.append("rsa_pss = yes")
    if spec.cookie_threshold is not None:
        lines.append(f"cookie_threshold = {spec.cookie_threshold}")
    elif not spec.flood_limits:
        lines.append("cookie_threshold = 0")  # never
    if spec.half_open_max is not None:
        lines.append(f"init_limit_half_open = {spec.half_open_max}")
    if spec.half_open_timeout_ms is not None:
        lines.append(f"half_open_timeout = {seconds(spec.half_open_timeout_ms)}")
    if any(peer.certificate_base for peer in spec.peers):
        lines.append("hash_and_url = yes")
    if spec.delete_linger_ms is not None:
        lines.append(f"delete_rekeyed_delay = {seconds(spec.delete_linger_ms)}")
    libipsec = ["allow_peer_ts = yes"] + (["raw_esp = yes"] if raw_esp else [])
    return _block(
        "charon",
        lines,
        _block("plugins", [], _block("vici", [f"socket = unix://{LAB}/vici"]),
               _block("kernel-libipsec", libipsec)),
        _block("filelog", [], *_logs(spec)),
        _block("syslog", [], _block("daemon", ["default = -1"])),
    )


def _logs(spec: DaemonSpec) -> list[str]:
    log = [f"path = {LAB}/charon.log", "time_format = %H:%M:%S", "time_add_ms = yes", "flush_line = yes"]
    if spec.quiet:
        return [_block("lab", [*log, "default = 0"])]  # its lowest level: SAs that come and go
    return [_block("lab", [*log, "default = 1", "ike = 2", "knl = 2", "esp = 1"]),
            _block("keys", [f"path = {LAB}/keys.log", *key_log.LEVELS])]


def rare_plugins(spec: DaemonSpec) -> list[str]:
    """Plugins with algorithms that few proposals name."""
    asked = [name for peer in spec.peers for name in algorithm_needs(peer)]
    plugins = {"prf-aes": ["cmac", "xcbc"], "integrity-aes-xcbc": ["xcbc"], "ike-aes-ccm": ["ccm"], "esp-aes-ccm": ["ccm"]}
    return sorted({plugin for name in asked for plugin in plugins.get(name, [])})


def _fragment_size(spec: DaemonSpec) -> int:
    sizes = {peer.fragment_size for peer in spec.peers} or {0}
    if len(sizes) > 1:
        raise PeerUnsupported("charon has one size of fragments for all peers")
    return sizes.pop() or 1280


def connection(peer: PeerSpec) -> dict[str, object]:
    """One section of VICI's load-conn."""
    if peer.remote_natt_port != 4500:
        raise PeerUnsupported("strongSwan cannot be told another port than 4500 for the peer's NAT traversal")
    local, remote = credentials.authentication(peer)
    section: dict[str, object] = {
        "version": 2,
        "local_addrs": list(peer.local_addresses) or ["%any"],
        "remote_addrs": list(peer.remote_addresses) or ["%any"],
        "remote_port": peer.remote_port,
        "proposals": list(peer.proposals) or ["default"],
        "mobike": peer.mobike,
        "encap": peer.force_encapsulation,
        "fragmentation": "yes" if peer.fragmentation else "no",
        "send_cert": "always",  # a peer that knows its authorities may not ask (RFC 7296 3.7)
        "dpd_delay": seconds(peer.liveness_ms),
        "keyingtries": 1,
        "unique": _unique(peer),
        "rekey_time": seconds(peer.lifetime.rekey_ms),
        "over_time": _over(peer.lifetime.rekey_ms, peer.lifetime.hard_ms),
        "rand_time": seconds(peer.lifetime.jitter_ms),
        "vips": [ANY_ADDRESS[family] for family in peer.requests],
        "pools": [pool_name(peer, number) for number in range(len(peer.pool))],
        "local-1": {**local, "id": identity(peer.local_id)},
        "remote-1": {**remote, "id": identity(peer.remote_id)},
        "children": {child.name: child_section(child) for child in peer.children},
    }
    if len(peer.children) > 1:  # the first that fits decides; without a word charon takes the narrowest
        for number, one in enumerate(section["children"].values(), 1):  # type: ignore[attr-defined]
            one["priority"] = number
    if peer.childless:
        section["childless"] = peer.childless
    return {peer.name: section}


def pools(peer: PeerSpec) -> dict[str, object]:
    """VICI's load-pool, one message a pool."""
    return {pool_name(peer, number): {"addrs": network} for number, network in enumerate(peer.pool)}


def pool_name(peer: PeerSpec, number: int) -> str:
    return f"{peer.name}-{number}"


def child_section(child: ChildSpec) -> dict[str, object]:
    """One child of a connection."""
    life = child.lifetime
    section: dict[str, object] = {
        "mode": child.mode,
        "esp_proposals": list(child.proposals) or ["default"],
        "local_ts": list(child.local_ts) or ["dynamic"],
        "remote_ts": list(child.remote_ts) or ["dynamic"],
        "start_action": _START[child.start],
        "close_action": "none",
        "dpd_action": "restart" if child.start == "now" else "clear",
        "updown": "",
        "replay_window": child.replay_window,
        "copy_dscp": "out" if child.copy_dscp else "no",
        "copy_ecn": child.ecn,
        "rekey_time": seconds(life.rekey_ms),
        "rand_time": seconds(life.jitter_ms),
        "rekey_bytes": life.rekey_octets,
        "rekey_packets": life.rekey_packets,
        "rand_bytes": 0,
        "rand_packets": 0,
        "life_bytes": life.hard_octets,
        "life_packets": life.hard_packets,
    }
    if life.hard_ms:
        section["life_time"] = seconds(life.hard_ms)
    return section


def shared_secret(peer: PeerSpec) -> dict[str, object]:
    """VICI's load-shared."""
    owners = [identity(i) for i in (peer.local_id, peer.remote_id) if i not in ("", "any")]
    return {"id": peer.name, "type": "IKE", "data": psk_octets(peer.psk), "owners": owners}


def psk_octets(psk: str) -> bytes:
    """The key itself: text, or 0x and hexadecimal digits."""
    if psk.startswith("0x"):
        return bytes.fromhex(psk[2:])
    return psk.encode()


def identity(text: str) -> str:
    """Our way to write an identity (ref/sa/config.h) as strongSwan's."""
    if text in ("", "any"):
        return "%any"
    if text.startswith("key:"):
        return "keyid:" + text[4:]
    if text.startswith("dn:"):
        return text[3:]
    return text


def _unique(peer: PeerSpec) -> str:
    """INITIAL_CONTACT hangs on the uniqueness policy: "never" neither sends nor heeds it."""
    if not peer.initial_contact:
        return "never"
    return "replace" if peer.replace_existing else "no"


def _over(soft_ms: int, hard_ms: int) -> int:
    """strongSwan counts the hard limit of an IKE SA from the soft one; its default is 10 % of it."""
    if hard_ms > soft_ms:
        return max(seconds(hard_ms) - seconds(soft_ms), 1)
    return max(seconds(soft_ms) // 10, 1)


def _same_retransmission(spec: DaemonSpec) -> None:
    first = spec.peers[0]
    for other in spec.peers[1:]:
        if (other.retransmission, other.keepalive_ms) != (first.retransmission, first.keepalive_ms):
            raise PeerUnsupported(
                "strongSwan has one retransmission and keepalive interval for all peers: "
                f"give {first.name!r} and {other.name!r} the same"
            )


def _block(name: str, lines: list[str], *inner: str) -> str:
    body = "".join(f"{line}\n" for line in lines) + "".join(inner)
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    return f"{name} {{\n{indented}}}\n"
