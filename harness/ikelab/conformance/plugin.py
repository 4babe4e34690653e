"""The pytest plugin that makes a function in scenarios/conformance a conformance test: `ikelab conform`, or
`pytest scenarios/conformance`.

A test asks for `responder`, for `initiator`, or for `peer`, which is the one and then the other; it is played with each
implementation that --conform-peer names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ..cleanup import build_directory
from ..plugin import PROPERTY, matches
from ..verdict import Expected, Verdict, load_expected
from .judge import ConformanceTest, Stages, play
from .stage import Setup
from .under_test import UnderTest

SCENARIOS = Path(__file__).resolve().parents[3] / "scenarios"
FOLDER = SCENARIOS / "conformance"
HOSTILE = SCENARIOS / "hostile"  # played like conformance tests, by `ikelab hostile`
EXPECTED = FOLDER / "expected.toml"
FIXTURES = {"responder": ("responder",), "initiator": ("initiator",), "peer": ("responder", "initiator")}
REFERENCE = "reference"
STAGES = pytest.StashKey[Stages]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conform", "IKEv2 conformance")
    group.addoption("--conform-peer", action="append", default=[], metavar="PEER",
                    help="the implementation under test (may be given again; default: the reference)")
    group.addoption("--conform-role", choices=("initiator", "responder"), default=None)
    group.addoption("--conform-filter", action="append", default=[], metavar="FILTER",
                    help="only tests whose name or requirement contains this, or matches it with * and ?")
    group.addoption("--conform-strict", action="store_true", help="a SHOULD that is not met is a failure")
    group.addoption("--conform-seed", default="1", metavar="SEED", help="of what the scripted peer draws")
    group.addoption("--conform-outside", default="", metavar="INTERFACE=ADDRESS",
                    help="the implementation is no program of ours: where it is, and by which interface of this machine")
    group.addoption("--conform-out", default=None, metavar="DIR", help="where artefacts go")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "configuration(**fields): how the implementation under test is configured")


def role_fixture(names: list[str]) -> str | None:
    """Which of our fixtures a test asks for."""
    return next((name for name in FIXTURES if name in names), None)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    fixture = role_fixture(metafunc.fixturenames)
    if fixture is None or not ours(metafunc.definition):
        return
    asked = metafunc.config.getoption("--conform-role")
    pairs = [(peer, role) for role in FIXTURES[fixture] if asked in (None, role)
             for peer in metafunc.config.getoption("--conform-peer") or [REFERENCE]]
    metafunc.parametrize(fixture, pairs, ids=[_identity(pair) for pair in pairs], indirect=True)


def _identity(pair: tuple[str, str]) -> str:
    return "+".join(pair)


def ours(item: pytest.Item) -> bool:
    return bool({FOLDER, HOSTILE} & set(item.path.parents))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Filters, and puts those side by side that share a stage."""
    filters = config.getoption("--conform-filter")
    mine = [item for item in items if ours(item) and role_fixture(item.fixturenames)]  # type: ignore[attr-defined]
    # A test of the other role than the one asked for has been parametrized with nothing.
    kept = [item for item in mine if isinstance(_pair(item.callspec), tuple)  # type: ignore[attr-defined]
            and (not filters or any(wanted(item, one) for one in filters))]
    dropped = {id(item) for item in mine} - {id(item) for item in kept}
    if dropped:
        config.hook.pytest_deselected(items=[item for item in items if id(item) in dropped])
        items[:] = [item for item in items if id(item) not in dropped]
    order = {id(item): setup_of(item) for item in kept}
    items.sort(key=lambda item: repr(order.get(id(item), "")))


def wanted(item: pytest.Item, pattern: str) -> bool:
    return any(matches(one, pattern) for one in [test_name(item), *requirements(item)])


def requirements(item: pytest.Item) -> list[str]:
    return [name for one in item.iter_markers("requirement") for name in one.args]


def test_name(item: pytest.Item) -> str:
    """rfc7296.2_6_cookie.is_returned_unchanged[one]: folder, file, function, and its own parameters."""
    function = getattr(item, "originalname", None) or item.name
    words = [item.path.parent.name, item.path.stem.removeprefix("test_"), function.removeprefix("test_")]
    callspec: Any = getattr(item, "callspec", None)
    own = [part for part in callspec._idlist if part != _identity(_pair(callspec))] if callspec is not None else []
    return ".".join(words) + (f"[{'-'.join(own)}]" if own else "")


def setup_of(item: pytest.Item) -> Setup:
    callspec: Any = getattr(item, "callspec", None)
    peer, role = _pair(callspec)
    layout = item.get_closest_marker("topology")
    configuration: dict[str, Any] = {}
    for one in reversed(list(item.iter_markers("configuration"))):
        configuration |= one.kwargs
    outside = item.config.getoption("--conform-outside")
    return Setup.of(peer, role, layout.args[0] if layout else "pair", configuration, outside)


def _pair(callspec: Any) -> tuple[str, str]:
    """The implementation and its role."""
    return next(callspec.params[name] for name in FIXTURES if name in callspec.params)


def describe(item: pytest.Item) -> ConformanceTest:
    name, setup = test_name(item), setup_of(item)
    out = _out(item.config)
    doc = (getattr(item, "obj", None) and item.obj.__doc__ or "").strip()
    folder = out / "conformance" / re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-") / f"{setup.name}+{setup.role}"
    needs = tuple(word for one in item.iter_markers("needs") for word in one.args)
    if "mobike" in needs and setup.role == "initiator":  # which is asked for by who initiates, or not at all
        needs += ("mobike-as-initiator",)
    title = " ".join(doc.split("\n\n")[0].split())
    return ConformanceTest(name, title, setup, folder, out, requirements(item), needs,
                           item.config.getoption("--conform-seed"), item.config.getoption("--conform-strict"), expected())


def _out(config: pytest.Config) -> Path:
    return Path(config.getoption("--conform-out") or build_directory() / "results" / "pytest").resolve()


@cache
def expected() -> list[Expected]:
    return load_expected(EXPECTED)


class Slot:
    """Where the test's argument will be, once its stage is up: that is part of the play, and may fail."""

    under_test: UnderTest | None = None


@pytest.fixture
def responder(request: pytest.FixtureRequest) -> Slot:
    return Slot()


@pytest.fixture
def initiator(request: pytest.FixtureRequest) -> Slot:
    return Slot()


@pytest.fixture
def peer(request: pytest.FixtureRequest) -> Slot:
    return Slot()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    fixture = role_fixture(list(pyfuncitem._fixtureinfo.argnames))
    if fixture is None or not isinstance(pyfuncitem.funcargs.get(fixture), Slot):
        return None
    config = pyfuncitem.config
    if STAGES not in config.stash:
        config.stash[STAGES] = Stages(_out(config))
    arguments: dict[str, Any] = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    result = play(describe(pyfuncitem), config.stash[STAGES],
                  lambda under_test: pyfuncitem.obj(**{**arguments, fixture: under_test}))
    pyfuncitem.user_properties.append((PROPERTY, json.dumps(asdict(result))))  # as text, for xdist
    if result.verdict is Verdict.UNSUPPORTED:
        pytest.skip(f"unsupported: {result.reason}")
    if result.verdict is Verdict.EXPECTED_FAIL:
        pytest.xfail(result.reason)
    if result.verdict is not Verdict.PASS:
        pytest.fail(f"{result.verdict}: {result.reason}\nartefacts: {result.artefacts}", pytrace=False)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None] | None:
    if STAGES in session.config.stash:
        session.config.stash[STAGES].close()
    return None
