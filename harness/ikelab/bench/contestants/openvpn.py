"""OpenVPN in user space: no compression, and no data channel in the kernel even where there is one."""

from __future__ import annotations

import subprocess

from ikelab.pki import authority, files
from ikelab.pki.certificate import Certificate
from ikelab.process import Process
from ikelab.topology.host import Host

from .contract import CIPHER, Contestant, absent

AUTHORITY = "bench"
TUNNEL = ("10.8.0.1", "10.8.0.2")
CONFIGURATION = """\
dev tun0
proto udp4
local {local}
remote {remote}
port 1194
{role}
ifconfig {inside} {other}
ca authority-1.pem
cert certificate.pem
key private-key.pem
data-ciphers {cipher}
allow-compression no
disable-dco
"""


class OpenVpn(Contestant):
    _daemons: tuple[Process, ...] = ()

    @staticmethod
    def missing() -> str:
        return absent("openvpn", "openvpn")

    @staticmethod
    def version() -> str:
        said = subprocess.run(["openvpn", "--version"], capture_output=True, text=True, check=False).stdout
        return " ".join(said.split()[:2])

    def set_up(self) -> None:
        ends = ((self.gateway, self.client, "tls-server\ndh none", TUNNEL[::-1]), (self.client, self.gateway, "tls-client", TUNNEL))
        self._daemons = tuple(self._start(host, other, role, inside) for host, other, role, inside in ends)

    def _start(self, host: Host, other: Host, role: str, inside: tuple[str, str]) -> Process:
        directory = self.own_directory(host)
        issued = authority.root(AUTHORITY).issue(Certificate(identity=host.name), f"{AUTHORITY} {host.name}")
        files.write(directory, issued, [AUTHORITY])
        (directory / "openvpn.conf").write_text(CONFIGURATION.format(
            local=host.address(), remote=other.address(), role=role, inside=inside[0], other=inside[1], cipher=CIPHER))
        return self.start(host, ["openvpn", "--config", "openvpn.conf"])

    def addresses(self) -> tuple[str, str]:
        return TUNNEL

    @property
    def pids(self) -> tuple[int, ...]:
        return tuple(daemon.pid for daemon in self._daemons)
