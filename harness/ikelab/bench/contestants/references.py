"""The reference, in several ways."""

from __future__ import annotations

from pathlib import Path

from ikelab import cleanup
from ikelab.peers.contract import Peer
from ikelab.peers.reference import Reference, program
from ikelab.peers.reference_config import CONTROL_SOCKET
from ikelab.peers.reference_xfrm import ReferenceOnHostKernel

from .ike import Ike

INITIATE = '{"id": 1, "command": "initiate", "peer": "gateway"}'  # docs/CONTROL.md

class Ours(Ike):
    """As it is built and configured when nobody says otherwise."""

    settings = ""  # lines for the head of its configuration

    @staticmethod
    def missing() -> str:
        return Reference.missing_program()

    @staticmethod
    def version() -> str:
        return f"ikeref {Reference(Path()).version()}"

    def peer(self, directory: Path) -> Peer:
        return Reference(directory, self.program())

    def program(self) -> Path | None:
        """Another than the build's own."""
        return None

    def adjust(self, side: Peer) -> None:
        (file,) = side.configuration()
        file.write_text(self.settings + file.read_text())

    def set_up(self) -> None:
        super().set_up()
        started = self.program() or program()
        for host in (self.gateway, self.client):
            self.typed(host, [started, "--config", "ikeref.conf"])
        self.commands.append(f"client: echo '{INITIATE}' | nc -NU {CONTROL_SOCKET}")


class OnePacket(Ours):
    """Each packet crosses the kernel by itself."""

    settings = 'offload = "off"\n'


class NullCipher(Ours):
    """The same program, whose calls of the cipher do nothing (harness/bench/null_cipher.c)."""

    @staticmethod
    def missing() -> str:
        return Ours.missing() or ("" if _null_cipher().exists() else f"{_null_cipher()} is not built: run `make`")

    def program(self) -> Path:
        return _null_cipher()


def _null_cipher() -> Path:
    return cleanup.build_directory() / "ikeref-null-cipher"


class HostKernel(Ours):
    """IKE is the daemon's, ESP this machine's kernel's."""

    @staticmethod
    def missing() -> str:
        lacks = ReferenceOnHostKernel.missing_program()
        return "this machine's kernel has no ESP (CONFIG_INET_ESP; `ikelab doctor`)" if lacks else ""

    def peer(self, directory: Path) -> Peer:
        return ReferenceOnHostKernel(directory)

    @property
    def pids(self) -> tuple[int, ...]:
        return ()
