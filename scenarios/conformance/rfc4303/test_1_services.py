from ikelab.conformance import *

NULL = ("null-sha256", "null-sha512")


@each("suite", *NULL)
@configuration(child={"proposals": NULL})
@needs("esp-null")
@requirement("RFC4303-1-01", "RFC4303-1-02", "RFC4303-1-04", "RFC4303-3.2.1-01", "RFC8221-5-07")
def test_integrity_without_encryption(peer, suite):
    """NULL encryption with an HMAC is negotiated where it is configured: packets pass, and can be read. RFC 4303 1, RFC 8221 5"""
    sa = peer.establish(child={"proposals": (suite,)})
    child = sa.children[0]
    assert (child.choice.suite.encryption, child.choice.key_octets) == ("ENCR_NULL", 0)
    reply = child.ping()
    assert reply.payload in reply.arrived.octets
    sa.rekey_child(child).ping()


@configuration(child={"proposals": NULL})
@needs("esp-null")
@requirement("RFC4303-1-04", "RFC4303-3.4.4.1-01", "RFC8221-5-07")
def test_what_can_be_read_cannot_be_changed(peer):
    """Without encryption the integrity check still covers every part. RFC 4303 1, 3.4.4.1"""
    child = peer.establish().children[0]
    for at in (7, 8, 30, -1):
        number = child.send_echo(after_sealing=lambda octets, at=at: flipped(octets, at))
        child.expect_no_reply(number, "it was changed on the way")


def flipped(octets, at):
    changed = bytearray(octets)
    changed[at] ^= 1
    return bytes(changed)
