"""Randomness from a seed: the same test with the same seed sends the same octets, as far as the peer's allow it."""

from __future__ import annotations

import random

from ..vectors.derivation import PRIVATE_OCTETS

# Below the order of each curve, and not zero, whatever the rest is.
_TOP = {"secp256r1": 0x7F, "secp384r1": 0x7F, "secp521r1": 0x00}


class Draws:
    def __init__(self, seed: str):
        self.seed = seed
        self._random = random.Random(seed)

    def octets(self, length: int) -> bytes:
        return self._random.randbytes(length)

    def spi(self, length: int) -> bytes:
        """Never one that is reserved (RFC 7296 3.1, RFC 4303 2.1)."""
        return bytes([self._random.randrange(1, 256)]) + self.octets(length - 1)

    def private(self, group: str) -> bytes:
        drawn = bytearray(self.octets(PRIVATE_OCTETS[group]))
        if group in _TOP:
            drawn[0] &= _TOP[group]
            drawn[-1] |= 1
        return bytes(drawn)
