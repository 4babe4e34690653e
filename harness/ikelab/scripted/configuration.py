"""Internal addresses: CP payloads of both roles, and the selectors that follow from them. RFC 7296 2.19, 3.15."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import TypeGuard

from ..wire import ike
from ..wire.ike import Payload
from ..wire.registry import PayloadType
from .payloads import CP, TSi, TSr

REQUEST, REPLY = 1, 2
IP4_ADDRESS, IP6_ADDRESS = 1, 8
ADDRESSES = {4: IP4_ADDRESS, 6: IP6_ADDRESS}
OCTETS = {IP4_ADDRESS: 4, IP6_ADDRESS: 16}
IP6_PREFIX_LENGTH = 128
EVERYTHING = {4: "0.0.0.0/0", 6: "::/0"}


def request(families: Sequence[int]) -> list[Payload]:
    """CFG_REQUEST for one address of each family; nothing where none is wanted."""
    return [CP(REQUEST, *((ADDRESSES[family], b"") for family in families))] if families else []


def anything(families: Sequence[int]) -> tuple[str, ...]:
    """What the initiator proposes as its own selectors before it has an address (2.19)."""
    return tuple(EVERYTHING[family] for family in families)


def reply(asked: Sequence[Payload], pool: Sequence[str]) -> list[Payload]:
    """CFG_REPLY with the first address of each network whose family was asked for; nothing where there is none."""
    kinds = [kind for one in asked if _is(one, REQUEST) for kind, _ in one.attributes]
    found = []
    for network in map(ipaddress.ip_network, pool):
        if ADDRESSES[network.version] in kinds:
            prefix = bytes([IP6_PREFIX_LENGTH]) if network.version == 6 else b""
            found.append((ADDRESSES[network.version], network[1].packed + prefix))
    return [CP(REPLY, *found)] if found else []


def leased(payloads: Sequence[Payload]) -> list[str]:
    """The addresses that a CFG_REPLY assigns."""
    attributes = [one for payload in payloads if _is(payload, REPLY) for one in payload.attributes]
    return [str(ipaddress.ip_address(value[: OCTETS[kind]])) for kind, value in attributes
            if kind in OCTETS and len(value) >= OCTETS[kind]]


def narrowed(ts: ike.TsPayload, assigned: Sequence[str]) -> Payload:
    """The selectors that were asked for (2.9); of who was assigned addresses these alone."""
    if ts.kind == PayloadType.TSr:
        return TSr(*ts.selectors)
    return TSi(*(assigned or ts.selectors))


def _is(payload: Payload, cfg_type: int) -> TypeGuard[ike.ConfigurationPayload]:
    return isinstance(payload, ike.ConfigurationPayload) and payload.cfg_type == cfg_type
