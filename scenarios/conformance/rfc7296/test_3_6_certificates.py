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
