"""What strongSwan's adapter declares as missing and strongswan_probe.py does not show: played with the reference."""

from __future__ import annotations

import os
from pathlib import Path

import lack_plays as plays
import pytest

from ikelab.cleanup import build_directory
from ikelab.peers import strongswan_probe, table
from ikelab.peers.strongswan import BEFORE_5_9_11, LIBIPSEC_LACKS
from ikelab.verdict import Verdict

KINDS = [kind for kind in table.TABLE if kind.adapter.__name__ == "StrongSwan"]

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not (build_directory() / "capture").exists(),
                                reason="needs root and `make`")
PLAYED = {
    "address-policy": plays.ADDRESS_POLICY,
    "return-routability": plays.RETURN_ROUTABILITY,
    "path-probing": plays.PATH_PROBING,
    "fragment-search": plays.FRAGMENT_SEARCH,
}


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
@pytest.mark.parametrize("lack", sorted(PLAYED))
def test_charon_is_seen_not_to_do_it(kind: table.PeerKind, root: Path, lack: str, tmp_path: Path,
                                     monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ikelab.peers.strongswan.LIBIPSEC_LACKS",
                        {name: why for name, why in LIBIPSEC_LACKS.items() if name != lack})
    result, _ = PLAYED[lack].played(kind, lack, tmp_path)
    assert result.verdict is Verdict.PASS, result.reason


def test_every_declared_lack_has_a_probe() -> None:
    assert {*LIBIPSEC_LACKS, *BEFORE_5_9_11} == set(PLAYED) | set(strongswan_probe.PROBES)
