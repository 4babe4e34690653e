#!/usr/bin/python3
"""Holds ref/ to its rooms: no file includes a header of a room that it may not know.

Prints `file:line: the rule` for each include that breaks one, and exits 1 then. The rooms and their
order are drawn in docs/ARCHITECTURE.md; the table KNOWS below is the same drawing for a machine.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Which rooms each room may know besides itself.
KNOWS: dict[str, frozenset[str]] = {
    room: frozenset(known.split())
    for room, known in {
        "base": "",
        "crypto": "base",
        "wire": "base",
        "protect": "base crypto wire",
        "sa": "base crypto wire protect",
        "exchange": "base crypto wire protect sa",
        "esp": "base crypto",
        "endpoint": "base crypto wire protect sa exchange esp",
        "host": "base crypto wire protect sa exchange esp endpoint",
        "sim": "base crypto wire protect sa exchange esp endpoint",
        "bench": "base crypto wire protect sa exchange esp endpoint sim",
        "load": "base crypto wire protect sa exchange esp endpoint host",
        "crowd": "base crypto wire protect sa exchange esp endpoint sim",
    }.items()
}

# They look into every room, and everything the system has is theirs.
OPEN_ROOMS = frozenset({"test", "fuzz", "prove"})

# They end in a program, and may call the system.
PROGRAM_ROOMS = frozenset({"host", "sim", "bench", "load", "crowd"})

# What the core may take from the C library: nothing that does I/O, reads a clock or owns a thread.
# (stdio.h is for snprintf; threads.h gives crypto its call_once and thread-local contexts.)
CORE_HEADERS = frozenset(
    "assert.h inttypes.h limits.h stdalign.h stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h"
    " stdnoreturn.h string.h".split()
)
EXCEPTIONS = frozenset(
    {
        ("base/address.c", "arpa/inet.h"),  # inet_pton and inet_ntop: text, no socket
        ("bench/library.c", "openssl/crypto.h"),  # its version, and
        ("bench/library.c", "openssl/rand.h"),  # its generator, which starts from a seed there
    }
)
CRYPTO_HEADERS = frozenset({"threads.h"})

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<(?P<system>[^>]+)>|"(?P<own>[^"]+)")')
SOURCE_SUFFIXES = frozenset({".c", ".h"})


@dataclass(frozen=True)
class Violation:
    file: Path
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}"


def own_rule(room: str, header: str) -> str | None:
    """The rule that `#include "header"` breaks in this room, if any."""
    target, slash, _ = header.partition("/")
    if not slash:
        return f'"{header}" names no room: write it as "{room}/{header}"'
    if target == room or target in KNOWS[room]:
        return None
    if target not in KNOWS and target not in OPEN_ROOMS:
        return f'"{header}": there is no room {target}/'
    known = ", ".join(sorted(KNOWS[room])) or "no other room"
    return f'{room}/ may not know {target}/ ("{header}"); it knows {known}'


def system_rule(name: str, header: str) -> str | None:
    """The rule that `#include <header>` breaks in the file `name` (relative to ref/), if any."""
    room, _, file = name.partition("/")
    if (name, header) in EXCEPTIONS:
        return None
    if header.startswith("openssl/"):
        if room == "crypto" and file.startswith("openssl_") and file.endswith(".c"):
            return None
        return f"<{header}>: only crypto/openssl_*.c include OpenSSL"
    if room in PROGRAM_ROOMS or header in CORE_HEADERS:
        return None
    if room == "crypto" and header in CRYPTO_HEADERS:
        return None
    return f"<{header}>: only host/, sim/, bench/, load/ and crowd/ may include what reaches the system"


def file_violations(ref: Path, path: Path) -> Iterator[Violation]:
    name = path.relative_to(ref).as_posix()
    room, slash, _ = name.partition("/")
    if room in OPEN_ROOMS:
        return
    if not slash or room not in KNOWS:
        yield Violation(path, 1, f"ref/{name} is in no room; the rooms are {', '.join(KNOWS)}")
        return
    text = path.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        found = INCLUDE.match(line)
        if found is None:
            continue
        system, own = found["system"], found["own"]
        rule = system_rule(name, system) if system is not None else own_rule(room, own)
        if rule is not None:
            yield Violation(path, number, rule)


def violations(ref: Path) -> list[Violation]:
    """All broken rules of the tree at `ref`, in the order of its files."""
    files = sorted(path for path in ref.rglob("*") if path.suffix in SOURCE_SUFFIXES)
    return [violation for path in files for violation in file_violations(ref, path)]


def main(arguments: list[str]) -> int:
    if len(arguments) > 1 or arguments in (["-h"], ["--help"]):
        print("usage: rooms.py [REF]   (REF is the folder ref/, by default the one beside ci/)")
        return 0 if arguments in (["-h"], ["--help"]) else 2
    ref = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent / "ref"
    if not ref.is_dir():
        print(f"rooms: {ref} is no folder; name the ref/ to check", file=sys.stderr)
        return 2
    found = violations(ref)
    for violation in found:
        print(violation)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
