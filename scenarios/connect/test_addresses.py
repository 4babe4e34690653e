"""Both modes over and of both versions of IP, and networks behind the gateways."""

from ikelab.scenario import each, needs, topology


@topology("pair")
@each("outside", 4, 6)
@each("inside", 4, 6)
def test_tunnel(client, gateway, flow, lab, outside, inside):
    """Tunnel mode carries IPv4 and IPv6, over IPv4 and IPv6. RFC 4301 5.1.2"""
    lab.configure(family=outside, inner=(inside,))
    client.connect(gateway)
    lab.agree()
    with flow.udp(client, gateway, family=inside, interval_ms=2) as traffic:
        traffic.wait_received(20)
    assert traffic.lost == 0

    def tunnelled(trace):
        assert trace.unopened_esp == 0 and len(trace.esp) >= 40
        assert all(one.tunnel and one.inner.src in (*client.inside, *gateway.inside) for one in trace.esp)
        assert all((":" in one.outer.src) == (outside == 6) for one in trace.esp)
        assert all((":" in one.inner.src) == (inside == 6) for one in trace.esp)

    lab.afterwards(tunnelled)


@topology("pair")
@each("outside", 4, 6)
def test_tunnel_of_both(client, gateway, flow, lab, outside):
    """One Child SA carries IPv4 and IPv6 side by side. RFC 7296 2.9"""
    lab.configure(family=outside, inner=(4, 6))
    client.connect(gateway)
    lab.agree()
    for inside in (4, 6):
        with flow.udp(client, gateway, family=inside, interval_ms=2) as traffic:
            traffic.wait_received(10)
        assert traffic.lost == 0


@topology("pair")
@needs("transport-mode")
@each("outside", 4, 6)
def test_transport(client, gateway, flow, lab, outside):
    """Transport mode protects what the two hosts say to each other, UDP and TCP. RFC 7296 1.3.1"""
    lab.configure(family=outside, child={"mode": "transport"})
    client.connect(gateway)
    lab.agree()
    with flow.udp(client, gateway, family=outside, outer=True, interval_ms=2) as traffic:
        traffic.wait_received(20)
    with flow.tcp(client, gateway, family=outside, outer=True, octets=100_000) as transfer:
        transfer.wait_received(100_000)
    assert traffic.lost == 0 and transfer.complete

    def in_transport_mode(trace):
        assert all("USE_TRANSPORT_MODE" in message.notifies()
                   for message in trace.requests("IKE_AUTH") + trace.responses("IKE_AUTH"))
        assert trace.unopened_esp == 0 and not any(one.tunnel for one in trace.esp)

    lab.afterwards(in_transport_mode)


@topology("gateways")
@each("outside", 4, 6)
@each("inside", 4, 6)
def test_site_to_site(client, gateway, flow, lab, outside, inside):
    """Hosts behind the gateways talk through the tunnel and know nothing of it. RFC 4301 3.3"""
    lab.configure(family=outside, inner=(inside,))
    client.connect(gateway)
    lab.agree()
    alice, bob = lab.host("alice"), lab.host("bob")
    with flow.udp(alice, bob, family=inside, interval_ms=2) as traffic:
        traffic.wait_received(20)
    with flow.tcp(bob, alice, family=inside, octets=300_000) as transfer:
        transfer.wait_received(300_000)
    assert traffic.lost == 0 and transfer.complete
