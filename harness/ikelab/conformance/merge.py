"""One table from several runs of the suite: each column may have been played at its own time, on its own machine."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from ..result import Result

REMEDY = "give directories that `ikelab conform` wrote"


class MergeError(Exception):
    """In one sentence, with the remedy."""


def merged(directories: Iterable[Path]) -> list[Result]:
    """The results of all of them, with the whole paths of their artefacts."""
    found: dict[str, tuple[Result, Path]] = {}
    for directory in directories:
        for one in _read(directory):
            if one.identity in found:
                raise MergeError(f"{one.identity} is in {found[one.identity][1]} and in {directory}; give each run once")
            found[one.identity] = one, directory
    return [one for one, _ in found.values()]


def _read(directory: Path) -> list[Result]:
    file = directory / "results.json" if directory.is_dir() else directory
    try:
        results = [Result.from_dict(one) for one in json.loads(file.read_text())["results"]]
    except OSError as error:
        raise MergeError(f"cannot read {file}: {error.strerror}; {REMEDY}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MergeError(f"{file} holds no results ({type(error).__name__}: {error}); {REMEDY}") from error
    for one in results:
        if not (one.test and one.role):
            raise MergeError(f"{file} is of scenarios, not of conformance tests; {REMEDY}")
        if one.artefacts:
            one.artefacts = str(file.resolve().parent / one.artefacts)
    return results
