from ikelab.conformance import *


@configuration(certificate={"key": "rsa2048"}, rsa_sha1=True)
@needs("auth-signature", "auth-rsa")
@requirement("RFC8247-3.1-01", "RFC8247-3.1.1-01", "RFC7296-3.8-01", "RFC7296-3.8-02")
def test_rsa_by_the_method_1(peer):
    """With a peer that says nothing of hashes both sides sign by RSA Digital Signature, where it is configured so; the hash
    is SHA-1. RFC 8247 3.1, 3.1.1, RFC 7296 3.8"""
    both_prove_by(peer, algorithm("RSA Digital Signature, with SHA-1"))
