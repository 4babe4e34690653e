"""`ikelab bench contest` and `claim`: the statistics, the search for a rate, the verdicts, who is left out, and real ones."""

from __future__ import annotations

import json
import math
import os
import shutil
import socket
import threading
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from ikelab import workplace
from ikelab.bench import contest as contests
from ikelab.bench import history, prober, stream, tunnel
from ikelab.bench.claim import CLAIM, GOALS, Statement, judge, overall
from ikelab.bench.contest import Contest, Plan
from ikelab.bench.contestants import table
from ikelab.bench.contestants.contract import Contestant
from ikelab.bench.contestants.table import LIBIPSEC, NULL_CIPHER, OPENVPN, RAW, REFERENCE, Line
from ikelab.bench.decision import Decision, at_least, at_most
from ikelab.bench.profile import CannotProfile, Function, Profile
from ikelab.bench.rate import Load, lossless
from ikelab.bench.ratio import Ratio, ratio_of_sums
from ikelab.bench.usage import usage
from ikelab.cleanup import build_directory
from ikelab.cli import ikelab
from ikelab.process import ProcessError, await_that
from ikelab.result import SCHEMA as RESULTS

SCHEMA = json.loads((RESULTS.parent / "contest.schema.json").read_text())
live = pytest.mark.skipif(os.geteuid() != 0 or not (build_directory() / "ikeref").exists() or not prober.program().exists(),
                          reason="needs root and `make`")


# ---- a ratio of differences ----


def test_fieller_by_hand():
    """Means 6 and 3, variances 1 and 1, covariance 1, t = 4.303 of two degrees: g = t^2 / 3 = 6.172; bounds are
    ((18 - g) +- sqrt((18 - g)^2 - (9 - g)(36 - g))) / (9 - g)."""
    found = ratio_of_sums([5, 6, 7], [2, 3, 4])
    g = 4.30**2 / 3
    root = math.sqrt((18 - g) ** 2 - (9 - g) * (36 - g))
    assert found.mean == pytest.approx(2)
    assert (found.low, found.high) == (pytest.approx((18 - g - root) / (9 - g)), pytest.approx((18 - g + root) / (9 - g)))


def test_a_difference_that_never_varies_has_no_spread():
    found = ratio_of_sums([-1, 3, 1], [-2, 6, 2])
    assert found.mean == pytest.approx(0.5) and not found.bounded  # what it is divided by may be zero
    found = ratio_of_sums([10, 20, 15], [20, 40, 30])
    assert found.low == pytest.approx(0.5) and found.high == pytest.approx(0.5)


def test_what_may_be_zero_divides_nothing():
    found = ratio_of_sums([5, 6, 7], [-3, 0, 4])
    assert not found.bounded and "may be zero" in str(found) and at_most(0.5).decide(found) is Decision.UNDECIDED


def test_one_round_decides_nothing():
    found = ratio_of_sums([1], [100])
    assert "one round" in str(found) and at_most(0.5).decide(found) is Decision.UNDECIDED


@pytest.mark.parametrize("low, high, most, least", [(0.2, 0.4, "holds", "does not hold"), (0.2, 0.6, "undecided", "undecided"),
                                                    (0.6, 0.9, "does not hold", "holds")])
def test_a_bound_is_kept_when_the_whole_interval_keeps_it(low, high, most, least):
    found = Ratio((low + high) / 2, low, high)
    assert at_most(0.5).decide(found) == most and at_least(0.5).decide(found) == least


def test_the_99th_percentile_was_measured():
    found = prober.summary([one * 1000 for one in range(200, 0, -1)], 3)
    assert (found.minimum, found.median, found.p99, found.answered, found.lost) == (1, 100, 198, 200, 3)
    with pytest.raises(stream.CannotPlay, match="none of 7"):
        prober.summary([], 7)


# ---- the search for a rate ----


def link(capacity: float, hiccups: set[int] = frozenset()):
    """Carries so much; in trials of these numbers some is lost for no reason."""
    asked: list[float] = []

    def play(rate: float) -> Load:
        asked.append(rate)
        sent = round(rate)
        lost = sent // 50 if len(asked) - 1 in hiccups else 0
        return Load(sent, min(sent, int(capacity)) - lost, 1.0)
    return play, asked


@pytest.mark.parametrize("capacity", [1500, 23_456, 400_000])
def test_the_search_ends_just_below_what_there_is(capacity):
    play, asked = link(capacity)
    found = lossless(play, steps=7)
    assert capacity / 1.06 < found <= capacity * 1.002 and len(asked) <= 2 * 8
    assert all(asked.count(rate) == 1 for rate in asked if rate > 1.2 * capacity)


def test_a_hiccup_does_not_decide():
    play, _ = link(400_000, {0, 2})  # the lowest, and the first step
    assert 400_000 / 1.06 < lossless(play, steps=7) <= 400_800


def test_what_carries_next_to_nothing():
    play, asked = link(500)
    assert lossless(play) is None and len(asked) == 5


def test_a_sender_that_is_held_up_has_met_the_limit():
    assert not Load(1000, 1000, 1.2).carried(1000) and Load(1000, 999, 1.0).carried(1000) and not Load(1000, 998, 1.0).carried(1000)


# ---- verdicts ----


def figures(reference: float, libipsec: float, scatter: float = 0.0):
    """Round trips: the link's 10, OpenVPN adds 100, by turns so much less or more of its own; the others so many times 100."""
    def of(base: float, scatter: float = 0.0) -> dict[str, list[float]]:
        return {one.measure: [base * (1 + scatter * (-1) ** i) for i in range(6)] for one in CLAIM}
    return {RAW: of(10), OPENVPN: of(110, scatter),
            REFERENCE: of(10 + 100 * reference), LIBIPSEC: of(10 + 100 * libipsec)}


@pytest.mark.parametrize("reference, libipsec, scatter, verdict", [
    (0.4, 0.45, 0.01, "holds"), (0.4, 0.7, 0.01, "does not hold"), (0.4, 0.49, 0.5, "undecided"), (0.7, 0.4, 0.01, "does not hold")])
def test_the_claim_on_figures_made_up(reference, libipsec, scatter, verdict):
    assert overall(judge(CLAIM, figures(reference, libipsec, scatter))) == verdict


def test_what_the_link_itself_costs_is_not_the_tunnels():
    found = judge([Statement(REFERENCE, OPENVPN, "rtt_idle_median", at_most(0.5))], figures(0.4, 1))[0]
    assert found.ratio.mean == pytest.approx(0.4)


def test_who_was_not_measured_is_not_judged():
    of = figures(0.4, 0.4)
    del of[LIBIPSEC]
    found = judge(CLAIM, of)
    assert {one.statement.one for one in found if one.ratio is None} == {LIBIPSEC} and overall(found) is Decision.UNDECIDED
    assert all(one.ratio is None for one in judge(GOALS, {REFERENCE: {"tcp1": [1.0]}}))
    assert overall([]) is Decision.UNDECIDED


# ---- the table, and who is left out ----


def test_a_line_each():
    assert len(set(table.NAMES)) == len(table.TABLE) and all(line.what for line in table.TABLE)
    with pytest.raises(KeyError, match="no contestant ipsec; there are: raw"):
        table.line("ipsec")


class Fake:
    """A contestant of made-up numbers. `log` says in which order they were measured."""

    log: list[str] = []
    commands = ["client: made up"]
    pids = ()

    def __init__(self, place: Path):
        self.name = place.name
        if self.name == "openvpn":
            raise ProcessError("no TUN")

    @staticmethod
    def version() -> str:
        return "1"

    @staticmethod
    def missing() -> str:
        return ""

    def addresses(self) -> tuple[str, str]:
        return "10.0.0.1", "10.0.0.2"

    def close(self) -> None:
        self.log.append(f"close {self.name}")


class FakeProber:
    def __init__(self, contestant: Fake):
        self.name = contestant.name

    def close(self) -> None:
        pass

    def rtt(self, count: int, interval_us: int):
        Fake.log.append(self.name)
        if self.name == "libipsec" and Fake.log.count(self.name) == 2:
            raise stream.CannotPlay("none of 5 probes came back")
        base = {"raw": 10, "reference": 50}.get(self.name, 110)
        return prober.summary([(base + len(Fake.log) % 2) * 1000] * 5, 0)

    def start_load(self, octets: int, rate: float, seconds: float):
        class Nothing:
            kill = staticmethod(lambda: None)
        return Nothing

    rtt_command = prober.Prober.rtt_command
    load_command = prober.Prober.load_command
    _address = "10.0.0.2"


class Missing(Fake):
    @staticmethod
    def missing() -> str:
        return "it is not installed: run `ci/install.sh --bench`"


@pytest.fixture
def made_up(tmp_path, monkeypatch):
    """The command with contestants that are made up; openvpn does not come up, wireguard-go is not installed."""
    Fake.log = []
    lines = tuple(Line(line.name, Missing if line.name == "wireguard-go" else Fake, line.what, line.by_default)
                  for line in table.TABLE)
    monkeypatch.setattr(table, "TABLE", lines)
    monkeypatch.setattr(contests, "_ready", FakeProber)
    monkeypatch.setattr(contests, "LOAD_HEAD_S", 0)
    monkeypatch.setenv("IKELAB_BUILD", str(tmp_path))
    monkeypatch.setattr("ikelab.cli.bench_history.stale", lambda build, program: False)
    (tmp_path / "prober").write_text("")
    monkeypatch.setattr("ikelab.cli.bench_contest.require_root", lambda: None)
    return lambda *arguments: CliRunner().invoke(ikelab, ["bench", *arguments])


def test_they_take_turns_and_each_round_begins_with_another(made_up, tmp_path):
    with Contest(("raw", "reference", "null-cipher"), tmp_path / "play") as contest:
        contest.play(Plan(rounds=2, probes=5, kinds=("rtt",)))
    assert Fake.log[:6] == ["raw", "reference", "null-cipher"] * 2
    assert Fake.log[6:12] == ["reference", "null-cipher", "raw"] * 2
    assert sorted(Fake.log[12:]) == ["close null-cipher", "close raw", "close reference"]


def test_who_is_missing_or_fails_is_a_sentence_and_the_others_go_on(made_up, tmp_path):
    out, page = tmp_path / "out.json", tmp_path / "page.html"
    done = made_up("contest", "--measure", "rtt", "--rounds", "3", "--probes", "5", "--json", str(out), "--page", str(page),
                   "--history", str(tmp_path / "history"))
    assert done.exit_code == 0, done.output
    (run,) = history.read(tmp_path / "history")
    assert run.bench == "contest" and {one.name.split()[0] for one in run.figures} == {"reference", "null-cipher", "raw"}
    assert "wireguard-go  unsupported: it is not installed: run `ci/install.sh --bench`" in done.output
    assert "openvpn       unsupported: it did not come up: no TUN" in done.output
    assert "libipsec      unsupported: it failed while it was measured: none of 5" in done.output
    document = json.loads(out.read_text())
    jsonschema.validate(document, SCHEMA)
    assert document["claim"] == [] and document["ratios"] == []
    found = {one["contestant"]: one for one in document["results"]}
    assert set(found) == {line.name for line in table.TABLE if line.by_default}
    assert len(found["reference"]["figures"]["rtt_idle_median"]) == 3 and found["reference"]["commands"] == ["client: made up"]
    assert found["libipsec"]["figures"] == {} and "came back" in found["libipsec"]["reason"]
    text = page.read_text()
    assert "run `ci/install.sh --bench`" in text and "made up" in text and "nan" not in text.lower().split("</style>")[1]


@pytest.mark.parametrize("faulty", [False, True])
def test_a_profile_is_in_the_page_and_the_document_or_a_sentence(made_up, tmp_path, monkeypatch, faulty):
    def profile(self, name, seconds):
        if faulty:
            raise CannotProfile("perf is not there")
        return Profile(10, {"ikeref": 1.0}, (Function("esp_<seal>", "ikeref", 1.0),))
    monkeypatch.setattr(Contest, "profile", profile)
    monkeypatch.setattr("ikelab.cli.bench_contest.missing_iperf3", lambda: "")
    out, page = tmp_path / "out.json", tmp_path / "page.html"
    done = made_up("contest", "reference", "--measure", "rtt", "--rounds", "2", "--probes", "5", "--profile", "--json", str(out),
                   "--page", str(page))
    assert done.exit_code == 0, done.output
    document = json.loads(out.read_text())
    jsonschema.validate(document, SCHEMA)
    if faulty:
        assert document["profile"] == {"reason": "perf is not there"} and "No profile: perf is not there" in page.read_text()
        assert "no profile: perf is not there" in done.output
    else:
        assert document["profile"]["functions"] == [{"name": "esp_<seal>", "part": "ikeref", "share": 1.0}]
        assert "esp_&lt;seal&gt;" in page.read_text() and " 100.0%  ikeref                esp_<seal>" in done.output


def test_the_claims_exit_status(made_up, monkeypatch, tmp_path):
    done = made_up("claim", "--rounds", "2", "--probes", "5")
    assert done.exit_code == 3 and "the claim needs openvpn: it did not come up: no TUN" in done.output

    def outcome(reference: float, libipsec: float, scatter: float) -> int:
        made = figures(reference, libipsec, scatter)
        monkeypatch.setattr("ikelab.cli.bench_contest._play", lambda names, plan: FakePlayed(made))
        done = made_up("claim", "--json", str(tmp_path / "out.json"))
        assert "the claim" in done.output
        document = json.loads((tmp_path / "out.json").read_text())
        jsonschema.validate(document, SCHEMA)
        assert len(document["ratios"]) == len(CLAIM)
        return done.exit_code
    assert [outcome(0.4, 0.4, 0.01), outcome(0.4, 0.9, 0.01), outcome(0.4, 0.49, 0.5)] == [0, 1, 4]


class FakePlayed:
    versions: dict[str, str] = {}
    absent: dict[str, str] = {}
    commands: dict[str, list[str]] = {}
    addresses = {"raw": ("10.0.0.1", "10.0.0.2")}

    def __init__(self, made):
        self.figures = made
        self.probers = {"raw": FakeProber(Fake(Path("raw")))}


@pytest.mark.parametrize("arguments, sentence", [
    (("contest", "ipsec"), "no contestant ipsec; there are: raw"),
    (("contest", "--rounds", "30", "--seconds", "10"), "12 are the limit"), (("claim", "--rounds", "30", "--probes", "5000"), "limit")])
def test_wrong_usage(made_up, arguments, sentence):
    done = made_up(*arguments)
    assert done.exit_code == 2 and sentence in done.output and not Fake.log


def test_without_the_programs(made_up, tmp_path, monkeypatch):
    monkeypatch.setattr(tunnel, "missing", lambda: "run `ci/install.sh`")
    monkeypatch.setattr("ikelab.cli.bench_contest.missing_iperf3", lambda: "iperf3: run `ci/install.sh`")
    done = made_up("contest")
    assert done.exit_code == 3 and "ci/install.sh" in done.output
    (tmp_path / "prober").unlink()
    done = made_up("contest", "--measure", "rtt")
    assert done.exit_code == 3 and "run `make`" in done.output


def test_the_link_alone_is_no_contest(made_up):
    done = made_up("contest", "raw", "--measure", "rtt", "--rounds", "1")
    assert done.exit_code == 3 and "ask for a CONTESTANT beside raw" in done.output


def test_all_threads_are_counted():
    """One sleeps that is not the first."""
    gate, slept = threading.Event(), threading.Event()

    def work() -> None:
        for _ in range(50):
            threading.Event().wait(0.001)
        slept.set()
        gate.wait(30)
    first = Path("/proc/self/status").read_text()
    before = usage([os.getpid()])
    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert slept.wait(30)
        spent, now = usage([os.getpid()]).since(before), Path("/proc/self/status").read_text()
        assert spent.wake_ups - (sleeps(now) - sleeps(first)) >= 50 and spent.seconds > 0
    finally:
        gate.set()
        thread.join()


def sleeps(status: str) -> int:
    return int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])


# ---- real ones ----


@live
def test_one_pair_and_every_measure(tmp_path: Path):
    directory = workplace.workplace(tmp_path / "play")
    kinds = contests.KINDS if not tunnel.missing() else ("udp", "rtt")
    try:
        with Contest((RAW, REFERENCE), directory) as contest:
            contest.play(Plan(rounds=1, seconds=1, load_seconds=0.05, steps=1, probes=5, kinds=kinds))
            assert contest.absent == {}
            for name, of in contest.figures.items():
                wanted = {column for column in ("udp64", "udp512", "udp1400", "rtt_idle_median", "rtt_loaded_p99")}
                assert wanted <= set(of) and all(value > 0 for values in of.values() for value in values), name
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@live
@pytest.mark.parametrize("name", [line.name for line in table.TABLE if line.name not in (RAW, REFERENCE)])
def test_each_comes_up_and_a_probe_comes_back(name, tmp_path):
    if sentence := table.line(name).kind.missing():
        pytest.skip(sentence)
    directory = workplace.workplace(tmp_path / "play")
    try:
        with Contest((name,), directory) as contest:
            assert contest.absent == {}
            (one,) = contest.entrants.values()
            assert one.prober.rtt(3, 1000).answered > 0
            assert usage(one.contestant.pids).seconds > 0 and contest.commands[name] and contest.versions[name]
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@live
@pytest.mark.parametrize("name, bare", [(NULL_CIPHER, True), (REFERENCE, False)])
def test_only_without_its_cipher_a_packet_can_be_read_on_the_link(name, bare, tmp_path):
    directory = workplace.workplace(tmp_path / "play")
    try:
        with Contest((name,), directory) as contest:
            assert contest.absent == {}
            contestant: Contestant = contest.entrants[name].contestant
            wire = contestant.gateway.call(packet_socket, contestant.gateway.links[0])
            with wire:
                octets = b"what the inner packet carries" * 4
                sender = contestant.client.call(socket.socket, socket.AF_INET, socket.SOCK_DGRAM)
                with sender:
                    sender.sendto(octets, (contestant.addresses()[1], 9))

                def look() -> bytes:
                    return next((one for one in iter(lambda: received(wire), b"") if len(one) > len(octets)), b"")
                frame = await_that(look, "a frame of that size on the link", 30)
            assert (octets in frame) is bare
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def packet_socket(interface: str) -> socket.socket:
    found = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    found.bind((interface, 0))
    found.setblocking(False)
    return found


def received(wire: socket.socket) -> bytes:
    try:
        return wire.recv(65536)
    except BlockingIOError:
        return b""
