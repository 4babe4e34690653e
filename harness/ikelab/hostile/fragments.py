"""Fragments that lie, RFC 7383 2.5, 2.6. Each is sealed and authentic, as only a peer with keys can make it."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from random import Random
from typing import Any

from ..scripted.message import Outgoing
from ..scripted.payloads import N, Payload, chain
from ..wire.registry import Exchange, PayloadType
from .case import Deed, Generators, State
from .context import INSIDE, PROOF, any_of
from .ground import Ground
from .mutate import LENGTHS, change

GENERATORS = Generators("fragments")
SEALED = (PROOF, *INSIDE)
NUMBERS = (0, 1, 2, 3, 4, 0x7FFF, 0x8000, 0xFFFF)


def _order(pick: Random) -> tuple[str, Any]:
    """A name, and what it does to the datagrams."""
    seed = pick.getrandbits(32)

    def shuffled(datagrams: list[bytes]) -> Iterable[bytes]:
        Random(seed).shuffle(datagrams)
        return datagrams

    return pick.choice((
        ("backwards", lambda datagrams: datagrams[::-1]), (f"shuffled {seed}", shuffled),
        ("twice", lambda datagrams: datagrams * 2), ("each twice", lambda datagrams: [x for x in datagrams for _ in (0, 1)]),
        ("without the first", lambda datagrams: datagrams[1:]), ("without the last", lambda datagrams: datagrams[:-1]),
        ("the last once more", lambda datagrams: [*datagrams, datagrams[-1]]),
        ("the first once more", lambda datagrams: [*datagrams, datagrams[0]])))


@GENERATORS
def order(pick: Random) -> Deed:
    """Good fragments, in an order that is none, doubled or with a gap."""
    context, size, (words, way) = any_of(pick, SEALED), pick.choice((1, 3, 8, 40, 120)), _order(pick)

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        say(*payloads, fragment=size, order=way)
    return Deed(context.state, f"{context.words} in fragments of {size} octets, {words}", play)


@GENERATORS
def total(pick: Random) -> Deed:
    """Total Fragments that is too small, zero, or never reached."""
    context, size, found = any_of(pick, SEALED), pick.choice((8, 40, 120)), pick.choice(NUMBERS)
    words, way = _order(pick)

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        say(*payloads, fragment=size, total=found, order=way)
    return Deed(context.state, f"{context.words} in fragments of {size} octets, total {found}, {words}", play)


def _fragment(ground: Ground, number: int, total_: int, octets: bytes, first: int, message_id: int, exchange: int,
              response: bool, **odd: Any) -> bytes:
    """One SKF, of any numbers and content."""
    sa = ground.sa
    assert sa.own is not None
    outgoing = Outgoing(exchange, (), sa.spi_i, sa.spi_r, message_id, response, sa.initiator, first=first, inner=octets,
                        iv=sa._iv, **odd)
    return outgoing._sealed(sa.own, PayloadType.SKF, struct.pack(">HH", number, total_), first, octets)


def _send(ground: Ground, several: list[bytes]) -> None:
    for one in several:
        ground.carrier.send_ike(one, ground.sa.port, ground.sa.to)
    ground.settle()


def _where(ground: Ground) -> tuple[int, int, bool]:
    """Message ID, exchange and direction of what the peer waits for."""
    sa = ground.sa
    if sa.authenticated:
        return sa.next_request, Exchange.INFORMATIONAL, False
    if sa.initiator:
        return sa.next_request, Exchange.IKE_AUTH, False
    assert sa.auth_request is not None
    return sa.auth_request.message_id, Exchange.IKE_AUTH, True


@GENERATORS
def numbers(pick: Random) -> Deed:
    """Any numbers: fragment 0, beyond the total, totals that shrink and grow, Next Payload in the wrong one."""
    state = pick.choice((State.KEYED, State.ESTABLISHED))
    several = [(pick.choice(NUMBERS), pick.choice(NUMBERS), pick.randbytes(pick.choice((0, 0, 1, 8, 300))),
                pick.choice((0, 41, 46, 53, 255))) for _ in range(pick.choice((1, 2, 4, 12)))]

    def play(ground: Ground) -> None:
        _send(ground, [_fragment(ground, *one, *_where(ground)) for one in several])
    words = ", ".join(f"{number}/{of} {len(octets)} ({first})" for number, of, octets, first in several)
    return Deed(state, words, play, stranger=state is State.KEYED)


@GENERATORS
def growing(pick: Random) -> Deed:
    """The same message cut anew and anew, smaller or larger each time, never whole. RFC 7383 2.6"""
    state, totals = pick.choice((State.KEYED, State.ESTABLISHED)), [pick.randrange(2, 60) for _ in range(20)]
    totals = pick.choice((totals, sorted(totals), sorted(totals, reverse=True)))

    def play(ground: Ground) -> None:
        _send(ground, [_fragment(ground, number, of, bytes(100), 43 if number == 1 else 0, *_where(ground))
                       for of in totals for number in (1, of - 1)])
    return Deed(state, f"totals {totals}", play, stranger=state is State.KEYED)


@GENERATORS
def never_whole(pick: Random) -> Deed:
    """Many fragments of one message, or of many, that wait for the last one."""
    state, count, size = pick.choice((State.KEYED, State.ESTABLISHED)), pick.choice((60, 250)), pick.choice((0, 1, 1000))
    backwards, ahead = pick.random() < 0.5, pick.random() < 0.3

    def play(ground: Ground) -> None:
        number, exchange, response = _where(ground)
        several = [_fragment(ground, at, count + 1, bytes(size), 43 if at == 1 else 0, number + ahead * at, exchange, response)
                   for at in range(1, count + 1)]
        _send(ground, several[::-1] if backwards else several)
    words = f"{count} of {count + 1} fragments of {size} octets{', backwards' if backwards else ''}" \
            f"{', each of another Message ID' if ahead else ''}"
    return Deed(state, words, play, stranger=state is State.KEYED)


@GENERATORS
def lengths(pick: Random) -> Deed:
    """SKF shorter than its own header, its IV or its ICV; a length that lies."""
    context, size, length = any_of(pick, SEALED), pick.choice((8, 100)), pick.choice((None, *LENGTHS))
    less = pick.choice((0, 1, 4, 8, 16, 24, 28, 32, 36, 40, 60))

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)

        def shorten(octets: bytes) -> bytes:
            kept = octets[: max(28, len(octets) - less)]
            return kept[:24] + len(kept).to_bytes(4, "big") + kept[28:]
        say(*payloads, fragment=size, sk_length=length, after_sealing=shorten)
    return Deed(context.state, f"{context.words} in fragments of {size} octets, SKF length {length}, {less} octets less", play)


@GENERATORS
def content(pick: Random) -> Deed:
    """Good fragments whose whole is no chain."""
    context, mutation, size = any_of(pick, SEALED), change(pick), pick.choice((7, 64))

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        _, octets = chain(payloads)
        say(*payloads, inner=mutation(octets), fragment=size)
    return Deed(context.state, f"{context.words} in fragments of {size} octets: {mutation.words}", play)


@GENERATORS
def mixed(pick: Random) -> Deed:
    """Half of a message in fragments, then the whole; or the whole, and then fragments of another with its Message ID."""
    whole_first, size = pick.random() < 0.5, pick.choice((8, 60))
    different = pick.random() < 0.5

    def play(ground: Ground) -> None:
        number = ground.sa.next_request
        one: list[Payload] = [N("COOKIE2", bytes(40))]
        other: list[Payload] = [N("COOKIE2", b"\1" * 40)] if different else one
        half = lambda datagrams: datagrams[: len(datagrams) // 2]  # noqa: E731
        if whole_first:
            ground.ask(Exchange.INFORMATIONAL, *one)
            ground.ask(Exchange.INFORMATIONAL, *other, fragment=size, message_id=number)
        else:
            ground.ask(Exchange.INFORMATIONAL, *one, fragment=size, order=half)
            ground.ask(Exchange.INFORMATIONAL, *other, message_id=number)
            ground.ask(Exchange.INFORMATIONAL, *one, fragment=size, message_id=number)
    return Deed(State.ESTABLISHED, f"{'whole first' if whole_first else 'fragments first'}, of {size} octets"
                                   f"{', of another message' if different else ''}", play)


@GENERATORS
def duplicates(pick: Random) -> Deed:
    """An answered request's fragments again and again: only the first may be answered. RFC 7383 2.6.1"""
    size, count, skip = pick.choice((4, 16)), pick.choice((1, 5, 20)), pick.random() < 0.5

    def play(ground: Ground) -> None:
        number = ground.sa.next_request
        payloads = [N("COOKIE2", bytes(60))]
        ground.ask(Exchange.INFORMATIONAL, *payloads, fragment=size)
        again = (lambda datagrams: datagrams[1:] * count) if skip else (lambda datagrams: datagrams * count)
        ground.ask(Exchange.INFORMATIONAL, *payloads, fragment=size, message_id=number, order=again)
    return Deed(State.ESTABLISHED, f"{count} times fragments of {size} octets{', but the first' if skip else ''}", play)


@GENERATORS
def of_fragments(pick: Random) -> Deed:
    """SKF inside SKF, SK inside SK, and SKF where nothing is ever in fragments."""
    kind, depth = pick.choice((PayloadType.SK, PayloadType.SKF)), pick.choice((1, 2, 5))

    def play(ground: Ground) -> None:
        octets = struct.pack(">BBHHH", 0, 0, 8, 1, 1)
        for _ in range(depth):
            octets = struct.pack(">BBHHH", kind, 0, 8 + len(octets), 1, 1) + octets
        ground.ask(Exchange.INFORMATIONAL, first=kind, inner=octets)
        ground.ask(Exchange.INFORMATIONAL, first=kind, inner=octets, fragment=8)
    return Deed(State.ESTABLISHED, f"payload {int(kind)} {depth} deep", play)
