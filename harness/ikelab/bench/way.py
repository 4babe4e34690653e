"""By what two sides prove themselves and agree on keys: a row of the handshake bench."""

from __future__ import annotations

from dataclasses import dataclass

from ..pki import Certificate

AUTHENTICATIONS = {"psk": None, "rsa2048": Certificate(key="rsa2048", authority_key="rsa2048"),
                   "ecdsa256": Certificate(key="p256", authority_key="p256")}
KEY_EXCHANGES = ("x25519", "ecp256", "modp2048")


@dataclass(frozen=True)
class Way:
    authentication: str  # of both sides
    key_exchange: str

    def __str__(self) -> str:
        return f"{self.authentication} {self.key_exchange}"

    @property
    def certificate(self) -> Certificate | None:
        """None: the shared key. Its authority signs by the same algorithm, so that nothing else is verified."""
        return AUTHENTICATIONS[self.authentication]

    @property
    def proposal(self) -> str:
        return f"aes256gcm16-prfsha256-{self.key_exchange}"
