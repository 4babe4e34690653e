"""From datagrams to events: what a reader, a ladder diagram and a verdict look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .. import keys as keyfile
from ..wire import esp, ike, sk
from ..wire.octets import Malformed
from ..wire.packet import Datagram
from .cost import Cost, count
from .meaning import Memory, Path
from .passage import Passage, Scene, passages


@dataclass(slots=True, frozen=True)
class Mark:
    """Something the scenario did, told by the scenario: a roam, a rebinding, a loss that was ordered."""

    time_ns: int
    host: str
    text: str


@dataclass(slots=True)
class Event:
    """kind: ike, esp, keepalive, mark, leak. Times are those of the first sighting."""

    time_ns: int
    kind: str
    source: str = ""
    target: str = ""
    title: str = ""  # "IKE_AUTH request 1", "ESP c0ffee01"
    payloads: str = ""
    meaning: str = ""
    clause: str = ""
    route: str = ""  # addresses and ports as they set out
    end_ns: int = 0
    again: int = 0
    duplicate: bool = False
    lost: bool = False
    through: list[str] = field(default_factory=list)  # names of NATs on the way
    message: ike.Message | None = None
    sent: Datagram | None = None  # as it set out
    arrived: Datagram | None = None  # as it was last seen on its way
    spi: int = 0
    packets: int = 0
    lost_packets: int = 0
    first_sequence: int = 0
    last_sequence: int = 0
    inner: str = ""


@dataclass(slots=True, repr=False)
class Trace:
    events: list[Event]
    cost: Cost
    scene: Scene
    started_ns: int = 0
    unopened_ike: int = 0
    unopened_esp: int = 0
    esp: list[esp.EspPacket] = field(default_factory=list)

    def __repr__(self) -> str:
        """Short, for assertions: the trace itself is in trace.txt."""
        return f"<Trace of {len(self.events)} events>"

    @property
    def messages(self) -> list[ike.Message]:
        """Every message; one in fragments (RFC 7383) is what the last of them completed."""
        return [event.message for event in self._whole()]

    def _whole(self) -> list[Event]:
        return [event for event in self.events if event.message is not None and event.message.whole]

    def fragments(self, host: str = "", again: bool = False) -> list[Event]:
        """The datagrams of messages in fragments, of one host or all, retransmissions left out unless asked for."""
        return [event for event in self.events
                if event.message is not None and event.message.fragment is not None
                and host in ("", event.source) and not event.duplicate and (again or not event.again)]

    def exchanges(self, name: str) -> list[Event]:
        """The events of one exchange type by its RFC name, one a message: without retransmissions."""
        return [e for e in self._whole() if e.message and e.message.header.exchange == name and not e.again]

    def requests(self, name: str) -> list[ike.Message]:
        """The requests of one exchange type, retransmissions left out."""
        return [e.message for e in self.exchanges(name) if e.message and not e.message.header.response]

    def told(self, notify: str, response: bool = False) -> list[Event]:
        """Requests (or responses) that carry this notification, retransmissions left out."""
        return [e for e in self._whole() if e.message and not e.again and not e.duplicate
                and e.message.header.response == response and notify in e.message.notifies()]

    def answer_to(self, request: Event) -> ike.Message | None:
        """The first response to that request."""
        asked = request.message
        assert asked is not None
        return next((m for m in self.messages if m.header.response and m.header.spi_i == asked.header.spi_i
                     and m.header.message_id == asked.header.message_id
                     and m.header.from_initiator != asked.header.from_initiator), None)

    def responses(self, name: str) -> list[ike.Message]:
        return [e.message for e in self.exchanges(name) if e.message and e.message.header.response]

    def esp_from(self, host: str) -> list[esp.EspPacket]:
        """What that host sealed and sent."""
        return [one for one in self.esp if one.outer and self.scene.name(one.outer.src) == host]


def annotate(datagrams: Iterable[Datagram], store: keyfile.KeyStore, scene: Scene | None = None,
             marks: Iterable[Mark] = ()) -> Trace:
    """`datagrams` in the order of time, of all links."""
    scene = scene or Scene()
    wanted = [d for d in datagrams if d.kind != "clear"]
    found = passages(wanted, scene)
    trace = Trace([], count(found), scene, wanted[0].time_ns if wanted else 0)
    _Annotator(trace, store).run(found)
    trace.events += [Event(m.time_ns, "mark", source=m.host, meaning=m.text) for m in marks]
    trace.events.sort(key=lambda event: event.time_ns)
    if trace.events:
        trace.started_ns = min(trace.started_ns or trace.events[0].time_ns, trace.events[0].time_ns)
    return trace


class _Annotator:
    def __init__(self, trace: Trace, store: keyfile.KeyStore):
        self.trace = trace
        self.memory = Memory()
        self.ike = sk.Opener(store.ike, store.rivals)
        self.esp = esp.Opener(store.esp)
        self.bursts: dict[tuple, Event] = {}
        self.cuts: dict[tuple, list[int]] = {}  # totals of fragments a message has been sent in; 1: whole
        self.paths: dict[int, tuple[str, str]] = {}  # of IKE messages, by the time they set out

    def run(self, found: list[Passage]) -> None:
        for passage in found:
            kind = passage.first.kind
            if kind == "esp":
                self._esp(passage)
                continue
            if kind == "ike":
                self.bursts.clear()
                self._ike(passage)
            else:
                event = self._event(passage, "keepalive")
                event.title, event.clause = "NAT keepalive", "RFC 3948 4"
                event.meaning = "one octet 0xFF, so that the NAT keeps its mapping"

    def _event(self, passage: Passage, kind: str) -> Event:
        scene, first, last = self.trace.scene, passage.first, passage.last
        event = Event(first.time_ns, kind, scene.name(first.src), scene.name(last.dst),
                      again=passage.again, duplicate=passage.duplicate, end_ns=last.time_ns, sent=first, arrived=last)
        event.route = f"{_endpoint(first.src, first.sport)} > {_endpoint(first.dst, first.dport)}"
        names = [scene.name(seen.src) for seen in passage.sightings[1:]]
        names += [scene.name(seen.dst) for seen in passage.sightings[:-1]]
        event.through = [n for n in dict.fromkeys(names) if n not in (event.source, event.target)]
        event.lost = self._lost(passage)
        self.trace.events.append(event)
        return event

    def _lost(self, passage: Passage) -> bool:
        """Never seen on a link of the host it was for; only known where the scene names links."""
        scene = self.trace.scene
        target = scene.hosts.get(passage.last.dst)
        if target in scene.middle:
            return True
        final = {link for link, hosts in scene.links.items() if target in hosts}
        return bool(final) and not any(seen.link in final for seen in passage.sightings)

    def _ike(self, passage: Passage) -> None:
        event = self._event(passage, "ike")
        self.paths[event.time_ns] = (passage.first.src, passage.first.dst)
        try:
            message = ike.parse(passage.first.ike_octets)
        except Malformed as error:
            event.title, event.meaning = "no IKE message", f"malformed: {error}"
            event.clause = "RFC 7296 3"
            return
        try:
            self.ike.open(message)
        except Malformed as error:
            message.problem = str(error)
        event.message = message
        header = message.header
        side = "response" if header.response else "request"
        event.title = f"{header.exchange} {side} {header.message_id}"
        event.payloads = message.text()
        if message.fragment is not None and message.inner is not None:
            event.payloads = f"{message.fragment}, all together: {event.payloads}"
        if message.problem:
            self.trace.unopened_ike += 1
        cut = self._cut(message) if not (event.again or event.duplicate) else 0
        if cut:
            event.again = cut
            event.meaning, event.clause = f"the same message, cut smaller ({message.fragment})", "RFC 7383 2.5.2"
        elif event.duplicate:
            event.meaning, event.clause = "the same octets once more, made by the network", ""
        elif event.again:
            event.meaning, event.clause = self._again(event, passage)
        else:
            event.meaning, event.clause = self.memory.explain(message, self._path(passage))

    def _cut(self, message: ike.Message) -> int:
        """How often the same message had been cut otherwise before: fragments that get lost are made smaller."""
        header = message.header
        if message.encrypted is None:
            return 0
        key = (header.spi_i, header.spi_r, header.exchange_type, header.flags, header.message_id)
        totals = self.cuts.setdefault(key, [])
        total = message.fragment.total if message.fragment is not None else 1
        if total not in totals:
            totals.append(total)
        return totals.index(total)

    def _path(self, passage: Passage) -> Path:
        scene, first = self.trace.scene, passage.first
        at_sender = scene.name(first.src) in scene.links.get(first.link, ())
        return Path(passage.last, first if at_sender else None)

    def _again(self, event: Event, passage: Passage) -> tuple[str, str]:
        path = (passage.first.src, passage.first.dst)
        earlier = {self.paths[e.time_ns] for e in self.trace.events
                   if e.message is not None and e.message.octets == passage.first.ike_octets and e is not event}
        if path not in earlier:
            return f"the same message on another path: {path[0]} > {path[1]}", "RFC 4555 3.5"
        return f"the very same octets again (retransmission {event.again})", "RFC 7296 2.1"

    def _esp(self, passage: Passage) -> None:
        first, last = passage.first, passage.last
        packet = self.esp.open(first)
        self.trace.esp.append(packet)
        self.trace.unopened_esp += bool(packet.problem)
        key = (packet.spi, first.src, first.dst, first.sport, first.dport, bool(packet.problem))
        event = self.bursts.get(key)
        if event is None:
            event = self.bursts[key] = self._event(passage, "esp")
            event.spi, event.first_sequence = packet.spi, packet.sequence
            event.lost, event.again, event.duplicate = False, 0, False
            event.clause = "RFC 4303 3.3" if first.protocol == 50 else "RFC 3948 2.1"
        event.packets += 1
        event.lost_packets += self._lost(passage)
        event.first_sequence = min(event.first_sequence, packet.sequence)
        event.last_sequence = max(event.last_sequence, packet.sequence)
        event.end_ns = last.time_ns
        if packet.inner is not None and not event.inner:
            inner = packet.inner
            event.inner = f"{inner.src} > {inner.dst} {inner.protocol_name}"
        event.title = f"ESP {packet.spi:08x}"
        event.meaning = _burst_text(event, packet)


def _burst_text(event: Event, packet: esp.EspPacket) -> str:
    numbers = f"seq {event.first_sequence}"
    if event.last_sequence != event.first_sequence:
        numbers += f"..{event.last_sequence}"
    words = f"{numbers}, {event.packets} packet{'s' if event.packets > 1 else ''}"
    if event.lost_packets:
        words += f", {event.lost_packets} lost on the way"
    if event.inner:
        words += f", inside: {event.inner}"
    elif packet.problem:
        words += f", sealed: {packet.problem}"
    elif packet.dummy:
        words += ", dummy packets"
    return words


def _endpoint(address: str, port: int) -> str:
    if not port:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
