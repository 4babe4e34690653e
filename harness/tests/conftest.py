"""The harness's own tests: `make` first; each makes its own namespaces, so they run in parallel."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

os.environ["IKELAB_HISTORY"] = os.devnull  # what tests measure is no history

import pytest  # noqa: E402

from ikelab import topology  # noqa: E402
from ikelab.cleanup import build_directory  # noqa: E402
from ikelab.guest import pool as pools  # noqa: E402
from ikelab.peers.table import PeerKind  # noqa: E402
from ikelab.traffic import Flow  # noqa: E402


@pytest.fixture
def flow() -> Flow:
    return Flow()


@pytest.fixture
def make_world(tmp_path: Path):
    """topology.create whose worlds end with the test."""
    worlds = []

    def make(layout: str, **options):
        worlds.append(topology.create(layout, directory=tmp_path, **options))
        return worlds[-1]

    if os.geteuid() != 0:
        pytest.skip("namespaces need root")
    yield make
    for world in worlds:
        world.close()


@pytest.fixture
def root(kind: PeerKind) -> Path:
    """Where a peer's programs are."""
    if missing := kind.available():
        pytest.skip(missing)
    return kind.root().path


@pytest.fixture(scope="module")
def pool() -> pools.Pool:
    """The guests of all probes of a module."""
    if not (build_directory() / pools.AGENT).exists():
        pytest.skip("run `make`")
    return pools.pool()
