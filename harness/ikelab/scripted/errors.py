"""What a conformance test can end in besides passing (docs/CONFORMANCE.md)."""

from __future__ import annotations


class Unmet(AssertionError):
    """The peer did something else than the RFC asks for: the verdict is `fail`."""


class NotReady(Exception):
    """The peer could not be brought to the state that the test begins in: the verdict is `inconclusive`."""
