from ikelab.conformance import *


@needs("rekey-by-time")
@configuration(child={"lifetime": {"rekey_ms": 1000, "hard_ms": 2000}})
@requirement("RFC7296-2.8-01", "RFC7296-2.4-14")
def test_a_child_sa_whose_time_is_over_is_not_used(peer):
    """Its rekey is refused: at the end of its time it is deleted, and what comes on it is discarded. RFC 7296 2.8"""
    sa = peer.establish()
    child = sa.children[0]
    request = sa.expect_request()
    while request.exchange == CREATE_CHILD_SA:
        sa.answer(request, N("NO_ADDITIONAL_SAS"))
        request = sa.expect_request()
    assert request.exchange == INFORMATIONAL and request.payloads in ([D(ESP, child.spi_out)], [D()])
    number = child.send_echo()
    sa.prove_chance()
    assert not any(child.reply_to(number)(one) for one in child.inbox), "it was used after its time"
    sa.accept_delete(request)


@needs("rekey-by-time", "ike-hard-lifetime")
@configuration(lifetime={"rekey_ms": 1000, "hard_ms": 2000})
@requirement("RFC7296-2.8-04", "RFC7296-2.8-01")
def test_an_ike_sa_that_cannot_be_rekeyed_is_closed(peer):
    """Its rekeys fail: at the end of its time the IKE SA goes, and its Child SAs with it. RFC 7296 2.8"""
    sa = peer.establish()
    request = sa.expect_request()
    while request.exchange == CREATE_CHILD_SA:
        sa.answer(request, N("TEMPORARY_FAILURE"))
        request = sa.expect_request()
    assert request.payloads == [D()]
    sa.accept_delete(request)
    sa.prove_chance()
    assert not peer.status().established() and not peer.status().installed()
