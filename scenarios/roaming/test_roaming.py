"""A client changes networks, and what runs over its Child SA keeps running. RFC 4555"""

import pytest

from ikelab.scenario import Retransmission, needs, topology

LTE = {"203.0.113.2", "2001:db8:b::2"}
QUICK = Retransmission(timeout_ms=150, backoff=1.2, tries=8)
PERSISTENT = Retransmission(timeout_ms=150, backoff=1.2, tries=14)


@pytest.fixture(autouse=True)
def everything_inside_is_protected(lab):
    """Else an inside address of the other family would be one more way to the peer."""
    lab.configure(inner=(4, 6))


@topology("roaming")
@needs("esp-in-udp", client=("roam",))
def test_wifi_to_lte(client, gateway, flow, lab):
    """From Wi-Fi behind a NAT to a bare LTE uplink, under the same IKE SA. RFC 4555 3.5"""
    client.connect(gateway)
    before = client.ike_sa()
    assert before.nat_local and gateway.ike_sa().nat_remote
    with flow.udp(client, gateway) as traffic:
        traffic.wait_received(20)
        client.roam("lte")
        traffic.wait_more(20)
    lab.settle()
    assert client.ike_sa().spis == before.spis
    assert client.ike_sa().local.address in LTE
    assert client.ike_sa().local.address == gateway.ike_sa().remote.address
    assert traffic.outage_ms <= client.outage_allowed_ms()
    lab.afterwards(update_is_complete)


@topology("roaming")
@needs("esp-in-udp", "esp-bare", client=("roam",))
def test_out_of_a_nat(client, gateway, flow, lab):
    """The NAT is noticed to be gone, and ESP goes bare from then on. RFC 4555 3.8"""
    client.connect(gateway)
    client.roam("lte")
    client.wait_for(lambda status: not any(sa.nat_local for sa in status.ike_sas), "no NAT before the client")
    gateway.wait_for(lambda status: not any(sa.nat_remote for sa in status.ike_sas), "no NAT before the client")
    lab.settle()
    for ping in (flow.ping(client, gateway), flow.ping(gateway, client)):
        assert ping.lost == 0
    lab.afterwards(bare_in_the_end)


@topology("roaming")
@needs("esp-in-udp", client=("roam",))
def test_lte_to_wifi(client, gateway, flow, lab):
    """From a bare uplink into a NAT: ESP goes into UDP from then on. RFC 4555 3.8, RFC 7296 2.23"""
    client.move("lte")
    client.connect(gateway)
    assert not client.ike_sa().nat_local
    with flow.udp(client, gateway) as traffic:
        traffic.wait_received(20)
        client.roam("wifi", families=(4,))
        traffic.wait_more(20)
    lab.settle()
    assert client.ike_sa().nat_local and gateway.ike_sa().nat_remote
    assert client.child_sa().udp_encapsulation and gateway.child_sa().udp_encapsulation
    assert traffic.outage_ms <= client.outage_allowed_ms()
    lab.afterwards(update_is_complete)


@topology("roaming")
@needs("esp-in-udp", "outer-ipv6", client=("roam",))
def test_v4_to_v6_and_back(client, gateway, flow, lab):
    """IPv4 behind a NAT, then IPv6 alone, then IPv4 again, with both families inside. RFC 4555 3.4, 3.5"""
    client.connect(gateway)
    with flow.udp(client, gateway) as traffic, flow.udp(client, gateway, family=6) as other:
        traffic.wait_received(20)
        client.roam("wifi", families=(6,))
        assert client.ike_sa().remote.address == "2001:db8:2::2"
        traffic.wait_more(20)
        client.roam("wifi", families=(4,))
        assert client.ike_sa().remote.address == "192.0.2.2"
        traffic.wait_more(20)
        other.wait_received(20)
    lab.settle()
    assert client.ike_sa().nat_local
    assert traffic.outage_ms <= client.outage_allowed_ms()
    lab.afterwards(update_is_complete)


@topology("roaming")
@needs("esp-in-udp", client=("roam",), gateway=("return-routability",))
def test_new_address_is_checked(client, gateway, flow, lab):
    """The gateway has a COOKIE2 returned from the new address before Child SAs go there. RFC 4555 3.7"""
    client.connect(gateway)
    with flow.udp(client, gateway) as traffic:
        traffic.wait_received(10)
        client.roam("lte")
        traffic.wait_more(20)
    lab.settle()
    lab.afterwards(cookie2_comes_back)


@topology("roaming")
@needs("esp-in-udp", client=("roam",))
def test_quick_double_roam(client, gateway, flow, lab):
    """Wi-Fi, LTE and Wi-Fi again, faster than an exchange can follow. RFC 4555 3.5, 3.11"""
    client.connect(gateway)
    with flow.udp(client, gateway) as traffic:
        traffic.wait_received(20)
        client.move("lte")
        client.move("wifi")
        client.roam("lte")
        traffic.wait_more(20)
    lab.settle()
    assert gateway.ike_sa().remote.address in LTE
    # Two exchanges, each of which may have to be heard twice.
    assert traffic.outage_ms <= client.outage_allowed_ms(2)


@topology("roaming")
@needs("esp-in-udp", client=("roam",))
def test_no_network_for_a_while(client, gateway, flow, lab):
    """Without any uplink the SAs wait; the next uplink carries them on. RFC 4555 3.5"""
    lab.configure(retransmission=QUICK)
    client.connect(gateway)
    before = client.ike_sa()
    with flow.udp(client, gateway) as traffic:
        traffic.wait_received(20)
        client.move()
        lost = traffic.lost
        traffic.wait_sent_more(60)
        assert traffic.lost >= lost + 40
        client.roam("lte")
        traffic.wait_more(20)
    lab.settle()
    assert client.ike_sa().spis == before.spis


@topology("roaming", relayed="net")
@needs("esp-in-udp", client=("roam",))
@pytest.mark.parametrize("what, capability", [("child", "rekey-child"), ("ike", "rekey-ike")], ids=["child", "ike"])
def test_during_a_rekey(client, gateway, flow, lab, what, capability):
    """The answer to a rekey is under way when the client moves. RFC 4555 3.5, RFC 7296 2.1"""
    gateway.require(capability)
    lab.configure(retransmission=QUICK)
    client.connect(gateway)
    answer = lab.relay("net").hold("gateway", "ike", 1, exchange=36, response=True)
    with flow.udp(client, gateway) as traffic:
        traffic.wait_received(20)
        client.rekey(what, wait=False)
        answer.wait_acted()
        client.move("lte")
        answer.remove()
        client.finish_roam(deadline_s=4)
        traffic.wait_more(20)
    lab.settle()
    assert gateway.ike_sa().remote.address in LTE
    assert traffic.outage_ms <= client.outage_allowed_ms()


@topology("roaming", relayed="net")
@needs("esp-in-udp", client=("roam",))
@pytest.mark.parametrize("lost", [1, 2, 3, 4])
def test_with_a_message_lost(client, gateway, flow, lab, lost):
    """The n-th IKE message after the move is lost, the client's or the gateway's. RFC 7296 2.1"""
    lab.configure(retransmission=QUICK)
    client.connect(gateway)
    with flow.udp(client, gateway) as traffic:
        traffic.wait_received(20)
        lab.relay("net").drop(("gateway", "router")[lost % 2], "ike", (lost + 1) // 2)
        client.roam("lte")
        traffic.wait_more(20)
    lab.settle()
    assert traffic.outage_ms <= client.outage_allowed_ms(3)


@topology("roaming", relayed="net")
@needs("esp-in-udp", client=("roam",))
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_on_a_lossy_path(client, gateway, flow, lab, seed):
    """Every fifth packet is lost, by chance, through a roam there and back. RFC 7296 2.1, RFC 4555 3.5"""
    lab.configure(retransmission=PERSISTENT)  # some look for a path each two seconds: nobody gives up before
    client.connect(gateway)
    lab.relay("net").seed(seed)
    lab.relay("net").impair(loss=0.2)
    with flow.udp(client, gateway) as traffic:
        traffic.wait_received(20)
        client.roam("lte")
        traffic.wait_more(20)
        client.roam("wifi")
        traffic.wait_more(20)
        lab.relay("net").clear()
    lab.settle()


@topology("roaming", relayed="wifi")
@needs("esp-in-udp", client=("roam", "liveness", "path-probing"))
def test_path_dies_silently(client, gateway, flow, lab):
    """No address changes, nothing is told: the client finds that its other uplink still works. RFC 4555 3.10"""
    client.configure(retransmission=QUICK, liveness_ms=200)
    client.move("wifi", "lte")
    client.connect(gateway)
    assert gateway.ike_sa().remote.address not in LTE
    with flow.udp(client, gateway) as traffic:
        traffic.wait_received(20)
        lab.relay("wifi").impair(loss=1)
        gateway.wait_for(lambda status: status.established()[0].remote.address in LTE,
                         "the client's other address")
        traffic.wait_more(20)
    lab.settle()
    lab.afterwards(update_is_complete)


@topology("roaming")
@needs("esp-in-udp", "esp-bare", client=("mobike-as-initiator",), gateway=("roam",))
def test_the_gateway_moves(client, gateway, flow, lab):
    """The responder's address changes: it says so, and the initiator updates the SAs. RFC 4555 3.6"""
    client.move("lte")
    client.connect(gateway)
    with flow.udp(client, gateway) as traffic:
        traffic.wait_received(20)
        gateway.renumber("192.0.2.3")
        client.wait_for(lambda status: status.established()[0].remote.address in gateway.host.addresses,
                        "an address that the gateway has")
        traffic.wait_more(20)
    lab.settle()
    assert traffic.outage_ms <= gateway.outage_allowed_ms()


def bare_in_the_end(trace):
    for host in ("client", "gateway"):
        assert trace.esp_from(host)[-1].outer.protocol == 50


def update_is_complete(trace):
    """UPDATE_SA_ADDRESSES comes with NAT detection, and so does its answer (RFC 4555 3.5, 3.8); whoever
    asked for a COOKIE2 got it back (3.7)."""
    updates = trace.told("UPDATE_SA_ADDRESSES")
    assert updates
    for update in updates:
        detection = {"NAT_DETECTION_SOURCE_IP", "NAT_DETECTION_DESTINATION_IP"}
        assert detection <= update.message.notifies().keys()
    answer = trace.answer_to(updates[-1])
    assert answer is not None and detection <= answer.notifies().keys()
    if trace.told("COOKIE2"):
        cookie2_comes_back(trace)


def cookie2_comes_back(trace):
    checks = trace.told("COOKIE2")
    assert checks
    for check in checks:
        answer = trace.answer_to(check)
        assert answer is not None
        assert answer.notifies()["COOKIE2"].data == check.message.notifies()["COOKIE2"].data
        assert 8 <= len(check.message.notifies()["COOKIE2"].data) <= 64
