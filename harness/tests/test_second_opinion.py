"""Others read what the lab wrote: tshark decrypts real captures with the written keys and sees what our own decoder
sees; scapy's IPsec layer opens the reference's ESP and makes ESP that the reference accepts."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from ikelab import keys
from ikelab.cleanup import build_directory
from ikelab.stage import Lab, judge
from ikelab.stage.lab import Play
from ikelab.verdict import Verdict
from ikelab.wire import capture, packet

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not (build_directory() / "ikeref").exists(),
    reason="needs root and the reference: run `make`")
needs_tshark = pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed: run ci/install.sh")

SK, PROPOSAL, TRANSFORM = 46, 2, 3
BYPASS = 0x1CE  # the daemon's own mark: the packet is not for its policies


@dataclass(frozen=True)
class Suite:
    """The same algorithm in the configuration's words for IKE and ESP, and in scapy's."""

    ike: str
    esp: str
    cipher: str
    integrity: str | None = None

    def __str__(self) -> str:
        return self.esp


GCM = Suite("aes256gcm16-prfsha256-x25519", "aes256gcm16", "AES-GCM")
GCM128 = Suite("aes128gcm16-prfsha384-ecp256", "aes128gcm16", "AES-GCM")
CBC = Suite("aes256-sha256-prfsha256-x25519", "aes256-sha256", "AES-CBC", "SHA2-256-128")
CBC128 = Suite("aes128-sha512-prfsha512-x25519", "aes128-sha512", "AES-CBC", "SHA2-512-256")
CHACHA = Suite("chacha20poly1305-prfsha256-x25519", "chacha20poly1305", "CHACHA20-POLY1305")


@pytest.fixture
def lab(tmp_path):
    made = Lab(Play("second.opinion", "", "reference", "reference", tmp_path / "scenarios" / "s" / "r"))
    yield made
    made.close()


def play(lab, suite, more=lambda: None, **changes):
    """Connects, sends a few packets, and does what the test wants beside."""
    child = changes.pop("child", {})
    lab.configure(proposals=(suite.ike,), child={"proposals": (suite.esp,), **child}, **changes)

    def scenario():
        lab.client.connect(lab.gateway)
        lab.agree()
        outer = {"outer": True} if child.get("mode") == "transport" else {}
        with lab.flow.udp(lab.client, lab.gateway, interval_ms=1, family=inner_family(lab), **outer) as traffic:
            traffic.wait_received(5)
        more()
    result = judge.play(lab, scenario, [])
    assert result.verdict is Verdict.PASS, result.reason
    return traffic_of(lab)


def inner_family(lab) -> int:
    return lab.setting.family if lab.setting.child.get("mode") == "transport" else lab.setting.inner[0]


def traffic_of(lab) -> list[packet.Datagram]:
    """ESP datagrams in the capture, in UDP and without."""
    frames = capture.read_capture(lab.play.directory / "wire.pcap")
    return [one for one in packet.datagrams(frames) if one.kind == "esp"]


# tshark


def tshark(lab, tmp_path, display_filter, *fields):
    """One list of lists a frame: every occurrence of each field."""
    shutil.copytree(lab.play.directory / "keys", tmp_path / "config" / "wireshark", dirs_exist_ok=True)
    done = subprocess.run(
        ["tshark", "-r", str(lab.play.directory / "wire.pcap"), "-Y", display_filter,
         "-o", "esp.enable_encryption_decode:TRUE", "-o", "udp.check_checksum:FALSE", "-T", "fields", "-E", "separator=;",
         *(word for field in fields for word in ("-e", field))],
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)},
        capture_output=True, text=True, check=True)
    assert "rror" not in done.stderr, done.stderr  # a table it refuses
    return [[part.split(",") if part else [] for part in line.split(";")] for line in done.stdout.splitlines()]


def our_payloads(lab):
    """Kinds of payload of each message, what is inside SK behind it."""
    found = []
    for message in lab.trace.messages:
        assert not message.problem, message.problem
        kinds = [payload.kind for payload in message.outer] + [payload.kind for payload in message.inner or ()]
        found.append((message.header.exchange_type, message.header.message_id, kinds))
    return found


@needs_tshark
@pytest.mark.parametrize("suite", [GCM, CBC], ids=str)
def test_tshark_joins_the_fragments_that_we_join(lab, tmp_path, suite):
    """RFC 7383: the numbers of each fragment, and of the joined message the last payload kinds."""
    play(lab, suite, fragment_size=256, more=lambda: lab.client.rekey("ike"))
    rows = tshark(lab, tmp_path, "isakmp.frag.number || isakmp.frag.total || isakmp.typepayload == 53",
                  "isakmp.messageid", "isakmp.frag.number", "isakmp.frag.total", "isakmp.typepayload")
    theirs = [(int(mid[0], 16), int(number[0]), int(total[0]), [int(kind) for kind in kinds
               if int(kind) not in (PROPOSAL, TRANSFORM)]) for mid, number, total, kinds in rows]
    ours = [(event.message.header.message_id, event.message.fragment.number, event.message.fragment.total,
             [payload.kind for payload in event.message.outer] + [payload.kind for payload in event.message.inner or ()])
            for event in lab.trace.fragments()]
    assert len(ours) >= 4 and theirs == ours


@needs_tshark
@pytest.mark.parametrize(("suite", "changes"), [
    (GCM, {}), (GCM128, {}), (CBC, {}), (CBC128, {}), (GCM, {"force_encapsulation": True}),
    (CBC, {"force_encapsulation": True}), (GCM, {"family": 6, "inner": 6}), (CBC, {"inner": 6})], ids=str)
def test_tshark_sees_what_we_see(lab, tmp_path, suite, changes):
    esp = play(lab, suite, more=lambda: lab.client.rekey("ike"), **changes)
    rows = tshark(lab, tmp_path, "isakmp", "isakmp.exchangetype", "isakmp.messageid", "isakmp.typepayload")
    theirs = [(int(exchange[0]), int(number[0], 16), [int(kind) for kind in kinds
                                                      if int(kind) not in (PROPOSAL, TRANSFORM)])
              for exchange, number, kinds in rows]
    ours = our_payloads(lab)
    assert theirs == ours
    assert all(len(kinds) > 1 for exchange, _, kinds in ours if SK in kinds and exchange == 36)
    address = "ipv6" if lab.setting.inner == (6,) else "ip"
    rows = tshark(lab, tmp_path, "esp", f"{address}.src", f"{address}.dst", "udp.dstport", "udp.length")
    opened = [one.inner for host in ("client", "gateway") for one in lab.trace.esp_from(host)]
    inside = sorted((one.src, one.dst, str(one.dport), str(8 + len(one.payload))) for one in opened)
    assert len(opened) == len(esp) >= 10
    assert sorted((src[-1], dst[-1], port[-1], length[-1]) for src, dst, port, length in rows) == inside


@needs_tshark
def test_tshark_keeps_its_tables_when_there_is_chacha20(lab, tmp_path):
    """Wireshark up to 4.0 has no name for it and would refuse the whole table: the line must be a comment."""
    play(lab, CHACHA)
    rows = tshark(lab, tmp_path, "isakmp", "isakmp.typepayload")
    sealed = [kinds for (kinds,) in rows if str(SK) in kinds]
    assert len(sealed) >= 2 and all(kinds == [str(SK)] for kinds in sealed)
    assert len(our_payloads(lab)[2][2]) > 1  # IKE_AUTH, which we do open


# scapy


def scapy_association(suite, found: keys.EspKeys, **options):
    from scapy.layers import ipsec

    auth = {"auth_algo": suite.integrity, "auth_key": found.integrity_key} if suite.integrity else {}
    return ipsec.SecurityAssociation(ipsec.ESP, spi=found.spi, crypt_algo=suite.cipher, crypt_key=found.key, **auth,
                                     **options)


def scapy_ip(octets: bytes):
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6

    return IPv6(octets) if octets[0] >> 4 == 6 else IP(octets)


def scapy_header(src: str, dst: str):
    from scapy.layers.inet import IP
    from scapy.layers.inet6 import IPv6

    return IPv6(src=src, dst=dst) if ":" in dst else IP(src=src, dst=dst)


WAYS = {
    "tunnel 4 in 4": {},
    "tunnel 6 in 4": {"inner": 6},
    "tunnel 4 in 6": {"family": 6, "inner": 4},
    "tunnel 6 in 6": {"family": 6, "inner": 6},
    "transport 4": {"child": {"mode": "transport"}},
    "transport 6": {"family": 6, "child": {"mode": "transport"}},
    "tunnel in UDP": {"force_encapsulation": True},
}
COMBINATIONS = [(GCM, way) for way in WAYS] + [(CBC, way) for way in WAYS] + [
    (CHACHA, "tunnel 4 in 4"), (CHACHA, "transport 6"), (CBC128, "tunnel 4 in 4"), (GCM128, "tunnel 4 in 4")]


def ends(lab, transport):
    """Addresses inside: client's and gateway's."""
    sides = (lab.client, lab.gateway)
    if transport:
        return tuple(side.host.address(lab.setting.family) for side in sides)
    return tuple(side.host.inside_address(lab.setting.inner[0]) for side in sides)


@pytest.mark.parametrize(("suite", "way"), COMBINATIONS, ids=str)
def test_scapy_opens_esp_of_the_reference(lab, suite, way):
    from scapy.layers.inet import UDP

    play(lab, suite, **WAYS[way])
    transport = "transport" in way
    inside = set(ends(lab, transport))
    store = keys.load([lab.play.directory / "keys"])
    opened = 0
    for frame in capture.read_capture(lab.play.directory / "wire.pcap"):
        octets = packet.network_octets(frame)
        datagram = packet.parse_ip(octets) if octets else None
        if datagram is None or datagram.kind != "esp":
            continue
        (found,) = store.esp[int.from_bytes(datagram.payload[:4], "big")]
        options = {} if transport else {"tunnel_header": scapy_header(datagram.src, datagram.dst)}
        if way == "tunnel in UDP":
            options["nat_t_header"] = UDP(sport=4500, dport=4500)
        inner = scapy_association(suite, found, **options).decrypt(scapy_ip(octets))
        assert {inner.src, inner.dst} == inside and inner.haslayer(UDP), inner.summary()
        opened += 1
    assert opened >= 10


def receiver(address: str) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((address, 7777))
    made.settimeout(5)
    return made


def send_esp(address: str, octets: bytes) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_RAW, packet.ESP) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, BYPASS)
        raw.sendto(octets, (address, 0))


@pytest.mark.parametrize(("suite", "way"), [one for one in COMBINATIONS if "UDP" not in one[1]], ids=str)
def test_reference_accepts_esp_made_by_scapy(lab, suite, way):
    from scapy.layers.inet import UDP
    from scapy.layers.ipsec import ESP

    transport = "transport" in way
    words = b"from scapy"

    def forge():
        source, target = ends(lab, transport)
        waiting = lab.gateway.host.call(receiver, target)
        outer = [side.host.address(lab.setting.family) for side in (lab.client, lab.gateway)]
        (found,) = keys.load([Path(lab.client.daemon.directory)]).esp[lab.client.child_sa().spi_out]
        before = lab.gateway.child_sa().packets_in
        options = {} if transport else {"tunnel_header": scapy_header(*outer)}
        made = scapy_association(suite, found, **options).encrypt(
            scapy_header(source, target) / UDP(sport=1, dport=7777) / words, seq_num=50_000)
        lab.client.host.call(send_esp, outer[1], bytes(made[ESP]))
        assert waiting.recv(100) == words
        assert lab.gateway.child_sa().packets_in == before + 1
        # The same once more is a replay; a flipped bit is not authentic. Neither arrives, both are counted.
        lab.client.host.call(send_esp, outer[1], bytes(made[ESP]))
        spoilt = bytearray(bytes(made[ESP]))
        spoilt[7] += 1
        spoilt[-1] ^= 1
        lab.client.host.call(send_esp, outer[1], bytes(spoilt))
        lab.gateway.wait_for(lambda status: status.installed()[0].replayed == 1 and
                             status.installed()[0].not_authentic == 1, "one replayed, one not authentic")
        assert lab.gateway.child_sa().packets_in == before + 1
        waiting.close()

    play(lab, suite, forge, **WAYS[way])
