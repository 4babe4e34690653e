from ikelab.conformance import *

# The only ones that keep an IKE SA from being made, or end one without a Delete, before anything else was agreed.
OF_RFC_7296 = {"AUTHENTICATION_FAILED", "INVALID_SYNTAX", "UNSUPPORTED_CRITICAL_PAYLOAD"}
FAILURES = {
    "another key": lambda payloads: replaced(payloads, AUTH(2, bytes(32))),
    "an unknown critical payload": lambda payloads: [Raw(200, b"", critical=True), *payloads],
    "an identity of no length": lambda payloads: [odd(one, length=5) if one.kind in (35, 36) else one for one in payloads],
}


@each("failure", *FAILURES)
@requirement("RFC7296-2.21.2-08", "RFC7296-2.21.2-01")
def test_a_failing_ike_auth_ends_by_an_error_that_everybody_knows(peer, failure):
    """We have shown no extension: what the IKE SA ends by are the three notifications of the RFC. An initiator need not
    say anything; if it asks something, it tells us that. RFC 7296 2.21.2"""
    sa, change = peer.initialised(), FAILURES[failure]
    if sa.initiator:
        answer = sa.expect_response(sa.send_auth(*change(sa.auth_payloads())))
        assert answer.first(PayloadType.AUTH) is None
        assert {name for name, one in answer.notifies().items() if one.is_error} & OF_RFC_7296
        said = [answer]
    else:
        sa.accept_auth(sa.auth_request, *change(sa.auth_response_payloads(sa.auth_request)))
        sa.prove_chance()
        said = sa.inbox
    errors = {name for message in said for name, one in message.notifies().items() if one.is_error}
    assert errors <= OF_RFC_7296
    assert not peer.status().established()
    with peer.should("RFC7296-2.21.2-01"):
        for request in (one for one in said if one.exchange == INFORMATIONAL):
            assert request.first(PayloadType.D) or OF_RFC_7296 & set(request.notifies()), f"{request} tells of no error"
