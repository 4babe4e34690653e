"""A private number of ours that makes g^ir begin with zeros, which RFC 7296 2.14 wants kept."""

from __future__ import annotations

from ..vectors.derivation import MODP_BITS, PRIVATE_OCTETS, modp_prime
from .draws import Draws


def short_secret(draws: Draws, group: str, theirs: bytes) -> bytes:
    """For the peer's public value of a MODP group; one of 256 numbers will do, so it is the next that does."""
    prime, value = modp_prime(group), int.from_bytes(theirs, "big")
    private = int.from_bytes(draws.octets(PRIVATE_OCTETS[group]), "big") >> 1
    secret, limit = pow(value, private, prime), 1 << (MODP_BITS[group][0] - 8)
    while secret >= limit:
        private, secret = private + 1, secret * value % prime
    return private.to_bytes(PRIVATE_OCTETS[group], "big")
