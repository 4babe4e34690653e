"""Internal addresses: who asks for them, and who assigns them. RFC 7296 2.19, 3.15, 4"""

import ipaddress

from ikelab.conformance import *

REQUEST, REPLY = 1, 2
IP4_ADDRESS, IP4_NETMASK, IP6_ADDRESS, SUPPORTED = 1, 2, 8, 14
IP4_DNS, IP4_NBNS, IP4_DHCP, IP6_DNS, IP4_SUBNET, IP6_SUBNET, NOBODYS = 3, 4, 6, 10, 13, 15, 16383
KIND = {4: IP4_ADDRESS, 6: IP6_ADDRESS}
BOTH = configuration(requests=(4, 6))
BY_EAP = configuration(requests=(4, 6), eap={"method": "md5"})


def configured(message, cfg_type):
    """Its one CP payload, of that CFG Type, before the SA payload; and the attributes by type."""
    kinds = [one.kind for one in message.payloads]
    assert kinds.count(PayloadType.CP) == 1 and kinds.index(PayloadType.CP) < kinds.index(PayloadType.SA), f"{message}"
    payload = message.first(PayloadType.CP)
    assert payload.cfg_type == cfg_type
    return payload, dict(payload.attributes)


def nothing_reserved(payload):
    assert payload.body[1:4] == bytes(3)
    assert not any(reserved for reserved, _, _ in written_attributes(payload))


def with_request(sa, *attributes):
    """What we would send, but with these attributes in its CFG_REQUEST."""
    return replaced(sa.auth_payloads(), CP(REQUEST, *attributes))


@BOTH
@requirement("RFC7296-2.19-01", "RFC7296-2.19-02", "RFC7296-2.19-04", "RFC7296-4-11")
def test_the_client_asks_in_its_first_ike_auth_request(initiator):
    """CP(CFG_REQUEST) with INTERNAL_IP4_ADDRESS and INTERNAL_IP6_ADDRESS before the SA payload. RFC 7296 2.19, 4"""
    request = initiator.initialised().auth_request
    assert request.message_id == 1
    _, attributes = configured(request, REQUEST)
    assert {IP4_ADDRESS, IP6_ADDRESS} <= attributes.keys()


@BOTH
@requirement("RFC7296-3.15-01", "RFC7296-3.15.1-01", "RFC7296-3.15.1-07", "RFC7296-3.15.1-08", "RFC7296-3.15.1-17")
def test_the_clients_request_is_well_written(initiator):
    """Reserved fields are zero; INTERNAL_IP4_NETMASK comes with an address only, and it and SUPPORTED_ATTRIBUTES without a
    value. RFC 7296 3.15, 3.15.1"""
    payload, attributes = configured(initiator.initialised().auth_request, REQUEST)
    nothing_reserved(payload)
    assert IP4_NETMASK not in attributes or IP4_ADDRESS in attributes
    assert attributes.get(IP4_NETMASK, b"") == b"" and attributes.get(SUPPORTED, b"") == b""


@BOTH
@requirement("RFC7296-2.19-02", "RFC7296-3.15-01", "RFC7296-3.15.1-01", "RFC7296-4-12", "RFC7296-4-13")
@each("family", 4, 6)
def test_the_server_assigns_an_address_of_the_family_that_is_asked_for(responder, family):
    """CP(CFG_REPLY) before the SA payload, with one address of its pool; the Child SA is for that. RFC 7296 2.19, 4"""
    sa = responder.initialised(requests=(family,))
    assert sa.auth() is not None
    payload, attributes = configured(sa.received[-1], REPLY)
    nothing_reserved(payload)
    (pool,) = [one for one in map(ipaddress.ip_network, responder.stage.pool) if one.version == family]
    (leased,) = sa.leased
    assert KIND[family] in attributes and ipaddress.ip_address(leased) in pool
    assert leased in {one.start for one in sa.received[-1].first(PayloadType.TSi).selectors}


@BOTH
@requirement("RFC7296-3.15.1-07")
def test_the_server_sends_no_netmask_without_an_address(responder):
    """Asked for INTERNAL_IP4_NETMASK and an IPv6 address it may send a mask only beside an IPv4 address. RFC 7296 3.15.1"""
    sa = responder.initialised(requests=(6,))
    sa.auth(*with_request(sa, (IP4_NETMASK, b""), (IP6_ADDRESS, b"")))
    _, attributes = configured(sa.received[-1], REPLY)
    assert IP4_NETMASK not in attributes or IP4_ADDRESS in attributes


@BOTH
@requirement("RFC7296-3.15.1-06", "RFC7296-2.19-05", "RFC7296-2.19-07", "RFC7296-3.15.1-22")
def test_the_server_assigns_no_more_than_is_asked_for(responder):
    """One IPv4 address was asked for, beside what nobody knows: one comes. RFC 7296 3.15.1, 2.19"""
    sa = responder.initialised(requests=(4,))
    sa.auth(*with_request(sa, (16383, b"who knows"), (IP4_ADDRESS, b"")))
    payload, _ = configured(sa.received[-1], REPLY)
    assert [kind for kind, _ in payload.attributes if kind in KIND.values()] == [IP4_ADDRESS]


@BOTH
@requirement("RFC7296-2.19-09", "RFC7296-2.19-10", "RFC7296-3.15.4-02")
def test_who_asks_for_no_address_gets_no_child_sa(responder):
    """FAILED_CP_REQUIRED in place of the Child SA; the IKE SA is set up, and a later request is answered. RFC 7296 2.19"""
    sa = responder.initialised(requests=())
    assert sa.auth() is None
    refusal = sa.received[-1]
    assert refusal.notified("FAILED_CP_REQUIRED").data == b"" and refusal.first(PayloadType.TSi) is None
    answer = sa.request(INFORMATIONAL, CP(REQUEST, (IP4_ADDRESS, b"")))
    assert "INVALID_SYNTAX" not in answer.notifies()
    sa.liveness()
    assert responder.status().established()


@BOTH
@requirement("RFC7296-3.15.4-03")
def test_who_got_no_address_may_begin_anew(responder):
    """After FAILED_CP_REQUIRED we delete the IKE SA, begin another, and ask for addresses now. RFC 7296 3.15.4"""
    sa = responder.initialised(requests=())
    assert sa.auth() is None
    sa.received[-1].notified("FAILED_CP_REQUIRED")
    sa.delete()
    again = responder.initialised(requests=(4,))
    child = again.auth()
    assert len(again.leased) == 1
    child.ping()


@BOTH
@requirement("RFC7296-3.15.1-04", "RFC7296-3.15.3-01")
def test_an_address_may_be_suggested(responder):
    """INTERNAL_IP6_ADDRESS with the lower octets that we should like: an address of its pool comes, that one or another.
    RFC 7296 3.15.1, 3.15.3"""
    (pool,) = [one for one in map(ipaddress.ip_network, responder.stage.pool) if one.version == 6]
    sa = responder.initialised(requests=(6,))
    assert sa.auth(*with_request(sa, (IP6_ADDRESS, pool[99].packed + bytes([128])))) is not None
    (leased,) = sa.leased
    assert ipaddress.ip_address(leased) in pool


@BOTH
@requirement("RFC7296-3.15.1-05")
def test_several_addresses_may_be_asked_for(responder):
    """Two INTERNAL_IP4_ADDRESS: one address of its pool comes, or two. RFC 7296 3.15.1"""
    (pool,) = [one for one in map(ipaddress.ip_network, responder.stage.pool) if one.version == 4]
    sa = responder.initialised(requests=(4,))
    assert sa.auth(*with_request(sa, (IP4_ADDRESS, b""), (IP4_ADDRESS, b""))) is not None
    assert len(sa.leased) in (1, 2) and all(ipaddress.ip_address(one) in pool for one in sa.leased)


@BOTH
@requirement("RFC7296-2.19-06", "RFC7296-3.15.1-03", "RFC7296-3.15.1-10", "RFC7296-3.15.1-12", "RFC7296-3.15.1-14",
             "RFC7296-3.15.1-16", "RFC7296-3.15.1-19")
@each("many", 0, 1, 3)
def test_the_reply_may_have_any_number_of_servers_and_networks(initiator, many):
    """Beside private addresses CFG_REPLY has so many of each kind, asked for or not: the client takes its Child SA. RFC 7296
    2.19, 3.15.1"""
    sa = initiator.initialised()
    payloads = sa.auth_response_payloads(sa.auth_request)
    (reply,) = [one for one in payloads if one.kind == PayloadType.CP]
    more = [attribute for number in range(1, many + 1) for attribute in of_every_kind(number)]
    sa.accept_auth(sa.auth_request, *replaced(payloads, CP(REPLY, *reply.attributes, *more)))
    sa.liveness()
    assert initiator.status().installed()


def of_every_kind(number):
    """Servers and networks of both families, and what nobody knows; a different one for each number."""
    address, network = bytes([10, 77, 1, number]), bytes([10, 77, number, 0, 255, 255, 255, 0])
    address6, network6 = pool6(number), pool6(number << 8) + bytes([120])
    return [(IP4_DNS, address), (IP4_NBNS, address), (IP4_DHCP, address), (IP4_SUBNET, network), (IP6_DNS, address6),
            (IP6_SUBNET, network6), (NOBODYS, b"who knows")]


def pool6(number):
    return (ipaddress.ip_address("2001:db8:77::") + number).packed


@BY_EAP
@requirement("RFC7296-2.19-03", "RFC7296-2.19-02")
def test_with_eap_cp_is_in_the_messages_with_the_sa_payloads(peer):
    """The request in the first IKE_AUTH request, the reply in the last response, and none in between. RFC 7296 2.19"""
    sa = peer.establish()
    with_cp = [one for one in sa.received if one.first(PayloadType.CP) is not None]
    with_sa = [one for one in sa.received if one.exchange == IKE_AUTH and one.first(PayloadType.SA) is not None]
    assert with_cp == with_sa and len(with_cp) == 1
    configured(with_cp[0], REPLY if peer.role == "responder" else REQUEST)
