"""Errors: in IKE_SA_INIT, in IKE_AUTH, later, and outside of any IKE SA. RFC 7296 2.21"""

from ikelab.conformance import *

UNKNOWN = 200  # a payload type that nobody has
ABOUT_THE_CHILD_SA = ("NO_PROPOSAL_CHOSEN", "TS_UNACCEPTABLE", "SINGLE_PAIR_REQUIRED", "INTERNAL_ADDRESS_FAILURE",
                      "FAILED_CP_REQUIRED", "NO_ADDITIONAL_SAS")


def no_ike_auth(sa):
    """Whoever has failed in IKE_SA_INIT does not go on, however long it has to calculate beside its answers."""
    for _ in range(3):
        sa.prove_chance()
    return not [one for one in sa.received if one.exchange == IKE_AUTH] and not sa.problems


# ---- 2.21.1 ----

@requirement("RFC7296-2.21.1-02")
@each("error", "NO_PROPOSAL_CHOSEN", "INVALID_SYNTAX", "INVALID_MAJOR_VERSION")
def test_a_forged_error_does_not_end_the_attempt(initiator, error):
    """An unprotected error comes first, and then the genuine response: the initiator goes on with that. RFC 7296
    2.21.1"""
    sa = initiator.call()
    sa.answer(sa.init_request, N(error), spi_r=bytes(8))
    sa.accept_init()
    sa.prove_chance()
    assert [one for one in sa.inbox if one.exchange == IKE_AUTH], "it has given up on the first answer"


@requirement("RFC7296-2.21.1-01")
def test_an_error_beside_all_else_means_that_it_failed(initiator):
    """A response with SA, KE and nonce, and an error notification as well, is no success. RFC 7296 2.21.1"""
    sa = initiator.call()
    sa.answer(sa.init_request, *sa.init_response_payloads(), N("NO_PROPOSAL_CHOSEN"))
    assert no_ike_auth(sa)


# ---- 2.21.2, the responder ----

@requirement("RFC7296-2.21.2-04", "RFC7296-2.21.2-05", "RFC7296-4-02")
@each("where", "first", "last")
def test_an_unknown_critical_payload_in_ike_auth_is_all_that_is_said(responder, where):
    """UNSUPPORTED_CRITICAL_PAYLOAD, nothing else, and no IKE SA. RFC 7296 2.21.2"""
    sa = responder.initialised()
    strange, payloads = Raw(UNKNOWN, b"who knows", critical=True), sa.auth_payloads()
    answer = sa.expect_response(sa.send_auth(*([strange, *payloads] if where == "first" else [*payloads, strange])))
    assert answer.notified("UNSUPPORTED_CRITICAL_PAYLOAD").data == bytes([UNKNOWN])
    assert len(answer.payloads) == 1 and answer.encrypted is not None
    assert not responder.status().established()


@requirement("RFC7296-2.21.2-04", "RFC7296-2.21.2-05")
@each("wrong", "length", "chain", "notification", "identity")
def test_a_malformed_ike_auth_is_all_that_is_said(responder, wrong):
    """INVALID_SYNTAX, nothing else, and no IKE SA. RFC 7296 2.21.2"""
    sa = responder.initialised()
    bad = {"length": odd(V(b"somebody"), length=3), "chain": odd(V(b"somebody"), next_payload=PayloadType.V),
           "notification": Raw(PayloadType.N, b"\x00\xff\x40\x00"), "identity": Raw(PayloadType.IDr, b"\x02")}[wrong]
    payloads = replaced(sa.auth_payloads(), bad) if wrong == "identity" else [*sa.auth_payloads(), bad]
    answer = sa.expect_response(sa.send_auth(*payloads))
    answer.notified("INVALID_SYNTAX")
    assert len(answer.payloads) == 1 and answer.encrypted is not None
    assert not responder.status().established()


@requirement("RFC7296-2.21.2-04", "RFC7296-2.21.2-02")
@each("missing", "IDi", "AUTH and SA")
def test_an_ike_auth_without_what_it_needs_is_refused(responder, missing):
    """No identity, or no proof: a protected error or nothing at all, and no IKE SA. RFC 7296 2.21.2, 2.21"""
    sa = responder.initialised()
    unwanted = {"IDi": (PayloadType.IDi,), "AUTH and SA": (PayloadType.AUTH, PayloadType.SA)}[missing]
    sa.send_auth(*without(sa.auth_payloads(), *unwanted))
    sa.prove_chance()
    for answer in sa.inbox:
        assert answer.encrypted is not None and answer.notifies() and answer.first(PayloadType.AUTH) is None
    assert not responder.status().established()


@requirement("RFC7296-2.21.2-09")
@each("error", "NO_PROPOSAL_CHOSEN", "TS_UNACCEPTABLE")
def test_a_child_sa_that_fails_leaves_the_ike_sa(responder, error):
    """IDr and AUTH come with the error, without SA and selectors; the IKE SA is there, and a Child SA can be had by
    CREATE_CHILD_SA. RFC 7296 2.21.2, 1.2"""
    sa = responder.initialised()
    payloads = sa.auth_payloads()
    bad = SA(Proposal(1, ESP, sa.child_spi, [Transform(1, 65000), Transform(5, 0)]))
    payloads = replaced(payloads, bad if error == "NO_PROPOSAL_CHOSEN" else TSr("198.18.0.0/24"))
    answer = sa.expect_response(sa.send_auth(*payloads))
    sa.check_proof(answer)
    answer.notified(error)
    assert not payloads_of([answer], PayloadType.SA, PayloadType.TSi, PayloadType.TSr)
    assert responder.status().established() and not responder.status().installed()
    sa.create_child().ping()


@requirement("RFC7296-2.21.2-01", "RFC7296-2.21.2-02", "RFC7296-2.21.3-03")
def test_after_authentication_failed_there_is_no_ike_sa(responder):
    """Without a Delete: what is sent on it afterwards is not answered under its keys. RFC 7296 2.21.2, 2.21"""
    sa = responder.initialised(psk="not the key that was agreed upon")
    sa.expect_response(sa.send_auth()).notified("AUTHENTICATION_FAILED")
    sa.send(INFORMATIONAL)
    sa.prove_chance()
    assert not [one for one in sa.inbox if one.encrypted is not None]


# ---- 2.21.2, the initiator ----

@requirement("RFC7296-2.21.2-06", "RFC7296-2.21.2-07")
@each("error", *ABOUT_THE_CHILD_SA)
def test_an_error_about_the_child_sa_is_none_about_the_peer(initiator, error):
    """IDr and AUTH with such an error: the IKE SA is established and answers, or is ended by a Delete. RFC 7296
    2.21.2"""
    sa = initiator.initialised()
    sa.accept_auth(sa.auth_request, *sa.auth_response_payloads(sa.auth_request, child=False), N(error))
    try:
        sa.liveness()
    except Unmet:
        assert any(one.deletes_ike_sa for one in sa.inbox), "neither an answer nor a Delete"
    requests = [one for one in sa.inbox if not one.header.response]
    assert not payloads_of(requests, PayloadType.N), "an error came in return"
    assert not initiator.status().installed()


@requirement("RFC7296-2.21.2-01", "RFC7296-3.10.1-01")
def test_authentication_failed_of_the_responder_is_believed(initiator):
    """AUTHENTICATION_FAILED in place of all else: neither IKE SA nor Child SA. RFC 7296 2.21.2"""
    sa = initiator.initialised()
    sa.answer(sa.auth_request, N("AUTHENTICATION_FAILED"))
    sa.prove_chance()
    assert not initiator.status().established() and not initiator.status().installed()


@requirement("RFC7296-2.21.2-03", "RFC7296-2.21-01")
def test_an_initiator_that_reports_a_failed_authentication_is_believed(responder):
    """AUTHENTICATION_FAILED in the INFORMATIONAL exchange that follows IKE_AUTH is answered, and the IKE SA goes. RFC 7296
    2.21.2"""
    sa = responder.establish()
    assert not sa.request(INFORMATIONAL, N("AUTHENTICATION_FAILED")).first(PayloadType.AUTH)
    sa.deleted = True
    sa.send(INFORMATIONAL)
    sa.prove_chance()
    assert not [one for one in sa.inbox if one.encrypted is not None], "the IKE SA is still there"


# ---- 2.21.3 ----

@requirement("RFC7296-2.21.3-03", "RFC7296-2.21.3-01", "RFC7296-2.21-02")
def test_invalid_syntax_ends_the_ike_sa_without_a_delete(peer):
    """After a request that was malformed nothing is answered under its keys, and no Delete comes. RFC 7296 2.21.3"""
    sa = peer.establish()
    sa.request(INFORMATIONAL, odd(V(b"somebody"), length=200)).notified("INVALID_SYNTAX")
    sa.deleted = True
    sa.send(INFORMATIONAL)
    sa.prove_chance()
    assert not [one for one in sa.inbox if one.encrypted is not None]
    status = peer.status()
    assert not status.established() and not status.installed()


@needs("rekey-by-command")
@requirement("RFC7296-2.21-03", "RFC7296-2.21.3-02")
@each("wrong", "chain", "nonce", "unknown critical", "selectors", "choice")
def test_an_error_in_a_response_is_not_reported(peer, wrong):
    """The answer to its rekey of a Child SA is wrong: what the peer then sends is a Delete or a new attempt, and no error
    notification. RFC 7296 2.21, 2.21.3"""
    sa = peer.establish()
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    good = sa.reply_child(request).payloads
    sa.answer(request, *{
        "chain": [odd(V(b"somebody"), next_payload=PayloadType.V)],
        "nonce": replaced(good, Raw(PayloadType.NONCE, b"short")),
        "unknown critical": [*good, Raw(UNKNOWN, b"", critical=True)],
        "selectors": replaced(good, TSr("198.18.0.0/24")),
        "choice": replaced(good, SA(Proposal(1, ESP, b"spi!", [Transform(1, 28), Transform(5, 0)])))}[wrong])
    sa.prove_chance()
    for one in sa.inbox:
        assert not [n for n in one.notifies().values() if n.is_error], f"{one} came of an error in a response"


# ---- 2.21.4 ----

@requirement("RFC7296-2.21.4-01")
@each("exchange", "IKE_AUTH", "INFORMATIONAL", "CREATE_CHILD_SA", "IKE_SA_INIT")
def test_a_response_of_no_ike_sa_is_not_answered(responder, exchange):
    """A message marked as a response, of SPIs that nobody knows. RFC 7296 2.21.4"""
    sa = responder.ike_sa()
    sa.spi_r = responder.draws.spi(8)
    sa.send(Exchange[exchange], N("INITIAL_CONTACT"), response=True, sealed=False, message_id=1)
    sa.expect_nothing("a response is not answered")


@requirement("RFC7296-2.21.4-02", "RFC7296-2.21.4-03", "RFC7296-2.21.4-04", "RFC7296-2.21.4-05")
@each("exchange", "IKE_AUTH", "INFORMATIONAL", "CREATE_CHILD_SA")
def test_a_request_of_no_ike_sa_is_answered_in_one_way_only(responder, exchange):
    """With nothing, or in the clear by INVALID_IKE_SPI, with its SPIs and Message ID, to where it came from. RFC 7296
    2.21.4"""
    sa = responder.ike_sa()
    sa.spi_r = responder.draws.spi(8)
    sa.port = sa.carrier.open_port()
    sa.send(Exchange[exchange], N("INITIAL_CONTACT"), sealed=False, message_id=5)
    sa.prove_chance()
    assert not sa.problems
    for one in sa.inbox:
        assert one.encrypted is None and one.header.response and one.exchange == Exchange[exchange]
        assert (one.header.spi_i, one.header.spi_r, one.message_id) == (sa.spi_i, sa.spi_r, 5)
        assert list(one.notifies()) == ["INVALID_IKE_SPI"] and one.arrived.port == sa.port


@requirement("RFC7296-2.21.4-06", "RFC7296-2.21.4-07")
@each("response", True, False)
def test_an_unprotected_invalid_ike_spi_changes_nothing(peer, response):
    """It is not answered, and IKE SA and Child SA stay; the peer may ask whether we are alive. RFC 7296 2.21.4"""
    sa = peer.establish()
    sa.send(INFORMATIONAL, N("INVALID_IKE_SPI"), sealed=False, response=response)
    sa.prove_chance()
    for one in list(sa.inbox):
        assert not one.header.response and one.encrypted is not None and one.payloads == [], f"{one}"
    sa.liveness()
    sa.children[0].ping()


@requirement("RFC7296-2.21.4-08")
def test_hints_that_something_is_wrong_do_not_make_the_peer_busy(peer):
    """Twenty unprotected INVALID_IKE_SPI make it ask at most once whether we are alive. RFC 7296 2.21.4"""
    sa = peer.establish()
    for number in range(20):
        sa.send(INFORMATIONAL, N("INVALID_IKE_SPI", bytes([number])), sealed=False, response=True)
    sa.prove_chance()
    assert len([one for one in sa.inbox if not one.header.response]) <= 1


@requirement("RFC7296-2.21.4-09")
def test_esp_of_an_unknown_spi_is_reported(peer):
    """By INVALID_SPI in an INFORMATIONAL exchange of the IKE SA that there is. RFC 7296 2.21.4, 1.5"""
    sa = peer.establish()
    child = sa.children[0]
    child.send(child.echo_request(), spi=b"\xde\xad\xbe\xef")
    sa.prove_chance()
    reports = [one for one in sa.inbox if "INVALID_SPI" in one.notifies()]
    assert reports, "nothing was said of it"
    assert reports[0].notifies()["INVALID_SPI"].data == b"\xde\xad\xbe\xef"


@requirement("RFC7296-2.21.4-10")
def test_a_suspicious_message_is_reported_on_the_ike_sa_that_there_is(peer):
    """From its address and port comes a request of SPIs that nobody knows: a notification follows in an INFORMATIONAL
    exchange. RFC 7296 2.21.4"""
    sa = peer.establish()
    sa.send(INFORMATIONAL, spi_i=sa.draws.spi(8), spi_r=sa.draws.spi(8))
    sa.prove_chance()
    assert [one for one in sa.inbox if one.exchange == INFORMATIONAL and one.notifies()], "nothing was said of it"
