"""RSA by the method 14: RFC 7427 A.1 and A.4, RFC 4055, RFC 8247 3.2"""

from ikelab.conformance import *

pytestmark = [configuration(certificate={"key": "rsa2048"}, rsa_pss=True), needs("auth-signature", "auth-rsa")]

LISTED = {2: "SHA-256", 3: "SHA-384", 4: "SHA-512"}


@each("number", *LISTED)
@requirement("RFC7427-A.4-01", "RFC7427-4-02", "RFC8247-3.2-04", "RFC8247-3.2-05")
def test_it_signs_by_pss_as_the_parameters_say(peer, number):
    """RSASSA-PSS with the hash that we have listed; hash, mask and salt are as the parameters say. RFC 7427 A.4"""
    used = algorithm_of(proof_for(peer, number))
    assert (used.scheme, used.hash) == ("pss", LISTED[number])


@requirement("RFC7427-3-02")
def test_an_identifier_of_pss_leaves_out_what_is_the_default(peer):
    """The trailer field is not written out. RFC 7427 3, A.4, RFC 4055 3.1"""
    assert algorithm_of(proof_for(peer, 2)).name != "PSS with SHA-256, the trailer field written out"


@each("hash_name", "SHA-256", "SHA-384", "SHA-512")
@requirement("RFC8247-3.2-02", "RFC8247-3.2-04", "RFC8247-3.2-05", "RFC8247-3.1.1-01")
def test_pss_is_taken(peer, hash_name):
    """A signature by RSASSA-PSS and a key of 2048 bits proves us. RFC 8247 3.1.1, 3.2"""
    is_believed(peer, algorithm(f"RSASSA-PSS with {hash_name}"))


@each("form", "PKCS#1 with SHA-256, parameters absent", "PSS with SHA-256, parameters of the hash absent",
      "PSS with SHA-256, the trailer field written out")
@requirement("RFC7427-3-03")
def test_each_encoding_of_an_identifier_is_taken(peer, form):
    """Parameters that are NULL or absent mean the same, and so does a default that is written out. RFC 7427 3, A.4.3,
    RFC 4055 2.1, 5"""
    is_believed(peer, algorithm(form))


@requirement("RFC8247-3.2-01", "RFC8247-3.2-07", "RFC7427-4-03")
def test_pkcs1_with_sha1_is_refused(peer):
    """sha1WithRSAEncryption proves nothing. RFC 8247 3.2"""
    prove_by(peer, algorithm("PKCS#1 with SHA-1"))
    assert not peer.status().established()


@requirement("RFC8247-3.2-01", "RFC8247-3.2-10", "RFC7427-4-03")
def test_pss_with_empty_parameters_is_refused(peer):
    """They mean SHA-1. RFC 8247 3.2, RFC 7427 A.4.1"""
    prove_by(peer, algorithm("PSS with empty parameters"))
    assert not peer.status().established()


@requirement("RFC8247-3.2-01", "RFC8247-3.2-11", "RFC7427-4-03")
def test_pss_with_default_parameters_is_refused(peer):
    """They are SHA-1's, written out. RFC 8247 3.2, RFC 7427 A.4.2"""
    prove_by(peer, algorithm("PSS with default parameters"))
    assert not peer.status().established()


@requirement("RFC7427-A.4-01")
def test_parameters_that_are_not_those_of_the_signature_are_refused(peer):
    """SHA-512 stated, SHA-256 used. RFC 7427 A.4"""
    prove_by(peer, algorithm("PSS that says another hash"))
    assert not peer.status().established()
