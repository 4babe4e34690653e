"""A TCP connection through a Child SA: what goes in at one end comes out at the other, though an implementation may cut
and join packets to be quick, or leave checksums to somebody else. RFC 4301 5.1.2"""

from ikelab.conformance import *

OWN_PORT, ITS_PORT = 7100, 7101
START, NO_OPERATION = 0x10203040, b"\x01"
STREAM = bytes(range(1, 252)) * 80
FEW = 16  # packets of the host's between two of a stream: others of its own, or lost on the way
LETTER = bytes(range(1, 252)) * 16


def connection(peer, family=4, **options):
    """A TCP connection from the peer's protected host to ours: its socket, and our end."""
    child = peer.establish(**options).children[0]
    its = peer.host_stream(ITS_PORT, OWN_PORT, family)
    end = tcp.FarEnd(child, OWN_PORT, ITS_PORT, family=family)
    end.accept()
    its.setblocking(True)
    its.settimeout(10)
    return its, end


def heard(its, count):
    """So many octets as the peer's host has of our stream."""
    found = bytearray()
    while len(found) < count:
        try:
            octets = its.recv(count - len(found))
        except TimeoutError as error:
            raise Unmet(f"the peer's host heard {len(found)} octets of {count}") from error
        assert octets, f"the stream of the peer's host ended after {len(found)} octets of {count}"
        found += octets
    return bytes(found)


@requirement("RFC4301-5.1.2-01")
@configuration(inner=(4, 6))
@each("family", 4, 6)
def test_what_its_host_sends_leaves_whole(peer, family):
    """A long TCP stream of the peer's host: every packet with its own length, numbers and checksums. RFC 4301 5.1.2"""
    its, end = connection(peer, family)
    with its:
        its.sendall(STREAM)
        its.shutdown(1)
        assert end.receive(len(STREAM)) == STREAM
    found = end.identifications
    steps = [(later - one) & 0xFFFF for one, later in zip(found, found[1:])]
    assert all(0 <= one <= FEW for one in steps), f"the host counts its IPv4 packets, and they came as {found}"


@requirement("RFC4301-5.1.2-01")
@configuration(inner=(4, 6))
@each("family", 4, 6)
def test_what_comes_for_its_host_arrives_whole(peer, family):
    """Many segments at once: the host reads the stream that they make. RFC 4301 5.1.2"""
    its, end = connection(peer, family, encapsulated=True)
    with its:
        for letter in (LETTER, LETTER[::-1], LETTER[:1100]):
            end.send(letter)
            assert heard(its, len(letter)) == letter


FAULTS = {
    "third is spoilt": lambda train: [*train[:2], train[2][:-1] + bytes([train[2][-1] ^ 1]), *train[3:]],
    "third is missing": lambda train: [*train[:2], *train[3:]],
    "third comes before the second": lambda train: [train[0], train[2], train[1], *train[3:]],
    "every one twice": lambda train: [one for one in train for _ in range(2)],
}


@requirement("RFC4301-5.1.2-01")
@each("fault", *FAULTS)
def test_a_stream_with_a_fault_arrives_as_it_was_meant(peer, fault):
    """A segment whose TCP checksum is wrong, or that is lost, doubled or late: the host sees to that, as without a tunnel.
    RFC 4301 5.1.2"""
    its, end = connection(peer, encapsulated=True)
    with its:
        end.send(LETTER, FAULTS[fault](end.train(LETTER)))
        assert heard(its, len(LETTER)) == LETTER


FLAGS = {"with PSH": (tcp.ACK | tcp.PSH, b"data"), "with FIN": (tcp.ACK | tcp.FIN, b"data"),
         "without data": (tcp.ACK, b""), "with data and without ACK": (0, b"data")}


@requirement("RFC4301-5.1.2-01")
@each("segments", *FLAGS)
def test_segments_that_say_something_by_themselves_come_one_by_one(peer, segments):
    """Data to be handed on at once, the end of a stream, the same acknowledgment again: they come as they were sent, however
    many come at once. RFC 4301 5.1.2"""
    flags, data = FLAGS[segments]
    child = peer.establish(encapsulated=True).children[0]
    own, its = child.inside()
    train = [ip.tcp(own, its, OWN_PORT, ITS_PORT, flags, data, START + number * len(data), 12 * NO_OPERATION)
             for number in range(4)]
    with peer.host_packets(ip.TCP) as host:
        child.send_train(ip.ip(own, its, ip.TCP, one, identification=number, fragment=0x4000)
                         for number, one in enumerate(train))
        assert [host_gets(host) for _ in train] == train


TIMESTAMP = b"\x01\x01\x08\x0a" + bytes(8)  # RFC 7323 3
DIFFERENCES = {"acknowledgment": 11, "window": 15, "urgent pointer": 19, "timestamp": 31}  # the octet of the header


@requirement("RFC4301-5.1.2-01")
@each("field", *DIFFERENCES)
def test_segments_that_differ_in_what_one_header_says_once_come_one_by_one(peer, field):
    """The next data in a row, but with another window, acknowledgment or option: each comes as it was sent, however many come at
    once. RFC 4301 5.1.2"""
    child = peer.establish(encapsulated=True).children[0]
    own, its = child.inside()
    train = []
    for number in range(4):
        whole = bytearray(ip.tcp(own, its, OWN_PORT, ITS_PORT, tcp.ACK, b"data", START + 4 * number, TIMESTAMP))
        whole[DIFFERENCES[field]], whole[16:18] = number, bytes(2)
        whole[16:18] = ip.checksum(ip.pseudo_header(own, its, ip.TCP, len(whole)) + whole).to_bytes(2, "big")
        train.append(bytes(whole))
    with peer.host_packets(ip.TCP) as host:
        child.send_train(ip.ip(own, its, ip.TCP, one, identification=number, fragment=0x4000)
                         for number, one in enumerate(train))
        assert [host_gets(host) for _ in train] == train


def host_gets(host):
    """The next TCP segment of that connection which the peer's host gets."""
    host.settimeout(10)
    while True:
        try:
            segment = ip.body_of(host.recv(70_000), ip.TCP)
        except TimeoutError as error:
            raise Unmet("a TCP segment did not come to the peer's host as it was sent") from error
        if segment[:4] == OWN_PORT.to_bytes(2, "big") + ITS_PORT.to_bytes(2, "big"):
            return segment
