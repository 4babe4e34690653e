"""Configuration payloads to and from implementations that assign no addresses. RFC 7296 3.15, 2.19, 2.20"""

from ikelab.conformance import *

REQUEST, REPLY, SET, ACK = 1, 2, 3, 4
IP4_ADDRESS, IP4_DNS, APPLICATION_VERSION, SUPPORTED = 1, 3, 7, 14
IP4_NBNS, IP4_DHCP, IP6_ADDRESS, IP6_DNS, IP4_SUBNET, IP6_SUBNET = 4, 6, 8, 10, 13, 15
NOBODYS = 16383  # of private use


def ask(sa, *attributes, body=None):
    """The answer to an INFORMATIONAL request with CFG_REQUEST, and its CP payload, if it has one."""
    payload = CP(REQUEST, *attributes) if body is None else known(PayloadType.CP, body)
    answer = sa.request(INFORMATIONAL, payload)
    return answer, answer.first(PayloadType.CP)


@requirement("RFC7296-2.19-08")
def test_nobody_gets_a_reply_that_was_not_asked_for(responder):
    """No CFG_REPLY is in any message of a life in which we asked for none. RFC 7296 2.19"""
    for one in payloads_of(life(responder), PayloadType.CP):
        assert one.cfg_type != REPLY


@requirement("RFC7296-2.20-01", "RFC7296-2.20-02", "RFC7296-2.20-03")
def test_the_version_is_told_or_withheld_in_the_right_way(peer):
    """Asked for its version the peer returns APPLICATION_VERSION, empty or not, or no CP at all. RFC 7296 2.20"""
    sa = peer.establish()
    answer, reply = ask(sa, (APPLICATION_VERSION, b""))
    assert not [one for one in answer.notifies().values() if one.is_error], f"{answer}"
    if reply is not None:
        assert reply.cfg_type == REPLY and APPLICATION_VERSION in [kind for kind, _ in reply.attributes]
    sa.liveness()


@requirement("RFC7296-3.15.1-22", "RFC7296-3.15.1-21", "RFC7296-3.2-05")
@each("kind", NOBODYS, 500)
def test_attributes_that_nobody_knows_are_ignored(peer, kind):
    """They are in no reply, and no error comes of them. RFC 7296 3.15.1"""
    sa = peer.establish()
    answer, reply = ask(sa, (kind, b"who knows"), (APPLICATION_VERSION, b""))
    assert not [one for one in answer.notifies().values() if one.is_error], f"{answer}"
    assert reply is None or kind not in [one for one, _ in reply.attributes]


@requirement("RFC7296-3.15-02", "RFC7296-3.15.1-02")
def test_reserved_octets_and_bits_are_ignored(peer):
    """The same answer comes whether they are set or not. RFC 7296 3.15, 3.15.1"""
    sa = peer.establish()
    plain, _ = ask(sa, (APPLICATION_VERSION, b""))
    marked, _ = ask(sa, body=bytes([REQUEST]) + b"\xff\xff\xff" + b"\x80\x07\x00\x00")
    assert marked.payloads == plain.payloads
    sa.liveness()


@requirement("RFC7296-3.15.1-24", "RFC7296-3.15.1-25", "RFC7296-3.15.1-26", "RFC7296-3.15.1-27")
def test_cfg_set_is_acknowledged_in_part_or_not_at_all(peer):
    """CFG_ACK holds attributes that were set, without values, and no others; or nothing comes. RFC 7296 3.15.1"""
    sa = peer.establish()
    answer = sa.request(INFORMATIONAL, CP(SET, (NOBODYS, b"who knows"), (IP4_DNS, bytes([192, 0, 2, 53]))))
    assert not [one for one in answer.notifies().values() if one.is_error], f"{answer}"
    for one in payloads_of([answer], PayloadType.CP):
        assert one.cfg_type == ACK
        assert all(value == b"" and kind == IP4_DNS for kind, value in one.attributes)
    sa.liveness()


@requirement("RFC7296-3.15.4-01", "RFC7296-2.19-05", "RFC7296-2.19-07", "RFC7296-2.21.2-09")
def test_an_address_that_cannot_be_assigned_is_no_failure_of_authentication(responder):
    """CFG_REQUEST in IKE_AUTH: the IKE SA comes about. The Child SA may fail by INTERNAL_ADDRESS_FAILURE, without SA and
    selectors then. RFC 7296 3.15.4"""
    sa = responder.initialised()
    payloads = sa.auth_payloads()
    at = [one.kind for one in payloads].index(PayloadType.SA)
    payloads.insert(at, CP(REQUEST, (IP4_ADDRESS, b""), (IP4_DNS, b""), (NOBODYS, b"")))
    sent = sa.send_auth(*payloads)
    answer = sa.expect_response(sent)
    sa.check_proof(answer)
    if answer.first(PayloadType.SA) is None:
        answer.notified("INTERNAL_ADDRESS_FAILURE")
        assert answer.first(PayloadType.TSi) is None
    sa.liveness()


@requirement("RFC7296-3.15.1-05", "RFC7296-3.15.1-09", "RFC7296-3.15.1-11", "RFC7296-3.15.1-13", "RFC7296-3.15.1-15",
             "RFC7296-3.15.1-18")
@each("kind", IP4_ADDRESS, IP4_DNS, IP4_NBNS, IP4_DHCP, IP4_SUBNET, IP6_ADDRESS, IP6_DNS, IP6_SUBNET)
def test_several_of_a_kind_may_be_asked_for(responder, kind):
    """Three attributes of a kind in CFG_REQUEST: the IKE SA comes about, with its Child SA or without. RFC 7296 3.15.1"""
    sa = responder.initialised()
    payloads = sa.auth_payloads()
    at = [one.kind for one in payloads].index(PayloadType.SA)
    answer = sa.expect_response(sa.send_auth(*payloads[:at], CP(REQUEST, *[(kind, b"")] * 3), *payloads[at:]))
    sa.check_proof(answer)
    sa.liveness()


@requirement("RFC7296-3.15.1-28", "RFC7296-3.15.1-22")
def test_supported_attributes_come_as_a_list_of_types(peer):
    """SUPPORTED_ATTRIBUTES in a reply has two octets for each type. RFC 7296 3.15.1"""
    answer, reply = ask(peer.establish(), (SUPPORTED, b""))
    assert not [one for one in answer.notifies().values() if one.is_error], f"{answer}"
    for kind, value in reply.attributes if reply is not None else []:
        assert kind != SUPPORTED or len(value) % 2 == 0
