from ikelab.conformance import *
from ikelab.scripted.keymat import Keymat

BOTH = ("aes256gcm16-prfsha256-x25519-ecp256-modp2048",)
LENGTHS = {31: 32, 19: 64, 14: 256}
GROUPS = {31: "x25519", 19: "ecp256", 14: "modp2048"}


def use(sa, group):
    """The next IKE_SA_INIT of ours has KE of this group."""
    sa.group = group
    return sa


@requirement("RFC7296-3.4-02", "RFC7296-3.4-03")
@configuration(proposals=BOTH)
def test_ke_is_of_a_proposed_group(initiator):
    """The group of KE is proposed in the same message; it is the first one. RFC 7296 3.4"""
    request = initiator.call().init_request
    groups = [t.number for one in request.proposals for t in one.transforms if t.kind == TransformType.KE]
    assert request.first(PayloadType.KE).group in groups
    with initiator.should("RFC7296-3.4-03"):
        assert request.first(PayloadType.KE).group == groups[0]


@requirement("RFC7296-3.4-01", "RFC7296-3.4-06")
@configuration(proposals=BOTH)
@each("group", 14, 19, 31)
def test_public_values_have_the_length_of_their_group(responder, group):
    """KEr has as many octets as its group, and nothing in its reserved field. RFC 7296 3.4, RFC 5903 7, RFC 8031 3.1"""
    sa = use(responder.ike_sa(proposals=(f"aes256gcm16-prfsha256-{GROUPS[group]}",)), group)
    answer = sa.init()
    ke = answer.first(PayloadType.KE)
    assert (ke.group, len(ke.data), ke.body[2:4]) == (group, LENGTHS[group], bytes(2))
    sa.auth()


@requirement("RFC7296-3.4-01", "RFC7296-3.4-06", "RFC7296-3.4-02")
@configuration(proposals=BOTH)
@each("group", 14, 19, 31)
def test_public_values_of_the_initiator_have_the_length_of_their_group(initiator, group):
    """KEi as well, when the responder has asked for that group. RFC 7296 3.4, 1.2"""
    sa = initiator.call()
    request = sa.init_request
    if request.first(PayloadType.KE).group != group:
        sa.answer(request, N("INVALID_KE_PAYLOAD", group.to_bytes(2, "big")), spi_r=bytes(8))
        request = sa.expect_request(IKE_SA_INIT)
    ke = request.first(PayloadType.KE)
    assert (ke.group, len(ke.data), ke.body[2:4]) == (group, LENGTHS[group], bytes(2))


@requirement("RFC7296-3.4-05", "RFC7296-3.4-07", "RFC7296-3.10-02")
def test_another_group_is_asked_for(responder):
    """KE is of a group that is offered but not allowed: INVALID_KE_PAYLOAD names the one that is, in two octets. RFC
    7296 3.4, 1.3"""
    sa = use(responder.ike_sa(proposals=("aes256gcm16-prfsha256-ecp256-x25519",)), 19)
    answer = sa.try_init()
    found = answer.notified("INVALID_KE_PAYLOAD")
    assert (found.data, found.protocol, found.spi) == (bytes([0, 31]), 0, b"")
    assert answer.first(PayloadType.SA) is None and answer.first(PayloadType.KE) is None
    assert sa.try_again(answer)
    sa.init()
    sa.auth()


@configuration(child={"proposals": ("aes256gcm16-x25519",)})
@requirement("RFC7296-3.4-05", "RFC7296-3.4-07")
def test_another_group_is_asked_for_in_create_child_sa(peer):
    """The same of a Child SA with its own key exchange; the IKE SA lives on. RFC 7296 3.4, 1.3"""
    sa = peer.establish()
    offer = sa.offer_child(group=19)
    own = offer.payloads[0].proposals[0]
    both = Proposal(1, ESP, own.spi, [*own.transforms, transform("x25519")])
    answer = sa.request(CREATE_CHILD_SA, *replaced(offer.payloads, SA(both)))
    assert answer.notified("INVALID_KE_PAYLOAD").data == bytes([0, 31])
    sa.create_child(group=31).ping()


@requirement("RFC7296-3.4-05")
def test_another_group_is_asked_for_when_the_ike_sa_is_rekeyed(peer):
    """KE of a group that is offered but not allowed: INVALID_KE_PAYLOAD, and a second request is taken. RFC 7296 3.4,
    1.3.2"""
    sa = peer.establish()
    offer = sa.offer_rekey(group=19)
    own = offer.payloads[0].proposals[0]
    both = Proposal(1, IKE, own.spi, [*own.transforms, transform("ecp256")])
    answer = sa.request(CREATE_CHILD_SA, *replaced(offer.payloads, SA(both)))
    assert answer.notified("INVALID_KE_PAYLOAD").data == bytes([0, 31])
    sa.rekey().liveness()


@requirement("RFC7296-3.4-04")
@needs("rekey-by-command")
def test_no_group_no_ke(peer):
    """A Child SA whose proposals have no group is rekeyed without KE. RFC 7296 3.4"""
    sa = peer.establish()
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    groups = [t for one in request.proposals for t in one.transforms if t.kind == TransformType.KE and t.number]
    assert groups or request.first(PayloadType.KE) is None
    sa.accept_child(request)


@configuration(child={"proposals": ("aes256gcm16-x25519",)})
@needs("rekey-by-command")
@requirement("RFC7296-3.4-02", "RFC7296-3.3.2-03", "RFC7296-2.17-04")
def test_a_child_sa_is_rekeyed_with_its_own_key_exchange(peer):
    """Its group is proposed, KE is of that group, and the new keys come from both secrets. RFC 7296 3.4, 2.17"""
    sa = peer.establish()
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    assert [t.number for t in request.proposals[0].transforms if t.kind == TransformType.KE] == [31]
    assert request.first(PayloadType.KE).group == 31
    child = sa.accept_child(request)
    sa.accept_delete(sa.expect_request(INFORMATIONAL))
    child.ping()


@requirement("RFC7296-3.4-06")
def test_the_reserved_field_of_kei_is_ignored(responder):
    """KEi with it set is a KEi. RFC 7296 3.4, 2.5"""
    sa = responder.ike_sa()
    body = KE(sa.group, sa.public(sa.group)).body
    sa.take_init(sa.try_init(lambda payloads: replaced(payloads, known(PayloadType.KE, body[:2] + b"\xff\xff" + body[4:]))))
    sa.auth()


@requirement("RFC7296-3.4-06")
def test_the_reserved_field_of_ker_is_ignored(initiator):
    """KEr with it set is a KEr. RFC 7296 3.4, 2.5"""
    sa = initiator.call()
    good = sa.init_response_payloads()
    body = next(p.body for p in good if p.kind == PayloadType.KE)
    sa.accept_init(*replaced(good, known(PayloadType.KE, body[:2] + b"\xff\xff" + body[4:])))
    sa.check_proof(sa.expect_request(IKE_AUTH))


@requirement("RFC7296-3.4-01")
@configuration(proposals=BOTH)
@each("case", "one octet less", "one octet more", "empty")
def test_a_public_value_of_no_use_begins_no_ike_sa(responder, case):
    """KEi of another length than its group's is refused or ignored. RFC 7296 3.4"""
    sa = use(responder.ike_sa(proposals=("aes256gcm16-prfsha256-ecp256",)), 19)
    good = sa.public(19)
    data = {"one octet less": good[:-1], "one octet more": good + b"\0", "empty": b""}[case]
    sa.send_init(*replaced(sa.init_payloads(), KE(19, data)))
    sa.prove_chance()
    assert not [one for one in sa.inbox if one.first(PayloadType.SA) is not None]


@requirement("RFC7296-3.4-01")
@configuration(proposals=BOTH)
def test_a_point_of_no_curve_begins_no_ike_sa(responder):
    """KEi is no point of the curve, but one of order two of another: whoever does not look has one of two secrets, which
    we know. It may be looked at as late as IKE_AUTH, where the secret is used. RFC 7296 3.4, RFC 6989 2.3, 2.4"""
    for _ in range(4):
        sa = use(responder.ike_sa(proposals=("aes256gcm16-prfsha256-ecp256",)), 19)
        x = sa.public(19)[:32]
        sent = sa.send_init(*replaced(sa.init_payloads(), KE(19, x + bytes(32))))
        sa.prove_chance()
        for answer in [one for one in sa.inbox if one.first(PayloadType.SA) is not None]:
            sa.inbox.remove(answer)
            sa.take_init(answer)
            sa.take_keys(Keymat.first(sa.choice, x, sa.ni, sa.nr, sa.spi_i, sa.spi_r))
            sa.expect_no_success(sa.send_auth(), "its public value is no point of the curve")
        assert not responder.status().established()


@requirement("RFC7296-3.4-05")
def test_ke_of_another_group_than_chosen_begins_no_ike_sa(initiator):
    """KEr is of another group than SAr1 says: no IKE_AUTH follows. RFC 7296 3.4, 1.2"""
    sa = initiator.call()
    sa.answer(sa.init_request, *replaced(sa.init_response_payloads(), KE(19, sa.public(19))))
    sa.prove_chance()
    assert not [one for one in sa.received if one.exchange == IKE_AUTH] and not sa.problems


@requirement("RFC7296-2.14-03")
@configuration(proposals=("aes256gcm16-prfsha256-modp2048",))
@needs("ke-modp")
def test_the_shared_secret_is_padded_to_the_modulus(initiator):
    """We choose our number so that g^ir begins with zeros: the keys are those of the padded secret. RFC 7296 2.14"""
    sa = initiator.call()
    sa.private[14] = short_secret(initiator.draws, "modp2048", sa.init_request.first(PayloadType.KE).data)
    sa.accept_init()
    sa.check_proof(sa.expect_request(IKE_AUTH))


@requirement("RFC7296-2.14-03", "RFC7296-2.18-05")
@configuration(proposals=("aes256gcm16-prfsha256-modp2048",))
@needs("ke-modp", "rekey-by-command")
def test_the_new_shared_secret_of_a_rekey_is_padded_to_the_modulus(peer):
    """The same when the peer rekeys the IKE SA. RFC 7296 2.14, 2.18"""
    sa = peer.establish()
    peer.rekey("ike")
    request = sa.expect_request(CREATE_CHILD_SA)
    reply = sa.reply_rekey(request)
    reply.private[14] = short_secret(peer.draws, "modp2048", request.first(PayloadType.KE).data)
    reply.payloads = replaced(reply.payloads, KE(14, public_value("modp2048", reply.private[14])))
    sa.answer(request, *reply.payloads)
    new = reply.ike_sa()
    sa.accept_delete(sa.expect_request(INFORMATIONAL))
    new.liveness()
