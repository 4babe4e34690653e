from ikelab.conformance import *

BOTH_GROUPS = {"proposals": ("aes256gcm16-x25519-ecp256",)}
IKE_ECP, ESP_ECP = ("aes256gcm16-prfsha256-ecp256",), {"proposals": ("aes256gcm16-ecp256",)}
OTHER = {31: 19, 19: 31}
pytestmark = needs("ke-ecp", "ke-x25519")


def ke_transforms(message):
    return [one.number for found in message.proposals for one in found.transforms if one.kind == TransformType.KE]


@configuration(child=BOTH_GROUPS)
@each("group", 31, 19)
@requirement("RFC7296-1.3-03", "RFC7296-1.3.1-02")
def test_a_child_sa_with_a_key_exchange_of_its_own(peer, group):
    """KEi of a proposed group is answered by KEr of that group, and the keys depend on it. RFC 7296 1.3, 2.17"""
    sa = peer.establish()
    sa.create_child(group=group).ping()


@configuration(child={"proposals": ("aes256gcm16", "aes256gcm16-x25519")})
@requirement("RFC7296-1.3-03", "RFC7296-1.3.1-02")
def test_a_child_sa_without_a_key_exchange(peer):
    """A request without KEi is answered without KEr. RFC 7296 1.3"""
    sa = peer.establish()
    offer = sa.offer_child(group=0)
    answer = sa.request(CREATE_CHILD_SA, *offer.payloads)
    assert answer.first(PayloadType.KE) is None
    offer.take(answer).ping()


@configuration(child=BOTH_GROUPS)
@requirement("RFC7296-1.3-04", "RFC7296-1.3.1-01")
def test_the_group_of_ke_is_proposed(peer):
    """Who sends KEi names its group in a proposal. RFC 7296 1.3"""
    sa = peer.establish()
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert request.first(PayloadType.KE).group in ke_transforms(request)
    child = sa.accept_child(request)
    sa.accept_delete(sa.expect_request(INFORMATIONAL))
    child.ping()


@configuration(child=BOTH_GROUPS)
@requirement("RFC7296-1.3-05", "RFC7296-1.3-07")
def test_after_invalid_ke_a_child_sa_uses_the_other_group(peer):
    """INVALID_KE_PAYLOAD to a rekey of a Child SA: it is tried again with the group named. RFC 7296 1.3"""
    sa = peer.establish()
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    other = OTHER[request.first(PayloadType.KE).group]
    sa.answer(request, N("INVALID_KE_PAYLOAD", other.to_bytes(2, "big")))
    again = sa.expect_request(CREATE_CHILD_SA)
    assert again.first(PayloadType.KE).group == other and other in ke_transforms(again)
    assert again.notified("REKEY_SA") == request.notified("REKEY_SA")
    child = sa.accept_child(again)
    sa.accept_delete(sa.expect_request(INFORMATIONAL))
    child.ping()


@configuration(proposals=("aes256gcm16-prfsha256-x25519-ecp256",))
@requirement("RFC7296-1.3-05", "RFC7296-1.3-07")
def test_after_invalid_ke_an_ike_sa_uses_the_other_group(peer):
    """INVALID_KE_PAYLOAD to a rekey of the IKE SA: it is tried again with the group named. RFC 7296 1.3"""
    sa = peer.establish()
    peer.rekey("ike")
    request = sa.expect_request(CREATE_CHILD_SA)
    other = OTHER[request.first(PayloadType.KE).group]
    sa.answer(request, N("INVALID_KE_PAYLOAD", other.to_bytes(2, "big")))
    again = sa.expect_request(CREATE_CHILD_SA)
    assert again.first(PayloadType.KE).group == other and other in ke_transforms(again)
    new = sa.accept_rekey(again)
    sa.accept_delete(sa.expect_request(INFORMATIONAL))
    new.liveness()


@configuration(proposals=IKE_ECP, child=ESP_ECP)
@requirement("RFC7296-1.3-06")
def test_a_child_sa_of_the_wrong_group_is_refused(peer):
    """Another group than that of KEi is chosen: INVALID_KE_PAYLOAD with its two octets. RFC 7296 1.3"""
    sa = peer.establish()
    offer = sa.offer_child(group=31)
    both = SA(proposal("aes256gcm16-x25519-ecp256", ESP, 1, offer.spi))
    answer = sa.request(CREATE_CHILD_SA, *replaced(offer.payloads, both))
    assert answer.notified("INVALID_KE_PAYLOAD").data == b"\0\x13"
    sa.create_child(group=19).ping()


@configuration(proposals=IKE_ECP, child=ESP_ECP)
@requirement("RFC7296-1.3-06")
def test_an_ike_rekey_of_the_wrong_group_is_refused(peer):
    """The same of a rekey of the IKE SA, which is then tried again. RFC 7296 1.3"""
    sa = peer.establish()
    offer = sa.offer_rekey(group=31)
    both = SA(proposal("aes256gcm16-prfsha256-x25519-ecp256", IKE, 1, offer.spi))
    answer = sa.request(CREATE_CHILD_SA, *replaced(offer.payloads, both))
    assert answer.notified("INVALID_KE_PAYLOAD").data == b"\0\x13"
    sa.rekey(group=19).liveness()


@configuration(proposals=IKE_ECP, child=ESP_ECP)
@requirement("RFC7296-2.6-05", "RFC7296-1.2-02")
def test_ike_sa_init_of_the_wrong_group_is_refused(responder):
    """INVALID_KE_PAYLOAD names the group, and the responder's SPI is zero: nothing was begun. RFC 7296 1.2, 2.6"""
    sa = responder.ike_sa(proposals=("aes256gcm16-prfsha256-x25519-ecp256",))
    answer = sa.try_init()
    assert answer.notified("INVALID_KE_PAYLOAD").data == b"\0\x13"
    assert answer.header.spi_r == bytes(8) and answer.first(PayloadType.SA) is None
    sa.init()
    sa.auth().ping()
