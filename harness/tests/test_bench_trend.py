"""`ikelab bench trend`: how often it is wrong, what it finds, whom it lays it to, and that it finds a real sleep."""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import combinations
from pathlib import Path

import bench_plant
import jsonschema
import pytest
from bench_plant import Plant
from click.testing import CliRunner
from ikelab.bench import prober
from ikelab.bench.changepoint import LEAST_RUNS, can_tell, divisive, steps
from ikelab.bench.history import LESS, MORE, SCHEMA, Figure, History, Record
from ikelab.bench.trend import large, trend
from ikelab.bench.tunnel import Tunnel
from ikelab.bench.variant import Variant
from ikelab.cleanup import build_directory
from ikelab.cli import ikelab

BUILD = build_directory().resolve()
DOCUMENT = json.loads((SCHEMA.parent / "trend.schema.json").read_text())
live = pytest.mark.skipif(os.geteuid() != 0 or not (BUILD / "ikeref").exists() or not prober.program().exists()
                          or not shutil.which("cc"), reason="needs root, a compiler and `make`")

# ---- the method ----


def noise(dice: random.Random, count: int = 20, sigma: float = 0.05, factor: float = 1.0) -> list[float]:
    return [100 * factor * dice.lognormvariate(0, sigma) for _ in range(count)]


def heavy(dice: random.Random, count: int = 20) -> list[float]:
    """Student's t with two degrees of freedom: now and then one lies far out, as on a machine that does other things."""
    return [1000 + 10 * dice.gauss(0, 1) / (dice.expovariate(1) ** 0.5) for _ in range(count)]


@pytest.mark.parametrize("make", [noise, heavy])
@pytest.mark.parametrize("level, most", [(0.05, 70), (0.01, 21)])
def test_a_series_without_a_change_has_one_as_rarely_as_the_level_says(make, level, most):
    """Of a thousand: 50 are expected and 70 are 2.9 standard deviations off, 10 and 21 are 3.5."""
    dice = random.Random(f"{make.__name__} {level}")
    found = sum(bool(divisive(make(dice), level)) for _ in range(1000))
    assert found <= most and found >= 1000 * level / 3


@pytest.mark.parametrize("factor, since, of_20", [(2.0, 10, 20), (1.3, 10, 20), (1.15, 10, 15), (0.7, 10, 20), (1.5, 5, 20)])
def test_a_change_is_found_where_it_is(factor, since, of_20):
    """Of twenty runs that scatter by 5 % the last ones have changed; found within one run of its place."""
    dice = random.Random(f"{factor} {since}")
    found = 0
    for _ in range(20):
        places = divisive([*noise(dice, 20 - since), *noise(dice, since, factor=factor)], 0.001)
        found += len(places) == 1 and abs(places[0] - (20 - since)) <= 1
    assert found >= of_20


def test_several_changes_are_found():
    dice = random.Random(1)
    values = [*noise(dice, 15), *noise(dice, 15, factor=1.4), *noise(dice, 15, factor=1.1)]
    assert divisive(values, 0.01) == [15, 30]


def test_the_place_is_where_the_energy_distance_is_greatest():
    """The paper's formula written out, over logarithms; changes are certain here, so only the place is of interest."""
    import math
    dice = random.Random(7)
    values = [*noise(dice, 9), *noise(dice, 6, factor=1.6)]
    logs = [math.log(one) for one in values]

    def q(place: int) -> float:
        x, y = logs[:place], logs[place:]
        def mean(pairs):
            return statistics.fmean(abs(a - b) for a, b in pairs)
        apart = 2 * mean((a, b) for a in x for b in y) - mean(combinations(x, 2)) - mean(combinations(y, 2))
        return apart * len(x) * len(y) / len(values)
    best = max(range(LEAST_RUNS, len(values) - LEAST_RUNS + 1), key=q)
    assert divisive(values, 0.4)[0] == best or best in divisive(values, 0.4)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0, 3.0], [5.0] * 30, [0.0] * 10, [-1.0, 1.0] * 10])
def test_what_cannot_have_changed(values):
    assert divisive(values, 0.01) == []


def test_a_level_is_a_share():
    with pytest.raises(ValueError, match="between 0 and 1"):
        divisive([1.0], 0)


@pytest.mark.parametrize("values, tolerance, places", [
    ([100, 100.9, 100, 101.1, 101.1], 0.01, [3]), ([100, 100.6, 101.2, 101.8, 102.4], 0.01, [2, 4]), ([0, 0, 1, 1, 0], 0, [2, 4]),
    ([], 0, []), ([3], 0, [])])
def test_counts_change_by_steps_and_also_by_many_small_ones(values, tolerance, places):
    assert steps(values, tolerance) == places


def test_a_change_that_is_too_small_is_none_and_its_sides_become_one():
    values = [100.0] * 5 + [103.0] * 5 + [120.0] * 5
    assert large(values, [5, 10], 0.05) == [10] and large(values, [5, 10], 0.5) == [] and large(values, [5, 10], 0.02) == [5, 10]
    assert large([0.0, 0.0, 1.0, 1.0], [2], 0.05) == [2]


def test_many_series_together_are_wrong_no_oftener():
    """Of twenty histories with thirty series each, one is expected at 5 %; were each series given 5 %, nearly all."""
    dice = random.Random(11)
    wrong = 0
    for _ in range(20):
        series = [noise(dice) for _ in range(30)]
        runs = [run(number, *(Figure(f"{i}", one[number], "", LESS) for i, one in enumerate(series))) for number in range(20)]
        wrong += any(one.changes for one in trend(runs, 0.05, 0.0))
    assert wrong <= 4


# ---- whose doing it is ----

MACHINE = {"system": "Linux", "kernel": "6.1", "cpus": 2, "python": "3.11", "processor": "a processor"}
LIBRARIES = {"libcrypto": "OpenSSL 3.0"}


def run(number: int, *figures: Figure, **changes: object) -> Record:
    values = {"bench": "tunnel", "commit": f"{number:040x}", "dirty": False, "date": f"2026-01-{1 + number:02d}T00:00:00Z",
              "machine": MACHINE, "libraries": LIBRARIES, **changes}
    return Record(figures=figures, **values)


def history(levels: Sequence[float], controls: Sequence[float] = (), changed: dict[str, object] | None = None,
            better: str = LESS) -> list[Record]:
    """`changed`: what is otherwise in the second half."""
    dice = random.Random(3)
    found = []
    for number, level in enumerate(levels):
        figures = [Figure("speed", level * dice.lognormvariate(0, 0.02), "us", better)]
        figures += [Figure("raw", controls[number] * dice.lognormvariate(0, 0.02), "us", better, control=True)] if controls else []
        found.append(run(number, *figures, **(changed or {}) if number >= len(levels) // 2 else {}))
    return found


SLOWER = [100.0] * 10 + [130.0] * 10


def changes(runs: Sequence[Record]) -> list:
    return [one for series in trend(runs, 0.01, 0.05) if not series.figure.control for one in series.changes]


def test_what_has_become_slower_lies_between_two_commits():
    (one,) = changes(history(SLOWER))
    assert (int(one.last.commit, 16), int(one.first.commit, 16)) == (9, 10)
    assert one.worse and one.alarming and one.share == pytest.approx(0.3, abs=0.03)
    (one,) = changes(history(SLOWER, better=MORE))
    assert not one.worse and not one.alarming


@pytest.mark.parametrize("changed, sentence", [
    ({"machine": {**MACHINE, "kernel": "6.2"}}, "kernel: 6.1 then, 6.2 now"),
    ({"libraries": {"libcrypto": "OpenSSL 3.5"}}, "libcrypto: OpenSSL 3.0 then, OpenSSL 3.5 now")])
def test_what_else_changed_there_is_named_and_no_alarm(changed, sentence):
    (one,) = changes(history(SLOWER, changed=changed))
    assert one.worse and one.excuses == (sentence,) and not one.alarming


def test_the_same_commit_cannot_have_become_slower():
    runs = [run(number, *one.figures, commit="a" * 40) for number, one in enumerate(history(SLOWER))]
    (one,) = changes(runs)
    assert one.excuses == ("it is the same commit",)
    (one,) = changes([run(number, *one.figures, commit="a" * 40, dirty=True) for number, one in enumerate(history(SLOWER))])
    assert one.alarming  # somebody works on it
    (one,) = changes([run(number, *one.figures, commit="") for number, one in enumerate(history(SLOWER))])
    assert one.alarming  # nobody knows


def test_where_the_link_changes_too_it_is_the_machine():
    (one,) = changes(history(SLOWER, SLOWER))
    assert one.excuses == ("raw changed there too",)
    (one,) = changes(history(SLOWER, [100.0] * 3 + [130.0] * 17))
    assert one.alarming  # elsewhere


def test_another_processor_is_another_series():
    other = {"machine": {**MACHINE, "processor": "a slower one"}}
    found = trend(history(SLOWER, changed=other), 0.01, 0.05)
    assert [len(one.values) for one in found] == [10, 10] and not any(one.changes for one in found)


@pytest.mark.parametrize("half, level, can", [(4, 0.03, True), (4, 0.02, False), (5, 0.02, True), (5, 0.007, False), (1, 0.9, False), (0, 0.9, False)])
def test_few_runs_say_nothing(half, level, can):
    """2 of 70 orders of four and four, 2 of 252 of five and five: whatever lies between them, nothing can be rarer."""
    assert can_tell(2 * half, level) == can
    for one in trend(history([100.0] * half + [900.0] * half), level, 0.05):
        assert one.too_short != can and bool(one.changes) == can


def test_a_kernel_counts_no_instructions():
    runs = [run(number, Figure("esp", 100.0 + 5 * (number > 4), "instructions", LESS, 0.01),
                machine={**MACHINE, "kernel": "6.2" if number > 4 else "6.1"}) for number in range(8)]
    ((one,),) = (series.changes for series in trend(runs, 0.01, 0.05))
    assert one.alarming and one.number == 5


# ---- the command ----


@pytest.fixture
def lab(tmp_path: Path) -> Callable:
    def play(runs: Sequence[Record], *words: str):
        path = tmp_path / "history.jsonl"
        path.unlink(missing_ok=True)
        for one in runs:
            History(path).append(one)
        return CliRunner().invoke(ikelab, ["bench", "trend", "--history", str(path), *words])
    return play


def test_the_exit_status_is_whether_something_became_worse(lab, tmp_path):
    out, page = tmp_path / "out.json", tmp_path / "page.html"
    done = lab(history(SLOWER, [50.0] * 20), "--json", str(out), "--page", str(page))
    assert done.exit_code == 1, done.output
    assert "worse: speed" in done.output and "between 00000000 and 00000000" in done.output
    assert "1 changes for the worse in 20 runs" in done.output and all(len(line) <= 80 for line in done.output.splitlines())
    found = json.loads(out.read_text())
    jsonschema.validate(found, DOCUMENT)
    assert found["alarms"] == 1 and [one["figure"]["name"] for one in found["results"]] == ["speed", "raw"]
    assert page.read_text().count("<svg") == 2 and 'class="change worse"' in page.read_text()
    assert lab(history([100.0] * 20)).exit_code == 0
    assert lab(history(SLOWER, SLOWER)).exit_code == 0


@pytest.mark.parametrize("since, status", [("2026-01-05", 1), ("2026-01-25", 0), (f"{4:040x}", 1), (f"{15:040x}", 0)])
def test_what_is_known_already_is_no_alarm(lab, since, status):
    assert lab(history(SLOWER), "--since", since).exit_code == status


def test_only_some_figures_or_runs(lab):
    runs = history(SLOWER, [50.0] * 20)
    assert lab(runs, "speed").exit_code == 1
    assert lab(runs, "--last", "9").exit_code == 0
    done = lab(runs, "dance")
    assert done.exit_code == 2 and "no figure of the history begins so" in done.output


def test_what_became_many_times_as_slow_keeps_to_80_columns_and_new_things_have_no_share(lab):
    runs = [run(number, Figure("a name of more than thirty-six columns", 1.0 if number < 2 else 1234.5, "us", LESS, 0.0),
                Figure("calls", float(number > 2), "", LESS, 0.0)) for number in range(4)]
    done = lab(runs)
    assert done.exit_code == 1 and " x 1,234\n" in done.output and "(new)" in done.output
    assert all(len(line) <= 80 for line in done.output.splitlines())


def test_controls_alone_are_a_history_too(lab):
    assert lab([run(number, Figure("raw", 1.0, "us", LESS, control=True)) for number in range(3)]).exit_code == 0


def test_names_in_a_page_are_text(lab, tmp_path):
    page = tmp_path / "page.html"
    runs = [run(number, Figure("<b>&", 1.0 + number % 3, "<i>", LESS)) for number in range(9)]
    assert lab(runs, "--page", str(page)).exit_code == 0
    text = page.read_text()
    assert "<b>&" not in text and "<i>" not in text and "&lt;b&gt;&amp;" in text


def test_counts_that_are_as_they_were_are_one_line(lab):
    done = lab([run(number, *(Figure(f"case {i}", 7, "", LESS, 0.0) for i in range(500))) for number in range(3)])
    assert done.exit_code == 0 and "500 of 500 counts are as they were" in done.output and len(done.output.splitlines()) < 6


def test_what_is_wrong_ends_in_a_sentence(lab, tmp_path):
    done = lab(history(SLOWER), "--since", "no-such-commit")
    assert done.exit_code == 2 and "no run of the history is of 'no-such-commit'" in done.output
    assert lab(history(SLOWER), "--since", "").exit_code == 2
    done = lab([])
    assert done.exit_code == 3 and "no history" in done.output
    path = tmp_path / "bad"
    path.write_text("nonsense\n")
    done = CliRunner().invoke(ikelab, ["bench", "trend", "--history", str(path)])
    assert done.exit_code == 2 and "line 1 of" in done.output and "remove that line" in done.output
    path.write_text("\n")
    done = CliRunner().invoke(ikelab, ["bench", "trend", "--history", str(path)])
    assert done.exit_code == 3 and "is empty" in done.output
    done = lab(history(SLOWER), "--page", "/proc/no/page.html")
    assert done.exit_code == 3 and "cannot write" in done.output


# ---- a real sleep ----

SLEEP_US = 300
RUNS, PROBES = 20, 40


@live
def test_a_sleep_in_the_data_plane_is_found_and_twenty_runs_without_one_raise_no_alarm(tmp_path, lab):
    """Twenty runs, in each of which three tunnels take turns: the reference, the reference again, and one whose every burst out
    is sealed a moment later. The figure is the shortest round trip as so many times the second one's of the same run, so
    that what else the machine does is in neither series."""
    slow = bench_plant.daemon(Plant("", "esp/plane_seal.c", "esp_plane_seal"), f"extern int usleep(unsigned); usleep({SLEEP_US});",
                              BUILD, tmp_path / "planted")
    with ExitStack() as stack:
        probers = []
        for number, program in enumerate((None, None, slow)):
            directory = tmp_path / str(number)
            directory.mkdir()
            tunnel = stack.enter_context(Tunnel(Variant("", program, (("seccomp", "off"),)), directory))
            probers.append(tunnel.prober())
            stack.callback(probers[-1].close)
        rounds = [[one.rtt(PROBES, 500).minimum for one in probers] for _ in range(RUNS)]
    without = [own / again for own, again, _ in rounds]
    planted = [own / again if number < RUNS // 2 else slower / again for number, (own, again, slower) in enumerate(rounds)]
    assert min(slower for _, _, slower in rounds) > 2 * SLEEP_US / 2

    def played(values: Sequence[float]):
        return lab([run(number, Figure("round trip", value, "", LESS)) for number, value in enumerate(values)],
                   "--level", "0.001", "--least", "25")
    done = played(without)
    assert done.exit_code == 0, f"{done.output}\n{without}"
    done = played(planted)
    assert done.exit_code == 1 and "worse: round trip" in done.output, f"{done.output}\n{planted}"
    (series,) = trend([run(number, Figure("round trip", value, "", LESS)) for number, value in enumerate(planted)], 0.001, 0.25)
    assert [one.number for one in series.changes] == [RUNS // 2]
