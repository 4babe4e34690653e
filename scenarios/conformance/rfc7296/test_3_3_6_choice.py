"""How a responder chooses among proposals. RFC 7296 3.3, 3.3.6, 2.7"""

from ikelab.conformance import *

NOBODYS = 65000  # a Transform ID of private use
UNKNOWN_TYPE = 200
MANY = ("aes256gcm16-aes128gcm16-prfsha256-prfsha384-x25519-ecp256", "aes256-aes128-sha256-sha512-x25519-ecp256")
GOOD = "aes256gcm16-prfsha256-x25519"
KEY_LENGTH_256 = bytes.fromhex("800e0100")


def refusal(sa, *proposals, kind=IKE):
    """The answer to an IKE_SA_INIT with these proposals."""
    return sa.try_init(lambda payloads: replaced(payloads, SA(*proposals)))


def configured(*more, leave=None):
    """The transforms that are configured, without one type, and others."""
    return [t for t in proposal(GOOD).transforms if t.kind != leave] + list(more)


@requirement("RFC7296-3.3.6-01", "RFC7296-3.3.4-03", "RFC7296-3.3.4-04", "RFC7296-3.3.4-05")
@each("words", "aes128gcm16-prfsha256-x25519", "aes256gcm16-prfsha512-x25519", "aes256-sha256-x25519")
def test_what_policy_does_not_allow_is_refused(responder, words):
    """A suite that is not configured is refused by NO_PROPOSAL_CHOSEN. RFC 7296 3.3.4, 3.3.6"""
    refusal(responder.ike_sa(), proposal(words)).notified("NO_PROPOSAL_CHOSEN")


@requirement("RFC7296-3.3.6-01", "RFC7296-3.3.6-07", "RFC7296-3.3.3-03")
@each("missing", "ENCR", "PRF", "KE")
def test_a_proposal_without_a_mandatory_type_is_refused(responder, missing):
    """Without cipher, PRF or group a proposal for IKE is unacceptable. RFC 7296 3.3.3, 3.3.6"""
    answer = refusal(responder.ike_sa(), Proposal(1, IKE, b"", configured(leave=TransformType[missing])))
    assert answer.first(PayloadType.SA) is None and answer.notifies()


@requirement("RFC7296-2.7-04", "RFC7296-3.3.6-01")
def test_a_combined_mode_cipher_with_an_integrity_algorithm(responder):
    """Against 3.3 a proposal has AES-GCM and HMAC: it is refused, or accepted with one of each type, but not as if the type
    did not stand there. RFC 7296 2.7"""
    offered = configured(Transform(TransformType.INTEG, 12))
    answer = refusal(responder.ike_sa(), Proposal(1, IKE, b"", offered))
    if answer.first(PayloadType.SA) is None:
        answer.notified("NO_PROPOSAL_CHOSEN")
    else:
        assert sorted(t.kind for t in answer.proposals[0].transforms) == sorted(t.kind for t in offered)


@requirement("RFC7296-3.3.6-07", "RFC7296-3.3.6-02", "RFC7296-3.3.1-05", "RFC7296-3.3-01")
def test_the_next_proposal_is_considered_after_one_with_an_unknown_type(responder):
    """Proposal 1 has a transform type that nobody knows; proposal 2 is chosen, and by its number. RFC 7296 3.3.6"""
    sa = responder.ike_sa()
    answer = refusal(sa, Proposal(1, IKE, b"", configured(Transform(UNKNOWN_TYPE, 1))), proposal(GOOD, number=2))
    sa.take_init(answer)
    assert [one.number for one in answer.proposals] == [2]
    sa.auth()


@requirement("RFC7296-3.3.6-07")
def test_a_proposal_with_an_unknown_type_is_refused(responder):
    """When it is the only one, the answer is NO_PROPOSAL_CHOSEN. RFC 7296 3.3.6"""
    refusal(responder.ike_sa(), Proposal(1, IKE, b"", configured(Transform(UNKNOWN_TYPE, 1)))).notified("NO_PROPOSAL_CHOSEN")


@requirement("RFC7296-3.3.6-08", "RFC7296-3.3.6-03", "RFC7296-3.3-03")
@each("kind", "ENCR", "PRF", "KE")
def test_an_unknown_transform_does_not_spoil_its_proposal(responder, kind):
    """Of two transforms of a type the known one is chosen. RFC 7296 3.3.6"""
    sa = responder.ike_sa()
    answer = refusal(sa, Proposal(1, IKE, b"", [Transform(TransformType[kind], NOBODYS, 256 * (kind == "ENCR")), *configured()]))
    sa.take_init(answer)
    assert not [t for t in answer.proposals[0].transforms if t.number == NOBODYS]
    sa.auth()


@requirement("RFC7296-3.3.6-08", "RFC7296-3.3-04")
def test_a_transform_with_an_unknown_attribute_is_passed_over(responder):
    """The same cipher stands there twice, once with an attribute that nobody knows: the other is chosen. RFC 7296
    3.3.6"""
    sa = responder.ike_sa()
    strange = TransformWith(TransformType.ENCR, 20, 256, b"\xbf\xff\x00\x01")
    answer = refusal(sa, Proposal(1, IKE, b"", [strange, *configured()]))
    sa.take_init(answer)
    chosen = written_proposals(answer.first(PayloadType.SA))[0].transforms
    assert [one.kind for t in chosen for one in t.attributes] == [14]
    sa.auth()


@requirement("RFC7296-3.3.6-08")
@each("attribute", b"\xbf\xff\x00\x01", b"\x3f\xff\x00\x02ab")
def test_a_transform_with_an_unknown_attribute_is_refused(responder, attribute):
    """When there is no other of its type, nothing is chosen, be the attribute of fixed or of variable length. RFC 7296
    3.3.6"""
    strange = TransformWith(TransformType.ENCR, 20, 256, attribute)
    answer = refusal(responder.ike_sa(), Proposal(1, IKE, b"", configured(strange, leave=TransformType.ENCR)))
    answer.notified("NO_PROPOSAL_CHOSEN")


@requirement("RFC7296-3.3.5-06")
def test_aes_without_a_key_length_is_refused(responder):
    """A cipher of variable key length needs the Key Length attribute. RFC 7296 3.3.5"""
    bare = Transform(TransformType.ENCR, 20)
    refusal(responder.ike_sa(), Proposal(1, IKE, b"", configured(bare, leave=TransformType.ENCR))).notified("NO_PROPOSAL_CHOSEN")


@configuration(proposals=MANY)
@requirement("RFC7296-3.3.6-02", "RFC7296-3.3.6-03", "RFC7296-3.3.6-01", "RFC7296-3.3.6-04", "RFC7296-2.13-01")
def test_one_proposal_and_one_transform_of_each_type_is_chosen(responder):
    """Of two proposals with several transforms the answer is one, with its Key Length. RFC 7296 3.3.6"""
    sa = responder.ike_sa()
    answer = sa.init()
    kinds = [t.kind for one in answer.proposals for t in one.transforms]
    assert len(answer.proposals) == 1 and len(kinds) == len(set(kinds))
    assert sa.choice.key_octets in (16, 32)


@requirement("RFC7296-3.3.6-04", "RFC7296-2.13-01")
@configuration(proposals=MANY)
@each("words", "aes128gcm16-prfsha384-ecp256", "aes256gcm16-prfsha256-x25519", "aes128-sha256-x25519", "aes256-sha512-ecp256")
def test_the_chosen_transforms_come_back_unchanged(responder, words):
    """Attributes of the answer are those of the offer. RFC 7296 3.3.6"""
    answer = responder.ike_sa(proposals=(words,)).init()
    assert set(answer.proposals[0].transforms) == set(proposal(words).transforms)


@requirement("RFC7296-3.3.6-12", "RFC7296-3.3.3-02")
def test_none_as_group_of_a_child_sa_makes_ke_void(peer):
    """A Child SA is proposed with NONE and with a group, and KE is there: who is configured without a group chooses NONE
    and sends no KE. RFC 7296 3.3.6"""
    sa = peer.establish()
    offer = sa.offer_child(group=31)
    own = offer.payloads[0].proposals[0]
    own = Proposal(1, ESP, own.spi, [*own.transforms, Transform(TransformType.KE, 0)])
    offer.payloads = replaced(offer.payloads, SA(own))
    answer = sa.request(CREATE_CHILD_SA, *offer.payloads)
    child = offer.take(answer)
    assert (answer.first(PayloadType.KE) is None) is (child.choice.ke == "")
    child.ping()


@requirement("RFC7296-3.3.3-02", "RFC7296-3.3-09")
def test_none_as_integrity_beside_a_combined_mode_cipher_is_taken(responder):
    """NONE proposed and the type left out mean the same. RFC 7296 3.3, 3.3.3"""
    sa = responder.ike_sa()
    answer = refusal(sa, Proposal(1, IKE, b"", configured(Transform(TransformType.INTEG, 0))))
    sa.take_init(answer)
    sa.auth()


@requirement("RFC7296-3.3.3-02", "RFC7296-3.3.3-01")
@each("kind", "INTEG", "KE")
def test_none_of_an_optional_type_is_taken_for_esp(peer, kind):
    """NONE as integrity of a combined-mode cipher, or as group, is as if the type were not there. RFC 7296 3.3.3"""
    sa = peer.establish()
    offer = sa.offer_child(group=0)
    own = offer.payloads[0].proposals[0]
    offer.payloads = replaced(offer.payloads, SA(Proposal(1, ESP, own.spi, [*own.transforms, Transform(TransformType[kind], 0)])))
    offer.take(sa.request(CREATE_CHILD_SA, *offer.payloads)).ping()


@requirement("RFC7296-3.3.1-02", "RFC7296-3.3.2-02")
def test_reserved_octets_of_proposals_and_transforms_are_ignored(responder):
    """An offer with all of them set is answered as any other. RFC 7296 3.3.1, 3.3.2"""
    sa = responder.ike_sa()
    good = proposal(GOOD)
    subs = [transform_sub(t.kind, t.number, KEY_LENGTH_256 if t.key_length else b"", reserved=0xFF) for t in good.transforms]
    offered = known(PayloadType.SA, proposal_sub(1, IKE, b"", *subs, reserved=0xFF).octets())
    sa.take_init(sa.try_init(lambda payloads: replaced(payloads, offered)))
    sa.auth()


@requirement("RFC7296-3.3.1-02", "RFC7296-3.3.2-02")
def test_reserved_octets_of_the_answer_are_ignored(initiator):
    """A choice with all of them set is taken. RFC 7296 3.3.1, 3.3.2"""
    sa = initiator.call()
    good = sa.init_response_payloads()
    subs = [transform_sub(t.kind, t.number, KEY_LENGTH_256 if t.key_length else b"", reserved=0xFF)
            for t in good[0].proposals[0].transforms]
    sa.accept_init(*replaced(good, known(PayloadType.SA, proposal_sub(1, IKE, b"", *subs, reserved=0xFF).octets())))
    sa.check_proof(sa.expect_request(IKE_AUTH))


def malformed(spi):
    """Bodies of SA payloads in which lengths and counts do not agree, by what is wrong."""
    cipher, esn = transform_sub(1, 20, KEY_LENGTH_256, last=3), transform_sub(5, 0)
    inner = cipher.octets() + esn.octets()
    whole = proposal_sub(1, ESP, spi, transform_sub(1, 20, KEY_LENGTH_256), transform_sub(5, 0)).octets()
    short, long = bytearray(whole), bytearray(whole)
    short[3] -= 4
    long[3] += 4
    return {
        "proposal too short": bytes(short), "proposal too long": bytes(long),
        "too many transforms": proposal_sub(1, ESP, spi, cipher, transform_sub(5, 0), count=3).octets(),
        "too few transforms": proposal_sub(1, ESP, spi, transform_sub(1, 20, KEY_LENGTH_256), transform_sub(5, 0),
                                           count=1).octets(),
        "transform too long": whole[:-len(inner)] + transform_sub(1, 20, KEY_LENGTH_256, last=3, length=200).octets()
        + esn.octets(),
        "transform shorter than its head": whole[:-len(inner)] + transform_sub(1, 20, KEY_LENGTH_256, last=3,
                                                                               length=3).octets() + esn.octets(),
        "attribute too long": proposal_sub(1, ESP, spi, transform_sub(1, 20, b"\x00\x0e\x00\x40"), transform_sub(5, 0)).octets(),
        "attribute of another transform too long": proposal_sub(1, ESP, spi, transform_sub(1, 20, KEY_LENGTH_256), transform_sub(
            1, 20, b"\x00\x0e\x00\x40"), transform_sub(5, 0)).octets(),
        "SPI beyond the end": whole[:6] + b"\xf0" + whole[7:],
        "octets behind the last": whole + b"\x00\x00",
        "nothing": b"",
    }


@requirement("RFC7296-3.3-05", "RFC7296-2.21.3-01")
@each("wrong", *malformed(bytes(4)))
def test_an_sa_payload_whose_lengths_do_not_agree_is_refused(peer, wrong):
    """A Child SA is not made of it, and the answer says that the message is wrong. RFC 7296 3.3, 2.21.3"""
    sa = peer.establish()
    offer = sa.offer_child(group=0)
    answer = sa.request(CREATE_CHILD_SA, *replaced(offer.payloads, Raw(PayloadType.SA, malformed(offer.spi)[wrong])))
    assert answer.first(PayloadType.SA) is None
    assert set(answer.notifies()) & {"INVALID_SYNTAX", "NO_PROPOSAL_CHOSEN"}, f"{answer}"


@requirement("RFC7296-3.3-05")
@each("wrong", *malformed(bytes(4)))
def test_an_sa_payload_whose_lengths_do_not_agree_begins_no_ike_sa(responder, wrong):
    """IKE_SA_INIT with it is refused or ignored. RFC 7296 3.3"""
    sa = responder.ike_sa()
    sa.send_init(*replaced(sa.init_payloads(), Raw(PayloadType.SA, malformed(b"")[wrong])))
    sa.prove_chance()
    assert not [one for one in sa.inbox if one.first(PayloadType.SA) is not None]


@configuration(proposals=MANY)
@requirement("RFC7296-5-02")
@each("weak", "null cipher", "no integrity")
def test_what_protects_nothing_is_refused(responder, weak):
    """ENCR_NULL, or CBC with NONE as integrity, is not chosen for IKE. RFC 7296 5"""
    prf, group, integrity = transform("prfsha256"), transform("x25519"), transform("sha256")
    found = {"null cipher": [Transform(1, 11), prf, integrity, group],
             "no integrity": [transform("aes256"), prf, Transform(3, 0), group]}[weak]
    refusal(responder.ike_sa(), Proposal(1, IKE, b"", found)).notified("NO_PROPOSAL_CHOSEN")


@requirement("RFC7296-5-02")
def test_cbc_without_any_integrity_is_refused(responder):
    """A cipher that does not protect integrity needs a transform that does. RFC 7296 5, 3.3.3"""
    found = [transform("aes256"), transform("prfsha256"), transform("x25519")]
    refusal(responder.ike_sa(), Proposal(1, IKE, b"", found)).notified("NO_PROPOSAL_CHOSEN")


@requirement("RFC7296-3.3.5-07", "RFC7296-3.3.5-08")
@configuration(proposals=("aes128gcm16-prfsha256-x25519",))
def test_a_longer_key_than_configured_is_taken(responder):
    """Who is configured with 128 bits ought to accept 256 as well. RFC 7296 3.3.5"""
    answer = refusal(responder.ike_sa(), proposal(GOOD))
    assert answer.first(PayloadType.SA) is not None, "a key longer than configured is refused"
