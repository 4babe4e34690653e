"""Slow-downs planted into a copy of the core: as a rule instructions that do nothing, as many as the share asks for."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ikelab.bench.callgrind import Profile
from ikelab.bench.measure import ROOT, counts_of


@dataclass(frozen=True)
class Plant:
    """Where every one of these cases comes along."""

    cases: str  # how their names begin
    file: str  # below ref/
    function: str


def idle(instructions: int) -> str:
    return rf'__asm__ volatile(".rept {instructions}\n nop\n .endr");'


def program(plant: Plant, statement: str, build: Path, directory: Path) -> Path:
    """ikebench in which every call of the function begins with the statement."""
    objects = [*_objects(build, "bench"), build / "ref/sim/dice.o"]
    return _linked(plant, statement, build, directory / "ikebench", objects, ["-lcrypto"])


def daemon(plant: Plant, statement: str, build: Path, directory: Path) -> Path:
    """ikeref in which every call of the function begins with the statement."""
    libraries = ["-lconfuse", "-ljansson", "-lmnl", "-lseccomp", "-lcrypto"]
    own = build / "ref" / Path(plant.file).with_suffix(".o")  # of a library it would not be taken
    objects = [one for one in _objects(build, "host") if one != own]
    return _linked(plant, statement, build, directory / "ikeref", objects, libraries)


def _objects(build: Path, room: str) -> list[Path]:
    """Of sources that there are: a folder that was built before may have others."""
    return [one for one in sorted((build / "ref" / room).glob("*.o")) if (ROOT / "ref" / room / f"{one.stem}.c").exists()]


def _linked(plant: Plant, statement: str, build: Path, out: Path, objects: list[Path], libraries: list[str]) -> Path:
    text = (ROOT / "ref" / plant.file).read_text()
    planted, count = re.subn(rf"(?m)^[^\n;{{}}]*\b{plant.function}\([^;{{}}]*\)\n\{{\n",
                             lambda found: f"{found[0]}    {statement}\n", text)
    assert count == 1, f"{plant.function} is not once in ref/{plant.file}: give the plant another place"
    source = out.parent / "ref" / plant.file
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(planted)
    subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-std=c11", "-D_GNU_SOURCE", "-O2", "-g", "-w",
                    "-fno-strict-aliasing", f"-I{ROOT / 'ref'}", "-o", out, source, *objects,
                    build / "libikeref.a", *libraries], check=True)
    return out


def instructions_for(share: float, function: str, profiles: dict[str, Profile]) -> int:
    """How many at each call make this share of the case that it is the smallest part of; at least one."""
    return max(1, *(round(share * counts_of(profile, 1).own / calls_of(profile, function)) for profile in profiles.values()))


def calls_of(profile: Profile, function: str) -> int:
    count = sum(call.count for call in profile.calls if call.name == function)
    assert count > 0, f"{function} is never called in {profile.asked_by}: give the plant another place"
    return count
