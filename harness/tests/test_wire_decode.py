"""The decoder against messages and packets sealed by hand, and against scapy's own ESP."""

from __future__ import annotations

import dataclasses
import os
import struct

import pytest
import synthetic as syn
from ikelab.wire import capture, esp, ike, packet, sk
from ikelab.wire.octets import Malformed
from ikelab.wire.registry import Exchange, PayloadType, Protocol


def open_message(found, octets):
    message = ike.parse(octets)
    sk.Opener({(found.spi_i, found.spi_r): found}).open(message)
    return message


@pytest.mark.parametrize("encryption", [syn.GCM, syn.CBC, syn.CHACHA])
@pytest.mark.parametrize("flags", [0x08, 0x20])
def test_sk_opens_in_both_directions(encryption, flags):
    found = syn.ike_keys(os.urandom(8), os.urandom(8), encryption)
    inner = [syn.notify("UPDATE_SA_ADDRESSES"), syn.delete(3, [b"\1\2\3\4", b"\5\6\7\x08"])]
    message = open_message(found, syn.seal(found, Exchange.INFORMATIONAL, flags, 7, inner))
    assert message.problem == ""
    assert message.text() == "N(UPDATE_SA_ADDRESSES) D(ESP 01020304 05060708)"


@pytest.mark.parametrize("encryption", [syn.GCM, syn.CBC, syn.CHACHA])
@pytest.mark.parametrize("where", [-1, 21, 40])
def test_one_changed_octet_is_noticed(encryption, where):
    found = syn.ike_keys(os.urandom(8), os.urandom(8), encryption)
    octets = bytearray(syn.seal(found, Exchange.INFORMATIONAL, 8, 7, [syn.notify("COOKIE2", bytes(9))]))
    octets[where] ^= 1
    message = open_message(found, bytes(octets))
    assert message.inner is None and "ICV" in message.problem


def test_fragments_are_joined_in_any_order():
    found = syn.ike_keys(os.urandom(8), os.urandom(8))
    first, plain = syn.chain([syn.notify("INITIAL_CONTACT"), syn.notify("COOKIE2", bytes(100))])
    sealed = [
        syn.seal(found, 35, 8, 1, [], (2, 2), (0, plain[50:])),
        syn.seal(found, 35, 8, 1, [], (1, 2), (first, plain[:50])),
    ]
    opener = sk.Opener({(found.spi_i, found.spi_r): found})
    messages = [ike.parse(one) for one in sealed]
    for message in messages:
        opener.open(message)
    assert messages[0].text() == "SKF 2/2"
    assert messages[1].text() == "N(INITIAL_CONTACT) N(COOKIE2)"
    assert [(m.whole, m.fragment.number) for m in messages] == [(False, 2), (True, 1)]


def test_fragments_of_another_cut_are_another_set():
    """RFC 7383 2.5.2: the total tells them apart."""
    found = syn.ike_keys(os.urandom(8), os.urandom(8))
    first, plain = syn.chain([syn.notify("COOKIE2", bytes(100))])
    opener = sk.Opener({(found.spi_i, found.spi_r): found})
    messages = [ike.parse(syn.seal(found, 35, 8, 1, [], numbers, raw)) for numbers, raw in (
        ((1, 2), (first, plain[:60])), ((2, 3), (0, plain[40:80])), ((2, 2), (0, plain[60:])))]
    for message in messages:
        opener.open(message)
    assert [message.whole for message in messages] == [False, False, True]
    assert messages[2].text() == "N(COOKIE2)"


@pytest.mark.parametrize("numbers", [(0, 1), (0, 0), (1, 0), (2, 1), (65535, 65534)])
def test_fragment_numbers_that_make_no_sense(numbers):
    found = syn.ike_keys(os.urandom(8), os.urandom(8))
    with pytest.raises(Malformed, match="fragment number"):
        ike.parse(syn.seal(found, 35, 8, 1, [], numbers, (0, b"")))


def test_payloads_of_ike_auth():
    found = syn.ike_keys(os.urandom(8), os.urandom(8))
    octets = syn.seal(found, Exchange.IKE_AUTH, 8, 1, [
        syn.ident(PayloadType.IDi, "client"), syn.sa(Protocol.ESP, b"\1\2\3\4", syn.ESP_TRANSFORMS),
        syn.ts(PayloadType.TSi, "10.1.0.0", "10.1.0.255")])
    message = open_message(found, octets)
    assert message.first(PayloadType.IDi).text == "client"
    assert message.first(PayloadType.TSi).text == "10.1.0.0/24"
    proposal = message.first(PayloadType.SA).proposals[0]
    assert (str(proposal), proposal.spi) == ("AES-GCM-16-256", b"\1\2\3\4")


@pytest.mark.parametrize("cut", range(0, 60, 3))
def test_a_message_cut_short_is_malformed(cut):
    first, octets = syn.chain([syn.sa(Protocol.IKE, b"", syn.IKE_TRANSFORMS), syn.nonce()])
    whole = syn.header(bytes(8), bytes(8), first, 34, 8, 0, 28 + len(octets)) + octets
    ike.parse(whole)
    with pytest.raises(Malformed):
        ike.parse(whole[:-1 - cut])


def test_random_octets_never_do_worse_than_malformed():
    for seed in range(3000):
        octets = os.urandom(28 + seed % 90)
        octets = octets[:24] + struct.pack(">I", len(octets)) + octets[28:]
        octets = octets[:16] + bytes([33 + seed % 21]) + octets[17:]
        try:
            ike.parse(octets)
        except Malformed:
            pass


def as_datagram(body, src="192.168.1.2", dst="192.0.2.1"):
    return packet.parse_ip(syn.udp(src, 4500, dst, 4500, body))


@pytest.mark.parametrize("encryption", [syn.ESP_GCM, syn.ESP_CBC, syn.CHACHA])
@pytest.mark.parametrize("esn", [False, True])
def test_esp_opens_in_tunnel_mode(encryption, esn):
    found = syn.esp_keys(0xC0FFEE01, encryption)
    inner = syn.udp("10.1.0.1", 7, "10.2.0.1", 9, b"hello")
    opener = esp.Opener({found.spi: [found]})
    for sequence in (1, 2, 3):
        opened = opener.open(as_datagram(syn.esp(found, sequence, inner, esn=esn)))
        assert opened.problem == ""
        assert (opened.sequence, opened.tunnel) == (sequence, True)
        assert (opened.inner.src, opened.inner.dport, opened.inner.payload) == ("10.1.0.1", 9, b"hello")
    # CBC without ESN-bits in sight: an ICV over seq 0 high half differs from one over none, so both are told apart
    assert opened.esn is esn


def test_esp_follows_extended_sequence_numbers_over_the_edge():
    found = syn.esp_keys(0xC0FFEE01)
    inner = syn.udp("10.1.0.1", 7, "10.2.0.1", 9, b"hello")
    opener = esp.Opener({found.spi: [found]})
    seen = []
    for sequence in (2**32 - 2, 2**32 - 1, 2**32, 2**32 + 1, 2**32 - 3):
        seen.append(opener.open(as_datagram(syn.esp(found, sequence, inner, esn=True))).sequence)
    assert seen == [2**32 - 2, 2**32 - 1, 2**32, 2**32 + 1, 2**32 - 3]


def test_esp_opens_in_transport_mode():
    found = syn.esp_keys(5)
    opened = esp.Opener({5: [found]}).open(as_datagram(syn.esp(found, 1, struct.pack(">HHHH", 7, 9, 8, 0), 17)))
    assert not opened.tunnel and (opened.inner.src, opened.inner.dport) == ("192.168.1.2", 9)


def test_esp_with_a_wrong_key_stays_closed():
    found = syn.esp_keys(5)
    other = dataclasses.replace(found, key=bytes(36))
    opened = esp.Opener({5: [other]}).open(as_datagram(syn.esp(found, 1, b"\x45" + bytes(19))))
    assert opened.inner is None and "ICV" in opened.problem


@pytest.mark.parametrize("algorithm, name, key, auth", [
    ("AES-GCM", syn.ESP_GCM, bytes(range(36)), None),
    ("AES-CBC", syn.ESP_CBC, bytes(range(32)), "SHA2-256-128"),
])
def test_esp_made_by_scapy_opens(algorithm, name, key, auth):
    ipsec = pytest.importorskip("scapy.layers.ipsec")
    from scapy.layers.inet import IP, UDP

    options = {"auth_algo": auth, "auth_key": bytes(range(32))} if auth else {}
    association = ipsec.SecurityAssociation(
        ipsec.ESP, spi=0x1234, crypt_algo=algorithm, crypt_key=key,
        tunnel_header=IP(src="192.0.2.1", dst="192.0.2.2"), **options)
    made = bytes(association.encrypt(IP(src="10.1.0.1", dst="10.2.0.1") / UDP(sport=7, dport=9) / b"hi"))
    from ikelab.keys import EspKeys

    found = EspKeys(0x1234, name, key, syn.ESP_SHA256 if auth else "NULL", options.get("auth_key", b""))
    opened = esp.Opener({0x1234: [found]}).open(packet.parse_ip(made))
    assert (opened.problem, opened.inner.src, opened.inner.payload) == ("", "10.1.0.1", b"hi")


def test_kinds_are_told_apart():
    assert as_datagram(bytes(4) + bytes(28)).kind == "ike"
    assert as_datagram(b"\xff").kind == "keepalive"
    assert as_datagram(b"\1\2\3\4" + bytes(30)).kind == "esp"
    assert packet.parse_ip(syn.udp("10.0.0.1", 500, "10.0.0.2", 40000, bytes(28))).kind == "ike"
    assert packet.parse_ip(syn.ipv4("10.0.0.1", "10.0.0.2", 50, bytes(30))).kind == "esp"
    assert packet.parse_ip(syn.ipv6("fd00::1", "fd00::2", 50, bytes(30))).kind == "esp"
    assert packet.parse_ip(syn.ipv4("10.0.0.1", "10.0.0.2", 1, bytes(30))).kind == "clear"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_ipv4_fragments_are_joined(order):
    whole = syn.udp("10.0.0.1", 500, "10.0.0.2", 500, bytes(range(240)) * 10)
    body, pieces = whole[20:], []
    for at in range(0, len(body), 800):
        part = body[at : at + 800]
        flags = at // 8 | (0x2000 if at + 800 < len(body) else 0)
        head = bytearray(whole[:20])
        struct.pack_into(">H", head, 2, 20 + len(part))
        struct.pack_into(">H", head, 6, flags)
        pieces.append(syn.ethernet(bytes(head) + part))
    pieces = [pieces[at] for at in order] + pieces[3:]
    found = list(packet.datagrams(capture.Frame(1, "x", 1, one) for one in pieces))
    assert len(found) == 1 and found[0].payload == bytes(range(240)) * 10


def test_pcap_written_is_pcap_read(tmp_path):
    frames = [capture.Frame(1_700_000_000_123_456_789 + at, "a", 1, bytes([at]) * 20) for at in range(5)]
    capture.write_pcap(tmp_path / "a.pcap", frames)
    assert list(capture.read_capture(tmp_path / "a.pcap")) == frames


def test_pcap_cut_in_a_packet_gives_the_whole_packets_before(tmp_path):
    capture.write_pcap(tmp_path / "a.pcap", [capture.Frame(1, "a", 1, bytes(20))] * 3)
    data = (tmp_path / "a.pcap").read_bytes()
    (tmp_path / "a.pcap").write_bytes(data[:-5])
    assert len(list(capture.read_capture(tmp_path / "a.pcap"))) == 2


def test_pcapng_with_nanoseconds_and_names(tmp_path):
    def block(kind, body):
        body += bytes(-len(body) % 4)
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)

    options = struct.pack("<HH4s", 2, 4, b"wifi") + struct.pack("<HHB3x", 9, 1, 9) + bytes(4)
    time_ns = 1_700_000_000_000_000_007
    data = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    data += block(1, struct.pack("<HHI", 1, 0, 0) + options)
    data += block(6, struct.pack("<IIIII", 0, time_ns >> 32, time_ns & 0xFFFFFFFF, 5, 5) + b"abcde")
    (tmp_path / "a.pcapng").write_bytes(data)
    (frame,) = capture.read_capture(tmp_path / "a.pcapng")
    assert (frame.time_ns, frame.link, frame.octets) == (time_ns, "wifi", b"abcde")


@pytest.mark.parametrize("content, word", [(b"#!/bin/sh\n", "neither pcap nor pcapng"), (None, "cannot read")])
def test_what_is_no_capture_is_said_in_one_sentence(tmp_path, content, word):
    path = tmp_path / "x"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(capture.CaptureError, match=word):
        capture.read_capture(path)
