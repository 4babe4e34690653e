"""Configurations and states of the peers that run in guests, as text: no guest needed."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import replace

import pytest

from ikelab.guest import netlink
from ikelab.guest.netlink import Message
from ikelab.peers import libreswan_config, libreswan_log, libreswan_status, openiked_config
from ikelab.peers import openiked_debug, openiked_kernel, openiked_status, xfrm
from ikelab.peers.contract import PeerUnsupported
from ikelab.peers.neutral import ChildSpec, DaemonSpec, Lifetime, PeerSpec

CHILD = ChildSpec(local_ts=("10.1.0.0/24",), remote_ts=("10.2.0.0/24",))
PEER = PeerSpec("gateway", "client", "gw@example.org", "a key", remote_addresses=("192.0.2.2",), children=(CHILD,))
V5, V4 = (5, 2), (4, 10)


def connections(peer: PeerSpec, version: tuple[int, ...] = V5) -> str:
    return libreswan_config.connections(DaemonSpec((peer,)), version, ("192.0.2.1", "2001:db8:2::1"))


def test_pluto_gets_a_connection_for_each_child() -> None:
    text = connections(replace(PEER, children=(CHILD, replace(CHILD, name="other"))))
    assert text.count("conn ") == 2 and "conn gateway_other_v4" in text
    assert "left=%defaultroute" in text and "right=192.0.2.2" in text
    assert "leftid=@client" in text and "rightid=gw@example.org" in text
    assert "keyexchange=ikev2" in text and "ikev2=insist" in connections(PEER, V4)


def test_a_responder_has_one_for_each_family_with_its_own_address() -> None:
    text = connections(replace(PEER, remote_addresses=()))
    assert "conn gateway_net_v4" in text and "conn gateway_net_v6" in text
    assert "left=192.0.2.1" in text and "left=2001:db8:2::1" in text and "right=%any" in text


@pytest.mark.parametrize("ours, theirs", [
    (("aes256gcm16-prfsha256-x25519",), "aes_gcm256-sha2_256-dh31"),
    (("aes128-sha512-prfsha512-modp2048",), "aes128-sha2_512-dh14"),
    (("chacha20poly1305-prfsha256-ecp256-ecp384",), "chacha20_poly1305-sha2_256-dh19,chacha20_poly1305-sha2_256-dh20"),
])
def test_pluto_algorithms_for_ike(ours: tuple[str, ...], theirs: str) -> None:
    assert libreswan_config.ike_algorithms(ours) == theirs


def test_pluto_algorithms_for_esp() -> None:
    assert libreswan_config.esp_algorithms(("aes256gcm16",)) == ("aes_gcm256", "no", False)
    assert libreswan_config.esp_algorithms(("aes256-sha256-esn-x25519",)) == ("aes256-sha2_256;dh31", "yes", True)
    assert libreswan_config.esp_algorithms(("aes256gcm16-esn-noesn",))[1] == "either"
    with pytest.raises(PeerUnsupported, match="x448"):
        libreswan_config.esp_algorithms(("aes256gcm16-x448",))


def test_pluto_lifetimes() -> None:
    text = connections(replace(PEER, children=(replace(CHILD, lifetime=Lifetime(rekey_ms=4000, hard_ms=7000)),)))
    assert "salifetime=7s" in text and "rekeymargin=3" in text and "rekeyfuzz=0%" in text
    short = (replace(CHILD, lifetime=Lifetime(rekey_ms=300, hard_ms=2500)),)
    assert "rekeymargin=1\n" in connections(replace(PEER, children=short)) and "salifetime=3s" in connections(replace(PEER, children=short))
    assert "rekeymargin=2\n" in connections(replace(PEER, children=short, remote_addresses=()))  # half of it is what it takes
    early = (replace(CHILD, lifetime=Lifetime(rekey_ms=4000, hard_ms=9000)),)
    assert "rekeymargin=5\n" in connections(replace(PEER, children=early))
    with pytest.raises(PeerUnsupported, match="second half"):
        connections(replace(PEER, children=early, remote_addresses=()))


def test_what_pluto_cannot_say() -> None:
    both = replace(CHILD, local_ts=("10.1.0.0/24", "fd00:1::/64"), remote_ts=("10.2.0.0/24", "fd00:2::/64"))
    assert "leftsubnet=10.1.0.0/24,fd00:1::/64" in connections(replace(PEER, children=(both,)))
    with pytest.raises(PeerUnsupported, match="one selector"):
        connections(replace(PEER, children=(both,)), V4)
    assert "fragmentation=no" in connections(replace(PEER, fragmentation=False))
    with pytest.raises(PeerUnsupported, match="fragments"):
        connections(replace(PEER, fragment_size=576))
    with pytest.raises(PeerUnsupported, match="ports"):
        libreswan_config.ipsec_conf(DaemonSpec((PEER,), ike_port=5000))


def test_iked_policy() -> None:
    text = openiked_config.iked_conf(DaemonSpec((PEER,)), ("2001:db8:2::1", "192.0.2.1"))
    assert 'ikev2 "gateway" passive tunnel esp from 10.1.0.0/24 to 10.2.0.0/24 local 192.0.2.1 peer 192.0.2.2' in text
    assert "enc aes-256-gcm group curve25519 prf hmac-sha2-256" in text or "group curve25519" in text
    assert text.rstrip().endswith("psk 0x" + b"a key".hex()) and "set mobike" in text
    assert "set fragmentation" in text
    assert "set nofragmentation" in openiked_config.iked_conf(DaemonSpec((replace(PEER, fragmentation=False),)), ())
    with pytest.raises(PeerUnsupported, match="fragments"):
        openiked_config.policy(replace(PEER, fragment_size=576), ())
    at_once = replace(PEER, children=(replace(CHILD, start="now"),))
    assert '"gateway" active' in openiked_config.policy(at_once, ())
    assert "passive" in openiked_config.policy(replace(at_once, remote_addresses=()), ())
    with pytest.raises(PeerUnsupported, match="one Child SA"):
        openiked_config.policy(replace(PEER, children=(CHILD, CHILD)), ())


def test_iked_policy_in_transport_mode() -> None:
    """It names both ends."""
    between = replace(PEER, children=(ChildSpec(mode="transport"),))
    assert "passive transport esp from 192.0.2.1 to 192.0.2.2 " in openiked_config.policy(between, ("192.0.2.1",))
    for unknown in (replace(between, remote_addresses=()), replace(between, remote_addresses=("2001:db8::2",))):
        with pytest.raises(PeerUnsupported, match="transport mode"):
            openiked_config.policy(unknown, ("192.0.2.1",))


def test_iked_offers_what_it_can_install() -> None:
    found = openiked_config.installable(("aes256gcm16", "aes256-aes192-sha256-sha384-sha512", "aes128-sha256", "aes128-sha384"))
    assert found == ["aes256-aes192-sha384-sha512", "aes128-sha384"]


STATES = """src 192.0.2.1 dst 192.0.2.2
\tproto esp spi 0x00000a01(2561) reqid 16393(0x00004009) mode tunnel
\treplay-window 0 seq 0x00000000 flag af-unspec,esn (0x00100080)
\taead rfc4106(gcm(aes)) 0x{key} (288 bits) 128
\tencap type espinudp sport 4500 dport 20001 addr 0.0.0.0
\tlifetime current:
\t  252(bytes), 3(packets)
\tstats:
\t  replay-window 1 replay 2 failed 4
src 192.0.2.2 dst 192.0.2.1
\tproto esp spi 0x00000b01(2817) reqid 16393(0x00004009) mode tunnel
\treplay-window 0 seq 0x00000000 flag af-unspec (0x00100000)
\tauth-trunc hmac(sha512) 0x{auth} (512 bits) 256
\tenc cbc(aes) 0x{key} (256 bits)
\tlifetime current:
\t  84(bytes), 1(packets)
\tstats:
\t  replay-window 0 replay 0 failed 0
src 192.0.2.2 dst 192.0.2.1
\tproto esp spi 0x00000c01(3073) reqid 0(0x00000000) mode transport
\treplay-window 0 seq 0x00000000 flag  (0x00000000)
""".format(key=36 * "ab", auth=64 * "cd")


def selector(source: str, destination: str) -> bytes:
    one, other = ipaddress.ip_network(source), ipaddress.ip_network(destination)
    return (other[0].packed.ljust(16, b"\0") + one[0].packed.ljust(16, b"\0") + bytes(8)
            + struct.pack("=HBB12x", 2, other.prefixlen, one.prefixlen))


def algorithm(kind: int, name: str, key: bytes, *truncated: int) -> bytes:
    numbers = struct.pack(f"={1 + len(truncated)}I", 8 * len(key), *truncated)
    return netlink.attribute(kind, name.encode().ljust(64, b"\0") + numbers + key)


def sa(source: str, destination: str, spi: int, attributes: bytes, packets: int = 0, flags: int = 0) -> Message:
    """struct xfrm_usersa_info and what follows it."""
    there, here = (ipaddress.ip_address(one).packed.ljust(16, b"\0") for one in (destination, source))
    body = (selector("0.0.0.0/0", "0.0.0.0/0") + there + struct.pack("!IB3x", spi, 50) + here + bytes(64)
            + struct.pack("=4Q", 84 * packets, packets, 0, 0) + struct.pack("=3I", 1, 2, 4)
            + struct.pack("=IIHBBB7x", 0, 16393, 2, 1, 0, flags))
    assert len(body) == 224
    return Message(netlink.NEW_SA, body + attributes)


def policy(source: str, destination: str, direction: int, reqid: int) -> Message:
    """struct xfrm_userpolicy_info and a template."""
    body = selector(source, destination) + bytes(96) + struct.pack("=II4B4x", 1757393, 8, direction, 0, 0, 0)
    template = bytes(20) + struct.pack("=B3xH2x16xIB15x", 50, 2, reqid, 1)
    assert (len(body), len(template)) == (168, 64)
    return Message(netlink.NEW_POLICY, body + netlink.attribute(5, template))


KERNEL = [
    sa("192.0.2.1", "192.0.2.2", 0xA01, algorithm(18, "rfc4106(gcm(aes))", 36 * b"\xab", 128)
       + netlink.attribute(4, struct.pack("!HHH18x", 2 << 8, 4500, 20001)), packets=3, flags=128),
    sa("192.0.2.2", "192.0.2.1", 0xB01, algorithm(20, "hmac(sha512)", 64 * b"\xcd", 256)
       + algorithm(2, "cbc(aes)", 32 * b"\xab")),
    sa("192.0.2.2", "192.0.2.1", 0xC01, b""),  # larval
    policy("10.1.0.0/24", "10.2.0.1/32", 1, 16393),
    policy("0.0.0.0/0", "0.0.0.0/0", 3, 0),  # a socket's
    Message(netlink.ERROR, bytes(20)),
]


def test_the_kernels_own_words() -> None:
    one, other = xfrm.states(KERNEL)  # the larval SA has no keys, and is none yet
    assert (one.source, one.destination, one.spi, one.reqid) == ("192.0.2.1", "192.0.2.2", 0xA01, 16393)
    assert (one.esn, one.encapsulated, one.source_port, one.destination_port) == (True, True, 4500, 20001)
    assert (one.packets, one.octets, one.replayed, one.not_authentic) == (3, 252, 3, 4)
    assert (one.proposal, other.proposal, other.esn, one.mode) == ("aes256gcm16", "aes256-sha512", False, "tunnel")
    assert xfrm.policies(KERNEL) == [xfrm.Policy("10.1.0.0/24", "10.2.0.1/32", "out", 16393)]
    whole, = (message for message in KERNEL if message.kind == netlink.NEW_POLICY and message.body[160] == 1)
    for ports, proto, source, destination in (
            ((4500, 0xFFFF, 500, 0xFFFF), 17, "10.1.0.0/24[udp/500]", "10.2.0.1[udp/4500]"),
            ((80, 0xFFFF, 0, 0), 6, "10.1.0.0/24[tcp]", "10.2.0.1[tcp/80]")):
        narrow = whole.body[:32] + struct.pack("!4H", *ports) + whole.body[40:44] + bytes([proto]) + whole.body[45:]
        (told,) = xfrm.policies([Message(netlink.NEW_POLICY, narrow)])
        assert (told.source, told.destination) == (source, destination)
    first, second = xfrm.esp_keys(KERNEL)
    assert (first.spi, first.encryption, first.key) == (0xA01, "AES-GCM with 16 octet ICV [RFC4106]", 36 * b"\xab")
    assert (second.integrity, second.integrity_key) == ("HMAC-SHA-512-256 [RFC4868]", 64 * b"\xcd")


def test_netlink_messages_are_built_as_they_are_parsed() -> None:
    octets = netlink.build(netlink.NEW_SA, b"abcde") + netlink.build(netlink.ERROR, struct.pack("=i", -17))
    first, second = netlink.parse(octets)
    assert (first.body, first.error, second.error) == (b"abcde\0\0\0", 0, 17)
    assert Message(0, bytes(8) + netlink.attribute(7, b"xyz") + netlink.attribute(9, b"")).attributes(8) == {7: b"xyz", 9: b""}
    assert list(netlink.parse(octets[:10])) == []
    removed = openiked_kernel.allowing(KERNEL[:4])
    assert len(removed) == 1 and list(netlink.parse(removed[0]))[0].body[56:60] == struct.pack("=I", 8)


PLUTO = """#1: "gateway_net_v4"[1] 192.0.2.2:4500 ESTABLISHED_IKE_SA (established IKE SA); REKEY in 9s; newest; idle;
#2: "gateway_net_v4"[1] 192.0.2.2:4500 ESTABLISHED_CHILD_SA (established Child SA); newest; eroute owner; IKE SA #1; idle;
#2: "gateway_net_v4"[1] 192.0.2.2 esp.a01@192.0.2.2 esp.b01@192.0.2.1 tun.0@192.0.2.2 tun.0@192.0.2.1 Traffic: ESPin=0B
"gateway_net_v4"[1] 192.0.2.2:   IKEv2 algorithm newest: AES_GCM_16_256-HMAC_SHA2_256-DH31
"""


@pytest.mark.parametrize("prefix, state", [("", ""), ("000 ", "STATE_V2_")])  # 5.2's way and 4.10's
def test_what_whack_lists(prefix: str, state: str) -> None:
    text = "".join(prefix + line.replace(" ESTABLISHED", f" {state}ESTABLISHED") + "\n" for line in PLUTO.splitlines())
    status = libreswan_status.peer_status(text, KERNEL, {"gateway_net_v4": ("gateway", "net")},
                                          {"gateway": PEER}, {"4": "192.0.2.1"})
    (ike,), (child,) = status.established(), status.installed()
    assert (ike.peer, ike.proposal, ike.local.address, ike.remote.port) == (
        "gateway", "aes256gcm16-prfsha256-x25519", "192.0.2.1", 20001)
    assert (child.spi_in, child.spi_out, child.local_ts, child.remote_ts) == (
        0xB01, 0xA01, ("10.1.0.0/24",), ("10.2.0.1/32",))


@pytest.mark.parametrize("prefix", ["", "000 "])
def test_an_instance_of_plutos_that_has_moved(prefix: str) -> None:
    def told(name: str, *ends: str) -> str:
        lines = f"""{name}: 10.1.0.0/24==={ends[0]}[@client]...{ends[1]}[@gateway]===10.2.0.0/24; unrouted; eroute owner: #0
{name}:   conn_prio: 24,24; interface: wire; metric: 0; mtu: unset; sa_prio:auto; sa_tfc:none;
"""
        return "".join(prefix + line for line in lines.splitlines(True))

    template = told('"p"', "192.0.2.1", "192.0.2.2")
    assert libreswan_status.moved(template + told('"p"[1]', "192.0.2.1", "192.0.2.2")) == ""
    assert libreswan_status.moved(template + told('"p"[2] 192.0.2.2', "192.0.2.101", "192.0.2.2")) == (
        "p[2], 192.0.2.101...192.0.2.2")
    assert libreswan_status.moved(template + told('"p"[1]', "192.0.2.1", "192.0.2.102"))
    anybody = told('"p"', "192.0.2.2", "%any")
    assert libreswan_status.moved(anybody + told('"p"[1] 192.0.2.1', "192.0.2.2", "192.0.2.1")) == ""
    assert libreswan_status.moved(anybody + told('"p"[1] 192.0.2.1', "192.0.2.102", "192.0.2.1"))


def keymat(octets: int) -> str:
    return bytes(n % 256 for n in range(octets)).hex()


KEY_LOG = f"""Nov 22 00:31:22.292808: "p"[1] 192.0.2.1 #1: sent IKE_SA_INIT response {{cipher=AES_GCM_16_256 integ=n/a prf=HMAC_SHA2_256 group=DH31}}
ike-keymat sha256 {64 * "aa"}472ed00a763e28f94761249a99927c5f {keymat(3 * 32 + 2 * 36)}
Nov 22 00:31:22.293808: | passing a key
Nov 22 00:31:22.294808: "p"[1] 192.0.2.1 #1: processing decrypted IKE_AUTH request
ike-keymat sha256 {64 * "aa"} {keymat(2 * 36)}
Nov 22 00:31:22.295808: "p"[1] 192.0.2.1 #2: responder established Child SA using #1 {{ESP=>0x73808105 <0xe58923aa}}
ike-keymat sha384 {64 * "bb"}050b91b9a43cf10c257d9ecb3e6f5957 {keymat(3 * 48 + 2 * 48 + 2 * 16)}
Nov 22 00:31:22.296808: "p"[1] 192.0.2.1 #3: responder rekeyed IKE SA #1 {{cipher=AES_CBC_128 integ=HMAC_SHA2_384_192 prf=HMAC_SHA2_384 group=DH31}}
"""


def test_plutos_key_log() -> None:
    """RFC 7296 2.14: SK_d, SK_ai, SK_ar, SK_ei, SK_er, SK_pi, SK_pr, in this order; a Child SA's keys are no IKE SA's."""
    first, second = libreswan_log.read(KEY_LOG)
    assert (first.number, first.spis) == (1, (0x472ED00A763E28F9, 0x4761249A99927C5F))
    assert (second.number, second.spis) == (3, (0x050B91B9A43CF10C, 0x257D9ECB3E6F5957))
    assert (first.keys.sk_ei, first.keys.sk_er) == (bytes(range(32, 68)), bytes(range(68, 104)))
    assert (first.keys.encryption, first.keys.sk_ai) == ("AES-GCM-256 with 16 octet ICV [RFC5282]", b"")
    assert (second.keys.sk_ai, second.keys.sk_ar) == (bytes(range(48, 96)), bytes(range(96, 144)))
    assert (second.keys.sk_ei, second.keys.sk_er) == (bytes(range(144, 160)), bytes(range(160, 176)))
    assert libreswan_log.read(KEY_LOG.replace("AES_GCM_16_256", "AES_GCM_16_128"))[0].number == 3  # the length is wrong
    assert libreswan_log.read(KEY_LOG.partition("Nov 22 00:31:22.294808")[0]) == []  # nobody's yet


IKED = """iked_sas: 0x55 rspi 0x17e46112d2c91524 ispi 0x429dfccde5010c8c 192.0.2.1:500->192.0.2.2:500<FQDN/gw@example.org>[] ESTABLISHED i nexti (nil) pol 0x55
  sa_childsas: 0x56 ESP 0x00000a01 out 192.0.2.1:500 -> 192.0.2.2:500 (LA) B=(nil) P=0x57 @0x55
  sa_childsas: 0x57 ESP 0x00000b01 in 192.0.2.2:500 -> 192.0.2.1:500 (LA) B=(nil) P=0x56 @0x55
iked_sas: 0x58 rspi 0x0000000000000000 ispi 0x0000000000000001 any->192.0.2.2:500<>[] SA_INIT i nexti (nil) pol 0x55
"""


def test_what_ikectl_lists() -> None:
    status = openiked_status.peer_status(IKED, KERNEL, {"gateway": PEER})
    (ike,), (child,) = status.established(), status.installed()
    assert ike.spis == (0x429DFCCDE5010C8C, 0x17E46112D2C91524) and ike.initiator
    assert (child.spi_in, child.spi_out, child.peer, child.child) == (0xB01, 0xA01, "gateway", "net")
    assert status.ike_sas[1].state == "connecting"


IKED_DEBUG = """ikev2_pld_notify: protoid NONE spisize 0 type NAT_DETECTION_SOURCE_IP
47a43e5a aee9c185
ikev2_nat_detection: peer source 0x429dfccde5010c8c 0x17e46112d2c91524 192.0.2.2:500
47a43e5a aee9c185
ikev2_pld_notify: protoid NONE spisize 0 type NAT_DETECTION_DESTINATION_IP
5fec83c4
ikev2_nat_detection: peer destination 0x429dfccde5010c8c 0x17e46112d2c91524 192.168.1.2:500
5fec83c5
spi=0x429dfccde5010c8c: ikev2_sa_keys: S with 20 bytes
0000ffff 429dfccd e5010c8c
17e46112 d2c91524
ikev2_sa_keys: SK_ai with 32 bytes
{hash}
ikev2_sa_keys: SK_ar with 32 bytes
{hash}
ikev2_sa_keys: SK_ei with 16 bytes
aaaaaaaa aaaaaaaa aaaaaaaa aaaaaaaa
ikev2_sa_keys: SK_er with 16 bytes
bbbbbbbb bbbbbbbb bbbbbbbb bbbbbbbb
spi=0x429dfccde5010c8c: established peer 192.0.2.2:4500[FQDN/gw] local 192.168.1.2:4500[FQDN/c] policy 'gateway' as initiator (enc aes-128 auth hmac-sha2-256 group curve25519 prf hmac-sha2-256)
spi=0x429dfccde5010c8c: rekeyed as new IKESA 0x0000000000000002 (enc aes-256-gcm group ecp256 prf hmac-sha2-384)
""".format(hash=32 * "cd")


def test_what_only_ikeds_debugging_tells() -> None:
    told = openiked_debug.read(IKED_DEBUG)
    spi = 0x429DFCCDE5010C8C
    assert told.nat == {spi: (True, False), 2: (True, False)}
    assert told.proposals == {spi: "aes128-sha256-prfsha256-x25519", 2: "aes256gcm16-prfsha384-ecp256"}
    (keys,) = told.keys
    assert (keys.spi_i.hex(), keys.spi_r.hex()) == ("429dfccde5010c8c", "17e46112d2c91524")
    assert (keys.encryption, keys.integrity) == ("AES-CBC-128 [RFC3602]", "HMAC_SHA2_256_128 [RFC4868]")
    assert keys.sk_er == 16 * b"\xbb"


def test_what_iked_lists_and_its_kernel_does_not_have() -> None:
    """One was replaced while the two were asked."""
    line = "  sa_childsas: 0x1 ESP 0x00000a01 out 192.0.2.1:500 -> 192.0.2.2:500 (L) B=0x0 P=0x2 @0x3\n"
    assert openiked_status.at_one_moment(line, KERNEL)
    assert not openiked_status.at_one_moment(line.replace("a01", "a02"), KERNEL)
    assert openiked_status.at_one_moment("", KERNEL)


def test_attempts_that_failed_are_counted_by_iked() -> None:
    assert openiked_status.failed_attempts("ike:\n\t3 IKE SAs created\n\t1 IKE SA failed to establish\n") == 1
    assert openiked_status.failed_attempts("") == 0


def test_a_refused_ike_sa_of_ikeds_is_none() -> None:
    """It only answers repetitions of the request that was refused."""
    text = IKED.replace("ESTABLISHED", "CLOSING").replace("SA_INIT", "CLOSED")
    status = openiked_status.peer_status(text, [], {"gateway": PEER})
    assert openiked_status.with_told(status, openiked_debug.Told()).ike_sas == ()
    known = openiked_debug.Told(proposals={0x429DFCCDE5010C8C: "x"})
    assert [sa.state for sa in openiked_status.with_told(status, known).ike_sas] == ["deleting"]


def test_the_kernel_is_asked_to_make_an_sa_old() -> None:
    words = openiked_kernel.expire(STATES, 0xA01, hard=False)
    assert "encap espinudp 4500 20001 0.0.0.0" in " ".join(words) and "bits)" not in words
    assert words[:4] == ["ip", "xfrm", "state", "update"] and words[-6:] == [
        "limit", "packet-soft", "1", "limit", "time-soft", "1"]
    assert openiked_kernel.expire(STATES, 0xDEAD, hard=True) == []
