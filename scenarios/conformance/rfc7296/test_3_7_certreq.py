from ikelab.conformance import *

X509_SIGNATURE = 4
BY_CERTIFICATE = configuration(certificate={"key": "p256"})


@requirement("RFC7296-3.7-05", "RFC7296-3.7-01", "RFC7296-3.2-05")
@each("encoding", 4, 1, 12, 200)
def test_a_certreq_that_nobody_can_satisfy_is_no_obstacle(responder, encoding):
    """CERTREQ of an authority or an encoding that is unknown, sent to who has a shared key: all goes on. RFC 7296 3.7"""
    sa = responder.initialised()
    payloads = sa.auth_payloads()
    assert sa.auth(payloads[0], CERTREQ(20 * b"\x99", encoding), *payloads[1:]) is not None


@requirement("RFC7296-3.7-05", "RFC7296-3.7-01")
def test_many_certreqs_are_no_obstacle(responder):
    """Where an encoding has no list of authorities there is a CERTREQ for each: nine of them, behind all else, change
    nothing of what is agreed. RFC 7296 3.7, 2.5"""
    sa = responder.initialised()
    sa.auth(*sa.auth_payloads(), *(CERTREQ(bytes(20 * [number]), X509_SIGNATURE) for number in range(9)))
    assert sa.children, "there is no Child SA"
    sa.children[0].ping()


@requirement("RFC7296-3.7-05", "RFC7296-3.7-01", "RFC7296-3.7-04")
def test_a_certreq_and_http_lookup_in_the_first_response_are_no_obstacle(initiator):
    """CERTREQ and HTTP_CERT_LOOKUP_SUPPORTED in IKE_SA_INIT do not keep the initiator from IKE_AUTH. RFC 7296 3.7"""
    sa = initiator.call()
    sa.accept_init(*sa.init_response_payloads(), CERTREQ(20 * b"\x99"), N("HTTP_CERT_LOOKUP_SUPPORTED"))
    sa.accept_auth(sa.expect_request(IKE_AUTH))
    sa.liveness()


@requirement("RFC7296-3.7-04")
def test_http_lookup_in_ike_auth_is_no_obstacle(responder):
    """HTTP_CERT_LOOKUP_SUPPORTED is known or ignored. RFC 7296 3.7"""
    sa = responder.initialised()
    payloads = sa.auth_payloads()
    assert sa.auth(payloads[0], N("HTTP_CERT_LOOKUP_SUPPORTED"), *payloads[1:]) is not None


@BY_CERTIFICATE
@needs("auth-signature", "auth-ecdsa")
@requirement("RFC7296-3.6-01", "RFC7296-3.7-03")
def test_a_certificate_that_is_asked_for_is_sent(peer):
    """CERTREQ names an authority that it does not know, and its own: its certificate comes with AUTH. RFC 7296 3.6, 3.7"""
    sa = peer.ike_sa() if peer.role == "responder" else peer.call()
    if peer.role == "responder":
        sa.init()
        message = sa.expect_response(sa.send_auth(*with_a_stranger(sa.auth_payloads())))
    else:
        sa.accept_init(*with_a_stranger(sa.init_response_payloads()))
        message = sa.expect_request(IKE_AUTH)
    found = message.first(PayloadType.CERT)
    assert found is not None and (found.encoding, found.data) == (X509_SIGNATURE, peer.certificate())


def with_a_stranger(payloads):
    """The same with one more authority in CERTREQ, before the other."""
    (one,) = [one for one in payloads if one.kind == PayloadType.CERTREQ]
    return replaced(payloads, CERTREQ(20 * b"\x99" + one.data))


@BY_CERTIFICATE
@needs("auth-signature", "auth-ecdsa")
@requirement("RFC7296-3.7-02")
def test_authorities_are_named_for_x509_alone(peer):
    """Of its own CERTREQ payloads only those of the encodings 4, 12 and 13 have a Certification Authority. RFC 7296 3.7"""
    message = peer.ike_sa().init() if peer.role == "responder" else peer.initialised().auth_request
    found = payloads_of([message], PayloadType.CERTREQ)
    if not found:
        raise NotReady("it asks for no certificate")
    assert all(one.encoding in (X509_SIGNATURE, 12, 13) or not one.data for one in found)
