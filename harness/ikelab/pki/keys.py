"""Private keys. Making one takes up to seconds (RSA), so each is made once in a process and used again."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

PrivateKey = (rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
              | dsa.DSAPrivateKey)


def _rsa(bits: int) -> Callable[[], PrivateKey]:
    return lambda: rsa.generate_private_key(65537, bits)


@cache
def _dsa_parameters() -> dsa.DSAParameters:
    """Finding them takes long; a key of them does not."""
    return dsa.generate_parameters(1024)


_MAKERS: dict[str, Callable[[], PrivateKey]] = {
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
    try:
        return _MAKERS[kind]()
    except KeyError:
        raise ValueError(f"no key is of kind {kind!r}; there are: {', '.join(KINDS)}") from None


def hash_for(key: PrivateKey) -> hashes.HashAlgorithm | None:
    """With what an issuer that has this key signs certificates: EdDSA has its own."""
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size > 256:
        return hashes.SHA384() if key.key_size == 384 else hashes.SHA512()
    return hashes.SHA256() if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | dsa.DSAPrivateKey) else None
