from ikelab.conformance import *

DEFINED = [kind for kind in PayloadType if kind not in (PayloadType.NONE, PayloadType.SKF)]


@requirement("RFC7296-3.2-01", "RFC7296-3.2-04", "RFC7296-3.2-06", "RFC7296-3.12-04")
def test_the_critical_bit_and_reserved_bits_are_clear(peer):
    """No payload of RFC 7296 has the Critical bit or a reserved one set, in any message of a life. RFC 7296 3.2"""
    for message in life(peer):
        for one in generic_headers(message):
            assert one.reserved == 0, f"payload {one.kind} of {message} has reserved bits {one.reserved:#x}"
            assert not (one.critical and one.kind in DEFINED), f"payload {one.kind} of {message} is critical"


@requirement("RFC7296-3.2-03", "RFC7296-3.2-05")
def test_the_critical_bit_of_known_payloads_is_ignored_in_the_first_exchanges(responder):
    """IKE_SA_INIT and IKE_AUTH of nothing but critical payloads are answered as usual. RFC 7296 3.2"""
    sa = responder.ike_sa()
    sa.take_init(sa.try_init(lambda payloads: map(critical, payloads)))
    assert sa.auth(*map(critical, sa.auth_payloads())) is not None


@requirement("RFC7296-3.2-03", "RFC7296-3.2-05")
def test_the_critical_bit_of_known_payloads_is_ignored_in_responses(initiator):
    """Responses of nothing but critical payloads are taken as usual. RFC 7296 3.2"""
    sa = initiator.call()
    sa.accept_init(*map(critical, sa.init_response_payloads()))
    request = sa.expect_request(IKE_AUTH)
    child = sa.accept_auth(request, *map(critical, sa.auth_response_payloads(request)))
    sa.liveness()
    child.ping()


@requirement("RFC7296-3.2-03", "RFC7296-3.2-05")
def test_the_critical_bit_of_known_payloads_is_ignored_in_create_child_sa(peer):
    """A Child SA is made by a request of critical payloads, and deleted by a critical Delete. RFC 7296 3.2"""
    sa = peer.establish()
    offer = sa.offer_child()
    child = offer.take(sa.request(CREATE_CHILD_SA, *map(critical, offer.payloads)))
    answer = sa.request(INFORMATIONAL, critical(D(ESP, child.spi_in)))
    assert answer.payloads == [D(ESP, child.spi_out)]


@requirement("RFC7296-3.2-05", "RFC7296-4-01")
@each("payload", "CERT", "CERTREQ", "V", "CP", "EAP")
def test_every_payload_type_is_known(peer, payload):
    """A critical payload of a type that RFC 7296 defines is not refused as unknown, however little it may serve for.
    RFC 7296 3.2, 4"""
    one = {"CERT": CERT(b"of somebody"), "CERTREQ": CERTREQ(bytes(20)), "V": V(b"of somebody else"),
           "CP": CP(1, (7, b"")), "EAP": EAP(3, 1)}[payload]
    answer = peer.establish().request(INFORMATIONAL, critical(one))
    assert "UNSUPPORTED_CRITICAL_PAYLOAD" not in answer.notifies()


@requirement("RFC7296-3.2-07")
def test_reserved_bits_of_all_payloads_are_ignored_by_the_responder(responder):
    """The seven bits beside Critical change nothing in IKE_SA_INIT and IKE_AUTH. RFC 7296 3.2"""
    sa = responder.ike_sa()
    answer = sa.try_init(lambda payloads: [odd(one, reserved=0x7F) for one in payloads])
    sa.sent_init.payloads = sa.init_payloads()
    sa.take_init(answer)
    good = sa.auth_payloads()
    sent = sa.send_auth(*(odd(one, reserved=0x7F) for one in good))
    sent.payloads = good
    assert sa.take_auth(sa.expect_response(sent), sent) is not None


@requirement("RFC7296-3.2-07")
def test_reserved_bits_of_all_payloads_are_ignored_by_the_initiator(initiator):
    """The seven bits beside Critical change nothing in the responses. RFC 7296 3.2"""
    sa = initiator.call()
    good = sa.init_response_payloads()
    sa.accept_init(*(odd(one, reserved=0x55) if one.kind != PayloadType.SA else one for one in good))
    sa.check_proof(sa.expect_request(IKE_AUTH))


@requirement("RFC7296-3.2-07")
def test_reserved_bits_of_the_encrypted_payload_are_ignored(peer):
    """They and the Critical bit of SK change nothing; the checksum is over them. RFC 7296 3.2"""
    sa = peer.establish()
    assert sa.request(INFORMATIONAL, odd(V(b"who knows"), reserved=0x7F), sk_critical=True).payloads == []


@requirement("RFC7296-2.21.3-01", "RFC7296-2.21-02", "RFC7296-3.10.1-05")
@each("length", 0, 3, 200)
def test_a_payload_of_impossible_length_is_refused(peer, length):
    """A request in which a payload is shorter than its header, or longer than what is left, is answered by
    INVALID_SYNTAX. RFC 7296 2.21.3, 3.2"""
    sa = peer.establish()
    sa.request(INFORMATIONAL, odd(V(b"somebody"), length=length)).notified("INVALID_SYNTAX")


@requirement("RFC7296-2.21.3-01", "RFC7296-2.21-02")
def test_a_chain_that_leads_beyond_its_end_is_refused(peer):
    """A last payload that names another one as next is answered by INVALID_SYNTAX. RFC 7296 2.21.3, 3.2"""
    sa = peer.establish()
    sa.request(INFORMATIONAL, odd(V(b"somebody"), next_payload=PayloadType.V)).notified("INVALID_SYNTAX")
