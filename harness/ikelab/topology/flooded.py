"""A pair, and somebody with a whole network of addresses who has a cable of his own to the gateway.

    inside 10.1.0.1                                    inside 10.2.0.1
    +--------+  192.0.2.1                   192.0.2.2  +---------+
    | client |------------------- wire ----------------| gateway |
    +--------+                                         +----+----+
    +--------+  203.0.113.1               203.0.113.2       |
    | crowd  |------------------- crowd --------------------+
    +--------+  198.18.0.0/15, every address of it
"""

from ikelab.topology.plan import CLIENT_NET, GATEWAY_NET, End, Plan, first_hosts

CROWD = "198.18.0.0/15"  # RFC 2544: set aside for tests of this kind


def plan() -> Plan:
    world = Plan()
    world.host("client", inside=first_hosts(CLIENT_NET, 1), protected=CLIENT_NET)
    world.host("gateway", inside=first_hosts(GATEWAY_NET, 1), protected=GATEWAY_NET)
    world.host("crowd")
    world.link("wire", End("client", ("192.0.2.1/24", "2001:db8:2::1/64")),
               End("gateway", ("192.0.2.2/24", "2001:db8:2::2/64")))
    world.link("crowd", End("crowd", ("203.0.113.1/24",)), End("gateway", ("203.0.113.2/24",)))
    world.default("client", "192.0.2.2", "2001:db8:2::2")
    world.default("gateway", "192.0.2.1", "2001:db8:2::1")
    world.default("crowd", "203.0.113.2")
    world.route("gateway", CROWD, "203.0.113.1")
    world.hosts["crowd"].routes.append(f"local {CROWD} dev lo")
    return world
