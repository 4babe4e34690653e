from ikelab.conformance import *

IKE_WORDS = ("aes128-aes256-sha256-prfsha256-modp2048",)


@configuration(proposals=IKE_WORDS)
@needs("ike-aes-cbc", "ke-modp")
@requirement("RFC8247-2.1-02", "RFC8247-2.2-01", "RFC8247-2.3-01", "RFC8247-2.4-01", "RFC8247-3.1-02",
             "RFC7296-2-03")
@each("bits", 128, 256)
def test_what_everybody_has(peer, bits):
    """AES-CBC of both key lengths with HMAC-SHA-256 and the 2048-bit group, and a shared key. We
    propose no more than we use, however much the peer has. RFC 8247 2, 3.1, RFC 7296 2"""
    sa = peer.establish(proposals=(f"aes{bits}-sha256-prfsha256-modp2048",))
    assert sa.choice.key_octets * 8 == bits and sa.choice.ke == "modp2048"
    sa.liveness()


@configuration(proposals=IKE_WORDS)
@needs("ike-aes-cbc", "ke-modp")
@requirement("RFC8247-2.1-01")
@each("integrity", "left out", "NONE")
def test_cbc_goes_with_integrity(responder, integrity):
    """AES-CBC without integrity is refused. RFC 8247 2.1"""
    sa = responder.ike_sa()
    rest = [transform("aes256"), transform("prfsha256"), transform("modp2048")]
    none = [Transform(TransformType.INTEG, 0)] if integrity == "NONE" else []
    answer = sa.try_init(lambda payloads: replaced(payloads, SA(Proposal(1, IKE, b"", rest + none))))
    answer.notified("NO_PROPOSAL_CHOSEN")


@configuration(proposals=("aes256-sha1-prfsha1-modp2048",))
@needs("ike-aes-cbc", "ke-modp")
@requirement("RFC8247-2.2-03", "RFC8247-2.3-03")
def test_sha1_is_still_what_everybody_has(peer):
    """An IKE SA by PRF_HMAC_SHA1 and AUTH_HMAC_SHA1_96, where it is configured so, and a rekey of it. RFC 8247 2.2, 2.3"""
    sa = peer.establish()
    assert sa.choice.prf == "PRF_HMAC_SHA1" and sa.choice.suite.integrity == "AUTH_HMAC_SHA1_96"
    sa.rekey().liveness()
