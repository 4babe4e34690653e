"""What is looked up by Hash and URL, and is no certificate but a flood. RFC 8019 4.7"""

import hashlib

from ikelab.conformance import *

READ_AHEAD = 300_000  # octets that a library for HTTP and the sockets of both ends may take before anybody looks at them

pytestmark = [configuration(certificate={"key": "p256"}, certificate_base="http://192.0.2.200/certificates/"),
              needs("auth-signature", "auth-ecdsa")]


def looked_up(peer, head=b""):
    """What has no end, and begins so (without a word: with our certificate), after the peer was told to look it up in place
    of our certificate, and has read what it will."""
    sa = peer.initialised()
    sa.signs_as = peer.new_identity()
    (cert,) = [one for one in sa.proof() if one.kind == PayloadType.CERT]
    endless = peer.publish_endless(head or cert.data)
    url = CERT(hashlib.sha1(cert.data).digest() + endless.url.encode(), 12)
    if peer.role == "responder":
        sa.send_auth(*replaced(sa.auth_payloads(), url))
    else:
        sa.answer(sa.auth_request, *replaced(sa.auth_response_payloads(sa.auth_request), url))
    if not endless.ended.wait(10):
        raise Unmet("it goes on reading, or did not look it up at all")
    return endless


@requirement("RFC8019-4.7-01")
def test_no_more_is_read_than_the_certificate(peer):
    """Its first octets say how long the certificate is: of what comes behind it nothing is read. RFC 8019 4.7"""
    taken = looked_up(peer).taken
    assert taken <= READ_AHEAD, f"{taken} octets were taken"


@requirement("RFC8019-4.7-02")
def test_a_length_that_makes_no_sense_is_noticed(peer):
    """The first octets say two gigabytes, which no certificate has: nothing more is read. RFC 8019 4.7"""
    taken = looked_up(peer, b"\x30\x84\x7f\xff\xff\xff\x30\x84\x7f\xff\xff\x00").taken
    assert taken <= READ_AHEAD, f"{taken} octets were taken"


@requirement("RFC8019-4.7-03")
def test_there_is_a_limit_to_what_is_read(peer):
    """The first octets say sixteen megabytes: some time before the end it is enough. RFC 8019 4.7"""
    found = looked_up(peer, b"\x30\x83\xff\xff\xf0\x30\x83\xff\xff\x00")
    assert not found.whole, f"all of {found.taken} octets were taken"
