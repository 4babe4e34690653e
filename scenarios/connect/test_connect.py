"""The plainest story: two hosts, one IKE SA, one Child SA, traffic both ways."""

from ikelab.scenario import topology


@topology("pair")
def test_connect(client, gateway, flow, lab):
    """Two hosts agree on one Child SA and use it. RFC 7296 1.2"""
    client.connect(gateway)
    lab.agree()
    with flow.udp(client, gateway, interval_ms=2) as traffic:
        traffic.wait_received(20)
    assert traffic.lost == 0
    lab.afterwards(two_exchanges)


def two_exchanges(trace):
    """IKE_SA_INIT and IKE_AUTH are all it takes."""
    assert len(trace.exchanges("IKE_SA_INIT")) == 2
    assert len(trace.exchanges("IKE_AUTH")) == 2
    assert trace.cost.esp_packets >= 40
