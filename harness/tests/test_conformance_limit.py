"""No conformance test goes on for ever."""

from __future__ import annotations

import signal

import pytest

from ikelab.conformance.limit import limited
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
