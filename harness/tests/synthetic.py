"""Captures made by hand, so that the decoder and the reports are tested without any daemon.

A `Story` has a client behind a NAT and a gateway; each packet is seen on the inner and on the outer link.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import socket
import struct
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from ikelab import keys
from ikelab.wire.capture import Frame, write_pcap
from ikelab.wire.registry import NOTIFY_NUMBER, Exchange, PayloadType, Protocol

GCM = "AES-GCM-256 with 16 octet ICV [RFC5282]"
CBC = "AES-CBC-256 [RFC3602]"
CHACHA = "ChaCha20-Poly1305 [RFC7634]"
SHA256 = "HMAC_SHA2_256_128 [RFC4868]"
ESP_GCM = "AES-GCM with 16 octet ICV [RFC4106]"
ESP_CBC = "AES-CBC [RFC3602]"
ESP_SHA256 = "HMAC-SHA-256-128 [RFC4868]"

Chain = list[tuple[int, bytes]]


def chain(payloads: Chain, last_next: int = 0) -> tuple[int, bytes]:
    """The first payload's type and the octets of all; `last_next` is what the last one names as next."""
    kinds = [kind for kind, _ in payloads] + [last_next]
    octets = b"".join(
        struct.pack(">BBH", kinds[at + 1], 0, len(body) + 4) + body
        for at, (_, body) in enumerate(payloads)
    )
    return kinds[0], octets


def notify(name: str, data: bytes = b"", protocol: int = 0, spi: bytes = b"") -> tuple[int, bytes]:
    return PayloadType.N, struct.pack(">BBH", protocol, len(spi), NOTIFY_NUMBER[name]) + spi + data


def delete(protocol: int, spis: list[bytes]) -> tuple[int, bytes]:
    size = len(spis[0]) if spis else 0
    return PayloadType.D, struct.pack(">BBH", protocol, size, len(spis)) + b"".join(spis)


def sa(protocol: int, spi: bytes, transforms: list[tuple[int, int, int]]) -> tuple[int, bytes]:
    body = b""
    for at, (kind, number, bits) in enumerate(transforms):
        attribute = struct.pack(">HH", 0x800E, bits) if bits else b""
        more = 3 if at + 1 < len(transforms) else 0
        body += struct.pack(">BBHBBH", more, 0, 8 + len(attribute), kind, 0, number) + attribute
    head = struct.pack(">BBHBBBB", 0, 0, 8 + len(spi) + len(body), 1, protocol, len(spi), len(transforms))
    return PayloadType.SA, head + spi + body


def ts(kind: int, start: str, end: str) -> tuple[int, bytes]:
    selector = struct.pack(">BBHHH", 7, 0, 16, 0, 65535) + socket.inet_aton(start) + socket.inet_aton(end)
    return kind, struct.pack(">B3x", 1) + selector


def ident(kind: int, name: str) -> tuple[int, bytes]:
    return kind, b"\x02\0\0\0" + name.encode()


def ke(group: int, length: int = 32) -> tuple[int, bytes]:
    return PayloadType.KE, struct.pack(">HH", group, 0) + os.urandom(length)


def nonce() -> tuple[int, bytes]:
    return PayloadType.NONCE, os.urandom(32)


def header(spi_i: bytes, spi_r: bytes, first: int, exchange: int, flags: int, number: int,
           length: int) -> bytes:
    return struct.pack(">8s8sBBBBII", spi_i, spi_r, first, 0x20, exchange, flags, number, length)


def seal(found: keys.IkeKeys, exchange: int, flags: int, number: int, inner: Chain,
         fragment: tuple[int, int] | None = None, raw: tuple[int, bytes] | None = None) -> bytes:
    """One message whose payloads are all inside SK, or inside one SKF whose plaintext is `raw`."""
    first, plain = raw if raw is not None else chain(inner)
    from_initiator = bool(flags & 8)
    key = found.sk_ei if from_initiator else found.sk_er
    auth_key = found.sk_ai if from_initiator else found.sk_ar
    aead = "CBC" not in found.encryption
    pad = b"" if aead else bytes(-(len(plain) + 1) % 16)
    plain += pad + bytes([len(pad)])
    iv_length = 8 if aead else 16
    extra = struct.pack(">HH", *fragment) if fragment else b""
    body_length = len(extra) + iv_length + len(plain) + 16
    kind = PayloadType.SKF if fragment else PayloadType.SK
    aad = header(found.spi_i, found.spi_r, kind, exchange, flags, number, 28 + 4 + body_length)
    aad += struct.pack(">BBH", first, 0, 4 + body_length) + extra
    iv = os.urandom(iv_length)
    if aead:
        cipher = (AESGCM if "GCM" in found.encryption else ChaCha20Poly1305)(key[:-4])
        return aad + iv + cipher.encrypt(key[-4:] + iv, plain, aad)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    sealed = aad + iv + encryptor.update(plain) + encryptor.finalize()
    return sealed + hmac.digest(auth_key, sealed, "sha256")[:16]


def esp(found: keys.EspKeys, sequence: int, inner: bytes, next_header: int = 4,
        esn: bool = False) -> bytes:
    low, high = struct.pack(">I", sequence & 0xFFFFFFFF), struct.pack(">I", sequence >> 32)
    spi = struct.pack(">I", found.spi)
    aead = "CBC" not in found.encryption
    pad = -(len(inner) + 2) % (4 if aead else 16)
    plain = inner + bytes(range(1, pad + 1)) + bytes([pad, next_header])
    if aead:
        iv = struct.pack(">Q", sequence)
        cipher = (AESGCM if "GCM" in found.encryption else ChaCha20Poly1305)(found.key[:-4])
        aad = spi + high + low if esn else spi + low
        return spi + low + iv + cipher.encrypt(found.key[-4:] + iv, plain, aad)
    iv = os.urandom(16)
    encryptor = Cipher(algorithms.AES(found.key), modes.CBC(iv)).encryptor()
    sealed = spi + low + iv + encryptor.update(plain) + encryptor.finalize()
    return sealed + hmac.digest(found.integrity_key, sealed + (high if esn else b""), "sha256")[:16]


def ipv4(src: str, dst: str, protocol: int, body: bytes) -> bytes:
    return (struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 1, 0, 64, protocol, 0)
            + socket.inet_aton(src) + socket.inet_aton(dst) + body)


def ipv6(src: str, dst: str, protocol: int, body: bytes) -> bytes:
    return (struct.pack(">IHBB", 6 << 28, len(body), protocol, 64)
            + socket.inet_pton(socket.AF_INET6, src) + socket.inet_pton(socket.AF_INET6, dst) + body)


def udp(src: str, sport: int, dst: str, dport: int, body: bytes) -> bytes:
    return ipv4(src, dst, 17, struct.pack(">HHHH", sport, dport, 8 + len(body), 0) + body)


def ethernet(packet: bytes) -> bytes:
    return bytes(12) + (b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd") + packet


def ike_keys(spi_i: bytes, spi_r: bytes, encryption: str = GCM) -> keys.IkeKeys:
    if encryption == CBC:
        return keys.IkeKeys(spi_i, spi_r, os.urandom(32), os.urandom(32), CBC, os.urandom(32),
                            os.urandom(32), SHA256)
    return keys.IkeKeys(spi_i, spi_r, os.urandom(36), os.urandom(36), encryption)


def esp_keys(spi: int, encryption: str = ESP_GCM) -> keys.EspKeys:
    if encryption == ESP_CBC:
        return keys.EspKeys(spi, ESP_CBC, os.urandom(32), ESP_SHA256, os.urandom(32))
    return keys.EspKeys(spi, encryption, os.urandom(36))


@dataclass
class Story:
    """Client 192.168.1.2 behind a NAT at 203.0.113.1, later bare at 198.51.100.2; gateway 192.0.2.1."""

    client: str = "192.168.1.2"
    nat: str = "203.0.113.1"
    gateway: str = "192.0.2.1"
    nat_port: int = 40000
    now_ns: int = 1_700_000_000_000_000_000
    store: keys.KeyStore = field(default_factory=keys.KeyStore)
    frames: dict[str, list[Frame]] = field(default_factory=lambda: {"client-wifi": [], "gateway-wan": []})

    def at(self, milliseconds: float) -> None:
        self.now_ns += int(milliseconds * 1e6)

    def put(self, link: str, packet: bytes, later_us: int = 0) -> None:
        self.frames[link].append(Frame(self.now_ns + later_us * 1000, link, 1, ethernet(packet)))

    def send(self, body: bytes, port: int, up: bool = True, lost: bool = False) -> None:
        """One UDP datagram through the NAT, or straight when there is none; seen on both links."""
        outside, outside_port = (self.nat, self.nat_port + port) if self.nat else (self.client, port)
        near = udp(self.client, port, self.gateway, port, body)
        far = udp(outside, outside_port, self.gateway, port, body)
        if not up:
            near = udp(self.gateway, port, self.client, port, body)
            far = udp(self.gateway, port, outside, outside_port, body)
        order = ("client-wifi", near, "gateway-wan", far) if up else ("gateway-wan", far, "client-wifi", near)
        self.put(order[0], order[1])
        if not lost:
            self.put(order[2], order[3], 40)
        self.at(0.4)

    def ike(self, octets: bytes, up: bool = True, port: int = 4500, lost: bool = False) -> None:
        self.send((bytes(4) if port == 4500 else b"") + octets, port, up, lost)

    def esp(self, found: keys.EspKeys, first: int, count: int, up: bool = True, lost: bool = False,
            every_ms: float = 5) -> None:
        pair = ("10.1.0.1", "10.2.0.1") if up else ("10.2.0.1", "10.1.0.1")
        for sequence in range(first, first + count):
            inner = udp(pair[0], 7000, pair[1], 7000, b"payload %d" % sequence)
            self.send(esp(found, sequence, inner), 4500, up, lost)
            self.at(every_ms)

    def write(self, directory: Path) -> list[Path]:
        """The captures, one a link, and the key tables in `keys/`."""
        directory.mkdir(parents=True, exist_ok=True)
        for link, frames in self.frames.items():
            write_pcap(directory / f"{link}.pcap", sorted(frames, key=lambda frame: frame.time_ns))
        keys.write(directory / "keys", self.store)
        return sorted(directory.glob("*.pcap"))


def nat_hash(spi_i: bytes, spi_r: bytes, address: str, port: int) -> bytes:
    data = spi_i + spi_r + socket.inet_aton(address) + struct.pack(">H", port)
    return hashlib.sha1(data).digest()


IKE_TRANSFORMS = [(1, 20, 256), (2, 5, 0), (4, 31, 0)]
ESP_TRANSFORMS = [(1, 20, 256), (5, 0, 0)]


def demo() -> Story:
    """Connect through NAT with a cookie, traffic, roam, both rekeys, one lost message, delete."""
    story = Story()
    spi_i, spi_r = os.urandom(8), os.urandom(8)
    found = ike_keys(spi_i, spi_r)
    story.store.add(found)
    nat_hashes = [notify("NAT_DETECTION_SOURCE_IP", nat_hash(spi_i, bytes(8), story.client, 500)),
                  notify("NAT_DETECTION_DESTINATION_IP", nat_hash(spi_i, bytes(8), story.gateway, 500))]
    request = [sa(Protocol.IKE, b"", IKE_TRANSFORMS), ke(31), nonce(), *nat_hashes]
    cookie = notify("COOKIE", os.urandom(20))

    def init(payloads: Chain, flags: int, responder: bytes) -> bytes:
        first, octets = chain(payloads)
        return header(spi_i, responder, first, Exchange.IKE_SA_INIT, flags, 0, 28 + len(octets)) + octets

    story.ike(init(request, 8, bytes(8)), port=500)
    story.ike(init([cookie], 0x20, bytes(8)), up=False, port=500)
    story.ike(init([cookie, *request], 8, bytes(8)), port=500)
    answer = [sa(Protocol.IKE, b"", IKE_TRANSFORMS), ke(31), nonce(),
              notify("NAT_DETECTION_SOURCE_IP", nat_hash(spi_i, spi_r, story.gateway, 500)),
              notify("NAT_DETECTION_DESTINATION_IP", nat_hash(spi_i, spi_r, story.nat, 40500))]
    story.ike(init(answer, 0x20, spi_r), up=False, port=500)

    up, down = esp_keys(0xC0FFEE01), esp_keys(0xBEEF0001)
    story.store.add(up)
    story.store.add(down)
    selectors = [ts(PayloadType.TSi, "10.1.0.0", "10.1.0.255"), ts(PayloadType.TSr, "10.2.0.0", "10.2.0.255")]
    auth = (PayloadType.AUTH, b"\x02\0\0\0" + os.urandom(32))
    story.ike(seal(found, Exchange.IKE_AUTH, 8, 1, [
        ident(PayloadType.IDi, "client"), auth, sa(Protocol.ESP, b"\xbe\xef\0\1", ESP_TRANSFORMS),
        *selectors, notify("INITIAL_CONTACT"), notify("MOBIKE_SUPPORTED")]))
    story.ike(seal(found, Exchange.IKE_AUTH, 0x20, 1, [
        ident(PayloadType.IDr, "gateway"), auth, sa(Protocol.ESP, b"\xc0\xff\xee\1", ESP_TRANSFORMS),
        *selectors, notify("MOBIKE_SUPPORTED")]), up=False)
    for block in range(3):
        story.esp(up, 1 + 10 * block, 10)
        story.esp(down, 1 + 10 * block, 10, up=False)
    story.send(b"\xff", 4500)
    story.esp(up, 31, 4, lost=True)
    story.client, story.nat = "198.51.100.2", ""
    story.frames.setdefault("client-lte", [])
    story.at(20)
    no_nat = [notify("NAT_DETECTION_SOURCE_IP", nat_hash(spi_i, spi_r, story.client, 4500)),
              notify("NAT_DETECTION_DESTINATION_IP", nat_hash(spi_i, spi_r, story.gateway, 4500))]
    back = [notify("NAT_DETECTION_SOURCE_IP", nat_hash(spi_i, spi_r, story.gateway, 4500)),
            notify("NAT_DETECTION_DESTINATION_IP", nat_hash(spi_i, spi_r, story.client, 4500))]
    update = seal(found, Exchange.INFORMATIONAL, 8, 2, [notify("UPDATE_SA_ADDRESSES"), *no_nat])
    story.ike(update, lost=True)
    story.at(100)
    story.ike(update)
    story.ike(seal(found, Exchange.INFORMATIONAL, 0x20, 2, back), up=False)
    story.ike(seal(found, Exchange.INFORMATIONAL, 0, 0, [notify("COOKIE2", os.urandom(16))]), up=False)
    story.ike(seal(found, Exchange.INFORMATIONAL, 0x28, 0, [notify("COOKIE2", os.urandom(16))]))
    story.esp(up, 35, 20)
    new_up, new_down = esp_keys(0xC0FFEE02), esp_keys(0xBEEF0002)
    story.store.add(new_up)
    story.store.add(new_down)
    story.ike(seal(found, Exchange.CREATE_CHILD_SA, 8, 3, [
        notify("REKEY_SA", protocol=3, spi=b"\xbe\xef\0\1"),
        sa(Protocol.ESP, b"\xbe\xef\0\2", ESP_TRANSFORMS), nonce(), *selectors]))
    story.ike(seal(found, Exchange.CREATE_CHILD_SA, 0x20, 3, [
        sa(Protocol.ESP, b"\xc0\xff\xee\2", ESP_TRANSFORMS), nonce(), *selectors]), up=False)
    story.ike(seal(found, Exchange.INFORMATIONAL, 8, 4, [delete(3, [b"\xbe\xef\0\1"])]))
    story.ike(seal(found, Exchange.INFORMATIONAL, 0x20, 4, [delete(3, [b"\xc0\xff\xee\1"])]), up=False)
    story.esp(new_up, 1, 20)
    new_i, new_r = os.urandom(8), os.urandom(8)
    story.ike(seal(found, Exchange.CREATE_CHILD_SA, 8, 5, [
        sa(Protocol.IKE, new_i, IKE_TRANSFORMS), nonce(), ke(31)]))
    story.ike(seal(found, Exchange.CREATE_CHILD_SA, 0x20, 5, [
        sa(Protocol.IKE, new_r, IKE_TRANSFORMS), nonce(), ke(31)]), up=False)
    renewed = ike_keys(new_i, new_r)
    story.store.add(renewed)
    story.ike(seal(found, Exchange.INFORMATIONAL, 8, 6, [delete(1, [])]))
    story.ike(seal(found, Exchange.INFORMATIONAL, 0x20, 6, []), up=False)
    story.ike(seal(renewed, Exchange.INFORMATIONAL, 8, 0, []))
    story.ike(seal(renewed, Exchange.INFORMATIONAL, 0x20, 0, []), up=False)
    story.ike(seal(renewed, Exchange.INFORMATIONAL, 8, 1, [delete(1, [])]))
    story.ike(seal(renewed, Exchange.INFORMATIONAL, 0x20, 1, []), up=False)
    return story
