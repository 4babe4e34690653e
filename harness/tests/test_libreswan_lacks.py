"""What Libreswan's adapter declares as missing is missing: each probe plays the real pluto and sees it not do it.

A probe passes where the lack is true. It is a scenario like any other, with the same judge and the same decoded packets.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import lack_plays as plays
import pytest

from ikelab.guest import pool as pools
from ikelab.peers import table
from ikelab.peers.contract import CAPABILITIES
from ikelab.peers.libreswan import LACKS, LIBEXEC
from ikelab.verdict import Verdict

KINDS = [kind for kind in table.TABLE if kind.adapter.__name__ == "Libreswan"]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces are made by root only")
versions = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])


PLAYED = {
    "return-routability": plays.RETURN_ROUTABILITY,
    "initial-contact-heeded": plays.INITIAL_CONTACT_HEEDED,
    "dynamic-address-update": plays.ADDRESS_UPDATE,
    "dynamic-address-update-by-esp": plays.ADDRESS_UPDATE_BY_ESP,
    "path-probing": plays.PATH_PROBING,
    "fail-closed": plays.FAIL_CLOSED,
    "acquire-keeps-packet": plays.ACQUIRE_KEEPS_PACKET,
    "ecn": plays.ECN,
    "fragment-search": plays.FRAGMENT_SEARCH,
    "auth-ed25519": plays.ED25519,
    "auth-ed448": plays.ED448,
    "untimely-certificate": plays.UNTIMELY,
}


@versions
@pytest.mark.parametrize("lack", sorted(PLAYED))
def test_pluto_is_seen_not_to_do_it(kind: table.PeerKind, root: Path, pool: pools.Pool, lack: str, tmp_path: Path,
                                    monkeypatch: pytest.MonkeyPatch) -> None:
    # What it would not even be told to do, it is told now.
    monkeypatch.setattr("ikelab.peers.libreswan.LACKS", {name: why for name, why in LACKS.items() if name != lack
                                                         or name == "fail-closed"})
    result, lab = PLAYED[lack].played(kind, lack, tmp_path)
    assert result.verdict is Verdict.PASS, result.reason
    assert (lab.play.directory / "leaks.txt").exists() == (lack == "fail-closed")


# What its own programs say, without a guest.

def said(root: Path, program: str, *words: str) -> str:
    done = subprocess.run(["chroot", root, LIBEXEC + program, *words], capture_output=True, text=True, timeout=20)
    return done.stdout + done.stderr


@versions
def test_x448_is_no_group(kind: table.PeerKind, root: Path) -> None:
    """DH group 31 is X25519, 32 is X448 (IANA, RFC 8031 4)."""
    assert "DH31" in said(root, "algparse", "-v2", "ike=aes_gcm256-sha2_256-dh31")
    assert "'dh32' is not recognized" in said(root, "algparse", "-v2", "ike=aes_gcm256-sha2_256-dh32")


@versions
def test_whack_has_no_word_for_liveness_and_none_for_a_size_of_fragments(kind: table.PeerKind, root: Path) -> None:
    words = set(re.findall(r"--[a-z0-9-]+", said(root, "whack", "--help")))
    assert "--initiate" in words
    assert {word for word in words if re.search("live$|liveness|ping|dpd", word)} <= {
        "--dpdaction", "--dpddelay", "--dpdtimeout", "--no-nat-keepalive"}
    # Whether, and in either case not how large.
    assert {word for word in words if "frag" in word} <= {
        "--fragmentation", "--ikefrag-allow", "--ikefrag-force", "--iptfs-fragmentation"}


@versions
def test_whack_has_no_command_that_authenticates_anew(kind: table.PeerKind, root: Path) -> None:
    words = set(re.findall(r"--[a-z0-9-]+", said(root, "whack", "--help")))
    assert "--initiate" in words
    assert {word for word in words if "reauth" in word} == {"--reauth"}  # of a connection: when its time is over


ASKED = {"ke-x448", "liveness-by-command", "fragment-size", "reauthentication"}


def test_every_declared_lack_is_a_capability_and_has_a_probe() -> None:
    assert set(LACKS) <= set(CAPABILITIES)
    assert set(LACKS) == set(PLAYED) | ASKED
