"""IKE_AUTH with signatures of a test's choice, in both roles."""

from __future__ import annotations

from ..scripted.channel import Received
from ..scripted.ike_sa import IkeSa
from ..scripted.payloads import replaced, without
from ..scripted.signature import Identity, hash_algorithms
from ..vectors.signing import Algorithm
from ..wire.registry import Exchange, PayloadType
from .under_test import UnderTest


def prove_by(peer: UnderTest, algorithm: Algorithm, signs_as: Identity | None = None) -> IkeSa:
    """We prove ourselves by such a signature, and the peer has had the chance to believe it: `peer.status()` says whether
    it does. A responder that does not has to say so."""
    sa = peer.initialised()
    sa.signature_algorithm, sa.signs_as = algorithm, signs_as
    if sa.initiator:
        sent = sa.send_auth()
        answer = sa.expect_response(sent)
        if answer.first(PayloadType.AUTH) is None:
            answer.notified("AUTHENTICATION_FAILED")
        else:
            sa.take_auth(answer, sent)
    else:
        sa.accept_auth(sa.auth_request)
        sa.prove_chance()
        peer.await_judgement(sa)
    return sa


def is_believed(peer: UnderTest, algorithm: Algorithm) -> None:
    """The IKE SA is up by such a signature of ours. (An initiator that does not believe it may answer us all the same,
    while it tells of the error: RFC 7296 2.21.2.)"""
    prove_by(peer, algorithm).liveness()
    assert peer.status().established(), f"{algorithm.name} is not believed"


def proof_for(peer: UnderTest, *hashes: int) -> Received:
    """The peer's message with AUTH, after we have listed these hash algorithms; the signature verifies."""
    listed = hash_algorithms(hashes)
    if peer.role == "responder":
        sa = peer.ike_sa()
        sa.take_init(sa.try_init(lambda payloads: replaced(payloads, listed)))
        message = sa.expect_response(sa.send_auth())
    else:
        sa = peer.call()
        sa.accept_init(*replaced(sa.init_response_payloads(), listed))
        message = sa.expect_request(Exchange.IKE_AUTH)
    sa.check_proof(message)
    return message


def both_prove_by(peer: UnderTest, algorithm: Algorithm) -> None:
    """After we have said nothing of hashes both sides sign by the older method of that algorithm (RFC 7427 3), and are
    believed."""
    if peer.role == "responder":
        sa = peer.ike_sa()
        sa.take_init(sa.try_init(lambda payloads: without(payloads, "SIGNATURE_HASH_ALGORITHMS")))
    else:
        sa = peer.call()
        sa.accept_init(*without(sa.init_response_payloads(), "SIGNATURE_HASH_ALGORITHMS"))
    sa.signature_algorithm = algorithm
    message = sa.expect_response(sent := sa.send_auth()) if sa.initiator else sa.expect_request(Exchange.IKE_AUTH)
    auth = message.first(PayloadType.AUTH)
    assert auth is not None and auth.method == algorithm.method, f"{auth or message} where {algorithm.name} was due"
    if sa.initiator:
        sa.take_auth(message, sent)
    else:
        sa.accept_auth(message)
        peer.await_judgement(sa)
    sa.liveness()
    assert peer.status().established(), f"{algorithm.name} is not believed"


__all__ = ["both_prove_by", "is_believed", "proof_for", "prove_by"]
