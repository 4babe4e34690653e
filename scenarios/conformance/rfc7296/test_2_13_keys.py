"""Keying material, checked by using it: a wrong order or length of one key, and nothing can be opened. RFC 7296 2.13 to
2.18"""

from ikelab.conformance import *

IKE_WORDS = ("aes256gcm16-aes128gcm16-prfsha256-prfsha384-prfsha512-x25519-ecp256-ecp384",
             "aes256-aes128-sha256-sha384-sha512-prfsha256-prfsha384-prfsha512-x25519-ecp256-ecp384")
ESP_WORDS = ("aes256gcm16-aes128gcm16", "aes256-aes128-sha256-sha512", "chacha20poly1305")


@configuration(proposals=IKE_WORDS)
@requirement("RFC7296-2.13-03", "RFC7296-2.13-05", "RFC7296-2.14-01", "RFC7296-2.14-02", "RFC7296-2.15-01",
             "RFC7296-2.15-08", "RFC7296-2.17-01", "RFC7296-2.17-04")
@each("words", "aes256gcm16-prfsha256-x25519", "aes128gcm16-prfsha384-x25519", "aes256gcm16-prfsha512-x25519",
      "aes128-sha256-prfsha512-x25519", "aes256-sha512-prfsha256-x25519", "aes256-sha384-prfsha384-x25519")
def test_keys_of_every_prf_and_cipher(peer, words):
    """IKE messages, both AUTH payloads and packets work with what is derived with each PRF, integrity algorithm and key
    length. RFC 7296 2.13, 2.14, 2.15, 2.17"""
    if "gcm" not in words and words.split("-")[2] != f"prf{words.split('-')[1]}":
        peer.require("prf-apart")
    sa = peer.establish(proposals=(words,))
    assert (sa.choice.suite.integrity == "") is ("gcm" in words)
    sa.liveness()
    sa.children[0].ping()


@configuration(proposals=IKE_WORDS)
@requirement("RFC7296-2.14-02", "RFC7296-2.14-03", "RFC7296-2.15-01")
@each("group", "ecp256", "ecp384")
def test_keys_of_every_curve(responder, group):
    """The x coordinate of the common point is the secret, in all its octets. RFC 7296 2.14, RFC 5903 7"""
    sa = responder.establish(proposals=(f"aes256gcm16-prfsha256-{group}",))
    sa.children[0].ping()


@configuration(child={"proposals": ESP_WORDS})
@requirement("RFC7296-2.17-01", "RFC7296-2.17-02", "RFC7296-2.17-03")
@each("words", "aes128gcm16", "aes256-sha256", "aes128-sha512")
def test_keys_of_every_esp_cipher(peer, words):
    """Of KEYMAT comes what the exchange's initiator sends with first, and of each half the cipher's key before that of
    integrity; whoever began the exchange. RFC 7296 2.17"""
    peer.require("esp-aes-gcm" if "gcm" in words else "esp-aes-cbc", *(["esp-hmac-sha256"] if "sha256" in words else []))
    sa = peer.establish(child={"proposals": (words,)})
    sa.children[0].ping()
    sa.create_child().ping()


@configuration(proposals=IKE_WORDS)
@requirement("RFC7296-2.18-05")
def test_a_rekey_to_another_prf(peer):
    """SKEYSEED comes from the old PRF and the old SK_d, the keys of the new IKE SA from the new PRF. RFC 7296 2.18"""
    sa = peer.establish(proposals=("aes256gcm16-prfsha256-x25519",))
    offer = sa.offer_rekey(group=31)
    own = proposal("aes128-sha512-prfsha512-x25519", spi=offer.spi)
    offer.payloads = replaced(offer.payloads, SA(own))
    new = offer.take(sa.request(CREATE_CHILD_SA, *offer.payloads))
    assert new.choice.prf != sa.choice.prf
    new.liveness()
    new.create_child().ping()


@requirement("RFC7296-2.18-04")
def test_message_ids_begin_at_zero_in_both_directions(peer):
    """After a rekey our first request and the peer's have Message ID 0. RFC 7296 2.18"""
    new = peer.establish().rekey()
    request = new.send(INFORMATIONAL)
    assert request.message_id == 0
    new.expect_response(request)
    peer.delete("ike")
    farewell = new.expect_request(INFORMATIONAL)
    assert farewell.message_id == 0
    new.accept_delete(farewell)


@needs("rekey-by-command")
@requirement("RFC7296-2.18-01", "RFC7296-2.18-02")
def test_a_rekey_of_the_ike_sa_has_a_new_key_exchange(peer):
    """The request has a KE with a new public value, and no proposal without a group or with NONE. RFC 7296 2.18"""
    sa = peer.establish()
    before = sa.peer_ke.data
    peer.rekey("ike")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert request.first(PayloadType.KE) is not None and request.first(PayloadType.KE).data != before
    for one in request.proposals:
        groups = [t.number for t in one.transforms if t.kind == TransformType.KE]
        assert groups and 0 not in groups
    new = sa.accept_rekey(request)
    sa.accept_delete(sa.expect_request(INFORMATIONAL))
    new.liveness()


@requirement("RFC7296-2.18-03", "RFC7296-2.18-01")
@each("group", "NONE", "left out")
def test_a_rekey_of_the_ike_sa_without_a_group_is_refused(peer, group):
    """A request that proposes NONE as group, or no group, is not accepted. RFC 7296 2.18"""
    sa = peer.establish()
    offer = sa.offer_rekey()
    own = offer.payloads[0].proposals[0]
    none = [Transform(TransformType.KE, 0)] if group == "NONE" else []
    rest = [t for t in own.transforms if t.kind != TransformType.KE]
    payloads = without(replaced(offer.payloads, SA(Proposal(1, IKE, own.spi, rest + none))), PayloadType.KE)
    answer = sa.request(CREATE_CHILD_SA, *payloads)
    assert answer.first(PayloadType.SA) is None
    assert set(answer.notifies()) & {"NO_PROPOSAL_CHOSEN", "INVALID_SYNTAX"}, f"{answer}"


@requirement("RFC7296-2.18-01")
def test_a_rekey_of_the_ike_sa_without_ke_is_refused(peer):
    """A group is proposed, and KE is missing. RFC 7296 2.18, 1.3.2"""
    sa = peer.establish()
    offer = sa.offer_rekey()
    answer = sa.request(CREATE_CHILD_SA, *without(offer.payloads, PayloadType.KE))
    assert answer.first(PayloadType.SA) is None
    assert set(answer.notifies()) & {"INVALID_SYNTAX", "INVALID_KE_PAYLOAD", "NO_PROPOSAL_CHOSEN"}
