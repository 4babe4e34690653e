"""Algorithms that an implementation is to have, and such that it is not to have: asked of its own proposals, and by
proposals with nothing else."""

from __future__ import annotations

from ..scripted.channel import Received
from ..scripted.child_sa import ChildSa
from ..scripted.errors import NotReady
from ..scripted.ike_sa import IkeSa
from ..scripted.payloads import KE, SA, N, replaced
from ..scripted.suites import group_of, proposal
from ..vectors.choice import GROUPS
from ..wire.ike import KePayload, Payload, Proposal, Transform
from ..wire.registry import Exchange, PayloadType, Protocol, TransformType
from .under_test import UnderTest

# One algorithm of each type, so that one can be exchanged for another; every implementation has these (RFC 8247 2). Of ESP,
# what some kernel lacks has a second beside it.
IKE_WORDS = "aes256-sha256-prfsha256-modp2048"
ESP_WORDS = "aes256-sha256-sha512"
KE_OCTETS = {1: 96, 2: 128, 5: 192, 22: 128, 23: 256, 24: 256}


def takes_for_ike(peer: UnderTest, words: str) -> IkeSa:
    """An IKE SA comes about by that proposal of ours and no other, and lives, whichever key exchange the peer would have
    liked better; it has to be configured with it."""
    if peer.role == "responder":
        sa = peer.ike_sa(proposals=(words,))
        sa.init()
        sa.auth()
    else:
        sa = peer.call(proposals=(words,))
        group = group_of(words)
        if _group_of(sa.init_request) != group:
            sa.answer(sa.init_request, N("INVALID_KE_PAYLOAD", group.to_bytes(2, "big")), spi_r=bytes(8))
            sa.expect_request(Exchange.IKE_SA_INIT)
        sa.accept_init()
        sa.accept_auth(sa.expect_request(Exchange.IKE_AUTH))
    sa.liveness()
    return sa


def takes_for_esp(peer: UnderTest, words: str) -> ChildSa:
    """A Child SA comes about by that proposal of ours and no other, and carries packets; the peer has to be configured
    with it."""
    sa = peer.initialised(child={"proposals": (words,)})
    child = sa.auth() if sa.initiator else sa.accept_auth(sa.auth_request)
    assert child is not None, f"a Child SA by {words} was refused"
    sa.liveness()
    child.ping()
    return child


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
    """The response to a request for a Child SA; with the key exchange of the IKE SA or without, as the peer likes."""
    assert sa.choice is not None
    group = next(number for number, name in GROUPS.items() if name == sa.choice.ke)
    offer = sa.offer_child(group=group)
    either = [Transform(TransformType.KE, group), Transform(TransformType.KE, 0)]
    wanted = Proposal(1, protocol, offer.spi, sorted([*transforms, *either], key=lambda t: t.kind))
    return sa.request(Exchange.CREATE_CHILD_SA, *replaced(offer.payloads, SA(wanted)))


def _with(payloads: list[Payload], one: Transform, spi: bytes = b"") -> list[Payload]:
    """An SA payload with that transform in the place of another, and a KE payload that fits."""
    found = replaced(payloads, SA(Proposal(1, Protocol.IKE, spi, _instead(proposal(IKE_WORDS).transforms, one))))
    if one.kind == TransformType.KE:
        found = replaced(found, KE(one.number, b"\2" * KE_OCTETS[one.number]))
    return found


def _instead(usual: list[Transform], one: Transform) -> list[Transform]:
    return list(dict.fromkeys(one if t.kind == one.kind else t for t in usual))


def _group_of(message: Received) -> int:
    ke = message.first(PayloadType.KE)
    return ke.group if isinstance(ke, KePayload) else 0


def _has(proposals: list[Proposal], one: Transform) -> bool:
    return any((t.kind, t.number) == (one.kind, one.number) for proposed in proposals for t in proposed.transforms)


__all__ = ["refuses_for_esp", "refuses_for_ike", "takes_for_esp", "takes_for_ike"]
