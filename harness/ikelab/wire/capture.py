"""Reads pcap and pcapng files, and writes pcap with nanoseconds.

A capture cut short in the middle of a packet (a full disk, a killed writer) gives the packets before
the cut: half a packet is no evidence.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ETHERNET, RAW_IP, LINUX_SLL, LINUX_SLL2, RAW_IPV4, RAW_IPV6 = 1, 101, 113, 276, 228, 229

PCAP_MAGIC = {
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\x3c\x4d": (">", 1),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
}
PCAPNG_SECTION, PCAPNG_INTERFACE, PCAPNG_SIMPLE, PCAPNG_ENHANCED = 0x0A0D0D0A, 1, 3, 6
OPTION_END, OPTION_IF_NAME, OPTION_IF_TSRESOL, OPTION_IF_TSOFFSET = 0, 2, 9, 14


class CaptureError(Exception):
    """The file is no capture we can read; the message says what to do."""


@dataclass(slots=True)
class Frame:
    time_ns: int
    link: str
    link_type: int
    octets: bytes


def read_capture(path: Path, link: str | None = None) -> Iterator[Frame]:
    """The frames of one file in its order. `link` names the link when the file does not."""
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CaptureError(f"cannot read the capture {path}: {error.strerror}; check the path") from error
    magic = data[:4]
    if magic in PCAP_MAGIC:
        return _pcap(data, link or path.stem)
    if magic == b"\x0a\x0d\x0d\x0a":
        return _pcapng(data, link or path.stem)
    raise CaptureError(
        f"{path} is neither pcap nor pcapng; convert it first: tshark -r {path.name} -F pcapng -w NEW"
    )


def read_captures(paths: Iterable[Path]) -> list[Frame]:
    """The frames of several files in the order of time."""
    frames = [frame for path in paths for frame in read_capture(path)]
    frames.sort(key=lambda frame: frame.time_ns)
    return frames


def write_pcap(path: Path, frames: Iterable[Frame], link_type: int = ETHERNET) -> None:
    with Path(path).open("wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, link_type))
        for frame in frames:
            seconds, nanoseconds = divmod(frame.time_ns, 10**9)
            length = len(frame.octets)
            out.write(struct.pack("<IIII", seconds, nanoseconds, length, length) + frame.octets)


def _pcap(data: bytes, link: str) -> Iterator[Frame]:
    if len(data) < 24:
        return
    order, unit_ns = PCAP_MAGIC[data[:4]]
    (link_type,) = struct.unpack_from(order + "I", data, 20)
    record = struct.Struct(order + "IIII")
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, captured, _original = record.unpack_from(data, at)
        at += 16
        if at + captured > len(data):
            return
        time_ns = seconds * 10**9 + fraction * unit_ns
        yield Frame(time_ns, link, link_type & 0xFFFF, data[at : at + captured])
        at += captured


@dataclass(slots=True)
class _Interface:
    link_type: int
    name: str
    ticks_per_second: int = 10**6
    offset_s: int = 0


def _pcapng(data: bytes, link: str) -> Iterator[Frame]:
    interfaces: list[_Interface] = []
    order = "<"
    at = 0
    while at + 12 <= len(data):
        if data[at : at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if data[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
        kind, length = struct.unpack_from(order + "II", data, at)
        if length < 12 or at + length > len(data):
            return
        body = data[at + 8 : at + length - 4]
        at += length
        if kind == PCAPNG_INTERFACE:
            interfaces.append(_interface(body, order, link))
        elif kind == PCAPNG_ENHANCED and len(body) >= 20:
            number, high, low, captured, _ = struct.unpack_from(order + "IIIII", body)
            if number >= len(interfaces):
                continue
            its = interfaces[number]
            ticks = high << 32 | low
            time_ns = ticks * 10**9 // its.ticks_per_second + its.offset_s * 10**9
            yield Frame(time_ns, its.name, its.link_type, body[20 : 20 + captured])
        elif kind == PCAPNG_SIMPLE and interfaces:
            yield Frame(0, interfaces[0].name, interfaces[0].link_type, body[4:])


def _interface(body: bytes, order: str, link: str) -> _Interface:
    (link_type,) = struct.unpack_from(order + "H", body)
    found = _Interface(link_type, link)
    at = 8
    while at + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + length]
        at += 4 + (length + 3) // 4 * 4
        if code == OPTION_END:
            break
        if code == OPTION_IF_NAME:
            found.name = value.decode("utf-8", "replace")
        elif code == OPTION_IF_TSRESOL and value:
            exponent = value[0] & 0x7F
            found.ticks_per_second = 2**exponent if value[0] & 0x80 else 10**exponent
        elif code == OPTION_IF_TSOFFSET and len(value) == 8:
            (found.offset_s,) = struct.unpack(order + "q", value)
    return found
