"""What an SA payload of one proposal with one transform of each type says (RFC 7296 3.3), in the names that the
derivation has for algorithms."""

from __future__ import annotations

from dataclasses import dataclass

from ..wire import ike
from ..wire.registry import TransformType
from .derivation import Suite
from .model import Failed

ENCRYPTIONS = {11: "ENCR_NULL", 12: "ENCR_AES_CBC", 14: "ENCR_AES_CCM_8", 20: "ENCR_AES_GCM_16",
               28: "ENCR_CHACHA20_POLY1305"}
KEYS = {11: 0, 12: 0, 14: 0, 20: 0, 28: 32}  # octets of those without a Key Length attribute
PRFS = {2: "PRF_HMAC_SHA1", 4: "PRF_AES128_XCBC", 8: "PRF_AES128_CMAC", 5: "PRF_HMAC_SHA2_256", 6: "PRF_HMAC_SHA2_384", 7: "PRF_HMAC_SHA2_512"}
INTEGRITIES = {2: "AUTH_HMAC_SHA1_96", 5: "AUTH_AES_XCBC_96", 12: "AUTH_HMAC_SHA2_256_128", 13: "AUTH_HMAC_SHA2_384_192",
               14: "AUTH_HMAC_SHA2_512_256"}
GROUPS = {14: "modp2048", 24: "modp2048s256", 15: "modp3072", 16: "modp4096", 19: "secp256r1", 20: "secp384r1",
          21: "secp521r1", 31: "curve25519", 32: "curve448"}


@dataclass(slots=True)
class Choice:
    spi: bytes
    protocol: int
    suite: Suite
    key_octets: int
    prf: str
    ke: str
    esn: bool

    @classmethod
    def of(cls, payload: ike.SaPayload) -> Choice:
        if len(payload.proposals) != 1:
            raise Failed("an answer with several proposals")
        proposal = payload.proposals[0]
        found = {t.kind: t for t in proposal.transforms}
        encryption = found[TransformType.ENCR]
        integrity = found.get(TransformType.INTEG)
        ke = found.get(TransformType.KE)
        return cls(proposal.spi, proposal.protocol,
                   Suite(ENCRYPTIONS[encryption.number],
                         INTEGRITIES[integrity.number] if integrity and integrity.number else ""),
                   encryption.key_length // 8 or KEYS[encryption.number],
                   PRFS[found[TransformType.PRF].number] if TransformType.PRF in found else "",
                   GROUPS[ke.number] if ke and ke.number else "",
                   TransformType.ESN in found and found[TransformType.ESN].number == 1)
