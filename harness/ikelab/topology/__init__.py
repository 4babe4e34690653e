"""Topologies: small worlds of network namespaces for one scenario each.

API (sketch first; the bodies land behind exactly these names):

    topology.create(layout, *, relayed=(), directory=None, **options) -> Topology    # context manager
        layout    "pair" | "behind_nat" | "double_nat" | "both_nated" | "roaming" | "gateways"
        relayed   names of links that go through the lab's own impairment relay, or "all"
        directory where logs of its processes go; default: a scratch directory that close() removes

    Topology
        .layout, .directory (Path), .hosts (dict), .links (dict), .nats (dict)
        .host("client") -> Host, .link("wire") -> Link, .nat("nat") -> Nat
        .capture_points() -> list[CapturePoint]         every link, for capture.Capture
        .close()                                        ends processes, removes namespaces; idempotent
    Roaming(Topology)
        .uplink("lte")                  break before make: the old addresses go, the new ones come
        .uplink("lte", "wifi")          both have addresses; the first carries the default route
        .uplink("lte", families=(6,))   only IPv6 addresses there
        .uplink()                       no network at all
        .uplinks                        names in use now, first = default route

    Host
        .name       "client" | "gateway" | "nat" | "router" | "alice" | "bob" ...
        .netns      name of its network namespace (ip netns exec NAME ...)
        .addresses  outer addresses now, text, IPv4 first           ["192.0.2.1", "2001:db8::1"]
        .inside     protected addresses it owns, IPv4 first         ["10.1.0.1", "fd00:1::1"]
        .protected  the protected networks behind it                ["10.1.0.0/24", "fd00:1::/64"]
        .links      names of its interfaces                         ["wire"]  (interface = link name)
        .address(family) -> str, .inside_address(family) -> str     family is 4 or 6
        .run(argv, *, input=None, timeout=10, check=True) -> subprocess.CompletedProcess (text)
        .popen(argv, *, name=None, log=None, cwd=None, env=None, stdin=None, stdout=None,
               pass_fds=()) -> process.Process
        .call(function, *args)          runs function in a thread that is inside the namespace
                                        (sockets made there stay there)
    Link
        .name, .hosts (two names), .relay (link.Relay or None), .capture_points
    CapturePoint
        .name, .netns, .interface
    Nat
        .host
        .rebind()                       every mapping is forgotten and new ones get other ports
        .mapping_timeout(seconds)       lifetime of an idle UDP mapping
        .mappings() -> list[str]        the conntrack table, for logs

See also: process.Process, link.Relay, capture.Capture, traffic.Flow, cleanup.sweep, doctor.examine.
"""
