"""What the scripted peer's host gives by HTTP."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from ikelab.conformance.library import MOST, Library

DEADLINE_S = 20
HEAD = b"\x30\x82\x01\x00"
BUFFERED = 1 << 18  # octets that both ends' sockets may hold of what nobody reads


class ThisHost:
    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return function(*arguments)


@pytest.fixture
def library() -> Iterator[Library]:
    made = Library(ThisHost(), "127.0.0.1")  # type: ignore[arg-type]
    yield made
    made.close()


def test_what_is_published_is_there(library: Library) -> None:
    assert urlopen(library.publish(b"a certificate"), timeout=DEADLINE_S).read() == b"a certificate"


def test_who_closes_early_has_not_taken_it_all(library: Library) -> None:
    """As an implementation ought to that reads how long a certificate is, and no further (RFC 8019 4.7)."""
    thing = library.publish_endless(HEAD)
    where = urlsplit(thing.url)
    with socket.create_connection((where.hostname, where.port), DEADLINE_S) as wire:
        wire.sendall(f"GET {where.path} HTTP/1.0\r\n\r\n".encode())
        got = b""
        while b"\r\n\r\n" + HEAD not in got:
            got += wire.recv(100)
    assert thing.ended.wait(DEADLINE_S)
    assert not thing.whole and len(HEAD) <= thing.taken <= BUFFERED


def test_who_reads_on_gets_it_all(library: Library) -> None:
    things = [library.publish_endless(HEAD), library.publish_endless(b"another")]
    assert things[0].url != things[1].url
    got = urlopen(things[0].url, timeout=DEADLINE_S).read()
    assert things[0].ended.wait(DEADLINE_S) and things[0].whole
    assert got.startswith(HEAD) and len(got) == things[0].taken >= MOST
    assert things[1].taken == 0 and not things[1].ended.is_set()
