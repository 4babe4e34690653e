"""Key files in Wireshark's own formats, so that any capture of the lab opens in Wireshark as well.

    ikev2_decryption_table   SPIi,SPIr,SK_ei,SK_er,"encryption",SK_ai,SK_ar,"integrity"
    esp_sa                   "protocol","source","destination","SPI","encryption","key","authentication","key"

A line for an algorithm Wireshark 4.0 has no name for (ChaCha20-Poly1305, AES-XCBC, AES-CCM for ESP) is written as a
comment, since Wireshark refuses a table with a name it does not know; here it is read all the same.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

IKE_TABLE, ESP_TABLE = "ikev2_decryption_table", "esp_sa"
COMMENT = "# "


class KeyFileError(Exception):
    """A key file cannot be read; the message names file, line and remedy."""


@dataclass(slots=True, frozen=True)
class IkeKeys:
    """One IKE SA. An AEAD's keys end with its salt and leave the integrity keys empty (RFC 5282 7.1)."""

    spi_i: bytes
    spi_r: bytes
    sk_ei: bytes
    sk_er: bytes
    encryption: str
    sk_ai: bytes = b""
    sk_ar: bytes = b""
    integrity: str = "NONE [RFC4306]"


@dataclass(slots=True, frozen=True)
class EspKeys:
    """One direction of one Child SA. `*` as address: any, which a NAT on the way needs."""

    spi: int
    encryption: str
    key: bytes
    integrity: str = "NULL"
    integrity_key: bytes = b""
    family: str = "IPv4"
    src: str = "*"
    dst: str = "*"


@dataclass(slots=True)
class KeyStore:
    ike: dict[tuple[bytes, bytes], IkeKeys] = field(default_factory=dict)
    # Two sides may tell different keys of one IKE SA: a log in which rekeys cross leaves room for error. Only the right
    # ones authenticate.
    rivals: dict[tuple[bytes, bytes], list[IkeKeys]] = field(default_factory=lambda: defaultdict(list))
    esp: dict[int, list[EspKeys]] = field(default_factory=lambda: defaultdict(list))

    def add(self, found: IkeKeys | EspKeys) -> None:
        if isinstance(found, IkeKeys):
            spis = (found.spi_i, found.spi_r)
            first = self.ike.setdefault(spis, found)
            if (first.sk_ei, first.sk_er) != (found.sk_ei, found.sk_er):
                self.rivals[spis].append(found)
        elif not any(one.key == found.key for one in self.esp[found.spi]):
            self.esp[found.spi].append(found)


def load(directories: Iterable[Path]) -> KeyStore:
    """The keys of every directory given, and of the directories in them. Missing tables are no error."""
    store = KeyStore()
    for directory in directories:
        directory = Path(directory)
        if not directory.exists():
            raise KeyFileError(f"no key directory {directory}; give one that holds {IKE_TABLE} or {ESP_TABLE}")
        files = [directory] if directory.is_file() else sorted(directory.rglob("*"))
        for path in files:
            if path.name == IKE_TABLE:
                for ike in read_ike(path):
                    store.add(ike)
            elif path.name == ESP_TABLE:
                for esp in read_esp(path):
                    store.add(esp)
    return store


def _rows(path: Path, columns: int) -> Iterable[tuple[int, list[str]]]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"cannot read the key file {path}: {error}; check the path and its mode") from error
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or (line.startswith("#") and wireshark_knows(line)):
            continue
        line = line.lstrip("# ").strip()
        row = next(csv.reader([line], skipinitialspace=True))
        if len(row) < columns:
            raise KeyFileError(f"{path}:{number}: {len(row)} columns, {columns} expected; "
                               f"copy the file again from where it was written")
        yield number, row


def _hex(path: Path, number: int, text: str) -> bytes:
    text = text.strip().removeprefix("0x")
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise KeyFileError(f"{path}:{number}: {text!r} is no hexadecimal key; "
                           f"copy the file again from where it was written") from error


def read_ike(path: Path) -> list[IkeKeys]:
    found = []
    for number, row in _rows(Path(path), 8):
        spi_i, spi_r, sk_ei, sk_er = (_hex(path, number, text) for text in row[:4])
        sk_ai, sk_ar = (_hex(path, number, text) for text in row[5:7])
        found.append(IkeKeys(spi_i, spi_r, sk_ei, sk_er, row[4], sk_ai, sk_ar, row[7]))
    return found


def read_esp(path: Path) -> list[EspKeys]:
    found = []
    for number, row in _rows(Path(path), 8):
        spi = int.from_bytes(_hex(path, number, row[3].removeprefix("0x").zfill(8)), "big")
        found.append(EspKeys(spi, row[4], _hex(path, number, row[5]), row[6],
                             _hex(path, number, row[7]), row[0], row[1], row[2]))
    return found


def wireshark_knows(line: str) -> bool:
    return not any(name in line.upper() for name in ("CHACHA", "XCBC", "AES-CCM WITH"))


def write(directory: Path, store: KeyStore) -> None:
    """Both tables, readable by their owner alone."""
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    ike = [_ike_line(one) for one in store.ike.values()]
    esp = [_esp_line(one) for many in store.esp.values() for one in many]
    for name, lines in ((IKE_TABLE, ike), (ESP_TABLE, esp)):
        path = directory / name
        path.touch(mode=0o600)
        path.write_text("".join(line + "\n" for line in lines))


def _ike_line(one: IkeKeys) -> str:
    columns = [one.spi_i.hex(), one.spi_r.hex(), one.sk_ei.hex(), one.sk_er.hex(),
               f'"{one.encryption}"', one.sk_ai.hex(), one.sk_ar.hex(), f'"{one.integrity}"']
    line = ",".join(columns)
    return line if wireshark_knows(line) else COMMENT + line


def _esp_line(one: EspKeys) -> str:
    columns = [one.family, one.src, one.dst, f"0x{one.spi:08x}", one.encryption,
               f"0x{one.key.hex()}", one.integrity, f"0x{one.integrity_key.hex()}" if one.integrity_key else ""]
    line = ",".join(f'"{column}"' for column in columns)
    return line if wireshark_knows(line) else COMMENT + line
