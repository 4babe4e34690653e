from ikelab.conformance import *

UNKNOWN = 200  # a payload type that nobody has


@requirement("RFC7296-2.5-10", "RFC7296-2.5-11")
def test_an_unknown_critical_payload_is_refused_by_name(peer):
    """A request with one is answered by UNSUPPORTED_CRITICAL_PAYLOAD with its type. RFC 7296 2.5"""
    sa = peer.establish()
    answer = sa.request(INFORMATIONAL, Raw(UNKNOWN, b"who knows", critical=True))
    assert answer.notified("UNSUPPORTED_CRITICAL_PAYLOAD").data == bytes([UNKNOWN])


@requirement("RFC7296-2.5-09", "RFC7296-2.5-12")
def test_an_unknown_payload_is_skipped(peer):
    """Without the critical flag it is as if it were not there. RFC 7296 2.5"""
    sa = peer.establish()
    answer = sa.request(INFORMATIONAL, Raw(UNKNOWN, b"who knows"))
    assert answer.payloads == []
