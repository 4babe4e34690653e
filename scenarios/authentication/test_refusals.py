"""Certificates that are not to be believed: no SA, on neither side, and the wire says why."""

import pytest
from ikelab.scenario import Certificate, PeerError, SERVER_AUTH, each, needs, topology

HOUR_S = 3600


def refused(client, gateway, lab, wrong, certificate):
    """That side's certificate is wrong, and the other one, whose own is right, says so: sealed, and nothing is left. An
    initiator may say it in a further exchange, or only delete what the responder believes to have (RFC 7296 2.21.2)."""
    lab.configure(certificate=Certificate())
    lab.side(wrong).configure(certificate=certificate)
    judge = "gateway" if wrong == "client" else "client"
    for side in (gateway, client):
        side.start()  # what it cannot be told is no refusal
    with pytest.raises(PeerError):
        client.initiate()
    for side in (client, gateway):
        side.wait_for(lambda status: not status.ike_sas and not status.child_sas, "nothing left")

    def sealed_refusal(trace):
        found = [event for event in trace.events if event.message is not None
                 and ("AUTHENTICATION_FAILED" in event.message.notifies() or event.message.deletes_ike_sa)]
        assert found and found[0].source == judge
        assert all(event.message.encrypted and not event.message.problem for event in found)
        if judge == "gateway":
            assert "AUTHENTICATION_FAILED" in trace.responses("IKE_AUTH")[-1].notifies()
        assert trace.cost.esp_packets == 0

    lab.afterwards(sealed_refusal)


@topology("pair")
@each("wrong", "client", "gateway")
def test_refuses_expired(client, gateway, lab, wrong):
    """A certificate whose time is over is refused. RFC 5280 6.1.3"""
    lab.side(wrong).require("untimely-certificate")
    refused(client, gateway, lab, wrong, Certificate(not_before_s=-2 * HOUR_S, not_after_s=-HOUR_S))


@topology("pair")
@each("wrong", "client", "gateway")
def test_refuses_not_yet_valid(client, gateway, lab, wrong):
    """A certificate whose time comes in two days is refused; some forgive one day, for clocks. RFC 5280 6.1.3"""
    lab.side(wrong).require("untimely-certificate")
    refused(client, gateway, lab, wrong, Certificate(not_before_s=48 * HOUR_S, not_after_s=72 * HOUR_S))


@topology("pair")
@each("wrong", "client", "gateway")
def test_refuses_untrusted(client, gateway, lab, wrong):
    """A certificate of an authority that the other side does not know is refused. RFC 7296 2.15, RFC 5280 6.1"""
    refused(client, gateway, lab, wrong, Certificate(authority="somebody else"))


@topology("pair")
@each("wrong", "client", "gateway")
def test_refuses_an_authority_of_the_same_name(client, gateway, lab, wrong):
    """An authority is its key, not its name. RFC 5280 6.1.3"""
    refused(client, gateway, lab, wrong, Certificate(forged=True))


@topology("pair")
@each("wrong", "client", "gateway")
def test_refuses_another_name(client, gateway, lab, wrong):
    """Who claims an identity that its certificate does not hold is refused. RFC 4945 3.1"""
    refused(client, gateway, lab, wrong, Certificate(identity="mallory.example.org"))


@topology("pair")
@each("wrong", "client", "gateway")
def test_refuses_a_key_that_may_not_sign(client, gateway, lab, wrong):
    """A certificate whose key may not sign is refused. RFC 4945 5.1.3.2"""
    refused(client, gateway, lab, wrong, Certificate(key="rsa2048", key_usage="key_encipherment"))


@topology("pair")
@each("wrong", "client", "gateway")
def test_refuses_another_purpose(client, gateway, lab, wrong):
    """A certificate that is critically for TLS servers only is refused. RFC 4945 5.1.3.12"""
    refused(client, gateway, lab, wrong, Certificate(extended_usage=SERVER_AUTH))


@topology("pair")
@needs("certificate-chain")
@each("wrong", "client", "gateway")
def test_refuses_a_chain_too_long(client, gateway, lab, wrong):
    """An intermediate that may have none below itself has one. RFC 5280 4.2.1.9"""
    refused(client, gateway, lab, wrong, Certificate(intermediates=2, path_length=0))
