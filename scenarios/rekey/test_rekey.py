"""Child SAs and IKE SAs are replaced while traffic flows, and no packet is lost by it. RFC 7296 2.8"""

import pytest

from ikelab.scenario import Lifetime, Retransmission, needs, topology

QUICK = Retransmission(timeout_ms=100, backoff=1.2, tries=10)
BOTH_KINDS = pytest.mark.parametrize("what", ["child", "ike"])
EITHER_SIDE = pytest.mark.parametrize("starter", ["client", "gateway"])
CREATE_CHILD_SA, INFORMATIONAL = 36, 37


@topology("pair")
@needs("rekey-child", "rekey-ike")
@BOTH_KINDS
@EITHER_SIDE
def test_by_command(client, gateway, flow, lab, what, starter):
    """Either side replaces either kind of SA with four messages. RFC 7296 1.3.2, 1.3.3, 2.8"""
    client.connect(gateway)
    before = names_of(client, what)
    with flow.udp(client, gateway, interval_ms=2) as traffic:
        traffic.wait_received(20)
        lab.side(starter).rekey(what)
        traffic.wait_more(20)
    lab.settle()
    assert names_of(client, what).isdisjoint(before)
    assert (traffic.lost, traffic.duplicated) == (0, 0)
    lab.afterwards(lambda trace: four_messages(trace, what, starter))


@topology("pair")
@needs("rekey-child", "ke-x25519")
@EITHER_SIDE
@pytest.mark.parametrize("proposal, fresh", [("aes256gcm16", False), ("aes256gcm16-x25519", True)],
                         ids=["without-pfs", "with-pfs"])
def test_keys_are_fresh(client, gateway, flow, lab, starter, proposal, fresh):
    """A key exchange in the proposal makes the Child SA's rekey use one (PFS). RFC 7296 1.3.3, 2.12"""
    lab.configure(child={"proposals": (proposal,)})
    client.connect(gateway)
    with flow.udp(client, gateway, interval_ms=2) as traffic:
        lab.side(starter).rekey("child")
        traffic.wait_more(20)
    lab.settle()
    assert (traffic.lost, traffic.duplicated) == (0, 0)
    lab.afterwards(lambda trace: key_exchange_is(trace, fresh))


@topology("pair")
@needs("rekey-by-time")
@BOTH_KINDS
@EITHER_SIDE
def test_by_time(client, gateway, flow, lab, what, starter):
    """The soft lifetime of one side brings the rekey about, twice. RFC 7296 2.8"""
    soon = Lifetime(rekey_ms=1_000, hard_ms=6_000)
    lab.side(starter).configure(**({"child": {"lifetime": soon}} if what == "child" else {"lifetime": soon}))
    client.connect(gateway)
    with flow.udp(client, gateway) as traffic:
        for _ in range(2):
            before = names_of(client, what)
            client.wait_for(lambda status: fresh(names_in(status, what), before), f"a new {what} SA")
        traffic.wait_more(20)
    lab.settle()
    assert (traffic.lost, traffic.duplicated) == (0, 0)
    lab.afterwards(lambda trace: started_by(trace, starter))


@topology("pair")
@needs("rekey-child")
@EITHER_SIDE
@pytest.mark.parametrize("limit, capability", [
    (Lifetime(rekey_packets=60, hard_packets=6_000), "rekey-by-packets"),
    (Lifetime(rekey_octets=8_000, hard_octets=800_000), "rekey-by-volume"),
], ids=["packets", "octets"])
def test_by_volume(client, gateway, flow, lab, starter, limit, capability):
    """So many packets, or octets, and the Child SA is replaced. RFC 4301 4.4.2.1, RFC 7296 2.8"""
    lab.side(starter).require(capability)
    lab.side(starter).configure(child={"lifetime": limit})
    client.connect(gateway)
    before = names_of(client, "child")
    with flow.udp(client, gateway, interval_ms=2) as traffic:
        client.wait_for(lambda status: fresh(names_in(status, "child"), before), "a new Child SA")
        traffic.wait_more(20)
    lab.settle()
    assert (traffic.lost, traffic.duplicated) == (0, 0)
    lab.afterwards(lambda trace: started_by(trace, starter))


@topology("pair", relayed="wire")
@needs("rekey-child", "rekey-ike")
@BOTH_KINDS
@pytest.mark.parametrize("first", ["client", "gateway"])
def test_both_at_the_same_moment(client, gateway, flow, lab, what, first):
    """The two requests cross; the lowest nonce decides, one new SA stays. RFC 7296 2.8.1, 2.8.2"""
    lab.configure(retransmission=QUICK)
    client.connect(gateway)
    with flow.udp(client, gateway, interval_ms=2) as traffic:
        for _ in range(3):  # nonces are random: now one side wins, now the other
            requests, answers = hold_both(lab, response=False), hold_both(lab, response=True)
            before = names_of(client, what)
            for side in (first, other(first)):
                lab.side(side).rekey(what, wait=False)
            let_go(requests)
            let_answers_go(answers)
            for side in (client, gateway):
                side.wait_for(lambda status: fresh(names_in(status, what), before), f"a new {what} SA")
            lab.settle()
        traffic.wait_more(20)
    assert (traffic.lost, traffic.duplicated) == (0, 0)
    lab.afterwards(requests_crossed)


@topology("pair", relayed="wire")
@needs("rekey-child", "rekey-ike")
@BOTH_KINDS
@pytest.mark.parametrize("late", ["client", "gateway"])
def test_one_request_comes_late(client, gateway, flow, lab, what, late):
    """A rekey request arrives when the other side's rekey of the same SA is over. RFC 7296 2.25.1, 2.25.2"""
    lab.configure(retransmission=QUICK)
    client.connect(gateway)
    with flow.udp(client, gateway, interval_ms=2) as traffic:
        request, before = hold_a_rekey(lab, late, what)
        be_first(lab, other(late), what, before)
        request.remove()
        traffic.wait_more(20)
        lab.settle()
        traffic.wait_more(20)
    assert (traffic.lost, traffic.duplicated) == (0, 0)


@topology("pair", relayed="wire")
@needs("rekey-child", "rekey-ike")
@BOTH_KINDS
@pytest.mark.parametrize("late", ["client", "gateway"])
def test_the_refusal_overtakes_the_delete(client, gateway, flow, lab, what, late):
    """Who is refused as too late hears of the old SA's end only afterwards; what replaced it carries all the same. RFC 7296 2.25"""
    lab.configure(retransmission=QUICK)
    client.connect(gateway)
    relay = lab.relay("wire")
    with flow.udp(client, gateway, interval_ms=2) as traffic:
        request, before = hold_a_rekey(lab, late, what)
        farewell = relay.hold(other(late), last=None, exchange=INFORMATIONAL, response=False)
        be_first(lab, other(late), what, before)
        assert farewell.acts_within(), "the SA that was replaced is not deleted"
        refusal = relay.hold(other(late), exchange=CREATE_CHILD_SA, response=True)
        request.remove()
        assert refusal.acts_within(), "the late request gets no answer"
        refusal.remove()
        farewell.remove()
        traffic.wait_more(20)
        lab.settle()
        traffic.wait_more(20)
    assert (traffic.lost, traffic.duplicated) == (0, 0)


@topology("pair", relayed="wire")
@needs("rekey-child", "rekey-ike")
@EITHER_SIDE
def test_child_and_ike_at_the_same_moment(client, gateway, flow, lab, starter):
    """One side replaces the Child SA while the other replaces the IKE SA. RFC 7296 2.25"""
    lab.configure(retransmission=QUICK)
    client.connect(gateway)
    with flow.udp(client, gateway, interval_ms=2) as traffic:
        requests, answers = hold_both(lab, response=False), hold_both(lab, response=True)
        lab.side(starter).rekey("child", wait=False)
        lab.side(other(starter)).rekey("ike", wait=False)
        let_go(requests)
        let_answers_go(answers)
        traffic.wait_more(20)
        lab.settle()
        traffic.wait_more(20)
    assert (traffic.lost, traffic.duplicated) == (0, 0)


@topology("pair", relayed="wire")
@needs("rekey-child", "rekey-ike")
@BOTH_KINDS
@EITHER_SIDE
@pytest.mark.parametrize("lost", [1, 2, 3, 4])
def test_with_a_message_lost(client, gateway, flow, lab, what, starter, lost):
    """The n-th message is lost: request, response, Delete or its answer. RFC 7296 2.1"""
    lab.configure(retransmission=QUICK)
    client.connect(gateway)
    lab.relay("wire").drop(starter if lost % 2 else other(starter), "ike", (lost + 1) // 2)
    with flow.udp(client, gateway, interval_ms=2) as traffic:
        traffic.wait_received(10)
        lab.side(starter).rekey(what)
        traffic.wait_more(20)
    lab.settle()
    assert (traffic.lost, traffic.duplicated) == (0, 0)
    lab.afterwards(a_message_was_lost)


@topology("pair", relayed="wire")
@needs("rekey-child", "rekey-ike")
@BOTH_KINDS
def test_with_duplicates_and_disorder(client, gateway, flow, lab, what):
    """A path that doubles and swaps packets changes nothing: windows and Message IDs sort it out. RFC 7296 2.2"""
    lab.configure(retransmission=QUICK)
    client.connect(gateway)
    lab.relay("wire").impair(duplicate=0.3, reorder=0.2)
    with flow.udp(client, gateway, interval_ms=2) as traffic:
        for _ in range(3):
            client.rekey(what)
            gateway.rekey(what)
        traffic.wait_more(20)
    lab.settle()
    assert (traffic.lost, traffic.duplicated) == (0, 0)


@topology("pair")
@needs("rekey-child", "rekey-ike")
def test_many_in_a_row_under_load(client, gateway, flow, lab):
    """Twenty-four rekeys, from both sides and of both kinds, while UDP and TCP flow. RFC 7296 2.8"""
    client.connect(gateway)
    with flow.udp(client, gateway, interval_ms=2) as traffic, \
            flow.tcp(client, gateway, rate_mbit=8) as stream:
        for _ in range(6):
            client.rekey("child")
            gateway.rekey("child")
            client.rekey("ike")
            gateway.rekey("child")
        traffic.wait_more(50)
        stream.wait_more(100_000)
    lab.settle()
    assert (traffic.lost, traffic.duplicated, traffic.reordered) == (0, 0, 0)
    assert stream.complete


def other(side):
    return "gateway" if side == "client" else "client"


def hold_a_rekey(lab, side, what):
    """Its request is under way and held; the rule that lets it go, and the names of what there is."""
    request = lab.relay("wire").hold(side, last=None, exchange=CREATE_CHILD_SA, response=False)
    lab.side(side).rekey(what, wait=False)
    request.wait_acted()
    return request, names_of(lab.side(side), what)


def be_first(lab, side, what, before):
    """It rekeys the same, and has its new SA while the other's request is still held."""
    lab.side(side).rekey(what, wait=False)
    lab.side(side).wait_for(lambda status: names_in(status, what) - before, "the other's new SA")


def hold_both(lab, response):
    """CREATE_CHILD_SA requests, or responses, of each side, repetitions included."""
    return [lab.relay("wire").hold(side, "ike", last=None, exchange=CREATE_CHILD_SA, response=response)
            for side in ("client", "gateway")]


def let_go(rules):
    """Both at once, when both have been caught: so each side has spoken before it hears."""
    for rule in rules:
        rule.wait_acted()
    rules[0].relay.let_go(rules)


def let_answers_go(rules):
    """As let_go(); but who leaves a request unanswered because its own is out has failed. RFC 7296 2.25"""
    for rule, side in zip(rules, ("client", "gateway")):
        assert rule.acts_within(), f"the {side} leaves a request unanswered while its own is out"
    let_go(rules)


def names_of(side, what):
    return names_in(side.status(), what)


def names_in(status, what):
    """The SPIs in use, by which one tells a new SA from an old one."""
    if what == "ike":
        return {sa.spis for sa in status.established()}
    return {(sa.spi_in, sa.spi_out) for sa in status.installed()}


def fresh(now, before):
    return bool(now) and now.isdisjoint(before)


def four_messages(trace, what, starter):
    """CREATE_CHILD_SA, then the Delete of what was replaced, each with its response."""
    asked = [e for e in trace.exchanges("CREATE_CHILD_SA") if not e.message.header.response]
    assert [e.source for e in asked] == [starter]
    assert ("REKEY_SA" in asked[0].message.notifies()) == (what == "child")
    answers = [e for e in trace.exchanges("CREATE_CHILD_SA") if e.message.header.response]
    assert len(answers) == 1 and not any(n.is_error for n in answers[0].message.notifies().values())
    deletes = [e for e in trace.exchanges("INFORMATIONAL") if "D(" in e.payloads and not e.message.header.response]
    assert deletes[0].source == starter and ("D(IKE)" in deletes[0].payloads) == (what == "ike")


def a_message_was_lost(trace):
    """The relay did what the scenario is about."""
    assert any(e.lost for e in trace.events if e.kind == "ike")


def requests_crossed(trace):
    """Each of the three times, both sides had asked before either was answered."""
    order = [("response" if e.message.header.response else e.source) for e in trace.exchanges("CREATE_CHILD_SA")]
    crossings = sum({one, two} == {"client", "gateway"} for one, two in zip(order, order[1:]))
    assert crossings >= 3, order


def started_by(trace, starter):
    asked = [e for e in trace.exchanges("CREATE_CHILD_SA") if not e.message.header.response]
    assert asked and {e.source for e in asked} == {starter}


def key_exchange_is(trace, wanted):
    rekeys = [m for m in trace.requests("CREATE_CHILD_SA") + trace.responses("CREATE_CHILD_SA")]
    assert len(rekeys) == 2
    assert all(("KE" in m.text().split()) == wanted for m in rekeys)
