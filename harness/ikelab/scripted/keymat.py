"""The keys of an IKE SA and what is computed with them: RFC 7296 2.14, 2.15, 2.17, 2.18."""

from __future__ import annotations

from dataclasses import dataclass

from .. import keys as keyfile
from ..vectors import derivation
from ..vectors.choice import Choice
from .message import Seal
from .suites import ike_names


@dataclass(slots=True)
class Keymat:
    """SK_* of one IKE SA."""

    choice: Choice
    sk: dict[str, bytes]

    @classmethod
    def first(cls, choice: Choice, g_ir: bytes, ni: bytes, nr: bytes, spi_i: bytes, spi_r: bytes) -> Keymat:
        return cls._of(choice, derivation.skeyseed(choice.prf, ni, nr, g_ir), ni, nr, spi_i, spi_r)

    def rekeyed(self, choice: Choice, g_ir: bytes, ni: bytes, nr: bytes, spi_i: bytes, spi_r: bytes) -> Keymat:
        """Of the IKE SA that replaces this one; the old PRF makes SKEYSEED (2.18)."""
        seed = derivation.skeyseed_rekeyed(self.choice.prf, self.sk["SK_d"], g_ir, ni, nr)
        return self._of(choice, seed, ni, nr, spi_i, spi_r)

    @classmethod
    def _of(cls, choice: Choice, seed: bytes, ni: bytes, nr: bytes, spi_i: bytes, spi_r: bytes) -> Keymat:
        return cls(choice, derivation.ike_keys(choice.prf, choice.suite, choice.key_octets, seed, ni, nr, spi_i, spi_r))

    def seal(self, initiator: bool) -> Seal:
        """Of the original initiator's messages, or of the responder's."""
        side = "i" if initiator else "r"
        return Seal(self.choice.suite, self.sk[f"SK_e{side}"], self.sk[f"SK_a{side}"])

    def for_files(self, spi_i: bytes, spi_r: bytes) -> keyfile.IkeKeys:
        encryption, integrity = ike_names(self.choice)
        sk = self.sk
        return keyfile.IkeKeys(spi_i, spi_r, sk["SK_ei"], sk["SK_er"], encryption, sk["SK_ai"], sk["SK_ar"], integrity)

    def signed_octets(self, initiator: bool, init_message: bytes, peer_nonce: bytes, identity: bytes) -> bytes:
        """What AUTH of that side is computed over. `init_message`: its own IKE_SA_INIT; `identity`: the body of its
        IDi or IDr (2.15)."""
        maced = derivation.prf(self.choice.prf, self.sk["SK_pi" if initiator else "SK_pr"], identity)
        return init_message + peer_nonce + maced

    def shared_key_auth(self, psk: bytes, signed: bytes) -> bytes:
        key = derivation.prf(self.choice.prf, psk, derivation.KEY_PAD)
        return derivation.prf(self.choice.prf, key, signed)


@dataclass(slots=True, frozen=True)
class ChildKeys:
    """KEYMAT of a Child SA, cut up (2.17): first what the initiator of the exchange sends with."""

    encryption_i: bytes
    integrity_i: bytes
    encryption_r: bytes
    integrity_r: bytes

    @classmethod
    def of(cls, ike: Keymat, choice: Choice, ni: bytes, nr: bytes, g_ir: bytes = b"") -> ChildKeys:
        lengths = 2 * (choice.key_octets + choice.suite.salt, choice.suite.integrity_key)
        keymat = derivation.child_keymat(ike.choice.prf, ike.sk["SK_d"], g_ir, ni, nr, sum(lengths))
        parts, at = [], 0
        for length in lengths:
            parts.append(keymat[at : at + length])
            at += length
        return cls(*parts)


def psk_octets(text: str) -> bytes:
    """Of a configuration: text, or 0x and hexadecimal digits."""
    return bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode()
