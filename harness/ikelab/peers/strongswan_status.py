"""What charon says over VICI, in neutral words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

from ikelab.peers.neutral import ChildSaStatus, Endpoint, Event, IkeSaStatus, Mode, PeerStatus
from ikelab.peers.vici import Message

# Events of VICI we listen to. Each is registered if charon knows it.
EVENTS = ("ike-updown", "ike-rekey", "ike-update", "child-updown", "child-rekey")

_REFUSAL = re.compile(r"received ([A-Z][A-Z0-9_]+) (?:error notify|notify error|notify, no CHILD_SA)")
_KEY_EXCHANGES = {"CURVE_25519": "x25519", "CURVE_448": "x448"}


def peer_status(sections: list[Message]) -> PeerStatus:
    """From the messages that list-sas streams."""
    ike_sas: list[IkeSaStatus] = []
    child_sas: list[ChildSaStatus] = []
    for section in sections:
        for name, sa in section.items():
            if isinstance(sa, dict):
                ike = ike_sa_status(name, sa)
                ike_sas.append(ike)
                child_sas += children(ike, sa)
    return PeerStatus(tuple(ike_sas), tuple(child_sas))


def ike_sa_status(name: str, sa: Message) -> IkeSaStatus:
    """One IKE SA."""
    return IkeSaStatus(
        peer=name,
        state=_text(sa, "state").lower(),
        initiator=_yes(sa, "initiator"),
        spi_i=int(_text(sa, "initiator-spi", "0"), 16),
        spi_r=int(_text(sa, "responder-spi", "0"), 16),
        local=Endpoint(_text(sa, "local-host"), int(_text(sa, "local-port", "500"))),
        remote=Endpoint(_text(sa, "remote-host"), int(_text(sa, "remote-port", "500"))),
        local_id=_text(sa, "local-id"),
        remote_id=_text(sa, "remote-id"),
        nat_local=_yes(sa, "nat-local"),
        nat_remote=_yes(sa, "nat-remote"),
        mobike=None,
        udp_encapsulation=_yes(sa, "nat-any"),
        proposal=proposal_text(sa),
        unique=_text(sa, "uniqueid"),
    )


def children(ike: IkeSaStatus, sa: Message) -> list[ChildSaStatus]:
    """The Child SAs under one IKE SA."""
    found = sa.get("child-sas", {})
    if not isinstance(found, dict):
        return []
    return [child_sa_status(ike, child) for child in found.values() if isinstance(child, dict)]


def child_sa_status(ike: IkeSaStatus, child: Message) -> ChildSaStatus:
    """One Child SA. Its addresses are those of its IKE SA: charon keeps them the same."""
    return ChildSaStatus(
        peer=ike.peer,
        child=_text(child, "name"),
        state=_text(child, "state").lower(),
        mode=cast(Mode, _text(child, "mode").lower()),
        spi_in=int(_text(child, "spi-in", "0"), 16),
        spi_out=int(_text(child, "spi-out", "0"), 16),
        local_ts=_texts(child, "local-ts"),
        remote_ts=_texts(child, "remote-ts"),
        proposal=proposal_text(child),
        esn=child.get("esn") in ("1", "yes"),
        udp_encapsulation=_yes(child, "encap"),
        local=f"{ike.local.address}:{ike.local.port}",
        remote=f"{ike.remote.address}:{ike.remote.port}",
        ike_sa=ike.unique,
        unique=_text(child, "uniqueid"),
        packets_in=int(_text(child, "packets-in", "0")),
        packets_out=int(_text(child, "packets-out", "0")),
        octets_in=int(_text(child, "bytes-in", "0")),
        octets_out=int(_text(child, "bytes-out", "0")),
    )


def busy(sections: list[Message], peer: str, task: str) -> bool:
    """Whether an IKE SA with that peer has a task of that kind under way or waiting."""
    for section in sections:
        sa = section.get(peer)
        if isinstance(sa, dict):
            if any(task in _texts(sa, key) for key in ("tasks-active", "tasks-queued")):
                return True
    return False


def proposal_text(sa: Mapping[str, object]) -> str:
    """The algorithms in use, in our words: "aes256gcm16-prfsha256-x25519"."""
    cipher = {"AES_CBC": "aes", "AES_GCM_16": "aes", "CHACHA20_POLY1305": "chacha20poly1305"}.get(
        _text(sa, "encr-alg"), _text(sa, "encr-alg").lower()
    ) + _text(sa, "encr-keysize")
    if _text(sa, "encr-alg") == "AES_GCM_16":
        cipher += "gcm16"
    words = [cipher]
    if integrity := re.match(r"HMAC_SHA2_(\d+)", _text(sa, "integ-alg")):
        words.append(f"sha{integrity[1]}")
    elif prf := re.match(r"PRF_HMAC_SHA2_(\d+)", _text(sa, "prf-alg")):
        words.append(f"prfsha{prf[1]}")
    if group := _text(sa, "dh-group"):
        words.append(_KEY_EXCHANGES.get(group, group.lower().replace("_", "")))
    return "-".join(words)


def neutral_events(name: str, message: Message, time_ns: int) -> list[Event]:
    """What a VICI event means in the words of docs/CONTROL.md."""
    up = message.get("up") == "yes"
    events: list[Event] = []
    for peer, sa in message.items():
        if not isinstance(sa, dict):
            continue
        if name == "ike-updown":
            events.append(Event("ike-sa-up" if up else "ike-sa-down", time_ns, peer))
        elif name == "ike-rekey":
            events.append(Event("ike-sa-rekeyed", time_ns, peer))
        elif name == "ike-update":
            events.append(Event("ike-sa-moved", time_ns, peer))
        elif name in ("child-updown", "child-rekey"):
            events += _child_events(name, up, peer, sa, time_ns)
    return events


def _child_events(name: str, up: bool, peer: str, sa: Message, time_ns: int) -> list[Event]:
    ike = ike_sa_status(peer, sa)
    events: list[Event] = []
    sections = sa.get("child-sas", {})
    for section in sections.values() if isinstance(sections, dict) else ():
        if not isinstance(section, dict):
            continue
        if name == "child-updown":
            child = child_sa_status(ike, section)
            events.append(Event("child-sa-up" if up else "child-sa-down", time_ns, peer,
                                child.child, fields={"spi_in": child.spi_in}))
            continue
        old, new = section.get("old"), section.get("new")
        if isinstance(old, dict) and isinstance(new, dict):
            was, now = child_sa_status(ike, old), child_sa_status(ike, new)
            events.append(Event("child-sa-up", time_ns, peer, now.child,
                                fields={"spi_in": now.spi_in, "replaces_spi_in": was.spi_in}))
    return events


def refusal(log: str) -> str:
    """The last error notification that a piece of charon's log tells of, or "". Only to give a PeerError its
    name: VICI does not carry it, and no verdict is read from it."""
    found = _REFUSAL.findall(log)
    return found[-1] if found else ""


def _text(section: Mapping[str, object], key: str, default: str = "") -> str:
    value = section.get(key, default)
    return value if isinstance(value, str) else default


def _texts(section: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = section.get(key, [])
    return tuple(value) if isinstance(value, list) else ()


def _yes(section: Mapping[str, object], key: str) -> bool:
    return section.get(key) == "yes"
