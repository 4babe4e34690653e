from ikelab.conformance import *


@requirement("RFC7296-1.2-06", "RFC7296-2.21.2-01", "RFC7296-2.21.2-02")
def test_a_wrong_shared_key_is_refused(responder):
    """AUTH of another key: AUTHENTICATION_FAILED, protected, and no IKE SA. RFC 7296 1.2, 2.21.2"""
    sa = responder.initialised(psk="not the key that was agreed upon")
    answer = sa.expect_response(sa.send_auth())
    answer.notified("AUTHENTICATION_FAILED")
    assert answer.encrypted is not None and answer.first(PayloadType.AUTH) is None
    assert not responder.status().established()


@requirement("RFC7296-3.14-10")
def test_a_changed_message_is_dropped(peer):
    """A message whose checksum is wrong has no effect and no response. RFC 7296 3.14"""
    sa = peer.establish()
    sa.send(INFORMATIONAL, after_sealing=lambda octets: octets[:-1] + bytes([octets[-1] ^ 1]))
    sa.expect_nothing("a message whose checksum is wrong is dropped")
    sa.liveness()


@requirement("RFC7296-3.14-05", "RFC7296-3.14-08")
def test_padding_of_any_length_and_value_is_accepted(peer):
    """More padding than needed, and of any octets, is taken off. RFC 7296 3.14"""
    sa = peer.establish()
    assert sa.request(INFORMATIONAL, padding=bytes(range(64, 112))).payloads == []
