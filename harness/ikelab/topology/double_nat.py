"""A client behind two NATs, its own and its provider's, as on many mobile networks.

    inside 10.1.0.1                                                                 inside 10.2.0.1
    +--------+ .2          .1 +-----+ .2         .1 +-------+ 192.0.2.1   192.0.2.2 +---------+
    | client |---- home ------| nat |---- isp ------| cgnat |--------- net ---------| gateway |
    +--------+ 192.168.1.0/24 +-----+ 100.64.0.0/24 +-------+ 2001:db8:2::/64       +---------+
               fd00:a::/64            fd00:b::/64
"""

from ikelab.topology.plan import CLIENT_NET, GATEWAY_NET, End, Plan, first_hosts


def plan() -> Plan:
    world = Plan()
    world.host("client", inside=first_hosts(CLIENT_NET, 1), protected=CLIENT_NET)
    world.host("nat")
    world.host("cgnat")
    world.host("gateway", inside=first_hosts(GATEWAY_NET, 1), protected=GATEWAY_NET)
    world.link("home", End("client", ("192.168.1.2/24", "fd00:a::2/64")),
               End("nat", ("192.168.1.1/24", "fd00:a::1/64")))
    world.link("isp", End("nat", ("100.64.0.2/24", "fd00:b::2/64")),
               End("cgnat", ("100.64.0.1/24", "fd00:b::1/64")))
    world.link("net", End("cgnat", ("192.0.2.1/24", "2001:db8:2::1/64")),
               End("gateway", ("192.0.2.2/24", "2001:db8:2::2/64")))
    world.default("client", "192.168.1.1", "fd00:a::1")
    world.default("nat", "100.64.0.1", "fd00:b::1")
    world.default("cgnat", "192.0.2.2", "2001:db8:2::2")
    world.default("gateway", "192.0.2.1", "2001:db8:2::1")
    world.nat("nat", "isp")
    world.nat("cgnat", "net")
    return world
