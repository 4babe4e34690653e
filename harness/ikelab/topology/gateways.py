"""Site to site: a protected net with a host of its own behind each gateway.

    +-------+ .2  alice_net  .1 +--------+ 192.0.2.1   192.0.2.2 +---------+ .1  bob_net  .2 +-----+
    | alice |-------------------| client |-------- wire ---------| gateway |-----------------| bob |
    +-------+  10.1.0.0/24      +--------+ 2001:db8:2::/64       +---------+  10.2.0.0/24    +-----+
               fd00:1::/64                                                    fd00:2::/64

A flow runs between alice and bob; neither knows of IPsec.
"""

from ikelab.topology.plan import CLIENT_NET, GATEWAY_NET, End, Plan, first_hosts


def plan() -> Plan:
    world = Plan()
    world.host("alice", protected=CLIENT_NET)
    world.host("client", protected=CLIENT_NET, forwards=True)
    world.host("gateway", protected=GATEWAY_NET, forwards=True)
    world.host("bob", protected=GATEWAY_NET)
    world.link("wire", End("client", ("192.0.2.1/24", "2001:db8:2::1/64")),
               End("gateway", ("192.0.2.2/24", "2001:db8:2::2/64")))
    world.link("alice_net", End("alice", first_hosts(CLIENT_NET, 2), inner=True),
               End("client", first_hosts(CLIENT_NET, 1), inner=True))
    world.link("bob_net", End("gateway", first_hosts(GATEWAY_NET, 1), inner=True),
               End("bob", first_hosts(GATEWAY_NET, 2), inner=True))
    world.default("alice", "10.1.0.1", "fd00:1::1")
    world.default("client", "192.0.2.2", "2001:db8:2::2")
    world.default("gateway", "192.0.2.1", "2001:db8:2::1")
    world.default("bob", "10.2.0.1", "fd00:2::1")
    return world
