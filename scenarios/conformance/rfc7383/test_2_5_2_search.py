from ikelab.conformance import *

LARGE = {"key": "p256", "padding": 1600}

pytestmark = [configuration(certificate=LARGE, retransmission={"timeout_ms": 60, "backoff": 1.5, "tries": 9}),
              needs("fragmentation", "fragment-search")]


def cut_again(sa, request):
    """The same request in other fragments."""
    sa.expected_request = request.message_id
    return sa.expect_request(request.exchange)


@requirement("RFC7383-2.5.2-03", "RFC7383-2.5.2-08")
def test_fragments_that_nobody_answers_become_smaller_and_more(initiator):
    """After several repetitions the message comes in smaller fragments, and their total is larger. RFC 7383 2.5.2"""
    sa = initiator.initialised()
    first = sa.auth_request
    again = cut_again(sa, first)
    assert again.fragment.total > first.fragment.total
    assert max(len(one.octets) for one in again.pieces) < max(len(one.octets) for one in first.pieces)
    assert again.inner == first.inner
    sa.accept_auth(again)


@requirement("RFC7383-2.5.2-05")
def test_the_smallest_fragments_are_repeated(initiator):
    """At the smallest size there is, the very same fragments are sent again. RFC 7383 2.5.2"""
    sa = initiator.initialised()
    smallest = cut_again(sa, sa.auth_request)
    sa.expect_copy(smallest)
    sa.expect_copy(smallest)
    sa.accept_auth(smallest)
