"""Vector files through the C reference: build/vector-runner prints one JSON line a test."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from .model import Kind, Outcome, VectorFile, VectorFileError
from .packages import build_directory


class NoRunner(Exception):
    """vector-runner is not built; the message says how to."""


def program() -> Path:
    found = build_directory() / "vector-runner"
    if not found.is_file():
        raise NoRunner(f"{found} is not built; run `make vectors`, which builds it")
    return found


def run(files: Iterable[VectorFile]) -> Iterator[Outcome]:
    """The outcomes of all files, in their order. The runner ends with its last file."""
    by_path = {str(file.path): file for file in files}
    if not by_path:
        return
    with subprocess.Popen([program(), *by_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        for line in process.stdout:
            found = json.loads(line)
            file = by_path[found["file"]]
            yield Outcome("ref", file.source, file.name, found["algorithm"],
                          found["group"], found["tcId"], Kind(found["outcome"]), found["reason"])
        said = process.stderr.read().strip()
    if process.returncode != 0:
        raise VectorFileError(said or f"vector-runner ended with status {process.returncode}")


def record(file: Path) -> list[dict]:
    """What the reference sends when it plays a file's exchanges with randomness from its streams."""
    done = subprocess.run([program(), "--record", file], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise VectorFileError(done.stderr.strip() or f"vector-runner ended with {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines()]
