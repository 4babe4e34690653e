"""What the scripted peer's host has to give by HTTP: certificates, for who looks them up (RFC 7296 3.6)."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ..topology.host import Host


class Library:
    """A server on a port of its own; each thing is found under its SHA-1. `asked`: the paths that somebody wanted."""

    def __init__(self, host: Host, address: str):
        self.asked: list[str] = []
        self._things: dict[str, bytes] = {}
        self._server = host.call(ThreadingHTTPServer, (address, 0), self._handler())
        self._base = f"http://{address}:{self._server.server_address[1]}/"
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
                library.asked.append(self.path)
                found = library._things.get(self.path)
                self.send_response(404 if found is None else 200)
                self.send_header("Content-Length", str(len(found or b"")))
                self.end_headers()
                self.wfile.write(found or b"")

            def log_message(self, *_: Any) -> None:
                return

        return Handler
