"""What a scenario file imports: four decorators and the neutral words it may configure with.

    @topology("roaming")                     which layout; relayed=("net",) puts the lab's relay into links
    @needs("roam", "dscp")                   capabilities both sides need; client=(...), gateway=(...) for one
    @requirement("RFC7296-2.6-07")           what it shows, for the report
    @each("group", "x25519", "x448")         once with each value
    def test_it(client, gateway, flow, lab):
        '''First sentence: what this shows. RFC 7296 2.6'''

Fixtures: `client` (initiates) and `gateway` (responds) are stage.Side, `flow` makes traffic, `lab` is the
stage.Lab with the topology, its NATs, relays, and what holds for both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from .peers.contract import PeerError, PeerTimeout
from .peers.neutral import ITS_OWN, ChildSpec, Lifetime, Retransmission
from .pki import Certificate
from .pki.authority import SERVER_AUTH
from .pki.files import key_hash
from .traffic import TooBig
from .wire.ike import certificates
from .wire.registry import PayloadType
from .wire.suite import proposed, suite

__all__ = ["ITS_OWN", "SERVER_AUTH", "Certificate", "ChildSpec", "Lifetime", "PayloadType", "PeerError", "PeerTimeout",
           "Retransmission", "TooBig", "certificates", "each", "key_hash", "needs", "proposed", "requirement", "suite",
           "topology"]


def topology(layout: str, relayed: Iterable[str] | str = ()) -> Callable[[Any], Any]:
    return pytest.mark.topology(layout, relayed=relayed)


def needs(*both: str, client: Iterable[str] = (), gateway: Iterable[str] = ()) -> Callable[[Any], Any]:
    """Names of peers.contract.CAPABILITIES. Where one is missing the verdict is `unsupported`."""
    return pytest.mark.needs(*both, client=tuple(client), gateway=tuple(gateway))


def requirement(*names: str) -> Callable[[Any], Any]:
    return pytest.mark.requirement(*names)


def each(name: str, *values: Any) -> Callable[[Any], Any]:
    """The scenario is played with every value of its parameter `name`; text stands in its name as it is."""
    return pytest.mark.parametrize(name, values, ids=[str(value) for value in values])
