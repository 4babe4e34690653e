"""An interrupt at the worst of moments, which no signal could be made to meet."""

from __future__ import annotations

import importlib
import signal
import sys

import pytest

from ikelab import plugin


class Interrupter:
    """Raises at the first instruction of a module, as a signal's handler would there."""

    def __init__(self, module: str) -> None:
        self._module = module

    def pytest_sessionstart(self) -> None:
        sys.settrace(lambda frame, _event, _arg: self._told_to_end() if self._module in frame.f_code.co_filename else None)
        importlib.import_module(self._module)

    def _told_to_end(self) -> None:
        sys.settrace(None)
        signal.default_int_handler(signal.SIGTERM, None)


@pytest.mark.parametrize("text", ['"""Words only."""\n', "import os\n", ""])
def test_an_interrupt_where_a_module_begins(tmp_path, monkeypatch, capsys, text):
    (tmp_path / "begins_now.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    status = pytest.main([str(tmp_path), "-p", "no:cacheprovider", f"--rootdir={tmp_path}"],
                         plugins=[plugin, Interrupter("begins_now")])
    assert status == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in capsys.readouterr().out
