"""What OpenIKED's adapter declares as missing is missing, as far as a play or iked's own words can show it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import lack_plays as plays
import pytest

from ikelab.guest import pool as pools
from ikelab.peers import table
from ikelab.peers.contract import CAPABILITIES
from ikelab.peers.openiked import IKECTL, IKED, LACKS
from ikelab.verdict import Verdict

KINDS = [kind for kind in table.TABLE if kind.adapter.__name__ == "OpenIKED"]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces are made by root only")
versions = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])

PLAYED = {
    "return-routability": plays.RETURN_ROUTABILITY,
    "address-policy": plays.ADDRESS_POLICY,
    "initial-contact": plays.INITIAL_CONTACT,
    "initial-contact-heeded": plays.INITIAL_CONTACT_HEEDED,
    "mobike-as-initiator": plays.MOBIKE_AS_INITIATOR,
    "ecn": plays.ECN,
    "auth-ed25519": plays.ED25519,
    "auth-ed448": plays.ED448,
}


@versions
@pytest.mark.parametrize("lack", sorted(PLAYED))
def test_iked_is_seen_not_to_do_it(kind: table.PeerKind, root: Path, pool: pools.Pool, lack: str, tmp_path: Path,
                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ikelab.peers.openiked.LACKS", {name: why for name, why in LACKS.items() if name != lack})
    result, _ = PLAYED[lack].played(kind, lack, tmp_path)
    assert result.verdict is Verdict.PASS, result.reason


# What its own programs say, without a guest. The words that are refused stand where other words are taken.

POLICY = 'ikev2 "one" passive esp from 10.1.0.0/24 to 10.2.0.0/24 peer 192.0.2.1 {} psk abc'
REFUSED: dict[str, tuple[str, str]] = {
    # capability: words that iked takes, and those it would need
    "ke-x448": (POLICY.format("ikesa group curve25519"), POLICY.format("ikesa group curve448")),
    "ike-chacha20poly1305": (POLICY.format("ikesa enc aes-256-gcm prf hmac-sha2-256 group curve25519"),
                             POLICY.format("ikesa enc chacha20-poly1305 prf hmac-sha2-256 group curve25519")),
    "rekey-by-packets": (POLICY.format("lifetime 3600 bytes 10M"), POLICY.format("lifetime 3600 packets 100")),
    "fragment-size": ("set fragmentation", "set fragmentation 500"),
    "retransmission-times": ("set dpd_check_interval 10", "set retransmit_interval 10"),
    "keepalive": ("set dpd_check_interval 10", "set keepalive_interval 10"),
    "cookie-always": ("set enforcesingleikesa", "set cookie"),
    "replay-window": (POLICY.format("lifetime 3600"), POLICY.format("replay 1024")),
}


def takes(root: Path, line: str) -> bool:
    done = subprocess.run(["chroot", root, IKED, "-n", "-f", "-"], input=line + "\n", capture_output=True, text=True,
                          timeout=20)
    return "configuration OK" in done.stdout + done.stderr


@versions
@pytest.mark.parametrize("lack", sorted(REFUSED))
def test_iked_has_no_words_for_it(kind: table.PeerKind, root: Path, lack: str) -> None:
    taken, refused = REFUSED[lack]
    assert takes(root, taken) and not takes(root, refused)


@versions
def test_ikectl_has_no_command_for_it(kind: table.PeerKind, root: Path) -> None:
    """Neither for a liveness check nor to authenticate anew: all that it has is listed."""
    done = subprocess.run(["chroot", root, IKECTL], capture_output=True, text=True, timeout=20)
    words = {line.strip() for line in (done.stdout + done.stderr).splitlines() if line.startswith("  ")}
    assert words == {"active", "passive", "couple", "decouple", "load", "log", "monitor", "reload", "reset", "show", "ca"}


ASKED = {*REFUSED, "liveness-by-command", "reauthentication"}
# Seen once and written down where it is declared, without a probe: what its kernel's PF_KEY takes, its timers, and what has
# no end to wait for.
UNPROBED = {
    "long-messages", "auth-mixed", "esp-aes-gcm", "esp-chacha20poly1305", "esp-hmac-sha256", "esp-null", "esn",
    "mixed-families", "peer-in-policy", "several-children", "dynamic-address-update", "dynamic-address-update-by-esp",
    "path-probing", "roam", "ike-hard-lifetime", "liveness", "fragment-search", "acquire-keeps-packet",
}


def test_every_declared_lack_is_a_capability_and_it_is_said_which_have_a_probe() -> None:
    assert set(LACKS) <= set(CAPABILITIES)
    assert set(LACKS) - UNPROBED == set(PLAYED) | ASKED and not UNPROBED & (set(PLAYED) | ASKED)
