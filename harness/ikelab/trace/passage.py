"""One datagram is captured on every link it crosses: here the sightings are joined to one passage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..wire.packet import Datagram

FORWARDED_WITHIN_NS = 5 * 10**9


@dataclass(slots=True)
class Scene:
    """Who is who. `hosts` maps an address to its host's name; `links` maps a captured link to the hosts
    that get what was seen there, so that a datagram never seen on a link of its receiver is known as
    lost. `middle` names those in between, NATs and routers, for whom no datagram is meant."""

    hosts: dict[str, str] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)  # columns of the ladder, left to right
    links: dict[str, tuple[str, ...]] = field(default_factory=dict)
    middle: set[str] = field(default_factory=set)

    def name(self, address: str) -> str:
        return self.hosts.get(address, address)


@dataclass(slots=True)
class Passage:
    sightings: list[Datagram]
    again: int = 0  # how often the same octets had set out before: a retransmission
    duplicate: bool = False  # the network made a second one out of one

    @property
    def first(self) -> Datagram:
        return self.sightings[0]

    @property
    def last(self) -> Datagram:
        return self.sightings[-1]


@dataclass(slots=True)
class _Known:
    open: list[Passage] = field(default_factory=list)
    origin_link: str = ""
    count: int = 0


def passages(datagrams: Iterable[Datagram], scene: Scene | None = None) -> list[Passage]:
    """Passages of IKE and ESP datagrams and keepalives, in the order they set out.

    The same octets on a link a passage has not crossed yet continue that passage; on a link it has
    crossed they are a new one: sent again when it is the link where it set out, else duplicated."""
    scene = scene or Scene()
    known: dict[bytes, _Known] = {}
    found: list[Passage] = []
    for datagram in datagrams:
        key = datagram.payload
        if datagram.kind == "keepalive":
            key = f"{datagram.time_ns // 10**8}{datagram.dport}".encode()
        one = known.setdefault(key, _Known())
        passage = _continues(one, datagram, scene)
        if passage is not None:
            passage.sightings.append(datagram)
            continue
        passage = Passage([datagram], again=one.count)
        if one.count and datagram.link != one.origin_link and not _departs(one, datagram):
            passage.duplicate, passage.again = True, 0
        else:
            one.count += 1
            one.origin_link = datagram.link
        one.open.append(passage)
        found.append(passage)
    return found


def _continues(one: _Known, datagram: Datagram, scene: Scene) -> Passage | None:
    for passage in reversed(one.open):
        if _moved(passage.first, datagram, scene):
            continue
        fresh = datagram.time_ns - passage.last.time_ns < FORWARDED_WITHIN_NS
        if fresh and all(seen.link != datagram.link for seen in passage.sightings):
            return passage
    return None


def _moved(before: Datagram, now: Datagram, scene: Scene) -> bool:
    """The same host with another address: no NAT has done that, the host itself has sent it again from there."""
    return before.src != now.src and scene.name(before.src) == scene.name(now.src)


def _departs(one: _Known, datagram: Datagram) -> bool:
    """Another link but also another source: the sender has moved, and sends the same message from there."""
    return bool(one.open) and datagram.src not in {s.src for p in one.open for s in p.sightings}
