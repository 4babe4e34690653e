"""Netlink messages for a guest's kernel, whose agent sends them: what `ip` would say, without a program for it.

Numbers and structures are those of linux/netlink.h, rtnetlink.h and xfrm.h, in this machine's order of octets.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

ROUTE, XFRM = 0, 6  # families
REQUEST, ACK, DUMP, CREATE, EXCLUSIVE = 0x1, 0x4, 0x300, 0x400, 0x200
ERROR, DONE = 2, 3

NEW_LINK, DELETE_LINK, GET_LINK = 16, 17, 18
NEW_ADDRESS, DELETE_ADDRESS, GET_ADDRESS = 20, 21, 22
NEW_ROUTE, DELETE_ROUTE, GET_ROUTE = 24, 25, 26
NEW_NEIGHBOUR, DELETE_NEIGHBOUR, GET_NEIGHBOUR = 28, 29, 30
NEW_RULE, DELETE_RULE, GET_RULE = 32, 33, 34
NEW_SA, GET_SA, NEW_POLICY, DELETE_POLICY, GET_POLICY, UPDATED_SA = 0x10, 0x12, 0x13, 0x14, 0x15, 0x1A
FLUSH_SA, FLUSH_POLICY = 0x1C, 0x1D
GROUP_SA = 1 << (3 - 1)  # XFRMNLGRP_SA, as a bit

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_IFNAME, _LINKINFO = 3, 18
_UP = 1


@dataclass(frozen=True)
class Message:
    kind: int
    body: bytes

    def attributes(self, header: int) -> dict[int, bytes]:
        """Those behind a header of so many octets, nested ones as they are."""
        found, at = {}, header
        while at + _ATTRIBUTE.size <= len(self.body):
            length, kind = _ATTRIBUTE.unpack_from(self.body, at)
            if length < _ATTRIBUTE.size:
                break
            found[kind & 0x3FFF] = self.body[at + _ATTRIBUTE.size : at + length]
            at += length + 3 & ~3
        return found

    @property
    def error(self) -> int:
        """An errno, when this is the answer to a request that failed."""
        return -struct.unpack_from("=i", self.body)[0] if self.kind == ERROR else 0


def build(kind: int, body: bytes = b"", flags: int = ACK) -> bytes:
    padded = body + bytes(-len(body) % 4)
    return _HEADER.pack(_HEADER.size + len(padded), kind, REQUEST | flags, 1, 0) + padded


def parse(octets: bytes) -> Iterator[Message]:
    """Of whole datagrams, one after the other."""
    at = 0
    while at + _HEADER.size <= len(octets):
        length, kind, *_ = _HEADER.unpack_from(octets, at)
        if length < _HEADER.size:
            return
        yield Message(kind, octets[at + _HEADER.size : at + length])
        at += length + 3 & ~3


def attribute(kind: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value + bytes(-len(value) % 4)


def dump(kind: int, family: int = 0) -> bytes:
    """A question of ROUTE for all there are. The family leads the header, as long as any."""
    return build(kind, struct.pack("=B15x", family) if kind == GET_LINK else struct.pack("=B11x", family), DUMP)


STATES, POLICIES = build(GET_SA, flags=DUMP), build(GET_POLICY, flags=DUMP)  # the same of XFRM

# What a clean guest needs.

FLUSH = (build(FLUSH_SA, b"\xff\0\0\0"), build(FLUSH_POLICY))  # of every protocol; the policies of main
FLUSH_SUB = build(FLUSH_POLICY, attribute(16, bytes([1, 0, 0, 0, 0, 0])))


@dataclass(frozen=True)
class Link:
    index: int
    name: str
    made: bool  # by somebody, and can be removed

    @classmethod
    def of(cls, message: Message) -> Link:
        found = message.attributes(16)
        return cls(struct.unpack_from("=i", message.body, 4)[0], found[_IFNAME].rstrip(b"\0").decode(), _LINKINFO in found)

    def remove(self) -> bytes:
        return build(DELETE_LINK, self._header())

    def down(self, name: str = "") -> bytes:
        """And with another name."""
        return build(NEW_LINK, self._header(change=_UP) + (attribute(_IFNAME, name.encode() + b"\0") if name else b""))

    def _header(self, change: int = 0) -> bytes:
        return struct.pack("=BxHiII", 0, 0, self.index, 0, change)


def remove_link(name: str) -> bytes:
    return build(DELETE_LINK, bytes(16) + attribute(_IFNAME, name.encode() + b"\0"))


def undo(messages: Iterable[Message]) -> list[bytes]:
    """What was told as new, taken back: the kernel knows it by what it has said of it."""
    return [build(one.kind + 1, one.body) for one in messages]
