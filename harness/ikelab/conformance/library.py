"""What the scripted peer's host has to give by HTTP: certificates, for who looks them up (RFC 7296 3.6)."""

from __future__ import annotations

import hashlib
import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

from ..topology.host import Host


class _Server(socketserver.ThreadingTCPServer):
    """Not http.server's, which asks DNS for its own name: in a namespace nobody answers."""

    daemon_threads = True

    def __init__(self, address: str, handler: type[BaseHTTPRequestHandler]):
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, 0), handler)


MOST = 4 * 2**20  # octets that a thing without an end has all the same
CHUNK = bytes(4096)
BUFFER = 8192  # of the sockets: what nobody reads is soon no longer taken


class Endless:
    """A thing that begins with `head` and goes on with zeros as long as somebody takes them. `taken`: octets that were
    handed to the sockets, `ended`: whoever asked for it has closed the connection, or has it all."""

    def __init__(self, url: str, head: bytes) -> None:
        self.url, self._head = url, head
        self.taken = 0
        self.ended = threading.Event()

    @property
    def whole(self) -> bool:
        """Somebody has taken all that there is."""
        return self.taken >= MOST

    def give(self, wire: socket.socket) -> None:
        """Hands it out until nobody takes any more."""
        try:
            wire.sendall(self._head)
            self.taken = len(self._head)
            while not self.whole:
                self.taken += wire.send(CHUNK)
        except OSError:
            pass
        finally:
            self.ended.set()


class Library:
    """A server on a port of its own; each thing is found under its SHA-1."""

    def __init__(self, host: Host, address: str):
        self._things: dict[str, bytes | Endless] = {}
        self._server = host.call(_Server, address, self._handler())
        self._base = f"http://{f'[{address}]' if ':' in address else address}:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def publish(self, octets: bytes) -> str:
        """Its URL."""
        name = hashlib.sha1(octets, usedforsecurity=False).hexdigest()
        self._things[f"/{name}"] = octets
        return self._base + name

    def publish_endless(self, head: bytes) -> Endless:
        """What begins so and never ends, under a URL of its own."""
        found = Endless(f"{self._base}endless-{len(self._things)}", head)
        self._things[found.url.removeprefix(self._base[:-1])] = found
        return found

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        library = self

        class Handler(BaseHTTPRequestHandler):
            def setup(self) -> None:
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
                super().setup()

            def do_GET(self) -> None:
                found = library._things.get(self.path)
                self.send_response(404 if found is None else 200)
                if isinstance(found, Endless):
                    self.end_headers()
                    found.give(self.request)
                    return
                self.send_header("Content-Length", str(len(found or b"")))
                self.end_headers()
                self.wfile.write(found or b"")

            def log_message(self, *_: Any) -> None:
                return

        return Handler
