"""Flows that measure what a user feels (sketch first; the bodies land behind these names).

    flow = Flow()                                  # hosts may be topology Hosts or have a .host
    with flow.udp(client, gateway, interval_ms=5, octets=64, echo=True, family=4,
                  outer=False, port=0) as traffic:
        traffic.wait_received(20)                  # deadline_s=5; raises TrafficError
        client.roam("lte")
    traffic.sent, .received, .lost, .duplicated, .reordered, .outage_ms, .octets   (live, and final)

    with flow.tcp(client, gateway, octets=None, rate_mbit=20, family=4, outer=False) as traffic:
        ...
    traffic.octets, .outage_ms (longest stall), .intact (all octets arrived, verified), .seconds

    flow.ping(client, gateway, count=3, interval_ms=20, family=4, outer=False, deadline_s=1)
        -> Ping(.sent, .received, .lost, .rtt_ms)

Addresses: a host's protected address (`inside`) if it has one, else its outer one; outer=True takes
the outer one always (transport mode). Entering returns only when both ends are ready.
"""
