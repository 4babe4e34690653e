"""pytest's side of `ikelab hostile`: which cases, and the fixture that tests in scenarios/hostile ask for."""

from __future__ import annotations

import pytest

from .play import Budget

DEFAULT = Budget()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("hostile", "hostile peers")
    group.addoption("--hostile-cases", type=int, default=DEFAULT.count, metavar="N", help="so many of each group")
    group.addoption("--hostile-case", default="", metavar="M", help="only that one, or M-N")


def numbers(text: str) -> range:
    """"7" or "7-12". Raises ValueError."""
    first, _, last = text.partition("-")
    found = range(int(first), int(last or first) + 1)
    if not found or found.start < 0:
        raise ValueError(text)
    return found


@pytest.fixture
def budget(request: pytest.FixtureRequest) -> Budget:
    config = request.config
    seed = config.getoption("--conform-seed")
    if only := config.getoption("--hostile-case"):
        found = numbers(only)
        return Budget(seed, len(found), found.start)
    return Budget(seed, config.getoption("--hostile-cases"))
