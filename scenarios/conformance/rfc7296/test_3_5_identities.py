from ikelab.conformance import *

NAI = r"\(client\)@example.org"


def peers_identity(peer):
    """The ID payload that the implementation under test has sent of itself, after all has come about with it."""
    sa = peer.establish()
    sa.liveness()
    return next(one for one in payloads_of(sa.received, PayloadType.IDi if peer.role == "initiator" else PayloadType.IDr))


@configuration(local_id="client.example.org", remote_id="gateway.example.org")
@requirement("RFC7296-3.5-03", "RFC7296-3.5-05", "RFC7296-3.5-06", "RFC7296-4-15", "RFC7296-3.5-07")
def test_names_as_identities(peer):
    """ID_FQDN is sent as it is, without a terminator, and ours is accepted. RFC 7296 3.5, 4"""
    found = peers_identity(peer)
    own = {"initiator": b"client.example.org", "responder": b"gateway.example.org"}[peer.role]
    assert (found.id_type, found.data) == (2, own)


@configuration(local_id="client@example.org", remote_id="gateway@example.org")
@requirement("RFC7296-3.5-04", "RFC7296-3.5-06", "RFC7296-4-15", "RFC7296-3.5-07")
def test_mail_addresses_as_identities(peer):
    """ID_RFC822_ADDR is sent as it is, without a terminator, and ours is accepted. RFC 7296 3.5, 4"""
    found = peers_identity(peer)
    own = {"initiator": b"client@example.org", "responder": b"gateway@example.org"}[peer.role]
    assert (found.id_type, found.data) == (3, own)


@configuration(local_id="key:client of no name", remote_id="key:gateway of no name")
@requirement("RFC7296-3.5-06", "RFC7296-4-15", "RFC7296-3.5-07")
def test_octets_as_identities(peer):
    """ID_KEY_ID is sent as it is, and ours is accepted. RFC 7296 3.5, 4"""
    found = peers_identity(peer)
    own = {"initiator": b"client of no name", "responder": b"gateway of no name"}[peer.role]
    assert (found.id_type, found.data) == (11, own)


@configuration(local_id="192.0.2.77", remote_id="192.0.2.78")
@requirement("RFC7296-3.5-06", "RFC7296-3.5-07")
def test_addresses_as_identities(peer):
    """ID_IPV4_ADDR has four octets, and ours is accepted, though it is not the address that it comes from. RFC 7296
    3.5"""
    found = peers_identity(peer)
    own = {"initiator": bytes([192, 0, 2, 77]), "responder": bytes([192, 0, 2, 78])}[peer.role]
    assert (found.id_type, found.data) == (1, own)


@configuration(local_id="2001:db8::77", remote_id="2001:db8::78")
@requirement("RFC7296-3.5-08", "RFC7296-3.5-09")
def test_ipv6_addresses_as_identities(peer):
    """ID_IPV6_ADDR has sixteen octets, and ours is accepted. RFC 7296 3.5"""
    found = peers_identity(peer)
    own = {"initiator": b"\x77", "responder": b"\x78"}[peer.role]
    assert found.id_type == 5 and found.data == bytes.fromhex("20010db8") + bytes(11) + own


@configuration(local_id="client@example.org", remote_id="gateway@example.org")
@requirement("RFC7296-3.5-06", "RFC7296-2.21.2-01")
@each("id_type", 1, 2, 9, 11, 200)
def test_the_same_octets_of_another_type_are_another_identity(responder, id_type):
    """What is configured as a mail address is not accepted as a name, an address or a key. RFC 7296 3.5, RFC 4301
    4.4.3.1"""
    sa = responder.initialised()
    identity = IDi(b"client@example.org", id_type)
    payloads = without(sa.auth_payloads(), PayloadType.IDi, PayloadType.AUTH)
    answer = sa.expect_response(sa.send_auth(identity, *sa.proof(identity), *payloads))
    assert answer.first(PayloadType.AUTH) is None and not responder.status().established()


@configuration(local_id="client.example.org", remote_id="gateway.example.org")
@requirement("RFC7296-3.5-03", "RFC7296-2.21.2-01")
@each("name", b"client.example.org\0", b"client.example.or", b"client.example.org.evil.example", b"")
def test_a_name_is_compared_as_a_whole(responder, name):
    """With a terminator, cut short, with more behind it, or empty it is another identity. RFC 7296 3.5, RFC 4301
    4.4.3.1"""
    sa = responder.initialised()
    identity = IDi(name, 2)
    payloads = without(sa.auth_payloads(), PayloadType.IDi, PayloadType.AUTH)
    answer = sa.expect_response(sa.send_auth(identity, *sa.proof(identity), *payloads))
    assert answer.first(PayloadType.AUTH) is None and not responder.status().established()


@configuration(local_id=NAI, remote_id="gateway@example.org")
@requirement("RFC7296-3.5-12")
def test_an_nai_need_not_be_a_mail_address(responder):
    """ID_RFC822_ADDR with backslashes, which an NAI may have (RFC 4282 2.1) and a mail address only between quotes (RFC 5322
    3.4.1), is accepted. RFC 7296 3.5"""
    sa = responder.initialised()
    assert sa.identity() == IDi(NAI.encode(), 3)
    assert sa.auth() is not None
    sa.liveness()
