"""build/ikebench under callgrind. The same program gives the same counts every time: its cases take all that is random
from seeds, and here is held still what is not its own: which instructions libcrypto and the C library believe the
processor has, the environment, and what a library would do on its first call."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import callgrind
from .callgrind import Profile
from .counts import Counts

ROOT = Path(__file__).resolve().parents[3]
CERTIFICATES = ROOT / "ref/bench/certificates"  # the same ones for another commit's program
TIMEOUT_S = 1800
CALLGRIND = ("--tool=callgrind", "-q", "--collect-atstart=no", "--skip-plt=no",  # what the program asks for, and
             "--dump-line=no", "--dump-instr=yes", "--compress-pos=no")  # as callgrind.py reads it
# SSE2, SSSE3, SSE4, PCLMULQDQ, AES-NI, POPCNT: what every x86-64 of the last fifteen years has and valgrind knows.
# No AVX, so that a machine with more counts the same. The bits are those of OPENSSL_ia32cap(3).
LIBCRYPTO_FEATURES = "0x0298020307808110:0x0"
LIBC_FEATURES = "-AVX,-AVX2,-AVX512F,-AVX512VL,-AVX512BW,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM,-BMI2,-RTM,-MOVBE"
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LC_ALL": "C",
    "LD_BIND_NOW": "1",  # else the first call of a function would cost what finding it costs
    "OPENSSL_ia32cap": LIBCRYPTO_FEATURES,
    "OPENSSL_CONF": "/dev/null",
    "GLIBC_TUNABLES": f"glibc.cpu.hwcaps={LIBC_FEATURES}",
}
CORE = re.compile(r"(?:^|/)ref/(?!bench/|sim/|host/|test/)\w+/[^/]+$")
ALLOCATORS = frozenset({"malloc", "calloc", "realloc", "reallocarray", "aligned_alloc", "posix_memalign", "memalign"})
RELEASE = frozenset({"free", "cfree"})


class CannotMeasure(Exception):
    """This machine, as it is now, cannot; one sentence with the remedy."""


class NoSuchCase(Exception):
    """No case begins as asked; the sentence says how to see their names."""


@dataclass
class Measurement:
    built: dict[str, str]
    cases: dict[str, Counts] = field(default_factory=dict)
    functions: dict[str, dict[str, int]] = field(default_factory=dict)  # of the core, per case: "room/file.c name"


def measure(program: Path, wanted: Sequence[str] = ()) -> Measurement:
    """Every case whose name begins with one of the words, or all."""
    said, profiles = play(program, wanted)
    built = {**dict(line.strip().split(" ", 2)[1:] for line in said if line.startswith("built ")), "valgrind": _version()}
    found = Measurement(built)
    for name, operations in (line.split()[1:] for line in said if line.startswith("case ")):
        if name not in profiles:
            raise CannotMeasure(f"callgrind wrote no profile of {name}; does `valgrind --tool=callgrind true` work?")
        found.cases[name] = counts_of(profiles[name], int(operations))
        found.functions[name] = core_functions(profiles[name])
        if found.cases[name].own == 0:
            raise CannotMeasure(f"{program} does not say which functions are the core's; build it with -g: "
                                "`make clean`, then `make bench-gate`")
    return found


def play(program: Path, wanted: Sequence[str] = ()) -> tuple[list[str], dict[str, Profile]]:
    """The lines that the program printed, and the profile of each case by its name."""
    if not os.access(program, os.X_OK):
        raise CannotMeasure(f"{program} is missing; run `make bench-gate`, which builds it")
    with tempfile.TemporaryDirectory(prefix="ikelab-bench-") as directory:
        out = Path(directory) / "profile"
        said = _run([_valgrind(), *CALLGRIND, f"--callgrind-out-file={out}", program, "--certificates", CERTIFICATES, *wanted])
        profiles = [callgrind.read(path) for path in sorted(out.parent.iterdir())]
    return said, {one.asked_by: one for one in profiles}


def _valgrind() -> str:
    found = shutil.which("valgrind", path=ENVIRONMENT["PATH"])
    if found is None:
        raise CannotMeasure("valgrind is missing; run `ci/install.sh`")
    return found


def _run(command: Sequence[str | Path]) -> list[str]:
    try:
        done = subprocess.run([str(word) for word in command], cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise CannotMeasure(f"the cases had not ended after {TIMEOUT_S} s; try again on a quieter machine") from None
    if done.returncode == 2:
        raise NoSuchCase("no case begins so; `ikelab bench gate --list` names them")
    if "debuginfo reader" in done.stderr:
        raise CannotMeasure("this valgrind cannot read the debug information of this compiler; build ikebench elsewhere with "
                            "older: `make bench-gate BUILD=/tmp/bench CFLAGS='-O2 -gdwarf-4'`")
    if done.returncode != 0:
        words = [text for line in done.stderr.splitlines() if (text := re.sub(r"^==\d+==", "", line).strip())]
        last = words[-1] if words else f"status {done.returncode}"
        raise CannotMeasure(f"build/ikebench did not come to its end under valgrind: {last}")
    return done.stdout.splitlines()


def _version() -> str:
    said = subprocess.run([_valgrind(), "--version"], env=ENVIRONMENT, capture_output=True, text=True, check=False).stdout
    return said.strip().removeprefix("valgrind-")


def counts_of(profile: Profile, operations: int) -> Counts:
    """What a profile says of one case."""
    own = copies = allocations = library_calls = library = library_allocations = 0
    for function, instructions in profile.own.items():
        own += instructions if CORE.search(function.file) else 0
        library += instructions if _is_libcrypto(function.object) else 0
    for call in profile.calls:
        by_core, name = bool(CORE.search(call.caller.file)), _plain(call.name)
        if _is_libc(call.object) and not _is_libc(call.caller.object):
            if name in ALLOCATORS:
                allocations += call.count if by_core else 0
                library_allocations += call.count if _is_libcrypto(call.caller.object) else 0
            elif by_core and name not in RELEASE:
                copies += call.instructions
        elif by_core and _is_libcrypto(call.object):
            library_calls += call.count
    return Counts(operations, own, copies, allocations, library_calls, library, library_allocations)


def core_functions(profile: Profile) -> dict[str, int]:
    found: dict[str, int] = {}
    for function, instructions in profile.own.items():
        if CORE.search(function.file):
            name = f"{'/'.join(Path(function.file).parts[-2:])} {function.name}"
            found[name] = found.get(name, 0) + instructions
    return found


def _plain(name: str) -> str:
    """As it is called in programs; symbols of a C library with debug information have names of their own."""
    return name.split("'")[0].split("@")[0].removeprefix("__GI_").removeprefix("__libc_").removeprefix("__")


def _is_libcrypto(path: str) -> bool:
    return Path(path).name.startswith("libcrypto")


def _is_libc(path: str) -> bool:
    return Path(path).name.startswith(("libc.so", "libc-2", "ld-linux", "ld-2"))


def cases(program: Path) -> list[str]:
    """Their names, without playing any."""
    if not os.access(program, os.X_OK):
        raise CannotMeasure(f"{program} is missing; run `make bench-gate`, which builds it")
    return subprocess.run([program, "--list"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
