"""Address translators on the way: found out, crossed, and followed when they change their mind."""

from ikelab.scenario import each, needs, topology
from ikelab.wire.ike import nat_hash


def works_through_it(client, gateway, flow, lab, family=4):
    """The SAs are up with ESP in UDP, and packets flow both ways."""
    client.connect(gateway)
    lab.agree()
    assert client.child_sa().udp_encapsulation and gateway.child_sa().udp_encapsulation
    with flow.udp(client, gateway, interval_ms=2) as out, flow.udp(gateway, client, interval_ms=2) as back:
        out.wait_received(20)
        back.wait_received(20)
    assert (out.lost, back.lost) == (0, 0)
    lab.afterwards(in_udp_on_4500)


def in_udp_on_4500(trace):
    """All but IKE_SA_INIT goes to and from port 4500 (the NAT may change the source's)."""
    assert trace.esp and all(4500 in (one.outer.sport, one.outer.dport) for one in trace.esp)
    assert all(e.sent.sport == e.sent.dport == 4500 for e in trace.exchanges("IKE_AUTH") if e.source == "client")


@topology("behind_nat")
@needs("esp-in-udp")
@each("outside", 4, 6)
def test_client_behind_nat(client, gateway, flow, lab, outside):
    """A NAT before the client: both find it out, and ESP goes in UDP. RFC 7296 2.23, RFC 3948"""
    lab.configure(family=outside)
    works_through_it(client, gateway, flow, lab)
    assert client.ike_sa().nat_local and gateway.ike_sa().nat_remote


@topology("behind_nat")
@needs("esp-in-udp", "transport-mode")
def test_client_behind_nat_in_transport_mode(client, gateway, flow, lab):
    """Transport mode through a NAT: addresses and checksums are made good, for UDP and TCP. RFC 7296 2.23.1"""
    lab.configure(child={"mode": "transport"})
    client.connect(gateway)
    assert client.child_sa().mode == gateway.child_sa().mode == "transport"
    with flow.udp(client, gateway, outer=True, interval_ms=2) as traffic:
        traffic.wait_received(20)
    with flow.tcp(client, gateway, outer=True, octets=100_000) as transfer:
        transfer.wait_received(100_000)
    assert traffic.lost == 0 and transfer.complete
    lab.afterwards(in_udp_on_4500)


@topology("both_nated")
@needs("esp-in-udp")
@each("outside", 4, 6)
def test_both_behind_nats(client, gateway, flow, lab, outside):
    """A NAT at each end, the gateway's forwarding its ports: both see both. RFC 7296 2.23"""
    lab.configure(family=outside)
    works_through_it(client, gateway, flow, lab)
    for side in (client, gateway):
        assert side.ike_sa().nat_local and side.ike_sa().nat_remote


@topology("both_nated")
@needs("esp-in-udp", "transport-mode")
def test_both_behind_nats_in_transport_mode(client, gateway, flow, lab):
    """Transport mode with both addresses translated on the way. RFC 7296 2.23.1"""
    lab.configure(child={"mode": "transport"})
    client.connect(gateway)
    assert flow.datagram(client, gateway, outer=True, sent_to="192.0.2.2")


@topology("double_nat")
@needs("esp-in-udp")
@each("outside", 4, 6)
def test_client_behind_two_nats(client, gateway, flow, lab, outside):
    """The home's NAT and the provider's: one is like two. RFC 7296 2.23"""
    lab.configure(family=outside)
    works_through_it(client, gateway, flow, lab)
    assert client.ike_sa().nat_local and gateway.ike_sa().nat_remote


@topology("two_clients")
@needs("esp-in-udp")
def test_two_clients_behind_one_nat(client, gateway, flow, lab):
    """Two clients share an address and differ in their ports; neither gets the other's packets. RFC 7296 2.23"""
    second = lab.another()
    client.connect(gateway)
    second.connect(gateway)
    remotes = {sa.remote for sa in gateway.status().established()}
    assert len(remotes) == 2 and len({remote.address for remote in remotes}) == 1
    with flow.udp(client, gateway, interval_ms=2) as one, flow.udp(second, gateway, interval_ms=2) as two:
        one.wait_received(30)
        two.wait_received(30)
    with flow.udp(gateway, client, interval_ms=2) as one, flow.udp(gateway, second, interval_ms=2) as two:
        one.wait_received(30)
        two.wait_received(30)
    assert (one.lost, two.lost) == (0, 0)


@topology("pair")
@needs(client=("esp-bare",))  # who cannot send ESP bare pretends to sit behind a NAT
@each("outside", 4, 6)
def test_no_nat_is_seen_where_there_is_none(client, gateway, lab, outside):
    """NAT detection hashes are those of the addresses and ports as they are. RFC 7296 2.23"""
    lab.configure(family=outside)
    client.connect(gateway)

    def honest(trace):
        event = trace.exchanges("IKE_SA_INIT")[0]
        header, notifies, sent = event.message.header, event.message.notifies(), event.sent
        assert notifies["NAT_DETECTION_SOURCE_IP"].data == nat_hash(header, sent.src, sent.sport)
        assert notifies["NAT_DETECTION_DESTINATION_IP"].data == nat_hash(header, sent.dst, sent.dport)

    lab.afterwards(honest)


@topology("behind_nat")
@needs("esp-in-udp", client=("esp-bare",))  # who cannot send ESP bare pretends
def test_hashes_tell_where_the_nat_is(client, gateway, lab):
    """The source's hash is of the address before the NAT, the destination's of that behind it. RFC 7296 2.23"""
    client.connect(gateway)

    def told(trace):
        asked, answered = trace.exchanges("IKE_SA_INIT")[:2]
        header, notifies = asked.message.header, asked.message.notifies()
        assert asked.sent.src == "192.168.1.2" and asked.arrived.src == "192.0.2.1"
        assert notifies["NAT_DETECTION_SOURCE_IP"].data == nat_hash(header, "192.168.1.2", asked.sent.sport)
        assert notifies["NAT_DETECTION_DESTINATION_IP"].data == nat_hash(header, "192.0.2.2", 500)
        header, notifies = answered.message.header, answered.message.notifies()
        assert notifies["NAT_DETECTION_DESTINATION_IP"].data == nat_hash(header, "192.0.2.1", asked.arrived.sport)

    lab.afterwards(told)
