"""Two references at the ends of a world, without a scenario's stage around them."""

from __future__ import annotations

from pathlib import Path

from ikelab.peers import reference
from ikelab.peers.reference import Reference
from ikelab.stage.setting import Setting


class ReferencePair:
    """Configured, not started. The programs: what is started in place of ikeref."""

    def __init__(self, world, directory: Path, setting: Setting | None = None, client_program: Path | None = None,
                 gateway_program: Path | None = None):
        self.hosts = (world.host("client"), world.host("gateway"))
        self.sides = tuple(Reference(directory / host.name) for host in self.hosts)
        self._programs = (client_program, gateway_program)
        specs = (setting or Setting()).specs(world)
        for side, host in zip(self.sides, self.hosts):
            side.configure(specs[host.name])

    @property
    def client(self) -> Reference:
        return self.sides[0]

    @property
    def gateway(self) -> Reference:
        return self.sides[1]

    def start(self) -> None:
        for side, host, program in reversed(list(zip(self.sides, self.hosts, self._programs))):
            before = reference.program
            if program is not None:
                reference.program = lambda own=program: own
            try:
                side.start(host)
            finally:
                reference.program = before

    def stop(self) -> None:
        """Raises when an end is not clean."""
        for side in self.sides:
            side.stop()

    def resident_kib(self) -> list[int]:
        found = []
        for side in self.sides:
            status = Path(f"/proc/{side._process.pid}/status").read_text()
            found.append(int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))))
        return found
