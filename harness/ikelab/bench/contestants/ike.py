"""What all that speak IKE have in common: the lab's own adapters set them up, with one Child SA between two nets."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

from ikelab.peers.contract import Peer
from ikelab.stage.setting import Setting

from .contract import START_S, Contestant

ESP = ("aes128gcm16",)


class Ike(Contestant):
    """ESP in UDP on both sides, as OpenVPN and WireGuard are in UDP."""

    sides: tuple[Peer, ...] = ()

    @abstractmethod
    def peer(self, directory: Path) -> Peer:
        """An adapter whose daemon is not started."""

    def set_up(self) -> None:
        setting = Setting(esp=ESP)
        setting.change("both", {"force_encapsulation": True})
        specs = setting.specs(self.world)
        hosts = (self.client, self.gateway)
        self.sides = tuple(self.peer(self.directory / host.name) for host in hosts)
        for side, host in zip(self.sides, hosts):
            side.configure(specs[host.name])
            self.adjust(side)
        for side, host in reversed(list(zip(self.sides, hosts))):
            side.start(host, START_S)
        self.sides[0].initiate(deadline_s=START_S)

    def adjust(self, side: Peer) -> None:
        """The configuration is written, the daemon not started."""

    def take_down(self) -> None:
        for side in self.sides:
            side.kill()

    def addresses(self) -> tuple[str, str]:
        return self.client.inside_address(), self.gateway.inside_address()

    @property
    def pids(self) -> tuple[int, ...]:
        return tuple(pid for side in self.sides if (pid := side.process_id()) is not None)
