"""ESP, RFC 4303 2 and 3.4, RFC 3948 2: cut, forged, replayed, ahead of its time; true outside and lying within.

What has to be discarded is an echo request all the same: an answer to it shows that it was not."""

from __future__ import annotations

import struct
from collections.abc import Callable
from random import Random

from ..scripted import ip
from ..scripted.child_sa import ChildSa
from ..scripted.errors import Unmet
from .case import Deed, Generators, State
from .ground import Ground
from .mutate import change

GENERATORS = Generators("esp")


def _after(ground: Ground, child: ChildSa, unheard: list[int], why: str) -> None:
    """The Child SA goes on, and none of those was answered."""
    child.ping()
    for number in unheard:
        if any(child.reply_to(number)(one) for one in child.inbox):
            raise Unmet(f"{why}, and its echo request was answered")
    ground.settle()


def _odd(words: str, why: str, send: Callable[[ChildSa], list[int]]) -> Deed:
    """`send` returns the echo requests that nobody may answer."""
    def play(ground: Ground) -> None:
        child = ground.child
        child.ping()
        _after(ground, child, send(child), why)
    return Deed(State.ESTABLISHED, words, play)


@GENERATORS
def cut(pick: Random) -> Deed:
    """Below header, IV, trailer, ICV."""
    sizes = [pick.choice((0, 1, 3, 4, 7, 8, 9, 12, 15, 16, 17, 23, 24, 31, 32, 33, 40)) for _ in range(6)]

    def send(child: ChildSa) -> list[int]:
        return [child.send_echo(after_sealing=lambda octets, size=size: octets[:size]) for size in sizes]
    return _odd(f"cut to {sizes}", "a packet that was cut was due to be discarded (RFC 4303 3.4.4)", send)


@GENERATORS
def changed(pick: Random) -> Deed:
    """Octets changed behind the SPI, after sealing."""
    place, bit, mutation = pick.random(), pick.randrange(8), change(pick)

    def flip(octets: bytes) -> bytes:
        at = int(place * len(octets))
        return octets[:at] + bytes(one ^ 1 << bit for one in octets[at : at + 1]) + octets[at + 1 :]

    def send(child: ChildSa) -> list[int]:
        return [child.send_echo(after_sealing=lambda o: o[:4] + flip(o[4:])), child.send_echo(after_sealing=lambda o: o[:8] + flip(mutation(o[8:])))]
    return _odd(f"bit {bit} at {place:.3f}; {mutation.words}", "a packet that is not authentic was due to be discarded "
                                                               "(RFC 4303 3.4.4)", send)


@GENERATORS
def trailer(pick: Random) -> Deed:
    """Pad Length beyond the packet, padding that is not 1, 2, 3, a Next Header of nobody's."""
    pad, header = pick.choice((3, 16, 64, 127, 128, 200, 254, 255)), pick.choice((0, 1, 2, 3, 6, 47, 50, 59, 60, 97, 255))
    text = pick.randbytes(pick.choice((2, 3, 4, 8, 16)))

    def send(child: ChildSa) -> list[int]:
        child.send(_to_block(child, text), header, padding=b"", pad_length=255)
        child.send(_to_block(child, b""), 59, padding=b"", pad_length=pad)
        child.send(child.echo_request(), header)
        return []
    return _odd(f"Pad Length {pad}, Next Header {header}, {len(text)} octets", "", send)


def _to_block(child: ChildSa, octets: bytes) -> bytes:
    """With Pad Length and Next Header behind it no cipher's mode refuses it, whatever the receiver thinks of it."""
    return octets + bytes(-(len(octets) + 2) % child.choice.suite.block)


@GENERATORS
def replayed(pick: Random) -> Deed:
    """The same packet again, at once or later. RFC 4303 3.4.3"""
    count, between = pick.choice((1, 2, 50)), pick.choice((0, 1, 63, 64, 70))

    def send(child: ChildSa) -> list[int]:
        octets = child.seal(child.echo_request())
        number = child._pings
        child.send_octets(octets)
        child.expect(child.reply_to(number), "the reply to the first of them")
        for _ in range(between):
            child.send(b"", 59)
        for _ in range(count):
            child.send_octets(octets)
        return [number]
    return _odd(f"{count} times, {between} packets between", "a replay was due to be discarded (RFC 4303 3.4.3)", send)


@GENERATORS
def ahead(pick: Random) -> Deed:
    """Far ahead, then left of the window; number 0 and the last one of all."""
    jump = pick.choice((5000, 2**16, 2**31))  # further than anybody's window, which may be larger than was asked for

    def send(child: ChildSa) -> list[int]:
        low = child.sequence + 1
        child.sequence += jump
        number = child.send_echo()
        child.expect(child.reply_to(number), "the reply to a packet far ahead")
        unheard = [child.send_echo(sequence=low), child.send_echo(sequence=0)]
        child.send(b"", 59, sequence=0, iv=b"\xff" * child.choice.suite.iv)
        return unheard
    return _odd(f"{jump} ahead", "a packet left of the window was due to be discarded (RFC 4303 3.4.3)", send)


@GENERATORS
def spis(pick: Random) -> Deed:
    """SPIs of nobody's, those reserved, and that of the other direction."""
    several = [pick.choice((0, 1, 2, 255, 256, 0xFFFFFFFF, pick.getrandbits(32))) for _ in range(6)]

    def send(child: ChildSa) -> list[int]:
        own = int.from_bytes(child.spi_in, "big")
        found = [(one + (one == 0 and child.ike_sa.encapsulated)).to_bytes(4, "big") for one in (*several, own)]
        return [child.send_echo(spi=one) for one in found]
    return _odd(f"{', '.join(f'{one:#x}' for one in several)}", "a packet with an SPI of nobody's was due to be discarded "
                                                               "(RFC 4303 3.4.2)", send)


@GENERATORS
def inner(pick: Random) -> Deed:
    """A packet inside that lies about itself, RFC 4301 5.2: lengths, version, options, fragments."""
    mutation, drawn = change(pick).from_octet(0), pick.randbytes(pick.choice((0, 1, 19, 20, 39, 40, 100)))
    length = struct.pack(">H", pick.choice((0, 1, 19, 20, 27, 0x7FFF, 0xFFFF)))
    first = bytes([pick.choice((0x00, 0x40, 0x44, 0x46, 0x4F, 0x50, 0x60, 0xF5))])

    def send(child: ChildSa) -> list[int]:
        packet = child.echo_request()
        for octets in (mutation(packet), drawn, packet[:2] + length + packet[4:], first + packet[1:]):
            child.send(octets, ip.IPV4)
            child.send(octets, ip.IPV6)
        return []
    words = f"{mutation.words}; {len(drawn)} octets drawn; length {length.hex()}; first octet {first.hex()}"
    return _odd(words, "", send)


@GENERATORS
def beyond(pick: Random) -> Deed:
    """An inner packet that is well formed and outside the selectors, RFC 4301 5.2."""
    source = pick.choice(("198.51.100.7", "10.9.9.9", "127.0.0.1", "224.0.0.1", "0.0.0.0"))
    target = pick.choice((None, "127.0.0.1", "10.9.9.9", "255.255.255.255"))

    def send(child: ChildSa) -> list[int]:
        found = []
        for one in (source, None):
            if one is None and target is None:
                continue
            child.send(child.echo_request(source=one, target=target))
            found.append(child._pings)
        return found
    return _odd(f"{source} to {target or 'its host'}", "an inner packet outside the selectors was due to be discarded "
                                                      "(RFC 4301 5.2)", send)
