"""strongSwan whose kernel-libipsec plugin carries ESP in user space."""

from __future__ import annotations

from pathlib import Path

from ikelab.peers import table
from ikelab.peers.contract import Peer

from .ike import Ike

KIND = table.kind("strongswan-6.0.1")


class Libipsec(Ike):
    @staticmethod
    def missing() -> str:
        return KIND.available()

    @staticmethod
    def version() -> str:
        return f"strongSwan {KIND.root().version()}"

    def peer(self, directory: Path) -> Peer:
        return KIND.create(directory)

    def set_up(self) -> None:
        super().set_up()
        for host in (self.gateway, self.client):
            self.typed(host, ["chroot", KIND.root().path, "/usr/lib/ipsec/charon"], {"STRONGSWAN_CONF": "strongswan.conf"})
            self.commands.append(f"{host.name}: connections.json is loaded over VICI")
        self.typed(self.client, ["swanctl", "--initiate", "--child", "net"])
