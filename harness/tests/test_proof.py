"""By what the sides of a scenario prove themselves, and what an adapter is told of it."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12
from ikelab.peers import (
    contract,
    libreswan_config,
    libreswan_credentials,
    openiked_config,
    openiked_credentials,
    reference_config,
    strongswan_config,
    strongswan_credentials,
)
from ikelab.peers.contract import PeerUnsupported, authentication_needs
from ikelab.peers.neutral import DaemonSpec, PeerSpec, both_sides
from ikelab.pki import Certificate
from ikelab.stage.proof import Proof

ENTRY = PeerSpec("gateway", "client", "gateway", "secret", remote_addresses=("192.0.2.2",))


def sides(proof: Proof, **gateway: object) -> tuple[PeerSpec, PeerSpec]:
    return proof.between(*both_sides(ENTRY, local_addresses=(), **gateway))


def issuer(peer: PeerSpec) -> str:
    assert peer.credentials is not None and peer.credentials.certificate is not None
    found = x509.load_pem_x509_certificate(peer.credentials.certificate.read_bytes())
    return found.issuer.rfc4514_string()


def trusted(peer: PeerSpec) -> list[str]:
    assert peer.credentials is not None
    return [x509.load_pem_x509_certificate(file.read_bytes()).subject.rfc4514_string()
            for file in peer.credentials.authorities]


def test_shared_keys_need_no_files(tmp_path):
    client, gateway = sides(Proof("psk", tmp_path))
    assert client.credentials is gateway.credentials is None
    assert list(tmp_path.iterdir()) == []
    assert authentication_needs(client) == ("auth-psk",)


def test_certificates_mirror_each_other(tmp_path):
    client, gateway = sides(Proof("certificate", tmp_path))
    assert (client.signs, client.expects_signature, client.shares_key) == (True, True, False)
    assert trusted(client) == [issuer(gateway)] and trusted(gateway) == [issuer(client)]
    assert client.credentials.private_key.read_bytes() != gateway.credentials.private_key.read_bytes()
    assert authentication_needs(client) == ("auth-signature", "auth-ecdsa")


def test_different_keys_become_different_authorities(tmp_path):
    client, gateway = sides(Proof("certificate", tmp_path), psk="quite another key")
    assert issuer(client) != issuer(gateway)
    assert trusted(client) == [issuer(client)] and trusted(gateway) == [issuer(gateway)]


@pytest.mark.parametrize("who", ["client", "gateway"])
def test_one_side_by_the_shared_key(tmp_path, who):
    proof = Proof("psk", tmp_path)
    proof.asked[who] = Certificate(key="rsa2048")
    found = dict(zip(("client", "gateway"), sides(proof)))
    other = found.pop("gateway" if who == "client" else "client")
    (own,) = found.values()
    assert (own.signs, own.expects_signature, own.shares_key) == (True, False, True)
    assert (other.signs, other.expects_signature, other.shares_key) == (False, True, True)
    assert authentication_needs(own) == ("auth-psk", "auth-signature", "auth-mixed", "auth-rsa")
    assert authentication_needs(other) == ("auth-psk", "auth-signature", "auth-mixed")


def test_needs_are_capabilities(tmp_path):
    proof = Proof("certificate", tmp_path)
    for kind in ("rsa4096", "p521", "ed25519", "ed448"):
        proof.asked["both"] = Certificate(key=kind)
        for one in sides(proof):
            assert set(authentication_needs(one)) <= set(contract.CAPABILITIES)


def test_who_starts_again_has_the_same_certificate(tmp_path):
    proof = Proof("certificate", tmp_path)
    first = [one.credentials.certificate.read_bytes() for one in sides(proof)]
    assert [one.credentials.certificate.read_bytes() for one in sides(proof)] == first


def test_a_key_id_has_no_certificate(tmp_path):
    client, gateway = both_sides(PeerSpec("gateway", "key:office", "gateway", "secret"))
    with pytest.raises(PeerUnsupported, match="KEY_ID"):
        Proof("certificate", tmp_path).between(client, gateway)


def test_nobodys_credentials_are_mirrored(tmp_path):
    client, _ = sides(Proof("certificate", tmp_path))
    with pytest.raises(ValueError, match="of its own"):
        both_sides(client)


def test_reference_is_told_of_files(tmp_path):
    client, _ = sides(Proof("certificate", tmp_path / "credentials"))
    text = reference_config.daemon_conf(DaemonSpec((client,)), directory=tmp_path / "client")
    for line in ('certificate = "../credentials/client-to-gateway/certificate.pem"',
                 'private-key = "../credentials/client-to-gateway/private-key.pem"',
                 'authorities = {"../credentials/client-to-gateway/authority-1.pem"}'):
        assert line in text
    assert "psk" not in text


def test_strongswan_loads_what_it_needs_only(tmp_path):
    proof = Proof("psk", tmp_path)
    plain, _ = sides(proof)
    assert strongswan_credentials.plugins(DaemonSpec((plain,))) == ""
    assert list(strongswan_credentials.requests(plain)) == []
    proof.asked["both"] = Certificate(intermediates=2)
    client, _ = sides(proof)
    assert "x509" in strongswan_config.daemon_conf(DaemonSpec((client,)), True)
    loads = [(command, message.get("flag")) for command, message in strongswan_credentials.requests(client)]
    assert loads == [("load-key", None), ("load-cert", "NONE"), ("load-cert", "NONE"), ("load-cert", "CA")]
    section = strongswan_config.connection(client)["gateway"]
    assert section["local-1"]["auth"] == section["remote-1"]["auth"] == "pubkey"
    assert len(section["local-1"]["certs"]) == len(section["remote-1"]["cacerts"]) == 1


@pytest.mark.parametrize(("ours", "theirs", "lines"), [
    (None, None, ["authby=secret"]),
    ("rsa2048", "p256", ["leftauth=rsasig", "rightauth=ecdsa", "leftcert=own-gateway", "leftsendcert=always", "sendca=all"]),
    (None, "rsa2048", ["leftauth=secret", "rightauth=rsasig"]),
    ("p384", None, ["leftauth=ecdsa", "rightauth=secret", "leftcert=own-gateway", "leftsendcert=always", "sendca=all"]),
])
def test_libreswan_is_told_who_signs_with_what(tmp_path, ours, theirs, lines):
    proof = Proof("psk", tmp_path)
    proof.asked = {"client": ours and Certificate(key=ours), "gateway": theirs and Certificate(key=theirs)}
    client, _ = sides(proof)
    *said, asked_for = libreswan_credentials.connection(client) if theirs else (*libreswan_credentials.connection(client), "")
    assert said == lines
    assert not theirs or asked_for.startswith('rightca="C=XX, O=ikelab, CN=authority of')
    assert ("PSK" in libreswan_config.secrets(DaemonSpec((client,)))) == client.shares_key


def test_libreswans_database_has_the_key_and_the_roots(tmp_path):
    proof = Proof("certificate", tmp_path)
    proof.asked["both"] = Certificate(intermediates=1)
    client, _ = sides(proof)
    spec = DaemonSpec((client,))
    files = dict(libreswan_credentials.files(spec))
    assert list(files) == ["/run/own-gateway.p12", "/run/gateway-authority-1.pem"]
    key, own, others = pkcs12.load_key_and_certificates(files["/run/own-gateway.p12"], b"lab")
    assert own is not None and key is not None and len(others) == 1
    script = libreswan_credentials.script(spec)
    assert "pk12util -i /run/own-gateway.p12" in script and "-n gateway-authority-1 -t CT,," in script
    assert f"nssdir={libreswan_credentials.DATABASE}" in libreswan_config.ipsec_conf(spec)
    assert libreswan_credentials.script(DaemonSpec((ENTRY,))) == ""


def test_iked_finds_files_by_their_place(tmp_path):
    proof = Proof("certificate", tmp_path)
    proof.asked["client"] = Certificate(intermediates=2)
    client, _ = sides(proof)
    spec = DaemonSpec((client,))
    found = [path.removeprefix("/etc/iked/") for path, _ in openiked_credentials.files(spec)]
    assert found == ["private/local.key", "certs/own-1.crt", "ca/intermediate-1-1.crt", "ca/intermediate-1-2.crt",
                     "ca/authority-1-1.crt"]
    assert openiked_credentials.words(client) == [] and openiked_credentials.awaited(spec)
    plain = DaemonSpec((ENTRY,))
    assert openiked_credentials.words(ENTRY) == ["psk", "0x736563726574"]
    assert list(openiked_credentials.files(plain)) == []  # CLEAN has put back the package's own key
    assert not openiked_credentials.awaited(plain)


def test_iked_has_one_key(tmp_path):
    client, gateway = sides(Proof("certificate", tmp_path))
    openiked_credentials.check(DaemonSpec((client, client)))
    with pytest.raises(PeerUnsupported, match="one private key"):
        openiked_credentials.check(DaemonSpec((client, gateway)))


def test_distinguished_names_in_each_ones_words():
    name = "dn:C=XX, O=ikelab, CN=gateway"
    assert strongswan_config.identity(name) == "C=XX, O=ikelab, CN=gateway"
    assert libreswan_config.identity(name) == '"C=XX, O=ikelab, CN=gateway"'
    assert openiked_config.identity(name) == "/C=XX/O=ikelab/CN=gateway"
