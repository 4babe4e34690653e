"""wireguard-go: WireGuard in user space. It knows one cipher, ChaCha20-Poly1305.

It is configured over its own socket in /run/wireguard, for which each side has a /run of its own.
"""

from __future__ import annotations

import shlex
import subprocess

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ikelab.peers.unix_socket import connect
from ikelab.process import Process, ProcessError, await_that
from ikelab.topology.host import Host

from .contract import START_S, Contestant, absent

TUNNEL = ("10.9.0.1", "10.9.0.2")
PORT = 51820
MTU = 1440  # what a link of 1500 has room for over IPv4: 20 of IPv4, 8 of UDP, 32 of its own


class WireGuardGo(Contestant):
    _daemons: tuple[Process, ...] = ()

    @staticmethod
    def missing() -> str:
        return absent("wireguard-go", "wireguard-go")

    @staticmethod
    def version() -> str:
        said = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "wireguard-go"], capture_output=True, text=True,
                              check=False).stdout
        return f"wireguard-go {said.strip() or 'of unknown version'}"

    def set_up(self) -> None:
        hosts = (self.client, self.gateway)
        keys = {host.name: X25519PrivateKey.generate() for host in hosts}
        self._daemons = tuple(self._start(host) for host in hosts)
        for host, other, inside in zip(hosts, hosts[::-1], TUNNEL):
            settings = (f"private_key={_private(keys[host.name])}\nlisten_port={PORT}\npublic_key={_public(keys[other.name])}\n"
                        f"endpoint={other.address()}:{PORT}\nallowed_ip=0.0.0.0/0\n")
            self._tell(host, settings)
            lines = (f"addr add {inside}/24 dev wg0", f"link set wg0 mtu {MTU} up")
            host.ip(*lines)
            (self.directory / host.name / "settings").write_text(settings)
            self.commands += [f"{host.name}: (echo set=1; cat settings; echo) | nc -U /run/wireguard/wg0.sock",
                              *(f"{host.name}: ip {line}" for line in lines)]

    def _start(self, host: Host) -> Process:
        directory = self.own_directory(host).resolve()
        run = directory / "run"
        run.mkdir()
        self.typed(host, ["wireguard-go", "--foreground", "wg0"])
        script = (f"mount --bind {shlex.quote(str(run))} /run && WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1 LOG_LEVEL=error"
                  " exec wireguard-go --foreground wg0")
        return host.popen(["/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script], name="wireguard-go")

    def _tell(self, host: Host, settings: str) -> None:
        socket = self.directory / host.name / "run/wireguard/wg0.sock"
        await_that(socket.exists, f"wireguard-go's socket in {host.name}", START_S)
        with connect(socket, START_S) as control, control.makefile("rw") as stream:
            stream.write(f"set=1\n{settings}\n")
            stream.flush()
            said = stream.readline().strip()
        if said != "errno=0":
            raise ProcessError(f"wireguard-go in {host.name} refused its settings: {said}")

    def addresses(self) -> tuple[str, str]:
        return TUNNEL

    @property
    def pids(self) -> tuple[int, ...]:
        return tuple(daemon.pid for daemon in self._daemons)


def _private(key: X25519PrivateKey) -> str:
    return key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()).hex()


def _public(key: X25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
