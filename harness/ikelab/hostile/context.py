"""The messages that a case changes something in: each with the payloads that it ought to have, in both roles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

from ..scripted.payloads import D, N, Payload
from ..wire.registry import Exchange, Protocol
from .case import State

if TYPE_CHECKING:
    from .ground import Ground

Say = Callable[..., None]


@dataclass(slots=True, frozen=True)
class Context:
    """`begin` brings about the moment, and gives the payloads that would be right with the verb that says others."""

    words: str
    state: State
    begin: Callable[[Ground], tuple[list[Payload], Say]]


def _first(ground: Ground) -> tuple[list[Payload], Say]:
    return ground.first_payloads(), ground.first


def _auth(ground: Ground) -> tuple[list[Payload], Say]:
    return ground.auth_payloads(), ground.auth


def _asking(exchange: int, payloads: Callable[[Ground], list[Payload]]) -> Callable[[Ground], tuple[list[Payload], Say]]:
    def begin(ground: Ground) -> tuple[list[Payload], Say]:
        def say(*changed: Payload, **odd: Any) -> None:
            ground.ask(exchange, *changed, **odd)
        return payloads(ground), say
    return begin


def _answering(what: str) -> Callable[[Ground], tuple[list[Payload], Say]]:
    def begin(ground: Ground) -> tuple[list[Payload], Say]:
        request, payloads = ground.make_it_ask(what)

        def say(*changed: Payload, **odd: Any) -> None:
            ground.answer(request, *changed, **odd)
        return payloads, say
    return begin


FIRST = Context("IKE_SA_INIT", State.APART, _first)
PROOF = Context("IKE_AUTH", State.KEYED, _auth)
CHILD = Context("CREATE_CHILD_SA request", State.ESTABLISHED,
                _asking(Exchange.CREATE_CHILD_SA, lambda ground: ground.sa.offer_child().payloads))
REKEY_CHILD = Context("CREATE_CHILD_SA request with REKEY_SA", State.ESTABLISHED,
                      _asking(Exchange.CREATE_CHILD_SA, lambda ground: ground.sa.offer_child(ground.child).payloads))
REKEY_IKE = Context("CREATE_CHILD_SA request for an IKE SA", State.ESTABLISHED,
                    _asking(Exchange.CREATE_CHILD_SA, lambda ground: ground.sa.offer_rekey().payloads))
INFORMATION = Context("INFORMATIONAL request", State.ESTABLISHED,
                      _asking(Exchange.INFORMATIONAL, lambda ground: [
                          N("COOKIE2", bytes(16)), D(Protocol.ESP, ground.child.spi_in), *ground.sa.nat_detection()]))
CHILD_ANSWER = Context("CREATE_CHILD_SA response to a rekey", State.ESTABLISHED, _answering("child"))
IKE_ANSWER = Context("CREATE_CHILD_SA response to an IKE rekey", State.ESTABLISHED, _answering("ike"))

REQUESTS = (CHILD, REKEY_CHILD, REKEY_IKE, INFORMATION)
INSIDE = (*REQUESTS, CHILD_ANSWER, IKE_ANSWER)
ALL = (FIRST, PROOF, *INSIDE)


def any_of(pick: Random, contexts: tuple[Context, ...] = ALL) -> Context:
    return pick.choice(contexts)
