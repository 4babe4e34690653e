"""A client of ikeref's control socket: docs/CONTROL.md, JSON lines."""

from __future__ import annotations

import json
import select
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from ikelab.peers import unix_socket

Answer = dict[str, Any]


class ControlError(Exception):
    """The daemon said no; `error` is its word for why, often a notification's name."""

    def __init__(self, message: str, error: str = "") -> None:
        super().__init__(message)
        self.error = error


class ControlTimeout(ControlError):
    """No answer before the deadline."""


class ControlClosed(ControlError):
    """The daemon has closed the socket: it has ended, or never listened."""


class Line(Protocol):
    """What carries a connection's octets. All raise OSError when it has ended."""

    def send(self, octets: bytes) -> None:
        """Takes all of them."""

    def receive(self, wait_s: float) -> bytes | None:
        """What has arrived; waits for it so long, then None. Empty: the daemon has closed it."""

    def close(self) -> None:
        """Ends it."""


class SocketLine:
    """The Unix socket itself."""

    def __init__(self, path: Path, deadline_s: float) -> None:
        self._socket = unix_socket.connect(path, deadline_s)

    def send(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def receive(self, wait_s: float) -> bytes | None:
        return self._socket.recv(65536) if select.select([self._socket], [], [], wait_s)[0] else None

    def close(self) -> None:
        self._socket.close()


class Control:
    """One connection. Requests go one at a time; events that arrive meanwhile are kept for `drain`."""

    def __init__(self, line: Line | Path, deadline_s: float = 5.0) -> None:
        try:
            self._wire: Line = SocketLine(line, deadline_s) if isinstance(line, Path) else line
        except OSError as error:
            raise ControlClosed(f"nobody listens at {line}: {error.strerror}") from error
        self._input = b""
        self._events: list[Answer] = []
        self._last_id = 0

    def close(self) -> None:
        """Ends the connection."""
        self._wire.close()

    def ask(self, command: str, deadline_s: float = 5.0, **arguments: object) -> Answer:
        """The answer to a command; arguments that are None are left out. Raises ControlError when it is no."""
        self._last_id += 1
        request = {"id": self._last_id, "command": command}
        request |= {key: value for key, value in arguments.items() if value is not None}
        try:
            self._wire.send(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise ControlClosed(f"ikeref does not listen any more: {error.strerror}") from error
        end = time.monotonic() + deadline_s
        while True:
            line = self._line(end)
            if line is None:
                raise ControlTimeout(f"ikeref has not ended {command!r} in {deadline_s:g} s")
            # An answer with another id belongs to a request we no longer wait for.
            if not self._keep(line) and line.get("id") == self._last_id:
                if line.get("ok") is not True:
                    error = str(line.get("error", ""))
                    raise ControlError(str(line.get("message") or error or "refused"), error)
                return line

    def drain(self, wait_s: float = 0.0) -> Iterator[Answer]:
        """Events that have arrived; waits up to wait_s for the first one."""
        end = time.monotonic() + wait_s
        while True:
            while self._events:
                yield self._events.pop(0)
                end = 0.0
            line = self._line(end)
            if line is None:
                return
            self._keep(line)

    def _keep(self, line: Answer) -> bool:
        if "event" not in line:
            return False
        self._events.append(line)
        return True

    def _line(self, end: float) -> Answer | None:
        while b"\n" not in self._input:
            try:
                more = self._wire.receive(max(0.0, end - time.monotonic()))
            except OSError as error:
                raise ControlClosed(f"ikeref has gone: {error.strerror}") from error
            if more is None:
                return None
            if not more:
                raise ControlClosed("ikeref has closed its control socket")
            self._input += more
        text, self._input = self._input.split(b"\n", 1)
        try:
            line = json.loads(text)
        except ValueError as error:
            raise ControlError(f"ikeref wrote a line that is no JSON: {text[:80]!r}") from error
        if not isinstance(line, dict):
            raise ControlError(f"ikeref wrote a line that is no object: {text[:80]!r}")
        return line
