"""Payload chains that are not what the exchange asks for, or no chains, RFC 7296 3.2, 2.5, 3.14."""

from __future__ import annotations

from random import Random

from ..scripted.payloads import Payload, Raw, chain, odd
from .case import Deed, Generators
from .context import ALL, INSIDE, PROOF, any_of
from .ground import Ground
from .mutate import LENGTHS, change

GENERATORS = Generators("chain")
SEALED = (PROOF, *INSIDE)
TYPES = (0, 1, 2, 4, 5, 8, 13, 20, 32, *range(33, 55), 127, 128, 255)
COUNTS = (15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 1000, 3000)


@GENERATORS
def missing(pick: Random) -> Deed:
    """One or more that the exchange needs are not there."""
    context, draws = any_of(pick), [pick.random() for _ in range(pick.choice((1, 1, 2, 3)))]

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        for one in draws:
            if payloads:
                payloads.pop(int(one * len(payloads)))
        say(*(payloads or [Raw(43)]))
    # Who leaves out none of ours may have left out what was optional: nobody is a stranger here.
    return Deed(context.state, f"{context.words} without {', '.join(f'{one:.2f}' for one in draws)}", play)


@GENERATORS
def doubled(pick: Random) -> Deed:
    context, draws, count = any_of(pick), (pick.random(), pick.random()), pick.choice((1, 1, 2, 20))

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        again = payloads[int(draws[0] * len(payloads))]
        at = int(draws[1] * (len(payloads) + 1))
        say(*payloads[:at], *[again] * count, *payloads[at:])
    return Deed(context.state, f"{context.words}: {draws[0]:.2f} {count} times more at {draws[1]:.2f}", play)


@GENERATORS
def shuffled(pick: Random) -> Deed:
    context, seed = any_of(pick), pick.getrandbits(32)

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        Random(seed).shuffle(payloads)
        say(*payloads)
    return Deed(context.state, f"{context.words} in the order {seed}", play)


@GENERATORS
def foreign(pick: Random) -> Deed:
    """A payload of another exchange, of another version, or of nobody's."""
    context, kind, where = any_of(pick), pick.choice(TYPES), pick.random()
    body, urgent = pick.randbytes(pick.choice((0, 1, 3, 4, 8, 20, 64, 1000))), pick.random() < 0.5

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        at = int(where * (len(payloads) + 1))
        say(*payloads[:at], Raw(kind, body, urgent), *payloads[at:])
    words = f"{'critical ' if urgent else ''}payload {kind} of {len(body)} octets at {where:.2f} of {context.words}"
    return Deed(context.state, words, play)


@GENERATORS
def renumbered(pick: Random) -> Deed:
    """One that is needed goes by the type of another."""
    context, kind, where = any_of(pick), pick.choice(TYPES), pick.random()

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        at = int(where * len(payloads))
        say(*payloads[:at], Raw(kind, payloads[at].body), *payloads[at + 1 :])
    return Deed(context.state, f"{where:.2f} of {context.words} as payload {kind}", play)


@GENERATORS
def many(pick: Random) -> Deed:
    """As many as fill a table, and one more."""
    context, kind, count = any_of(pick), pick.choice((41, 43, 37, 38, 42, 200, 44)), pick.choice(COUNTS)
    body = pick.choice((b"", bytes(4), bytes((0, 0, 0x40, 0x04))))
    first = pick.random() < 0.5

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        more: list[Payload] = [Raw(kind, body)] * count
        say(*((more + payloads) if first else (payloads + more)))
    words = f"{count} payloads {kind} of {len(body)} octets {'before' if first else 'behind'} {context.words}"
    return Deed(context.state, words, play)


@GENERATORS
def payload_length(pick: Random) -> Deed:
    context, where, length = any_of(pick), pick.random(), pick.choice(LENGTHS)

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        at = int(where * len(payloads))
        say(*payloads[:at], odd(payloads[at], length=length), *payloads[at + 1 :])
    return Deed(context.state, f"Payload Length {length} at {where:.2f} of {context.words}", play)


@GENERATORS
def next_payload(pick: Random) -> Deed:
    """A chain that ends too early, or goes on behind its end."""
    context, where, kind, reserved = any_of(pick), pick.random(), pick.choice(TYPES), pick.randrange(128)

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        at = int(where * len(payloads))
        say(*payloads[:at], odd(payloads[at], next_payload=kind, reserved=reserved), *payloads[at + 1 :])
    return Deed(context.state, f"Next Payload {kind}, reserved {reserved} at {where:.2f} of {context.words}", play)


@GENERATORS
def body(pick: Random) -> Deed:
    """One payload's octets changed, its header left in order: deeper parsers are reached."""
    context, where, mutation = any_of(pick), pick.random(), change(pick)

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        at = int(where * len(payloads))
        one = payloads[at]
        say(*payloads[:at], Raw(one.kind, mutation(one.body), one.critical), *payloads[at + 1 :])
    return Deed(context.state, f"{where:.2f} of {context.words}: {mutation.words}", play)


@GENERATORS
def plaintext(pick: Random) -> Deed:
    """Octets inside SK that were drawn, or changed before they were sealed."""
    context, mutation = any_of(pick, SEALED), change(pick)
    drawn = pick.randbytes(int(300 * pick.random() ** 2)) if pick.random() < 0.4 else None
    first = pick.choice((None, *TYPES))

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        _, octets = chain(payloads)
        say(*payloads, first=first, inner=mutation(octets) if drawn is None else drawn)
    what = mutation.words if drawn is None else f"{len(drawn)} octets that were drawn"
    return Deed(context.state, f"inside {context.words}: {what}; first payload {first}", play)


@GENERATORS
def padding(pick: Random) -> Deed:
    """Pad Length beyond the plaintext, or padding of any size."""
    context, size = any_of(pick, SEALED), pick.choice((0, 1, 15, 16, 200, 255))
    claimed = pick.choice((None, 0, 1, 16, 128, 254, 255))

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        say(*payloads, padding=bytes(size), pad_length=claimed)
    return Deed(context.state, f"{size} octets of padding, Pad Length {claimed}, in {context.words}", play)


@GENERATORS
def sealed_payload(pick: Random) -> Deed:
    """SK too short for IV, ICV or both, with a length that lies, or with payloads before and behind it."""
    context, length = any_of(pick, SEALED), pick.choice((None, *LENGTHS))
    outer = [Raw(pick.choice(TYPES), pick.randbytes(pick.choice((0, 4, 40)))) for _ in range(pick.choice((0, 0, 1, 3)))]
    shorter = pick.choice((0, 0, 1, 8, 12, 16, 24, 32, 40))

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)

        def shorten(octets: bytes) -> bytes:
            kept = octets[: len(octets) - shorter]
            return kept[:24] + len(kept).to_bytes(4, "big") + kept[28:]
        say(*payloads, outer=outer, sk_length=length, after_sealing=shorten)
    words = f"{context.words}: SK length {length}, {shorter} octets less, {len(outer)} payloads before it"
    return Deed(context.state, words, play)
