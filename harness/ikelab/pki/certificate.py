"""What a certificate is to be like. Everything has a good value; a scenario names what it wants otherwise."""

from __future__ import annotations

from dataclasses import dataclass

DAY_S = 86_400


@dataclass(frozen=True)
class Certificate:
    """An end entity's certificate with the way up to its root. Times are seconds from now."""

    key: str = "p256"  # one of keys.KINDS
    identity: str = ""  # in it as subjectAltName, or as subject when it begins with dn:; empty: the side's own
    authority: str = ""  # the root's name; empty: the one that this side's psk stands for (stage/setting.py)
    authority_key: str = "p256"  # of the root's key, one of keys.KINDS
    by_key_identifier: bool = False  # an identity of type KEY_ID is in it, as its subject key identifier
    forged: bool = False  # that root's name, and another key
    intermediates: int = 0  # certificates between the root and this one; they are sent along
    not_before_s: int = -DAY_S
    not_after_s: int = DAY_S
    key_usage: str = "digital_signature"  # RFC 5280 4.2.1.3, in the words of python3-cryptography
    extended_usage: str = ""  # object identifier of a critical ExtendedKeyUsage; empty: no such extension
    path_length: int | None = None  # pathLenConstraint of the intermediate below the root (RFC 5280 4.2.1.9)
    padding: int = 0  # octets that every certificate of the way has too many
