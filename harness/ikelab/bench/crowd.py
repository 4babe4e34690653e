"""build/ikecrowd, which plays a gateway and a crowd of its clients in memory and counts what they take."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TIMEOUT_S = 3600
BOUND = 6 * 1024  # octets of an idle pair: an IKE SA, its Child SA, and its ESP SAs
SUITES = {  # IKE and ESP, without a key exchange
    "aes256gcm16": ("aes256gcm16-prfsha256", "aes256gcm16"),
    "chacha20poly1305": ("chacha20poly1305-prfsha256", "chacha20poly1305"),
    "aes256-sha256": ("aes256-sha256-prfsha256", "aes256-sha256"),
}
JITTER_S = {"child": 120, "ike": 300}  # as the reference's defaults have it
RATE = 8000  # datagrams a second that a gateway takes to which everybody comes back


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

    @property
    def good(self) -> bool:
        return self.idle.worse <= BOUND


@dataclass(frozen=True)
class Storm:
    kind: str  # what is rekeyed
    jitter: int
    pairs: int
    rekeyed: int
    lost: int  # Child SAs, or clients that cannot be reached afterwards
    most: int  # in a second
    cpu_ns: int  # both sides
    per_second: tuple[int, ...]

    @property
    def mean(self) -> float:
        return self.rekeyed / max(len(self.per_second), 1)

    @property
    def good(self) -> bool:
        return self.lost == 0 and self.rekeyed == self.pairs


@dataclass(frozen=True)
class Comeback:
    gateway: str  # has "lost" all it knew, or "kept" the clients' old SAs
    pairs: int
    back: int
    stale: int  # IKE SAs at the gateway beyond those
    seconds: int
    half_open_most: int
    half_open_max: int
    cookies: int
    dropped: int  # datagrams for which the gateway had no room
    again: int  # clients that gave up and began anew
    cpu_ns: int

    @property
    def good(self) -> bool:
        return self.back == self.pairs and self.stale == 0 and self.half_open_most <= self.half_open_max


def memory(program: Path, pairs: int, suite: str) -> Memory:
    found = _play(program, pairs, "memory", str(pairs), *SUITES[suite])
    return Memory(found["pairs"], *(Held(*(found[when][who] / found["pairs"] for who in ("responder", "initiator", "esp")))
                                    for when in ("used", "idle")))


def storm(program: Path, pairs: int, kind: str, jitter: int) -> Storm:
    found = _play(program, pairs, "storm", str(pairs), kind, str(jitter))
    return Storm(kind, jitter, **{**found, "per_second": tuple(found["per_second"])})


def comeback(program: Path, pairs: int, gateway: str, spread: int, rate: int = RATE) -> Comeback:
    return Comeback(gateway, **_play(program, pairs, "comeback", str(pairs), gateway, str(spread), str(rate)))


def _play(program: Path, pairs: int, *words: str) -> dict[str, Any]:
    if not os.access(program, os.X_OK):
        raise CannotPlay(f"{program} is missing; run `make crowd`, which builds it")
    try:
        done = subprocess.run([program, *words], capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise CannotPlay(f"{pairs} pairs were not done within {TIMEOUT_S} s; ask for fewer") from error
    if done.returncode < 0:
        raise CannotPlay(f"ikecrowd was killed by signal {-done.returncode} at {pairs} pairs; is there memory for them? "
                         "Ask for fewer")
    if done.returncode != 0:
        raise CannotPlay(f"{pairs} pairs could not be played: {done.stderr.strip()}")
    return json.loads(done.stdout)
