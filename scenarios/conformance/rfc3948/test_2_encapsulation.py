from ikelab.conformance import *

pytestmark = needs("esp-in-udp")

NATT_PORT = 4500
KEEPALIVE = (9).to_bytes(2, "big")  # as a UDP datagram's length


def udp_length_and_checksum(packet):
    """Of a UDP datagram over IPv4 without options."""
    return packet[24:26], packet[26:28]


@requirement("RFC3948-1-01", "RFC3948-2.1-01", "RFC3948-2.1-03")
def test_behind_a_nat_esp_comes_in_udp_between_the_ports_of_ike(peer):
    """Where there seems to be a NAT, ESP goes both ways in UDP, port 4500 to 4500, and a checksum is no hindrance. RFC 3948 2.1"""
    sa = peer.establish(encapsulated=True)
    reply = sa.children[0].ping()
    assert (reply.arrived.port, reply.arrived.source) == (NATT_PORT, sa.to)
    assert sa.to[1] == NATT_PORT


@requirement("RFC3948-2.2-01", "RFC3948-2.2-02")
def test_ike_on_that_port_has_the_marker(peer):
    """IKE and ESP share the port: four octets of zero stand before IKE, both ways. RFC 3948 2.2"""
    sa = peer.establish(encapsulated=True)
    assert sa.liveness().arrived.port == NATT_PORT
    sa.children[0].ping()


@requirement("RFC3948-2.2-02")
def test_ike_without_the_marker_is_no_ike(peer):
    """On port 4500 what does not begin with four octets of zero is ESP, of an SPI that nobody has. RFC 3948 2.2"""
    sa = peer.establish(encapsulated=True)
    sent = sa.send(INFORMATIONAL, to=(sa.to[0], 9))
    sa.carrier.send_raw(sent.octets, NATT_PORT, sa.to)
    sa.expect_nothing("without the marker it is no IKE message")
    sa.liveness()


@requirement("RFC3948-2.2-02")
def test_esp_behind_the_marker_is_no_esp(peer):
    """An ESP packet behind four octets of zero is taken for IKE, and for nothing that is one. RFC 3948 2.2"""
    child = peer.establish(encapsulated=True).children[0]
    packet = child.seal(child.echo_request(sequence=60))
    child.carrier.send_raw(bytes(4) + packet, NATT_PORT, child.ike_sa.to)
    child.expect_no_reply(60, "behind the marker there is no ESP")


@each("octets", b"\xff", b"\x00", b"\xff\xff", b"", b"\x00\x00\x00\x00", b"\xff\xff\xff\xff\xff")
@requirement("RFC3948-2.3-05", "RFC3948-2.3-03")
def test_keepalives_and_crumbs_are_ignored(peer, octets):
    """One octet of 0xFF, and what is too short for anything: no answer, and no effect. RFC 3948 2.2, 2.3"""
    sa = peer.establish(encapsulated=True)
    sa.carrier.send_raw(octets, NATT_PORT, sa.to)
    sa.expect_nothing("a keepalive is not answered")
    sa.children[0].ping()


@requirement("RFC3948-2.1-02")
def test_esp_comes_without_a_udp_checksum(peer):
    """Over IPv4 it is zero. RFC 3948 2.1"""
    reply = peer.establish(encapsulated=True).children[0].ping()
    assert udp_length_and_checksum(peer.carried(reply))[1] == bytes(2)


def kept_open(peer):
    """The first keepalive of a peer that learns from us that it is behind a NAT."""
    sa = peer.establish(natted=True)
    for _ in range(100):
        if sa.carrier.keepalives or not sa.carrier.wait(5):
            break
    assert sa.carrier.keepalives, "no keepalive came"
    return sa.carrier.keepalives[0]


@configuration(keepalive_ms=1000)
@needs("keepalive")
@requirement("RFC3948-2.3-01", "RFC3948-2.3-04", "RFC3948-4-03", "RFC7296-2.23-14")
def test_who_is_behind_a_nat_keeps_it_open(peer):
    """With nothing to send, one octet of 0xFF between the ports of ESP in UDP. RFC 3948 2.3, 4, RFC 7296 2.23"""
    keepalive = kept_open(peer)
    assert (keepalive.port, keepalive.source[1]) == (NATT_PORT, NATT_PORT)


@configuration(keepalive_ms=1000)
@needs("keepalive")
@requirement("RFC3948-2.3-02")
def test_keepalives_come_without_a_udp_checksum(peer):
    """Over IPv4 it is zero. RFC 3948 2.3"""
    kept_open(peer)
    datagrams = [udp_length_and_checksum(one) for one in peer.on_the_wire() if one[9] == ip.UDP]
    assert {checksum for length, checksum in datagrams if length == KEEPALIVE} == {bytes(2)}
