"""Two clients behind one NAT: to the gateway both have the same address, and differ in their ports.

    inside 10.1.0.1
    +--------+ .2              .1
    | client |---- home ------+-----+ 192.0.2.1         192.0.2.2 +---------+  inside 10.2.0.1
    +--------+ 192.168.1.0/24 | nat |------------ net ------------| gateway |
    +--------+ 192.168.3.0/24 |     | 2001:db8:2::1 2001:db8:2::2 +---------+
    | second |---- room ------+-----+
    +--------+ .2              .1
    inside 10.3.0.1
"""

from ikelab.topology.plan import CLIENT_NET, GATEWAY_NET, End, Plan, first_hosts

SECOND_NET = ("10.3.0.0/24", "fd00:3::/64")


def plan() -> Plan:
    world = Plan()
    world.host("client", inside=first_hosts(CLIENT_NET, 1), protected=CLIENT_NET)
    world.host("second", inside=first_hosts(SECOND_NET, 1), protected=SECOND_NET)
    world.host("nat")
    world.host("gateway", inside=first_hosts(GATEWAY_NET, 1), protected=GATEWAY_NET)
    world.link("home", End("client", ("192.168.1.2/24", "fd00:a::2/64")),
               End("nat", ("192.168.1.1/24", "fd00:a::1/64")))
    world.link("room", End("second", ("192.168.3.2/24", "fd00:d::2/64")),
               End("nat", ("192.168.3.1/24", "fd00:d::1/64")))
    world.link("net", End("nat", ("192.0.2.1/24", "2001:db8:2::1/64")),
               End("gateway", ("192.0.2.2/24", "2001:db8:2::2/64")))
    world.default("client", "192.168.1.1", "fd00:a::1")
    world.default("second", "192.168.3.1", "fd00:d::1")
    world.default("nat", "192.0.2.2", "2001:db8:2::2")
    world.default("gateway", "192.0.2.1", "2001:db8:2::1")
    world.nat("nat", "net")
    return world
