"""Both sides prove anew who they are, in an IKE SA that replaces the old one: make before break. RFC 7296 2.8.3"""

from ikelab.scenario import ChildSpec, each, needs, topology


@topology("pair")
@each("starter", "client", "gateway")
def test_reauthentication(client, gateway, flow, lab, starter):
    """A new IKE SA with a new Child SA is up before the old ones go, and no packet is lost by it. RFC 7296 2.8.3"""
    lab.side(starter).require("reauthentication")
    client.connect(gateway)
    old, old_child = client.ike_sa(), client.child_sa()
    with flow.udp(client, gateway, interval_ms=2) as there, flow.udp(gateway, client, interval_ms=2) as back:
        there.wait_received(20)
        back.wait_received(20)
        lab.side(starter).reauthenticate()
        there.wait_more(20)
        back.wait_more(20)
    lab.settle()
    assert client.ike_sa().spis != old.spis and client.child_sa().spi_in != old_child.spi_in
    assert [(one.lost, one.duplicated) for one in (there, back)] == [(0, 0), (0, 0)]
    lab.afterwards(lambda trace: made_before_broken(trace, starter))


@topology("pair")
@needs("several-children")
@each("starter", "client", "gateway")
def test_reauthentication_with_several_child_sas(client, gateway, flow, lab, starter):
    """The new IKE SA has all Child SAs that the old one had, before that one goes. RFC 7296 2.8.3"""
    lab.side(starter).require("reauthentication")
    lab.configure(children=(ChildSpec("four", local_ts=("10.1.0.0/24",), remote_ts=("10.2.0.0/24",)),
                            ChildSpec("six", local_ts=("fd00:1::/64",), remote_ts=("fd00:2::/64",))))
    client.connect(gateway, "four")
    client.initiate("six")
    with flow.udp(client, gateway, interval_ms=4) as four, flow.udp(client, gateway, family=6, interval_ms=4) as six:
        for traffic in (four, six):
            traffic.wait_received(20)
        lab.side(starter).reauthenticate()
        for traffic in (four, six):
            traffic.wait_more(20)
    lab.settle()
    assert [(one.lost, one.duplicated) for one in (four, six)] == [(0, 0), (0, 0)]
    lab.afterwards(lambda trace: made_before_broken(trace, starter, more=1))


def made_before_broken(trace, starter, more=0):
    """From IKE_SA_INIT on once more, by whoever was told to; the Delete of the old IKE SA comes behind the last answer
    that makes a Child SA, and is the same side's. Nobody says that this IKE SA is its only one (2.4)."""
    first, again = [e for e in trace.exchanges("IKE_AUTH") if not e.message.header.response]
    assert (first.source, again.source) == ("client", starter)
    assert "INITIAL_CONTACT" not in again.message.notifies()
    assert {first.message.header.spi_i, first.message.header.spi_r}.isdisjoint(
        {again.message.header.spi_i, again.message.header.spi_r})
    answers = [e for e in (*trace.exchanges("IKE_AUTH"), *trace.exchanges("CREATE_CHILD_SA"))
               if e.message.header.response and e.message.header.spi_i == again.message.header.spi_i]
    assert len(answers) == 1 + more
    deletes = [e for e in trace.exchanges("INFORMATIONAL") if "D(IKE)" in e.payloads and not e.message.header.response
               and e.message.header.spi_i == first.message.header.spi_i]
    assert [e.source for e in deletes] == [starter]
    assert deletes[0].time_ns > max(e.end_ns for e in answers)
