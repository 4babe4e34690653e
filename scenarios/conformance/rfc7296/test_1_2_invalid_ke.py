from ikelab.conformance import *


@configuration(proposals=("aes256gcm16-prfsha256-x25519-ecp256",))
@requirement("RFC7296-1.2-08", "RFC7296-1.2-09", "RFC7296-3.3.6-10", "RFC7296-3.3.6-11")
def test_another_group_is_used_and_all_is_proposed_again(initiator):
    """On INVALID_KE_PAYLOAD the initiator sends KE of the group named there, with the same proposals. RFC 7296 1.2"""
    sa = initiator.call()
    first = sa.init_request
    other = {31: 19, 19: 31}[first.first(PayloadType.KE).group]
    sa.answer(first, N("INVALID_KE_PAYLOAD", other.to_bytes(2, "big")), spi_r=bytes(8))
    again = sa.expect_request(IKE_SA_INIT)
    assert again.first(PayloadType.KE).group == other
    assert [set(one.transforms) for one in again.proposals] == [set(one.transforms) for one in first.proposals]
