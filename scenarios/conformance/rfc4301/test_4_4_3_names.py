"""Whose certificate proves which identity. RFC 4301 4.4.3.2"""

from ikelab.conformance import *

P256 = {"key": "p256"}
BY_P256 = algorithm("ECDSA with SHA-256")

pytestmark = needs("auth-signature", "auth-ecdsa")


def proves(peer, **certificate):
    """Whether we are believed to be who we say by another certificate of whom the peer trusts, with a key of ours."""
    prove_by(peer, BY_P256, peer.new_identity(**certificate))
    return bool(peer.status().established())


@configuration(certificate=P256)
@requirement("RFC4301-4.4.3.2-01")
@each("other", "mallory.example.org", "mallory@example.org", "192.0.2.77")
def test_an_alternative_name_has_to_be_the_identity(peer, other):
    """IDi or IDr is a domain name, and the certificate has another name: refused. RFC 4301
    4.4.3.2"""
    assert not proves(peer, identity=other)


@configuration(certificate=P256)
@requirement("RFC4301-4.4.3.2-01")
def test_another_certificate_with_the_name_is_believed(peer):
    """It is the name that counts, and not the certificate itself. RFC 4301 4.4.3.2"""
    assert proves(peer)


@configuration(certificate=P256, local_id="dn:C=XX, O=ikelab, CN=client", remote_id="dn:C=XX, O=ikelab, CN=gateway")
@requirement("RFC4301-4.4.3.2-01")
@each("other", "dn:C=XX, O=ikelab, CN=mallory", "dn:C=XX, O=another, CN={}", "dn:C=XX, O=ikelab, OU=more, CN={}")
def test_the_subject_has_to_be_the_identity(peer, other):
    """ID_DER_ASN1_DN, and the certificate has another subject: refused. RFC 4301 4.4.3.2"""
    assert not proves(peer, identity=other.format(peer.stage.spec.local_id.rpartition("=")[2]))


@configuration(certificate=P256, local_id="dn:C=XX, O=ikelab, CN=client", remote_id="dn:C=XX, O=ikelab, CN=gateway")
@requirement("RFC4301-4.4.3.2-01")
def test_another_certificate_with_the_subject_is_believed(peer):
    """The same with that subject. RFC 4301 4.4.3.2"""
    assert proves(peer)
