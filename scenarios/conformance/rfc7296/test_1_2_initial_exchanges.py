from ikelab.conformance import *


@requirement("RFC7296-1.2-01", "RFC7296-2.2-01")
def test_ike_sa_init_has_what_it_needs(initiator):
    """IKE_SA_INIT has SA, KE of a group that is proposed, and a nonce; nothing in it is sealed. RFC 7296 1.2"""
    request = initiator.call().init_request
    assert request.encrypted is None
    group, nonce = request.first(PayloadType.KE).group, request.first(PayloadType.NONCE).body
    assert any(Transform(TransformType.KE, group) in one.transforms for one in request.proposals)
    assert 16 <= len(nonce) <= 256
    assert request.header.spi_i != bytes(8) and request.header.spi_r == bytes(8) and request.message_id == 0
    assert request.header.from_initiator


@requirement("RFC7296-1.2-02", "RFC7296-2.2-01")
def test_the_ike_sa_init_response_has_what_it_needs(responder):
    """The response has SA with one suite, KE of its group, and a nonce. RFC 7296 1.2"""
    sa = responder.ike_sa()
    answer = sa.init()
    assert len(answer.proposals) == 1
    assert answer.first(PayloadType.KE).group == sa.group
    assert 16 <= len(answer.first(PayloadType.NONCE).body) <= 256
    assert answer.header.spi_r != bytes(8) and answer.message_id == 0 and not answer.header.from_initiator


@requirement("RFC7296-1.2-03")
def test_ike_auth_has_what_it_needs(initiator):
    """IDi AUTH SA TSi TSr, all of them inside SK. RFC 7296 1.2"""
    request = initiator.initialised().auth_request
    assert len(request.outer) == 1 and request.encrypted is not None
    for kind in (PayloadType.IDi, PayloadType.AUTH, PayloadType.SA, PayloadType.TSi, PayloadType.TSr):
        assert request.first(kind) is not None, f"{request} has no {kind.name}"


@requirement("RFC7296-1.2-04")
def test_the_ike_auth_response_has_what_it_needs(responder):
    """IDr AUTH SA TSi TSr, all of them inside SK. RFC 7296 1.2"""
    sa = responder.initialised()
    answer = sa.expect_response(sa.send_auth())
    assert len(answer.outer) == 1 and answer.encrypted is not None
    for kind in (PayloadType.IDr, PayloadType.AUTH, PayloadType.SA, PayloadType.TSi, PayloadType.TSr):
        assert answer.first(kind) is not None, f"{answer} has no {kind.name}"


@configuration(child={"proposals": ("aes256gcm16-x25519",)})
@requirement("RFC7296-1.2-10", "RFC7296-1.2-11")
def test_ike_auth_proposes_no_key_exchange(initiator):
    """The first Child SA has no key exchange of its own, so its proposals name none but NONE. RFC 7296 1.2"""
    request = initiator.initialised().auth_request
    named = [one for proposed in request.proposals for one in proposed.transforms if one.kind == TransformType.KE]
    assert [one for one in named if one.number] == []
    with initiator.should("RFC7296-1.2-11"):
        assert named == [], "the transform is left out instead of being NONE"


@configuration(child={"proposals": ("aes256gcm16-x25519",)})
@requirement("RFC7296-1.2-10")
def test_ike_auth_chooses_no_key_exchange(responder):
    """Where NONE was offered, the response has NONE or leaves it out. RFC 7296 1.2"""
    sa = responder.initialised()
    offered = proposal("aes256gcm16", ESP, 1, sa.child_spi)
    offered.transforms.append(Transform(TransformType.KE, 0))
    answer = sa.expect_response(sa.send_auth(*replaced(sa.auth_payloads(), SA(offered))))
    (found,) = answer.proposals
    assert [one for one in found.transforms if one.kind == TransformType.KE and one.number] == []


@requirement("RFC7296-1.2-06")
def test_an_initiator_refuses_a_wrong_proof(initiator):
    """AUTH of the responder's by another key sets up nothing. RFC 7296 1.2"""
    sa = initiator.initialised()
    sa.accept_auth(sa.auth_request, *replaced(sa.auth_response_payloads(sa.auth_request), AUTH(2, bytes(32))))
    sa.prove_chance()
    assert not initiator.status().established() and not initiator.status().installed()


@each("message", "own", "theirs")
@requirement("RFC7296-1.2-06")
def test_a_proof_over_other_messages_is_refused(responder, message):
    """AUTH covers the octets of IKE_SA_INIT: made over others, it is refused. RFC 7296 1.2, 2.15"""
    sa = responder.initialised()
    if message == "own":
        sa.init_octets = (sa.init_octets[0][:-1] + b"?", sa.init_octets[1])
    else:
        sa.nr = sa.nr[:-1] + bytes([sa.nr[-1] ^ 1])
    answer = sa.expect_response(sa.send_auth())
    answer.notified("AUTHENTICATION_FAILED")
    assert not responder.status().established()


@requirement("RFC7296-1.2-07")
def test_the_right_key_under_another_name_is_refused(responder):
    """A shared key proves the identity that it belongs to, and no other. RFC 7296 1.2"""
    sa = responder.initialised(local_id="somebody-else")
    answer = sa.expect_response(sa.send_auth())
    answer.notified("AUTHENTICATION_FAILED")
    assert not responder.status().established()


@requirement("RFC7296-1.2-07")
def test_an_initiator_refuses_another_name(initiator):
    """A responder that proves itself by the right key as somebody else is not believed. RFC 7296 1.2"""
    sa = initiator.initialised(local_id="somebody-else")
    sa.accept_auth(sa.auth_request)
    sa.prove_chance()
    assert not initiator.status().established() and not initiator.status().installed()


@configuration(certificate={"key": "p256", "intermediates": 1})
@needs("certificate-chain")
@requirement("RFC7296-1.2-05")
def test_the_first_certificate_is_that_of_the_proof(peer):
    """Of several CERT payloads the first has the key that verifies AUTH. RFC 7296 1.2, 3.6"""
    sa = peer.initialised()
    message = sa.expect_response(sa.send_auth()) if sa.initiator else sa.auth_request
    assert len([one for one in message.payloads if one.kind == PayloadType.CERT]) >= 2
    sa.check_proof(message)
