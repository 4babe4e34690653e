"""Drives one relay (harness/link/relay.c): chance with a seed, and rules by ordinal.

    relay = topology.link("wire").relay
    relay.impair(loss=0.1, delay_ms=20)                      both ways, decided by the seed
    relay.impair("client", packets="esp", reorder=0.2)       only what the client sends
    relay.drop("client", "ike", 3)                           the third IKE datagram from now on
    relay.drop("gateway", "ike", 1, 2, exchange=36)          its first two CREATE_CHILD_SA
    relay.drop(None, "ip", last=None, fragment=True)         a path that takes no IP fragments
    relay.drop(None, "ip", last=None, larger=1280)           nor packets of more octets, and says nothing
    relay.hold("client", "esp", 3, until=5)                  comes after the fifth
    held = relay.hold("gateway", "ike", response=False, last=None); ...; held.release()
    relay.clear()

Ordinals count from 1, from the moment the rule is made, among what matches it. Packets are "ip"
(all), "ike", "esp" (bare or in UDP), "keepalive" or "other" (in the clear). ARP and neighbour
discovery always pass.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import Any

from ikelab import process
from ikelab.cleanup import build_directory

DEADLINE_S = 5.0
NEVER = 10**18  # an ordinal that no packet has


class RelayError(Exception):
    """The relay did not start, has ended, or did not understand."""


@dataclass(frozen=True)
class Rule:
    """A rule that is in force."""

    relay: Relay
    number: int

    @property
    def matched(self) -> int:
        """How many packets it has seen, whether or not it did something to them."""
        return self._stats()["matched"]

    @property
    def acted(self) -> int:
        return self._stats()["acted"]

    def wait_acted(self, count: int = 1, deadline_s: float = DEADLINE_S) -> None:
        """Until it has dropped, held... that many."""
        process.await_that(lambda: self.acted >= count, f"packet {count} of a relay rule", deadline_s)

    def acts_within(self, count: int = 1, deadline_s: float = DEADLINE_S) -> bool:
        """Whether it comes to that in time: for packets whose absence is the sender's fault, and not the lab's."""
        try:
            self.wait_acted(count, deadline_s)
        except process.ProcessError:
            return False
        return True

    def wait_matched(self, count: int = 1, deadline_s: float = DEADLINE_S) -> None:
        process.await_that(lambda: self.matched >= count, f"packet {count} at a relay rule", deadline_s)

    def release(self) -> None:
        """Lets go what it holds; it goes on holding what comes."""
        self.relay.command(f"release {self.number}")

    def remove(self) -> None:
        """Lets go what it holds and ends the rule."""
        self.relay.command(f"remove {self.number}")

    def _stats(self) -> dict[str, int]:
        return self.relay.stats()["rules"][str(self.number)]


class Relay:
    def __init__(self, netns: str, name: str, hosts: tuple[str, str], directory: Path,
                 interfaces: tuple[str, str] = ("a", "b"), seed: int = 1):
        program = build_directory() / "relay"
        if not program.exists():
            raise RelayError(f"{program} is missing; run `make`")
        self.name = name
        self.hosts = hosts
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = process.popen(
                netns, [program, str(theirs.fileno()), *interfaces], name=f"relay of {name}",
                log=directory / f"relay-{name}.log", pass_fds=(theirs.fileno(),))
        self._socket = ours
        ours.settimeout(DEADLINE_S)
        if self._receive() != "ready":
            raise RelayError(f"the relay of {name} did not start: {self._process.output().strip()}")
        self.seed(seed)

    def command(self, line: str) -> str:
        """One command to the program, and its answer without the "ok"."""
        with self._lock:
            try:
                self._socket.send(line.encode())
            except OSError as error:
                raise RelayError(f"the relay of {self.name} has ended: {error}") from error
            answer = self._receive()
        if not answer.startswith("ok"):
            raise RelayError(f"the relay of {self.name} refused `{line}`: {answer}")
        return answer[3:]

    def _receive(self) -> str:
        try:
            return self._socket.recv(65536).decode()
        except OSError as error:
            raise RelayError(f"the relay of {self.name} does not answer: {error}") from error

    def let_go(self, rules: Sequence[Rule]) -> None:
        """Lets go what they hold, and ends them, in one go: no answer to the first overtakes what the second held."""
        self.command("remove " + " ".join(str(rule.number) for rule in rules))

    def seed(self, value: int) -> None:
        """Starts chance anew: the same seed and the same frames have the same fate."""
        self.command(f"seed {value}")

    def impair(self, sender: str | None = None, *, packets: str = "ip", loss: float = 0,
               duplicate: float = 0, corrupt: float = 0, reorder: float = 0, delay_ms: float = 0,
               jitter_ms: float = 0, rate_mbit: float = 0, queue: int = 4096) -> None:
        """Shares are 0..1. Replaces what was set for that sender; no sender means both."""
        self.command(
            f"impair {self._direction(sender)} {packets} loss={loss} duplicate={duplicate} "
            f"corrupt={corrupt} reorder={reorder} delay_us={delay_ms * 1000} "
            f"jitter_us={jitter_ms * 1000} rate_kbit={rate_mbit * 1000} queue={queue}")

    def drop(self, sender: str | None, packets: str = "ike", first: int = 1,
             last: int | None = 0, **match: Any) -> Rule:
        """Loses the first-th packet (to the last-th; None: all from there on)."""
        return self._rule(sender, packets, "drop", first, last, **match)

    def hold(self, sender: str | None, packets: str = "ike", first: int = 1, last: int | None = 0,
             *, until: int = 0, **match: Any) -> Rule:
        """Keeps packets back until the until-th has passed, or until the rule lets them go."""
        return self._rule(sender, packets, "hold", first, last, until=until, **match)

    def duplicate(self, sender: str | None, packets: str = "ike", first: int = 1,
                  last: int | None = 0, **match: Any) -> Rule:
        return self._rule(sender, packets, "duplicate", first, last, **match)

    def corrupt(self, sender: str | None, packets: str = "ike", first: int = 1,
                last: int | None = 0, **match: Any) -> Rule:
        """Flips one bit behind the headers, with the UDP checksum mended."""
        return self._rule(sender, packets, "corrupt", first, last, **match)

    def watch(self, sender: str | None, packets: str = "ike", **match: Any) -> Rule:
        """Only counts: see Rule.matched and wait_matched."""
        return self._rule(sender, packets, "drop", NEVER, NEVER, **match)

    def delay(self, sender: str | None, packets: str = "ike", first: int = 1, last: int | None = 0,
              *, ms: float, **match: Any) -> Rule:
        """Late, and overtaken by what follows."""
        return self._rule(sender, packets, "delay", first, last, us=ms * 1000, **match)

    def clear(self) -> None:
        """No rules, no impairment; what was held goes on its way."""
        self.command("clear")

    def stats(self) -> dict[str, Any]:
        """Counters by sender's name, and "rules": {number: matched, acted, held}."""
        raw = json.loads(self.command("stats"))
        return {self.hosts[0]: raw["ab"], self.hosts[1]: raw["ba"], "rules": raw["rules"]}

    @property
    def overrun(self) -> int:
        """Frames the relay itself was too slow for: with any, a scenario is inconclusive."""
        stats = self.stats()
        return sum(stats[host]["kernel_dropped"] for host in self.hosts)

    def close(self) -> None:
        self._socket.close()
        self._process.signal(SIGKILL)
        process.leave(self._process)

    def _direction(self, sender: str | None) -> str:
        if sender is None:
            return "both"
        if sender not in self.hosts:
            raise RelayError(f"{sender} is not at the link {self.name}; "
                             f"{' and '.join(self.hosts)} are")
        return ("ab", "ba")[self.hosts.index(sender)]

    def _rule(self, sender: str | None, packets: str, action: str, first: int, last: int | None,
              *, exchange: int | None = None, response: bool | None = None, fragment: bool | None = None,
              larger: int = 0, until: int = 0, us: float = 0) -> Rule:
        words = [f"rule {self._direction(sender)} {packets} {action} {first}",
                 str(0 if last is None else last or first)]
        if exchange is not None:
            words.append(f"exchange={int(exchange)}")
        if response is not None:
            words.append(f"response={int(response)}")
        if fragment is not None:
            words.append(f"fragment={int(fragment)}")
        if larger:
            words.append(f"larger={larger}")
        if until:
            words.append(f"until={until}")
        if us:
            words.append(f"us={us}")
        return Rule(self, int(self.command(" ".join(words))))
