"""What Libreswan's adapter declares as missing is missing: each probe plays the real pluto and sees it not do it.

A probe passes where the lack is true. It is a scenario like any other, with the same judge and the same decoded packets.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from ikelab.cleanup import build_directory
from ikelab.guest import pool as pools
from ikelab.peers import table
from ikelab.peers.contract import CAPABILITIES, PeerError
from ikelab.peers.libreswan import LACKS, LIBEXEC
from ikelab.pki import Certificate
from ikelab.scenario import Retransmission
from ikelab.stage.judge import play
from ikelab.stage.lab import Lab, Play
from ikelab.trace import Trace
from ikelab.verdict import Verdict

KINDS = [kind for kind in table.TABLE if kind.adapter.__name__ == "Libreswan"]
LTE = {"203.0.113.2", "2001:db8:b::2"}
IMPATIENT = Retransmission(timeout_ms=100, backoff=2, tries=3)
CE = 3

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces are made by root only")
versions = pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])


@pytest.fixture
def root(kind: table.PeerKind) -> Path:
    if missing := kind.available():
        pytest.skip(missing)
    return kind.root().path


@pytest.fixture(scope="module")
def pool() -> pools.Pool:
    """The guests of all probes."""
    if not (build_directory() / pools.AGENT).exists():
        pytest.skip("run `make`")
    return pools.pool()


def return_routability(lab: Lab) -> None:
    """The client has moved, and nothing is asked of its new address."""
    lab.client.connect(lab.gateway)
    lab.client.roam("lte")

    def unasked(trace: Trace) -> None:
        assert trace.told("UPDATE_SA_ADDRESSES") and not trace.told("COOKIE2")

    lab.afterwards(unasked)


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


PLAYED: dict[str, tuple[str, str, tuple[str, ...], Callable[[Lab], None]]] = {
    # capability: pluto's role, layout, relayed links, the probe
    "return-routability": ("gateway", "roaming", (), return_routability),
    "initial-contact-heeded": ("gateway", "pair", (), initial_contact),
    "dynamic-address-update": ("gateway", "behind_nat", (), address_update),
    "dynamic-address-update-by-esp": ("gateway", "behind_nat", (), address_update_by_esp),
    "path-probing": ("client", "roaming", ("wifi",), path_probing),
    "fail-closed": ("client", "pair", (), fail_closed),
    "acquire-keeps-packet": ("client", "pair", (), acquire_keeps_packet),
    "ecn": ("client", "pair", (), ecn),
    "fragment-search": ("client", "pair", ("wire",), fragment_search),
}


@versions
@pytest.mark.parametrize("lack", sorted(PLAYED))
def test_pluto_is_seen_not_to_do_it(kind: table.PeerKind, root: Path, pool: pools.Pool, lack: str, tmp_path: Path) -> None:
    role, layout, relayed, probe = PLAYED[lack]
    pair = (kind.name, "reference") if role == "client" else ("reference", kind.name)
    lab = Lab(Play(f"lack.{lack}", "", *pair, tmp_path / "out", layout, relayed))
    result = play(lab, lambda: probe(lab), [])
    assert result.verdict is Verdict.PASS, result.reason
    assert (lab.directory / "leaks.txt").exists() == (lack == "fail-closed")


# What its own programs say, without a guest.

def said(root: Path, program: str, *words: str) -> str:
    done = subprocess.run(["chroot", root, LIBEXEC + program, *words], capture_output=True, text=True, timeout=20)
    return done.stdout + done.stderr


@versions
def test_x448_is_no_group(kind: table.PeerKind, root: Path) -> None:
    """DH group 31 is X25519, 32 is X448 (IANA, RFC 8031 4)."""
    assert "DH31" in said(root, "algparse", "-v2", "ike=aes_gcm256-sha2_256-dh31")
    assert "'dh32' is not recognized" in said(root, "algparse", "-v2", "ike=aes_gcm256-sha2_256-dh32")


@versions
def test_whack_has_no_word_for_liveness_and_none_for_a_size_of_fragments(kind: table.PeerKind, root: Path) -> None:
    words = set(re.findall(r"--[a-z0-9-]+", said(root, "whack", "--help")))
    assert "--initiate" in words
    assert {word for word in words if re.search("live$|liveness|ping|dpd", word)} <= {
        "--dpdaction", "--dpddelay", "--dpdtimeout", "--no-nat-keepalive"}
    # Whether, and in either case not how large.
    assert {word for word in words if "frag" in word} <= {
        "--fragmentation", "--ikefrag-allow", "--ikefrag-force", "--iptfs-fragmentation"}


@versions
def test_whack_has_words_for_both_rekeys_and_none_that_authenticates_anew(kind: table.PeerKind, root: Path) -> None:
    words = set(re.findall(r"--[a-z0-9-]+", said(root, "whack", "--help")))
    assert {"--rekey-ike", "--rekey-child"} <= words
    assert {word for word in words if "reauth" in word} == {"--reauth"}  # of a connection: when its time is over


ASKED = {"ke-x448", "liveness-by-command", "fragment-size", "reauthentication"}
NSS = {"auth-ed25519", "auth-ed448", "untimely-certificate"}  # what its database takes in: not probed


def test_every_declared_lack_is_a_capability_and_has_a_probe() -> None:
    assert set(LACKS) <= set(CAPABILITIES)
    assert set(LACKS) - NSS == set(PLAYED) | ASKED
