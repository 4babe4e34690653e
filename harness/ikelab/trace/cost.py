"""What the exchange cost on the wire, counted once where a datagram set out. Octets are those of the
IP datagrams, retransmissions included."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .passage import Passage


@dataclass(slots=True)
class Cost:
    ike_messages: int = 0
    ike_octets: int = 0
    esp_packets: int = 0
    esp_octets: int = 0
    keepalives: int = 0


def count(passages: Iterable[Passage]) -> Cost:
    cost = Cost()
    for passage in passages:
        if passage.duplicate:
            continue
        kind, length = passage.first.kind, passage.first.length
        if kind == "ike":
            cost.ike_messages += 1
            cost.ike_octets += length
        elif kind == "esp":
            cost.esp_packets += 1
            cost.esp_octets += length
        elif kind == "keepalive":
            cost.keepalives += 1
    return cost
