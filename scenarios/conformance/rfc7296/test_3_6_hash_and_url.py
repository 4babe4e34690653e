"""Certificates that are told by Hash and URL, and fetched over HTTP. RFC 7296 3.6"""

import hashlib

from ikelab.conformance import *

pytestmark = [configuration(certificate={"key": "p256"}, certificate_base="http://192.0.2.200/certificates/"),
              needs("auth-signature", "auth-ecdsa")]

CERTIFICATE, BUNDLE = 12, 13  # encodings
LOOKUP = "HTTP_CERT_LOOKUP_SUPPORTED"


def der(tag, content):
    length = len(content)
    return bytes([tag]) + (bytes([length]) if length < 128 else b"\x82" + length.to_bytes(2, "big")) + content


def by_hash_and_url(peer, sa, encoding):
    """The CERT payload of a certificate that the peer has never seen, in the one form or the other."""
    sa.signs_as = peer.new_identity()
    (cert,) = [one for one in sa.proof() if one.kind == PayloadType.CERT]
    octets = cert.data if encoding == CERTIFICATE else der(0x30, der(0xA0, cert.data))
    return CERT(hashlib.sha1(octets).digest() + peer.publish(octets).encode(), encoding)


@requirement("RFC7296-3.6-03", "RFC7296-3.6-05")
@each("encoding", CERTIFICATE, BUNDLE)
def test_a_certificate_is_looked_up(peer, encoding):
    """In place of our certificate it gets its hash and an http URL: it fetches it, and takes our proof. RFC 7296 3.6"""
    sa = peer.initialised()
    cert = by_hash_and_url(peer, sa, encoding)
    if peer.role == "responder":
        assert sa.auth(*replaced(sa.auth_payloads(), cert)) is not None
    else:
        sa.accept_auth(sa.auth_request, *replaced(sa.auth_response_payloads(sa.auth_request), cert))
    sa.liveness()


@requirement("RFC7296-3.6-03", "RFC7296-3.6-05", "RFC7296-3.6-06", "RFC7296-3.6-07")
def test_a_certificate_is_told_by_hash_and_url(peer):
    """To who has said HTTP_CERT_LOOKUP_SUPPORTED: SHA-1 of the certificate, and an http URL. RFC 7296 3.6"""
    if peer.role == "responder":
        sa = peer.initialised()
        message = sa.expect_response(sa.send_auth(*sa.auth_payloads(), N(LOOKUP)))
    else:
        sa = peer.call()
        sa.accept_init(*sa.init_response_payloads(), N(LOOKUP))
        message = sa.expect_request(IKE_AUTH)
    cert = message.first(PayloadType.CERT)
    assert cert.encoding == CERTIFICATE, f"{message}"
    assert cert.data[:20] == hashlib.sha1(peer.certificate()).digest() and cert.data[20:].startswith(b"http://")


@requirement("RFC7296-3.6-05")
def test_who_would_look_up_says_so(peer):
    """HTTP_CERT_LOOKUP_SUPPORTED is in a message with CERTREQ. RFC 7296 3.6, 3.10.1"""
    sa = peer.establish()
    asking = [one for one in sa.received if one.first(PayloadType.CERTREQ) is not None]
    assert any(LOOKUP in one.notifies() for one in asking)
