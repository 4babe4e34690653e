"""What `make flood` calls a missed figure, and what the generator says of bad orders."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

CI = Path(__file__).resolve().parent
FLOOD = CI.parent / "build/flood"


@pytest.fixture(scope="module")
def flood():
    spec = importlib.util.spec_from_file_location("ci_flood", CI / "flood.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["ci_flood"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def judged(flood, **changes):
    outcome = flood.Outcome("init-many", connects=[0.1, 1.9], seconds=5.0, half_open=100, growth_kib=5000,
                            sent={"sent_octets": 100, "received_octets": 100})
    for name, value in changes.items():
        setattr(outcome, name, value)
    flood.judge(outcome)
    return outcome.missed


def test_all_is_well(flood):
    assert judged(flood) == []


@pytest.mark.parametrize(("changes", "says"), [
    ({"connects": [0.1, 2.1]}, "slowest"),
    ({"sent": {"sent_octets": 100, "received_octets": 101}}, "octets"),
    ({"growth_kib": 5300}, "memory"),  # 4096, and 12 for each that is half-open
])
def test_each_figure_can_be_missed(flood, changes, says):
    (sentence,) = judged(flood, **changes)
    assert says in sentence


def test_cookies_a_second(flood, monkeypatch, capsys):
    outcome = flood.Outcome("init-many", processor_s=0.5, counters={"cookies_sent": 49_999})
    monkeypatch.setattr(flood, "core_rate", lambda build: 100_000)
    assert len(flood.rates(Path(), [outcome])) == 1
    outcome.counters["cookies_sent"] = 50_000
    assert flood.rates(Path(), [outcome]) == []
    assert "100,000 with sockets" in capsys.readouterr().out


@pytest.mark.skipif(not FLOOD.exists(), reason="run `make` first")
@pytest.mark.parametrize("words", [[], ["init"], ["drown", "192.0.2.1", "198.18.0.1", "1", "1", "1"],
                                   ["init", "gateway", "198.18.0.1", "1", "1", "1"],
                                   ["init", "192.0.2.1", "198.18.0.1", "1", "0", "1"]])
def test_orders_it_does_not_understand(words):
    done = subprocess.run([FLOOD, *words], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: flood init|tarpit|auth|fragments|spis")
