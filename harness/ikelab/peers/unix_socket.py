"""Connecting to a Unix socket whose path may be long."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def connect(path: Path, deadline_s: float) -> socket.socket:
    """A connected stream socket. Raises OSError. Goes through the directory's descriptor: a Unix socket's address
    holds 107 octets only, and a scenario's directory is often deeper than that."""
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            client.settimeout(deadline_s)
            client.connect(f"/proc/self/fd/{directory}/{path.name}")
        except OSError:
            client.close()
            raise
        return client
    finally:
        os.close(directory)
