"""What an implementation can be configured to accept. RFC 7296 4"""

from ikelab.conformance import *

RSA = {"key": "rsa2048", "authority_key": "rsa2048"}

by_rsa = needs("auth-signature", "auth-rsa")


def is_accepted(peer):
    sa = peer.establish()
    sa.liveness()
    assert peer.status().established()
    sa.children[0].ping()


@configuration(certificate=RSA)
@by_rsa
@requirement("RFC7296-4-14")
def test_rsa_with_a_domain_name(peer):
    """A certificate of an RSA key, signed by one, both of 2048 bits, for an identity of type FQDN. RFC 7296 4"""
    is_accepted(peer)


@configuration(certificate=RSA, local_id="client@example.org", remote_id="gateway@example.org")
@by_rsa
@requirement("RFC7296-4-14")
def test_rsa_with_a_mail_address(peer):
    """The same for RFC822_ADDR. RFC 7296 4"""
    is_accepted(peer)


@configuration(certificate=RSA, local_id="dn:C=XX, O=ikelab, CN=client", remote_id="dn:C=XX, O=ikelab, CN=gateway")
@by_rsa
@requirement("RFC7296-4-14")
def test_rsa_with_a_distinguished_name(peer):
    """The same for DER_ASN1_DN. RFC 7296 4"""
    is_accepted(peer)


@configuration(certificate={**RSA, "by_key_identifier": True}, local_id="key:client", remote_id="key:gateway")
@needs("certificate-key-id")
@by_rsa
@requirement("RFC7296-4-14")
def test_rsa_with_a_key_id(peer):
    """The same for KEY_ID, which the certificate holds as its subject key identifier. RFC 7296 4"""
    is_accepted(peer)


@configuration(client={"certificate": None}, gateway={"certificate": {"key": "p256"}})
@needs("auth-mixed")
@requirement("RFC7296-4-16", "RFC7296-2.15-09")
def test_a_responder_with_a_certificate_and_an_initiator_with_a_shared_key(peer):
    """Each is accepted by the other. RFC 7296 4"""
    sa = peer.establish()
    methods = {one.first(PayloadType.AUTH).method for one in sa.received if one.first(PayloadType.AUTH) is not None}
    assert methods == ({14} if peer.role == "responder" else {2})
    sa.liveness()
    assert peer.status().established()
