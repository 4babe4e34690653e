from ikelab.conformance import *

HASHES = "SIGNATURE_HASH_ALGORITHMS"
RSA_DIGITAL_SIGNATURE = 1


@configuration(certificate={"key": "rsa2048"}, rsa_sha1=True)
@needs("auth-signature", "auth-rsa")
@requirement("RFC8247-3.1-01", "RFC8247-3.1.1-01")
def test_rsa_by_the_method_1(peer):
    """With a peer that says nothing of hashes both sides sign by RSA Digital Signature, where it is configured so. RFC
    8247 3.1, 3.1.1"""
    if peer.role == "responder":
        sa = peer.ike_sa()
        sa.take_init(sa.try_init(lambda payloads: without(payloads, HASHES)))
    else:
        sa = peer.call()
        sa.accept_init(*without(sa.init_response_payloads(), HASHES))
    sa.signature_algorithm = algorithm("RSA Digital Signature, with SHA-1")
    message = sa.expect_response(sent := sa.send_auth()) if sa.initiator else sa.expect_request(IKE_AUTH)
    assert message.first(PayloadType.AUTH).method == RSA_DIGITAL_SIGNATURE
    if sa.initiator:
        sa.take_auth(message, sent)
    else:
        sa.accept_auth(message)
    sa.liveness()
    assert peer.status().established()
