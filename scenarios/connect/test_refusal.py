"""Who is not to be trusted, or wants what the other does not know, is told so, and nothing stays behind."""

import pytest
from ikelab.scenario import PayloadType, PeerError, topology


def refused(client, gateway):
    """The attempt comes to nothing. What a side cannot be configured for shows before it, and is no refusal."""
    gateway.start()
    client.start()
    with pytest.raises(PeerError):
        client.initiate()


def refused_in_ike_auth(client, gateway, lab, by="gateway"):
    """AUTHENTICATION_FAILED, sealed, and neither side keeps anything. What it was is seen on the wire: the name in a
    PeerError may come from a log (docs/VERDICTS.md)."""
    refused(client, gateway)
    for side in (client, gateway):
        side.wait_for(lambda status: not status.ike_sas and not status.child_sas, "nothing left")

    def sealed_refusal(trace):
        found = [e for e in trace.events  # a request that came twice is answered twice, by the same octets (2.1)
                 if e.message and "AUTHENTICATION_FAILED" in e.message.notifies() and not e.again]
        assert [e.source for e in found] == [by]
        assert all(e.message.encrypted and not e.message.problem for e in found)
        assert trace.cost.esp_packets == 0

    lab.afterwards(sealed_refusal)


@topology("pair")
def test_wrong_key(client, gateway, lab):
    """Shared keys that differ end in AUTHENTICATION_FAILED. RFC 7296 2.15, 2.21.2"""
    gateway.configure(psk="quite another key")
    refused_in_ike_auth(client, gateway, lab)


@topology("pair")
def test_unknown_initiator(client, gateway, lab):
    """An initiator whose identity the responder does not know is refused. RFC 7296 2.21.2"""
    gateway.configure(remote_id="somebody else")
    refused_in_ike_auth(client, gateway, lab)


@topology("pair")
def test_unexpected_responder(client, gateway, lab):
    """An initiator that asks for somebody else than the responder is gets no SA. RFC 7296 2.15, 3.5"""
    client.configure(remote_id="somebody.else")
    refused_in_ike_auth(client, gateway, lab)


@topology("pair")
def test_right_key_after_a_wrong_one(client, gateway, flow, lab):
    """A refusal leaves nothing that would be in the way of the next attempt. RFC 7296 2.21.2"""
    gateway.configure(psk="quite another key")
    refused(client, gateway)
    client.stop()
    client.configure(psk="quite another key")
    client.connect(gateway)
    lab.agree()
    assert flow.ping(client, gateway).lost == 0


@topology("pair")
def test_no_common_ike_proposal(client, gateway, lab):
    """Nothing in common for IKE: NO_PROPOSAL_CHOSEN in the clear, and no IKE SA. RFC 7296 1.2, 2.7"""
    gateway.configure(proposals=("aes256gcm16-prfsha512-x25519",))
    refused(client, gateway)
    for side in (client, gateway):
        side.wait_for(lambda status: not status.ike_sas, "no IKE SA")

    def told(trace):
        assert list(trace.responses("IKE_SA_INIT")[0].notifies()) == ["NO_PROPOSAL_CHOSEN"]
        assert not trace.exchanges("IKE_AUTH")

    lab.afterwards(told)


@topology("pair")
def test_no_common_esp_proposal(client, gateway, lab):
    """Nothing in common for ESP: NO_PROPOSAL_CHOSEN beside a proof of identity. RFC 7296 1.2"""
    gateway.configure(child={"proposals": ("aes128-sha384",)})
    refused(client, gateway)
    for side in (client, gateway):
        side.wait_for(lambda status: not status.child_sas, "no Child SA")

    def told(trace):
        answer = trace.responses("IKE_AUTH")[0]
        assert "NO_PROPOSAL_CHOSEN" in answer.notifies() and not answer.proposals
        assert answer.first(PayloadType.AUTH)
        assert not any("AUTHENTICATION_FAILED" in message.notifies() for message in trace.messages)
        assert trace.cost.esp_packets == 0

    lab.afterwards(told)
