"""Keys and certificates of the exchange vectors, made from their names: whoever makes them again gets the
same octets. All certificates are signed with RSA PKCS#1 v1.5 or Ed25519, which draw nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

PrivateKey = (rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
              | ed448.Ed448PrivateKey)
TIME = datetime(2027, 1, 1, tzinfo=UTC)  # when the exchanges take place
SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2046, 1, 1, tzinfo=UTC)
CURVES: dict[str, ec.EllipticCurve] = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1(),
                                       "p521": ec.SECP521R1()}
E = 65537
_SMALL_PRIMES = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))]
_USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
           "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


def stream(label: str, length: int) -> bytes:
    """Fixed octets for a label: SHAKE-256 of it."""
    return hashlib.shake_256(b"ikelab vectors: " + label.encode()).digest(length)


# ---- keys ----

def _is_prime(number: int) -> bool:
    """Miller and Rabin's test, for numbers that nobody has chosen."""
    if any(number % small == 0 for small in _SMALL_PRIMES):
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, 3, 5, 7, 11, 13, 17, 19):
        power = pow(base, odd, number)
        if power not in (1, number - 1) and all(pow(power, 2**n, number) != number - 1
                                                for n in range(1, twos)):
            return False
    return True


def _prime(label: str, bits: int) -> int:
    number = int.from_bytes(stream(label, bits // 8), "big") | 3 << (bits - 2) | 1
    while (number - 1) % E == 0 or not _is_prime(number):
        number += 2
    return number


@cache
def private_key(kind: str, owner: str) -> PrivateKey:
    """"rsa2048", "p256", "p384", "p521", "ed25519", "ed448"."""
    label = f"{kind} key of the {owner}"
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.from_private_bytes(stream(label, 32))
    if kind == "ed448":
        return ed448.Ed448PrivateKey.from_private_bytes(stream(label, 57))
    if kind in CURVES:
        number = int.from_bytes(stream(label, CURVES[kind].key_size // 8), "big")
        return ec.derive_private_key(number, CURVES[kind])
    bits = int(kind.removeprefix("rsa"))
    p, q = sorted((_prime(f"{label}, {name}", bits // 2) for name in "pq"), reverse=True)
    d = pow(E, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p),
                                 rsa.RSAPublicNumbers(E, p * q)).private_key()


def pkcs8(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


# ---- certificates ----

@dataclass(frozen=True)
class Issuer:
    certificate: x509.Certificate
    key: PrivateKey


def _certificate(subject: str, serial: int, key: PrivateKey, issuer: Issuer | None,
                 name: str = "") -> x509.Certificate:
    """Self-signed without `issuer`; of an authority without `name`, the dNSName (RFC 4945 5.1)."""
    own = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ikelab"),
                     x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    signer = issuer.key if issuer else key
    usage = dict.fromkeys(_USAGES, False)
    usage |= {"digital_signature": True} if name else {"key_cert_sign": True, "crl_sign": True}
    builder = (x509.CertificateBuilder().subject_name(own).serial_number(serial)
               .issuer_name(issuer.certificate.subject if issuer else own)
               .public_key(key.public_key()).not_valid_before(SINCE).not_valid_after(UNTIL)
               .add_extension(x509.BasicConstraints(ca=not name, path_length=None), critical=True)
               .add_extension(x509.KeyUsage(**usage), critical=True)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                              critical=False))
    if name:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(signer, hashes.SHA256() if isinstance(signer, rsa.RSAPrivateKey) else None)


@cache
def authority() -> Issuer:
    key = private_key("rsa2048", "authority")
    return Issuer(_certificate("Vectors authority", 1, key, None), key)


@cache
def intermediate() -> Issuer:
    key = private_key("ed25519", "intermediate authority")
    return Issuer(_certificate("Vectors intermediate authority", 2, key, authority()), key)


def chain(kind: str, owner: str, name: str, through: bool) -> list[x509.Certificate]:
    """The certificate of `owner` for `name`, and the intermediate one if it is issued `through` that."""
    issuer = intermediate() if through else authority()
    serial = int.from_bytes(stream(f"serial {kind} {owner} {through}", 8), "big") >> 1
    own = _certificate(name, serial, private_key(kind, owner), issuer, name)
    return [own, issuer.certificate] if through else [own]


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)
