"""SA, KE, nonce, SPIs and REKEY_SA, RFC 7296 3.3, 3.4, 3.9, 1.3.3, 2.6; RFC 6989 for points that are none."""

from __future__ import annotations

import struct
from dataclasses import replace
from random import Random

from ..scripted.payloads import (KE, SA, N, Nonce, Payload, Proposal, Raw, TransformWith, known,
                                 proposal_octets, replaced, without)
from ..wire import ike
from ..wire.registry import PayloadType, TransformType
from .case import Deed, Generators, State, only
from .context import ALL, CHILD, CHILD_ANSWER, FIRST, IKE_ANSWER, INFORMATION, PROOF, REKEY_CHILD, REKEY_IKE, any_of
from .ground import Ground
from .mutate import LENGTHS, change

GENERATORS = Generators("proposals")
WITH_SA = (FIRST, PROOF, CHILD, REKEY_CHILD, REKEY_IKE, CHILD_ANSWER, IKE_ANSWER)
WITH_KE = (FIRST, REKEY_IKE, IKE_ANSWER)
NUMBERS16 = (0, 1, 2, 5, 13, 14, 17, 19, 25, 31, 32, 128, 1023, 1024, 1025, 40961, 65535)
POINTS = {19: 64, 20: 96, 21: 132, 31: 32, 32: 56, 14: 256}


def _sa(payloads: list[Payload]) -> ike.SaPayload:
    found = next(one for one in payloads if one.kind == PayloadType.SA)
    assert isinstance(found, ike.SaPayload)
    return found


@GENERATORS
def transforms(pick: Random) -> Deed:
    """One transform is missing, doubled, of a private number or of another type: a proposal without a key exchange, say."""
    context, what, where = any_of(pick, WITH_SA), pick.choice(("less", "more", "number", "type", "key length")), pick.random()
    number, kind, bits = pick.choice(NUMBERS16), pick.choice((0, 1, 2, 3, 4, 5, 6, 255)), pick.choice((1, 127, 129, 65535))
    count = pick.choice((1, 2, 32, 250))

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        proposals = _sa(payloads).proposals
        several = list(proposals[0].transforms)
        at = int(where * len(several))
        one = several[at]
        several[at : at + 1] = {"less": [], "more": [one] * (1 + count), "number": [replace(one, number=number)],
                                "type": [replace(one, kind=kind)], "key length": [replace(one, key_length=bits)]}[what]
        say(*replaced(payloads, SA(replace(proposals[0], transforms=several), *proposals[1:])))
    words = f"{what} ({number}, type {kind}, {bits} bits, {count}) of transform {where:.2f} in {context.words}"
    return Deed(context.state, words, play)


@GENERATORS
def proposal(pick: Random) -> Deed:
    """Another protocol, number or SPI than a proposal has here."""
    context, what = any_of(pick, WITH_SA), pick.choice(("protocol", "number", "spi"))
    protocol, number = pick.choice((0, 1, 2, 3, 4, 201, 255)), pick.choice((0, 2, 3, 127, 255))
    spi = pick.randbytes(pick.choice((0, 1, 3, 4, 5, 8, 9, 16, 255)))

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        one = _sa(payloads).proposals[0]
        changed = {"protocol": replace(one, protocol=protocol), "number": replace(one, number=number),
                   "spi": replace(one, spi=spi)}[what]
        say(*replaced(payloads, SA(changed)))
    words = {"protocol": f"protocol {protocol}", "number": f"number {number}", "spi": f"an SPI of {len(spi)} octets"}[what]
    return Deed(context.state, f"{words} in the proposal of {context.words}", play)


@GENERATORS
def many_proposals(pick: Random) -> Deed:
    context, count, same = any_of(pick, WITH_SA), pick.choice((2, 15, 16, 17, 255, 256, 400)), pick.random() < 0.5

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        one = _sa(payloads).proposals[0]
        say(*replaced(payloads, SA(*(replace(one, number=1 if same else number % 256) for number in range(1, count + 1)))))
    return Deed(context.state, f"{count} proposals{' of one number' if same else ''} in {context.words}", play)


@GENERATORS
def attributes(pick: Random) -> Deed:
    """Transform attributes whose lengths lie."""
    context, kind, length = any_of(pick, WITH_SA), pick.choice((0, 1, 14, 0x800E, 0x8000, 0xFFFF)), pick.choice(LENGTHS)
    octets = struct.pack(">HH", kind, length) * pick.choice((1, 2, 40)) + pick.randbytes(pick.choice((0, 1, 3, 8)))

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        proposals = _sa(payloads).proposals
        first = proposals[0].transforms[0]
        changed = TransformWith(first.kind, first.number, first.key_length, octets)
        say(*replaced(payloads, SA(replace(proposals[0], transforms=[changed, *proposals[0].transforms[1:]]))))
    words = f"attribute {kind:#06x} of length {length}, {len(octets)} octets, in {context.words}"
    return Deed(context.state, words, play)


@GENERATORS
def substructures(pick: Random) -> Deed:
    """Counts and lengths within SA that do not fit it."""
    context, mutation = any_of(pick, WITH_SA), change(pick)

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        octets = proposal_octets(_sa(payloads).proposals[0], True)
        say(*[Raw(one.kind, mutation(octets)) if one.kind == PayloadType.SA else one for one in payloads])
    return Deed(context.state, f"SA of {context.words}: {mutation.words}", play)


@GENERATORS
def key_exchange(pick: Random) -> Deed:
    """KE data of any length, of zeros or ones, for a group that was proposed, or not."""
    context, group = any_of(pick, WITH_KE), pick.choice((None, *NUMBERS16))
    length, fill = pick.choice((0, 1, 31, 32, 33, 56, 64, 65, 256, 257, 4000)), pick.choice((b"\0", b"\1", b"\xff"))

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        found = ground.sa.group if group is None else group
        say(*replaced(payloads, KE(found, fill * length)))
    words = f"{length} octets {fill[0]:#04x} as KE of group {'chosen' if group is None else group} in {context.words}"
    return Deed(context.state, words, play)


@GENERATORS
def points(pick: Random) -> Deed:
    """A group that the peer may know, with as many octets as it has, which are no point of it. RFC 6989 2.3"""
    context, group = any_of(pick, (FIRST, REKEY_IKE)), pick.choice(tuple(POINTS))
    data = pick.randbytes(POINTS[group])

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        proposals = _sa(payloads).proposals
        several = [replace(one, number=group) if one.kind == TransformType.KE else one for one in proposals[0].transforms]
        say(*replaced(replaced(payloads, SA(replace(proposals[0], transforms=several))), KE(group, data)))
    return Deed(context.state, f"{len(data)} octets for group {group} in {context.words}", play)


@GENERATORS
def nonce(pick: Random) -> Deed:
    context = any_of(pick, (FIRST, CHILD, REKEY_CHILD, REKEY_IKE, CHILD_ANSWER, IKE_ANSWER))
    length = pick.choice((0, 1, 15, 257, 2000, 20000))

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        say(*replaced(payloads, Nonce(bytes(length))))
    return Deed(context.state, f"a nonce of {length} octets in {context.words}", play)


@GENERATORS
def rekeyed_spi(pick: Random) -> Deed:
    """REKEY_SA for a protocol or an SPI that is none, which a daemon may copy into what it says itself."""
    protocol, size = pick.choice((0, 1, 2, 3, 4, 255)), pick.choice((0, 1, 3, 4, 5, 8, 16, 255))
    spi, ours = pick.randbytes(size), pick.random() < 0.3
    data, count = pick.randbytes(pick.choice((0, 4, 200))), pick.choice((1, 1, 2, 16))

    def play(ground: Ground) -> None:
        payloads, say = CHILD.begin(ground)
        wrong = N("REKEY_SA", data, protocol, ground.child.spi_in if ours else spi)
        say(*[wrong] * count, *payloads)
    words = f"{count} REKEY_SA of protocol {protocol}, {'our' if ours else size} SPI, {len(data)} octets of data"
    return Deed(State.ESTABLISHED, words, play)


@GENERATORS
def limits(pick: Random) -> Deed:
    """SPIs at their limits: zero, those reserved for ESP, and all ones."""
    context, number = any_of(pick, (PROOF, CHILD, REKEY_CHILD, CHILD_ANSWER)), pick.choice((0, 1, 255, 256, 0xFFFFFFFF))

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        say(*replaced(payloads, SA(replace(_sa(payloads).proposals[0], spi=number.to_bytes(4, "big")))))
    return Deed(context.state, f"SPI {number:#x} in {context.words}", play)


@GENERATORS
def notifications(pick: Random) -> Deed:
    """Notifications of any type with data of any length, and with SPIs, anywhere."""
    context = any_of(pick, (*ALL, INFORMATION))
    several = [N(pick.choice((pick.randrange(1, 60), pick.randrange(16384, 16440), pick.randrange(65536))),
                 pick.randbytes(pick.choice((0, 1, 2, 4, 8, 20, 64, 300))), pick.choice((0, 1, 3, 255)),
                 pick.randbytes(pick.choice((0, 0, 4, 8, 255)))) for _ in range(pick.choice((1, 2, 5)))]

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        say(*several, *payloads)
    return Deed(context.state, f"{', '.join(map(str, several))} before {context.words}"[:300], play)


@GENERATORS
@only("initiator")
def retries(pick: Random) -> Deed:
    """What asks for another IKE_SA_INIT, and cannot be followed: cookies of any size, groups of nobody's, again and again.
    RFC 7296 2.6, 1.2"""
    what, size, group = pick.choice(("COOKIE", "INVALID_KE_PAYLOAD")), pick.choice((0, 1, 64, 65, 1000, 30000)), \
        pick.choice(NUMBERS16)
    data = bytes(size) if what == "COOKIE" else pick.choice((b"", b"\0", struct.pack(">H", group), bytes(3)))
    count, spi_r = pick.choice((1, 2, 8)), pick.choice((bytes(8), pick.randbytes(8)))

    def play(ground: Ground) -> None:
        for _ in range(count):
            ground.first(N(what, data), spi_r=spi_r)
            ground.sa.inbox.clear()
    return Deed(State.APART, f"{count} times {what} of {len(data)} octets ({group})", play)


@GENERATORS
def empty(pick: Random) -> Deed:
    """SA without proposals, proposals without transforms."""
    context, inside = any_of(pick, WITH_SA), pick.random() < 0.5

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        body = proposal_octets(Proposal(1, 1, b"", []), True) if inside else b""
        say(*[known(PayloadType.SA, body) if one.kind == PayloadType.SA else one for one in without(payloads, 0)])
    return Deed(context.state, f"{'a proposal without transforms' if inside else 'no proposal'} in {context.words}", play)
