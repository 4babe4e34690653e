"""Messages too large for one packet, each side in its own fragments (RFC 7383).

What makes them large here are long identities and many proposals; how large the fragments are, the scenario says. So the
answer to IKE_AUTH, which holds one identity and one proposal, is in fragments too.
"""

from ikelab.scenario import PayloadType, each, needs, topology

SMALL = 300  # octets of an IP packet
LONG = 200 * "a"
MANY = tuple(f"{cipher}-{esn}" for cipher in (
    "aes256gcm16", "aes256-aes192-sha256-sha384-sha512", "aes128gcm16", "aes128-sha256-sha384-sha512") for esn in ("noesn",))


def large(lab, **changes):
    """Both sides say much."""
    lab.configure(local_id=f"{LONG}.client", remote_id=f"{LONG}.gateway", child={"proposals": MANY}, **changes)


def well_cut(size):
    """RFC 7383 2.5: the header of all is the same, numbers run from 1 to the total, the first payload's type stands in
    fragment 1 alone, and no packet is larger than it may be."""
    def check(trace):
        assert trace.fragments("client") and trace.fragments("gateway")
        sets = {}
        for event in trace.fragments():
            header, piece = event.message.header, event.message.fragment
            same = (header.spi_i, header.spi_r, header.version, header.exchange_type, header.flags, header.message_id)
            sets.setdefault((*same, piece.total), []).append(piece)
            assert event.sent.length <= size, f"{event.title}: {piece} in {event.sent.length} octets"
            assert (piece.inner_first == PayloadType.NONE) == (piece.number > 1)
            assert not event.message.problem
        for (*_, total), pieces in sets.items():
            assert total > 1 and [piece.number for piece in pieces] == list(range(1, total + 1))
    return check


def is_up(lab, flow, client, gateway):
    lab.agree()
    assert flow.ping(client, gateway).lost == 0


@topology("pair")
@each("size", SMALL, 576)
@needs("fragmentation", "fragment-size")
def test_handshake_in_fragments(client, gateway, flow, lab, size):
    """IKE_AUTH goes both ways in fragments of the size configured. RFC 7383 2.5"""
    large(lab, fragment_size=size)
    if size > SMALL:  # one identity is not enough for this one
        gateway.configure(fragment_size=SMALL)
    client.connect(gateway)
    is_up(lab, flow, client, gateway)
    lab.afterwards(well_cut(size))


@topology("pair")
@needs("fragmentation", "fragment-size", "outer-ipv6")
def test_handshake_in_fragments_over_ipv6(client, gateway, flow, lab):
    """The longer IPv6 header is part of what a packet may hold. RFC 7383 2.5.1"""
    large(lab, fragment_size=SMALL + 40, family=6)
    client.connect(gateway)
    is_up(lab, flow, client, gateway)
    lab.afterwards(well_cut(SMALL + 40))


@topology("behind_nat")
@needs("fragmentation", "fragment-size")
def test_handshake_in_fragments_behind_a_nat(client, gateway, flow, lab):
    """Every fragment carries the Non-ESP marker, and its octets count. RFC 7383 appendix B"""
    large(lab, fragment_size=SMALL)
    client.connect(gateway)
    is_up(lab, flow, client, gateway)
    lab.afterwards(well_cut(SMALL))


@topology("pair")
@needs("fragmentation")
def test_what_fits_is_not_cut(client, gateway, flow, lab):
    """Both sides know fragments, and none is needed. RFC 7383 2.4"""
    client.connect(gateway)
    is_up(lab, flow, client, gateway)

    def in_one_piece(trace):
        assert not trace.fragments()
        assert all("IKEV2_FRAGMENTATION_SUPPORTED" in m.notifies() for m in trace.messages
                   if m.header.exchange == "IKE_SA_INIT")

    lab.afterwards(in_one_piece)


@topology("pair")
@each("without", "client", "gateway")
@needs("fragmentation", "fragment-size")
def test_only_one_side_can(client, gateway, flow, lab, without):
    """Without the other side's word no fragment is sent, however large the message. RFC 7383 2.4"""
    large(lab, fragment_size=SMALL)
    lab.side(without).configure(fragmentation=False)
    client.connect(gateway)
    is_up(lab, flow, client, gateway)

    def all_in_one_piece(trace):
        assert not trace.fragments()
        assert any(event.sent.length > SMALL for event in trace.exchanges("IKE_AUTH"))
        answer = trace.responses("IKE_SA_INIT")[-1]
        assert "IKEV2_FRAGMENTATION_SUPPORTED" not in answer.notifies()

    lab.afterwards(all_in_one_piece)


def said_again(host):
    """A retransmission is all fragments again, octet for octet (RFC 7383 2.5, RFC 7296 2.1)."""
    def check(trace):
        first = trace.fragments(host)
        again = [event for event in trace.fragments(host, again=True) if event.again == 1]
        total = first[0].message.fragment.total
        assert [event.message.fragment.number for event in again[:total]] == list(range(1, total + 1))
        assert [e.message.octets for e in again[:total]] == [e.message.octets for e in first[:total]]
    return check


@topology("pair", relayed=("wire",))
@each("lost", 1, 2)
@needs("fragmentation", "fragment-size")
def test_a_fragment_of_the_request_is_lost(client, gateway, flow, lab, lost):
    """One fragment of IKE_AUTH gets lost: all come again, as they were. RFC 7383 2.6.1"""
    large(lab, fragment_size=SMALL)
    gateway.start()
    lab.relay("wire").drop("client", "ike", lost, exchange=35)
    client.connect(gateway)
    is_up(lab, flow, client, gateway)
    lab.afterwards(said_again("client"))


@topology("pair", relayed=("wire",))
@needs("fragmentation", "fragment-size")
def test_a_fragment_of_the_response_is_lost(client, gateway, flow, lab):
    """One fragment of the answer gets lost: the request comes again, and is answered once, by the same fragments.
    RFC 7383 2.6.1"""
    large(lab, fragment_size=SMALL)
    gateway.start()
    lab.relay("wire").drop("gateway", "ike", 2, exchange=35)
    client.connect(gateway)
    is_up(lab, flow, client, gateway)

    def answered_once(trace):
        said_again("gateway")(trace)
        total = trace.fragments("gateway")[0].message.fragment.total
        tries = len([e for e in trace.fragments("client", again=True) if e.message.fragment.number == 1])
        assert len(trace.fragments("gateway", again=True)) <= tries * total

    lab.afterwards(answered_once)


@topology("pair", relayed=("wire",))
@needs("fragmentation", "fragment-size")
def test_fragments_in_another_order(client, gateway, flow, lab):
    """The first fragment comes last. RFC 7383 2.6"""
    large(lab, fragment_size=SMALL)
    gateway.start()
    relay = lab.relay("wire")
    relay.hold("client", "ike", 1, until=3, exchange=35)
    relay.hold("gateway", "ike", 1, until=2, exchange=35)
    client.connect(gateway)
    is_up(lab, flow, client, gateway)
    lab.afterwards(nothing_twice)


@topology("pair", relayed=("wire",))
@needs("fragmentation", "fragment-size")
def test_fragments_come_twice(client, gateway, flow, lab):
    """The network makes two of each fragment; each is taken once, and answered once. RFC 7383 2.6"""
    large(lab, fragment_size=SMALL)
    gateway.start()
    for host in ("client", "gateway"):
        lab.relay("wire").duplicate(host, "ike", last=None, exchange=35)
    client.connect(gateway)
    is_up(lab, flow, client, gateway)


def nothing_twice(trace):
    assert len(trace.fragments(again=True)) == len(trace.fragments())


@topology("pair", relayed=("wire",))
@needs("fragmentation", "fragment-size")
def test_one_bit_of_a_fragment_is_wrong(client, gateway, flow, lab):
    """A fragment that is not authentic is dropped alone: what came before it is kept, or comes again. RFC 7383 2.6"""
    large(lab, fragment_size=SMALL)
    gateway.start()
    lab.relay("wire").corrupt("client", "ike", 2, exchange=35)
    client.connect(gateway)
    is_up(lab, flow, client, gateway)
