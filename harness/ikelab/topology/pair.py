"""Two hosts on one link, the plainest world there is.

    inside 10.1.0.1                                    inside 10.2.0.1
           fd00:1::1                                          fd00:2::1
    +--------+  192.0.2.1                   192.0.2.2  +---------+
    | client |------------------- wire ----------------| gateway |
    +--------+  2001:db8:2::1           2001:db8:2::2  +---------+
"""

from ikelab.topology.plan import CLIENT_NET, GATEWAY_NET, End, Plan, first_hosts


def plan() -> Plan:
    world = Plan()
    world.host("client", inside=first_hosts(CLIENT_NET, 1), protected=CLIENT_NET)
    world.host("gateway", inside=first_hosts(GATEWAY_NET, 1), protected=GATEWAY_NET)
    world.link("wire", End("client", ("192.0.2.1/24", "2001:db8:2::1/64")),
               End("gateway", ("192.0.2.2/24", "2001:db8:2::2/64")))
    world.default("client", "192.0.2.2", "2001:db8:2::2")
    world.default("gateway", "192.0.2.1", "2001:db8:2::1")
    return world
