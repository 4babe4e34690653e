"""The pytest plugin that makes a function in scenarios/ a scenario: `pytest scenarios` or `ikelab run`.

Every test that asks for `client`, `gateway`, `flow` or `lab` is played once for each pair of peers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from .cleanup import build_directory
from .peers import table
from .result import Result
from .stage import Flows, Lab, Side
from .stage.judge import play
from .stage.lab import Play
from .stage.proof import METHODS
from .verdict import Verdict, load_expected

PROPERTY = "ikelab"
EXPECTED = Path(__file__).resolve().parents[2] / "scenarios" / "expected.toml"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("ikelab", "IKEv2 scenarios")
    group.addoption("--initiator", action="append", default=[], metavar="PEER",
                    help="only scenarios this peer initiates (may be given again)")
    group.addoption("--responder", action="append", default=[], metavar="PEER",
                    help="only scenarios this peer responds in (may be given again)")
    group.addoption("--authentication", choices=METHODS, default=METHODS[0],
                    help="how the sides prove themselves where the scenario does not say")
    group.addoption("--ikelab-filter", action="append", default=[], metavar="FILTER",
                    help="only scenarios whose name contains this, or matches it with * and ?")
    group.addoption("--ikelab-out", default=None, metavar="DIR", help="where artefacts go")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "topology(layout, relayed=()): the scenario's network")
    config.addinivalue_line("markers", "needs(*capabilities, client=(), gateway=()): what peers must be able to do")
    config.addinivalue_line("markers", "requirement(*names): what the scenario shows")


def pairs(initiators: list[str], responders: list[str]) -> list[tuple[str, str]]:
    """Every pair with the reference on one side; others when both sides were asked for by name."""
    known = [kind.name for kind in table.available(only_default=True)]
    found = [(one, other) for one in (initiators or known) for other in (responders or known)]
    if initiators and responders:
        return found
    return [pair for pair in found if "reference" in pair]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "pair" in metafunc.fixturenames:
        found = pairs(metafunc.config.getoption("--initiator"), metafunc.config.getoption("--responder"))
        metafunc.parametrize("pair", found, ids=["+".join(pair) for pair in found], indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    filters = config.getoption("--ikelab-filter")
    if not filters:
        return
    kept = [item for item in items if any(matches(scenario_name(item), one) for one in filters)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def matches(name: str, pattern: str) -> bool:
    """A filter is part of a name, or a pattern with * and ?."""
    return pattern in name or fnmatchcase(name, pattern)


@pytest.fixture
def pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    return request.param


@pytest.fixture
def lab(request: pytest.FixtureRequest, pair: tuple[str, str]) -> Iterator[Lab]:
    """Opened by the play itself, so that what fails in opening is a verdict too."""
    made = Lab(describe(request.node, pair))
    yield made
    made.close()


@pytest.fixture
def client(lab: Lab) -> Side:
    return lab.client


@pytest.fixture
def gateway(lab: Lab) -> Side:
    return lab.gateway


@pytest.fixture
def flow(lab: Lab) -> Flows:
    return lab.flow


def scenario_name(item: pytest.Item) -> str:
    """connect.algorithms[aes128]: folder, function, and the scenario's own parameters."""
    function = getattr(item, "originalname", None) or item.name
    name = f"{item.path.parent.name}.{function.removeprefix('test_')}"
    callspec = getattr(item, "callspec", None)
    own = []
    if callspec is not None:
        pair_id = "+".join(callspec.params["pair"])
        own = [part for part in callspec._idlist if part != pair_id]
    return f"{name}[{'-'.join(own)}]" if own else name


def recast(item: pytest.Item, pair: tuple[str, str], authentication: str) -> None:
    """The next run of this collected item is between these two, whatever pair it was collected for, and by that method."""
    item.config.option.authentication = authentication
    callspec = item.callspec  # type: ignore[attr-defined]
    ids = callspec._idlist
    ids[ids.index("+".join(callspec.params["pair"]))] = "+".join(pair)
    callspec.params["pair"] = pair
    item.user_properties.clear()  # else the result of its last run stays the first one
    item._report_sections.clear()
    item._initrequest()  # type: ignore[attr-defined]


def describe(item: pytest.Item, pair: tuple[str, str]) -> Play:
    name = scenario_name(item)
    out = Path(item.config.getoption("--ikelab-out") or build_directory() / "results" / "pytest")
    folder = re.sub(r"[^A-Za-z0-9_.]+", "-", name).strip("-")
    authentication = item.config.getoption("--authentication")
    played = pair if authentication == METHODS[0] else (*pair, authentication)
    directory = out.resolve() / "scenarios" / folder / "+".join(played)
    doc = (getattr(item, "obj", None) and item.obj.__doc__ or "").strip()
    title = " ".join(doc.split("\n\n")[0].split())
    marker = item.get_closest_marker("topology")
    needs: dict[str, tuple[str, ...]] = {"both": (), "client": ("initiator",), "gateway": ("responder",)}
    for one in item.iter_markers("needs"):
        needs["both"] += one.args
        for side in ("client", "gateway"):
            needs[side] += tuple(one.kwargs.get(side, ()))
    requirements = [name for one in item.iter_markers("requirement") for name in one.args]
    layout = marker.args[0] if marker else "pair"
    relayed = marker.kwargs.get("relayed", ()) if marker else ()
    return Play(name, title, pair[0], pair[1], directory, layout, relayed, needs, requirements,
                authentication)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    lab = pyfuncitem.funcargs.get("lab")
    if not isinstance(lab, Lab):
        return None
    arguments: dict[str, Any] = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    expected = load_expected(EXPECTED)
    result = play(lab, lambda: pyfuncitem.obj(**arguments), expected)
    # As text: xdist carries nothing but plain types from its workers.
    pyfuncitem.user_properties.append((PROPERTY, json.dumps(asdict(result))))
    _tell_pytest(result)
    return True


@pytest.hookimpl(tryfirst=True)
def pytest_keyboard_interrupt(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Shown is where pytest itself was, no more: pytest 7.2 fails to show a line zero, and every module begins at one."""
    excinfo.traceback = excinfo.traceback[:1]


def _tell_pytest(result: Result) -> None:
    if result.verdict is Verdict.UNSUPPORTED:
        pytest.skip(f"unsupported: {result.reason}")
    if result.verdict is Verdict.EXPECTED_FAIL:
        pytest.xfail(result.reason)
    if result.verdict is not Verdict.PASS:
        pytest.fail(f"{result.verdict}: {result.reason}\nartefacts: {result.artefacts}", pytrace=False)


def result_of(report: pytest.TestReport) -> Result | None:
    """The result a finished scenario's report carries, also across xdist."""
    if report.when != "call":
        return None
    return next((Result.from_dict(json.loads(value)) for name, value in report.user_properties if name == PROPERTY), None)
