import struct

from ikelab.conformance import *

DIGITAL_SIGNATURE = 14
HASHES = "SIGNATURE_HASH_ALGORITHMS"
SHA1, SHA256 = 1, 2

pytestmark = [configuration(certificate={"key": "p256"}), needs("auth-signature", "auth-ecdsa")]


def with_changed_auth(payloads, change):
    """The same with another content of AUTH; its method is 14."""
    return [AUTH(DIGITAL_SIGNATURE, change(one.data)) if one.kind == PayloadType.AUTH else one for one in payloads]


CHANGES = {
    "another_signature": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "another_algorithm": lambda data: data[:4] + bytes([data[4] ^ 1]) + data[5:],
    "a_length_too_short": lambda data: bytes([data[0] - 1]) + data[1:],
    "a_length_too_long": lambda data: bytes([255]) + data[1:],
    "no_signature": lambda data: data[: 1 + data[0]],
    "nothing": lambda data: b"",
    "padding_behind_the_algorithm": lambda data: data[: 1 + data[0]] + b"\0" + data[1 + data[0] :],
}


@requirement("RFC7427-4-01", "RFC8247-3.2-01", "RFC8247-3.2-02")
def test_the_initiator_names_its_hash_algorithms(initiator):
    """IKE_SA_INIT has SIGNATURE_HASH_ALGORITHMS: no protocol, no SPI, two octets for each, each once; SHA2-256 is there
    and SHA-1 is not. RFC 7427 4, RFC 8247 3.2"""
    one = initiator.call().init_request.notified(HASHES)
    listed = struct.unpack(f">{len(one.data) // 2}H", one.data)
    assert (one.notify_type, one.protocol, one.spi) == (16431, 0, b"")
    assert 2 in listed and SHA1 not in listed and len(set(listed)) == len(listed)


@requirement("RFC7427-4-01", "RFC8247-3.2-01", "RFC8247-3.2-02")
def test_the_responder_names_its_hash_algorithms(responder):
    """The response as well, where the request has it. RFC 7427 4, RFC 8247 3.2"""
    sa = responder.ike_sa()
    one = sa.try_init().notified(HASHES)
    assert (one.notify_type, one.protocol, one.spi) == (16431, 0, b"")
    assert one.data and len(one.data) % 2 == 0
    listed = struct.unpack(f">{len(one.data) // 2}H", one.data)
    assert 2 in listed and SHA1 not in listed


@requirement("RFC7427-3-01", "RFC7427-3-04", "RFC7427-3-07", "RFC8247-3.1-07")
def test_both_sign_by_the_method_14(peer):
    """After both have named hashes: the length of an AlgorithmIdentifier, that, and a signature that verifies. RFC 7427 3"""
    sa = peer.initialised()
    message = sa.auth_request if peer.role == "initiator" else sa.expect_response(sa.send_auth())
    auth = message.first(PayloadType.AUTH)
    assert auth.method == DIGITAL_SIGNATURE
    assert auth.data[1] == 0x30 and auth.data[2] + 2 == auth.data[0] and len(auth.data) > 1 + auth.data[0]
    sa.check_proof(message)


@requirement("RFC7427-3-06")
def test_the_responder_does_not_sign_so_without_being_told_of_hashes(responder):
    """Without the notification in the request, AUTH is not of the method 14. RFC 7427 3"""
    sa = responder.ike_sa()
    sa.take_init(sa.try_init(lambda payloads: without(payloads, HASHES)))
    auth = sa.expect_response(sa.send_auth()).first(PayloadType.AUTH)
    assert auth is None or auth.method != DIGITAL_SIGNATURE


@requirement("RFC7427-4-04")
def test_hashes_of_unknown_number_are_ignored(responder):
    """Beside one that is known they do no harm. RFC 7427 4"""
    sa = responder.ike_sa()
    sa.take_init(sa.try_init(lambda payloads: replaced(payloads, hash_algorithms((1023, 2, 65535, 0)))))
    sa.auth().ping()


@each("change", *CHANGES)
@requirement("RFC7427-3-01", "RFC7427-3-07")
def test_a_proof_that_is_not_whole_is_refused(responder, change):
    """AlgorithmIdentifier, its length or the signature changed: AUTHENTICATION_FAILED, and no IKE SA. RFC 7427 3"""
    sa = responder.initialised()
    sent = sa.send_auth(*with_changed_auth(sa.auth_payloads(), CHANGES[change]))
    answer = sa.expect_response(sent)
    assert answer.first(PayloadType.AUTH) is None
    assert set(answer.notifies()) & {"AUTHENTICATION_FAILED", "INVALID_SYNTAX"}
    assert not responder.status().established()


@requirement("RFC7427-3-02")
def test_an_identifier_of_ecdsa_has_no_parameters(peer):
    """They are absent, not NULL. RFC 7427 3, A.3"""
    used = algorithm_of(proof_for(peer, SHA256))
    assert used == algorithm("ECDSA with SHA-256"), used.name


@configuration(certificate={"key": "rsa2048", "authority_key": "rsa2048"})
@needs("auth-rsa")
@requirement("RFC7427-3-02")
def test_an_identifier_of_rsa_is_as_its_specification_wants_it(peer):
    """The parameters of PKCS #1 v1.5 are NULL, not absent; those of PSS leave out what is the default. RFC 7427 3, A.1,
    A.4, RFC 4055 2.1, 3.1, 5"""
    assert algorithm_of(proof_for(peer, SHA256)).name in ("RSASSA-PKCS1-v1_5 with SHA-256", "RSASSA-PSS with SHA-256",
                                                          "PSS with SHA-256, parameters of the hash absent")
