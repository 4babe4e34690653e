"""One side of a scenario: a peer in its host. It starts when the scenario first needs it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..peers.contract import DEADLINE_S, Peer, What
from ..peers.neutral import ChildAgreement, ChildSaStatus, Event, IkeSaStatus, PeerStatus
from ..topology.host import Host

if TYPE_CHECKING:
    from .lab import Lab


class Side:
    """Verbs leave a mark in the trace, so that a reader sees why the wire looks as it does."""

    def __init__(self, name: str, kind: str, lab: Lab):
        self.name = name
        self.kind = kind
        self.lab = lab
        self.peer: Peer | None = None  # set by Lab.open
        self.should_run = False
        self.policy_times: list[tuple[int, int]] = []  # since and until (0: still) in the capture's clock
        self.longest_move_ms = 0.0  # that the lab itself took to change the network beneath

    # Where it is.

    @property
    def host(self) -> Host:
        return self.lab.topology.host(self.name)

    @property
    def inside(self) -> list[str]:
        return self.host.inside

    @property
    def retransmission_interval_ms(self) -> float:
        """The first one (RFC 7296 2.1)."""
        spec = self.daemon.spec
        assert spec is not None, "ask after the sides have been started"
        return spec.peer().retransmission.timeout_ms

    def outage_allowed_ms(self, intervals: int = 1) -> float:
        """So many retransmission intervals, beside the time in which there was no network to send by."""
        return intervals * self.retransmission_interval_ms + self.longest_move_ms

    @property
    def daemon(self) -> Peer:
        assert self.peer is not None
        return self.peer

    # Before the start.

    def configure(self, **changes: Any) -> None:
        """Fields of PeerSpec, DaemonSpec, certificate=..., and child={...} for those of ChildSpec; for this side only."""
        self.lab.setting.change(self.name, changes)

    def require(self, *capabilities: str) -> None:
        self.daemon.require(*capabilities)

    # Life and death.

    def start(self) -> None:
        """Configured and listening when it returns; nothing when it is running."""
        if not self.should_run:
            self.daemon.configure(self.lab.spec(self.name))
            self.daemon.start(self.host)
            self.should_run = True
            if not self.policy_times or self.policy_times[-1][1]:
                self.policy_times.append((time.time_ns(), 0))

    def policies_end(self) -> None:
        """From now on it need not protect anything: it is about to be stopped in good order."""
        if self.policy_times and not self.policy_times[-1][1]:
            self.policy_times[-1] = (self.policy_times[-1][0], time.time_ns())

    def stop(self) -> None:
        self.mark("ends in good order")
        self.should_run = False
        self.policies_end()
        self.daemon.stop()

    def kill(self) -> None:
        self.mark("is killed and forgets everything")
        self.should_run = False
        self.daemon.kill()

    def restart(self) -> None:
        """After kill() or stop(); with the configuration as it is now."""
        self.mark("starts again")
        self.start()

    # Verbs. Each returns when it has ended, or raises PeerError.

    def connect(self, other: Side, child: str | None = None, deadline_s: float = DEADLINE_S) -> None:
        """Starts both sides, the other one first, and brings the Child SA up."""
        other.start()
        self.start()
        self.initiate(child, deadline_s)

    def initiate(self, child: str | None = None, deadline_s: float = DEADLINE_S) -> None:
        self.mark(f"is told to connect{f' {child}' if child else ''}")
        self.daemon.initiate(child, deadline_s=deadline_s)

    def rekey(self, what: What = "child", child: str | None = None, deadline_s: float = DEADLINE_S,
              wait: bool = True) -> None:
        self.mark(f"is told to rekey the {'IKE' if what == 'ike' else 'Child'} SA")
        self.daemon.rekey(what, child, deadline_s=deadline_s, wait=wait)

    def reauthenticate(self, deadline_s: float = DEADLINE_S) -> None:
        self.mark("is told to authenticate anew")
        self.daemon.reauthenticate(deadline_s=deadline_s)

    def delete(self, what: What = "ike", child: str | None = None, deadline_s: float = DEADLINE_S,
               wait: bool = True) -> None:
        self.mark(f"is told to delete the {'IKE' if what == 'ike' else 'Child'} SA")
        self.daemon.delete(what, child, deadline_s=deadline_s, wait=wait)

    def liveness(self, deadline_s: float = DEADLINE_S) -> None:
        self.mark("is told to ask whether the peer is alive")
        self.daemon.liveness(deadline_s=deadline_s)

    def roam(self, *uplinks: str, families: tuple[int, ...] = (4, 6), deadline_s: float = DEADLINE_S) -> None:
        """Changes the network beneath (roaming layout), and returns when the peer knows the new address."""
        self.move(*uplinks, families=families)
        self.finish_roam(deadline_s)

    def finish_roam(self, deadline_s: float = DEADLINE_S) -> None:
        """After move(): returns when the peer knows the new address."""
        self.daemon.roam(deadline_s=deadline_s)

    def move(self, *uplinks: str, families: tuple[int, ...] = (4, 6)) -> None:
        """Only changes the network; the daemon is told nothing."""
        version = "" if len(families) == 2 else f" (IPv{families[0]} only)"
        self.mark(f"is on {' and '.join(uplinks) or 'no network'} now{version}")
        before = time.monotonic()
        self.lab.move(*uplinks, families=families)
        self.longest_move_ms = max(self.longest_move_ms, 1000 * (time.monotonic() - before))

    def renumber(self, new: str, family: int = 4) -> None:
        """The host's outer address becomes another one of the same network; the daemon is told nothing."""
        self.mark(f"has the address {new} now")
        before = time.monotonic()
        self.host.renumber(self.host.address(family), new)
        self.longest_move_ms = max(self.longest_move_ms, 1000 * (time.monotonic() - before))
        self.lab.learn_addresses()

    # What it says of itself.

    def status(self) -> PeerStatus:
        return self.daemon.status()

    def ike_sa(self) -> IkeSaStatus:
        """The one that is established; who is behind a NAT is asked of the packets where the daemon does not tell."""
        sa = self.daemon.ike_sa()
        if vars(sa)["nat_local"] is None:
            here, there = self.lab.nat_seen_by(self)
            sa = replace(sa, nat_local=here, nat_remote=there)
        return sa

    def child_sa(self, child: str | None = None) -> ChildSaStatus:
        return self.daemon.child_sa(child)

    def agreement(self, child: str | None = None) -> ChildAgreement:
        """What both sides must see alike: `client.agreement() == gateway.agreement().mirrored()`."""
        return self.daemon.child_sa(child).agreement()

    def events(self) -> tuple[Event, ...]:
        return self.daemon.events()

    def wait_for(self, *arguments: Any, **options: Any) -> PeerStatus:
        return self.daemon.wait_for(*arguments, **options)

    def wait_for_event(self, *arguments: Any, **options: Any) -> Event:
        return self.daemon.wait_for_event(*arguments, **options)

    def footprint(self) -> dict[str, str]:
        """What a daemon changes in its host and has to take back: interfaces, routes, rules, tables, sockets."""
        return self.host.footprint()

    def mark(self, text: str) -> None:
        self.lab.mark(self.name, text)
