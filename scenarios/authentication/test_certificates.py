"""What certificates come with: intermediates, requests, names, and messages that are too big for a datagram."""

from ikelab.scenario import Certificate, PayloadType, certificates, each, key_hash, needs, topology

ID_TYPES = {"client.example.org": 2, "alice@example.org": 3, "192.0.2.1": 1, "2001:db8:2::1": 5,
            "dn:C=XX, O=ikelab, CN=alice": 9}


@topology("pair")
@needs("certificate-chain")
@each("side", "client", "gateway")
@each("intermediates", 1, 3)
def test_intermediates(client, gateway, flow, lab, side, intermediates):
    """Who knows the root only is sent the way to it, its own certificate first. RFC 7296 3.6"""
    lab.configure(certificate=Certificate())
    lab.side(side).configure(certificate=Certificate(intermediates=intermediates))
    client.connect(gateway)
    lab.agree()
    assert flow.ping(client, gateway).lost == 0

    def sent_along(trace):
        said = {"client": trace.requests, "gateway": trace.responses}[side]("IKE_AUTH")[0]
        subjects = [one.subject for one in certificates(said)]
        assert subjects[0].endswith(f"CN={side}") and len(subjects) == 1 + intermediates
        assert all("intermediate" in subject for subject in subjects[1:])

    lab.afterwards(sent_along)


@topology("pair")
def test_authorities_are_named_by_their_keys(client, gateway, lab):
    """A request for certificates names authorities by the SHA-1 of their public keys, or names none. RFC 7296 3.7"""
    lab.configure(certificate=Certificate())
    client.connect(gateway)
    lab.agree()
    (authority,) = client.daemon.spec.peer().credentials.authorities

    def named(trace):
        asked = [payload for message in trace.messages for payload in message.payloads
                 if payload.kind == PayloadType.CERTREQ]
        assert asked and all(payload.authorities in ([key_hash(authority)], []) for payload in asked)

    lab.afterwards(named)


@topology("pair")
@each("identity", *ID_TYPES)
def test_identity(client, gateway, flow, lab, identity):
    """An identity of every type that a certificate can hold is believed when it does hold it. RFC 4945 3.1"""
    lab.configure(certificate=Certificate(), local_id=identity, remote_id="gw.example.org")
    client.connect(gateway)
    lab.agree()
    assert flow.ping(client, gateway).lost == 0

    def shown(trace):
        assert trace.requests("IKE_AUTH")[0].first(PayloadType.IDi).id_type == ID_TYPES[identity]
        assert trace.responses("IKE_AUTH")[0].first(PayloadType.IDr).text == "gw.example.org"

    lab.afterwards(shown)


def arrives(client, gateway, flow, lab, family, octets):
    """Both sides prove themselves with a chain of three, each certificate larger than that."""
    lab.configure(family=family, certificate=Certificate(key="rsa3072", intermediates=2, padding=octets))
    client.connect(gateway)
    lab.agree()
    assert flow.ping(client, gateway).lost == 0

    def whole(trace):
        for message in (trace.requests("IKE_AUTH")[0], trace.responses("IKE_AUTH")[0]):
            assert sum(len(one.data) for one in certificates(message)) > 3 * octets
        offers = [m.notifies() for m in (trace.requests("IKE_SA_INIT")[-1], trace.responses("IKE_SA_INIT")[-1])]
        if all("IKEV2_FRAGMENTATION_SUPPORTED" in one for one in offers):
            assert max(event.sent.length for event in trace.events if event.message is not None) <= 1500

    lab.afterwards(whole)


@topology("pair")
@needs("certificate-chain", "auth-rsa")
@each("outside", 4, 6)
def test_big_certificates(client, gateway, flow, lab, outside):
    """Chains that take several datagrams arrive, in fragments of IKE where both sides know them. RFC 7383 2.5"""
    arrives(client, gateway, flow, lab, outside, 1000)


@topology("pair")
@needs("certificate-chain", "auth-rsa", "long-messages")
@each("outside", 4, 6)
def test_very_big_certificates(client, gateway, flow, lab, outside):
    """So do chains of some ten thousand octets. RFC 7383 2.5"""
    arrives(client, gateway, flow, lab, outside, 3000)


@topology("behind_nat")
@needs("esp-in-udp", "certificate-chain")
def test_through_a_nat(client, gateway, flow, lab):
    """A chain gets through a NAT, and the SA that it leads to is used. RFC 7296 2.23"""
    lab.configure(certificate=Certificate(key="rsa2048", intermediates=2, padding=1500))
    client.connect(gateway)
    lab.agree()
    assert flow.ping(client, gateway).lost == 0
    client.rekey("child")
    assert flow.ping(client, gateway).lost == 0
