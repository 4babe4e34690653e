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


class Library:
    """A server on a port of its own; each thing is found under its SHA-1."""

    def __init__(self, host: Host, address: str):
        self._things: dict[str, bytes] = {}
        self._server = host.call(_Server, address, self._handler())
        self._base = f"http://{f'[{address}]' if ':' in address else address}:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def publish(self, octets: bytes) -> str:
        """Its URL."""
        name = hashlib.sha1(octets, usedforsecurity=False).hexdigest()
        self._things[f"/{name}"] = octets
        return self._base + name

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        library = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = library._things.get(self.path)
                self.send_response(404 if found is None else 200)
                self.send_header("Content-Length", str(len(found or b"")))
                self.end_headers()
                self.wfile.write(found or b"")

            def log_message(self, *_: Any) -> None:
                return

        return Handler
