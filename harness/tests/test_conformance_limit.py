"""No conformance test goes on for ever."""

from __future__ import annotations

import signal
import time

import pytest

from ikelab.conformance.limit import limited, renew
from ikelab.scripted.errors import NotReady


def test_what_does_not_end_is_ended() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(NotReady, match="still going on after 0.05 s"), limited(0.05):
        while True:
            pass
    assert signal.getsignal(signal.SIGALRM) is before


def test_what_ends_is_left_alone() -> None:
    with limited(0.05):
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_what_is_many_has_the_time_for_each() -> None:
    with limited(0.2):
        for _ in range(4):
            renew()
            time.sleep(0.1)
    renew()  # where there is no limit it makes none
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
