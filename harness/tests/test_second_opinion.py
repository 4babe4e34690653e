"""Others read what the lab wrote: tshark decrypts a real capture with the written keys, scapy opens the
reference's ESP and makes ESP that the reference accepts."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
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

SUITES = ["aes256gcm16", "aes256-sha256"]


@pytest.fixture
def lab(tmp_path):
    made = Lab(Play("second.opinion", "", "reference", "reference", tmp_path / "scenarios" / "s" / "r"))
    yield made
    made.close()


def play(lab, more=lambda: None):
    """Connects, sends a few packets over protocol 50, and does what the test wants beside."""
    def scenario():
        lab.client.connect(lab.gateway)
        lab.agree()
        with lab.flow.udp(lab.client, lab.gateway, interval_ms=1) as traffic:
            traffic.wait_received(5)
        more()
    result = judge.play(lab, scenario, [])
    assert result.verdict is Verdict.PASS, result.reason


def scapy_association(found: keys.EspKeys, **options):
    from scapy.layers import ipsec

    aead = "GCM" in found.encryption
    auth = {} if aead else {"auth_algo": "SHA2-256-128", "auth_key": found.integrity_key}
    return ipsec.SecurityAssociation(ipsec.ESP, spi=found.spi, crypt_algo="AES-GCM" if aead else "AES-CBC",
                                     crypt_key=found.key, **auth, **options)


@pytest.mark.skipif(not shutil.which("tshark"), reason="tshark is not installed")
def test_tshark_decrypts_what_the_lab_wrote(lab, tmp_path):
    play(lab)
    shutil.copytree(lab.directory / "keys", tmp_path / "config" / "wireshark")
    shown = subprocess.run(
        ["tshark", "-r", str(lab.directory / "wire.pcap"), "-o", "esp.enable_encryption_decode:TRUE",
         "-T", "fields", "-e", "isakmp.typepayload", "-e", "isakmp.notify.msgtype", "-e", "ip.src", "-e", "udp.length"],
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)},
        capture_output=True, text=True, check=True).stdout
    assert "16396" in shown, shown  # MOBIKE_SUPPORTED is inside SK
    assert shown.count("10.1.0.1") >= 5 and shown.count("10.2.0.1") >= 5, shown


@pytest.mark.parametrize("suite", SUITES)
def test_scapy_opens_esp_of_the_reference(lab, suite):
    from scapy.layers.inet import IP

    lab.configure(child={"proposals": (suite,)})
    play(lab)
    store = keys.load([lab.directory / "keys"])
    opened = 0
    for frame in capture.read_capture(lab.directory / "wire.pcap"):
        octets = packet.network_octets(frame)
        datagram = packet.parse_ip(octets) if octets else None
        if datagram is None or datagram.protocol != packet.ESP:
            continue
        (found,) = store.esp[int.from_bytes(datagram.payload[:4], "big")]
        inner = scapy_association(found, tunnel_header=IP(src="0.0.0.0", dst="0.0.0.0")).decrypt(IP(octets))
        assert {inner.src, inner.dst} == {"10.1.0.1", "10.2.0.1"}
        opened += 1
    assert opened >= 10


@pytest.mark.parametrize("suite", SUITES)
def test_reference_accepts_esp_made_by_scapy(lab, suite):
    from scapy.layers.inet import IP, UDP

    def receiver():
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((lab.gateway.inside[0], 7777))
        made.settimeout(5)
        return made

    def send(octets: bytes):
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, packet.ESP) as raw:
            raw.sendto(octets, (lab.gateway.host.address(4), 0))

    def forge():
        waiting = lab.gateway.host.call(receiver)
        client, gateway = lab.client.host, lab.gateway.host
        store = keys.load([Path(lab.client.daemon.directory)])
        (found,) = store.esp[lab.client.child_sa().spi_out]
        outside = IP(src=client.address(4), dst=gateway.address(4))
        made = scapy_association(found, tunnel_header=outside).encrypt(
            IP(src=lab.client.inside[0], dst=lab.gateway.inside[0]) / UDP(sport=1, dport=7777) / b"from scapy",
            seq_num=50_000)
        client.call(send, bytes(made)[20:])
        assert waiting.recv(100) == b"from scapy"
        waiting.close()

    lab.configure(child={"proposals": (suite,)})
    play(lab, forge)
