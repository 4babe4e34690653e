"""Identities of every type, and keys of every kind."""

import pytest

from ikelab.scenario import PayloadType, each, topology


@topology("pair")
@each("identity", "client.example.org", "alice@example.org", "192.0.2.1", "2001:db8:2::1", "key:office")
def test_identity(client, gateway, flow, lab, identity):
    """Who has an identity of this type can prove it with a shared key. RFC 7296 3.5"""
    lab.configure(local_id=identity, remote_id="gw.example.org")
    client.connect(gateway)
    lab.agree()
    assert flow.ping(client, gateway).lost == 0

    def proved(trace):
        shown = trace.requests("IKE_AUTH")[0].first(PayloadType.IDi)
        types = {"client.example.org": 2, "alice@example.org": 3, "192.0.2.1": 1, "2001:db8:2::1": 5, "key:office": 11}
        assert shown.id_type == types[identity]

    lab.afterwards(proved)


@topology("pair")
@pytest.mark.parametrize("psk", ["short", "spaces and, punctuation!", "0x00ff10203040506070", "0x" + 64 * "a5"],
                         ids=["short", "punctuation", "binary", "longer-than-a-block"])
def test_shared_key(client, gateway, flow, lab, psk):
    """Shared keys are octets: text, binary with zeros, longer than the PRF's block. RFC 7296 2.15"""
    lab.configure(psk=psk)
    client.connect(gateway)
    lab.agree()
    assert flow.ping(client, gateway).lost == 0
