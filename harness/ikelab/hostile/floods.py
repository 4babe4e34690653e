"""Much of what costs little to send: IKE_SA_INIT, decryptions, rekeys. In small numbers; `make flood` has large ones.
RFC 7296 2.1, 2.4; RFC 8019"""

from __future__ import annotations

from random import Random

from ..scripted.errors import Unmet
from ..scripted.ike_sa import IkeSa
from ..scripted.payloads import AUTH, N, replaced
from ..wire.registry import SHARED_KEY, Exchange, PayloadType
from .case import Deed, Generators, State, only
from .ground import Ground

GENERATORS = Generators("floods")


@GENERATORS
@only("responder")
def same_again(pick: Random) -> Deed:
    """One first message many times: one IKE SA, and as many answers."""
    count = pick.choice((5, 30))

    def play(ground: Ground) -> None:
        sent = ground.sa.send_init()
        for _ in range(count):
            ground.sa.resend(sent)
        ground.settle()
        spis = {one.header.spi_r for one in ground.sa.heard if one.first(PayloadType.SA) is not None}
        if len(spis) > 1:
            raise Unmet(f"{count + 1} times the same IKE_SA_INIT request made {len(spis)} IKE SAs (RFC 7296 2.1)")
    return Deed(State.APART, f"{count} times more", play, stranger=True)


@GENERATORS
def decryptions(pick: Random) -> Deed:
    """One half-open IKE SA that asks for many decryptions, none of which succeeds."""
    count, size = pick.choice((20, 100)), pick.choice((0, 32, 1200))

    def play(ground: Ground) -> None:
        sa = ground.sa
        flip = lambda octets: octets[:-1] + bytes([octets[-1] ^ 1])  # noqa: E731
        for _ in range(count):
            sa.send(Exchange.IKE_AUTH, N("COOKIE2", bytes(size)), response=not sa.initiator, after_sealing=flip,
                    message_id=1)
        ground.settle()
    return Deed(State.KEYED, f"{count} IKE_AUTH of {size} octets that are not authentic", play, stranger=True)


@GENERATORS
@only("responder")
def tarpit(pick: Random) -> Deed:
    """IKE SAs with keys, of which nothing more is heard; the peer says nothing by itself. RFC 7296 2.1"""
    count = pick.choice((2, 3))

    def play(ground: Ground) -> None:
        several: list[IkeSa] = [ground.another() for _ in range(count)]
        for sa in several:
            sa.init()
        ground.settle()
        ground.settle()
    return Deed(State.APART, f"{count} of them", play, stranger=True)


@GENERATORS
def failures(pick: Random) -> Deed:
    """Whole IKE_AUTH requests with proofs that are none, one after the other."""
    count = pick.choice((3, 10))

    def play(ground: Ground) -> None:
        for _ in range(count):
            ground.auth(*replaced(ground.auth_payloads(), AUTH(SHARED_KEY, bytes(32))))
    return Deed(State.KEYED, f"{count} times", play, stranger=True)


@GENERATORS
@only("initiator")
def answers(pick: Random) -> Deed:
    """Many answers to one IKE_SA_INIT, of as many responders: it goes on with one, or with none. RFC 7296 2.1"""
    count = pick.choice((3, 20))

    def play(ground: Ground) -> None:
        for _ in range(count):
            ground.first(*ground.first_payloads(), spi_r=ground.sa.draws.spi(8))
    return Deed(State.APART, f"{count} answers", play, stranger=True)


@GENERATORS
def rekeys(pick: Random) -> Deed:
    """Key exchange after key exchange, from a peer with keys."""
    count, ike = pick.choice((5, 20)), pick.random() < 0.5

    def play(ground: Ground) -> None:
        for _ in range(count):
            offer = ground.sa.offer_rekey() if ike else ground.sa.offer_child(group=ground.sa.group)
            ground.ask(Exchange.CREATE_CHILD_SA, *offer.payloads)
    return Deed(State.ESTABLISHED, f"{count} {'of the IKE SA' if ike else 'Child SAs'}", play)
