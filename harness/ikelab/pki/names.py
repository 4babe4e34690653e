"""Identities of the neutral description as X.509 has them (RFC 4945 3.1 and 5.1.3.6)."""

from __future__ import annotations

import ipaddress

from cryptography import x509
from cryptography.x509.oid import NameOID

DN = "dn:"
KEY_ID = "key:"
_ATTRIBUTES = {"C": NameOID.COUNTRY_NAME, "O": NameOID.ORGANIZATION_NAME, "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
               "CN": NameOID.COMMON_NAME}


class NoSuchName(ValueError):
    """A certificate cannot hold this identity."""


def distinguished_name(text: str) -> x509.Name:
    """"C=XX, O=ikelab, CN=gateway", in the order it is written."""
    found = []
    for part in text.split(","):
        kind, _, value = part.strip().partition("=")
        if kind not in _ATTRIBUTES or not value:
            raise NoSuchName(f"{text!r} is no distinguished name of {', '.join(_ATTRIBUTES)}: C=XX, O=..., CN=...")
        found.append(x509.NameAttribute(_ATTRIBUTES[kind], value))
    return x509.Name(found)


def alternative_name(identity: str) -> x509.GeneralName | None:
    """What subjectAltName says for the identity; None when it is the subject itself."""
    if identity.startswith(DN):
        return None
    if identity.startswith(KEY_ID):
        raise NoSuchName(f"no certificate says {identity!r}: an identity of type KEY_ID is an octet string that "
                         "means something to the two sides only (RFC 7296 3.5)")
    try:
        return x509.IPAddress(ipaddress.ip_address(identity))
    except ValueError:
        return x509.RFC822Name(identity) if "@" in identity else x509.DNSName(identity)


def key_id(identity: str) -> bytes:
    """The octets of an identity of type KEY_ID."""
    if not identity.startswith(KEY_ID):
        raise NoSuchName(f"{identity!r} is of another type than KEY_ID: write key:...")
    return identity.removeprefix(KEY_ID).encode()


def subject_of(identity: str) -> str:
    """The subject of a certificate for that identity."""
    if identity.startswith(DN):
        return identity.removeprefix(DN)
    return f"C=XX, O=ikelab, CN={identity}"
