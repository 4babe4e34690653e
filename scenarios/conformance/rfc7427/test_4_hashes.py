"""Hash algorithms and keys of signatures. RFC 7427 3 to 5, RFC 8247 3.2"""

from ikelab.conformance import *

pytestmark = [configuration(certificate={"key": "p256"}), needs("auth-signature", "auth-ecdsa")]

LISTED = {2: "SHA-256", 3: "SHA-384", 4: "SHA-512"}


@each("number", *LISTED)
@requirement("RFC7427-4-02", "RFC7427-3-05", "RFC8247-3.2-03", "RFC8247-3.2-06")
def test_the_signature_has_a_hash_that_we_have_listed(peer, number):
    """Of one hash listed that one is taken; a hash longer than the curve's order is cut to its leftmost bits. RFC 7427
    3, 4"""
    assert algorithm_of(proof_for(peer, number)).hash == LISTED[number]


@each("number", *LISTED)
@requirement("RFC7427-3-05", "RFC8247-3.2-02", "RFC8247-3.2-03", "RFC8247-3.2-06")
def test_a_signature_with_each_hash_that_it_has_listed_is_taken(peer, number):
    """P-256 with SHA-256, and with longer hashes cut to 256 bits. RFC 7427 3, RFC 8247 3.2"""
    is_believed(peer, algorithm(f"ECDSA with {LISTED[number]}"))


@requirement("RFC7427-4-03", "RFC8247-3.2-01", "RFC8247-3.2-09")
def test_a_signature_with_a_hash_that_it_has_not_listed_is_refused(peer):
    """ecdsa-with-sha1 proves nothing by the method 14. RFC 7427 4, RFC 8247 3.2"""
    prove_by(peer, algorithm("ECDSA with SHA-1"))
    assert not peer.status().established()


@requirement("RFC7427-4-02")
def test_without_a_hash_in_common_the_method_14_proves_nothing(peer):
    """We have listed one that nobody knows: no signature by the method 14 has another hash, and no IKE_AUTH request comes
    without a proof, which would ask for EAP. RFC 7427 4"""
    unknown = hash_algorithms((65000,))
    if peer.role == "responder":
        sa = peer.ike_sa()
        sa.take_init(sa.try_init(lambda payloads: replaced(payloads, unknown)))
        auth = sa.expect_response(sa.send_auth()).first(PayloadType.AUTH)
        assert auth is None or auth.method != algorithm("ECDSA with SHA-256").method
    else:
        sa = peer.call()
        sa.accept_init(*replaced(sa.init_response_payloads(), unknown))
        peer.catch_up(sa)
        for request in (one for one in sa.inbox if one.exchange == IKE_AUTH):
            auth = request.first(PayloadType.AUTH)
            assert auth is not None and auth.method != algorithm("ECDSA with SHA-256").method


@requirement("RFC7427-5-01", "RFC8247-3.2-08")
def test_a_kind_of_key_that_nobody_takes_is_refused(peer):
    """A DSA key and dsa-with-sha1, certified by whom the peer trusts: AUTHENTICATION_FAILED. RFC 7427 5, RFC 8247 3.2"""
    prove_by(peer, algorithm("DSA with SHA-1"), peer.new_identity(key="dsa1024"))
    assert not peer.status().established()
