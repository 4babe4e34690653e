"""What a contestant of the bench is: two hosts on a link of their own, and what carries packets between them."""

from __future__ import annotations

import shlex
import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from ikelab import topology
from ikelab.process import Process
from ikelab.topology import Topology, interface
from ikelab.topology.host import Host

START_S = 30.0  # what a daemon may take to come up, on a machine that has other things to do
CIPHER = "AES-128-GCM"  # of all who can choose


class Contestant(ABC):
    """Open from its beginning until close(). `directory` is its own; configurations and logs stay there."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.commands: list[str] = []  # as they would be typed, each after the host's name
        self.world: Topology = topology.create("pair", directory=directory)
        try:
            for host in (self.client, self.gateway):
                host.call(interface.offload_on, host.links)
            self.set_up()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        try:
            self.take_down()
        finally:
            self.world.close()

    @property
    def client(self) -> Host:
        return self.world.host("client")

    @property
    def gateway(self) -> Host:
        return self.world.host("gateway")

    # What each one says of itself.

    @staticmethod
    def missing() -> str:
        """"" when it can be played here, else one sentence with the remedy."""
        return ""

    @staticmethod
    @abstractmethod
    def version() -> str:
        """Of what is installed; asked only when nothing is missing."""

    @abstractmethod
    def set_up(self) -> None:
        """Starts whatever carries packets. That they get through is awaited afterwards, by who asked."""

    def take_down(self) -> None:
        """Ends what set_up() started; the processes of the hosts end with the world."""

    @abstractmethod
    def addresses(self) -> tuple[str, str]:
        """The client's and the gateway's, between which all goes through the tunnel."""

    @property
    @abstractmethod
    def pids(self) -> tuple[int, ...]:
        """Of the processes whose work the tunnel is; empty: it is nobody's, or the kernel's."""

    # For those who start programs.

    def start(self, host: Host, argv: Sequence[str | Path], env: Mapping[str, str] | None = None) -> Process:
        self.typed(host, argv, env)
        return host.popen(argv, cwd=self.directory / host.name, env=env)

    def typed(self, host: Host, argv: Sequence[str | Path], env: Mapping[str, str] | None = None) -> None:
        """Keeps a command for those who want to repeat it."""
        words = [f"{name}={shlex.quote(value)}" for name, value in (env or {}).items() if name != "PATH"]
        self.commands.append(f"{host.name}: " + " ".join([*words, *(shlex.quote(str(word)) for word in argv)]))

    def own_directory(self, host: Host) -> Path:
        directory = self.directory / host.name
        directory.mkdir(exist_ok=True)
        return directory


def absent(program: str, package: str) -> str:
    """"" or that a program is not installed."""
    found = shutil.which(program, path="/usr/bin:/usr/sbin:/bin:/sbin")
    return "" if found else f"{program} is not installed: run `ci/install.sh --bench` (package {package})"
