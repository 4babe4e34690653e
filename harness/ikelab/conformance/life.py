"""A life with every exchange in it, for tests of what an implementation writes into its messages."""

from __future__ import annotations

from typing import Any

from ..scripted.channel import Received
from ..scripted.errors import NotReady, Unmet
from ..wire.registry import Exchange
from .under_test import UnderTest


def life(peer: UnderTest, **options: Any) -> list[Received]:
    """All that the peer says in it, in order: the first exchanges; rekeys of the Child SA and of the IKE SA with their
    Deletes, asked for by the peer as far as it can be told to; a Child SA more and a Delete, asked for by us; and the
    last Delete, the peer's again. The further one comes late: with some the first has no policy any more after it."""
    sa = peer.establish(**options)
    try:
        if "rekey-by-command" in peer.stage.peer.capabilities():
            peer.rekey("child")
            sa.accept_child(sa.expect_request(Exchange.CREATE_CHILD_SA))
            sa.accept_delete(sa.expect_request(Exchange.INFORMATIONAL))
            sa.liveness()
            peer.rekey("ike")
            new = sa.accept_rekey(sa.expect_request(Exchange.CREATE_CHILD_SA))
            sa.accept_delete(sa.expect_request(Exchange.INFORMATIONAL))
        else:
            new = sa.rekey()
        new.delete_child(new.create_child())
        new.liveness()
        peer.delete("ike")
        new.accept_delete(new.expect_request(Exchange.INFORMATIONAL))
    except Unmet as error:
        raise NotReady(f"the whole life did not come about: {error}") from error
    return [*sa.received, *new.received]


__all__ = ["life"]
