"""Identities and proofs by the shared key, RFC 7296 3.5, 3.8, 2.15. Nobody here is who he says."""

from __future__ import annotations

from random import Random

from ..scripted.payloads import AUTH, N, Payload, Raw, replaced, without
from ..scripted.payloads import IDi as build_idi
from ..scripted.payloads import IDr as build_idr
from ..vectors import derivation
from ..wire.registry import SHARED_KEY, PayloadType
from .case import Deed, Generators, State
from .ground import Ground
from .mutate import change

GENERATORS = Generators("identity")
LENGTHS = (0, 1, 3, 4, 5, 16, 63, 64, 65, 127, 128, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 4096, 20000)


def _own_kind(ground: Ground) -> int:
    return PayloadType.IDi if ground.sa.initiator else PayloadType.IDr


def _proof(ground: Ground) -> Payload:
    return next(one for one in ground.auth_payloads() if one.kind == PayloadType.AUTH)


@GENERATORS
def name(pick: Random) -> Deed:
    """An identity of any type and length, with a proof by the right key: who is it?"""
    kind, length = pick.choice((0, 1, 2, 3, 5, 9, 10, 11, 12, 200, 255)), pick.choice(LENGTHS)
    data = pick.choice((bytes([pick.randrange(1, 256)]) * length, pick.randbytes(length)))

    def play(ground: Ground) -> None:
        build = build_idi if ground.sa.initiator else build_idr
        wrong = build(data, kind)
        own = [wrong if one.kind == _own_kind(ground) else one for one in ground.auth_payloads()]
        ground.auth(*replaced(own, ground.sa.proof(wrong)[-1]))
    return Deed(State.KEYED, f"identity of type {kind}, {length} octets", play, stranger=True)


@GENERATORS
def distinguished_name(pick: Random) -> Deed:
    """DER whose lengths run past the end, or do not fit each other."""
    inner = b"\x06\x03\x55\x04\x03" + bytes([0x0C, pick.choice((0, 5, 0x7F, 0x80, 0x84, 0xFF))]) + b"gateway"[: pick.randrange(8)]
    octets = bytes([0x30, pick.choice((len(inner), 0, 0x7F, 0x80, 0x82, 0x84, 0xFF))]) + inner
    octets = change(pick)(b"\x30" + bytes([len(octets) & 0x7F]) + b"\x31" + octets)

    def play(ground: Ground) -> None:
        build = build_idi if ground.sa.initiator else build_idr
        wrong = build(octets, 9)
        own = [wrong if one.kind == _own_kind(ground) else one for one in ground.auth_payloads()]
        ground.auth(*replaced(own, ground.sa.proof(wrong)[-1]))
    return Deed(State.KEYED, f"DER {octets.hex()[:80]}", play, stranger=True)


@GENERATORS
def proof(pick: Random) -> Deed:
    """AUTH of the shared key's, changed: shorter, longer, of zeros, of another length."""
    what = pick.choice(("cut", "more", "zeros", "bit", "empty", "method", "own"))
    number, more = pick.randrange(256), pick.randbytes(pick.choice((1, 4, 32, 1000)))
    method = pick.choice([one for one in (*range(16), 128, 201, 255) if one != SHARED_KEY])

    def play(ground: Ground) -> None:
        right = _proof(ground).body[4:]
        bit = bytearray(right)
        bit[number % len(right)] ^= 1 << number % 8
        data = {"cut": right[: number % len(right)], "more": right + more, "zeros": bytes(len(right)), "bit": bytes(bit),
                "empty": b"", "method": right, "own": b""}[what]
        if what == "own":  # the proof that the peer itself gives, or would
            data = _of_the_peer(ground)
        ground.auth(*replaced(ground.auth_payloads(), AUTH(method if what == "method" else SHARED_KEY, data)))
    words = {"method": f"method {method} with the shared key's", "more": f"{len(more)} octets behind it"}.get(what, what)
    return Deed(State.KEYED, f"{words} ({number})", play, stranger=True)


def _of_the_peer(ground: Ground) -> bytes:
    """As an initiator it has told us; of a responder: what it would have to say."""
    sa = ground.sa
    assert sa.keymat is not None
    identity = sa.identity(own=False) if sa.auth_request is None else sa.auth_request.first(PayloadType.IDi)
    assert identity is not None
    return sa.keymat.shared_key_auth(sa.spec.psk.encode(), sa.signed_octets(False, identity))


@GENERATORS
def keys_of_nobody(pick: Random) -> Deed:
    """A proof by a key that nobody has agreed upon: none, one of zeros, SK_p (RFC 7296 2.16 without EAP; RFC 7619)."""
    what, method = pick.choice(("none", "zeros", "SK_p", "SK_d")), pick.choice((SHARED_KEY, 13))

    def play(ground: Ground) -> None:
        sa = ground.sa
        assert sa.keymat is not None
        sk = sa.keymat.sk
        key = {"none": b"", "zeros": bytes(32), "SK_d": sk["SK_d"],
               "SK_p": sk["SK_pi" if sa.initiator else "SK_pr"]}[what]
        signed = sa.signed_octets(True, sa.identity())
        data = sa.keymat.shared_key_auth(key, signed) if method == SHARED_KEY else derivation.prf(sa.keymat.choice.prf, key,
                                                                                                  signed)
        ground.auth(*replaced(ground.auth_payloads(), AUTH(method, data)))
    return Deed(State.KEYED, f"a proof by {what}, method {method}", play, stranger=True)


@GENERATORS
def missing(pick: Random) -> Deed:
    """No proof at all, whatever else is there."""
    less = pick.sample((PayloadType.SA, PayloadType.TSi, PayloadType.TSr, "own", "peer"), pick.randrange(4))
    more = pick.choice(((), ("INITIAL_CONTACT",), ("EAP_ONLY_AUTHENTICATION",), ("INITIAL_CONTACT", "MOBIKE_SUPPORTED")))

    def play(ground: Ground) -> None:
        own = _own_kind(ground)
        other = PayloadType.IDi if own == PayloadType.IDr else PayloadType.IDr
        gone = [{"own": own, "peer": other}.get(str(one), one) for one in less]
        ground.auth(*(N(one) for one in more), *without(ground.auth_payloads(), PayloadType.AUTH, *gone))  # type: ignore[arg-type]
    return Deed(State.KEYED, f"no AUTH; nor {', '.join(map(str, less)) or 'anything less'}; {more}", play, stranger=True)


@GENERATORS
def two_of_them(pick: Random) -> Deed:
    """A second identity or proof, of somebody else: the right one is not to vouch for the wrong one."""
    first, octets, both = pick.random() < 0.5, pick.randbytes(pick.choice((0, 8, 32))), pick.random() < 0.5

    def play(ground: Ground) -> None:
        build = build_idi if ground.sa.initiator else build_idr
        wrong = [build(b"somebody else", 11)] + [AUTH(SHARED_KEY, octets)] * both
        payloads = replaced(ground.auth_payloads(), AUTH(SHARED_KEY, bytes(32)))
        ground.auth(*((wrong + payloads) if first else (payloads + wrong)))
    return Deed(State.KEYED, f"another identity{' and proof' if both else ''} {'before' if first else 'behind'} ours", play,
                stranger=True)


@GENERATORS
def again(pick: Random) -> Deed:
    """A refused proof, and then the right one: the first was the answer. RFC 7296 2.21.2"""
    same_id, count = pick.random() < 0.5, pick.choice((1, 3, 10))

    def play(ground: Ground) -> None:
        number = ground.sa.next_request
        for _ in range(count):
            ground.auth(*replaced(ground.auth_payloads(), AUTH(SHARED_KEY, bytes(32))))
        right = ground.auth_payloads()
        if ground.sa.initiator:
            ground.auth(*right, message_id=number if same_id else ground.sa.next_request)
        elif not ground.sa.initiator:
            ground.auth(*right)
    return Deed(State.KEYED, f"{count} wrong proofs, then the right one with {'their' if same_id else 'the next'} Message ID",
                play, stranger=True)


@GENERATORS
def octets(pick: Random) -> Deed:
    """ID or AUTH with octets changed."""
    which, mutation = pick.choice(("own", "peer", "proof")), change(pick)

    def play(ground: Ground) -> None:
        own = _own_kind(ground)
        kind = {"own": own, "peer": PayloadType.IDr if own == PayloadType.IDi else PayloadType.IDi,
                "proof": PayloadType.AUTH}[which]
        broken = AUTH(SHARED_KEY, bytes(31))
        payloads = ground.auth_payloads() if which == "proof" else replaced(ground.auth_payloads(), broken)
        ground.auth(*[Raw(one.kind, b"\0" + mutation(one.body)[1:]) if one.kind == kind else one for one in payloads])
    return Deed(State.KEYED, f"{which}: {mutation.words}", play, stranger=which == "proof")
