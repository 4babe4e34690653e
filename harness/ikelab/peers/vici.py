"""strongSwan's control protocol, VICI, spoken directly: no swanctl process per question.

A segment is a 32-bit length and a packet; a packet is a type octet, for some types a name with an 8-bit length,
and a message. A message is a tree: a `dict` whose values are text, a list of texts, or another `dict`. Octets
that are no UTF-8 (a pre-shared key) go in as `bytes`. The protocol is documented with strongSwan's vici plugin.
"""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from ikelab.peers import unix_socket

Value = str | bytes | list[str] | dict[str, "Value"]
Message = dict[str, Value]

CMD_REQUEST, CMD_RESPONSE, CMD_UNKNOWN = 0, 1, 2
EVENT_REGISTER, EVENT_UNREGISTER, EVENT_CONFIRM, EVENT_UNKNOWN, EVENT = 3, 4, 5, 6, 7
SECTION_START, SECTION_END, KEY_VALUE, LIST_START, LIST_ITEM, LIST_END = 1, 2, 3, 4, 5, 6
SEGMENT_MAX = 512 * 1024


class ViciError(Exception):
    """charon said no, or something that is no VICI."""


class ViciTimeout(ViciError):
    """No answer before the deadline."""


class ViciClosed(ViciError):
    """charon has closed the socket: it has ended, or never listened."""


def build_message(message: Mapping[str, object]) -> bytes:
    """A message's octets. Numbers become decimal text, True and False become yes and no."""
    out = bytearray()
    for key, value in message.items():
        if isinstance(value, Mapping):
            out += bytes([SECTION_START]) + _name(key) + build_message(value) + bytes([SECTION_END])
        elif isinstance(value, (list, tuple)):
            out += bytes([LIST_START]) + _name(key)
            for item in value:
                out += bytes([LIST_ITEM]) + _blob(item)
            out += bytes([LIST_END])
        else:
            out += bytes([KEY_VALUE]) + _name(key) + _blob(value)
    return bytes(out)


def parse_message(octets: bytes) -> Message:
    """The tree in a message. Raises ViciError when it is cut short or does not balance."""
    reader = _Reader(octets)
    root: Message = {}
    stack: list[Message] = [root]
    items: list[str] | None = None
    while reader.left():
        element = reader.octet()
        if (element in (LIST_ITEM, LIST_END)) != (items is not None):
            raise ViciError(f"element {element} at octet {reader.at - 1} is out of place")
        if element == SECTION_START:
            section: Message = {}
            stack[-1][reader.name()] = section
            stack.append(section)
        elif element == SECTION_END and len(stack) > 1:
            stack.pop()
        elif element == KEY_VALUE:
            key = reader.name()
            stack[-1][key] = reader.text()
        elif element == LIST_START:
            items = []
            stack[-1][reader.name()] = items
        elif element == LIST_ITEM and items is not None:
            items.append(reader.text())
        elif element == LIST_END:
            items = None
        else:
            raise ViciError(f"element {element} at octet {reader.at - 1} is out of place")
    if len(stack) > 1 or items is not None:
        raise ViciError("the message ends inside a section or list")
    return root


def build_packet(kind: int, name: str | None = None, message: bytes = b"") -> bytes:
    """A whole segment: length, type, name, message."""
    packet = bytes([kind]) + (_name(name) if name is not None else b"") + message
    if len(packet) > SEGMENT_MAX:
        raise ViciError(f"a VICI segment of {len(packet)} octets is over the limit of {SEGMENT_MAX}")
    return struct.pack("!I", len(packet)) + packet


class Vici:
    """One connection. Requests go one at a time; events that arrive meanwhile are kept for `next_event`."""

    def __init__(self, path: Path, deadline_s: float = 5.0) -> None:
        try:
            self._socket = unix_socket.connect(path, deadline_s)
        except OSError as error:
            raise ViciClosed(f"nobody listens at {path}: {error.strerror}") from error
        self._input = bytearray()
        self._events: list[tuple[str, Message, int]] = []

    def close(self) -> None:
        """Ends the connection."""
        self._socket.close()

    def request(
        self, command: str, message: Mapping[str, object] | None = None, deadline_s: float = 5.0
    ) -> Message:
        """The answer to a command, whatever it says."""
        end = time.monotonic() + deadline_s
        self._send(build_packet(CMD_REQUEST, command, build_message(message or {})))
        kind, answer = self._answer(end, command)
        if kind != CMD_RESPONSE:
            raise ViciError(f"charon knows no command {command!r}")
        return answer

    def ask(
        self, command: str, message: Mapping[str, object] | None = None, deadline_s: float = 5.0
    ) -> Message:
        """As request, but raises ViciError with charon's own words when success is not yes."""
        answer = self.request(command, message, deadline_s)
        if answer.get("success", "yes") != "yes":
            raise ViciError(str(answer.get("errmsg", f"{command} failed")))
        return answer

    def stream(
        self,
        command: str,
        event: str,
        message: Mapping[str, object] | None = None,
        deadline_s: float = 5.0,
    ) -> list[Message]:
        """What a command streams as events of that name until it completes."""
        self.register(event)
        try:
            self.ask(command, message, deadline_s)
        finally:
            self._send(build_packet(EVENT_UNREGISTER, event))
            self._answer(time.monotonic() + deadline_s, event)
        found = [m for name, m, _ in self._events if name == event]
        self._events = [e for e in self._events if e[0] != event]
        return found

    def register(self, event: str, deadline_s: float = 5.0) -> None:
        """From now on events of that name arrive."""
        self._send(build_packet(EVENT_REGISTER, event))
        kind, _ = self._answer(time.monotonic() + deadline_s, event)
        if kind != EVENT_CONFIRM:
            raise ViciError(f"charon knows no event {event!r}")

    def drain(self, wait_s: float = 0.0) -> Iterator[tuple[str, Message, int]]:
        """Events that have arrived: name, message and the monotonic time of reading in ns. Waits up to
        wait_s for the first one."""
        end = time.monotonic() + wait_s
        while True:
            while self._events:
                yield self._events.pop(0)
                end = 0.0
            try:
                packet = self._packet(end)
            except ViciTimeout:
                return
            self._keep(packet)

    def fileno(self) -> int:
        """For select."""
        return self._socket.fileno()

    def _send(self, octets: bytes) -> None:
        try:
            self._socket.sendall(octets)
        except OSError as error:
            raise ViciClosed(f"charon does not listen any more: {error}") from error

    def _answer(self, end: float, what: str) -> tuple[int, Message]:
        while True:
            try:
                packet = self._packet(end)
            except ViciTimeout:
                raise ViciTimeout(f"charon has not answered {what!r} in time") from None
            if not self._keep(packet):
                return packet[0], parse_message(packet[1:])

    def _keep(self, packet: bytes) -> bool:
        if packet[0] != EVENT:
            return False
        reader = _Reader(packet[1:])
        name = reader.name()
        self._events.append((name, parse_message(packet[1 + reader.at :]), time.monotonic_ns()))
        return True

    def _packet(self, end: float) -> bytes:
        while True:
            if len(self._input) >= 4:
                (length,) = struct.unpack_from("!I", self._input)
                if not 0 < length <= SEGMENT_MAX:
                    raise ViciError(f"charon sent a segment of {length} octets")
                if len(self._input) >= 4 + length:
                    packet = bytes(self._input[4 : 4 + length])
                    del self._input[: 4 + length]
                    return packet
            left = max(0.0, end - time.monotonic())
            if not select.select([self._socket], [], [], left)[0]:
                raise ViciTimeout("charon is silent")
            try:
                more = self._socket.recv(65536)
            except OSError as error:
                raise ViciClosed(f"charon has gone: {error}") from error
            if not more:
                raise ViciClosed("charon has closed its control socket")
            self._input += more


class _Reader:
    def __init__(self, octets: bytes) -> None:
        self.octets, self.at = octets, 0

    def left(self) -> int:
        return len(self.octets) - self.at

    def take(self, length: int) -> bytes:
        if self.left() < length:
            raise ViciError(f"a VICI message is cut short at octet {len(self.octets)}")
        self.at += length
        return self.octets[self.at - length : self.at]

    def octet(self) -> int:
        return self.take(1)[0]

    def name(self) -> str:
        return self.take(self.octet()).decode("ascii", "replace")

    def text(self) -> str:
        (length,) = struct.unpack("!H", self.take(2))
        return self.take(length).decode("utf-8", "replace")


def _name(name: str) -> bytes:
    octets = name.encode("ascii")
    if len(octets) > 255:
        raise ViciError(f"a VICI name of {len(octets)} octets: 255 is the limit")
    return bytes([len(octets)]) + octets


def _blob(value: object) -> bytes:
    if isinstance(value, bool):
        value = "yes" if value else "no"
    octets = value if isinstance(value, bytes) else str(value).encode()
    if len(octets) > 65535:
        raise ViciError(f"a VICI value of {len(octets)} octets: 65535 is the limit")
    return struct.pack("!H", len(octets)) + octets
