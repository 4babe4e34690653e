"""The copy of the sources that mutants are planted into, and daemons that have one. The tree itself is only read."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .mutant import Mutant

FLAGS = ("-std=c11", "-D_GNU_SOURCE", "-O2", "-w", "-fno-strict-aliasing")  # no -g: equal code is equal octets
LIBRARIES = ("-lconfuse", "-ljansson", "-lmnl", "-lseccomp", "-lcrypto")
REACH_FLAGS = "-O0 -g -w -fno-pie -fsanitize-coverage=trace-pc-guard,pc-table,no-prune"
RUNTIME = Path(__file__).with_name("reach.c")


class CannotBuild(Exception):
    """The copy itself does not build, in one sentence."""


@dataclass(frozen=True)
class Workshop:
    """`tree`: with ref/ and a Makefile. `folder`: ours alone. `daemon` is what stands as it is in the copy."""

    tree: Path
    folder: Path

    @property
    def copy(self) -> Path:
        return self.folder / "copy"

    @property
    def ref(self) -> Path:
        return self.copy / "ref"

    @property
    def daemon(self) -> Path:
        return self.copy / "build" / "ikeref"

    @property
    def watched(self) -> Path:
        """The daemon that says which lines it comes to."""
        return self.copy / "build-reach" / "ikeref"

    def prepare(self, jobs: int) -> None:
        """The copy is as the tree is now, and built."""
        mirrored(self.tree / "ref", self.ref)
        replace_if_other(self.tree / "Makefile", self.copy / "Makefile")
        self._make(jobs, "build", f"CFLAGS={' '.join(FLAGS[2:])}")

    def prepare_watched(self, jobs: int) -> None:
        runtime = self.folder / "reach.o"
        self._run(["clang", "-O1", "-fPIC", "-w", "-c", "-o", runtime, RUNTIME])
        self._make(jobs, "build-reach", "CC=clang", f"CFLAGS={REACH_FLAGS}", f"LDFLAGS=-no-pie {runtime.resolve()}")

    def _make(self, jobs: int, build: str, *more: str) -> None:
        self._run(["make", "--no-print-directory", "-C", self.copy, f"-j{jobs}", f"BUILD={build}", *more, f"{build}/ikeref"])

    def _run(self, command: list[str | Path]) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment, check=False)
        if done.returncode != 0:
            words = (done.stderr.strip() or done.stdout.strip()).splitlines()
            raise CannotBuild(f"the copy in {self.copy} does not build: {words[-1] if words else command[0]}")

    @cached_property
    def digest(self) -> str:
        """Of all that goes into the daemon."""
        return digest_of(sorted(path for path in self.ref.rglob("*.[ch]") if path.relative_to(self.ref).parts[0] not in UNUSED))

    # One mutant.

    def plant(self, mutant: Mutant, place: Path) -> Path | None:
        """A daemon with the fault; None when it does not compile, or compiles to what it was before."""
        place.mkdir(parents=True, exist_ok=True)
        text = (self.ref / mutant.file).read_bytes().decode("latin-1")
        after = self._object(mutant.file, mutant.planted(text), place / "planted")
        if after is None or after.read_bytes() == self._unplanted(mutant.file, text).read_bytes():
            return None
        return self._linked(after, place / "ikeref")

    def _object(self, name: str, text: str, stem: Path) -> Path | None:
        """Under the same name whatever is planted, for an assert says where it stands."""
        found = Path(f"{stem}.o")
        done = subprocess.run([*compiler(), *FLAGS, f"-I{self.ref}", "-x", "c", "-c", "-o", found, "-"],
                              input=f'#line 1 "ref/{name}"\n{text}'.encode("latin-1"), capture_output=True, check=False)
        return found if done.returncode == 0 else None

    def _unplanted(self, name: str, text: str) -> Path:
        """The object without a fault, compiled the same way."""
        kept = self.folder / "unplanted" / f"{name.replace('/', '-')}-{self.digest}.o"
        if not kept.exists():
            stem = kept.with_suffix(f".{os.getpid()}")
            stem.parent.mkdir(parents=True, exist_ok=True)
            found = self._object(name, text, stem)
            if found is None:
                raise CannotBuild(f"{self.ref / name} does not compile")
            found.replace(kept)
        return kept

    def _linked(self, planted: Path, program: Path) -> Path | None:
        """The object stands before the library, so that nobody asks the library for the one it has."""
        host = sorted((self.copy / "build/ref/host").glob("*.o"))
        done = subprocess.run([*compiler(), "-o", program, planted, *host, self.copy / "build/libikeref.a", *LIBRARIES],
                              capture_output=True, check=False)
        return program if done.returncode == 0 else None


UNUSED = ("test", "fuzz", "sim", "bench", "load")


def compiler() -> list[str]:
    return shlex.split(os.environ.get("CC", "cc"))


def digest_of(paths: list[Path]) -> str:
    """Of names and contents."""
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


def mirrored(origin: Path, copy: Path) -> None:
    """Files that are the same keep their times, so that only what changed is built again."""
    wanted = {path.relative_to(origin) for path in origin.rglob("*.[ch]") if path.relative_to(origin).parts[0] not in UNUSED}
    for name in wanted:
        replace_if_other(origin / name, copy / name)
    for path in list(copy.rglob("*.[ch]")):
        if path.relative_to(copy) not in wanted:
            path.unlink()


def replace_if_other(origin: Path, copy: Path) -> None:
    if not copy.exists() or copy.read_bytes() != origin.read_bytes():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin, copy)
