"""What may not come of a case, whatever it was. Each rule is a function; docs/HOSTILE.md has them in words.

A rule looks at datagrams as they crossed the wire, or at what the scripted peer could read of them with the keys."""

from __future__ import annotations

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..conformance.as_written import written_proposals
from ..scripted.channel import Received
from ..scripted.errors import Unmet
from ..scripted.first_exchanges import chosen
from ..scripted.ike_sa import IkeSa
from ..scripted.payloads import Payload
from ..wire import ike
from ..wire.ike import FLAG_RESPONSE, HEADER_LENGTH
from ..wire.registry import Exchange, PayloadType
from .ground import Asked

IN_THE_CLEAR = {"INVALID_IKE_SPI", "INVALID_MAJOR_VERSION"}  # RFC 7296 1.5, 2.5
HINT_OCTETS = 16  # by which an error may be longer than a request of hardly more than a header
MAJOR = 2
MESSAGE_ID = slice(20, 24)
NUMBERS = HEADER_LENGTH + 4  # of an SKF payload that stands first (RFC 7383 2.5)


@dataclass(slots=True, frozen=True)
class Broken:
    """A rule that was broken, and how."""

    rule: str
    words: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.words}"


@dataclass(slots=True)
class Watch:
    """IKE datagrams of one case, both ways (carrier.Witness)."""

    ours: list[bytes] = field(default_factory=list)
    theirs: list[bytes] = field(default_factory=list)

    def went(self, octets: bytes) -> None:
        self.ours.append(octets)

    def came(self, octets: bytes) -> None:
        self.theirs.append(octets)


@dataclass(slots=True)
class Seen:
    """All that is known of a case when it is over."""

    watch: Watch
    sas: list[IkeSa]
    asked: Asked
    stranger: bool
    established: set[bytes]  # SPI_i of what the peer says to be established; empty where it does not tell


Rule = Callable[[Seen], Iterator[str]]
RULES: dict[str, Rule] = {}


def rule(name: str) -> Callable[[Rule], Rule]:
    def keep(function: Rule) -> Rule:
        RULES[name] = function
        return function
    return keep


def judge(seen: Seen) -> list[Broken]:
    return [Broken(name, words) for name, one in RULES.items() for words in one(seen)]


# Datagrams.

Question = tuple[bytes, bytes]  # SPI_i and Message ID


def _question(octets: bytes) -> Question:
    return octets[:8], octets[MESSAGE_ID]


def _is_response(octets: bytes) -> bool:
    return len(octets) >= HEADER_LENGTH and bool(octets[19] & FLAG_RESPONSE)


def _opens_message(octets: bytes) -> bool:
    """Of the fragments of one message only the first counts."""
    return octets[16] != PayloadType.SKF or octets[NUMBERS : NUMBERS + 2] == b"\x00\x01"


@rule("an answer that nothing asked for")
def unasked(seen: Seen) -> Iterator[str]:
    """A response answers a request, once; what is marked as a response is never answered. RFC 7296 2.1, 3.1; a request
    in fragments that was answered is answered again for its first fragment alone, RFC 7383 2.6.1. What flags mean in another
    major version nobody knows: any such message may be refused (2.5)."""
    questions = Counter(_question(one) for one in seen.watch.ours if not _is_response(one) or one[17] >> 4 != MAJOR)
    spoken = {one[:8] for one in seen.watch.ours}  # a late answer to what ended the case before is none of this one's
    answers = Counter(_question(one) for one in seen.watch.theirs
                      if _is_response(one) and _opens_message(one) and one[:8] in spoken)
    for (spi, number), count in answers.items():
        asked = questions[spi, number]
        if count > asked:
            yield (f"{count} responses to {asked} request datagrams of Message ID {int.from_bytes(number, 'big')} "
                   f"(SPI_i {spi.hex()})")


@rule("more octets out than in")
def amplified(seen: Seen) -> Iterator[str]:
    """Who refuses an IKE_SA_INIT, or demands a cookie, says less than was said to it. RFC 7296 2.6, 2.21.4"""
    longest: dict[Question, int] = defaultdict(int)
    for one in seen.watch.ours:
        longest[_question(one)] = max(longest[_question(one)], len(one))
    for one in seen.watch.theirs:
        hint = _is_response(one) and one[18] == Exchange.IKE_SA_INIT and one[16] != PayloadType.SA
        asked = longest[_question(one)]
        if hint and asked and len(one) > asked + HINT_OCTETS and one[8:16] == bytes(8):
            yield f"{len(one)} octets answer a request of {asked}"


# Messages.

@rule("a message that cannot be read")
def unreadable(seen: Seen) -> Iterator[str]:
    """Whatever it is asked, what the peer says itself is well-formed and authentic. RFC 7296 2.21, 3"""
    for sa in seen.sas:
        if sa.keymat is not None:
            yield from sa.problems[:1]


@rule("unprotected where there are keys")
def in_the_clear(seen: Seen) -> Iterator[str]:
    """After IKE_SA_INIT all is sealed, but for two notifications about messages of nobody's. RFC 7296 1.5, 2.21.2"""
    for sa in seen.sas:
        for one in sa.heard if sa.keymat is not None else []:
            if one.exchange != Exchange.IKE_SA_INIT and one.encrypted is None:
                if not set(one.notifies()) <= IN_THE_CLEAR or len(one.payloads) != 1:
                    yield str(one)


@rule("two answers to one request")
def different_answers(seen: Seen) -> Iterator[str]:
    """A request is answered once, and then by the same again. RFC 7296 2.1"""
    for sa in seen.sas:
        said: dict[int, Received] = {}
        for one in sealed_responses(sa):
            first = said.setdefault(one.message_id, one)
            if _content(first) != _content(one):
                yield f"{first}, and then {one}"


def _content(message: Received) -> list[tuple[int, bytes]]:
    return [(payload.kind, payload.body) for payload in message.payloads]


def sealed_responses(sa: IkeSa) -> list[Received]:
    """Whole ones; of a copy in fragments there is nothing to be read but its pieces."""
    return [one for one in sa.heard if one.header.response and one.encrypted is not None and one.whole]


@rule("somebody was authenticated who proved nothing")
def believed(seen: Seen) -> Iterator[str]:
    """RFC 7296 2.15, 1.2; nothing but IKE_AUTH goes before it is over, 1.3, 1.4."""
    if not seen.stranger:
        return
    for sa in seen.sas:
        if sa.spi_i in seen.established:
            yield f"the IKE SA {sa.spi_i.hex()} is established"
        for one in sealed_responses(sa):
            if one.first(PayloadType.SA) is not None:
                yield f"{one}"


@rule("selectors outside the policy")
def beyond_policy(seen: Seen) -> Iterator[str]:
    """The answer is within what is configured, whatever was asked for. RFC 7296 2.9"""
    for sa in seen.sas:
        own = {PayloadType.TSi: sa.spec.children[0].local_ts, PayloadType.TSr: sa.spec.children[0].remote_ts}
        for one in sealed_responses(sa):
            for payload in one.payloads:
                if isinstance(payload, ike.TsPayload) and (allowed := own[PayloadType(payload.kind)]):
                    yield from (f"{selector} in {one}" for selector in payload.selectors if not _within(selector, allowed))


def _within(selector: ike.Selector, networks: tuple[str, ...]) -> bool:
    first, last = ipaddress.ip_address(selector.start), ipaddress.ip_address(selector.end)
    found = (ipaddress.ip_network(one, strict=False) for one in networks)
    return any(first in one and last in one for one in found if one.version == first.version)


@rule("a choice of what was not proposed")
def not_proposed(seen: Seen) -> Iterator[str]:
    """RFC 7296 2.7, 3.3.1. Where several requests had one Message ID the answer is to any of them."""
    for sa in seen.sas:
        for one in sealed_responses(sa):
            several = [[payload for payload in payloads if payload.kind == PayloadType.SA]
                       for payloads in seen.asked.get((sa.spi_i, one.exchange, one.message_id), [])]
            several = [proposals for proposals in several if proposals]
            if one.first(PayloadType.SA) is None or not all(_plain(proposals) for proposals in several):
                continue
            wrong = [_misfit(one, proposals) for proposals in several]
            if wrong and all(wrong):
                yield wrong[-1]


def _plain(proposals: list[Payload]) -> bool:
    """One SA payload of which it is clear what it proposes: which of two Key Lengths is meant nobody can say."""
    if len(proposals) != 1 or not isinstance(proposals[0], ike.SaPayload):
        return False
    kinds = [[one.kind for one in transform.attributes]
             for proposal in written_proposals(proposals[0]) for transform in proposal.transforms]
    return all(len(set(several)) == len(several) for several in kinds)  # RFC 7296 3.3


def _misfit(answer: Received, asked: list[Payload]) -> str:
    """Why it is no answer to that; "" when it is."""
    try:
        chosen(answer, asked)
    except Unmet as error:
        return str(error)
    return ""
