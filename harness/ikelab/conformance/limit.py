"""No test goes on for ever, whatever the peer keeps doing."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from ..scripted.errors import NotReady

TEST_S = 180.0  # the longest against a peer in a guest takes some 35 when the machine is busy


_running: list[float] = []  # the limits of the blocks that this process is in


@contextmanager
def limited(seconds: float = TEST_S) -> Iterator[None]:
    """Raises NotReady in the block, wherever it is by then. Of the main thread, where tests are played."""
    def over(number: int, frame: FrameType | None) -> None:
        raise NotReady(f"the test was still going on after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    _running.append(seconds)
    try:
        yield
    finally:
        _running.pop()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def renew() -> None:
    """What is played now has all of the time again: for tests that are many, one after the other."""
    if _running:
        signal.setitimer(signal.ITIMER_REAL, _running[-1])
