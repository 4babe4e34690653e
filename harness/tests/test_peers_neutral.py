"""The neutral description, and what each adapter makes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ikelab.peers import reference, reference_config, strongswan_config, strongswan_status
from ikelab.peers.contract import CAPABILITIES, REMOTE_ACCESS, PeerUnsupported
from ikelab.peers.neutral import (
    ChildSaStatus,
    ChildSpec,
    DaemonSpec,
    Lifetime,
    PeerSpec,
    Retransmission,
    both_sides,
    spi_text,
)
from ikelab.peers.strongswan import BEFORE_5_9_11, LIBIPSEC_LACKS, StrongSwan
from ikelab.peers.strongswan_probe import PROBES

CLIENT = PeerSpec(
    "gateway", "client.example", "gateway.example", "secret",
    local_addresses=("192.0.2.1",), remote_addresses=("192.0.2.2",),
    lifetime=Lifetime(rekey_ms=3000, hard_ms=5000),
    retransmission=Retransmission(250, 1.5, 4), liveness_ms=400,
    children=(ChildSpec("net", local_ts=("10.1.0.0/24",), remote_ts=("10.2.0.0/24",)),),
)


def strongswan(tmp_path: Path, version: str) -> StrongSwan:
    return StrongSwan(tmp_path, f"strongswan-{version}", tmp_path / "root", f"{version}-1")


def test_both_sides_mirror_each_other() -> None:
    client, gateway = both_sides(CLIENT, psk="other")
    assert (gateway.local_id, gateway.remote_id) == ("gateway.example", "client.example")
    assert gateway.child().local_ts == client.child().remote_ts
    assert gateway.remote_addresses == ()
    assert (client.psk, gateway.psk) == ("secret", "other")


def test_a_child_sa_agrees_with_its_mirror_only() -> None:
    ours = ChildSaStatus("g", "net", "installed", "tunnel", 1, 2, ("10.1.0.0/24",), ("10.2.0.0/24",), packets_in=7)
    theirs = replace(ours, spi_in=2, spi_out=1, local_ts=ours.remote_ts, remote_ts=ours.local_ts, packets_in=0)
    assert ours.agreement() == theirs.mirrored()
    assert ours.agreement() != replace(theirs, spi_out=3).mirrored()
    assert ours.agreement() != ours.mirrored()


def test_a_shared_key_is_not_shown() -> None:
    assert "secret" not in repr(CLIENT)


def test_unknown_names_tell_the_known_ones() -> None:
    with pytest.raises(KeyError, match="net"):
        CLIENT.child("other")
    with pytest.raises(KeyError, match="gateway"):
        DaemonSpec((CLIENT,)).peer("other")


def test_spi_text() -> None:
    assert (spi_text(0xC0), spi_text(1, 8)) == ("000000c0", "0000000000000001")


def test_reference_configuration() -> None:
    text = reference_config.daemon_conf(DaemonSpec((CLIENT,), cookie_threshold=0))
    lines = [line.strip() for line in text.splitlines()]
    for line in ('peer "gateway" {', 'address = {"192.0.2.2"}', 'psk = "secret"', "cookie-threshold = 0",
                 'retransmit-timeout = "250ms"', "retransmit-backoff = 150", 'rekey = "3000ms"',
                 'child "net" {', 'remote = {"10.2.0.0/24"}', 'liveness = "400ms"'):
        assert line in lines
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize(("psk", "rendered"), [
    ("plain words", '"plain words"'),
    ("0x00ff", '"0x00ff"'),
    ('a"}\n', '"0x61227d0a"'),
    ("${HOME}", '"0x247b484f4d457d"'),
])
def test_reference_keys_cannot_break_out(psk: str, rendered: str) -> None:
    assert f"psk = {rendered}\n" in reference_config.peer_block(replace(CLIENT, psk=psk))


def test_fragmentation_is_said_to_each_in_its_words() -> None:
    small = replace(CLIENT, fragment_size=576)
    block = reference_config.peer_block(small)
    assert "fragmentation = true" in block and "fragment-size = 576" in block
    off = reference_config.peer_block(replace(CLIENT, fragmentation=False))
    assert "fragmentation = false" in off and "fragment-size" not in off
    assert "fragment_size = 576" in strongswan_config.daemon_conf(DaemonSpec((small,)), False)
    assert "fragment_size = 1280" in strongswan_config.daemon_conf(DaemonSpec((CLIENT,)), False)
    with pytest.raises(PeerUnsupported, match="one size of fragments"):
        strongswan_config.daemon_conf(DaemonSpec((small, replace(CLIENT, name="other"))), False)
    for spec, word in ((CLIENT, "yes"), (replace(CLIENT, fragmentation=False), "no")):
        section = strongswan_config.connection(spec)["gateway"]
        assert isinstance(section, dict) and section["fragmentation"] == word


def test_reference_any_address() -> None:
    block = reference_config.peer_block(replace(CLIENT, remote_addresses=(), local_addresses=()))
    assert 'address = {"any"}' in block and "local-address" not in block


def test_reference_longest_timeout_follows_the_backoff() -> None:
    assert reference_config.longest_timeout_ms(Retransmission(100, 2.0, 3)) == 801
    assert reference_config.longest_timeout_ms(Retransmission(100, 2.0, 3, 400)) == 400


def test_strongswan_daemon_configuration() -> None:
    text = strongswan_config.daemon_conf(DaemonSpec((CLIENT,), cookie_threshold=2), False, (101,))
    for line in ("retransmit_timeout = 0.25", "retransmit_tries = 3", "cookie_threshold = 2",
                 "ignore_routing_tables = 101", "socket = unix:///run/lab/vici"):
        assert line in text
    assert "raw_esp" not in text
    assert "raw_esp = yes" in strongswan_config.daemon_conf(DaemonSpec((CLIENT,)), True)


def test_strongswan_counts_whole_seconds_and_never_rounds_to_off() -> None:
    section = strongswan_config.connection(CLIENT)["gateway"]
    assert isinstance(section, dict)
    assert section["dpd_delay"] == 1
    assert (section["rekey_time"], section["over_time"]) == (3, 2)


@pytest.mark.parametrize(("initial_contact", "replace_existing", "unique"), [
    (True, False, "no"), (True, True, "replace"), (False, False, "never"),
])
def test_strongswan_initial_contact(initial_contact: bool, replace_existing: bool, unique: str) -> None:
    spec = replace(CLIENT, initial_contact=initial_contact, replace_existing=replace_existing)
    section = strongswan_config.connection(spec)["gateway"]
    assert isinstance(section, dict) and section["unique"] == unique


def test_strongswan_one_retransmission_for_all() -> None:
    other = replace(CLIENT, name="other", retransmission=Retransmission(9))
    with pytest.raises(PeerUnsupported, match="one retransmission"):
        strongswan_config.daemon_conf(DaemonSpec((CLIENT, other)), False)


def test_strongswan_shared_key_octets() -> None:
    assert strongswan_config.psk_octets("0x00ff") == b"\x00\xff"
    assert strongswan_config.psk_octets("key") == b"key"
    assert strongswan_config.shared_secret(replace(CLIENT, remote_id="any"))["owners"] == ["client.example"]


@pytest.mark.parametrize(("child", "words"), [
    (ChildSpec(mode="transport"), "transport-mode"),
    (ChildSpec(proposals=("aes256gcm16-esn",)), "esn"),
    (ChildSpec(start="traffic"), "acquire"),
])
def test_what_is_missing_is_refused_with_its_reason(tmp_path: Path, child: ChildSpec, words: str) -> None:
    peer = strongswan(tmp_path, "5.9.8")
    with pytest.raises(PeerUnsupported, match=f"{words} .*libipsec"):
        peer.configure(DaemonSpec((replace(CLIENT, children=(child,)),)))


def test_esn_among_alternatives_is_not_refused(tmp_path: Path) -> None:
    child = ChildSpec(local_ts=("10.1.0.0/24",), remote_ts=("10.2.0.0/24",), proposals=("aes256gcm16-esn-noesn",))
    strongswan(tmp_path, "5.9.8").configure(DaemonSpec((replace(CLIENT, children=(child,)),)))


def test_capabilities_by_version(tmp_path: Path) -> None:
    old, new = strongswan(tmp_path, "5.9.8"), strongswan(tmp_path, "6.0.1")
    assert "esp-bare" not in old.capabilities() and "esp-bare" in new.capabilities()
    assert "transport-mode" not in new.capabilities()
    assert reference.Reference(tmp_path).capabilities() == frozenset(CAPABILITIES) - {
        *REMOTE_ACCESS, "childless", "prf-aes", "ke-modp-subgroup", "ike-aes-ccm", "esp-aes-ccm", "integrity-aes-xcbc"}
    with pytest.raises(ValueError, match="no capability"):
        new.require("flying")


def test_a_plugin_that_the_root_has_not_is_a_lack_with_its_package(tmp_path: Path) -> None:
    peer = strongswan(tmp_path, "6.0.1")
    assert "libcharon-extauth-plugins" in peer.missing()["eap-mschapv2"] and "eap-md5" not in peer.missing()
    plugin = peer.root / "usr/lib/ipsec/plugins/libstrongswan-eap-mschapv2.so"
    plugin.parent.mkdir(parents=True)
    plugin.touch()
    assert "eap-mschapv2" not in peer.missing()


def test_every_declared_lack_is_a_capability_and_those_of_the_data_plane_have_a_probe() -> None:
    declared = set(LIBIPSEC_LACKS) | set(BEFORE_5_9_11)
    assert declared <= set(CAPABILITIES)
    data_plane = {name for name in declared if "libipsec" in {**LIBIPSEC_LACKS, **BEFORE_5_9_11}[name]}
    assert data_plane <= set(PROBES)


LISTED = {
    "gateway": {
        "uniqueid": "1", "state": "ESTABLISHED", "local-host": "192.0.2.1", "local-port": "4500",
        "local-id": "c", "remote-host": "192.0.2.2", "remote-port": "4500", "remote-id": "g",
        "initiator": "yes", "initiator-spi": "0bf883f2840264e3", "responder-spi": "3456028859ff9ccf",
        "nat-remote": "yes", "nat-any": "yes", "encr-alg": "AES_CBC", "encr-keysize": "256",
        "integ-alg": "HMAC_SHA2_256_128", "prf-alg": "PRF_HMAC_SHA2_256", "dh-group": "ECP_256",
        "tasks-active": ["IKE_MOBIKE"],
        "child-sas": {"net-1": {
            "name": "net", "uniqueid": "1", "state": "INSTALLED", "mode": "TUNNEL", "encap": "yes",
            "spi-in": "e62ae69b", "spi-out": "71e3616d", "encr-alg": "AES_GCM_16", "encr-keysize": "128",
            "bytes-in": "84", "packets-in": "1", "local-ts": ["10.1.0.0/24"], "remote-ts": ["10.2.0.0/24"]}},
    }
}


def test_strongswan_status() -> None:
    status = strongswan_status.peer_status([LISTED])  # type: ignore[list-item]
    ike, child = status.established("gateway")[0], status.installed("net")[0]
    assert ike.spis == (0x0BF883F2840264E3, 0x3456028859FF9CCF)
    assert (ike.local.port, ike.nat_local, ike.nat_remote) == (4500, False, True)
    assert ike.proposal == "aes256-sha256-ecp256"
    assert (child.spi_in, child.proposal, child.octets_in) == (0xE62AE69B, "aes128gcm16", 84)
    assert strongswan_status.busy([LISTED], "gateway", "IKE_MOBIKE")  # type: ignore[list-item]
    assert not strongswan_status.busy([LISTED], "gateway", "CHILD_REKEY")  # type: ignore[list-item]


def test_strongswan_refusal() -> None:
    log = "12[IKE] received AUTHENTICATION_FAILED notify error\n13[IKE] received TS_UNACCEPTABLE notify, no CHILD_SA built\n"
    assert strongswan_status.refusal(log) == "TS_UNACCEPTABLE"
    assert strongswan_status.refusal("13[IKE] received packet: from 192.0.2.1") == ""


def test_reference_status() -> None:
    answer = {
        "ike_sas": [{"id": 1, "peer": "gateway", "state": "established", "initiator": True, "spi_i": "01",
                     "spi_r": "02", "local": "[2001:db8::1]:4500", "remote": "192.0.2.1:500"}],
        "child_sas": [{"id": 4, "ike_sa": 1, "peer": "gateway", "child": "net", "state": "installed",
                       "spi_in": "c0ffee01", "spi_out": "c0ffee02", "mode": "transport",
                       "proposal": "aes256gcm16-esn", "local_ts": ["192.0.2.2/32"], "remote_ts": []}],
    }
    status = reference.peer_status(answer)
    assert status.ike_sas[0].local.address == "2001:db8::1" and status.ike_sas[0].remote.port == 500
    assert status.child_sas[0].spi_in == 0xC0FFEE01 and status.child_sas[0].esn
    assert status.child_sas[0].mode == "transport"
