"""Certificates are what was asked for, and openssl's own verifier says so."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from ikelab.pki import Certificate, keys, names, root, write
from ikelab.pki.authority import SERVER_AUTH

ASKED = {"identity": "gw.example.org", "authority": "lab"}
VERIFY = ("openssl", "verify", "-x509_strict", "-purpose", "any")


def chain_of(tmp_path: Path, wanted: Certificate, trusted: str = "lab") -> tuple[Path, Path, Path]:
    """Files: the end entity alone, all certificates, the root that is trusted."""
    found = write(tmp_path, root(wanted.authority, wanted.forged).issue(wanted, "gateway"), [trusted])
    assert found.certificate is not None
    blocks = found.certificate.read_text().split("-----END CERTIFICATE-----\n")
    alone = tmp_path / "alone.pem"
    alone.write_text(blocks[0] + "-----END CERTIFICATE-----\n")
    return alone, found.certificate, found.authorities[0]


def verdict(tmp_path: Path, wanted: Certificate, *more: str, trusted: str = "lab") -> str:
    """"" or why OpenSSL refuses the chain."""
    alone, whole, authority = chain_of(tmp_path, wanted, trusted)
    done = subprocess.run([*VERIFY, *more, "-CAfile", authority, "-untrusted", whole, alone], capture_output=True,
                          text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("kind", keys.KINDS)
def test_every_kind_of_key_makes_a_good_certificate(tmp_path, kind):
    assert verdict(tmp_path, Certificate(key=kind, **ASKED), "-verify_hostname", "gw.example.org") == ""


def test_a_key_is_made_once_and_belongs_to_one_side():
    assert keys.private_key("rsa2048", "client") is keys.private_key("rsa2048", "client")
    one, other = (keys.private_key("p256", owner).private_numbers() for owner in ("client", "gateway"))
    assert one.private_value != other.private_value


def test_a_chain_is_in_order_and_without_its_root(tmp_path):
    wanted = Certificate(intermediates=3, **ASKED)
    chain = root("lab").issue(wanted, "gateway").chain
    assert len(chain) == 4
    assert [one.issuer for one in chain[:-1]] == [one.subject for one in chain[1:]]
    assert chain[-1].issuer == root("lab").certificate.subject
    assert verdict(tmp_path, wanted) == ""


@pytest.mark.parametrize(("identity", "option"), [
    ("gw.example.org", "-verify_hostname"), ("alice@example.org", "-verify_email"), ("192.0.2.1", "-verify_ip"),
    ("2001:db8:2::1", "-verify_ip")])
def test_an_identity_is_a_subject_alternative_name(tmp_path, identity, option):
    wanted = Certificate(identity=identity, authority="lab")
    assert verdict(tmp_path, wanted, option, identity) == ""
    other = {"-verify_hostname": "no.example.org", "-verify_email": "bob@example.org"}.get(option, "192.0.2.77")
    assert "mismatch" in verdict(tmp_path, wanted, option, other)


def test_a_distinguished_name_is_the_subject(tmp_path):
    wanted = Certificate(identity="dn:C=XX, O=ikelab, CN=gateway", authority="lab")
    (certificate,) = root("lab").issue(wanted, "gateway").chain
    assert [attribute.value for attribute in certificate.subject] == ["XX", "ikelab", "gateway"]
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_names_that_no_certificate_holds():
    with pytest.raises(names.NoSuchName, match="KEY_ID"):
        names.alternative_name("key:office")
    with pytest.raises(names.NoSuchName, match="distinguished"):
        names.distinguished_name("gateway")
    with pytest.raises(ValueError, match="rsa2048"):
        keys.private_key("dsa", "client")


@pytest.mark.parametrize(("change", "words"), [
    ({"not_before_s": -7200, "not_after_s": -3600}, "expired"),
    ({"not_before_s": 3600, "not_after_s": 7200}, "not yet valid"),
    ({"authority": "another"}, "unable to get local issuer certificate"),
    ({"forged": True}, "error"),
    ({"intermediates": 2, "path_length": 0}, "path length constraint exceeded"),
], ids=["expired", "not-yet-valid", "untrusted", "forged", "chain-too-long"])
def test_what_is_wrong_on_purpose_is_wrong(tmp_path, change, words):
    assert words in verdict(tmp_path, Certificate(**{**ASKED, **change}))


@pytest.mark.parametrize("change", [{"key_usage": "key_encipherment"}, {"extended_usage": SERVER_AUTH}])
def test_wrong_usages_are_critical(change):
    (certificate,) = root("lab").issue(Certificate(**ASKED, **change), "gateway").chain
    kind = x509.KeyUsage if "key_usage" in change else x509.ExtendedKeyUsage
    found = certificate.extensions.get_extension_for_class(kind)
    assert found.critical
    if isinstance(found.value, x509.KeyUsage):
        assert found.value.key_encipherment and not found.value.digital_signature


def test_padding_makes_certificates_big(tmp_path):
    wanted = Certificate(padding=3000, intermediates=1, **ASKED)
    for one in root("lab").issue(wanted, "gateway").chain:
        assert len(one.tbs_certificate_bytes) > 3000
    assert verdict(tmp_path, wanted) == ""
    with pytest.raises(ValueError, match="65535"):
        root("lab").issue(Certificate(padding=70_000, **ASKED), "gateway")


def test_a_private_key_is_nobody_elses(tmp_path):
    found = write(tmp_path, root("lab").issue(Certificate(**ASKED), "gateway"), ["lab"], "p256")
    assert found.private_key is not None and found.private_key.stat().st_mode & 0o777 == 0o600
    assert found.key_kind == "p256"
