"""Algorithms in the words of a configuration ("aes256gcm16", "prfsha256", "x25519"), from a proposal on the
wire or from a peer's status, so that a scenario can compare all three."""

from __future__ import annotations

from .ike import Proposal, Transform
from .registry import TransformType

Suite = frozenset[str]

_CIPHERS = {11: "null", 12: "aes{}", 14: "aes{}ccm8", 20: "aes{}gcm16", 28: "chacha20poly1305"}
_WORDS: dict[int, dict[int, str]] = {
    TransformType.PRF: {2: "prfsha1", 4: "prfaesxcbc", 5: "prfsha256", 6: "prfsha384", 7: "prfsha512", 8: "prfaescmac"},
    TransformType.INTEG: {0: "", 2: "sha1", 5: "aesxcbc", 12: "sha256", 13: "sha384", 14: "sha512"},
    TransformType.KE: {0: "", 14: "modp2048", 15: "modp3072", 16: "modp4096", 19: "ecp256", 20: "ecp384",
                       21: "ecp521", 31: "x25519", 32: "x448"},
    TransformType.ESN: {0: "", 1: "esn"},
}
_INTEGRITY = {"sha1", "sha256", "sha384", "sha512"}


def suite(text: str) -> Suite:
    """Of a configuration or a status. The PRF goes without saying where a hash is named, as does "noesn"."""
    words = set(text.split("-")) - {"", "noesn"}
    return frozenset(words - {f"prf{word}" for word in words & _INTEGRITY})


def proposed(proposal: Proposal) -> Suite:
    """Of a proposal on the wire; what no configuration can name is written as the registry does."""
    return suite("-".join(_word(one) for one in proposal.transforms))


def _word(one: Transform) -> str:
    if one.kind == TransformType.ENCR and one.number in _CIPHERS:
        return _CIPHERS[one.number].format(one.key_length)
    known = _WORDS.get(one.kind, {}).get(one.number)
    return str(one).replace("-", "_") if known is None else known
