"""RSA keys that are longer, and shorter, than those of 2048 bits. RFC 8247 3.1.1"""

from ikelab.conformance import *

pytestmark = needs("auth-signature", "auth-rsa")


@configuration(client={"certificate": {"key": "rsa3072"}}, gateway={"certificate": {"key": "rsa4096"}})
@requirement("RFC8247-3.1.1-02")
def test_keys_of_3072_and_4096_bits(peer):
    """The initiator signs with the one, the responder with the other, and each is believed. RFC 8247 3.1.1"""
    sa = peer.initialised()
    sa.auth() if sa.initiator else sa.accept_auth(sa.auth_request)
    sa.liveness()
    assert peer.status().established()


@configuration(certificate={"key": "rsa2048"}, rsa_pss=True)
@each("bits", 1024, 1536)
@requirement("RFC8247-3.1.1-03")
def test_shorter_keys_are_refused(peer, bits):
    """Such a key of ours, certified by whom the peer trusts, proves nothing. RFC 8247 3.1.1"""
    prove_by(peer, algorithm("RSASSA-PKCS1-v1_5 with SHA-256"), peer.new_identity(key=f"rsa{bits}"))
    assert not peer.status().established()
