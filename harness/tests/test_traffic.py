"""Flows: what they measure is compared with what the relay did to them."""

from __future__ import annotations

import pytest

from ikelab import process
from ikelab.traffic import Flow, Ping, TrafficError


class PeerLike:
    """A peer of a scenario has its host as `.host`."""

    def __init__(self, host):
        self.host = host


@pytest.fixture
def world(make_world):
    return make_world("pair", relayed=["wire"])


@pytest.fixture
def client(world):
    return world.host("client")


@pytest.fixture
def gateway(world):
    return world.host("gateway")


@pytest.fixture
def relay(world):
    return world.link("wire").relay


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("outer", [False, True])
@pytest.mark.parametrize("echo", [False, True])
def test_udp_over_an_untouched_link(flow, client, gateway, relay, family, outer, echo):
    with flow.udp(PeerLike(client), gateway, interval_ms=1, octets=100, family=family, outer=outer,
                  echo=echo) as traffic:
        traffic.wait_received(30)
        assert traffic.received >= 30
    assert traffic.sent == traffic.received >= 30
    assert (traffic.lost, traffic.duplicated, traffic.reordered, traffic.send_errors) == (0, 0, 0, 0)
    assert traffic.octets == traffic.received * 100
    stats = relay.stats()
    assert stats["client"]["other"] == traffic.sent
    assert stats["gateway"]["other"] == (traffic.sent if echo else 0)


def test_udp_sees_loss_duplicates_and_disorder(flow, client, gateway, relay):
    relay.drop("client", "other", 10, 14)
    relay.duplicate("gateway", "other", 3, 5)
    relay.hold("client", "other", 30, until=32)
    with flow.udp(client, gateway, interval_ms=2, count=50) as traffic:
        traffic.wait_received(45)
    assert (traffic.sent, traffic.lost, traffic.duplicated, traffic.reordered) == (50, 5, 3, 1)


def test_udp_outage_is_the_gap_beyond_the_interval(flow, client, gateway, relay):
    """50 datagrams, 2 ms apart, are lost: 102 ms pass between two arrivals, and 100 are the outage."""
    relay.drop("client", "other", 21, 70)
    with flow.udp(client, gateway, interval_ms=2, count=100) as traffic:
        traffic.wait_received(50)
    assert traffic.lost == 50
    assert traffic.outage_ms > 50
    with flow.udp(client, gateway, interval_ms=2, count=50) as calm:
        calm.wait_received(50)
    assert calm.outage_ms < traffic.outage_ms


def test_a_flow_that_dies_counts_its_silence(flow, client, gateway, relay):
    relay.drop("client", "other", 11, None)
    with flow.udp(client, gateway, interval_ms=2, count=100, linger_ms=50) as traffic:
        with pytest.raises(TrafficError, match="11 datagrams did not arrive within 0.3 s"):
            traffic.wait_received(11, deadline_s=0.3)
        process.await_that(lambda: traffic.sent == 100, "the last datagram")
    assert (traffic.received, traffic.lost) == (10, 90)
    assert traffic.outage_ms > 90


def test_udp_without_a_route_counts_as_lost(make_world, flow):
    world = make_world("roaming")
    client, gateway = world.host("client"), world.host("gateway")
    gateway.ip("route add 10.1.0.0/24 via 192.0.2.1")
    world.host("router").ip("route add 10.1.0.0/24 via 203.0.113.2",
                            "route add 10.2.0.0/24 via 192.0.2.2")
    world.uplink("lte")
    with flow.udp(client, gateway, interval_ms=2, linger_ms=20) as traffic:
        traffic.wait_received(10)
        world.uplink()
        process.await_that(lambda: traffic.send_errors > 0, "a refusal")
        world.uplink("lte")
        traffic.wait_more(10)
    assert traffic.lost >= traffic.send_errors > 0
    assert traffic.refusals == {"sender: ENETUNREACH": traffic.send_errors}
    assert traffic.sent == traffic.received + traffic.lost


def test_an_echo_without_a_route_says_whose_it_was(make_world, flow):
    world = make_world("pair")
    client, gateway = world.host("client"), world.host("gateway")
    with flow.udp(client, gateway, interval_ms=2, linger_ms=20) as traffic:
        traffic.wait_received(1)
        gateway.ip("route del default via 192.0.2.1")
        process.await_that(lambda: traffic.send_errors > 0, "a refusal")
    assert traffic.refusals == {"echo: ENETUNREACH": traffic.send_errors}
    assert traffic.lost == traffic.send_errors


def test_outer_addresses_are_used_when_asked_for(make_world, flow):
    """Without a default route only the link itself is reached, and the protected nets are not."""
    world = make_world("pair")
    client, gateway = world.host("client"), world.host("gateway")
    client.ip("route del default via 192.0.2.2")
    assert flow.ping(client, gateway, count=1, outer=True).received == 1
    assert flow.ping(client, gateway, count=1, deadline_s=0.05).received == 0
    with flow.udp(client, gateway, count=5, interval_ms=1, outer=True) as traffic:
        traffic.wait_received(5)
    with flow.udp(client, gateway, count=5, interval_ms=1, linger_ms=20) as silent:
        pass
    assert (traffic.lost, silent.received) == (0, 0)


@pytest.mark.parametrize("family", [4, 6])
def test_tcp_arrives_whole(flow, client, gateway, family):
    with flow.tcp(client, gateway, octets=1_000_000, rate_mbit=0, family=family) as traffic:
        pass
    assert (traffic.octets, traffic.sent, traffic.lost) == (1_000_000, 1_000_000, 0)
    assert traffic.intact and traffic.complete and traffic.seconds > 0


def test_tcp_repairs_loss_and_keeps_its_rate(flow, client, gateway, relay):
    relay.impair("client", loss=0.02)
    with flow.tcp(client, gateway, rate_mbit=10) as traffic:
        traffic.wait_received(200_000)
        traffic.wait_more(100_000)
    assert traffic.complete and traffic.octets >= 300_000
    assert relay.stats()["client"]["lost"] > 0


def test_tcp_notices_other_content(flow, client, gateway, monkeypatch):
    """The relay cannot change TCP unnoticed by TCP itself, so the child is told another seed."""
    from ikelab import traffic_child

    class Reader:
        def __init__(self, *chunks: bytes):
            self.chunks = [*chunks, b""]

        def recv(self, _: int) -> bytes:
            return self.chunks.pop(0)

    def fresh() -> traffic_child._TcpFlow:
        import socket
        return traffic_child._TcpFlow(socket.socket(), socket.socket(), {
            "octets": None, "rate_octets": 0, "seed": 1})

    right, wrong = fresh(), fresh()
    content = right.content
    right.readable(Reader(content[:70], content[70:1000]), 0.0)
    wrong.readable(Reader(content[:70], content[71:1000]), 0.0)
    assert right.intact and right.octets == 1000
    assert not wrong.intact


def test_tcp_that_cannot_connect_says_so(flow, client, gateway, relay):
    relay.drop("client", "other", 1, None)
    with pytest.raises(TrafficError, match="no TCP connection within 0.1 s"):
        with flow.tcp(client, gateway, connect_s=0.1):
            pass


def test_tcp_that_breaks_is_not_complete(flow, client, gateway, relay):
    with flow.tcp(client, gateway, linger_ms=100) as traffic:
        traffic.wait_received(10_000)
        relay.drop(None, "other", 1, None).wait_acted(1)
    assert not traffic.complete and traffic.lost > 0


def test_ping(flow, client, gateway, relay):
    for family in (4, 6):
        answer = flow.ping(client, gateway, count=5, interval_ms=1, family=family)
        assert (answer.sent, answer.received, answer.lost) == (5, 5, 0)
        assert 0 < answer.rtt_ms < 1000
    relay.drop("gateway", "other", 2, 3)
    assert flow.ping(client, gateway, count=5, interval_ms=1, deadline_s=0.1).lost == 2
    relay.impair(loss=1)
    silent = flow.ping(client, gateway, count=2, interval_ms=1, deadline_s=0.05)
    assert silent.received == 0 and silent.rtt_ms == float("inf")
    assert Ping(1, [3.0]).rtt_ms == 3.0


def test_two_flows_at_once_do_not_hear_each_other(flow, client, gateway):
    with flow.udp(client, gateway, interval_ms=1) as one, \
            flow.udp(client, gateway, interval_ms=1) as other:
        one.wait_received(20)
        other.wait_received(20)
    assert one.lost == other.lost == one.duplicated == other.duplicated == 0


def test_the_blocks_own_error_is_seen_first(flow, client, gateway):
    with pytest.raises(KeyError), flow.udp(client, gateway) as traffic:
        traffic._process.kill()
        raise KeyError("the scenario's own")


def test_a_port_in_use_is_named(client, gateway):
    with Flow().udp(client, gateway, port=7777):
        with pytest.raises(TrafficError, match="10.2.0.1 port 7777 in gateway"):
            with Flow().udp(client, gateway, port=7777):
                pass
