"""The doctor: each ability is tried, and what is missing comes with its remedy."""

from __future__ import annotations

import json
import os

import pytest

from ikelab import doctor
from ikelab.doctor import Check


def test_this_machine():
    if os.geteuid() != 0:
        pytest.skip("the doctor tries namespaces as root")
    checks = {check.name: check for check in doctor.examine()}
    for name in ("root", "namespaces", "veth", "TUN", "NAT", "NAT rebinding", "packet sockets",
                 "Python modules", "tshark", "memory", "disk"):
        assert checks[name].ok, checks[name]
    assert {"kernel ESP", "netem", "peer reference", "user-mode Linux"} <= set(checks)
    assert all(check.remedy for check in checks.values() if not check.ok)


def test_what_cannot_be_done_is_found_out(monkeypatch):
    def broken(netns):
        raise OSError(19, "No such device")
    monkeypatch.setattr(doctor, "_ATTEMPTS", (("TUN", True, broken, "ESP", "get a TUN"),))
    monkeypatch.setattr(doctor, "TOOLS", {"no-such-tool": "no-such-package"})
    monkeypatch.setattr(doctor, "MODULES", {"no_such_module": "python3-no-such-module"})
    checks = {check.name: check for check in doctor.examine()}
    assert not checks["TUN"].ok and "No such device" in checks["TUN"].detail
    assert "apt-get install no-such-package" in checks["no-such-tool"].remedy
    assert "python3-no-such-module" in checks["Python modules"].remedy
    assert not doctor.able(checks.values())


def test_forms():
    checks = [Check("veth", True, True, "links"), Check("TUN", False, True, "gone", "get it"),
              Check("netem", False, False, "gone", "do without")]
    assert [line.split()[0] for line in doctor.as_table(checks)] == ["yes", "MISSING", "->", "no", "->"]
    assert json.loads(json.dumps(doctor.as_json(checks)))[1] == {
        "name": "TUN", "ok": False, "needed": True, "detail": "gone", "remedy": "get it"}
    assert doctor.able(checks[::2]) and not doctor.able(checks)
