"""One fault, and where it would stand."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

ROOMS = ("wire", "protect", "sa", "exchange", "esp", "endpoint")


@dataclass(frozen=True)
class Mutant:
    """`file` is relative to ref/. `was` and `becomes` are the texts from `start` to `end`; `number` tells those apart that
    say the same in one function."""

    file: str
    function: str
    operator: str
    start: int
    end: int
    was: str
    becomes: str
    line: int
    last_line: int
    number: int = 0

    @property
    def room(self) -> str:
        return self.file.split("/")[0]

    @property
    def identity(self) -> str:
        """The same as long as the function has the same faults to offer, wherever it stands in its file."""
        words = (self.file, self.function, self.operator, self.was, self.becomes, str(self.number))
        return hashlib.sha256("\0".join(words).encode()).hexdigest()[:16]

    @property
    def change(self) -> str:
        """On one line."""
        was, becomes = (" ".join(one.split()) for one in (self.was, self.becomes))
        return f"{was}  ->  {becomes or '(nothing)'}"

    def planted(self, text: str) -> str:
        assert text[self.start:self.end] == self.was, f"{self.file} is another one"
        return text[:self.start] + self.becomes + text[self.end:]
