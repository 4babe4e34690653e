"""Signatures that are stated to the octet, and exchanges that others have had."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key
from ikelab.vectors import credentials, recorded, signing
from ikelab.vectors.model import Failed
from test_vectors import OWN

# RFC 6979 A.2.5, the message "sample": private key, hash, k.
PRIVATE = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
NUMBER = 0xA6E3C57DD01ABE90086538398355DD4C3B17AA873382B0F24D6129493D8AAD60
KEYS = {"rsa2048": ("pkcs1", "pss"), "p256": ("ecdsa",), "p521": ("ecdsa",), "ed25519": ("eddsa",), "ed448": ("eddsa",)}


def test_k_is_that_of_rfc_6979():
    assert signing.ecdsa_number("secp256r1", PRIVATE, "SHA-256", b"sample") == NUMBER


def fitting(kind: str) -> list[signing.Algorithm]:
    return [a for a in signing.ALGORITHMS if a.scheme in KEYS[kind]
            and (not kind.startswith("ed") or a.name.lower() == kind)
            and (a.method in (1, 14) or kind[1:] in a.name)]


@pytest.mark.parametrize("kind", KEYS)
def test_library_takes_what_is_computed_here(kind):
    key, message = credentials.private_key(kind, "test"), b"octets to sign"
    assert fitting(kind)
    for algorithm in fitting(kind):
        made = signing.fixed(key, algorithm, message, bytes(range(64)))
        signing.verify(key.public_key(), algorithm, message, made)
        assert signing.sign(key, algorithm, message, signing.drawn(key, algorithm, message, made)) == made
        with pytest.raises(Failed):
            signing.verify(key.public_key(), algorithm, message + b"!", made)


def test_files_state_the_k_of_rfc_6979():
    """Whoever signs deterministically comes to the same octets, as docs/VECTORS.md promises."""
    count = 0
    for vector in (v for f in OWN if f.source == "exchange" for _, v in f.vectors()):
        for auth in (a for a in vector.test["auth"] if "k" in a):
            key = load_der_private_key(bytes.fromhex(vector.test["setup"][auth["by"]]["privateKey"]), None)
            assert isinstance(key, ec.EllipticCurvePrivateKey)
            algorithm = next(a for a in signing.ALGORITHMS if a.name == auth["algorithm"])
            private, signed = key.private_numbers().private_value, bytes.fromhex(auth["SignedOctets"])
            assert int(auth["k"], 16) == signing.ecdsa_number(key.curve.name, private, algorithm.hash, signed)
            count += 1
    assert count > 10


def test_every_signature_method_has_an_exchange():
    stated = {a["algorithm"] for f in OWN if f.name == "ike-auth-signature" for _, v in f.vectors()
              for a in v.test["auth"] if "algorithm" in a}
    assert stated == {a.name for a in signing.ALGORITHMS}


# ---- recorded ----

LOG = """05[IKE] <a|1> SKEYSEED => 20 bytes @ 0x1
06[IKE] <a|2> Sk_d secret => 2 bytes @ 0x2
05[IKE] <a|1>    0: 00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF  ..
06[IKE] <a|2>    0: BE EF                                            ..
05[IKE] <a|1>   16: 01 02 03 04                                      ....
05[IKE] <a|1> SKEYSEED => 1 bytes @ 0x1
05[IKE] <a|1>    0: 07                                               .
"""


def test_what_the_log_tells_is_read_by_thread():
    found = recorded.told(LOG)
    assert found["SKEYSEED"] == [bytes.fromhex("00112233445566778899aabbccddeeff01020304"), b"\7"]
    assert found["Sk_d secret"] == [b"\xbe\xef"]


def test_witness_that_disagrees_stops_the_writing():
    witness = recorded.told(LOG)
    assert recorded.compare([{"SKEYSEED": "07", "SK_d": "beef", "SK_ai": "", "KEYMAT": "00"}], witness) == 2
    with pytest.raises(Failed, match="another SK_d"):
        recorded.compare([{"SK_d": "bee0"}], witness)


@pytest.mark.parametrize("arguments, words", [([], "ARTEFACTS"), (["x", "/nowhere"], "/nowhere cannot be recorded.*play")])
def test_recording_says_what_it_wants(monkeypatch, arguments, words):
    monkeypatch.setattr("sys.argv", ["recorded", *arguments])
    with pytest.raises(SystemExit, match=words):
        recorded.main()
