"""The relay: chance with a seed, rules by ordinal, and telling IKE from ESP."""

from __future__ import annotations

import socket
import struct

import pytest

from ikelab import process
from ikelab.link import RelayError
from ikelab.process import ProcessError

CREATE_CHILD_SA = 36
INFORMATIONAL = 37


class Ends:
    """Two UDP sockets across a relayed pair; what is sent is numbered."""

    def __init__(self, world, port: int = 500, family: int = 4):
        self.world = world
        self.port = port
        self.family = family
        self.relay = world.link("wire").relay
        self.near = self._open("client")
        self.far = self._open("gateway")

    def _open(self, name: str) -> socket.socket:
        host = self.world.host(name)

        def make() -> socket.socket:
            sock = socket.socket(socket.AF_INET if self.family == 4 else socket.AF_INET6,
                                 socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            sock.bind((host.address(self.family), self.port))
            sock.settimeout(3)
            return sock
        return host.call(make)

    def send(self, *payloads: bytes, back: bool = False) -> None:
        sock, to = (self.far, "client") if back else (self.near, "gateway")
        for payload in payloads:
            sock.sendto(payload, (self.world.host(to).address(self.family), self.port))

    def receive(self, count: int, back: bool = False) -> list[bytes]:
        sock = self.near if back else self.far
        return [sock.recv(2000) for _ in range(count)]

    def nothing_more(self, back: bool = False) -> bool:
        """The relay has forwarded all it will, so what is not here does not come."""
        self.settle()
        sock = self.near if back else self.far
        sock.setblocking(False)
        try:
            sock.recv(2000)
            return False
        except BlockingIOError:
            return True
        finally:
            sock.settimeout(3)

    def settle(self) -> None:
        def quiet() -> bool:
            stats = self.relay.stats()
            return not stats["client"]["queued"] and not stats["gateway"]["queued"]
        process.await_that(quiet, "an empty relay")


def ike(number: int, exchange: int = INFORMATIONAL, response: bool = False, marker: bool = False
        ) -> bytes:
    """An IKE header as far as the relay reads it, RFC 7296 3.1; the Message ID is the number."""
    header = bytes(16) + struct.pack("!BBBBLL", 46, 0x20, exchange, 0x20 if response else 0x08,
                                     number, 28)
    return (bytes(4) if marker else b"") + header


def number_of(datagram: bytes) -> int:
    return struct.unpack_from("!L", datagram, len(datagram) - 8)[0]


@pytest.fixture
def ends(make_world):
    return Ends(make_world("pair", relayed=["wire"]))


@pytest.fixture
def ends_4500(make_world):
    return Ends(make_world("pair", relayed=["wire"]), 4500)


@pytest.mark.parametrize("family", [4, 6])
def test_everything_passes_unasked(make_world, family):
    ends = Ends(make_world("pair", relayed=["wire"]), family=family)
    ends.send(*(ike(n) for n in range(50)))
    assert [number_of(d) for d in ends.receive(50)] == list(range(50))
    ends.send(b"back", back=True)
    assert ends.receive(1, back=True) == [b"back"]
    assert ends.relay.stats()["client"]["ike"] == 50


def test_nth_datagram_is_dropped(ends):
    rule = ends.relay.drop("client", "ike", 3)
    ends.relay.drop("client", "ike", 5, 6)
    ends.relay.drop("client", "ike", 9, None)
    ends.send(*(ike(n) for n in range(1, 13)))
    assert [number_of(d) for d in ends.receive(5)] == [1, 2, 4, 7, 8]
    assert ends.nothing_more()
    assert (rule.matched, rule.acted) == (12, 1)


def test_nth_datagram_is_held_until_another_has_passed(ends):
    ends.relay.hold("client", "ike", 3, until=5)
    ends.send(*(ike(n) for n in range(1, 8)))
    assert [number_of(d) for d in ends.receive(7)] == [1, 2, 4, 5, 3, 6, 7]


def test_hold_both_ways_until_released(ends):
    """How two sides are made to ask at the same moment."""
    rules = [ends.relay.hold(name, "ike", last=None, response=False) for name in ("client", "gateway")]
    ends.send(ike(1), ike(2, response=True))
    ends.send(ike(3), back=True)
    for rule in rules:
        rule.wait_acted(1)
    assert [number_of(d) for d in ends.receive(1)] == [2]
    assert ends.nothing_more() and ends.nothing_more(back=True)
    rules[0].release()
    rules[1].remove()
    assert number_of(ends.receive(1)[0]) == 1 and number_of(ends.receive(1, back=True)[0]) == 3
    with pytest.raises(ProcessError, match="did not happen"):
        rules[0].wait_acted(2, deadline_s=0.02)


def test_rules_know_exchange_and_direction(ends):
    ends.relay.drop("client", "ike", 2, exchange=CREATE_CHILD_SA, response=False)
    ends.send(ike(1, CREATE_CHILD_SA), ike(2), ike(3, CREATE_CHILD_SA, response=True),
              ike(4, CREATE_CHILD_SA), ike(5, CREATE_CHILD_SA))
    ends.send(ike(1, CREATE_CHILD_SA), ike(2, CREATE_CHILD_SA), back=True)
    assert [number_of(d) for d in ends.receive(4)] == [1, 2, 3, 5]
    assert len(ends.receive(2, back=True)) == 2


def test_ike_esp_and_keepalives_on_port_4500(ends_4500):
    ends = ends_4500
    ends.relay.drop("client", "esp", 1, None)
    esp = struct.pack("!LL", 0xC0FFEE01, 1) + bytes(40)
    ends.send(ike(1, marker=True), esp, b"\xff", ike(2, marker=True), esp)
    assert ends.receive(3) == [ike(1, marker=True), b"\xff", ike(2, marker=True)]
    assert ends.nothing_more()
    stats = ends.relay.stats()["client"]
    assert [stats[kind] for kind in ("ike", "esp", "keepalive", "other")] == [2, 2, 1, 0]


def test_bare_esp_and_other_packets(make_world):
    world = make_world("pair", relayed=["wire"])
    client, gateway = world.host("client"), world.host("gateway")
    relay = world.link("wire").relay

    def raw() -> socket.socket:
        return socket.socket(socket.AF_INET, socket.SOCK_RAW, 50)
    relay.drop("client", "esp", 1)
    with client.call(raw) as near, gateway.call(raw) as far:
        far.settimeout(3)
        near.sendto(b"first...", (gateway.address(), 0))
        near.sendto(b"second..", (gateway.address(), 0))
        assert far.recv(100)[20:] == b"second.."
    assert relay.stats()["client"]["esp"] == 2


def test_the_same_seed_has_the_same_fate(make_world):
    def fates(seed: int) -> list[int]:
        ends = Ends(make_world("pair", relayed=["wire"]))
        ends.relay.seed(seed)
        ends.relay.impair("client", loss=0.3, duplicate=0.2, reorder=0.2)
        ends.send(*(ike(n) for n in range(100)))
        ends.settle()
        count = ends.relay.stats()["client"]["forwarded"]
        got = []
        ends.far.settimeout(0.2)
        while True:
            try:
                got.append(number_of(ends.far.recv(2000)))
            except TimeoutError:
                assert 50 < len(got) <= count
                return got
    first = fates(7)
    assert first == fates(7)
    assert first != fates(8)
    assert len(set(first)) < 90 and len(first) > len(set(first)) and first != sorted(first)


def test_impairment_of_one_kind_and_direction_only(ends):
    ends.relay.impair("client", packets="esp", loss=1)
    ends.send(*(ike(n) for n in range(20)))
    assert len(ends.receive(20)) == 20
    ends.relay.impair("client", loss=1)
    ends.send(ike(1))
    ends.send(ike(2), back=True)
    assert len(ends.receive(1, back=True)) == 1
    assert ends.nothing_more()
    ends.relay.clear()
    ends.send(ike(3))
    assert number_of(ends.receive(1)[0]) == 3


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("octets", [28, 29, 1000])
def test_corruption_passes_the_checksum(make_world, family, octets):
    """One bit differs, and UDP has not noticed: so IKE and ESP have to."""
    ends = Ends(make_world("pair", relayed=["wire"]), family=family)
    sent = bytes(range(256)) * 4
    ends.relay.corrupt("client", "ip", 1, 20)
    for _ in range(20):
        ends.send(sent[:octets])
    for got in ends.receive(20):
        difference = int.from_bytes(got, "big") ^ int.from_bytes(sent[:octets], "big")
        assert difference.bit_count() == 1


@pytest.mark.parametrize("family, header", [(4, 28), (6, 48)])
def test_larger_packets_are_lost(make_world, family, header):
    """A path with a small MTU whose router does not say so."""
    ends = Ends(make_world("pair", relayed=["wire"]), family=family)
    ends.relay.drop("client", "ip", last=None, larger=header + 100)
    ends.send(ike(1) + bytes(72), ike(2) + bytes(73), ike(3) + bytes(1000), ike(4))
    assert [len(d) for d in ends.receive(2)] == [100, 28]
    assert ends.nothing_more()


@pytest.mark.parametrize("family", [4, 6])
def test_ip_fragments_are_lost(make_world, family):
    """A path that takes no IP fragments, neither the first nor those that follow."""
    ends = Ends(make_world("pair", relayed=["wire"]), family=family)
    rule = ends.relay.drop("client", "ip", last=None, fragment=True)
    ends.send(ike(1) + bytes(1900), ike(2))
    assert [number_of(d) for d in ends.receive(1)] == [2]
    assert ends.nothing_more() and rule.acted == 2


def test_delay_and_order(ends):
    """A delayed link keeps its order, also with jitter; a delayed datagram is overtaken."""
    ends.relay.impair(delay_ms=5, jitter_ms=5)
    ends.send(*(ike(n) for n in range(20)))
    assert [number_of(d) for d in ends.receive(20)] == list(range(20))
    ends.relay.clear()
    ends.relay.delay("client", "ike", 1, ms=30)
    ends.send(*(ike(n) for n in range(4)))
    assert [number_of(d) for d in ends.receive(4)] == [1, 2, 3, 0]


def test_duplicate(ends):
    ends.relay.duplicate("client", "ike", 2)
    ends.send(*(ike(n) for n in range(1, 4)))
    assert [number_of(d) for d in ends.receive(4)] == [1, 2, 2, 3]


def test_rate_and_full_queue(ends):
    ends.relay.impair("client", rate_mbit=1, queue=5)
    ends.send(*(ike(n) + bytes(500) for n in range(20)))
    ends.settle()
    stats = ends.relay.stats()["client"]
    assert stats["overflowed"] >= 10 and stats["forwarded"] >= 5


def test_an_uplink_that_goes_down_and_comes_back(make_world, flow):
    world = make_world("roaming", relayed="all")
    client, gateway = world.host("client"), world.host("gateway")
    for name in ("lte", "wifi", "lte"):
        world.uplink(name)
        assert flow.ping(client, gateway, count=1, outer=True).received == 1
    assert all(link.relay.overrun == 0 for link in world.links.values())


def test_what_it_does_not_understand_changes_nothing(ends):
    for command in ("", "what", "rule", "rule ab ike vanish 1 1", "rule ab ike drop 1 1 colour=1",
                    "rule up ike drop 1 1", "impair ab ike loss=much", "impair ab", "impair ab ip x=1",
                    "release 5", "remove 99999", "release", "rule ab ike drop"):
        with pytest.raises(RelayError, match="refused|answer"):
            ends.relay.command(command or " ")
    with pytest.raises(RelayError, match="client and gateway are"):
        ends.relay.drop("router", "ike")
    for _ in range(64):
        ends.relay.drop("client", "keepalive")
    with pytest.raises(RelayError, match="too many rules"):
        ends.relay.drop("client", "keepalive")
    ends.send(ike(1))
    assert number_of(ends.receive(1)[0]) == 1


def test_relay_says_why_it_does_not_start(tmp_path):
    from ikelab.link import Relay
    with pytest.raises(RelayError, match="cannot use the interface nowhere0"):
        Relay(None, "x", ("a", "b"), tmp_path, ("nowhere0", "nowhere1"))


def test_100_mbit_pass(make_world, flow):
    """No timing here: flat out TCP through the relay arrives whole, and no frame was too many."""
    world = make_world("pair", relayed="all")
    with flow.tcp(world.host("client"), world.host("gateway"), octets=5_000_000, rate_mbit=0) as traffic:
        pass
    assert traffic.complete and world.link("wire").relay.overrun == 0
