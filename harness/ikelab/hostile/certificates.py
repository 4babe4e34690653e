"""Certificates and signatures, RFC 7296 3.6, 3.8, RFC 7427 3: what says that it proves us, and does not."""

from __future__ import annotations

import datetime
from random import Random
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding

from ..scripted.payloads import AUTH, CERT, CERTREQ, Payload, Raw, replaced, without
from ..scripted.signature import Identity
from ..wire.registry import PayloadType
from .case import Deed, Generators, State
from .ground import Ground
from .mutate import change

GENERATORS = Generators("certificates")


def _own(ground: Ground) -> Identity:
    assert ground.sa.spec.credentials is not None
    return Identity.of(ground.sa.spec.credentials)


def _auth(ground: Ground) -> Payload:
    return next(one for one in ground.auth_payloads() if one.kind == PayloadType.AUTH)


def _broken(payload: Payload) -> Payload:
    """The same proof, but that it does not verify."""
    return AUTH(payload.body[0], payload.body[4:-1] + bytes([payload.body[-1] ^ 1]))


@GENERATORS
def certificate(pick: Random) -> Deed:
    """Our certificate with octets changed, before the proof that fitted it, made not to fit."""
    mutation = change(pick)

    def play(ground: Ground) -> None:
        payloads = [Raw(one.kind, one.body[:1] + mutation(one.body[1:])) if one.kind == PayloadType.CERT else one
                    for one in ground.auth_payloads()]
        ground.auth(*replaced(payloads, _broken(_auth(ground))))
    return Deed(State.KEYED, mutation.words, play, stranger=True)


@GENERATORS
def encoding(pick: Random) -> Deed:
    """Other encodings than X.509: raw keys, hashes with a URL that nobody may follow yet, those of long ago."""
    found = pick.choice((0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 201, 255))
    url = b"http://127.0.0.1:9/" + b"a" * pick.choice((0, 1, 255, 4096))
    data = pick.choice((b"", pick.randbytes(20) + url, pick.randbytes(pick.choice((1, 19, 20, 300)))))

    def play(ground: Ground) -> None:
        payloads = without(ground.auth_payloads(), PayloadType.CERT)
        ground.auth(payloads[0], CERT(data, found), *replaced(payloads[1:], _broken(_auth(ground))))
    return Deed(State.KEYED, f"encoding {found}, {len(data)} octets", play, stranger=True)


@GENERATORS
def endless(pick: Random) -> Deed:
    """Certificates without end: ours again and again, or what looks like some."""
    count, junk = pick.choice((2, 8, 9, 16, 17, 64, 90)), pick.random() < 0.5
    octets = b"\x30\x82\x01\x00" + pick.randbytes(256)

    def play(ground: Ground) -> None:
        payloads = ground.auth_payloads()
        own = CERT(_own(ground).certificates[0])
        ground.auth(payloads[0], *[CERT(octets) if junk else own] * count, *replaced(payloads[1:], _broken(_auth(ground))))
    return Deed(State.KEYED, f"{count} {'invented ones' if junk else 'copies of ours'}", play, stranger=True)


@GENERATORS
def of_our_own_making(pick: Random) -> Deed:
    """Signed by nobody but ourselves, with the subject and the names of the one that is trusted, and a proof by its key."""
    kind, number, issuer = pick.choice(("p256", "p384", "ed25519")), pick.getrandbits(64) | 1, pick.random() < 0.5
    first, both = pick.random() < 0.5, pick.random() < 0.5

    def play(ground: Ground) -> None:
        right = x509.load_der_x509_certificate(_own(ground).certificates[0])
        key: Any = {"p256": lambda: ec.derive_private_key(number, ec.SECP256R1()),
                    "p384": lambda: ec.derive_private_key(number, ec.SECP384R1()),
                    "ed25519": lambda: ed25519.Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))}[kind]()
        made = _imitation(right, key, issuer)
        identity = Identity(key, (made.public_bytes(Encoding.DER),))
        sa = ground.sa
        proof = identity.auth(sa.signed_octets(True, sa.identity()), sa.draws)
        certs = [CERT(identity.certificates[0])] + [CERT(_own(ground).certificates[0])] * both
        payloads = without(ground.auth_payloads(), PayloadType.CERT)
        ground.auth(payloads[0], *(certs if first else certs[::-1]), *replaced(payloads[1:], proof))
    words = f"{kind}{', issued in the name of the authority' if issuer else ''}{', beside ours' if both else ''}"
    return Deed(State.KEYED, words, play, stranger=True)


def _imitation(right: x509.Certificate, key: Any, issuer: bool) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = (x509.CertificateBuilder().subject_name(right.subject).serial_number(right.serial_number)
               .issuer_name(right.issuer if issuer else right.subject).public_key(key.public_key())
               .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1)))
    for one in right.extensions:
        builder = builder.add_extension(one.value, one.critical)
    return builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())


@GENERATORS
def signature(pick: Random) -> Deed:
    """A signature with octets behind it, of zeros, cut, or whose AlgorithmIdentifier lies about itself."""
    what, mutation = pick.choice(("behind", "zeros", "order", "identifier", "length", "octets")), change(pick)
    more, length = pick.randbytes(pick.choice((1, 2, 64, 2000))), pick.choice((0, 1, 11, 13, 0x7F, 0xFF))

    def play(ground: Ground) -> None:
        right = _auth(ground)
        data = right.body[4:]
        identifier, value = data[1 : 1 + data[0]], data[1 + data[0] :]
        zeros = b"\x30\x06\x02\x01\x00\x02\x01\x00"
        order = b"\x30\x26\x02\x01\x01\x02\x21\x00" + bytes.fromhex(
            "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
        wrong = {"behind": data[: 1 + data[0]] + value[:-1] + bytes([value[-1] ^ 1]) + more,
                 "zeros": data[: 1 + data[0]] + zeros, "order": data[: 1 + data[0]] + order,
                 "identifier": bytes([len(more) & 0xFF]) + more + value, "length": bytes([length]) + identifier + value[1:],
                 "octets": b"\0" + mutation(data[1:])}[what]
        ground.auth(*replaced(ground.auth_payloads(), AUTH(right.body[0], wrong)))
    return Deed(State.KEYED, f"{what} ({len(more)}, {length}): {mutation.words}", play, stranger=True)


@GENERATORS
def method(pick: Random) -> Deed:
    """The method says another kind of proof than there is, the shared key's among them."""
    found = pick.choice((0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 128, 255))
    empty = pick.random() < 0.3

    def play(ground: Ground) -> None:
        right = _auth(ground)
        data = b"" if empty else right.body[4:-1] + bytes([right.body[-1] ^ 1])
        ground.auth(*replaced(ground.auth_payloads(), AUTH(found, data)))
    return Deed(State.KEYED, f"method {found}{', empty' if empty else ''}", play, stranger=True)


@GENERATORS
def somebody_elses(pick: Random) -> Deed:
    """The peer's own certificate and proof come back to it."""
    with_cert = pick.random() < 0.5

    def play(ground: Ground) -> None:
        sa = ground.sa
        payloads = ground.auth_payloads()
        if sa.auth_request is not None:
            theirs = [one for one in sa.auth_request.payloads if one.kind in (PayloadType.CERT, PayloadType.AUTH)]
            kept = without(payloads, PayloadType.AUTH, *([PayloadType.CERT] if with_cert else []))
            ground.auth(*kept, *(theirs if with_cert else theirs[-1:]))
        else:
            data = sa.signed_octets(False, sa.identity(own=False))
            proof = _own(ground).auth(data, sa.draws)  # over what the peer would have to sign
            ground.auth(*replaced(payloads, proof))
    return Deed(State.KEYED, "with its certificate" if with_cert else "with ours", play, stranger=True)


@GENERATORS
def requests(pick: Random) -> Deed:
    """CERTREQ of any length and encoding, and many of them, before a proof that is none."""
    found, size, count = pick.randrange(16), pick.choice((0, 1, 19, 20, 21, 2000)), pick.choice((1, 3, 25))

    def play(ground: Ground) -> None:
        payloads = replaced(ground.auth_payloads(), _broken(_auth(ground)))
        ground.auth(payloads[0], *[CERTREQ(bytes(size), found)] * count, *payloads[1:])
    return Deed(State.KEYED, f"{count} requests of encoding {found} and {size} octets", play, stranger=True)
