"""What a long life brings: ten thousand connects, a clock that somebody sets, an uplink that goes and comes back."""

from __future__ import annotations

import os

import pytest
from hardship import LIBRARY, Hardship
from ikelab import process
from ikelab.peers.contract import PeerError
from ikelab.stage.proof import Proof
from ikelab.stage.setting import Setting
from ikelab.traffic import Flow
from reference_pair import ReferencePair

ALL = os.environ.get("IKELAB_ROBUST") == "all"
pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not LIBRARY.exists(),
                                reason="needs root and the reference: run `make`")
CONNECTS = 10_000 if ALL else 100
WARM_UP = 200 if ALL else 50
GROWTH_MAX_KIB = 128
DAY_S = 86400


def test_connects_and_disconnects_leave_no_memory(make_world, tmp_path):
    """An IKE SA that has ended is kept for ten seconds, to repeat the last answer: time passes quicker here."""
    (tmp_path / "gateway-hardship").mkdir()
    hardships = Hardship(tmp_path), Hardship(tmp_path / "gateway-hardship")
    pair = ReferencePair(make_world("pair"), tmp_path, None, *(one.program for one in hardships))
    pair.start()

    def connect(times: int) -> None:
        for number in range(times):
            pair.client.initiate()
            pair.client.delete("ike")
            if number % 20 == 19:
                for hardship, side in zip(hardships, pair.sides):
                    hardship.pass_time(11)
                    side.events()  # else they wait in the daemon

    connect(WARM_UP)
    before = pair.resident_kib()
    connect(CONNECTS)
    growth = [now - then for now, then in zip(pair.resident_kib(), before)]
    print(f"{CONNECTS} connects: resident memory grew by {growth} KiB, from {before}")
    assert max(growth) <= GROWTH_MAX_KIB, growth
    assert all(not side.status().ike_sas for side in pair.sides)
    pair.stop()


def test_a_clock_that_somebody_sets(make_world, tmp_path):
    """SAs live by a clock that nobody sets; whether a certificate is valid is asked of the calendar."""
    setting = Setting()
    setting.proof = Proof("certificate", tmp_path / "credentials")
    hardship = Hardship(tmp_path)
    pair = ReferencePair(make_world("pair"), tmp_path, setting, client_program=hardship.program)
    pair.start()
    pair.client.initiate()
    with Flow().udp(*pair.hosts, interval_ms=2) as traffic:
        for days in (400, -400, 0, 36500, -18000):
            hardship.set_calendar(days * DAY_S)
            pair.client.liveness()
            pair.client.rekey("child")
            traffic.wait_more(5)
    assert traffic.lost == 0
    assert len(pair.client.status().established()) == 1
    pair.client.delete("ike")
    hardship.set_calendar(3 * DAY_S)
    with pytest.raises(PeerError):
        pair.client.initiate()
    process.await_that(lambda: "certificate-expired" in {one.fields.get("refusal") for one in pair.client.events()},
                       "the event that says why")
    hardship.set_calendar(0)
    pair.client.initiate()
    pair.stop()


def test_an_uplink_that_goes_and_comes_back(make_world, tmp_path):
    """The interface under the SAs loses its addresses and its carrier. Nothing is protected less, nobody dies, and when it
    is back the same Child SA carries packets."""
    pair = ReferencePair(make_world("pair"), tmp_path)
    client, gateway = pair.hosts
    pair.start()
    pair.client.initiate()
    assert Flow().ping(client, gateway, count=1).received == 1
    before = pair.client.status().installed()
    routes = [line for family in ("-4", "-6")
              for line in client.run(["ip", family, "route", "show", "dev", "wire"]).stdout.splitlines()]
    for _ in range(3):
        client.ip("link set wire down")
        assert Flow().ping(client, gateway, count=1, deadline_s=0.2).received == 0
        client.ip("link set wire up")
        for line in routes:
            client.run(["ip", "route", "replace", *line.split(), "dev", "wire"], check=False)
    process.await_that(lambda: Flow().ping(client, gateway, count=1, deadline_s=0.5).received == 1,
                       "packets after the uplink is back", deadline_s=20)
    assert [one.spi_in for one in pair.client.status().installed()] == [one.spi_in for one in before]
    pair.stop()
