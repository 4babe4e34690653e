from ikelab.conformance import *

PRFS = {"prfaesxcbc": "PRF_AES128_XCBC", "prfaescmac": "PRF_AES128_CMAC"}


@configuration(proposals=("aes256-sha256-x25519", *(f"aes256-sha256-{word}-x25519" for word in PRFS)))
@needs("prf-aes", "ike-aes-cbc", "ke-x25519")
@each("word", *PRFS)
@requirement("RFC7296-2.14-04")
def test_a_prf_with_keys_of_one_length_takes_64_bits_of_each_nonce(peer, word):
    """SKEYSEED of an AES PRF is made with the first 64 bits of each nonce, and the keys with all of both: what is sealed by
    them opens at both ends, now and after a rekey. RFC 7296 2.14"""
    ours = (f"aes256-sha256-{word}-x25519",)
    if peer.role == "responder":
        sa = peer.ike_sa(proposals=ours)
        sa.init()
        sa.auth()
    else:
        sa = peer.call(proposals=ours)
        sa.accept_init()
        sa.accept_auth(sa.expect_request(IKE_AUTH))
    assert sa.choice.prf == PRFS[word] and len(sa.ni) > 8 and len(sa.nr) > 8
    sa.liveness()
    sa.rekey().liveness()
