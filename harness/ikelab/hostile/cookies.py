"""Cookies, RFC 7296 2.6, of a responder that asks for them from three half-open IKE SAs on. Cases are for that role alone."""

from __future__ import annotations

from random import Random

from ..scripted.errors import Unmet
from ..wire.registry import PayloadType
from .case import Deed, Generators, State
from .ground import Ground

GENERATORS = Generators("cookies")


@GENERATORS
def half_open(pick: Random) -> Deed:
    """First messages of many, none of whom goes on: soon each is asked for a cookie, which costs nothing."""
    count = pick.choice((12, 24))

    def play(ground: Ground) -> None:
        several = [ground.another() for _ in range(count)]
        for sa in several:
            sa.send_init()
        ground.settle()
        asked = [sa for sa in several if any("COOKIE" in one.notifies() for one in sa.heard)]
        if len(asked) * 2 < count:
            raise Unmet(f"{count - len(asked)} of {count} IKE_SA_INIT requests were accepted without a cookie, half-open as "
                        "they are; 3 were allowed (RFC 7296 2.6)")
    return Deed(State.APART, f"{count} IKE_SA_INIT", play, stranger=True)


@GENERATORS
def cookies(pick: Random) -> Deed:
    """Cookies that are none of its own: guessed, of another SPI, cut, doubled."""
    what, size = pick.choice(("guessed", "another's", "cut", "doubled")), pick.choice((1, 8, 64))

    def play(ground: Ground) -> None:
        cookie = _cookie(ground)
        ground.sa.cookie = {"guessed": bytes(size), "another's": cookie, "cut": cookie[:-1] or b"\0",
                            "doubled": (cookie * 2)[:64]}[what]
        ground.first(*ground.sa.init_payloads())
        taken = any(one.first(PayloadType.SA) is not None for one in ground.sa.heard)
        if taken and _is_asked_for(ground):
            raise Unmet(f"a cookie that is {what} was taken (RFC 7296 2.6)")
    return Deed(State.APART, f"{what} ({size})", play, stranger=True)


def _is_asked_for(ground: Ground) -> bool:
    """Still: half-open IKE SAs go by themselves."""
    sa = ground.another()
    sa.send_init()
    ground.settle()
    return any("COOKIE" in one.notifies() for one in sa.heard)


def _cookie(ground: Ground) -> bytes:
    """That of some other IKE SA of ours; others are left half-open until one is asked for."""
    for _ in range(12):
        sa = ground.another()
        sa.send_init()
        ground.settle()
        for one in sa.heard:
            if "COOKIE" in one.notifies():
                return one.notifies()["COOKIE"].data
    raise Unmet("12 half-open IKE SAs, and no cookie is asked for; 3 were allowed (RFC 7296 2.6)")
