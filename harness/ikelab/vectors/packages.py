"""Brings the Debian packages that hold vectors: unpacked under build/vectors/, run in place, not copied.

They are fetched when vectors are run for the first time, not by ci/install.sh: together they are 45 MB, and
nobody needs them to see the lab work."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..peers import mirror


@dataclass(slots=True, frozen=True)
class Package:
    """`suite`: empty for whatever the machine's own apt has; else lists of our own are read for it."""

    folder: str
    name: str
    suite: str
    inside: str  # where its vectors are

    @property
    def spoken(self) -> str:
        return f"{self.name} (Debian {self.suite})" if self.suite else self.name


# sid is the first suite that carries Wycheproof's own tree, with ML-KEM.
WYCHEPROOF = Package("wycheproof", "golang-github-c2sp-wycheproof-dev", "sid",
                     "usr/share/gocode/src/github.com/c2sp/wycheproof/testvectors_v1")
NIST = Package("nist", "python3-cryptography-vectors", "",
               "usr/lib/python3/dist-packages/cryptography_vectors")


class Missing(Exception):
    """A package is not there; the message says which and how to get it."""


def build_directory() -> Path:
    return Path(os.environ.get("IKELAB_BUILD") or Path(__file__).parents[3] / "build")


def bring(package: Package, build: Path | None = None) -> tuple[Path, str]:
    """The folder of the package's vectors and its version; fetched when it is not there yet."""
    home = (build or build_directory()) / "vectors"
    home.mkdir(parents=True, exist_ok=True)
    unpacked = home / package.folder
    with _locked(home):
        if not (unpacked / "version").is_file():
            _unpack(package, home, unpacked)
    return unpacked / package.inside, (unpacked / "version").read_text().strip()


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Two runs at once must not unpack over each other."""
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _unpack(package: Package, home: Path, unpacked: Path) -> None:
    remedy = (f"with a network, run this again; without, put its .deb into {home} and run this again")
    archive = _archive(package, home) or _download(package, home, remedy)
    fresh = home / f"{package.folder}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        subprocess.run(["dpkg-deb", "-x", archive, fresh], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise Missing(f"{archive} cannot be unpacked ({_why(error)}); remove it, then {remedy}") from error
    if not (fresh / package.inside).is_dir():
        shutil.rmtree(fresh, ignore_errors=True)
        raise Missing(f"{archive} holds no {package.inside}: a version with another layout than the lab knows")
    (fresh / "version").write_text(archive.name.split("_")[1] + "\n")
    shutil.rmtree(unpacked, ignore_errors=True)
    fresh.rename(unpacked)
    archive.unlink()


def _archive(package: Package, home: Path) -> Path | None:
    return next(iter(sorted(home.glob(f"{package.name}_*.deb"))), None)


def _download(package: Package, home: Path, remedy: str) -> Path:
    state = home / f"apt-{package.folder}"
    try:
        for command in _commands(package, state):
            subprocess.run(command, cwd=home, check=True, capture_output=True, text=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        raise Missing(f"{package.spoken} is not there and cannot be fetched ({_why(error)}); {remedy}") from error
    finally:
        shutil.rmtree(state, ignore_errors=True)
    found = _archive(package, home)
    if found is None:
        raise Missing(f"apt fetched no {package.spoken}; {remedy}")
    return found


def _commands(package: Package, state: Path) -> list[list[str]]:
    """With the machine's own apt. A suite it does not follow is read into lists of our own, so that the
    machine's suites stay what they are."""
    options = ["-q", "-o", "APT::Sandbox::User=root", "-o", "Acquire::http::Timeout=20",
               "-o", "Acquire::https::Timeout=20"]
    download = ["apt-get", *options, "download", package.name]
    if not package.suite:
        return [download]
    uri = mirror.archive()
    if uri is None:
        raise OSError("apt names no Debian archive")
    for folder in ("lists/partial", "cache/archives/partial", "etc"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    source = state / "etc/sources.list"
    source.write_text(mirror.source_line(uri, package.suite) + "\n")
    own = ["-o", f"Dir::Etc::SourceList={source}", "-o", "Dir::Etc::SourceParts=/dev/null",
           "-o", f"Dir::State::Lists={state}/lists", "-o", f"Dir::Cache={state}/cache",
           "-o", "Acquire::Languages=none", "-o", "Acquire::Check-Valid-Until=false"]
    return [["apt-get", *options, *own, "--error-on=any", "update"],
            ["apt-get", *options, *own, "download", package.name]]


def _why(error: Exception) -> str:
    lines = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
    return next((line for line in reversed(lines) if line), str(error))[:160]
