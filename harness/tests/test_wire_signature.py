"""What proves an identity, decoded: signatures, certificates, requests for them; against python3-cryptography's encoder."""

from __future__ import annotations

import datetime
import hashlib
import os

import pytest
import synthetic as syn
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from ikelab.pki import Certificate, keys, root
from ikelab.pki.names import distinguished_name
from ikelab.trace import annotate
from ikelab.wire import capture, der, ike, packet, signature, sk
from ikelab.wire.octets import Malformed
from ikelab.wire.registry import Exchange, PayloadType, Protocol

NOW = datetime.datetime.now(datetime.UTC)
# RFC 7427 A.1.2, A.3.2, A.4.3: a few as the RFC prints them.
PRINTED = {
    "300d06092a864886f70d01010b0500": "RSA with SHA2-256",
    "300a06082a8648ce3d040302": "ECDSA with SHA2-256",
    "300a06082a8648ce3d040304": "ECDSA with SHA2-512",
    "300d06092a864886f70d01010a3000": "RSASSA-PSS with SHA1",
    "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d0609608648016503"
    "04020105" "00a203020120": "RSASSA-PSS with SHA2-256",
    "300506032b6570": "Ed25519",
    "300506032b6571": "Ed448",
}


@pytest.mark.parametrize(("octets", "name"), PRINTED.items(), ids=PRINTED.values())
def test_algorithms_are_named(octets, name):
    assert signature.algorithm(bytes.fromhex(octets)) == name


@pytest.mark.parametrize("kind", keys.KINDS)
def test_algorithms_as_certificates_have_them(kind):
    """An issuer's signature has the same AlgorithmIdentifier as one in AUTH."""
    key = keys.private_key(kind, "issuer")
    name = distinguished_name("CN=issuer")
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                   .serial_number(1).not_valid_before(NOW).not_valid_after(NOW + datetime.timedelta(1))
                   .sign(key, keys.hash_for(key)))
    outer = next(content for _, content in der.elements(certificate.public_bytes(Encoding.DER)))
    (_, _), (tag, identifier), (_, _) = der.elements(outer)
    named = signature.algorithm(bytes([tag, len(identifier)]) + identifier)
    family = {"rsa": "RSA", "dsa": "DSA", "p": "ECDSA", "ed": "Ed"}[kind.rstrip("0123456789")]
    assert named.startswith(family)


@pytest.mark.parametrize("octets", ["", "30", "3080", "300506032b65", "30030601ff", "0500", "30890102"])
def test_what_is_no_identifier_is_malformed(octets):
    with pytest.raises(Malformed):
        signature.algorithm(bytes.fromhex(octets))


def test_random_octets_are_never_worse_than_malformed():
    for seed in range(3000):
        octets = os.urandom(seed % 70)
        assert isinstance(signature.algorithm_and_signature(octets)[0], str)
        try:
            der.distinguished_name(octets)
        except Malformed:
            pass


@pytest.mark.parametrize("text", ["CN=gateway", "C=XX, O=ikelab, OU=lab, CN=gw.example.org", "O=Übung, CN=name"])
def test_distinguished_names(text):
    assert der.distinguished_name(distinguished_name(text).public_bytes()) == text


def chain_of(*payloads: tuple[int, bytes]) -> ike.Message:
    found = syn.ike_keys(os.urandom(8), os.urandom(8))
    message = ike.parse(syn.seal(found, Exchange.IKE_AUTH, 8, 1, list(payloads)))
    sk.Opener({(found.spi_i, found.spi_r): found}).open(message)
    return message


def certificate_payload(identity: str = "client") -> list[tuple[int, bytes]]:
    issued = root("lab").issue(Certificate(identity=identity, authority="lab", intermediates=1), "client")
    return [(PayloadType.CERT, b"\x04" + one.public_bytes(Encoding.DER)) for one in issued.chain]


def authentication(name: str, value: bytes = bytes(64)) -> tuple[int, bytes]:
    identifier = bytes.fromhex(next(octets for octets, one in PRINTED.items() if one == name))
    return PayloadType.AUTH, b"\x0e\0\0\0" + bytes([len(identifier)]) + identifier + value


def test_ike_auth_with_certificates():
    request = (PayloadType.CERTREQ, b"\x04" + hashlib.sha1(b"one").digest() + hashlib.sha1(b"two").digest())
    message = chain_of(syn.ident(PayloadType.IDi, "client"), *certificate_payload(), request,
                       authentication("ECDSA with SHA2-256", b"signature"))
    assert message.text() == "IDi CERT(X.509) CERT(X.509) CERTREQ(X.509 of 2 authorities) AUTH(ECDSA with SHA2-256)"
    auth = message.first(PayloadType.AUTH)
    assert (auth.algorithm, auth.signature) == ("ECDSA with SHA2-256", b"signature")
    assert message.first(PayloadType.CERT).subject == "C=XX, O=ikelab, CN=client"
    assert message.first(PayloadType.CERTREQ).authorities[1] == hashlib.sha1(b"two").digest()


def test_other_encodings_and_methods_have_their_names():
    message = chain_of((PayloadType.CERT, b"\x0cnothing"), (PayloadType.CERTREQ, b"\x0c"),
                       (PayloadType.AUTH, b"\x09\0\0\0" + bytes(64)))
    assert message.text() == "CERT(hash and URL) CERTREQ(hash and URL) AUTH(ECDSA-256)"
    assert message.first(PayloadType.CERT).subject == ""
    broken = chain_of((PayloadType.CERT, b"\x04no certificate"), (PayloadType.AUTH, b"\x0e\0\0\0\xff0"))
    assert broken.first(PayloadType.CERT).subject == ""
    assert "malformed" in broken.first(PayloadType.AUTH).algorithm


def test_an_identity_that_is_a_distinguished_name():
    name = distinguished_name("C=XX, O=ikelab, CN=client").public_bytes()
    assert chain_of((PayloadType.IDi, b"\x09\0\0\0" + name)).first(PayloadType.IDi).text == "C=XX, O=ikelab, CN=client"
    assert chain_of((PayloadType.IDi, b"\x09\0\0\0zz")).first(PayloadType.IDi).text == "7a7a"


def test_hash_algorithms_are_named():
    message = chain_of(syn.notify("SIGNATURE_HASH_ALGORITHMS", bytes.fromhex("0001000200030004000500ff")))
    assert message.text() == "N(SIGNATURE_HASH_ALGORITHMS: SHA1 SHA2-256 SHA2-384 SHA2-512 Identity 255)"
    assert message.notifies()["SIGNATURE_HASH_ALGORITHMS"].hashes[-2:] == ["Identity", "255"]


def test_a_reader_is_told_what_proves_it(tmp_path):
    story = syn.demo()
    found = syn.ike_keys(os.urandom(8), os.urandom(8))
    story.store.add(found)
    certificates = certificate_payload()
    selectors = [syn.ts(PayloadType.TSi, "10.1.0.0", "10.1.0.255"), syn.ts(PayloadType.TSr, "10.2.0.0", "10.2.0.255")]
    story.ike(syn.seal(found, Exchange.IKE_AUTH, 8, 1, [
        syn.ident(PayloadType.IDi, "client"), *certificates, authentication("Ed25519"),
        syn.sa(Protocol.ESP, b"\xbe\xef\0\1", syn.ESP_TRANSFORMS), *selectors]))
    datagrams = packet.datagrams(capture.read_captures(story.write(tmp_path)))
    words = [event.meaning for event in annotate(datagrams, story.store).events if "Ed25519" in event.meaning]
    assert words and words[0].startswith('proves to be "client" by Ed25519 and the certificate of '
                                         "C=XX, O=ikelab, CN=client, 1 more behind it; asks for a Child SA")
