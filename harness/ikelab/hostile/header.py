"""What a header says of a message that is not so, RFC 7296 3.1, 2.5; octets that are no message at all."""

from __future__ import annotations

from random import Random
from typing import Any

from ..scripted.payloads import N
from .case import Deed, Generators, State
from .context import ALL, FIRST, INSIDE, Context, any_of
from .ground import Ground
from .mutate import change

GENERATORS = Generators("header")
EXCHANGES = (0, 1, 5, 33, 34, 35, 38, 39, 43, 44, 127, 128, 240, 255)
IDS = (0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
PORTS = (500, 4500)


def said_with(context: Context, words: str, **odd: Any) -> Deed:
    """What is said in such a context, but for this of its header or octets."""

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        say(*payloads, **odd)
    return Deed(context.state, words, play)


@GENERATORS
def length(pick: Random) -> Deed:
    """The datagram's size is another than Length says."""
    context = any_of(pick)
    found = pick.choice((0, 1, 27, 28, 29, 32, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF, pick.randrange(4000)))
    return said_with(context, f"Length {found} in {context.words}", length=found)


@GENERATORS
def cut(pick: Random) -> Deed:
    """Too short for what it says it is, down to less than a version octet."""
    context, size = any_of(pick), pick.choice((0, 1, 15, 16, 17, 18, 20, 27, 28, 29, 31, 32, 33, pick.randrange(28, 200)))
    return said_with(context, f"{context.words} cut to {size} octets", after_sealing=lambda octets: octets[:size])


@GENERATORS
def version(pick: Random) -> Deed:
    context, found = any_of(pick), pick.choice((0, 0x10, 0x11, 0x1F, 0x21, 0x2F, 0x30, 0x80, 0xFF))
    return said_with(context, f"version {found:#04x} in {context.words}", version=found)


@GENERATORS
def spis(pick: Random) -> Deed:
    """SPIs of nobody's, or of zeros, before what is sealed with good keys."""
    context, which = any_of(pick, INSIDE), pick.choice(("spi_i", "spi_r", "both"))
    found = pick.choice((bytes(8), b"\xff" * 8, pick.randbytes(8)))
    odd = {name: found for name in (("spi_i", "spi_r") if which == "both" else (which,))}
    return said_with(context, f"{which} {found.hex()} in {context.words}", **odd)


@GENERATORS
def flags(pick: Random) -> Deed:
    context, found = any_of(pick), pick.randrange(256)
    return said_with(context, f"flags {found:#04x} in {context.words}", flags=found)


@GENERATORS
def exchange(pick: Random) -> Deed:
    """An exchange type of nobody's, sealed or not, before and after authentication."""
    state, found = pick.choice((State.KEYED, State.ESTABLISHED)), pick.choice(EXCHANGES)
    sealed = pick.random() < 0.7

    def play(ground: Ground) -> None:
        if state is State.KEYED:
            ground.instead_of_auth(found, *ground.auth_payloads(), sealed=sealed)
        else:
            ground.ask(found, N("COOKIE2", bytes(16)), sealed=sealed)
    return Deed(state, f"exchange {found}, {'sealed' if sealed else 'in the clear'}", play, stranger=state is State.KEYED)


@GENERATORS
def message_id(pick: Random) -> Deed:
    context, found = any_of(pick), pick.choice(IDS)
    return said_with(context, f"Message ID {found} in {context.words}", message_id=found)


@GENERATORS
def next_payload(pick: Random) -> Deed:
    context, found = any_of(pick), pick.choice((0, 1, 33, 40, 45, 46, 47, 53, 54, 128, 255))
    return said_with(context, f"Next Payload {found} in {context.words}", next_payload=found)


@GENERATORS
def octets(pick: Random) -> Deed:
    """A message changed after it was sealed, or that was never to be."""
    context, mutation = any_of(pick, ALL), change(pick)
    return said_with(context, f"{context.words}: {mutation.words}", after_sealing=mutation)


@GENERATORS
def noise(pick: Random) -> Deed:
    """Octets that mean nothing, on either port, some with the SPIs of an IKE SA there is."""
    several = [(pick.choice(PORTS), pick.random() < 0.5, pick.randbytes(int(1400 * pick.random() ** 3))) for _ in range(4)]

    def play(ground: Ground) -> None:
        for port, ours, random in several:
            spis = ground.sa.spi_i + ground.sa.spi_r if ours else b""
            ground.noise(spis + random, port)
    words = ", ".join(f"{len(random)} octets{' after our SPIs' if ours else ''} to {port}" for port, ours, random in several)
    return Deed(State.ESTABLISHED, words, play)


@GENERATORS
def header_alone(pick: Random) -> Deed:
    """Nothing but a header, of any exchange, request or response, for an IKE SA of nobody's."""
    spi_i, spi_r = pick.randbytes(8), pick.choice((bytes(8), pick.randbytes(8)))
    kind, flags_, number = pick.choice(EXCHANGES), pick.choice((0, 8, 0x20, 0x28)), pick.choice(IDS)
    found = spi_i + spi_r + bytes([0, 0x20, kind, flags_]) + number.to_bytes(4, "big") + (28).to_bytes(4, "big")
    return Deed(FIRST.state, f"exchange {kind}, flags {flags_:#04x}, Message ID {number}",
                lambda ground: ground.noise(found))


