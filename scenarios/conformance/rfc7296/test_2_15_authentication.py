from ikelab.conformance import *

LONG = "sixty-four octets of printable ASCII: 0123456789 abcdefghijklmnop"


@configuration(cookie_threshold=0)
@requirement("RFC7296-2.15-02", "RFC7296-2.15-01")
def test_with_a_cookie_the_second_request_is_signed(responder):
    """AUTH of both is over the IKE_SA_INIT request with the cookie. RFC 7296 2.15, 2.6"""
    responder.require("cookie-always")
    sa = responder.ike_sa()
    sa.init()
    assert sa.cookie is not None
    sa.auth()


@requirement("RFC7296-2.15-02", "RFC7296-2.15-01")
def test_with_a_cookie_the_initiator_signs_its_second_request(initiator):
    """AUTH is over the IKE_SA_INIT request with the cookie. RFC 7296 2.15, 2.6"""
    sa = initiator.call()
    sa.answer(sa.init_request, N("COOKIE", b"a cookie"), spi_r=bytes(8))
    sa.expect_request(IKE_SA_INIT)
    sa.accept_init()
    request = sa.expect_request(IKE_AUTH)
    sa.accept_auth(request)
    sa.liveness()


@configuration(proposals=("aes256gcm16-prfsha256-x25519-ecp256",))
@requirement("RFC7296-2.15-02", "RFC7296-2.15-01")
def test_with_another_group_the_initiator_signs_its_second_request(initiator):
    """AUTH is over the IKE_SA_INIT request with the other KE. RFC 7296 2.15, 1.2"""
    sa = initiator.call(proposals=("aes256gcm16-prfsha256-ecp256",))
    sa.answer(sa.init_request, N("INVALID_KE_PAYLOAD", bytes([0, 19])), spi_r=bytes(8))
    assert sa.expect_request(IKE_SA_INIT).first(PayloadType.KE).group == 19
    sa.accept_init()
    sa.accept_auth(sa.expect_request(IKE_AUTH))
    sa.liveness()


@requirement("RFC7296-2.15-02")
def test_with_another_group_our_second_request_is_signed(responder):
    """The first IKE_SA_INIT of ours was refused by INVALID_KE_PAYLOAD and is not signed. RFC 7296 2.15, 1.2"""
    sa = responder.ike_sa(proposals=("aes256gcm16-prfsha256-ecp256-x25519",))
    sa.init()
    assert sa.group == 31
    sa.auth()


@requirement("RFC7296-2.15-01", "RFC7296-2.15-08", "RFC7296-2.21.2-01", "RFC7296-2.21.2-02")
@each("wrong", "another key", "the other side's message", "own nonce", "another identity", "no key pad", "SK_pr",
      "empty", "one octet short")
def test_a_wrong_proof_of_the_initiator_is_refused(responder, wrong):
    """AUTH over other octets or by another key than it has to be: AUTHENTICATION_FAILED, protected, and no IKE SA. RFC
    7296 2.15, 2.21.2"""
    sa = responder.initialised()
    sent = sa.send_auth(*replaced(sa.auth_payloads(), AUTH(2, wrong_proof(sa, wrong))))
    answer = sa.expect_response(sent)
    answer.notified("AUTHENTICATION_FAILED")
    assert answer.encrypted is not None and answer.first(PayloadType.AUTH) is None
    assert not responder.status().established()


@requirement("RFC7296-2.15-01", "RFC7296-2.15-08", "RFC7296-2.21.2-01")
@each("wrong", "another key", "the other side's message", "own nonce", "another identity", "no key pad", "SK_pr",
      "empty", "one octet short")
def test_a_wrong_proof_of_the_responder_is_refused(initiator, wrong):
    """An IKE_AUTH response with such an AUTH makes neither IKE SA nor Child SA. RFC 7296 2.15, 2.21.2"""
    sa = initiator.initialised()
    payloads = sa.auth_response_payloads(sa.auth_request)
    sa.answer(sa.auth_request, *replaced(payloads, AUTH(2, wrong_proof(sa, wrong))))
    sa.prove_chance()
    status = initiator.status()
    assert not status.established() and not status.installed()


def wrong_proof(sa, wrong):
    """What AUTH must not be."""
    psk, identity = sa.spec.psk.encode(), sa.identity()
    right = sa.signed_octets(True, identity)
    own_init, other_init = sa.init_octets if sa.initiator else sa.init_octets[::-1]
    peers_nonce, own_nonce = (sa.nr, sa.ni) if sa.initiator else (sa.ni, sa.nr)
    maced = right[len(own_init) + len(peers_nonce) :]
    by_key = sa.keymat.shared_key_auth
    if wrong == "no key pad":
        return prf(sa.keymat.choice.prf, psk, right)
    if wrong == "SK_pr":
        key = sa.keymat.sk["SK_pr" if sa.initiator else "SK_pi"]
        return by_key(psk, own_init + peers_nonce + prf(sa.keymat.choice.prf, key, identity.body))
    return {"another key": lambda: by_key(b"not " + psk, right),
            "the other side's message": lambda: by_key(psk, other_init + peers_nonce + maced),
            "own nonce": lambda: by_key(psk, own_init + own_nonce + maced),
            "another identity": lambda: by_key(psk, sa.signed_octets(True, sa.identity(own=False))),
            "empty": lambda: b"", "one octet short": lambda: by_key(psk, right)[:-1]}[wrong]()


@requirement("RFC7296-2.21.2-01", "RFC7296-2.21.2-02")
@each("case", "method 1", "method 13", "method 200", "AUTH missing", "identity of nobody")
def test_another_authentication_than_agreed_is_refused(responder, case):
    """Another method, no AUTH at all (which asks for EAP), or an identity that nobody has: AUTHENTICATION_FAILED, and no
    IKE SA. RFC 7296 2.21.2, 2.16"""
    sa = responder.initialised(**({"local_id": "nobody.example.org"} if case == "identity of nobody" else {}))
    payloads = sa.auth_payloads()
    if case == "AUTH missing":
        payloads = without(payloads, PayloadType.AUTH)
    elif case.startswith("method"):
        proof = next(p for p in payloads if p.kind == PayloadType.AUTH)
        payloads = replaced(payloads, AUTH(int(case.split()[1]), proof.body[4:]))
    answer = sa.expect_response(sa.send_auth(*payloads))
    assert answer.encrypted is not None and answer.first(PayloadType.SA) is None
    assert not responder.status().established()
    with responder.should("RFC7296-2.21.2-01"):  # INVALID_SYNTAX says as well that a value is out of range (3.10.1)
        answer.notified("AUTHENTICATION_FAILED")


@requirement("RFC7296-2.21.2-01")
@each("case", "method 1", "AUTH missing", "IDr missing", "identity of nobody", "EAP in place of a proof")
def test_another_authentication_of_the_responder_is_refused(initiator, case):
    """Another method, no AUTH, no identity or another, or EAP that was not asked for: no IKE SA. RFC 7296 2.15, 2.16"""
    sa = initiator.initialised(**({"local_id": "nobody.example.org"} if case == "identity of nobody" else {}))
    payloads = sa.auth_response_payloads(sa.auth_request)
    proof = next(p for p in payloads if p.kind == PayloadType.AUTH)
    payloads = {"method 1": replaced(payloads, AUTH(1, proof.body[4:])), "AUTH missing": without(payloads, PayloadType.AUTH),
                "IDr missing": without(payloads, PayloadType.IDr), "identity of nobody": payloads,
                "EAP in place of a proof": [payloads[0], EAP(1, 1, b"\x01")]}[case]
    sa.answer(sa.auth_request, *payloads)
    sa.prove_chance()
    status = initiator.status()
    assert not status.established() and not status.installed()


@configuration(psk=LONG)
@requirement("RFC7296-2.15-04", "RFC7296-2.15-05")
def test_a_shared_key_of_64_octets_of_text(peer):
    """It is taken octet by octet. HMAC pads shorter keys with zeros; with this one a terminator would make another AUTH.
    RFC 7296 2.15"""
    assert len(LONG) >= 64
    peer.establish().liveness()


@configuration(psk="0x00ff10203040506070808090a0b0c0d0e0f07f0a")
@requirement("RFC7296-2.15-06")
def test_a_shared_key_in_hexadecimal(peer):
    """Octets that are no text, zero among them. RFC 7296 2.15"""
    peer.establish().liveness()


@requirement("RFC7296-3.8-03", "RFC7296-3.5-01")
def test_reserved_octets_of_identities_and_proofs_are_zero(peer):
    """Three each in IDi or IDr and in AUTH. RFC 7296 3.5, 3.8"""
    found = payloads_of(life(peer), PayloadType.IDi, PayloadType.IDr, PayloadType.AUTH)
    assert len(found) >= 2
    assert all(one.body[1:4] == bytes(3) for one in found)


@requirement("RFC7296-3.8-04", "RFC7296-3.5-02")
def test_reserved_octets_of_identities_and_proofs_are_ignored_by_the_responder(responder):
    """Set in IDi, IDr and AUTH they change nothing; IDi is signed as it was sent. RFC 7296 3.5, 3.8, 2.15"""
    sa = responder.initialised()
    assert sa.auth(*with_reserved(sa, sa.auth_payloads())) is not None


@requirement("RFC7296-3.8-04", "RFC7296-3.5-02")
def test_reserved_octets_of_identities_and_proofs_are_ignored_by_the_initiator(initiator):
    """Set in IDr and AUTH they change nothing; IDr is signed as it was sent. RFC 7296 3.5, 3.8, 2.15"""
    sa = initiator.initialised()
    sa.accept_auth(sa.auth_request, *with_reserved(sa, sa.auth_response_payloads(sa.auth_request)))
    sa.liveness()
    sa.children[0].ping()


def with_reserved(sa, payloads):
    """The same with the reserved octets of identities and AUTH set, and the proof over them as they are."""
    def marked(one):
        return known(one.kind, one.body[:1] + b"\xff\xff\xff" + one.body[4:])

    identity = marked(sa.identity())
    found = [marked(one) if one.kind in (PayloadType.IDi, PayloadType.IDr) else one for one in payloads]
    return replaced(found, marked(sa.proof(identity)[0]))
