"""scene.json: who was who in a scenario's captures, and what it did when. For `ikelab explain DIRECTORY`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from .annotate import Mark
from .passage import Scene

NAME = "scene.json"


def write(directory: Path, scene: Scene, marks: list[Mark], outer: set[str]) -> None:
    """`outer`: the links on which nothing protected may be seen."""
    found = {"hosts": scene.hosts, "order": scene.order, "links": scene.links, "middle": sorted(scene.middle),
             "outer": sorted(outer), "marks": [asdict(mark) for mark in marks]}
    (directory / NAME).write_text(json.dumps(found, indent=1) + "\n")


def read(directory: Path) -> tuple[Scene, list[Mark], set[str] | None]:
    """An empty scene, and None for the outer links, where there is no file."""
    path = directory / NAME
    if not path.exists():
        return Scene(), [], None
    found = json.loads(path.read_text())
    links = {name: tuple(hosts) for name, hosts in found["links"].items()}
    scene = Scene(found["hosts"], found["order"], links, set(found["middle"]))
    return scene, [Mark(**mark) for mark in found["marks"]], set(found["outer"])
