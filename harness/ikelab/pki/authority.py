"""Who issues certificates: a root that all sides know by its name, and intermediates below it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from . import keys, names
from .certificate import DAY_S, Certificate

SERVER_AUTH = ExtendedKeyUsageOID.SERVER_AUTH.dotted_string
# Below the number that RFC 5612 keeps for examples. Who does not know it ignores it: it is not critical.
_PADDING = ObjectIdentifier("1.3.6.1.4.1.32473.1")
_NO_USAGE = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
                           "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False)


@dataclass(frozen=True)
class Issued:
    """What one side proves itself with: its certificate, then the intermediates, nearest first, without the root."""

    chain: tuple[x509.Certificate, ...]
    key: keys.PrivateKey


@dataclass(frozen=True)
class Authority:
    """A root: self-signed, known to who trusts it, never sent."""

    name: str
    certificate: x509.Certificate
    key: keys.PrivateKey

    def issue(self, wanted: Certificate, owner: str) -> Issued:
        """`owner` says whose key it is: two sides have two. `wanted.identity` must be set."""
        now = datetime.now(UTC)
        issuer, issuer_key = self.certificate.subject, self.key
        chain: list[x509.Certificate] = []
        for number in range(1, wanted.intermediates + 1):
            name = f"intermediate {number} for {owner}"  # its own: who knows it already needs not be sent it
            key = keys.private_key("p256", f"{self.name} {name}")
            subject = names.distinguished_name(f"C=XX, O=ikelab, CN={name}")
            limit = wanted.path_length if number == 1 else None
            builder = _builder(subject, issuer, key, issuer_key, now, (-DAY_S, DAY_S), wanted.padding)
            chain.insert(0, _authority_extensions(builder, limit).sign(issuer_key, keys.hash_for(issuer_key)))
            issuer, issuer_key = subject, key
        key = keys.private_key(wanted.key, owner)
        subject = names.distinguished_name(names.subject_of(wanted.identity))
        key_id = names.key_id(wanted.identity) if wanted.by_key_identifier else b""
        builder = _builder(subject, issuer, key, issuer_key, now, (wanted.not_before_s, wanted.not_after_s),
                           wanted.padding, key_id)
        builder = _end_entity_extensions(builder, wanted)
        return Issued((builder.sign(issuer_key, keys.hash_for(issuer_key)), *chain), key)


@cache
def root(name: str, forged: bool = False, kind: str = "p256") -> Authority:
    """That of this name and kind of key: the same one for everybody in this process. Forged: one that only has the
    name."""
    key = keys.private_key(kind, f"{name} {'forged ' if forged else ''}root")
    subject = names.distinguished_name(f"C=XX, O=ikelab, CN={name}")
    builder = _builder(subject, subject, key, key, datetime.now(UTC), (-DAY_S, DAY_S), 0)
    return Authority(name, _authority_extensions(builder, None).sign(key, keys.hash_for(key)), key)


def _builder(subject: x509.Name, issuer: x509.Name, key: keys.PrivateKey, issuer_key: keys.PrivateKey, now: datetime,
             validity: tuple[int, int], padding: int, key_id: bytes = b"") -> x509.CertificateBuilder:
    """What every certificate has. `key_id`: its subject key identifier; empty: that of the key (RFC 5280 4.2.1.2)."""
    identifier = x509.SubjectKeyIdentifier(key_id) if key_id else x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    since, until = (now + timedelta(seconds=seconds) for seconds in validity)
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(since).not_valid_after(until)
        .add_extension(identifier, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False))
    if padding:
        builder = builder.add_extension(x509.UnrecognizedExtension(_PADDING, _octet_string(padding)), critical=False)
    return builder


def _authority_extensions(builder: x509.CertificateBuilder, path_length: int | None) -> x509.CertificateBuilder:
    usage = x509.KeyUsage(**{**_NO_USAGE, "key_cert_sign": True, "crl_sign": True})
    return (builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
            .add_extension(usage, critical=True))


def _end_entity_extensions(builder: x509.CertificateBuilder, wanted: Certificate) -> x509.CertificateBuilder:
    builder = (builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
               .add_extension(x509.KeyUsage(**{**_NO_USAGE, wanted.key_usage: True}), critical=True))
    if not wanted.by_key_identifier and (name := names.alternative_name(wanted.identity)) is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([name]), critical=False)
    if wanted.extended_usage:
        usages = x509.ExtendedKeyUsage([ObjectIdentifier(wanted.extended_usage)])
        builder = builder.add_extension(usages, critical=True)
    return builder


def _octet_string(length: int) -> bytes:
    """DER of an OCTET STRING of so many zeros, 128 to 65535."""
    if not 128 <= length <= 65_535:
        raise ValueError(f"{length} octets of padding: 128 to 65535 can be had")
    size = length.to_bytes(2, "big").lstrip(b"\0")
    return bytes([0x04, 0x80 | len(size)]) + size + bytes(length)
