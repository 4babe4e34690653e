"""MD4, RFC 1320: MSCHAPv2 needs it, and libraries have ceased to offer it. For nothing else."""

from __future__ import annotations

import struct

MASK = 0xFFFFFFFF
START = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)
# Of each round: what is added, how far it is turned, and in which order the words of the block come.
ROUNDS = (
    (0, (3, 7, 11, 19), tuple(range(16))),
    (0x5A827999, (3, 5, 9, 13), tuple(4 * low + high for high in range(4) for low in range(4))),
    (0x6ED9EBA1, (3, 9, 11, 15), (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15)),
)


def md4(message: bytes) -> bytes:
    """16 octets."""
    padded = message + b"\x80" + bytes(-(len(message) + 9) % 64) + struct.pack("<Q", 8 * len(message))
    state = START
    for at in range(0, len(padded), 64):
        state = _block(state, struct.unpack_from("<16I", padded, at))
    return struct.pack("<4I", *state)


def _block(state: tuple[int, ...], words: tuple[int, ...]) -> tuple[int, ...]:
    a, b, c, d = state
    for number, (constant, turns, order) in enumerate(ROUNDS):
        for step, word in enumerate(order):
            mixed = (a + _mix(number, b, c, d) + words[word] + constant) & MASK
            turn = turns[step % 4]
            a, b, c, d = d, (mixed << turn | mixed >> (32 - turn)) & MASK, b, c
    return tuple((old + new) & MASK for old, new in zip(state, (a, b, c, d)))


def _mix(number: int, x: int, y: int, z: int) -> int:
    """F, G and H of RFC 1320 3.4."""
    if number == 0:
        return x & y | ~x & z
    return x & y | x & z | y & z if number == 1 else x ^ y ^ z
