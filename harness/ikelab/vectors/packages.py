"""Brings the Debian packages that hold vectors: unpacked under build/vectors/, run in place, not copied."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..peers import mirror

SUITE = "sid"  # the first suite that carries Wycheproof's own tree, with ML-KEM
WYCHEPROOF = "golang-github-c2sp-wycheproof-dev"
NIST = "python3-cryptography-vectors"
_INSIDE = "usr/share/gocode/src/github.com/c2sp/wycheproof/testvectors_v1"


class Missing(Exception):
    """A package is not there; the message says which and how to get it."""


def build_directory() -> Path:
    return Path(os.environ.get("IKELAB_BUILD") or Path(__file__).parents[3] / "build")


def wycheproof(build: Path | None = None) -> tuple[Path, str]:
    """The folder of Wycheproof's files and the package's version; fetched when it is not there yet."""
    home = (build or build_directory()) / "vectors"
    home.mkdir(parents=True, exist_ok=True)
    with _locked(home):
        unpacked = home / "wycheproof"
        if not (unpacked / "version").is_file():
            _fetch(home, unpacked)
    return unpacked / _INSIDE, (unpacked / "version").read_text().strip()


def nist() -> tuple[Path, str]:
    """The folder of python3-cryptography-vectors and its version."""
    try:
        found = importlib.util.find_spec("cryptography_vectors")
    except ImportError:
        found = None
    if found is None or not found.submodule_search_locations:
        raise Missing(f"{NIST} is not installed: `apt-get install {NIST}` (ci/install.sh does it)")
    about = importlib.util.find_spec("cryptography_vectors.__about__")
    text = Path(about.origin).read_text() if about and about.origin else ""
    version = next((line.split('"')[1] for line in text.splitlines()
                    if line.startswith("__version__") and '"' in line), "unknown")
    return Path(found.submodule_search_locations[0]), version


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Two runs at once must not unpack over each other."""
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetch(home: Path, unpacked: Path) -> None:
    remedy = (f"with a network, run this again; without, put the .deb of {WYCHEPROOF} (Debian {SUITE}) "
              f"into {home} and run this again")
    archive = next(iter(sorted(home.glob(f"{WYCHEPROOF}_*.deb"))), None) or _download(home, remedy)
    version = archive.name.split("_")[1]
    fresh = home / "wycheproof.new"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        subprocess.run(["dpkg-deb", "-x", archive, fresh], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Missing(f"{archive} cannot be unpacked ({_why(error)}); remove it, and {remedy}") from error
    if not (fresh / _INSIDE).is_dir():
        raise Missing(f"{archive} holds no {_INSIDE}: another layout than this lab knows")
    (fresh / "version").write_text(version + "\n")
    shutil.rmtree(unpacked, ignore_errors=True)
    fresh.rename(unpacked)
    archive.unlink()


def _download(home: Path, remedy: str) -> Path:
    """With the machine's own apt, but lists of its own: the machine's suites stay what they are."""
    uri = mirror.archive()
    if uri is None:
        raise Missing(f"{WYCHEPROOF} is not there, and apt names no Debian archive; {remedy}")
    state = home / "apt"
    for folder in ("lists/partial", "cache/archives/partial", "etc"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    (state / "etc/sources.list").write_text(mirror.source_line(uri, SUITE) + "\n")
    apt = ["apt-get", "-q", "-o", f"Dir::Etc::SourceList={state}/etc/sources.list",
           "-o", "Dir::Etc::SourceParts=/dev/null", "-o", f"Dir::State::Lists={state}/lists",
           "-o", f"Dir::Cache={state}/cache", "-o", "Acquire::Languages=none",
           "-o", "Acquire::Check-Valid-Until=false", "-o", "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false",
           "-o", "APT::Sandbox::User=root", "-o", "Acquire::http::Timeout=20",
           "-o", "Acquire::https::Timeout=20"]
    try:
        for words in (["update"], ["download", WYCHEPROOF]):
            subprocess.run(apt + words, cwd=home, check=True, capture_output=True, text=True,
                           timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        raise Missing(f"{WYCHEPROOF} of Debian {SUITE} cannot be fetched ({_why(error)}); {remedy}") from error
    finally:
        shutil.rmtree(state, ignore_errors=True)
    found = sorted(home.glob(f"{WYCHEPROOF}_*.deb"))
    if not found:
        raise Missing(f"apt fetched no {WYCHEPROOF} of Debian {SUITE}; {remedy}")
    return found[-1]


def _why(error: Exception) -> str:
    lines = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
    return next((line for line in reversed(lines) if line), str(error))[:160]
