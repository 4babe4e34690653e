"""Both ends behind NATs; the gateway's forwards UDP 500 and 4500 (and protocol 50) to it.

    inside 10.1.0.1                                                                   inside 10.2.0.1
    +--------+ .2          .1 +-----+ 192.0.2.1   192.0.2.2 +---------+ .1        .2 +---------+
    | client |---- home ------| nat |--------- net ---------| far_nat |---- site ----| gateway |
    +--------+ 192.168.1.0/24 +-----+ 2001:db8:2::/64       +---------+ 172.16.0.0/24+---------+
               fd00:a::/64                                              fd00:c::/64

The client finds the gateway at gateway.reachable: 192.0.2.2 and 2001:db8:2::2.
"""

from ikelab.topology.plan import CLIENT_NET, GATEWAY_NET, End, Plan, first_hosts


def plan() -> Plan:
    world = Plan()
    world.host("client", inside=first_hosts(CLIENT_NET, 1), protected=CLIENT_NET)
    world.host("nat")
    world.host("far_nat")
    world.host("gateway", inside=first_hosts(GATEWAY_NET, 1), protected=GATEWAY_NET,
               reachable=("192.0.2.2", "2001:db8:2::2"))
    world.link("home", End("client", ("192.168.1.2/24", "fd00:a::2/64")),
               End("nat", ("192.168.1.1/24", "fd00:a::1/64")))
    world.link("net", End("nat", ("192.0.2.1/24", "2001:db8:2::1/64")),
               End("far_nat", ("192.0.2.2/24", "2001:db8:2::2/64")))
    world.link("site", End("far_nat", ("172.16.0.1/24", "fd00:c::1/64")),
               End("gateway", ("172.16.0.2/24", "fd00:c::2/64")))
    world.default("client", "192.168.1.1", "fd00:a::1")
    world.default("nat", "192.0.2.2", "2001:db8:2::2")
    world.default("far_nat", "192.0.2.1", "2001:db8:2::1")
    world.default("gateway", "172.16.0.1", "fd00:c::1")
    world.nat("nat", "net")
    world.nat("far_nat", "net", keeps_ports=True, forwards="gateway")
    return world
