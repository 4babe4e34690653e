from ikelab.conformance import *

ESP_WORDS = ("aes128gcm16-aes256gcm16", "aes128-aes256-sha256")


@configuration(child={"proposals": ESP_WORDS})
@needs("esp-aes-cbc", "esp-aes-gcm")
@requirement("RFC8221-5-08", "RFC8221-5-10", "RFC8221-6-09")
@each("words", "aes128gcm16", "aes256gcm16", "aes128-sha256", "aes256-sha256")
def test_what_everybody_has(peer, words):
    """AES-GCM, and AES-CBC with HMAC-SHA-256, of both key lengths: packets pass. RFC 8221 5, 6"""
    sa = peer.establish(child={"proposals": (words,)})
    sa.liveness()
    sa.children[0].ping()


@configuration(child={"proposals": ESP_WORDS})
@needs("esp-aes-cbc")
@requirement("RFC8221-4-01", "RFC8221-6-01", "RFC8221-6-03")
@each("integrity", "left out", "NONE")
def test_cbc_goes_with_integrity(peer, integrity):
    """A Child SA of AES-CBC without integrity is refused. RFC 8221 4, 6"""
    sa = peer.establish()
    offer = sa.offer_child(group=0)
    none = [Transform(TransformType.INTEG, 0)] if integrity == "NONE" else []
    bare = Proposal(1, ESP, offer.spi, [transform("aes256"), *none, transform("noesn")])
    answer = sa.request(CREATE_CHILD_SA, *replaced(offer.payloads, SA(bare)))
    answer.notified("NO_PROPOSAL_CHOSEN")


@configuration(child={"proposals": ESP_WORDS})
@needs("esp-aes-cbc")
@requirement("RFC8221-4-02", "RFC8221-6-11")
def test_authentication_is_not_left_to_ah(peer):
    """Whether or not there is a Child SA of AH for the same packets, one of AES-CBC without integrity is refused. RFC 8221
    4, 6"""
    sa = peer.establish()
    for protocol, transforms in ((Protocol.AH, ["sha256"]), (ESP, ["aes256"])):
        offer = sa.offer_child(group=0)
        one = Proposal(1, protocol, offer.spi, [transform(word) for word in (*transforms, "noesn")])
        answer = sa.request(CREATE_CHILD_SA, *replaced(offer.payloads, SA(one)))
    answer.notified("NO_PROPOSAL_CHOSEN")


@needs("esp-aes-gcm")
@requirement("RFC8221-6-02")
def test_none_as_integrity_goes_with_a_combined_mode_cipher(peer):
    """AES-GCM with AUTH_NONE named. RFC 8221 6"""
    sa = peer.establish()
    offer = sa.offer_child(group=0)
    named = Proposal(1, ESP, offer.spi, [transform("aes256gcm16"), Transform(TransformType.INTEG, 0), transform("noesn")])
    offer.payloads = replaced(offer.payloads, SA(named))
    offer.take(sa.request(CREATE_CHILD_SA, *offer.payloads)).ping()


@requirement("RFC8221-7-01")
def test_ipcomp_oui_is_not_accepted(peer):
    """Offered IPCOMP_OUI the peer makes the Child SA without it. RFC 8221 7"""
    sa = peer.establish()
    offer = sa.offer_child()
    answer = sa.request(CREATE_CHILD_SA, N("IPCOMP_SUPPORTED", b"\x12\x34\x01"), *offer.payloads)
    assert "IPCOMP_SUPPORTED" not in answer.notifies()
    offer.take(answer).ping()


@configuration(child={"proposals": ("aes256-sha1",)})
@needs("esp-aes-cbc")
@requirement("RFC8221-6-05")
def test_sha1_is_still_what_everybody_has(peer):
    """AES-CBC with AUTH_HMAC_SHA1_96, where it is configured so: packets pass. RFC 8221 6"""
    sa = peer.establish()
    assert sa.children[0].choice.suite.integrity == "AUTH_HMAC_SHA1_96"
    sa.liveness()
    sa.children[0].ping()
