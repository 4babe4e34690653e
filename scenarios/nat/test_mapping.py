"""A NAT's mappings: they change, they die of silence, and keepalives keep them."""

from ikelab.scenario import each, needs, topology
from ikelab.wire.registry import Exchange

INFORMATIONAL = Exchange.INFORMATIONAL


@topology("behind_nat")
@needs("esp-in-udp", gateway=("dynamic-address-update-by-esp",))
@each("mobike", True, False)
def test_rebinding_is_followed_by_esp(client, gateway, flow, lab, mobike):
    """The next authentic ESP packet tells the gateway's ESP where the client is now. RFC 7296 2.23, RFC 4555 3.8"""
    lab.configure(mobike=mobike)
    client.connect(gateway)
    with flow.udp(client, gateway) as traffic:
        traffic.wait_received(20)
        lab.rebind()
        traffic.wait_more(20)
    assert traffic.outage_ms <= client.outage_allowed_ms() and traffic.duplicated == 0
    lab.agree()

    def followed(trace):
        assert len({one.outer.dport for one in trace.esp_from("gateway")}) >= 2
        assert len(trace.requests("IKE_SA_INIT")) == 1

    lab.afterwards(followed)


@topology("behind_nat")
@needs("esp-in-udp", gateway=("dynamic-address-update-by-esp",))
@each("mobike", True, False)
def test_rebinding_again_and_again(client, gateway, flow, lab, mobike):
    """Every mapping is followed, also when the next comes at once. RFC 7296 2.23"""
    lab.configure(mobike=mobike)
    client.connect(gateway)
    with flow.udp(client, gateway, interval_ms=2) as traffic:
        for _ in range(5):
            traffic.wait_more(5)
            lab.rebind()
        traffic.wait_more(20)
    lab.agree()

    def followed(trace):
        assert len({one.outer.dport for one in trace.esp_from("gateway")}) >= 6

    lab.afterwards(followed)


def found_out_in_silence(client, gateway, flow, lab, checks_before=0):
    """No traffic tells of the new mapping, but the client's liveness check does; then the gateway can call."""
    client.configure(liveness_ms=200)
    client.connect(gateway)
    before, sas = gateway.ike_sa().remote, gateway.ike_sa().spis
    lab.pass_by("home", "ike", 2 * checks_before, exchange=INFORMATIONAL)
    lab.rebind()
    gateway.wait_for(lambda status: status.established()[0].remote != before, "the new mapping", deadline_s=4)
    with flow.udp(gateway, client, interval_ms=2) as traffic:
        traffic.wait_received(20)
    assert traffic.lost == 0
    assert gateway.ike_sa().spis == sas == client.ike_sa().spis


@topology("behind_nat", relayed="home")
@needs("esp-in-udp", client=("liveness",), gateway=("dynamic-address-update",))
def test_rebinding_is_followed_by_ike(client, gateway, flow, lab):
    """Without MOBIKE the next IKE message from behind the NAT is followed. RFC 7296 2.23"""
    lab.configure(mobike=False)
    found_out_in_silence(client, gateway, flow, lab)

    def nothing_was_said(trace):
        assert not any("UPDATE_SA_ADDRESSES" in message.notifies() for message in trace.messages)

    lab.afterwards(nothing_was_said)


@topology("behind_nat", relayed="home")
@needs("esp-in-udp", "mobike", client=("mobike-as-initiator", "liveness"))
def test_rebinding_is_told_by_mobike(client, gateway, flow, lab):
    """With MOBIKE a liveness check shows the client its new mapping, and it says so. RFC 4555 3.8"""
    found_out_in_silence(client, gateway, flow, lab, checks_before=2)
    lab.afterwards(said_after_a_check)


@topology("behind_nat", relayed="home")
@needs("esp-in-udp", "mobike", client=("mobike-as-initiator", "liveness"))
def test_rebinding_before_the_first_check(client, gateway, flow, lab):
    """The mapping is compared with what IKE_SA_INIT told, also when no liveness check has been made. RFC 4555 3.8"""
    found_out_in_silence(client, gateway, flow, lab)
    lab.afterwards(said_after_a_check)


def said_after_a_check(trace):
    """First a request that only asks what the mapping is, then UPDATE_SA_ADDRESSES."""
    asked = [m for m in trace.requests("INFORMATIONAL") if "NAT_DETECTION_DESTINATION_IP" in m.notifies()]
    updates = ["UPDATE_SA_ADDRESSES" in message.notifies() for message in asked]
    assert True in updates and not updates[0]


@topology("behind_nat", relayed="home")
@needs("esp-in-udp", client=("keepalive",))
def test_keepalive_keeps_the_mapping(client, gateway, flow, lab):
    """With a keepalive a second, a mapping that dies after two of silence lives on. RFC 3948 4"""
    client.configure(keepalive_ms=1000)
    lab.mapping_timeout(2)
    client.connect(gateway)
    before = gateway.ike_sa().remote
    lab.pass_by("home", "keepalive", 3)
    with flow.udp(gateway, client, interval_ms=2) as traffic:
        traffic.wait_received(20)
    assert traffic.lost == 0 and gateway.ike_sa().remote == before

    def one_octet(trace):
        assert trace.cost.keepalives >= 3
        assert all(e.source == "client" for e in trace.events if e.kind == "keepalive")

    lab.afterwards(one_octet)


@topology("behind_nat", relayed="home")
@needs("esp-in-udp", client=("keepalive",))
def test_without_keepalive_the_mapping_dies(client, gateway, flow, lab):
    """The counter-proof: without keepalives the same silence cuts the gateway off from the client. RFC 3948 4"""
    client.configure(keepalive_ms=0)
    lab.mapping_timeout(1)
    client.connect(gateway)
    lab.silence("home", 1.5)
    assert flow.datagram(gateway, client, deadline_s=0.2) is None
    assert flow.datagram(client, gateway), "what the client sends makes a new mapping"


@topology("pair", relayed="wire")
@needs("esp-bare", client=("keepalive",))
def test_no_keepalive_without_a_nat(client, gateway, lab):
    """Nobody sends keepalives where no NAT is. RFC 7296 2.23"""
    lab.configure(keepalive_ms=100)
    client.connect(gateway)
    lab.silence("wire", 0.5)
