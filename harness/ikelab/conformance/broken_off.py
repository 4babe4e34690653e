"""That an initiator breaks IKE_AUTH off."""

from __future__ import annotations

from ..scripted.errors import Unmet
from ..scripted.ike_sa import IkeSa
from ..wire.registry import Exchange
from .under_test import Initiator


def breaks_off(initiator: Initiator, sa: IkeSa, why: str) -> None:
    """It sends no further IKE_AUTH request, and takes no IKE SA for set up. Raises Unmet. A daemon with many threads
    answers strangers while it still works on our message; its state it tells when it is through."""
    sa.prove_chance()
    established = initiator.status().established()
    sa.prove_chance()
    more = [one for one in sa.inbox if one.exchange == Exchange.IKE_AUTH and not one.header.response]
    if more:
        raise Unmet(f"{why}, and {more[0]} came")
    if established:
        raise Unmet(f"{why}, and the IKE SA is set up")
