"""Algorithms that an implementation is not to have: asked of its own proposals, and by proposals with nothing else."""

from __future__ import annotations

from ..scripted.channel import Received
from ..scripted.errors import NotReady
from ..scripted.ike_sa import IkeSa
from ..scripted.payloads import KE, SA, replaced
from ..scripted.suites import group_of, proposal
from ..wire.ike import Payload, Proposal, Transform
from ..wire.registry import Exchange, Protocol, TransformType
from .under_test import UnderTest

# One algorithm of each type, so that one can be exchanged for another; every implementation has these (RFC 8247 2).
IKE_WORDS = "aes256-sha256-prfsha256-modp2048"
ESP_WORDS = "aes256-sha256"
KE_OCTETS = {1: 96, 22: 128}
X25519 = 31


def refuses_for_ike(peer: UnderTest, one: Transform) -> None:
    """It does not propose that transform by itself. Asked for it in place of an algorithm that it takes, to begin an IKE
    SA and to rekey one, it answers NO_PROPOSAL_CHOSEN."""
    if peer.role == "responder":
        sa = peer.establish(proposals=(IKE_WORDS,))
        other = peer.ike_sa(proposals=(IKE_WORDS,))
        other.try_init(lambda payloads: _with(payloads, one)).notified("NO_PROPOSAL_CHOSEN")
    else:
        sa = peer.establish()
        assert not _has(sa.init_request.proposals, one), f"{one} is proposed"
    offer = sa.offer_rekey(group_of(IKE_WORDS))
    sa.request(Exchange.CREATE_CHILD_SA, *_with(offer.payloads, one, offer.spi)).notified("NO_PROPOSAL_CHOSEN")


def refuses_for_esp(peer: UnderTest, one: Transform) -> None:
    """The same of ESP, and of AH where it is an integrity algorithm."""
    sa = peer.establish(child={"proposals": (ESP_WORDS,)})
    if not sa.initiator:
        assert not _has(sa.auth_request.proposals, one), f"{one} is proposed"
    usual = proposal(ESP_WORDS, Protocol.ESP).transforms
    answer = _ask(sa, Protocol.ESP, usual)
    if not answer.proposals:
        raise NotReady(f"it refuses a Child SA that differs by nothing else: {answer}")
    for protocol in (Protocol.ESP, Protocol.AH) if one.kind == TransformType.INTEG else (Protocol.ESP,):
        kinds = {TransformType.INTEG, TransformType.ESN} if protocol == Protocol.AH else {t.kind for t in usual}
        asked = [t for t in _instead(usual, one) if t.kind in kinds]
        _ask(sa, protocol, asked).notified("NO_PROPOSAL_CHOSEN")


def _ask(sa: IkeSa, protocol: int, transforms: list[Transform]) -> Received:
    """The response to a request for a Child SA; with a key exchange or without, as the peer likes."""
    offer = sa.offer_child(group=X25519)
    either = [Transform(TransformType.KE, X25519), Transform(TransformType.KE, 0)]
    wanted = Proposal(1, protocol, offer.spi, sorted([*transforms, *either], key=lambda t: t.kind))
    return sa.request(Exchange.CREATE_CHILD_SA, *replaced(offer.payloads, SA(wanted)))


def _with(payloads: list[Payload], one: Transform, spi: bytes = b"") -> list[Payload]:
    """An SA payload with that transform in the place of another, and a KE payload that fits."""
    found = replaced(payloads, SA(Proposal(1, Protocol.IKE, spi, _instead(proposal(IKE_WORDS).transforms, one))))
    if one.kind == TransformType.KE:
        found = replaced(found, KE(one.number, b"\2" * KE_OCTETS[one.number]))
    return found


def _instead(usual: list[Transform], one: Transform) -> list[Transform]:
    return [one if t.kind == one.kind else t for t in usual]


def _has(proposals: list[Proposal], one: Transform) -> bool:
    return any((t.kind, t.number) == (one.kind, one.number) for proposed in proposals for t in proposed.transforms)


__all__ = ["refuses_for_esp", "refuses_for_ike"]
