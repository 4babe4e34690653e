"""A profile as callgrind writes it: what each function spent itself, and what it called how often at what cost.

The format: https://valgrind.org/docs/manual/cl-format.html. Names are given once with a number and are that number
from then on; a file is read by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

NAMED = re.compile(r"(c?(?:ob|fl|fi|fe|fn))=(?:\((\d+)\))?\s*(.*)")
UNKNOWN = "???"
REQUESTED = re.compile(r"desc: Trigger: Client Request: (.*)")


class ProfileError(Exception):
    """What stands in a file is no profile that adds up."""


@dataclass(frozen=True)
class Function:
    object: str  # the program or library it is in
    file: str  # its source, "???" where that is not known
    name: str


@dataclass(frozen=True)
class Call:
    caller: Function
    object: str
    name: str
    count: int
    instructions: int  # of the function called and all that it called


@dataclass
class Profile:
    asked_by: str = ""  # the words of the client request that had it written
    own: dict[Function, int] = field(default_factory=dict)  # instructions of each function itself
    calls: list[Call] = field(default_factory=list)


@dataclass(frozen=True)
class _Site:
    """The instruction that calls. It was executed as often as it called, and that number is of what is counted alone;
    the one in calls= is of all that was ever played."""

    caller: Function
    address: str
    object: str
    name: str
    instructions: int


class _Reader:
    """Where in the file one is: the function whose lines these are, and the call that was just named."""

    def __init__(self) -> None:
        self.asked_by = ""
        self.total: int | None = None
        self.own: dict[Function, int] = {}
        self._executed: dict[tuple[Function, str], int] = {}
        self._sites: list[_Site] = []
        self._names: dict[str, dict[str, str]] = {"ob": {}, "fl": {}, "fn": {}}
        self._at = {"ob": "???", "fl": "???", "fn": "???"}
        self._function = Function("???", "???", "???")
        self._called = {"ob": "", "fn": "???"}
        self._is_call = False  # the costs in the next line are those of the call that was named

    def line(self, text: str) -> None:
        if text.startswith("0x"):
            address, cost = text.split()
            self._costs(address, int(cost))
        elif text.startswith("calls="):
            self._is_call = True
        elif named := NAMED.match(text):
            self._name(*named.groups())
        elif text.startswith(("summary:", "totals:")):
            self.total = int(text.split()[1])
        elif asked := REQUESTED.match(text):
            self.asked_by = asked[1].strip()

    def _name(self, key: str, number: str | None, name: str) -> None:
        called, kind = key.startswith("c"), key.removeprefix("c")
        known = self._names["fl" if kind in ("fi", "fe") else kind]
        if number is not None:
            name = known.setdefault(number, name) if name else known[number]
        if called and kind in self._called:
            self._called[kind] = name
        elif not called and kind in self._at:  # fi and fe: lines of a header, within the same function
            self._at[kind] = name
            self._function = Function(self._at["ob"], self._at["fl"], self._at["fn"])

    def _costs(self, address: str, instructions: int) -> None:
        function = self._function
        if self._is_call:
            called = self._called["ob"] or function.object
            self._sites.append(_Site(function, address, called, self._called["fn"], instructions))
            self._called["ob"], self._is_call = "", False
            return
        self.own[function] = self.own.get(function, 0) + instructions
        executed = self._executed
        executed[function, address] = executed.get((function, address), 0) + instructions

    def profile(self) -> Profile:
        """Calls through the linker's stubs are calls of what is behind them."""
        behind = {site.caller.name: site for site in self._sites if _is_stub(site.caller.object, site.caller.name)}
        calls = []
        for site in self._sites:
            to = behind.get(site.name, site) if _is_stub(site.object, site.name) else site
            calls.append(Call(site.caller, to.object, to.name, self._executed.get((site.caller, site.address), 0),
                              site.instructions))
        return Profile(self.asked_by, self.own, calls)


def _is_stub(object: str, name: str) -> bool:
    """One of the procedure linkage table: callgrind knows it, or knows nothing of where it is."""
    return object == UNKNOWN or name.endswith("[PLT]")


def read(path: Path) -> Profile:
    """A profile with the addresses of instructions, uncompressed, and with stubs of the linker as functions."""
    reader = _Reader()
    try:
        for text in path.read_text(errors="replace").splitlines():
            if text:
                reader.line(text)
    except (ValueError, KeyError, IndexError) as error:
        raise ProfileError(f"{path} is no profile of callgrind's: {error!r}") from error
    spent = sum(reader.own.values())
    if reader.total != spent:
        raise ProfileError(f"{path} does not add up: its functions spent {spent}, its total is {reader.total}")
    return reader.profile()
