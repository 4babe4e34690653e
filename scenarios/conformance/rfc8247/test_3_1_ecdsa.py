"""ECDSA by the methods that came before the method 14, and DSS. RFC 8247 3.1, RFC 4754"""

from ikelab.conformance import *

pytestmark = needs("auth-signature", "auth-ecdsa")


@configuration(certificate={"key": "p256"})
@requirement("RFC8247-3.1-04")
def test_ecdsa_by_the_method_9(peer):
    """With a peer that says nothing of hashes both sides sign by ECDSA with SHA-256 on P-256. RFC 8247 3.1"""
    both_prove_by(peer, algorithm("ECDSA with SHA-256 on the P-256 curve"))


@configuration(certificate={"key": "p384"})
@requirement("RFC8247-3.1-05")
def test_ecdsa_by_the_method_10(peer):
    """The same by ECDSA with SHA-384 on P-384. RFC 8247 3.1"""
    both_prove_by(peer, algorithm("ECDSA with SHA-384 on the P-384 curve"))


@configuration(certificate={"key": "p521"})
@requirement("RFC8247-3.1-06")
def test_ecdsa_by_the_method_11(peer):
    """The same by ECDSA with SHA-512 on P-521. RFC 8247 3.1"""
    both_prove_by(peer, algorithm("ECDSA with SHA-512 on the P-521 curve"))


@configuration(certificate={"key": "p256"})
@requirement("RFC8247-3.1-03")
def test_dss_by_the_method_3_is_refused(peer):
    """A DSA key and DSS Digital Signature, certified by whom the peer trusts: no IKE SA. RFC 8247 3.1"""
    prove_by(peer, algorithm("DSS Digital Signature"), peer.new_identity(key="dsa1024"))
    assert not peer.status().established()
