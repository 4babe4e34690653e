"""How ESP carries packets: with UDP and without, what outer headers say, sizes, replays, and the first packet."""

import pytest
from ikelab.scenario import PayloadType, TooBig, each, needs, topology

EF, CS1 = 0xB8, 0x20  # DSCPs in the place they have in the TOS octet
NOT_ECT, ECT1, ECT0, CE = range(4)


@topology("pair")
@needs("esp-bare")
@each("outside", 4, 6)
def test_esp_without_udp(client, gateway, flow, lab, outside):
    """Without a NAT ESP is protocol 50, with no UDP around it. RFC 7296 2.23"""
    lab.configure(family=outside)
    client.connect(gateway)
    lab.agree()
    assert not client.child_sa().udp_encapsulation and not gateway.child_sa().udp_encapsulation
    with flow.udp(client, gateway, interval_ms=2) as traffic:
        traffic.wait_received(20)
    assert traffic.lost == 0

    def bare(trace):
        assert len(trace.esp) >= 40 and all(one.outer.protocol == 50 for one in trace.esp)

    lab.afterwards(bare)


@topology("pair")
@needs("esp-in-udp")
@each("outside", 4, 6)
def test_esp_in_udp_where_told(client, gateway, flow, lab, outside):
    """A side may ask for ESP in UDP without a NAT, and both then use port 4500. RFC 7296 2.23"""
    lab.configure(family=outside, force_encapsulation=True)
    client.connect(gateway)
    lab.agree()
    assert client.child_sa().udp_encapsulation and gateway.child_sa().udp_encapsulation
    with flow.udp(client, gateway, interval_ms=2) as traffic:
        traffic.wait_received(20)
    assert traffic.lost == 0

    def encapsulated(trace):
        assert len(trace.esp) >= 40 and all((one.outer.sport, one.outer.dport) == (4500, 4500) for one in trace.esp)

    lab.afterwards(encapsulated)


@topology("pair")
@needs("dscp", "ecn")
@each("outside", 4, 6)
@each("inside", 4, 6)
def test_dscp_and_ecn_are_copied_out(client, gateway, flow, lab, outside, inside):
    """The outer header has the inner one's DSCP and ECN; the inner one arrives as it was. RFC 4301 5.1.2, RFC 6040 4.1"""
    lab.configure(family=outside, inner=(inside,))
    client.connect(gateway)
    tos = [dscp | ecn for dscp in (0, EF, CS1) for ecn in (NOT_ECT, ECT1, ECT0, CE)]
    for value in tos:
        assert flow.datagram(client, gateway, family=inside, tos=value).tos == value

    def copied(trace):
        assert [one.outer.tos for one in trace.esp_from("client")] == tos
        assert [one.inner.tos for one in trace.esp_from("client")] == tos

    lab.afterwards(copied)


@topology("pair")
@needs(client=("dscp",))
def test_dscp_is_kept_inside(client, gateway, flow, lab):
    """Where it is so configured the outer header does not tell the DSCP; inside it is as it was. RFC 4301 5.1.2.1"""
    lab.configure(child={"copy_dscp": False})
    client.connect(gateway)
    assert flow.datagram(client, gateway, tos=EF | ECT0).tos & 0xFC == EF

    def hidden(trace):
        (only,) = trace.esp_from("client")
        assert only.outer.tos & 0xFC == 0 and only.inner.tos & 0xFC == EF

    lab.afterwards(hidden)


@topology("behind_nat")
@needs("ecn", "esp-in-udp")
def test_congestion_on_the_way_is_told_inside(client, gateway, flow, lab):
    """A router's congestion mark reaches who understands it; else the packet is dropped. RFC 6040 4.2"""
    client.connect(gateway)
    lab.host("nat").run(["nft", "add table inet jam; add chain inet jam full { type filter hook forward priority 0; };"
                         "add rule inet jam full udp dport 4500 ip ecn set ce"])
    assert flow.datagram(client, gateway, tos=EF | ECT0).tos == EF | CE
    assert flow.datagram(client, gateway, tos=ECT1).tos == CE
    assert flow.datagram(client, gateway, tos=EF | NOT_ECT, deadline_s=0.2) is None
    assert flow.datagram(client, gateway, tos=CS1 | ECT0).tos == CS1 | CE


@topology("pair")
@each("inside", 4, 6)
def test_big_packets(client, gateway, flow, lab, inside):
    """Datagrams of every size arrive, in fragments where they must. RFC 4301 7"""
    lab.configure(inner=(inside,))
    client.connect(gateway)
    lab.agree()
    for octets in (1300, 1372, 1400, 1452, 1472, 1500, 2900, 9000, 40_000):
        for near, far in ((client, gateway), (gateway, client)):
            assert flow.datagram(near, far, family=inside, octets=octets), f"{octets} octets were lost"


@topology("gateways")
@each("inside", 4, 6)
def test_too_big_for_the_tunnel(client, gateway, flow, lab, inside):
    """Who sends more than the tunnel takes, and forbids fragments, is told what it takes. RFC 4301 8.2.1"""
    lab.configure(inner=(inside,))
    client.connect(gateway)
    alice, bob = lab.host("alice"), lab.host("bob")
    assert flow.datagram(alice, bob, family=inside, octets=1450, dont_fragment=True, deadline_s=0.1) is None
    with pytest.raises(TooBig):
        flow.datagram(alice, bob, family=inside, octets=1450, dont_fragment=True)
    assert flow.datagram(alice, bob, family=inside, octets=1300, dont_fragment=True)


@topology("behind_nat")
@needs("esp-in-udp")
def test_narrow_path(client, gateway, flow, lab):
    """A link on the way that takes less than the others: a transfer arrives whole, both ways. RFC 4301 8.2"""
    for host in ("nat", "gateway"):
        lab.host(host).ip("link set net mtu 1300")
    client.connect(gateway)
    for near, far in ((client, gateway), (gateway, client)):
        with flow.tcp(near, far, octets=300_000, rate_mbit=0) as transfer:
            transfer.wait_received(300_000)
        assert transfer.complete


@topology("pair", relayed="wire")
def test_replayed_packets_are_dropped(client, gateway, flow, lab):
    """Every ESP packet comes twice; each is accepted once. RFC 4303 3.4.3"""
    client.connect(gateway)
    lab.agree()
    twice = [lab.relay("wire").duplicate(side, "esp", 1, None) for side in ("client", "gateway")]
    with flow.udp(client, gateway, interval_ms=2, count=30) as traffic:
        traffic.wait_received(30)
        for rule in twice:
            rule.wait_acted(30)
    assert (traffic.lost, traffic.duplicated) == (0, 0)


@topology("pair", relayed="wire")
@needs(gateway=("counters-replayed",))
def test_replayed_packets_are_counted(client, gateway, flow, lab):
    """What is dropped for a replay is counted. RFC 4303 3.4.3"""
    client.connect(gateway)
    lab.agree()
    lab.relay("wire").duplicate("client", "esp", 1, None)
    with flow.udp(client, gateway, interval_ms=2, count=30) as traffic:
        traffic.wait_received(30)
    gateway.wait_for(lambda status: status.installed()[0].replayed == 30, "30 counted replays")
    assert gateway.child_sa().packets_in == 30


@topology("pair", relayed="wire")
@needs(gateway=("replay-window",))
@each("window", 32, 64, 256, 1024)
def test_replay_window(client, gateway, flow, lab, window):
    """A late packet is accepted within the window, and is not beyond it. RFC 4303 3.4.3"""
    gateway.configure(child={"replay_window": window})
    client.connect(gateway)
    relay = lab.relay("wire")
    held = relay.hold("client", "esp", 1)
    with flow.udp(client, gateway, interval_ms=0.5, count=window, echo=False, linger_ms=0) as traffic:
        traffic.wait_received(window - 1)
        held.release()
        traffic.wait_received(window)
    held.remove()
    late = relay.hold("client", "esp", 1)
    with flow.udp(client, gateway, interval_ms=0.5, count=window + 1, echo=False, linger_ms=0) as traffic:
        traffic.wait_received(window)
        late.release()
        gateway.wait_for(lambda status: status.installed()[0].replayed == 1, "the late one refused")
    assert traffic.lost == 1


@topology("pair")
@needs(client=("acquire",))
def test_traffic_starts_the_sa(client, gateway, flow, lab):
    """The first packet of a policy without an SA starts one. RFC 4301 4.4.1, RFC 7296 2.9"""
    client.configure(child={"start": "traffic"})
    gateway.start()
    client.start()
    assert not client.status().ike_sas
    with flow.udp(client, gateway, interval_ms=2) as traffic:
        traffic.wait_received(20)
    lab.agree()

    def asked_for_all(trace):
        assert trace.requests("IKE_AUTH")[0].selectors(PayloadType.TSr)[-1] == "10.2.0.0/24"

    lab.afterwards(asked_for_all)


@topology("pair")
@needs(client=("acquire", "acquire-keeps-packet"))
def test_first_packet_is_not_lost(client, gateway, flow, lab):
    """The packet that starts an SA waits for it, and those behind it do. RFC 4301 4.4.1"""
    client.configure(child={"start": "traffic"})
    gateway.start()
    client.start()
    assert not client.status().ike_sas
    with flow.udp(client, gateway, count=20, interval_ms=2) as traffic:
        traffic.wait_received(20)
    lab.agree()
    assert (traffic.lost, traffic.duplicated, traffic.reordered) == (0, 0, 0)


@topology("pair")
def test_start_at_once(client, gateway, flow, lab):
    """A Child SA that shall be there from the start needs no command and no traffic. RFC 7296 1.2"""
    client.configure(child={"start": "now"})
    gateway.start()
    client.start()
    client.wait_for(lambda status: bool(status.installed()), "the Child SA by itself")
    lab.agree()
    assert flow.ping(client, gateway).lost == 0
