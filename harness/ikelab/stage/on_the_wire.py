"""What packets say of a side, where its daemon says nothing itself, or where what is told of it has to be proven."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..trace import Trace
from ..trace.annotate import Event
from ..wire import ike
from ..wire.registry import PayloadType, Protocol

Spis = tuple[int, int]


def nat_seen_at(addresses: Collection[str], trace: Trace) -> tuple[bool, bool] | None:
    """Whether the host with these addresses is behind a NAT, and whether the other one is: what the last hashes that
    came to it say, beside the addresses and ports they came with (RFC 7296 2.23, RFC 4555 3.5). None: none came."""
    for event in reversed(trace.events):
        if event.message is not None and event.arrived is not None and not event.lost \
                and event.arrived.dst in addresses and (found := _nat(event.message, event)) is not None:
            return found
    return None


def _nat(message: ike.Message, event: Event) -> tuple[bool, bool] | None:
    """Of the receiver, and of the sender."""
    notifies = [p for p in message.payloads if isinstance(p, ike.NotifyPayload)]
    sources = [p.data for p in notifies if p.name == "NAT_DETECTION_SOURCE_IP"]
    targets = [p.data for p in notifies if p.name == "NAT_DETECTION_DESTINATION_IP"]
    came = event.arrived
    if not sources or not targets or came is None:
        return None
    return (ike.nat_hash(message.header, came.dst, came.dport) not in targets,
            ike.nat_hash(message.header, came.src, came.sport) not in sources)


def ike_sas(trace: Trace) -> set[Spis]:
    """The SPIs of every IKE SA that messages belong to, or that a rekey has made (RFC 7296 1.3.2)."""
    found = {_pair(m.header.spi_i, m.header.spi_r) for m in trace.messages if any(m.header.spi_r)}
    asked: dict[tuple[bytes, bool, int], bytes] = {}
    for message in trace.messages:
        spi = _new_ike_spi(message)
        header = message.header
        if spi is None:
            continue
        if not header.response:
            asked[header.spi_i, header.from_initiator, header.message_id] = spi
        elif (other := asked.get((header.spi_i, not header.from_initiator, header.message_id))) is not None:
            found.add(_pair(other, spi))
    return found


def unproven(told: Iterable[Spis], trace: Trace) -> list[str]:
    """Those that no packet shows, in words. Where messages could not be opened, a rekey may have made them unseen."""
    if trace.unopened_ike:
        return []
    return [f"{spi_i:016x} {spi_r:016x}" for spi_i, spi_r in sorted(set(told) - ike_sas(trace))]


def _new_ike_spi(message: ike.Message) -> bytes | None:
    if message.header.exchange != "CREATE_CHILD_SA":
        return None
    payload = message.first(PayloadType.SA)
    proposals = payload.proposals if isinstance(payload, ike.SaPayload) else []
    return next((one.spi for one in proposals if one.protocol == Protocol.IKE), None)


def _pair(spi_i: bytes, spi_r: bytes) -> Spis:
    return int.from_bytes(spi_i, "big"), int.from_bytes(spi_r, "big")
