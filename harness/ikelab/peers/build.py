"""Root directories of peers: each Debian suite's packages unpacked into a directory of their own.

A root is made beside its place and moved there when it is whole, and its manifest is written last: a directory
without a manifest is half-built, and is made again. The mirror is the one this machine's own apt uses.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ikelab.peers import mirror as mirrors

REPOSITORY = Path(__file__).resolve().parents[3]
Progress = Callable[[str], None]


class PeerMissing(Exception):
    """A peer's files are not here, and the words say how to get them."""


class BuildFailed(Exception):
    """A root could not be made, and the words say why and what to do."""


def build_directory() -> Path:
    """build/, or the build folder that IKELAB_BUILD names."""
    return Path(os.environ.get("IKELAB_BUILD", REPOSITORY / "build"))


def peers_directory() -> Path:
    """Where the peers' roots are."""
    return build_directory() / "peers"


@dataclass(frozen=True)
class Root:
    """One root directory: what it shall hold, where, and the command that makes it. `extras` are packages that it is made
    with, and that an older root may do without: the adapter declares what it then lacks."""

    name: str
    suite: str
    packages: tuple[str, ...]
    main_package: str
    folder: str = "peers"  # of the build folder
    remedy: str = "build/ikelab peers build {name}"
    extras: tuple[str, ...] = ()

    @property
    def directory(self) -> Path:
        return build_directory() / self.folder / self.name

    @property
    def path(self) -> Path:
        return self.directory / "root"

    @property
    def manifest_file(self) -> Path:
        return self.directory / "manifest.json"

    def manifest(self) -> dict[str, object] | None:
        """What was built; None when nothing was, or it is half-built, or packages are wanted now that it has not."""
        try:
            manifest = json.loads(self.manifest_file.read_text())
        except (OSError, ValueError):
            return None
        if not isinstance(manifest, dict) or not self.path.is_dir() or manifest.get("suite") != self.suite:
            return None
        return manifest if set(self.packages) <= set(manifest.get("packages", ())) else None

    def version(self) -> str:
        """The main package's version, as Debian writes it."""
        manifest = self.manifest() or {}
        versions = manifest.get("versions")
        return str(versions.get(self.main_package, "unknown")) if isinstance(versions, dict) else "unknown"

    def missing(self) -> str:
        """"" when it is whole, else one sentence with the remedy."""
        if self.manifest() is not None:
            return ""
        state = "is half-built or out of date" if self.directory.exists() else "is not built"
        return f"the root of {self.name} {state}: run `{self.remedy.format(name=self.name)}` (needs root and apt)"

    def require(self) -> None:
        """Raises PeerMissing unless it is whole."""
        if sentence := self.missing():
            raise PeerMissing(sentence)


def build(
    roots: Iterable[Root], mirror: str | None = None, progress: Progress = print, workers: int = 2
) -> list[Root]:
    """Makes what is not there yet, several at once; returns those made. Raises BuildFailed after all are
    done when one failed. `mirror` is an archive's URI; without it, this machine's own apt says."""
    wanted = list(roots)
    with ThreadPoolExecutor(max_workers=max(workers, 1)) as pool:
        jobs = [(root, pool.submit(build_one, root, mirror, progress)) for root in wanted]
    made, failures = [], []
    for root, job in jobs:
        error = job.exception()
        if error is None:
            if job.result():
                made.append(root)
        elif isinstance(error, BuildFailed):
            failures.append(str(error))
        else:
            raise error
    if failures:
        raise BuildFailed("\n".join(failures))
    return made


def build_one(root: Root, mirror: str | None = None, progress: Progress = print) -> bool:
    """Makes one root; False when it was there already."""
    root.directory.parent.mkdir(parents=True, exist_ok=True)
    with _lock(root):
        if root.manifest() is not None:
            progress(f"{root.name}: already built, {root.version()}")
            return False
        _check_tools(root)
        remove_leftovers(root)
        source = mirror or mirrors.archive()
        if source is None:
            raise BuildFailed(f"{root.name}: this machine's apt names no Debian archive: give one with --mirror URI")
        progress(f"{root.name}: unpacking Debian {root.suite} (about 200 MB, half a minute)")
        started = time.monotonic()
        fresh = Path(tempfile.mkdtemp(prefix=f".{root.name}.", dir=root.directory.parent))
        try:
            fresh.chmod(0o755)
            _debootstrap(root, source, fresh)
            _write_manifest(root, fresh)
            fresh.rename(root.directory)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        progress(f"{root.name}: built {root.version()} in {time.monotonic() - started:.0f} s")
        return True


def remove_leftovers(root: Root) -> None:
    """Removes what a build that was interrupted has left; the caller holds the root's lock."""
    mounted = Path("/proc/self/mountinfo").read_text().splitlines()
    for path in (root.directory, *root.directory.parent.glob(f".{root.name}.*")):
        if not path.is_dir():
            continue
        if any(line.split()[4].startswith(f"{path.resolve()}/") for line in mounted):
            raise BuildFailed(f"{root.name}: something is still mounted under {path}: unmount it first")
        shutil.rmtree(path)


def _debootstrap(root: Root, source: str, fresh: Path) -> None:
    """Runs mmdebstrap. --variant=apt: apt and what it needs, no recommends; documentation stays out."""
    log = root.directory.parent / f"{root.name}.log"
    command = [
        # Its mounts shall end with it, however it ends.
        "unshare", "--mount", "--propagation", "private",
        "mmdebstrap", "--mode=root", "--variant=apt", f"--include={','.join((*root.packages, *root.extras))}",
        "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*", *mirrors.apt_options(),
        # A mirror may lag behind: sid's lists expire within days, a release's do not.
        *(['--aptopt=Acquire::Check-Valid-Until "false"'] if root.suite == "sid" else []),
        root.suite, str(fresh / "root"), mirrors.source_line(source, root.suite),
    ]
    with log.open("w") as output:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False,
            env=dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C.UTF-8"),
        )
    if done.returncode != 0:
        why = [line for line in log.read_text(errors="replace").splitlines() if line[:2] in ("E:", "Er")]
        raise BuildFailed(f"{root.name}: mmdebstrap failed: {' '.join(why[:2]) or 'no reason given'}; "
                          f"see {log}, and check the network, the disk (300 MB) and --mirror")


def _write_manifest(root: Root, fresh: Path) -> None:
    """The manifest is the sign that all else is there."""
    manifest = {
        "name": root.name,
        "suite": root.suite,
        "packages": [*root.packages, *root.extras],
        "versions": installed_versions(fresh / "root" / "var/lib/dpkg/status"),
        "built": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    missing = [name for name in (*root.packages, *root.extras) if name not in manifest["versions"]]
    if missing:
        raise BuildFailed(f"{root.name}: suite {root.suite} did not bring {', '.join(missing)}")
    (fresh / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


def installed_versions(status: Path) -> dict[str, str]:
    """Package versions from a root's dpkg database."""
    versions: dict[str, str] = {}
    for paragraph in status.read_text(errors="replace").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines()
                      if ": " in line and not line.startswith(" "))
        if fields.get("Status") == "install ok installed":
            versions[fields["Package"]] = fields["Version"]
    return versions


def _check_tools(root: Root) -> None:
    if shutil.which("mmdebstrap") is None:
        raise BuildFailed(f"{root.name}: mmdebstrap is missing: run ci/install.sh")
    if os.geteuid() != 0:
        raise BuildFailed(f"{root.name}: a root directory is made by root only: run this as root")


@contextmanager
def _lock(root: Root):  # type: ignore[no-untyped-def]
    """One builder per root: a second one waits, and then finds it done."""
    with (root.directory.parent / f".{root.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
