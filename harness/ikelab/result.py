"""What a scenario leaves behind for programs: one Result, and the document of a whole run.

harness/schema/results.schema.json describes the document; a test holds this file to it.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from . import __version__
from .verdict import Verdict

SCHEMA = Path(__file__).parent.parent / "schema" / "results.schema.json"


@dataclass(slots=True)
class Result:
    """None: not measured. Paths in `artefacts` are relative to the document's own directory."""

    scenario: str
    initiator: str
    responder: str
    verdict: Verdict
    reason: str = ""
    initiator_version: str = ""
    responder_version: str = ""
    tier: str = ""
    seconds: float = 0.0
    requirements: list[str] = field(default_factory=list)
    artefacts: str = ""
    title: str = ""
    authentication: str = "psk"  # or "certificate": how the sides prove themselves where the scenario does not say
    outage_ms: float | None = None
    packets_sent: int | None = None
    packets_lost: int | None = None
    packets_duplicated: int | None = None
    packets_reordered: int | None = None
    ike_messages: int | None = None
    ike_octets: int | None = None
    esp_packets: int | None = None
    esp_octets: int | None = None
    handshake_ms: float | None = None
    cause: str = ""  # of what did not pass: the first thing in the decoded packets that went otherwise
    spent: dict[str, float] = field(default_factory=dict)  # seconds: booting, set_up, playing, ending, judging
    # Of a conformance test alone (docs/CONFORMANCE.md): the scripted peer has the other role.
    test: str = ""
    role: str = ""  # of the implementation under test
    notes: list[str] = field(default_factory=list)  # SHOULDs that were not met

    @property
    def identity(self) -> str:
        """What tells this result from all others of its run; a set of runs may have both authentications."""
        how = "" if self.authentication == "psk" else f", {self.authentication}"
        return f"{self.scenario}[{self.initiator}-{self.responder}{how}]"

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Result:
        known = {one.name for one in fields(cls)}
        result = cls(**{name: value for name, value in data.items() if name in known})
        result.verdict = Verdict(result.verdict)
        return result


def machine() -> dict[str, Any]:
    return {"system": platform.platform(), "kernel": platform.release(), "cpus": os.cpu_count() or 0,
            "python": platform.python_version()}


def document(results: Iterable[Result], started: float | None = None) -> dict[str, Any]:
    """The object that --json writes."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started))
    return {"tool": "ikelab", "version": __version__, "machine": machine(), "started": stamp,
            "results": [asdict(one) for one in sorted(results, key=lambda r: r.identity)]}


def write_document(path: Path, found: dict[str, Any]) -> None:
    """Whole or not at all: a reader never sees half a document. A device (/dev/stdout) is written to."""
    if path.exists() and not path.is_file():
        path.write_text(json.dumps(found, indent=1) + "\n")
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(found, indent=1) + "\n")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def read_results(directory: Path) -> list[Result]:
    """The verdict.json of every scenario below the directory."""
    return [Result.from_dict(json.loads(path.read_text()))
            for path in sorted(directory.rglob("verdict.json"))]


def counts(results: Iterable[Result]) -> Counter[str]:
    return Counter(str(one.verdict) for one in results)
