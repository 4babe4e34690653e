"""build/ikecrowd, which connects a crowd of clients to a gateway in memory and counts what they take."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 3600
BOUND = 6 * 1024  # octets of an idle pair: an IKE SA, its Child SA, and its ESP SAs
SUITES = {  # IKE and ESP, without a key exchange
    "aes256gcm16": ("aes256gcm16-prfsha256", "aes256gcm16"),
    "chacha20poly1305": ("chacha20poly1305-prfsha256", "chacha20poly1305"),
    "aes256-sha256": ("aes256-sha256-prfsha256", "aes256-sha256"),
}


class CannotPlay(Exception):
    """One sentence with the remedy."""


@dataclass(frozen=True)
class Held:
    """Octets of the heap of one pair."""

    responder: float  # IKE SA and Child SA
    initiator: float
    esp: float

    @property
    def worse(self) -> float:
        """Of the side that holds more, with its ESP SAs."""
        return max(self.responder, self.initiator) + self.esp


@dataclass(frozen=True)
class Memory:
    pairs: int
    used: Held  # just connected, a packet each way
    idle: Held  # and nothing for ten minutes after that


def memory(program: Path, pairs: int, suite: str) -> Memory:
    if not os.access(program, os.X_OK):
        raise CannotPlay(f"{program} is missing; run `make crowd`, which builds it")
    try:
        done = subprocess.run([program, "memory", str(pairs), *SUITES[suite]], capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise CannotPlay(f"{pairs} pairs were not connected within {TIMEOUT_S} s; ask for fewer") from error
    if done.returncode < 0:
        raise CannotPlay(f"ikecrowd was killed by signal {-done.returncode} at {pairs} pairs; is there memory for them? "
                         "Ask for fewer")
    if done.returncode != 0:
        raise CannotPlay(f"{pairs} pairs could not be connected: {done.stderr.strip()}")
    return read(done.stdout)


def read(text: str) -> Memory:
    found = json.loads(text)
    return Memory(found["pairs"], *(Held(*(found[when][who] / found["pairs"] for who in ("responder", "initiator", "esp")))
                                    for when in ("used", "idle")))
