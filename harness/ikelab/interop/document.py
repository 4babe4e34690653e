"""The document of a matrix: what `ikelab run --json` writes, with the cells and how they came to be beside."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..result import Result, document
from ..stage.proof import METHODS
from .baseline import BaselineError
from .matrix import Matrix, matrix, where_the_time_went


@dataclass(slots=True)
class About:
    """How the results came to be. `seconds` is by the clock; of merged runs, that of the longest."""

    seconds: float = 0.0
    workers: int = 0
    budget_s: float = 0.0
    shards: list[str] = field(default_factory=list)  # "1/3": which parts of the plan are in here; none: all of it
    scenarios: str = "auto"
    authentication: list[str] = field(default_factory=lambda: [METHODS[0]])
    not_built: list[str] = field(default_factory=list)
    deaths: list[str] = field(default_factory=list)  # of workers


def build(results: Sequence[Result], started: float, about: About) -> dict[str, Any]:
    found = document(results, started)
    made = matrix(results)
    found["interop"] = {**asdict(about), "peers": made.versions, "cells": cells(made),
                        "spent": where_the_time_went(results)}
    return found


def cells(found: Matrix) -> list[dict[str, Any]]:
    return [{"initiator": one.initiator, "responder": one.responder, "authentication": one.authentication,
             "passed": one.passed, "of": len(one.results),
             "worst": str(one.worst), "verdicts": {str(name): count for name, count in sorted(one.verdicts.items())},
             "seconds": round(one.seconds, 1)} for one in found.in_order]


def read(directory: Path, target: Path) -> tuple[list[Result], About, str]:
    """Results of a run, with artefacts as seen from `target`; about it; when it started."""
    file = directory / "results.json" if directory.is_dir() else directory
    try:
        found = json.loads(file.read_text())
        results = [Result.from_dict(one) for one in found["results"]]
        about, started = About(**{name: found["interop"][name] for name in About.__dataclass_fields__}), found["started"]
    except OSError as error:
        raise BaselineError(f"cannot read {file}: {error.strerror}; give directories that `ikelab interop` wrote") \
            from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BaselineError(f"{file} was not written by `ikelab interop` ({type(error).__name__}: {error})") from error
    for one in results:
        if one.artefacts:
            one.artefacts = os.path.relpath(file.parent / one.artefacts, target)
    return results, about, started


def merged(parts: Iterable[tuple[list[Result], About, str]]) -> tuple[list[Result], About]:
    """One run from its shards, or from several whole ones. Raises BaselineError when they do not belong together: two hold
    the same result, or a shard is of a run that was asked for something else."""
    parts = list(parts)
    results: dict[str, Result] = {}
    whole = About()
    for _, about, _ in parts:
        if about.shards and asked(about) != asked(parts[0][1]):
            raise BaselineError(f"part {', '.join(about.shards)} is of a run that was asked for something else; give the "
                                f"shards of one run, and merge runs when each is whole")
    whole.authentication = [method for method in METHODS if any(method in about.authentication for _, about, _ in parts)]
    for found, about, _ in parts:
        for one in found:
            if one.identity in results:
                raise BaselineError(f"{one.identity} is in two of these runs; give the shards of one run, each once")
            results[one.identity] = one
        whole.seconds = max(whole.seconds, about.seconds)
        whole.workers = max(whole.workers, about.workers)
        whole.budget_s, whole.scenarios = about.budget_s, about.scenarios
        whole.shards += about.shards
        whole.deaths += about.deaths
        whole.not_built = sorted({*whole.not_built, *about.not_built})
    whole.shards = missing_of(whole.shards)
    return sorted(results.values(), key=lambda one: one.identity), whole


def asked(about: About) -> tuple[object, ...]:
    """What all shards of a run have in common."""
    return about.scenarios, about.budget_s, about.authentication, [one.partition("/")[2] for one in about.shards[:1]]


def missing_of(shards: list[str]) -> list[str]:
    """Nothing when all parts are there: then it is a whole run. Else the parts that are."""
    numbers = {tuple(map(int, one.split("/"))) for one in shards}
    counts = {count for _, count in numbers}
    whole = len(counts) == 1 and {number for number, _ in numbers} == set(range(1, counts.copy().pop() + 1))
    return [] if whole else sorted(shards)
