"""Private keys. Making one takes up to seconds (RSA), so each is made once in a process and used again, and two of the
longest are made of primes that were found before."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from .primes import FOUND

PrivateKey = (rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
              | dsa.DSAPrivateKey)


EXPONENT = 65537


def _rsa(bits: int) -> Callable[[], PrivateKey]:
    return lambda: rsa.generate_private_key(EXPONENT, bits)


def _of_primes(p: int, q: int) -> PrivateKey:
    d = pow(EXPONENT, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(EXPONENT, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), public)
    return numbers.private_key()


@cache
def _dsa_parameters() -> dsa.DSAParameters:
    """Finding them takes long; a key of them does not."""
    return dsa.generate_parameters(1024)


_MAKERS: dict[str, Callable[[], PrivateKey]] = {
    "rsa1024": _rsa(1024),  # too short (RFC 8247 3.1.1), as are 1536 bits
    "rsa1536": _rsa(1536),
    "rsa2048": _rsa(2048),
    "rsa3072": _rsa(3072),
    "rsa4096": _rsa(4096),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate,
    "dsa1024": lambda: _dsa_parameters().generate_private_key(),  # that nobody is to take (RFC 8247 3.1, 3.2)
}
KINDS = tuple(_MAKERS)


@cache
def private_key(kind: str, owner: str) -> PrivateKey:
    """The key of that kind that `owner` has in this process."""
    if (kind, owner) in FOUND:
        return _of_primes(*FOUND[kind, owner])
    try:
        return _MAKERS[kind]()
    except KeyError:
        raise ValueError(f"no key is of kind {kind!r}; there are: {', '.join(KINDS)}") from None


def hash_for(key: PrivateKey) -> hashes.HashAlgorithm | None:
    """With what an issuer that has this key signs certificates: EdDSA has its own."""
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size > 256:
        return hashes.SHA384() if key.key_size == 384 else hashes.SHA512()
    return hashes.SHA256() if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey) else None
