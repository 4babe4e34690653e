"""The form of TS payloads; which selectors are agreed upon is RFC 7296 2.9. RFC 7296 3.13"""

import ipaddress

from ikelab.conformance import *

IPV4_RANGE, IPV6_RANGE, FC_ADDR_RANGE, NOBODYS = 7, 8, 9, 241


def ts_body(*selectors, count=None, reserved=bytes(3)):
    return bytes([len(selectors) if count is None else count]) + reserved + b"".join(selectors)


def sub(kind=IPV4_RANGE, protocol=0, length=None, ports=b"\x00\x00\xff\xff", addresses=bytes(8)):
    octets = ports + addresses
    return bytes([kind, protocol]) + (4 + len(octets) if length is None else length).to_bytes(2, "big") + octets


def asked(sa, ts_i=None, ts_r=None):
    """Our offer of a Child SA with another TSi or TSr."""
    offer = sa.offer_child(group=0)
    for one in (ts_i, ts_r):
        if one is not None:
            offer.payloads = replaced(offer.payloads, one)
    return offer


@requirement("RFC7296-3.13-01", "RFC7296-3.13-03", "RFC7296-3.13.1-01", "RFC7296-3.13.1-02", "RFC7296-3.13.1-03")
def test_selectors_of_a_life(peer):
    """Reserved octets are zero, number and lengths fill the payload, and where no ports are meant they are 0 to 65535.
    RFC 7296 3.13"""
    found = payloads_of(life(peer), PayloadType.TSi, PayloadType.TSr)
    assert found
    for one in found:
        assert one.body[1:4] == bytes(3)
        assert len(one.body) == 4 + sum(16 if ":" not in s.start else 40 for s in one.selectors)
        assert one.body[0] == len(one.selectors) > 0
        for s in one.selectors:
            if s.protocol == 0:
                assert (s.start_port, s.end_port) == (0, 65535)


@configuration(child={"local_ts": ("10.1.0.0/24[17/53]",), "remote_ts": ("10.2.0.0/24[17]",)})
@requirement("RFC7296-3.13.1-01", "RFC7296-3.13.1-02", "RFC7296-3.13.1-03")
def test_ports_of_a_protocol(initiator):
    """One port is its own start and end, and all ports are 0 to 65535. RFC 7296 3.13.1"""
    request = initiator.initialised(child={"local_ts": ("10.2.0.0/24",), "remote_ts": ("10.1.0.0/24",)}).auth_request
    ours, theirs = (request.first(kind).selectors[-1] for kind in (PayloadType.TSi, PayloadType.TSr))
    assert (ours.protocol, ours.start_port, ours.end_port) == (17, 53, 53)
    assert (theirs.protocol, theirs.start_port, theirs.end_port) == (17, 0, 65535)


@requirement("RFC7296-3.13-02")
def test_reserved_octets_of_selectors_are_ignored(peer):
    """Set in TSi and TSr they change nothing. RFC 7296 3.13"""
    sa = peer.establish()
    offer = sa.offer_child()
    marked = [known(p.kind, p.body[:1] + b"\xff\xff\xff" + p.body[4:]) if p.kind in (PayloadType.TSi, PayloadType.TSr) else p
              for p in offer.payloads]
    offer.take(sa.request(CREATE_CHILD_SA, *marked)).ping()


@requirement("RFC7296-3.13-02")
def test_reserved_octets_of_the_answered_selectors_are_ignored(initiator):
    """Set in the TSi and TSr of the response they change nothing. RFC 7296 3.13"""
    sa = initiator.initialised()
    marked = [known(p.kind, p.body[:1] + b"\xff\xff\xff" + p.body[4:]) if p.kind in (PayloadType.TSi, PayloadType.TSr) else p
              for p in sa.auth_response_payloads(sa.auth_request)]
    child = sa.accept_auth(sa.auth_request, *marked)
    sa.liveness()
    child.ping()


@requirement("RFC7296-3.13-03", "RFC7296-2.21.3-01", "RFC7296-3.10.1-05")
@each("wrong", "none", "count too large", "count too small", "longer than the payload", "shorter than its addresses",
      "longer than its addresses", "shorter than its head", "cut")
def test_selectors_whose_lengths_do_not_agree_are_refused(peer, wrong):
    """TSi in which number and lengths do not fill the payload: an error, and no Child SA. RFC 7296 3.13, 2.21.3"""
    sa = peer.establish()
    own = 2 * ipaddress.ip_address(sa.children[0].inside()[0]).packed
    body = {"none": ts_body(), "count too large": ts_body(sub(), count=2), "count too small": ts_body(sub(), sub(), count=1),
            "longer than the payload": ts_body(sub(length=200)), "shorter than its addresses": ts_body(sub(length=12)),
            "longer than its addresses": ts_body(sub(addresses=own + bytes(4))),
            "shorter than its head": ts_body(sub(length=4)), "cut": ts_body(sub())[:-3]}[wrong]
    offer = asked(sa, Raw(PayloadType.TSi, body))
    answer = sa.request(CREATE_CHILD_SA, *offer.payloads)
    assert answer.first(PayloadType.SA) is None
    assert set(answer.notifies()) & {"INVALID_SYNTAX", "TS_UNACCEPTABLE"}, f"{answer}"


@requirement("RFC7296-3.13-03")
def test_a_range_that_ends_before_it_begins_is_no_range(peer):
    """No Child SA carries packets of a reversed range. RFC 7296 3.13.1"""
    sa = peer.establish()
    local = sa.children[0].inside()[0]
    above = str(selector(f"{local}").start)
    body = ts_body(sub(addresses=bytes(map(int, above.split("."))) + bytes([10, 0, 0, 1])))
    answer = sa.request(CREATE_CHILD_SA, *asked(sa, Raw(PayloadType.TSi, body)).payloads)
    assert answer.first(PayloadType.SA) is None and answer.notifies()


@requirement("RFC7296-3.13-03")
@each("kind", FC_ADDR_RANGE, NOBODYS)
def test_a_selector_of_another_type_does_not_spoil_those_beside_it(peer, kind):
    """TSi has one of a type that nobody knows beside one that is known: the Child SA is made of the latter, or refused.
    RFC 7296 3.13.1, 2.9"""
    sa = peer.establish()
    offer = sa.offer_child(group=0)
    good = next(p for p in offer.payloads if p.kind == PayloadType.TSi).body
    strange = sub(kind, addresses=bytes(8))
    answer = sa.request(CREATE_CHILD_SA, *replaced(offer.payloads, known(
        PayloadType.TSi, bytes([good[0] + 1]) + good[1:4] + strange + good[4:])))
    if answer.first(PayloadType.SA) is None:
        assert set(answer.notifies()) <= {"TS_UNACCEPTABLE", "SINGLE_PAIR_REQUIRED"}, f"{answer}"
    else:
        assert NOBODYS not in answer.first(PayloadType.TSi).body[4::16]
        offer.take(answer).ping()


@needs("selectors-elsewhere")
@configuration(child={"local_ts": ("10.1.0.1", "10.1.0.7"), "remote_ts": ("10.2.0.1", "10.2.0.7")})
@requirement("RFC7296-3.13-04")
def test_every_selector_of_one_side_goes_with_every_one_of_the_other(peer):
    """Two selectors in TSi and two in TSr: packets from our second address reach the peer's first one, and are
    answered. RFC 7296 3.13"""
    sa = peer.establish()
    child = sa.children[0]
    assert child.echo(child.ping()).reply
    ours, theirs = child.inside()
    second = ours.rsplit(".", 1)[0] + ".7"
    number = 4711
    child.send(child.echo_request(source=second, target=theirs, sequence=number))
    assert child.echo(child.expect(child.reply_to(number))).target == second
