"""Small scenarios that show a lack in packets, for any peer whose adapter declares it: each passes where the lack is true."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from ikelab.peers.contract import PeerError
from ikelab.peers.table import PeerKind
from ikelab.pki import Certificate
from ikelab.process import ProcessError
from ikelab.result import Result
from ikelab.scenario import Retransmission
from ikelab.stage.judge import play
from ikelab.stage.lab import Lab, Play
from ikelab.trace import Trace
from ikelab.wire.registry import PayloadType

LTE = {"203.0.113.2", "2001:db8:b::2"}
ELSEWHERE = "192.0.2.101"
IMPATIENT = Retransmission(timeout_ms=100, backoff=2, tries=3)
CE = 3


@dataclass(frozen=True)
class LackPlay:
    """`role` of the peer that lacks it; the other side is the reference."""

    role: str
    layout: str
    relayed: tuple[str, ...]
    scenario: Callable[[Lab], None]

    def played(self, kind: PeerKind, lack: str, directory: Path) -> tuple[Result, Lab]:
        pair = (kind.name, "reference") if self.role == "client" else ("reference", kind.name)
        lab = Lab(Play(f"lack.{lack}", "", *pair, directory / "out", self.layout, self.relayed))
        return play(lab, lambda: self.scenario(lab), []), lab


def return_routability(lab: Lab) -> None:
    """The client has moved, and nothing is asked of its new address."""
    lab.client.connect(lab.gateway)
    lab.client.roam("lte")

    def unasked(trace: Trace) -> None:
        assert trace.told("UPDATE_SA_ADDRESSES") and not trace.told("COOKIE2")

    lab.afterwards(unasked)


def address_policy(lab: Lab) -> None:
    """It is told the one address of its peer, and takes the move to another."""
    lab.gateway.configure(remote_addresses=(lab.client.host.address(4),))
    lab.client.connect(lab.gateway)
    lab.client.renumber(ELSEWHERE)
    lab.gateway.wait_for(lambda status: status.established()[0].remote.address == ELSEWHERE, "the client's new address")

    def taken(trace: Trace) -> None:
        assert trace.told("UPDATE_SA_ADDRESSES") and not trace.told("UNACCEPTABLE_ADDRESSES")

    lab.afterwards(taken)


def initial_contact(lab: Lab) -> None:
    """A client that has forgotten everything says that this IKE SA is its only one: the old one stays beside it."""
    lab.client.connect(lab.gateway)
    lab.client.kill()
    lab.client.restart()
    lab.client.initiate()
    assert len(lab.gateway.status().established()) == 2

    def said_so(trace: Trace) -> None:
        assert all("INITIAL_CONTACT" in message.notifies() for message in trace.requests("IKE_AUTH"))

    lab.afterwards(said_so)


def address_update(lab: Lab) -> None:
    """An authentic request comes from a new port, and the IKE SA stays where it was."""
    lab.configure(mobike=False, retransmission=IMPATIENT)
    lab.client.connect(lab.gateway)
    before = lab.gateway.ike_sa().remote
    lab.rebind()
    with suppress(PeerError):  # 5.2 answers to the old mapping
        lab.client.liveness()
    assert lab.gateway.ike_sa().remote == before
    lab.afterwards(came_from_two_ports)


def address_update_by_esp(lab: Lab) -> None:
    """So does ESP, and is taken; what goes back goes to the old mapping."""
    lab.configure(mobike=False)
    lab.client.connect(lab.gateway)
    before = lab.gateway.ike_sa().remote
    with lab.flow.udp(lab.client, lab.gateway) as traffic:
        traffic.wait_received(5)
        lab.rebind()
        traffic.wait_sent_more(20)
    assert lab.gateway.ike_sa().remote == before
    lab.afterwards(came_from_two_ports)


def path_probing(lab: Lab) -> None:
    """Its path falls silent; it gives up without a word from its other address."""
    lab.configure(retransmission=IMPATIENT)
    lab.client.configure(liveness_ms=1000)
    lab.client.move("wifi", "lte")
    lab.client.connect(lab.gateway)
    lab.relay("wifi").impair(loss=1)
    lab.client.wait_for(lambda status: not status.ike_sas, "the end of the IKE SA")

    def one_way_only(trace: Trace) -> None:
        sources = {event.sent.src for event in trace.events if event.source == "client" and event.sent}
        assert sources and sources.isdisjoint(LTE)

    lab.afterwards(one_way_only)


def fail_closed(lab: Lab) -> None:
    """Before there is an SA, a packet that was to be protected leaves as it is."""
    lab.gateway.start()
    lab.client.start()
    with lab.flow.udp(lab.client, lab.gateway) as traffic:
        traffic.wait_sent_more(5)
    lab.afterwards(lambda trace: None)


def acquire_keeps_packet(lab: Lab) -> None:
    """The packets behind the first one arrive, that one does not."""
    lab.client.configure(child={"start": "traffic"})
    lab.gateway.start()
    lab.client.start()
    with lab.flow.udp(lab.client, lab.gateway) as traffic:
        traffic.wait_received(5)
    assert traffic.lost > 0


def ecn(lab: Lab) -> None:
    """CE inside is ECT(0) outside."""
    lab.client.connect(lab.gateway)
    assert lab.flow.datagram(lab.client, lab.gateway, tos=CE).tos == CE

    def not_copied(trace: Trace) -> None:
        assert [one.outer.tos & CE for one in trace.esp_from("client")] == [2]

    lab.afterwards(not_copied)


def fragment_search(lab: Lab) -> None:
    """What does not get through comes again in the sizes that it had."""
    lab.configure(certificate=Certificate(key="rsa2048"), retransmission=IMPATIENT)
    lab.gateway.start()
    lab.client.start()
    lab.relay("wire").drop("client", "ip", last=None, larger=400)
    with pytest.raises(PeerError):
        lab.client.initiate()

    def the_same_again(trace: Trace) -> None:
        sizes = [event.sent.length for event in trace.fragments("client", again=True) if event.sent]
        assert len(sizes) > len(set(sizes)) and max(sizes) > 400 and sizes[-1] in sizes[:-1]

    lab.afterwards(the_same_again)


def came_from_two_ports(trace: Trace) -> None:
    """The mapping did change under the IKE SA."""
    ports = {event.arrived.sport for event in trace.events if event.source == "client" and event.arrived
             and event.arrived.dport == 4500}
    assert len(ports) == 2


def says_no_initial_contact(lab: Lab) -> None:
    """Its first IKE SA with this peer, and it does not say so."""
    lab.client.connect(lab.gateway)

    def unsaid(trace: Trace) -> None:
        asked = trace.requests("IKE_AUTH")
        assert asked and not any("INITIAL_CONTACT" in message.notifies() for message in asked)

    lab.afterwards(unsaid)


def asks_for_no_mobike(lab: Lab) -> None:
    """It is told to use MOBIKE, and does not say first that it can."""
    lab.configure(mobike=True)
    lab.client.connect(lab.gateway)

    def unsaid(trace: Trace) -> None:
        asked = trace.requests("IKE_AUTH")
        assert asked and not any("MOBIKE_SUPPORTED" in message.notifies() for message in asked)

    lab.afterwards(unsaid)


def proves_itself_by(certificate: Certificate) -> Callable[[Lab], None]:
    """Given this certificate, and its adapter's declaration out of the way, it sends no proof of itself."""
    def unproven(lab: Lab) -> None:
        lab.configure(certificate=Certificate())
        lab.client.configure(certificate=certificate)
        lab.gateway.start()
        with pytest.raises((PeerError, ProcessError)):
            lab.client.start()
            lab.client.initiate(deadline_s=3)
        lab.afterwards(no_proof)

    return unproven


def no_proof(trace: Trace) -> None:
    assert not any(message.first(PayloadType.AUTH) for message in trace.requests("IKE_AUTH"))


RETURN_ROUTABILITY = LackPlay("gateway", "roaming", (), return_routability)
ADDRESS_POLICY = LackPlay("gateway", "pair", (), address_policy)
INITIAL_CONTACT_HEEDED = LackPlay("gateway", "pair", (), initial_contact)
ADDRESS_UPDATE = LackPlay("gateway", "behind_nat", (), address_update)
ADDRESS_UPDATE_BY_ESP = LackPlay("gateway", "behind_nat", (), address_update_by_esp)
PATH_PROBING = LackPlay("client", "roaming", ("wifi",), path_probing)
FAIL_CLOSED = LackPlay("client", "pair", (), fail_closed)
ACQUIRE_KEEPS_PACKET = LackPlay("client", "pair", (), acquire_keeps_packet)
ECN = LackPlay("client", "pair", (), ecn)
FRAGMENT_SEARCH = LackPlay("client", "pair", ("wire",), fragment_search)
INITIAL_CONTACT = LackPlay("client", "pair", (), says_no_initial_contact)
MOBIKE_AS_INITIATOR = LackPlay("client", "pair", (), asks_for_no_mobike)
ED25519, ED448 = (LackPlay("client", "pair", (), proves_itself_by(Certificate(key=key))) for key in ("ed25519", "ed448"))
UNTIMELY = LackPlay("client", "pair", (), proves_itself_by(Certificate(not_before_s=-7200, not_after_s=-3600)))
