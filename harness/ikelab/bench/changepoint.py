"""Where a series has changed.

What scatters: E-divisive, the hierarchical divisive estimation of D. S. Matteson and N. A. James, "A Nonparametric Approach
for Multiple Change Point Analysis of Multivariate Data" (Journal of the American Statistical Association 109, 2014), as D. Daly
and others use it for a program's speed in "The Use of Change Point Detection to Identify Software Performance Regressions in
a Continuous Integration System" (ICPE 2020). It supposes no distribution. The place of a change is where the energy
distance between what lies before and after is greatest, and there is one if, of the same figures in other orders chosen
at random, at most a share `level` has a distance as great. With one change found, both sides are looked at by themselves.
As there with one figure a run, distances are absolute differences (their alpha is 1), and a second part always reaches to the end.

What is counted: where it is no longer what it was.

A permutation test holds its level when the runs of a series without a change could have come in any order. On a machine whose load
comes and goes in hours they could not: who uses this lays beside it what the same runs say of something else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LEAST_RUNS = 2  # on each side of a change: one alone may be a mishap
BATCH, ROOM = 64, 1 << 20  # permutations at once to begin with, and distances at once at most
PERMUTATIONS_MOST = 100_000
SEED = 20140101  # the same series always has the same changes

Array = NDArray[np.float64]


def divisive(values: Sequence[float], level: float) -> list[int]:
    """The numbers of the first values after each change; a series without any has one with probability `level`."""
    if not 0 < level < 1:
        raise ValueError("the level is a share between 0 and 1")
    series = np.asarray(values, dtype=np.float64)
    if len(series) and series.min() > 0:
        series = np.log(series)  # speed changes by a factor
    random = np.random.default_rng(SEED)
    found: list[int] = []
    waiting = [(0, len(series))]
    while waiting:
        first, end = waiting.pop()
        place = _change(series[first:end], level, random)
        if place is not None:
            found.append(first + place)
            waiting += [(first, first + place), (first + place, end)]
    return sorted(found)


def can_tell(count: int, level: float) -> bool:
    """Whether so many values have orders enough for one of them to be so rare: the best that can be is that all before is less than
    all after, which halves of the same size are in two orders of so many."""
    return count >= 2 * LEAST_RUNS and 2 / math.comb(count, count // 2) <= level


def steps(values: Sequence[float], tolerance: float) -> list[int]:
    """The same of what is counted: where a value differs by more than this share from the first one since the last change. (From
    the one before, many small steps would be none.)"""
    found, level = [], values[0] if values else 0.0
    for number, value in enumerate(values):
        if abs(value - level) > tolerance * abs(level):
            found.append(number)
            level = value
    return found


def _change(series: Array, level: float, random: np.random.Generator) -> int | None:
    if len(series) < 2 * LEAST_RUNS or series.min() == series.max():
        return None
    distances = np.abs(series[:, None] - series[None, :])
    of_places = _divergence(distances[None])[0]
    best = int(of_places.argmax())
    return LEAST_RUNS + best if _is_rare(distances, float(of_places[best]), level, random) else None


def _is_rare(distances: Array, observed: float, level: float, random: np.random.Generator) -> bool:
    """The test's p is (as_great + 1) / (permutations + 1). It ends when p can be at most `level` no more."""
    permutations = min(math.ceil(10 / level), PERMUTATIONS_MOST)
    allowed = math.floor(level * (permutations + 1)) - 1
    as_great = done = 0
    batch = BATCH
    while done < permutations and as_great <= allowed:
        count = min(batch, permutations - done)
        orders = random.permuted(np.tile(np.arange(len(distances)), (count, 1)), axis=1)
        shuffled = distances[orders[:, :, None], orders[:, None, :]]
        as_great += int((_divergence(shuffled).max(axis=1) >= observed * (1 - 1e-12)).sum())
        done += count
        batch = max(1, min(4 * batch, ROOM // distances.size))
    return as_great <= allowed


def _divergence(distances: Array) -> Array:
    """Of matrices of distances between a series' values: for every place from LEAST_RUNS on, how far what lies before is from
    what lies after, q in the paper: m n / (m + n) (2 E|X - Y| - E|X - X'| - E|Y - Y'|)."""
    length = distances.shape[1]
    upper = np.triu(np.ones((length, length)), 1)
    above = distances * upper
    before = np.cumsum(above.sum(axis=1), axis=1)  # of pairs among the first 1, 2, ... values
    after = np.cumsum(above.sum(axis=2)[:, ::-1], axis=1)[:, ::-1]  # of pairs from value 0, 1, ... on
    m = np.arange(LEAST_RUNS, length - LEAST_RUNS + 1)
    n = length - m
    within_first, within_second = before[:, m - 1], after[:, m]
    between = before[:, -1:] - within_first - within_second
    apart = 2 * between / (m * n) - within_first / (m * (m - 1) / 2) - within_second / (n * (n - 1) / 2)
    return apart * m * n / length
