"""One IKE SA's messages: send, expect, answer, expect nothing. Which payloads they have is others' business.

`sent` and `Received` are what tests hold in their hands. Message IDs count by themselves (RFC 7296 2.2) unless a test
says another; a request that the peer repeats is put aside into `copies`, so that a test which asks for copies finds
them and all others do not stumble over them.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..vectors.derivation import NotAuthentic
from ..wire import ike
from ..wire.octets import Malformed
from ..wire.registry import Exchange, exchange_name
from .carrier import DEADLINE_S, Arrived, Carrier
from .draws import Draws
from .errors import Unmet
from .message import Outgoing, Seal
from .payloads import Payload

RETRANSMIT_S = 0.3
OPEN_EXCHANGES = (Exchange.IKE_SA_INIT,)  # nothing of it is sealed


@dataclass(slots=True)
class Received(ike.Message):
    """A message of the peer's, opened, and where it came from. `pieces`: the fragments that it came in, by number."""

    arrived: Arrived | None = None
    pieces: list[Received] = field(default_factory=list)
    text_inside: bytes = b""  # what SK held, Padding and Pad Length included; of fragments: joined, without these

    @property
    def exchange(self) -> int:
        return self.header.exchange_type

    @property
    def message_id(self) -> int:
        return self.header.message_id

    @property
    def cookie2(self) -> list[Payload]:
        """COOKIE2 of a request, for its response: nothing may be missing of it there (RFC 4555 3.7)."""
        return [p for p in self.payloads if isinstance(p, ike.NotifyPayload) and p.name == "COOKIE2"]

    def __str__(self) -> str:
        kind = "response" if self.header.response else "request"
        return f"{self.header.exchange} {kind} {self.message_id} ({self.text() or 'empty'})"

    def notified(self, name: str) -> ike.NotifyPayload:
        """That notification of it. Raises Unmet, with what is there instead."""
        found = self.notifies().get(name)
        if found is None:
            raise Unmet(f"{self} has no {name}")
        return found


@dataclass(slots=True)
class Sent:
    """A message of ours as it left."""

    exchange: int
    message_id: int
    response: bool
    payloads: list[Payload]
    datagrams: list[bytes]
    port: int
    to: tuple[str, int]

    @property
    def octets(self) -> bytes:
        return self.datagrams[0]

    def __str__(self) -> str:
        kind = "response" if self.response else "request"
        return f"{exchange_name(self.exchange)} {kind} {self.message_id}"


@dataclass(slots=True)
class _Pieces:
    """Fragments of one message, RFC 7383 2.6."""

    total: int
    first: int = 0
    parts: dict[int, bytes] = field(default_factory=dict)
    messages: dict[int, Received] = field(default_factory=dict)


class Channel:
    def __init__(self, carrier: Carrier, draws: Draws, initiator: bool, spi_i: bytes, spi_r: bytes = bytes(8)):
        self.carrier, self.draws = carrier, draws
        self.initiator = initiator  # whether we are the original initiator
        self.spi_i, self.spi_r = spi_i, spi_r
        self.port = carrier.ike_port
        self.to = (carrier.remote, carrier.ike_port)
        self.own: Seal | None = None
        self.theirs: Seal | None = None
        self.next_request = 0  # Message ID of our next request
        self.expected_request = 0  # and of the peer's
        self.inbox: deque[Received] = deque()
        self.copies: list[Received] = []
        self.received: list[Received] = []  # every message of the peer's once, whoever has taken it from the inbox
        self.heard: list[Received] = []  # the same with all copies
        self.problems: list[str] = []  # what came and was no message of this IKE SA
        self._answers: dict[bytes, Sent] = {}  # to requests, by these as they came: what repetitions get (RFC 7296 2.1)
        self._answered = -1  # the Message ID of our last response, while no request has followed it
        self._seen: dict[bytes, int] = {}  # octets that have come, with the Message ID of a response, else -1
        self._pieces: dict[tuple[int, int, bool], _Pieces] = {}
        self._ivs = 0
        carrier.ike[self.own_spi] = self

    @property
    def own_spi(self) -> bytes:
        return self.spi_i if self.initiator else self.spi_r

    # Out.

    def send(self, exchange: int, *payloads: Payload, message_id: int | None = None, response: bool = False,
             sealed: bool | None = None, fragment: int = 0, total: int | None = None,
             numbers: Sequence[int] | None = None, order: Callable[[list[bytes]], Iterable[bytes]] = list,
             port: int | None = None, to: tuple[str, int] | None = None, **odd: Any) -> Sent:
        """Sends a request, or with `response` what looks like one. `odd`: fields of message.Outgoing that are to say
        something else than they should. `fragment`: octets of content in each SKF; `order` may drop, repeat and reorder
        the datagrams. `sealed=False` sends in the clear what ought not to be."""
        number = self.next_request if message_id is None else message_id
        sealed = exchange not in OPEN_EXCHANGES if sealed is None else sealed
        odd = {"spi_i": self.spi_i, "spi_r": self.spi_r, "from_initiator": self.initiator, "iv": self._iv} | odd
        outgoing = Outgoing(exchange, payloads, message_id=number, response=response, **odd)
        assert self.own is not None or not sealed, "no keys yet: sealed=False, or IKE_SA_INIT first"
        if fragment and self.own is not None:
            datagrams = outgoing.fragments(self.own, fragment, total, numbers)
        else:
            datagrams = [outgoing.datagram(self.own if sealed else None)]
        sent = Sent(exchange, number, response, list(payloads), datagrams, self.port if port is None else port,
                    self.to if to is None else to)
        if not response:
            self._after_our_response(number)
            # To another request of this Message ID the same response is no repetition.
            self._seen = {octets: answered for octets, answered in self._seen.items() if answered != number}
        for octets in order(datagrams):
            self.carrier.send_ike(octets, sent.port, sent.to)
        return sent

    def resend(self, sent: Sent, order: Callable[[list[bytes]], Iterable[bytes]] = list) -> None:
        """The very same octets once more (RFC 7296 2.1); of fragments those that `order` leaves."""
        for octets in order(sent.datagrams):
            self.carrier.send_ike(octets, sent.port, sent.to)

    def answer(self, request: Received, *payloads: Payload, **odd: Any) -> Sent:
        """The response to a request of the peer's, back to where it came from (RFC 7296 2.11)."""
        assert request.arrived is not None
        plain = {"message_id": request.message_id, "port": request.arrived.port, "to": request.arrived.source}
        sent = self.send(request.exchange, *payloads, response=True, **plain | odd)
        if odd in ({}, {"spi_r": bytes(8)}):  # who refuses an IKE SA has no SPI for it
            self._answers[request.octets] = sent
        self._answered = sent.message_id
        return sent

    def _after_our_response(self, number: int) -> None:
        """Implementations with many threads drop our response while they are at work on our request of the same Message ID,
        and ask again after a while. So such a request is not sent at the heels of the response."""
        if number == self._answered:
            self.carrier.prove_chance()
        self._answered = -1

    def _iv(self, length: int) -> bytes:
        """A counter where an IV must only never repeat (RFC 5282 3.1), else drawn (RFC 3602 3)."""
        if length > 8:
            return self.draws.octets(length)
        self._ivs += 1
        return self._ivs.to_bytes(length, "big")

    # In.

    def arrived(self, datagram: Arrived) -> None:
        """Called by the carrier."""
        try:
            parsed = ike.parse(datagram.octets)
            message = Received(parsed.header, parsed.octets, parsed.outer, arrived=datagram)
            repeated = datagram.octets in self._seen
            if message.encrypted is not None and not self._open(message, repeated):
                return
        except (Malformed, NotAuthentic) as error:
            self.problems.append(f"{error}: {datagram.octets[:64].hex()}")
            return
        self._seen[datagram.octets] = message.message_id if message.header.response else -1
        self.heard.append(message)
        (self.copies if repeated else self.inbox).append(message)
        if not repeated:
            self.received.append(message)
        elif datagram.octets in self._answers:
            for octets in self._answers[datagram.octets].datagrams:
                self.carrier.send_ike(octets, datagram.port, datagram.source)

    def _open(self, message: Received, repeated: bool) -> bool:
        """False while fragments are missing."""
        payload = message.encrypted
        assert payload is not None
        if self.theirs is None:
            raise Malformed("a sealed message before there are keys")
        skip = 4 if message.fragment is not None else 0
        before, sealed = message.octets[: payload.at + skip], message.octets[payload.at + skip :]
        text = self.theirs.open(before, sealed)
        if not text or text[-1] + 1 > len(text):
            raise Malformed("padding longer than the Encrypted payload")
        message.text_inside = text
        text = text[: len(text) - 1 - text[-1]]
        if message.fragment is None:
            message.inner = ike.parse_chain(payload.inner_first, text)
            return True
        return repeated or self._join(message, message.fragment, text)

    def _join(self, message: Received, piece: ike.FragmentPayload, text: bytes) -> bool:
        self._seen[message.octets] = message.message_id if message.header.response else -1
        key = (message.exchange, message.message_id, message.header.response)
        pieces = self._pieces.get(key)
        if pieces is None or pieces.total < piece.total:
            pieces = self._pieces[key] = _Pieces(piece.total)
        pieces.parts[piece.number], pieces.messages[piece.number] = text, message
        if piece.number == 1:
            pieces.first = piece.inner_first
        if len(pieces.parts) < pieces.total:
            return False
        del self._pieces[key]
        message.text_inside = b"".join(pieces.parts[n] for n in sorted(pieces.parts))
        message.inner = ike.parse_chain(pieces.first, message.text_inside)
        message.pieces = [pieces.messages[n] for n in sorted(pieces.messages)]
        return True

    # Expect.

    def request(self, exchange: int, *payloads: Payload, **odd: Any) -> Received:
        """Sends a request and returns the response to it."""
        return self.expect_response(self.send(exchange, *payloads, **odd))

    def expect_response(self, sent: Sent, deadline_s: float = DEADLINE_S, again: bool = True) -> Received:
        """The response to that request, with its Message ID and exchange type (RFC 7296 2.1, 2.2); it is retransmitted
        meanwhile, unless `again` says no. What the peer asks waits in the inbox."""
        def fits(one: Received) -> bool:
            return one.header.response and one.message_id == sent.message_id

        found = self._await(fits, f"the response to {sent}", deadline_s, again=sent if again else None)
        if found.exchange != sent.exchange:
            raise Unmet(f"{found} came as the response to {sent}")
        if sent.message_id == self.next_request and sent.exchange != Exchange.IKE_SA_INIT:
            self.next_request += 1
        return found

    def expect_request(self, exchange: int | None = None, deadline_s: float = DEADLINE_S) -> Received:
        """The peer's next request, of that exchange. On the way there we answer whether we are alive, and what is
        notified to us: empty INFORMATIONAL requests and those with nothing but notifications."""
        def asked(one: Received) -> bool:
            return not one.header.response

        wanted = exchange_name(exchange) if exchange is not None else "request"
        end = time.monotonic() + deadline_s
        while True:
            found = self._await(asked, f"the peer's {wanted}", end - time.monotonic())
            self._count(found)
            if exchange in (None, found.exchange):
                return found
            if found.exchange != Exchange.INFORMATIONAL or any(not isinstance(p, ike.NotifyPayload)
                                                               for p in found.payloads):
                raise Unmet(f"{found} came where the peer's {wanted} was due")
            self.answer_politely(found)

    def answer_politely(self, request: Received) -> Sent:
        """Of an INFORMATIONAL request that asks for nothing but an answer: COOKIE2 comes back (RFC 4555 3.8)."""
        return self.answer(request, *request.cookie2)

    def _count(self, found: Received) -> None:
        if found.exchange == Exchange.IKE_SA_INIT and found.message_id == 0:
            self.expected_request = 1  # that of IKE_AUTH, whatever was asked again with a cookie (2.6)
            return
        if found.message_id != self.expected_request:
            raise Unmet(f"{found} has another Message ID than {self.expected_request} (RFC 7296 2.2)")
        self.expected_request += 1

    def repeat(self, sent: Sent, answer: Received, deadline_s: float = DEADLINE_S) -> Received:
        """Our request again, and again, until its response has come again, the very same octets."""
        end = time.monotonic() + deadline_s
        while True:
            self.resend(sent)
            with contextlib.suppress(Unmet):
                return self.expect_copy(answer, RETRANSMIT_S)
            if time.monotonic() >= end:
                raise Unmet(f"{sent} was repeated for {deadline_s:g} s, and its response not{self._instead()}")

    def expect_copy(self, of: Received, deadline_s: float = DEADLINE_S) -> Received:
        """The very same octets once more: a retransmission, of a request by itself or of a response when it is asked
        for again."""
        end = time.monotonic() + deadline_s
        while True:
            for one in self.copies:
                if one.octets == of.octets:
                    self.copies.remove(one)
                    return one
            if not self.carrier.wait(end - time.monotonic()):
                raise Unmet(f"no copy of {of} came within {deadline_s:g} s{self._instead()}")

    def expect_nothing(self, why: str = "silence was due") -> None:
        """Nothing new has come on this IKE SA, although the peer has since answered two questions of somebody else."""
        self.prove_chance()
        if self.inbox:
            raise Unmet(f"{why}, and {self.inbox[0]} came")
        if self.problems:
            raise Unmet(f"{why}, and this came: {self.problems[0]}")

    def expect_no_success(self, sent: Sent, why: str) -> None:
        """That request has gone unanswered, or was refused by an error; such a response is taken out of the inbox."""
        self.prove_chance()
        for one in [one for one in self.inbox if one.header.response and one.message_id == sent.message_id]:
            if not any(notify.is_error for notify in one.notifies().values()):
                raise Unmet(f"{why}, and {one} came")
            self.inbox.remove(one)

    def expect_no_copy(self, of: Received) -> None:
        """As expect_nothing, of repetitions of that message."""
        self.prove_chance()
        if any(one.octets == of.octets for one in self.copies):
            raise Unmet(f"a copy of {of} came that nothing asked for")

    def prove_chance(self) -> None:
        """Returns when the peer has answered twice what was asked after all that was sent so far. Raises Unmet."""
        for _ in range(2):
            if not self.carrier.prove_chance():
                raise Unmet("the peer answers nothing at all any more, not even an IKE_SA_INIT")

    def _await(self, fits: Callable[[Received], bool], what: str, deadline_s: float, again: Sent | None = None) -> Received:
        """Silence is believed when the peer has answered somebody else meanwhile. `again`: what we retransmit, as
        whoever asks has to (RFC 7296 2.1): a peer may have been too busy with our last message."""
        end = time.monotonic() + deadline_s
        silent_since, asked = time.monotonic(), False
        while True:
            for one in self.inbox:
                if fits(one):
                    self.inbox.remove(one)
                    return one
            now = time.monotonic()
            if now >= end or asked:
                raise Unmet(f"{what} did not come{self._instead()}")
            if self.carrier.wait(min(end - now, RETRANSMIT_S)):
                continue
            if again is not None:
                self.resend(again)
            if time.monotonic() - silent_since > self.carrier.patience_s:
                self.carrier.prove_chance(end - now)
                asked = self.carrier.prove_chance(end - now)

    def _instead(self) -> str:
        found = [str(one) for one in self.inbox] + self.problems
        return f"; instead: {'; '.join(found[:3])}" if found else ""
