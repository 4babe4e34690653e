"""What pluto tells of its IKE SAs nowhere but in its debugging log: SPIs, and who is behind a NAT.

whack lists IKE SAs by number only. With plutodebug=base the log says the rest as fixed phrases, which are the same in
4.10 and 5.2; nothing else is read from it, and what is not found is left "not told".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LINES = (r"(initiator|responder) SPI: |our spi: |IKE=[^ ]+ SPI=|parent state #[0-9]+: .*=> ESTABLISHED_IKE_SA"
         r"|parent state #[0-9]+: .*=> V2_ESTABLISHED|NAT_TRAVERSAL th(is|at) end is")
_SPI = re.compile(r"(initiator|responder) SPI: ([0-9a-f ]{23,})")
_OURS = re.compile(r"our spi: ([0-9a-f ]{23,})$")
_THEIRS = re.compile(r"IKE=\S+ SPI=([0-9a-f]{16})")
_UP = re.compile(r"parent state #(\d+): (\S+?)\(.* => (?:V2_)?ESTABLISHED_IKE_SA")
_NAT = re.compile(r"NAT_TRAVERSAL (this|that) end is (.*)behind NAT")


@dataclass
class Told:
    """By pluto's number of the IKE SA."""

    spis: dict[int, tuple[int, int]] = field(default_factory=dict)
    nat: dict[int, tuple[bool, bool]] = field(default_factory=dict)  # this end, that end


def read(lines: str) -> Told:
    """`lines`: those of the log that match LINES, oldest first."""
    told = Told()
    header = {"initiator": 0, "responder": 0}
    ours = theirs = 0
    nat = [False, False]
    for line in lines.splitlines():
        if found := _SPI.search(line):
            header[found[1]] = _number(found[2])
        elif found := _OURS.search(line):
            ours = _number(found[1])
        elif found := _THEIRS.search(line):
            theirs = int(found[1], 16)
        elif found := _NAT.search(line):
            nat[found[1] == "that"] = "NOT" not in found[2]
        elif found := _UP.search(line):
            number, before = int(found[1]), found[2]
            if "REKEY" not in before:
                told.spis[number] = (header["initiator"], header["responder"])
            elif ours and theirs:
                told.spis[number] = (ours, theirs) if before.endswith(("I0", "I1")) else (theirs, ours)
                ours = theirs = 0
            told.nat[number] = (nat[0], nat[1])
    if told.nat:
        told.nat[max(told.nat)] = (nat[0], nat[1])  # looked at again when a peer has moved
    return told


def _number(text: str) -> int:
    return int(text.replace(" ", "") or "0", 16)
