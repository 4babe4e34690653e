"""What can make IKE_SA_INIT take more than one round: a cookie, and another key exchange method."""

from ikelab.scenario import PayloadType, needs, proposed, topology


def returned_unchanged(trace):
    """The request comes again with the cookie first and everything else as it was (RFC 7296 2.6)."""
    demand = next(m for m in trace.responses("IKE_SA_INIT") if "COOKIE" in m.notifies())
    first, again = [m for m in trace.requests("IKE_SA_INIT") if m.header.spi_i == demand.header.spi_i]
    cookie = demand.notifies()["COOKIE"]
    assert [p.kind for p in demand.payloads] == [PayloadType.N]
    assert demand.header.spi_r == bytes(8) == again.header.spi_r and again.header.message_id == 0
    assert 1 <= len(cookie.data) <= 64
    assert again.payloads[0].name == "COOKIE" and again.payloads[0].data == cookie.data
    assert [(p.kind, p.body) for p in again.payloads[1:]] == [(p.kind, p.body) for p in first.payloads]


@topology("pair")
@needs(gateway=("cookie-always",))
def test_cookie(client, gateway, flow, lab):
    """A responder that asks everybody for a cookie gets it back, first and unchanged. RFC 7296 2.6"""
    gateway.configure(cookie_threshold=0)
    client.connect(gateway)
    lab.agree()
    assert flow.ping(client, gateway).lost == 0
    lab.afterwards(returned_unchanged)


@topology("pair")
@needs("cookie")
def test_cookie_under_load(client, gateway, flow, lab):
    """A responder with too many half-open IKE SAs asks for a cookie before it does any work. RFC 7296 2.6"""
    gateway.configure(cookie_threshold=3)
    gateway.start()
    lab.half_open(3)
    client.connect(gateway)
    lab.agree()
    assert flow.ping(client, gateway).lost == 0
    lab.afterwards(returned_unchanged)


@topology("pair")
@needs("cookie")
def test_no_cookie_without_load(client, gateway, lab):
    """Below the threshold nobody is asked for a cookie. RFC 7296 2.6"""
    gateway.configure(cookie_threshold=3)
    gateway.start()
    lab.half_open(2)
    client.connect(gateway)
    lab.agree()

    def nobody_was_asked(trace):
        assert not any("COOKIE" in message.notifies() for message in trace.messages)

    lab.afterwards(nobody_was_asked)


GROUPS = {"x25519": 31, "ecp256": 19, "ecp384": 20, "modp2048": 14}


def asked_again_with(wanted):
    def check(trace):
        asked = trace.requests("IKE_SA_INIT")
        first = [m for m in asked if m.first(PayloadType.KE).group == GROUPS["x25519"]][-1]
        again = asked[-1]
        refusal = next(m for m in trace.responses("IKE_SA_INIT") if "INVALID_KE_PAYLOAD" in m.notifies())
        assert refusal.notifies()["INVALID_KE_PAYLOAD"].data == GROUPS[wanted].to_bytes(2, "big")
        assert again.first(PayloadType.KE).group == GROUPS[wanted]
        assert [proposed(p) for p in again.proposals] == [proposed(p) for p in first.proposals]
        assert trace.responses("IKE_SA_INIT")[-1].first(PayloadType.KE).group == GROUPS[wanted]

    return check


@topology("pair")
@needs("ke-ecp", "ke-modp")
def test_invalid_ke(client, gateway, flow, lab):
    """A responder that wants another group than the one guessed says which; all is offered again. RFC 7296 1.2"""
    client.configure(proposals=("aes256gcm16-prfsha256-x25519-modp2048-ecp384",))
    gateway.configure(proposals=("aes256gcm16-prfsha256-ecp384",))
    client.connect(gateway)
    lab.agree()
    assert flow.ping(client, gateway).lost == 0
    lab.afterwards(asked_again_with("ecp384"))


@topology("pair")
@needs("cookie", "ke-ecp")
def test_cookie_and_invalid_ke(client, gateway, flow, lab):
    """A cookie and another group in the same first exchange: both are honoured. RFC 7296 2.6.1"""
    client.configure(proposals=("aes128gcm16-prfsha256-x25519-ecp256",))
    gateway.configure(cookie_threshold=3,
                      proposals=("aes256gcm16-prfsha256-x25519", "aes128gcm16-prfsha256-ecp256"))
    gateway.start()
    lab.half_open(3)  # the strangers' own proposal is the first one
    client.connect(gateway)
    lab.agree()
    assert flow.ping(client, gateway).lost == 0
    lab.afterwards(asked_again_with("ecp256"))
