"""What is measured against what: a build of ikeref, settings of its configuration, or both."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_SETTING = re.compile(r"([a-z][a-z-]*)=([A-Za-z0-9._-]+)")


class BadVariant(Exception):
    """One sentence that says what a variant is."""


@dataclass(frozen=True)
class Variant:
    name: str  # as it was asked for
    program: Path | None = None  # None: the build's own
    settings: tuple[tuple[str, str], ...] = ()

    def lines(self) -> str:
        """For the head of the configuration."""
        return "".join(f'{key} = "{value}"\n' for key, value in self.settings)


def variant(text: str) -> Variant:
    """From "offload=off", "/tmp/old/ikeref", or both joined by a comma."""
    program: Path | None = None
    settings: list[tuple[str, str]] = []
    for word in text.split(","):
        found = _SETTING.fullmatch(word)
        if found:
            settings.append((found[1], found[2]))
        elif "/" in word and os.access(word, os.X_OK) and Path(word).is_file() and program is None:
            program = Path(word).resolve()
        else:
            raise BadVariant(f"{word!r} is neither KEY=VALUE nor the path of one program; a variant is one of them or several, "
                             "as in offload=off or /tmp/old/ikeref,mtu=1300")
    return Variant(text, program, tuple(settings))
