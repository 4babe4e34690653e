"""Client puzzles, RFC 8019 7.1.3: four different keys such that prf(key, S) ends in many zero bits."""

from __future__ import annotations

import itertools

from ..vectors.derivation import prf
from ..wire import ike
from ..wire.ike import Payload
from ..wire.registry import PayloadType
from .payloads import Raw

KEYS = 4
OF_OUR_CHOICE = 12  # bits, where the puzzle asks for 0 and so leaves it to us (7.1.1.1)
PRFS = {2: "PRF_HMAC_SHA1", 5: "PRF_HMAC_SHA2_256", 6: "PRF_HMAC_SHA2_384", 7: "PRF_HMAC_SHA2_512"}


def zero_bits(octets: bytes) -> int:
    """How many there are at the end."""
    number = int.from_bytes(octets, "big")
    return (number & -number).bit_length() - 1 if number else 8 * len(octets)


def puzzle_solution(puzzle: ike.NotifyPayload, string: bytes, size: int = 4) -> Payload:
    """The PS payload for that PUZZLE, of the first keys of this size that are good enough for S."""
    name, bits = PRFS[int.from_bytes(puzzle.data[:2], "big")], puzzle.data[2] or OF_OUR_CHOICE
    keys = (number.to_bytes(size, "big") for number in itertools.count())
    good = (key for key in keys if zero_bits(prf(name, key, string)) >= bits)
    return Raw(PayloadType.PS, b"".join(itertools.islice(good, KEYS)))
