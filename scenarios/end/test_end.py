"""How SAs end: on purpose, by death, by age, and after a restart. RFC 7296 1.4.1, 2.4, 2.25"""

import pytest

from ikelab.scenario import Lifetime, Retransmission, needs, topology

QUICK = Retransmission(timeout_ms=100, backoff=1.2, tries=10)
IMPATIENT = Retransmission(timeout_ms=200, backoff=1, tries=3)  # a guest on a busy machine answers within 0.6 s
EITHER_SIDE = pytest.mark.parametrize("who", ["client", "gateway"])
CREATE_CHILD_SA, INFORMATIONAL = 36, 37


@topology("pair")
@EITHER_SIDE
def test_delete_the_child_sa(client, gateway, flow, lab, who):
    """Either side ends a Child SA; the answer names the other half, and the IKE SA stays. RFC 7296 1.4.1"""
    client.connect(gateway)
    with flow.udp(client, gateway) as traffic:
        traffic.wait_received(20)
    spis = {f"{client.child_sa().spi_in:08x}", f"{client.child_sa().spi_out:08x}"}
    lab.side(who).delete("child")
    for side in (client, gateway):
        side.wait_for(lambda status: status.established() and not status.installed(), "no Child SA")
    lab.afterwards(lambda trace: both_halves_were_named(trace, who, spis))


@topology("pair")
@EITHER_SIDE
def test_delete_the_ike_sa(client, gateway, flow, lab, who):
    """Either side ends the IKE SA, and with it its Child SAs. RFC 7296 1.4.1"""
    client.connect(gateway)
    with flow.udp(client, gateway) as traffic:
        traffic.wait_received(20)
    lab.side(who).delete("ike")
    for side in (client, gateway):
        side.wait_for(nothing, "no SA at all")
    lab.afterwards(lambda trace: one_delete(trace, who))


@topology("pair", relayed="wire")
@pytest.mark.parametrize("what", ["child", "ike"])
def test_deletes_cross(client, gateway, lab, what):
    """Both sides end the same SA at the same moment. RFC 7296 1.4.1, 2.25"""
    lab.configure(retransmission=QUICK)
    client.connect(gateway)
    cross(lab, lambda: client.delete(what, wait=False), lambda: gateway.delete(what, wait=False))
    for side in (client, gateway):
        side.wait_for(no_child if what == "child" else nothing, f"the end of the {what} SA")


@topology("pair", relayed="wire")
@EITHER_SIDE
@pytest.mark.parametrize("ended, replaced", [("child", "child"), ("child", "ike"), ("ike", "child"), ("ike", "ike")])
def test_delete_crosses_a_rekey(client, gateway, lab, who, ended, replaced):
    """One side ends what the other one is replacing, or what belongs to it. RFC 7296 2.25.1, 2.25.2"""
    lab.configure(retransmission=QUICK)
    client.connect(gateway)
    ender, other = (client, gateway) if who == "client" else (gateway, client)
    cross(lab, lambda: ender.delete(ended, wait=False), lambda: other.rekey(replaced, wait=False))
    gone = no_child if ended == "child" else nothing
    for side in (client, gateway):
        side.wait_for(gone, f"the end of the {ended} SA")
    if ended == "child":
        same_ike_sa(client, gateway)


@topology("pair")
@needs("liveness")
@EITHER_SIDE
def test_the_peer_dies(client, gateway, lab, who):
    """A peer that is killed is missed, asked so many times, and given up. RFC 7296 2.4"""
    lab.configure(retransmission=IMPATIENT, liveness_ms=200)
    client.connect(gateway)
    dead, mourner = (client, gateway) if who == "client" else (gateway, client)
    dead.kill()
    mourner.wait_for(nothing, "the dead peer's end")
    lab.afterwards(lambda trace: asked_in_vain(trace, mourner.name, IMPATIENT.tries))


@topology("pair", relayed="wire")
@needs("liveness")
def test_a_quiet_peer_is_alive(client, gateway, flow, lab):
    """Silence is asked about, and an answer keeps everything as it is. RFC 7296 2.4"""
    lab.configure(retransmission=IMPATIENT)
    client.configure(liveness_ms=200)
    client.connect(gateway)
    answers = lab.relay("wire").watch("gateway", exchange=INFORMATIONAL, response=True)
    answers.wait_matched(2)
    lab.settle()
    assert flow.ping(client, gateway).lost == 0


@topology("pair")
@needs(client=("initial-contact",), gateway=("initial-contact-heeded",))
def test_restart_with_initial_contact(client, gateway, flow, lab):
    """A client that forgot everything says so, and its old SAs go at once. RFC 7296 2.4"""
    client.connect(gateway)
    old = client.ike_sa().spis
    client.kill()
    client.restart()
    client.initiate()
    lab.settle()
    assert client.ike_sa().spis != old
    assert flow.ping(client, gateway).lost == 0
    lab.afterwards(lambda trace: initial_contact_is(trace, [True, True]))


@topology("pair")
@needs("liveness", client=("initial-contact-off",))
def test_restart_without_initial_contact(client, gateway, flow, lab):
    """Nobody says that the old SAs are dead; liveness finds out, and the new ones stay. RFC 7296 2.4"""
    lab.configure(retransmission=IMPATIENT)
    client.configure(initial_contact=False)
    gateway.configure(liveness_ms=4000)  # later than any daemon takes to start again
    client.connect(gateway)
    client.kill()
    client.restart()
    client.initiate()
    assert len(gateway.status().established()) == 2
    lab.settle(deadline_s=8)
    assert flow.ping(client, gateway).lost == 0
    lab.afterwards(lambda trace: initial_contact_is(trace, [False, False]))


@topology("pair")
@needs("liveness")
@pytest.mark.parametrize("start, capability", [("traffic", "acquire"), ("now", "liveness")], ids=["traffic", "now"])
def test_the_gateway_restarts(client, gateway, flow, lab, start, capability):
    """A policy that starts by itself is back by itself after the gateway has died and risen. RFC 7296 2.4"""
    client.require(capability)
    lab.configure(retransmission=IMPATIENT)
    client.configure(liveness_ms=200, child={"start": start})
    gateway.start()
    client.start()
    with flow.udp(client, gateway) as traffic:
        traffic.wait_received(20)
        gateway.kill()
        gateway.restart()
        traffic.wait_more(20, deadline_s=8)
    lab.settle()


@topology("pair")
@EITHER_SIDE
def test_shutdown_tells_the_peer(client, gateway, lab, who):
    """A daemon that ends in good order takes its leave. RFC 7296 1.4.1"""
    client.connect(gateway)
    leaver, stayer = (client, gateway) if who == "client" else (gateway, client)
    leaver.stop()
    stayer.wait_for(nothing, "the end of all SAs")
    lab.afterwards(lambda trace: one_delete(trace, leaver.name))


@topology("pair")
@EITHER_SIDE
@pytest.mark.parametrize("death", ["stop", "kill"])
def test_nothing_is_left_behind(client, gateway, flow, lab, who, death):
    """Stopped, or killed, started again and stopped, the host is as it was before."""
    leaver, stayer = (client, gateway) if who == "client" else (gateway, client)
    before = leaver.footprint()
    client.connect(gateway)
    assert leaver.footprint() != before
    if death == "kill":
        leaver.kill()
        leaver.restart()
    leaver.stop()
    assert leaver.footprint() == before
    stayer.kill()
    stayer.restart()
    leaver.restart()
    client.initiate()
    lab.agree()
    assert flow.ping(client, gateway).lost == 0


@topology("pair", relayed="wire")
@EITHER_SIDE
def test_hard_lifetime_when_the_rekey_is_refused(client, gateway, flow, lab, who):
    """A Child SA whose rekey the peer refuses is used until its hard lifetime, and no longer. RFC 7296 2.8"""
    with_pfs, without = ("aes256gcm16-x25519",), ("aes256gcm16",)
    lab.configure(retransmission=QUICK)
    owner, other = (client, gateway) if who == "client" else (gateway, client)
    owner.configure(child={"proposals": with_pfs, "lifetime": Lifetime(rekey_ms=300, hard_ms=2_500)})
    other.configure(child={"proposals": without})
    client.connect(gateway)
    with flow.udp(client, gateway) as traffic:
        traffic.wait_received(20)
    for side in (client, gateway):
        side.wait_for(no_child, "the end of the Child SA")
    lab.afterwards(refused_and_deleted)


@topology("pair", relayed="wire")
@needs(client=("rekey-by-time", "ike-hard-lifetime"))
def test_hard_lifetime_when_the_rekey_is_lost(client, gateway, flow, lab):
    """An SA whose rekey never gets through carries nothing after its hard lifetime. RFC 4301 4.4.2.1"""
    lab.configure(retransmission=Retransmission(timeout_ms=100, backoff=1, tries=100))
    client.configure(lifetime=Lifetime(rekey_ms=300, hard_ms=1_100))
    client.connect(gateway)
    lost = lab.relay("wire").drop("client", "ike", 1, None, exchange=CREATE_CHILD_SA)
    client.wait_for(no_child, "the end of what the IKE SA carried", deadline_s=5)
    assert flow.ping(client, gateway, deadline_s=0.2).received == 0
    lost.remove()
    for side in (client, gateway):
        side.wait_for(nothing, "the end of the IKE SA")


def cross(lab, one, other):
    """What the two do, repetitions included, reaches the other side only after both have spoken."""
    relay = lab.relay("wire")
    held = [relay.hold(side, last=None, response=False) for side in ("client", "gateway")]
    one()
    other()
    for rule in held:
        rule.wait_acted()
    for rule in held:
        rule.remove()


def nothing(status):
    return not status.ike_sas and not status.installed()


def no_child(status):
    return not any(sa.state != "deleted" for sa in status.child_sas)


def same_ike_sa(client, gateway):
    def same(status):
        mine = [sa.spis for sa in client.status().established()]  # two for a while, when a rekey is under way
        return len(mine) == 1 and [sa.spis for sa in status.ike_sas] == mine
    gateway.wait_for(same, "the client's one IKE SA")


def deletes(trace, response=False):
    return [e for e in trace.exchanges("INFORMATIONAL")
            if "D(" in e.payloads and e.message.header.response == response]


def both_halves_were_named(trace, who, spis):
    asked, answered = deletes(trace)[0], deletes(trace, response=True)[0]
    assert asked.source == who
    assert {spi for spi in spis if spi in asked.payloads or spi in answered.payloads} == spis


def one_delete(trace, who):
    assert [(e.source, e.payloads) for e in deletes(trace)] == [(who, "D(IKE)")]
    answer = trace.answer_to(deletes(trace)[0])
    assert answer is not None and not answer.payloads


def asked_in_vain(trace, mourner, tries):
    """So many copies of the last question, whatever it was, then no more."""
    asked = [e for e in trace.events if e.source == mourner and e.message is not None
             and e.message.header.exchange == "INFORMATIONAL" and not e.message.header.response]
    last = [e for e in asked if e.message.octets == asked[-1].message.octets]
    # Copies that tried another path (RFC 4555 3.10) come on top.
    assert len([e for e in last if e.route == last[0].route]) == tries


def initial_contact_is(trace, wanted):
    assert ["INITIAL_CONTACT" in m.notifies() for m in trace.requests("IKE_AUTH")] == wanted


def refused_and_deleted(trace):
    assert trace.told("NO_PROPOSAL_CHOSEN", response=True)
    assert deletes(trace)
