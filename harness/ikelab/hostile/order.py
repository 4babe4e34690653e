"""Messages each of which would be right somewhere, RFC 7296 1.2 to 1.4, 2.1 to 2.3, 2.8, 2.16."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from ..scripted.payloads import AUTH, EAP, D, N, Payload, without
from ..wire.registry import SHARED_KEY, Exchange, PayloadType, Protocol
from .case import Deed, Generators, State, only
from .ground import Ground

GENERATORS = Generators("order")
CREATE, INFORM = Exchange.CREATE_CHILD_SA, Exchange.INFORMATIONAL


# Before there is anybody.

def _child(ground: Ground) -> list[Payload]:
    return ground.sa.offer_child().payloads


def _bare_child(ground: Ground) -> list[Payload]:
    return without(ground.auth_payloads(), PayloadType.AUTH)


EARLY: dict[str, tuple[int, Callable[[Ground], list[Payload]]]] = {
    "CREATE_CHILD_SA": (CREATE, _child),
    "CREATE_CHILD_SA for an IKE SA": (CREATE, lambda ground: ground.sa.offer_rekey().payloads),
    "CREATE_CHILD_SA with what IKE_AUTH has": (CREATE, _bare_child),
    "an empty INFORMATIONAL": (INFORM, lambda _: []),
    "a Delete": (INFORM, lambda _: [D()]),
    "a Delete of a Child SA": (INFORM, lambda _: [D(Protocol.ESP, bytes(4))]),
    "INFORMATIONAL with what IKE_AUTH has": (INFORM, _bare_child),
    "UPDATE_SA_ADDRESSES": (INFORM, lambda ground: [N("UPDATE_SA_ADDRESSES"), *ground.sa.nat_detection()]),
    "an empty IKE_AUTH": (Exchange.IKE_AUTH, lambda _: []),
    "IKE_AUTH without AUTH": (Exchange.IKE_AUTH, _bare_child),
    "EAP Success": (Exchange.IKE_AUTH, lambda _: [EAP(3, 1)]),
    "EAP Failure": (Exchange.IKE_AUTH, lambda _: [EAP(4, 1)]),
    "an EAP Response": (Exchange.IKE_AUTH, lambda _: [EAP(2, 1, b"\x01somebody")]),
    "IKE_SA_INIT inside SK": (Exchange.IKE_SA_INIT, lambda ground: ground.first_payloads()),
}


@GENERATORS
def too_early(pick: Random) -> Deed:
    """What comes after IKE_AUTH, or in its middle, in its place: one or several."""
    names = pick.choices(tuple(EARLY), k=pick.choice((1, 1, 2, 4)))
    ids = pick.choice(("as they count", "all the same", "from 0"))

    def play(ground: Ground) -> None:
        for number, name in enumerate(names):
            exchange, payloads = EARLY[name]
            found = {"as they count": {}, "all the same": {"message_id": 1}, "from 0": {"message_id": number}}[ids]
            odd = found if ground.sa.initiator else {}
            ground.instead_of_auth(exchange, *payloads(ground), sealed=True, **odd)
    return Deed(State.KEYED, f"{', '.join(names)}; Message IDs {ids}", play, stranger=True)


@GENERATORS
@only("responder")
def eap_success(pick: Random) -> Deed:
    """EAP is asked for, and declared over before any method: then a proof by SK_p, which only a method without keys has.
    RFC 7296 2.16"""
    messages = pick.choices(("Success", "Response", "Identity", "nothing"), k=pick.randint(1, 4))

    def play(ground: Ground) -> None:
        sa = ground.sa
        assert sa.keymat is not None
        ground.auth(*_bare_child(ground))
        for one in messages:
            found = {"Success": [EAP(3, 0)], "Response": [EAP(2, 0, b"\x04\x10" + bytes(16))],
                     "Identity": [EAP(2, 0, b"\x01somebody")], "nothing": []}[one]
            ground.auth(*found)
        data = sa.keymat.shared_key_auth(sa.keymat.sk["SK_pi"], sa.signed_octets(True, sa.identity()))
        ground.auth(AUTH(SHARED_KEY, data))
    return Deed(State.KEYED, f"EAP {', '.join(messages)}, then AUTH", play, stranger=True)


@GENERATORS
@only("initiator")
def unasked_requests(pick: Random) -> Deed:
    """The peer waits for our IKE_AUTH response, and gets requests. RFC 7296 2.2, 1.3, 1.4"""
    names = pick.choices(tuple(EARLY), k=pick.choice((1, 2, 4)))

    def play(ground: Ground) -> None:
        for name in names:
            exchange, payloads = EARLY[name]
            ground.ask(exchange, *payloads(ground), sealed=True)
    return Deed(State.KEYED, ", ".join(names), play, stranger=True)


# Afterwards: a walk over what is allowed.

def _create(ground: Ground, _: Random) -> None:
    offer = ground.sa.offer_child()
    ground.ask(CREATE, *offer.payloads)


def _spi(ground: Ground, pick: Random) -> bytes:
    known = [child.spi_in for child in ground.sa.children] or [bytes(4)]
    return pick.choice((*known, *known, pick.randbytes(4)))


def _rekey_child(ground: Ground, pick: Random) -> None:
    payloads = ground.sa.offer_child().payloads
    ground.ask(CREATE, N("REKEY_SA", protocol=Protocol.ESP, spi=_spi(ground, pick)), *payloads)


def _delete_children(ground: Ground, pick: Random) -> None:
    spi = _spi(ground, pick)
    ground.ask(INFORM, *[D(Protocol.ESP, *[spi] * pick.choice((1, 2, 60)))] * pick.choice((1, 2, 30)))


def _delete_two_ways(ground: Ground, pick: Random) -> None:
    both = [D(Protocol.ESP, _spi(ground, pick)), D()]
    ground.ask(INFORM, *(both if pick.random() < 0.5 else both[::-1]), *[D()] * pick.choice((0, 2)))


def _rekey_ike(ground: Ground, pick: Random) -> None:
    """Twice of the same IKE SA, or once; the new one goes on, or the old one does."""
    offer = ground.sa.offer_rekey()
    ground.ask(CREATE, *offer.payloads)
    answers = [one for one in ground.sa.inbox if one.header.response and one.exchange == CREATE
               and one.first(PayloadType.SA) is not None]
    if answers and pick.random() < 0.6:
        ground.sa.inbox.remove(answers[-1])
        try:
            ground.keep(offer.take(answers[-1]))
        except AssertionError:
            return  # it was the answer to something else that the walk had asked


def _live(ground: Ground, _: Random) -> None:
    ground.ask(INFORM)


def _move(ground: Ground, _: Random) -> None:
    ground.ask(INFORM, N("UPDATE_SA_ADDRESSES"), *ground.sa.nat_detection(), N("COOKIE2", bytes(16)))


def _authenticate(ground: Ground, _: Random) -> None:
    ground.ask(Exchange.IKE_AUTH, *(ground.sa.auth_payloads() if ground.sa.initiator else []))


def _begin_again(ground: Ground, _: Random) -> None:
    if ground.sa.initiator:
        ground.ask(Exchange.IKE_SA_INIT, *ground.sa.init_payloads(), message_id=0, spi_r=bytes(8))


def _skip(ground: Ground, pick: Random) -> None:
    """The next but one, then the next. RFC 7296 2.3: a window of one"""
    number = ground.sa.next_request
    ground.ask(INFORM, message_id=number + pick.choice((1, 2, 100)))
    ground.ask(INFORM, message_id=number)


def _repeat(ground: Ground, pick: Random) -> None:
    """Another request with a Message ID that was answered."""
    ground.ask(pick.choice((INFORM, CREATE)), N("COOKIE2", bytes(20)), message_id=max(0, ground.sa.next_request - 1))


def _respond(ground: Ground, pick: Random) -> None:
    """A response to nothing."""
    ground.ask(pick.choice((INFORM, CREATE, Exchange.IKE_AUTH)), *_child(ground), response=True,
               message_id=pick.choice((0, 1, 2, 3, ground.sa.expected_request)))


def _transport(ground: Ground, _: Random) -> None:
    ground.ask(CREATE, N("USE_TRANSPORT_MODE"), *_child(ground))


def _traffic(ground: Ground, pick: Random) -> None:
    if ground.sa.children:
        pick.choice(ground.sa.children).send_echo()


STEPS = (_create, _rekey_child, _delete_children, _rekey_ike, _live, _move, _authenticate, _begin_again, _skip, _repeat,
         _respond, _transport, _traffic, _delete_two_ways)


@GENERATORS
def walk(pick: Random) -> Deed:
    """Any of them after any other."""
    steps, seed = pick.choices(STEPS, k=pick.choice((3, 6, 12))), pick.getrandbits(32)

    def play(ground: Ground) -> None:
        drawn = Random(seed)
        for one in steps:
            one(ground, drawn)
    return Deed(State.ESTABLISHED, f"{', '.join(one.__name__.strip('_') for one in steps)} ({seed})", play)


@GENERATORS
def twice_rekeyed(pick: Random) -> Deed:
    """One Child SA rekeyed more than once, then deleted, and named again. RFC 7296 2.8.1, 2.25"""
    rekeys, deletes = pick.choice((2, 3, 8)), pick.choice((1, 2))

    def play(ground: Ground) -> None:
        old = ground.child
        for _ in range(rekeys):
            ground.ask(CREATE, *ground.sa.offer_child(old).payloads)
        for _ in range(deletes):
            ground.ask(INFORM, D(Protocol.ESP, old.spi_in))
        ground.ask(CREATE, *ground.sa.offer_child(old).payloads)
    return Deed(State.ESTABLISHED, f"{rekeys} rekeys, {deletes} Deletes", play)


@GENERATORS
def during_its_own(pick: Random) -> Deed:
    """The peer waits for the answer to its rekey, and hears everything but that. RFC 7296 2.8.1, 2.25"""
    what = pick.choice(("child", "ike"))
    steps, seed = pick.choices(STEPS, k=pick.choice((1, 2, 5))), pick.getrandbits(32)
    late = pick.random() < 0.7

    def play(ground: Ground) -> None:
        first = ground.sa
        request, payloads = ground.make_it_ask(what)
        drawn = Random(seed)
        for one in steps:
            one(ground, drawn)
        ground.sa = first
        if late:
            ground.answer(request, *payloads)
    words = f"{what}: {', '.join(one.__name__.strip('_') for one in steps)} ({seed}){', then the answer' if late else ''}"
    return Deed(State.ESTABLISHED, words, play)


@GENERATORS
def after_the_end(pick: Random) -> Deed:
    """Deleted, and gone on with."""
    steps, seed = pick.choices(STEPS, k=pick.choice((1, 3))), pick.getrandbits(32)

    def play(ground: Ground) -> None:
        ground.ask(INFORM, D())
        ground.sa.deleted = True
        for one in steps:
            one(ground, Random(seed))
    return Deed(State.ESTABLISHED, f"{', '.join(one.__name__.strip('_') for one in steps)} ({seed})", play)
