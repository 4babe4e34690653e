from ikelab.conformance import *

# So many that a rekey of the IKE SA fills more than one packet of 1280 octets, and IKE_SA_INIT less than one of 1500.
MANY = 8 * ("aes256-aes192-aes128-sha256-sha384-sha512-prfsha256-prfsha384-prfsha512-"
            "x25519-ecp256-ecp384-ecp521-modp2048-modp3072-modp4096-x448",)


@configuration(proposals=MANY, retransmission={"timeout_ms": 60, "backoff": 1.5, "tries": 9})
@needs("fragmentation", "fragment-search", "rekey-by-command", "ke-x448")
@requirement("RFC7383-2.5.2-02")
def test_the_search_goes_on_in_create_child_sa(peer):
    """A rekey that nobody answers comes in smaller and more fragments as well as IKE_AUTH does. RFC 7383 2.5.2"""
    sa = peer.establish()
    peer.rekey("ike")
    first = sa.expect_request(CREATE_CHILD_SA)
    sa.expected_request = first.message_id
    again = sa.expect_request(CREATE_CHILD_SA)
    assert again.fragment.total > first.fragment.total and again.inner == first.inner
    sa.accept_rekey(again).liveness()
