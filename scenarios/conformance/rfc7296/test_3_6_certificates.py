from ikelab.conformance import *

X509_SIGNATURE = 4


@configuration(certificate={"key": "p256", "intermediates": 3})
@needs("auth-signature", "auth-ecdsa", "certificate-chain")
@requirement("RFC7296-3.6-02", "RFC7296-3.6-04")
def test_four_certificates_are_sent_and_taken(peer):
    """With three intermediates there are four CERT payloads, the first with the key of AUTH, and ours are followed to the
    authority. RFC 7296 3.6"""
    sa = peer.establish()
    message = next(one for one in sa.received if one.first(PayloadType.AUTH) is not None)
    certificates = [one for one in message.payloads if one.kind == PayloadType.CERT]
    assert [one.encoding for one in certificates] == [X509_SIGNATURE] * 4
    sa.check_proof(message)
    sa.liveness()


@requirement("RFC7296-2.15-03")
def test_a_certificate_beside_a_shared_key_is_no_obstacle(peer):
    """CERT before an AUTH that is made with the shared key: all goes on. RFC 7296 2.15, 1.2"""
    sa = peer.initialised()
    cert = CERT(peer.new_identity().certificates[0])
    first, *rest = sa.auth_payloads() if sa.initiator else sa.auth_response_payloads(sa.auth_request)
    sa.auth(first, cert, *rest) if sa.initiator else sa.accept_auth(sa.auth_request, first, cert, *rest)
    sa.liveness()
    assert peer.status().established()


@configuration(certificate={"key": "p256"})
@needs("auth-signature", "auth-ecdsa")
@requirement("RFC7296-2.15-03")
def test_a_signature_without_a_certificate_is_believed_or_refused(responder):
    """Who has our certificate already goes on, who has not answers AUTHENTICATION_FAILED, protected. RFC 7296 2.15,
    2.21.2"""
    sa = responder.initialised()
    answer = sa.expect_response(sa.send_auth(*without(sa.auth_payloads(), PayloadType.CERT)))
    assert answer.encrypted is not None
    if answer.first(PayloadType.AUTH) is None:
        answer.notified("AUTHENTICATION_FAILED")
        assert not responder.status().established()
    else:
        sa.check_proof(answer)
