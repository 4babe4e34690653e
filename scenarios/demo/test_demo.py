"""What `ikelab demo` shows: one story with everything a remote worker's day has in it."""

from ikelab.scenario import needs, topology


@topology("roaming")
@needs("esp-in-udp")
@needs(client=("roam", "rekey-child", "rekey-ike"))
def test_demo(client, gateway, flow, lab):
    """A flow survives a roam from Wi-Fi behind a NAT to LTE, a Child rekey and an IKE rekey. RFC 4555 3.5"""
    client.connect(gateway)
    lab.agree()
    with flow.udp(client, gateway) as traffic:
        traffic.wait_received(40)
        client.roam("lte")
        traffic.wait_received(80)
        client.rekey("child")
        traffic.wait_received(120)
        client.rekey("ike")
        traffic.wait_received(160)
    lab.agree()
    client.delete("ike")
    assert traffic.outage_ms <= client.outage_allowed_ms()
    assert traffic.duplicated == 0
