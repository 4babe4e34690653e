from ikelab.conformance import *


@requirement("RFC7296-2.3-11", "RFC7296-2.3-10")
def test_a_request_outside_the_window_is_not_answered(peer):
    """A Message ID far beyond the window gets no response, and the IKE SA goes on. RFC 7296 2.3"""
    sa = peer.establish()
    sa.send(INFORMATIONAL, message_id=sa.next_request + 1000)
    sa.expect_nothing("a request outside the window is not acknowledged")
    sa.liveness()
