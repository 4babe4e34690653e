"""Plays what it is told, one scenario after the other: pytest collects once, then every item is played for any pair.

    python -m ikelab.interop.worker FD OUT

FD is a stream socket: orders come as lines of JSON ({"scenario", "initiator", "responder", "authentication"}), each is
answered by the result, or by {"problem"} where there is none. The first line goes the other way and names all scenarios.
"""

from __future__ import annotations

import json
import socket
import sys
from dataclasses import asdict
from typing import Any

import pytest

from ..plugin import recast, result_of, scenario_name


class Player:
    """Takes the place of pytest's own loop."""

    def __init__(self, channel: socket.socket):
        self._in = channel.makefile("r")
        self._out = channel.makefile("w")
        self._reports: list[Any] = []
        self.problems: list[str] = []

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.problems.append(f"{report.nodeid}: {report.longreprtext.strip()[-1000:]}")

    def pytest_runtest_logreport(self, report: Any) -> None:
        self._reports.append(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {scenario_name(item): item for item in session.items}
        self._tell({"scenarios": list(items), "problems": self.problems})
        for line in self._in:
            order = json.loads(line)
            item = items[order["scenario"]]
            recast(item, (order["initiator"], order["responder"]), order["authentication"])
            self._reports.clear()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            self._tell(self._answer())
        return True

    def _answer(self) -> dict[str, Any]:
        result = next((one for one in map(result_of, self._reports) if one is not None), None)
        if result is not None:
            return {"result": asdict(result)}
        return {"problem": " ".join(one.longreprtext.strip()[-500:] for one in self._reports if one.failed)
                or "it ended without a result"}

    def _tell(self, what: dict[str, Any]) -> None:
        self._out.write(json.dumps(what) + "\n")
        self._out.flush()


def main() -> None:
    from ..cli.run import arguments

    descriptor, out = sys.argv[1:]
    options = ["-p", "no:xdist", f"--ikelab-out={out}", "--initiator=reference", "--responder=reference"]
    with socket.socket(fileno=int(descriptor)) as channel:
        pytest.main(arguments((), *options), plugins=[Player(channel)])


if __name__ == "__main__":
    main()
