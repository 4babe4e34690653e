"""Commits: what lies between two, and programs of another one, built here and now with the same compiler and libraries."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from ..cleanup import build_directory
from .history import MEASURED
from .measure import ROOT


class NoSuchCommit(Exception):
    """It is none, or has no bench; one sentence."""


class NoBench(NoSuchCommit):
    """It is older than ref/bench."""


class CannotBuild(Exception):
    """It does not build on this machine; the last words are said."""


def known(commit: str) -> str:
    """Its 40 digits, or "" when it is none of this tree."""
    found = subprocess.run(["git", "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}"], cwd=ROOT, capture_output=True,
                           text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else ""


def between(before: str, after: str) -> list[str]:
    """What came to the reference after the one up to the other, the newest first; nothing where either is not known here."""
    if not before or not after:
        return []
    found = subprocess.run(["git", "log", "--format=%h %s", f"{before}..{after}", "--", *MEASURED], cwd=ROOT, stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, check=False)
    return found.stdout.splitlines() if found.returncode == 0 else []


def program(commit: str) -> Path:
    """build/ikebench."""
    return build(commit, "ikebench") / "ikebench"


def build(commit: str, *programs: str) -> Path:
    """The directory with these programs, build/bench/COMMIT/build, which is kept for the next time."""
    sha = known(commit)
    if not sha:
        raise NoSuchCommit(f"{commit!r} is no commit of this tree; `git log --oneline` names them")
    tree = build_directory().resolve() / "bench" / sha
    if not (tree / "Makefile").exists():
        _unpack(sha, tree)
    if "ikebench" in programs and not (tree / "ref/bench").is_dir():
        raise NoBench(f"{commit} has no ref/bench to count with; name a commit from after it was added")
    environment = {name: value for name, value in os.environ.items() if name not in ("BUILD", "MAKEFLAGS", "MFLAGS")}
    made = subprocess.run(["make", "--no-print-directory", "BUILD=build", *(f"build/{one}" for one in programs)], cwd=tree,
                          env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        words = (made.stderr.strip() or made.stdout.strip()).splitlines()
        raise CannotBuild(f"{commit} does not build here: {words[-1] if words else 'make failed'}; try it in {tree}")
    return tree / "build"


def _unpack(sha: str, tree: Path) -> None:
    tree.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(["git", "archive", sha, "ref", "Makefile"], cwd=ROOT, stdout=subprocess.PIPE) as archive:
        unpacked = subprocess.run(["tar", "-x", "-C", tree], stdin=archive.stdout, capture_output=True, text=True, check=False)
    if archive.returncode != 0 or unpacked.returncode != 0:
        raise CannotBuild(f"{sha} could not be unpacked into {tree}: {unpacked.stderr.strip() or 'git archive failed'}")
