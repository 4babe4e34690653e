"""Which test comes to which line: the suite is played once with a daemon that says so, and a mutant then needs only the
tests that come to its lines."""

from __future__ import annotations

import re
import struct
import subprocess
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

ENVIRONMENT = "IKELAB_REACH"  # names the file that the daemon marks (reach.c)
PC_ENTRY = struct.Struct("<QQ")  # a block's first address, and flags
ROW = re.compile(r"^(?:.*/)?(ref/\S+\.[ch])\s+(\d+)\s+0x([0-9a-f]+)")


@dataclass
class Map:
    """Of one build: which basic blocks make up a line."""

    blocks: int = 0
    lines: dict[tuple[str, int], set[int]] = field(default_factory=dict)

    def at(self, file: str, first: int, last: int) -> set[int]:
        """The blocks of these lines; `file` is relative to ref/."""
        found: set[int] = set()
        for line in range(first, last + 1):
            found |= self.lines.get((file, line), set())
        return found


def read_map(program: Path) -> Map:
    """From the program's table of blocks and its table of lines."""
    section = program.with_suffix(".pcs")
    subprocess.run(["objcopy", "-O", "binary", "--only-section=__sancov_pcs", program, section], check=True)
    starts = [pc for pc, _ in PC_ENTRY.iter_unpack(section.read_bytes())]
    order = sorted(range(len(starts)), key=starts.__getitem__)
    addresses = [starts[i] for i in order]
    lines: dict[tuple[str, int], set[int]] = defaultdict(set)
    said = subprocess.run(["objdump", "--wide", "--dwarf=decodedline", program], capture_output=True, text=True, check=True).stdout
    for match in map(ROW.match, said.splitlines()):
        if match:
            at = bisect_right(addresses, int(match[3], 16)) - 1
            if at >= 0:
                lines[match[1].removeprefix("ref/"), int(match[2])].add(order[at])
    return Map(len(starts), dict(lines))


class Table:
    """The file that daemons mark."""

    def __init__(self, path: Path, blocks: int):
        self.path, self.blocks = path, blocks
        self.clear()

    def clear(self) -> None:
        with self.path.open("r+b" if self.path.exists() else "wb") as file:
            file.write(bytes(self.blocks))

    def take(self) -> bytes:
        """One bit a block, and then all are 0 again."""
        marks = self.path.read_bytes()[:self.blocks].ljust(self.blocks, b"\0")
        self.clear()
        return packed({number for number, mark in enumerate(marks) if mark}, self.blocks)


def packed(numbers: set[int], blocks: int) -> bytes:
    bits = bytearray((blocks + 7) // 8)
    for number in numbers:
        bits[number // 8] |= 1 << number % 8
    return bytes(bits)


def has_any(bits: bytes, numbers: set[int]) -> bool:
    return any(bits[number // 8] >> number % 8 & 1 for number in numbers if number // 8 < len(bits))
