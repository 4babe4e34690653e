"""The link alone: what every other one would be if it cost nothing."""

from __future__ import annotations

import platform

from .contract import Contestant


class Raw(Contestant):
    @staticmethod
    def version() -> str:
        return f"veth of Linux {platform.release()}"

    def set_up(self) -> None:
        self.commands.append("both: a veth pair between two network namespaces, tx, tso and gso on")

    def addresses(self) -> tuple[str, str]:
        return self.client.address(), self.gateway.address()

    @property
    def pids(self) -> tuple[int, ...]:
        return ()
