"""A cursor over octets that fails without reading past the end."""

from __future__ import annotations


class Malformed(ValueError):
    """The octets do not have the shape the RFC gives them."""


class Octets:
    __slots__ = ("data", "at")

    def __init__(self, data: bytes):
        self.data = data
        self.at = 0

    def __len__(self) -> int:
        return len(self.data) - self.at

    def take(self, length: int) -> bytes:
        if length < 0 or length > len(self):
            raise Malformed(f"{length} octets wanted, {len(self)} left")
        self.at += length
        return self.data[self.at - length : self.at]

    def number(self, length: int) -> int:
        return int.from_bytes(self.take(length), "big")

    def u8(self) -> int:
        return self.number(1)

    def u16(self) -> int:
        return self.number(2)

    def u32(self) -> int:
        return self.number(4)

    def rest(self) -> bytes:
        return self.take(len(self))
