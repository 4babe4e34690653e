"""What is counted of a case, and with what each count can be compared."""

from __future__ import annotations

from dataclasses import dataclass

TOLERANCE = 0.01  # of what is measured in instructions; the others are exact

# What a program was built with and runs on, as build/ikebench and valgrind say it.
BUILT = ("compiler", "flags", "machine", "libcrypto", "libc", "valgrind")


@dataclass(frozen=True)
class Counts:
    """Of all operations of a case together. Instructions, but where it says otherwise."""

    operations: int  # how many packets, look-ups, fragments; 1: the case is one thing
    own: int  # of the core's own code
    copies: int  # of what the core calls in the C library, but for allocation: copying, comparing, wiping
    allocations: int  # calls of malloc and its like by the core
    library_calls: int  # calls of libcrypto by the core
    library: int  # of libcrypto's own code
    library_allocations: int  # calls of malloc and its like by libcrypto


@dataclass(frozen=True)
class Metric:
    """A count that is held; `same` names what must be the same on both sides for it to mean anything."""

    name: str
    what: str
    same: tuple[str, ...]
    tolerance: float = 0.0

    def of(self, counts: Counts) -> int:
        return counts.own + counts.copies if self.name == "own+copies" else getattr(counts, self.name)

    def exceeds(self, before: Counts, after: Counts) -> bool:
        return self.of(after) > self.of(before) * (1 + self.tolerance)


BUILD = ("compiler", "flags", "machine")
METRICS = (
    Metric("own", "instructions of the core", BUILD, TOLERANCE),
    Metric("own+copies", "instructions of the core and of its copying", (*BUILD, "libc"), TOLERANCE),
    Metric("allocations", "allocations by the core", ()),
    Metric("library_calls", "calls of libcrypto", ()),
    Metric("library", "instructions of libcrypto", ("machine", "libcrypto"), TOLERANCE),
    Metric("library_allocations", "allocations by libcrypto", ("libcrypto",)),
)
