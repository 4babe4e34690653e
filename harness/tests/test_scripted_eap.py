"""The scripted peer's EAP: both ends of each method with each other, and what the RFCs state of them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from ikelab.peers.contract import CAPABILITIES, REMOTE_ACCESS, address_needs, authentication_needs
from ikelab.peers import strongswan_config
from ikelab.peers.neutral import DaemonSpec, Eap, PeerSpec, both_sides
from ikelab.scripted import configuration, eap, eap_tls, mschapv2
from ikelab.scripted.md4 import md4
from ikelab.scripted.payloads import AUTH, CP, EAP, SA, IDi, IDr, Payload, TSi
from ikelab.stage.proof import Proof
from ikelab.trace.meaning import Memory, Path
from ikelab.wire import ike
from ikelab.wire.ike import EapPayload
from ikelab.wire.registry import Exchange

CHALLENGE, PEER_CHALLENGE = bytes.fromhex("5b5d7c7d7b3f2f3e3c2c602132262628"), bytes.fromhex("21402324255e262a28295f2b3a337c7e")


@pytest.mark.parametrize("text, digest", [  # RFC 1320 A.5
    ("", "31d6cfe0d16ae931b73c59d7e0c089c0"), ("abc", "a448017aaf21d8525fc10ae87aa6729d"),
    ("abcdefghijklmnopqrstuvwxyz", "d79e1c308aa5bbcdeea8ed63df412da9"),
    (8 * "1234567890", "e33b4ddc9c38f2199c3e7b164fcc0536")])
def test_md4(text, digest):
    assert md4(text.encode()).hex() == digest


def test_mschapv2_is_that_of_rfc_2759_9_2_and_rfc_3079_3_5_3():
    response = mschapv2.nt_response(CHALLENGE, PEER_CHALLENGE, "User", "clientPass")
    assert mschapv2.challenge_hash(PEER_CHALLENGE, CHALLENGE, "User").hex() == "d02e4386bce91226"
    assert response.hex() == "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df"
    assert mschapv2.authenticator_response(CHALLENGE, PEER_CHALLENGE, "User", "clientPass", response) == \
        "S=407A5589115FD0D6209F510FE9C04566932CDA56"
    assert mschapv2.master_key("clientPass", response).hex() == "fdece3717a8c838cb388e527ae3cdd31"
    assert mschapv2.msk("clientPass", response)[16:32].hex() == "8b7cdc149b993a1ba118cb153f56dccb"


@pytest.fixture(scope="module")
def credentials(tmp_path_factory):
    """Of a client and of a gateway that have certificates of one authority, both for EAP."""
    base = PeerSpec("gateway", "client", "gateway", "secret", eap=Eap("tls", alone=True))
    sides = Proof("psk", tmp_path_factory.mktemp("eap")).between(*both_sides(base))
    return [one.credentials for one in sides]


def talk(peer: eap.EapPeer, server: eap.EapServer) -> list[EapPayload]:
    """All that is said, until Success or Failure."""
    said = [server.begin()]
    while said[-1].code == eap.REQUEST:
        said.append(peer.answer(said[-1]))
        said.append(server.take(said[-1]))
        assert len(said) < 200
    assert all(one.identifier == other.identifier for one, other in pairwise(said) if other.code == eap.RESPONSE)
    assert all(one.length == len(one.body) for one in said)
    return said


@pytest.mark.parametrize("asks", [False, True])
@pytest.mark.parametrize("word, code", [("word", eap.SUCCESS), ("another", eap.FAILURE)])
def test_md5(word, code, asks):
    peer, server = eap.EapPeer("alice", eap.Md5Peer("alice", "word")), eap.EapServer(eap.Md5Server(word, CHALLENGE), 255, asks)
    said = talk(peer, server)
    assert said[-1] == EAP(code, said[-2].identifier) and server.method.msk is peer.method.msk is None
    assert (said[1].method == eap.IDENTITY) == asks


@pytest.mark.parametrize("word, code", [("word", eap.SUCCESS), ("another", eap.FAILURE)])
def test_mschapv2(word, code):
    peer = eap.EapPeer("alice", mschapv2.MschapPeer("alice", "word", PEER_CHALLENGE))
    server = eap.EapServer(mschapv2.MschapServer("alice", word, CHALLENGE), 7)
    assert talk(peer, server)[-1].code == code
    assert (server.method.msk == peer.method.msk) == (code == eap.SUCCESS)


def test_a_server_that_does_not_know_the_password_is_found_out():
    peer = mschapv2.MschapPeer("alice", "word", PEER_CHALLENGE)
    peer.respond(1, mschapv2.MschapServer("alice", "word", CHALLENGE).begin(1))
    with pytest.raises(eap.EapFailed):
        peer.respond(2, bytes([mschapv2.SUCCESS, 1, 0, 46]) + b"S=" + 40 * b"0")


@pytest.mark.parametrize("peers, servers", [(1000, 1000), (100, 60), (60, 4000)])
def test_tls(credentials, peers, servers):
    client, gateway = credentials
    peer, server = eap.EapPeer("", eap_tls.TlsPeer(client, peers)), eap.EapServer(eap_tls.TlsServer(gateway, servers), 0)
    said = talk(peer, server)
    assert said[-1].code == eap.SUCCESS and peer.method.msk == server.method.msk and len(peer.method.msk) == 64
    assert max(len(one.data) for one in said if one.code == eap.REQUEST) <= servers + 5


def test_tls_with_a_stranger_comes_to_failure(credentials, tmp_path):
    stranger = Proof("psk", tmp_path).between(*both_sides(PeerSpec("gateway", "client", "gateway", "another",
                                                                   eap=Eap("tls"))))[0].credentials
    client, gateway = credentials
    with pytest.raises(eap.EapFailed):
        talk(eap.EapPeer("", eap_tls.TlsPeer(stranger)), eap.EapServer(eap_tls.TlsServer(gateway), 0))
    server = eap_tls.TlsServer(gateway)
    server._flights.take(bytes([eap_tls.START]))
    with pytest.raises(eap.EapFailed):
        server.take(1, b"\0" + bytes(50))


def test_a_method_that_is_not_there_is_answered_by_nak():
    peer = eap.EapPeer("alice", eap.Md5Peer("alice", "word"))
    assert peer.answer(eap.request(3, eap.TLS, b"\x20")) == EAP(eap.RESPONSE, 3, bytes([eap.NAK, eap.MD5_CHALLENGE]))
    assert peer.answer(eap.request(3, eap.NOTIFICATION, b"hear")) == EAP(eap.RESPONSE, 3, bytes([eap.NOTIFICATION]))


# ---- in the words of a configuration ----

def test_each_side_has_its_end(tmp_path):
    base = PeerSpec("gateway", "client", "gateway", "secret", eap=Eap("md5"), requests=(4,))
    client, gateway = Proof("psk", tmp_path).between(*both_sides(base, pool=("10.77.0.0/24",)))
    assert (client.eap, client.expects_eap, gateway.eap, gateway.expects_eap) == (base.eap, None, None, base.eap)
    assert (client.requests, client.pool, gateway.requests, gateway.pool) == ((4,), (), (), ("10.77.0.0/24",))
    assert [(one.signs, one.expects_signature, one.shares_key) for one in (client, gateway)] == \
        [(False, True, False), (True, False, False)]
    assert client.credentials.certificate is None and gateway.credentials.authorities == ()
    assert authentication_needs(client) == ("auth-signature", "eap-md5") and address_needs(client) == ("address-request",)
    assert address_needs(gateway) == ("address-pool",)


def test_alone_nobody_signs_and_both_have_certificates_for_the_method(tmp_path):
    base = PeerSpec("gateway", "client", "gateway", "secret", eap=Eap("tls", alone=True))
    for one in Proof("psk", tmp_path).between(*both_sides(base)):
        assert (one.signs, one.expects_signature, one.shares_key) == (False, False, False)
        assert one.credentials.certificate is not None and one.credentials.authorities
        assert {"eap-tls", "eap-alone"} <= set(authentication_needs(one)) <= set(CAPABILITIES)


def test_remote_access_is_capabilities():
    assert set(REMOTE_ACCESS) <= set(CAPABILITIES)


def test_strongswan_is_told_of_it(tmp_path):
    base = PeerSpec("gateway", "client", "gateway", "secret", eap=Eap("mschapv2", "alice"), requests=(4, 6))
    client, gateway = Proof("psk", tmp_path).between(*both_sides(base, pool=("10.77.0.0/24",)))
    own, other = strongswan_config.connection(client)["gateway"], strongswan_config.connection(gateway)["client"]
    assert own["local-1"] == {"auth": "eap-mschapv2", "eap_id": "alice", "id": "client"} and own["remote-1"]["auth"] == "pubkey"
    assert other["remote-1"] == {"auth": "eap-mschapv2", "eap_id": "%any", "id": "client"} and other["local-1"]["auth"] == "pubkey"
    assert own["vips"] == ["0.0.0.0", "::"] and other["pools"] == ["client-0"]
    assert strongswan_config.pools(gateway) == {"client-0": {"addrs": "10.77.0.0/24"}}
    assert "eap-identity eap-mschapv2" in strongswan_config.daemon_conf(DaemonSpec((client,)), raw_esp=True)


# ---- internal addresses ----

def test_addresses_are_asked_for_and_assigned():
    (asked,) = configuration.request((6, 4))
    (reply,) = configuration.reply([asked], ("10.77.0.0/24", "2001:db8:77::/112"))
    assert sorted(configuration.leased([reply])) == ["10.77.0.1", "2001:db8:77::1"]
    assert configuration.reply([asked], ()) == [] == configuration.request(())
    assert configuration.reply(configuration.request((6,)), ("10.77.0.0/24",)) == []
    assert configuration.reply([CP(configuration.REPLY, (1, b""))], ("10.77.0.0/24",)) == []
    assert configuration.narrowed(TSi("0.0.0.0/0"), ["10.77.0.1"]) == TSi("10.77.0.1")
    assert configuration.narrowed(TSi("0.0.0.0/0"), []) == TSi("0.0.0.0/0")


# ---- what a reader is told ----

def words(response: bool, *payloads: Payload) -> str:
    header = ike.Header(bytes(8), bytes(8), 0, 0x20, Exchange.IKE_AUTH, 0x20 if response else 0x08, 1, 0)
    message = ike.Message(header, b"", list(payloads))
    return Memory().explain(message, Path(None))[0]


def test_a_trace_tells_of_eap():
    assert words(False, IDi("alice"), TSi("0.0.0.0/0")).startswith('says to be "alice", and will prove it by EAP')
    assert words(True, IDr("gw"), AUTH(14, b"\0"), eap.request(1, eap.TLS)).endswith("asks by EAP who is there")
    assert words(True, IDr("gw"), eap.request(1, eap.TLS)) == "asks by EAP who is there"
    assert words(False, eap.message(eap.RESPONSE, 1, b"\4")) == "answers by EAP"
    assert words(True, eap.message(eap.SUCCESS, 1)) == "is content with what EAP has shown"
    assert words(False, AUTH(2, bytes(32))) == "proves itself with the key of EAP"
    assert words(False, IDi("alice"), AUTH(2, bytes(32)), SA()).startswith('proves to be "alice"; asks for a Child SA')
    assert str(eap.request(1, eap.MSCHAPV2)) == "EAP(Request MSCHAPv2)" and str(eap.message(eap.FAILURE, 1)) == "EAP(Failure)"
