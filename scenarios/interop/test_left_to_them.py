"""What several vendors bring out: nothing is prescribed, or each side has its own idea."""

from ikelab.scenario import ITS_OWN, Lifetime, Retransmission, each, needs, topology

PATIENT = Retransmission(timeout_ms=500, backoff=1.2, tries=8)


@topology("pair")
def test_proposals_of_their_own(client, gateway, flow, lab):
    """Each side's default lists have something in common, and it is chosen from what was offered. RFC 7296 2.7"""
    lab.configure(proposals=ITS_OWN, child={"proposals": ITS_OWN})
    client.connect(gateway)
    lab.agree()
    for near, far in ((client, gateway), (gateway, client)):
        assert flow.datagram(near, far)
    lab.afterwards(chosen_from_what_was_offered)


@topology("pair")
@needs("rekey-by-time", "rekey-child")
@each("starter", "client", "gateway")
def test_lifetimes_that_differ(client, gateway, flow, lab, starter):
    """Lifetimes are not negotiated: the side with the shorter one asks for the rekey. RFC 7296 2.8"""
    shorter, longer = Lifetime(rekey_ms=900, hard_ms=6_000), Lifetime(rekey_ms=15_000, hard_ms=30_000)
    for side in (client, gateway):
        side.configure(child={"lifetime": shorter if side.name == starter else longer})
    client.connect(gateway)
    first = client.child_sa().spi_in
    with flow.udp(client, gateway) as traffic:
        client.wait_for(lambda status: first not in {sa.spi_in for sa in status.installed()} and status.installed(),
                        "a new Child SA")
        traffic.wait_more(20)
    lab.afterwards(lambda trace: asked_by(trace, starter))


@topology("pair", relayed="wire")
@needs("liveness")
def test_liveness_at_different_intervals(client, gateway, flow, lab):
    """One side asks five times as often as the other; both are answered, and nobody is given up. RFC 7296 2.4"""
    lab.configure(retransmission=PATIENT)
    client.configure(liveness_ms=1_000)
    gateway.configure(liveness_ms=5_000)
    client.connect(gateway)
    before = client.ike_sa().spis
    lab.relay("wire").watch("gateway", exchange=37, response=True).wait_matched(2)
    lab.settle()
    assert client.ike_sa().spis == before
    assert flow.ping(client, gateway).lost == 0


def chosen_from_what_was_offered(trace):
    """One transform of each type, each of them from the proposal with that number (RFC 7296 3.3)."""
    for exchange in ("IKE_SA_INIT", "IKE_AUTH"):
        (chosen,) = trace.responses(exchange)[-1].proposals
        offered = next(one for one in trace.requests(exchange)[-1].proposals if one.number == chosen.number)
        kinds = [transform.kind for transform in chosen.transforms]
        assert len(kinds) == len(set(kinds))
        assert {str(one) for one in chosen.transforms} <= {str(one) for one in offered.transforms}


def asked_by(trace, starter):
    asked = [e for e in trace.exchanges("CREATE_CHILD_SA") if not e.message.header.response]
    assert asked and {e.source for e in asked} == {starter}
