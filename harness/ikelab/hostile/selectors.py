"""Traffic selectors, configuration attributes and EAP inside SK: structures within payloads whose lengths lie.
RFC 7296 3.13, 3.15, 3.16; RFC 3748 4"""

from __future__ import annotations

import struct
from random import Random

from ..scripted.payloads import EAP, N, Payload, Raw, TSi, TSr, without
from ..wire.registry import PayloadType
from .case import Deed, Generators, State
from .context import ALL, CHILD, CHILD_ANSWER, INFORMATION, PROOF, REKEY_CHILD, any_of
from .ground import Ground
from .mutate import LENGTHS, change

GENERATORS = Generators("selectors")
WITH_TS = (PROOF, CHILD, REKEY_CHILD, CHILD_ANSWER)
SIDES = (PayloadType.TSi, PayloadType.TSr)
WIDE = ("0.0.0.0/0", "::/0", "10.0.0.0/8", "127.0.0.1", "224.0.0.0/4", "255.255.255.255", "0.0.0.0", "fe80::/10", "::1",
        "10.1.0.0-10.3.255.255")


def _with(payloads: list[Payload], kinds: tuple[int, ...], body: bytes) -> list[Payload]:
    return [Raw(one.kind, body) if one.kind in kinds else one for one in payloads]


def _sides(pick: Random) -> tuple[int, ...]:
    return pick.choice((SIDES, SIDES[:1], SIDES[1:]))


@GENERATORS
def octets(pick: Random) -> Deed:
    context, sides, mutation = any_of(pick, WITH_TS), _sides(pick), change(pick)

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        say(*[Raw(one.kind, mutation(one.body)) if one.kind in sides else one for one in payloads])
    return Deed(context.state, f"TS of {context.words}: {mutation.words}", play)


@GENERATORS
def structures(pick: Random) -> Deed:
    """TS Type, Selector Length, ports and addresses drawn; how many there are is another number than is said."""
    context, sides = any_of(pick, WITH_TS), _sides(pick)
    said, count = pick.choice((0, 1, 2, 15, 16, 17, 64, 255)), pick.choice((0, 1, 2, 16, 17, 64, 255, 256, 700))
    kind, length = pick.choice((0, 6, 7, 8, 9, 10, 255)), pick.choice((*LENGTHS, 16, 16, 16, 40, 40))
    ports = (pick.choice((0, 1, 65535)), pick.choice((0, 1, 65535)))
    one = struct.pack(">BBHHH", kind, pick.choice((0, 1, 6, 17, 255)), length, *ports) + pick.randbytes(pick.choice((0, 8, 8, 32)))

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        say(*_with(payloads, sides, bytes([said, 0, 0, 0]) + one * count))
    words = f"{count} selectors, said to be {said}, of type {kind} and length {length}, in {context.words}"
    return Deed(context.state, words, play)


@GENERATORS
def ranges(pick: Random) -> Deed:
    """Selectors well formed: all there is, nothing, the peer itself, backwards. What is agreed is within the policy."""
    context, several = any_of(pick, (PROOF, CHILD)), pick.sample(WIDE, pick.randint(1, 3))
    backwards = pick.random() < 0.2

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        kept = without(payloads, *SIDES)
        ts = [TSi(*several), TSr(*several)]
        if backwards:
            ts = [Raw(one.kind, one.body[:4] + struct.pack(">BBHHH", 7, 0, 16, 65535, 0) + b"\xff" * 4 + bytes(4)) for one in ts]
        say(*kept, *ts)
    return Deed(context.state, f"{', '.join(several)}{' backwards' if backwards else ''} in {context.words}", play)


@GENERATORS
def missing(pick: Random) -> Deed:
    context, sides = any_of(pick, WITH_TS), _sides(pick)

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        say(*without(payloads, *sides))
    return Deed(context.state, f"{context.words} without {', '.join(map(str, sides))}", play)


@GENERATORS
def configuration(pick: Random) -> Deed:
    """CP of any type, attributes of any, whose lengths run past the end or end before they begin."""
    context, cfg_type = any_of(pick, (PROOF, INFORMATION, CHILD)), pick.choice((0, 1, 2, 3, 4, 5, 255))
    attributes = b"".join(struct.pack(">HH", pick.choice((0, 1, 2, 3, 6, 7, 8, 10, 13, 14, 15, 25, 0x7FFF, 0x8001, 0xFFFF)),
                                      pick.choice((0, 0, 0, *LENGTHS))) + pick.randbytes(pick.choice((0, 0, 4, 8, 16, 17)))
                          for _ in range(pick.choice((0, 1, 2, 20, 300))))
    attributes = attributes[: len(attributes) - pick.choice((0, 0, 1, 3))]

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        say(*payloads[:1], Raw(PayloadType.CP, bytes([cfg_type, 0, 0, 0]) + attributes), *payloads[1:])
    return Deed(context.state, f"CP of type {cfg_type} and {len(attributes)} octets in {context.words}", play)


@GENERATORS
def eap(pick: Random) -> Deed:
    """EAP shorter than its header, of another length than it says, of any code, where nobody asked for EAP."""
    code, identifier = pick.choice((0, 1, 2, 3, 4, 5, 255)), pick.randrange(256)
    data = pick.randbytes(pick.choice((0, 1, 4, 5, 6, 40, 1000)))
    length = pick.choice((None, 0, 1, 3, 4, 5, 0xFFFF))
    body = EAP(code, identifier, data).body
    if length is not None:
        body = body[:2] + struct.pack(">H", length) + body[4:]
    body = body[: pick.choice((None, None, 0, 1, 2, 3))]
    with_auth = pick.random() < 0.3

    def play(ground: Ground) -> None:
        payloads = ground.auth_payloads()
        kept = payloads if with_auth else without(payloads, PayloadType.AUTH)
        ground.auth(*kept, Raw(PayloadType.EAP, body))
    words = f"EAP code {code}, length {length}, {len(body)} octets, {'beside' if with_auth else 'without'} AUTH"
    return Deed(State.KEYED, words, play, stranger=not with_auth)


@GENERATORS
def vendor_structures(pick: Random) -> Deed:
    """What else has lengths of its own: Delete, CERTREQ, NAT_DETECTION, signature hashes, additional addresses."""
    context, mutation = any_of(pick, ALL), change(pick)
    spi_size, count = pick.choice((0, 1, 4, 8, 255)), pick.choice((0, 1, 2, 255, 0x4000, 0xFFFF))
    delete = struct.pack(">BBH", pick.choice((0, 1, 2, 3, 255)), spi_size, count) + pick.randbytes(pick.choice((0, 4, 8, 400)))
    more: list[Payload] = [
        Raw(PayloadType.D, delete), Raw(PayloadType.CERTREQ, mutation(b"\4" + bytes(20))),
        N("NAT_DETECTION_SOURCE_IP", mutation(bytes(20))), N("SIGNATURE_HASH_ALGORITHMS", mutation(bytes((0, 2, 0, 3)))),
        N("ADDITIONAL_IP4_ADDRESS", mutation(bytes(4))), N("ADDITIONAL_IP6_ADDRESS", mutation(bytes(16)))]
    chosen = pick.sample(more, pick.randint(1, 3))

    def play(ground: Ground) -> None:
        payloads, say = context.begin(ground)
        say(*payloads, *chosen)
    return Deed(context.state, f"{', '.join(str(one.kind) for one in chosen)} behind {context.words}: {mutation.words}", play)
