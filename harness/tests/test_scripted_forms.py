"""What the scripted peer can do beside the plain case, each with the reference on the other side, in both roles."""

from __future__ import annotations

import os

import pytest
from ikelab.cleanup import build_directory
from ikelab.conformance import IKE_SA_INIT, INFORMATIONAL, N, Nonce, V
from ikelab.conformance.stage import Setup, Stage
from ikelab.conformance.under_test import KINDS
from ikelab.scripted import ip
from ikelab.scripted.carrier import Arrived
from ikelab.scripted.channel import Channel
from ikelab.scripted.draws import Draws
from ikelab.scripted.message import Outgoing

live = pytest.mark.skipif(os.geteuid() != 0 or not (build_directory() / "ikeref").exists(),
                          reason="needs root and `make`")
FORMS = {
    "cbc": {"child": {"proposals": ("aes256-sha256",)}},
    "chacha": {"child": {"proposals": ("chacha20poly1305",)}},
    "gcm-esn": {"child": {"proposals": ("aes128gcm16-esn",)}},
    "cbc-esn": {"child": {"proposals": ("aes256-sha512-esn",)}},
    "transport": {"child": {"mode": "transport"}},
    "ike-cbc": {"proposals": ("aes128-sha256-ecp256",)},
    "pfs": {"proposals": ("aes256-sha512-modp2048",), "child": {"proposals": ("aes256gcm16-x25519",)}},
    "over-ipv6": {"family": 6},
    "ipv6-inside": {"inner": (4, 6)},
    "rsa": {"certificate": {"key": "rsa2048"}},
    "ecdsa": {"certificate": {"key": "p256"}},
    "eddsa": {"certificate": {"key": "ed25519", "intermediates": 1}},
}


@live
@pytest.mark.parametrize("role", ["responder", "initiator"])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_life(form, role, tmp_path):
    stage = Stage(Setup.of("reference", role, "pair", form), tmp_path / "stage")
    try:
        stage.open()
        for encapsulated in (False, True):
            _live(KINDS[role](stage, f"{encapsulated}"), form, encapsulated)
            stage.tidy()
            assert stage.left() == "" and stage.restarts == 0
    finally:
        stage.close()


def _live(peer, form, encapsulated) -> None:
    sa = peer.establish(encapsulated=encapsulated)
    sa.children[0].ping()
    child = sa.rekey_child()
    child.ping()
    if 6 in form.get("inner", ()):
        child.ping(6)
    sa = sa.rekey()
    sa.children[0].ping()
    assert sa.request(INFORMATIONAL, V(bytes(900)), fragment=300).payloads == []
    if sa.spec.mobike and peer.role == "responder" and "family" not in form and not child.transport:
        sa.move(peer.another_address())
        sa.update_addresses()
        assert sa.encapsulated == encapsulated
    assert bool(sa.children[0].ping().arrived.port) == encapsulated


@live
def test_a_peer_that_moves(tmp_path):
    stage = Stage(Setup.of("reference", "initiator", "pair", {}), tmp_path / "stage")
    try:
        stage.open()
        sa = KINDS["initiator"](stage, "moves").establish()
        address = stage.renumber()
        request = sa.expect_request(INFORMATIONAL)
        assert "UPDATE_SA_ADDRESSES" in request.notifies() and request.arrived.source[0] == address
        sa.accept_update(request)
        assert sa.children[0].ping().arrived.source[0] == address
        stage.tidy()
        assert stage.left() == ""
        KINDS["initiator"](stage, "home").sanity()
    finally:
        stage.close()


@live
def test_the_same_seed_sends_the_same_octets(tmp_path):
    stage = Stage(Setup.of("reference", "responder", "pair", {}), tmp_path / "stage")
    try:
        stage.open()
        sent = [KINDS["responder"](stage, seed).ike_sa() for seed in ("one", "one", "two")]
        octets = [sa.send_init().octets for sa in sent]
    finally:
        stage.close()
    assert octets[0] == octets[1] != octets[2]


class NoWire:
    """Of a carrier what a channel needs."""

    remote, ike_port = "192.0.2.1", 500

    def __init__(self):
        self.ike, self.sent, self.chances = {}, [], 0

    def send_ike(self, octets, port, to):
        self.sent.append((octets, port, to))

    def prove_chance(self):
        self.chances += 1
        return True


def test_a_request_is_not_at_the_heels_of_our_response_of_its_number():
    wire = NoWire()
    channel = Channel(wire, Draws("heels"), False, b"caller's", b"answerer")
    channel.arrived(Arrived(0, 500, ("192.0.2.1", 500), Outgoing(IKE_SA_INIT, [Nonce(bytes(32))], b"caller's", bytes(8), 2).datagram(None)))
    asked = channel.inbox.popleft()
    for number, chances in ((1, 0), (2, 1)):  # nobody is asked when another number follows
        channel.answer(asked, N("COOKIE", b"cookie"))
        for _ in range(2):
            channel.send(IKE_SA_INIT, N("COOKIE", b"ours"), message_id=number, sealed=False)
        assert wire.chances == chances


@pytest.mark.parametrize("odd, answers", [({}, 2), ({"spi_r": bytes(8)}, 2), ({"spi_r": b"somebody"}, 1), ({"version": 0x30}, 1)])
def test_what_is_asked_again_is_answered_again_unless_the_answer_was_odd(odd, answers):
    """Where it is asked from now (RFC 7296 2.1, 2.11)."""
    wire = NoWire()
    channel = Channel(wire, Draws("again"), False, b"caller's", b"answerer")
    request = Outgoing(IKE_SA_INIT, [Nonce(bytes(32))], b"caller's", bytes(8), 0).datagram(None)
    for _ in range(2):
        channel.arrived(Arrived(0, 500, ("192.0.2.1", 500), request))
    assert wire.sent == [] and len(channel.copies) == 1, "nothing was answered yet"
    channel.answer(channel.inbox.popleft(), N("COOKIE", b"cookie"), **odd)
    channel.arrived(Arrived(0, 4500, ("192.0.2.101", 4500), request))
    first = wire.sent[0][0]
    assert wire.sent == [(first, 500, ("192.0.2.1", 500)), (first, 4500, ("192.0.2.101", 4500))][:answers]
    assert not channel.inbox


def test_draws_are_private_numbers():
    for group in ("curve25519", "curve448", "secp256r1", "secp384r1", "secp521r1", "modp2048"):
        from ikelab.vectors import derivation

        assert derivation.public_value(group, Draws("a seed").private(group))
    assert all(Draws(str(n)).spi(4)[0] for n in range(300))


@pytest.mark.parametrize("source, target", [("10.1.0.1", "10.2.0.1"), ("fd00:1::1", "fd00:2::1")])
def test_inner_packets_are_what_scapy_makes_of_them(source, target):
    scapy = pytest.importorskip("scapy.all")
    six = ":" in source
    echo = ip.ip(source, target, ip.ICMPV6 if six else ip.ICMP, ip.icmp_echo(source, target, 7, 9, b"data"), tos=0xB8)
    layer = scapy.IPv6 if six else scapy.IP
    parsed = layer(echo)
    kind = scapy.ICMPv6EchoRequest if six else scapy.ICMP
    assert (parsed[kind].id, parsed[kind].seq) == (7, 9)
    again = layer(bytes(echo))
    for one in (again, again[kind]):
        for name in ("chksum", "cksum", "len", "plen"):
            if name in one.fields:
                delattr(one, name)
    assert bytes(again) == echo
    found = ip.parse_echo(echo)
    assert (found.source, found.target, found.identifier, found.sequence, found.tos) == (source, target, 7, 9, 0xB8)
    datagram = ip.ip(source, target, ip.UDP, ip.udp(source, target, 1, 2, b"odd"))
    whole = layer(datagram)
    del whole[scapy.UDP].chksum
    assert bytes(whole) == datagram
