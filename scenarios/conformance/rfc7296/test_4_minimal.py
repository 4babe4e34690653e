"""What every implementation has to be able to do, and to bear with others that can do no more. RFC 7296 4"""

from ikelab.conformance import *


@requirement("RFC7296-4-03")
def test_four_messages_set_up_an_ike_sa_and_a_pair(peer):
    """Two requests, two responses, and packets pass in both directions. RFC 7296 4, 1.2"""
    sa = peer.establish()
    sa.children[0].ping()
    firsts = [one for one in sa.received if one.exchange in (IKE_SA_INIT, IKE_AUTH)]
    assert [one.exchange for one in firsts] == [IKE_SA_INIT, IKE_AUTH]
    assert len(peer.status().installed()) == 1


@requirement("RFC7296-4-01", "RFC7296-4-05")
@each("payload", "CP", "EAP", "CERT", "CERTREQ", "KE", "AUTH", "TSi", "SK of fragments")
def test_a_payload_of_no_use_is_parsed_and_skipped(peer, payload):
    """One that has no place in INFORMATIONAL, not critical: the request is answered, be it with an error. RFC 7296 4"""
    one = {"CP": CP(1, (7, b"")), "EAP": EAP(1, 1, b"\x01"), "CERT": CERT(b"of somebody"), "CERTREQ": CERTREQ(bytes(20)),
           "KE": KE(31, bytes(range(32))), "AUTH": AUTH(2, bytes(32)), "TSi": TSi("10.1.0.0/24"),
           "SK of fragments": Raw(201, bytes(8))}[payload]
    sa = peer.establish()
    answer = sa.request(INFORMATIONAL, one)
    assert "UNSUPPORTED_CRITICAL_PAYLOAD" not in answer.notifies()


@requirement("RFC7296-4-05")
def test_an_empty_informational_request_is_answered(peer):
    """By an empty response. RFC 7296 4, 1.4"""
    assert peer.establish().request(INFORMATIONAL).payloads == []


@requirement("RFC7296-4-02")
@each("exchange", "IKE_SA_INIT", "CREATE_CHILD_SA")
def test_messages_with_unknown_critical_payloads_are_refused(responder, exchange):
    """Wherever they are, nothing comes about by them. RFC 7296 4, 2.5"""
    strange = Raw(200, b"who knows", critical=True)
    if exchange == "IKE_SA_INIT":
        sa = responder.ike_sa()
        sa.send_init(*sa.init_payloads(), strange)
        sa.prove_chance()
        assert not [one for one in sa.inbox if one.first(PayloadType.SA) is not None]
    else:
        sa = responder.establish()
        answer = sa.request(CREATE_CHILD_SA, *sa.offer_child().payloads, strange)
        answer.notified("UNSUPPORTED_CRITICAL_PAYLOAD")
        assert answer.first(PayloadType.SA) is None


@requirement("RFC7296-4-06")
def test_an_empty_response_to_a_delete_is_borne(peer):
    """A minimal implementation answers every INFORMATIONAL request so: the Child SA goes all the same. RFC 7296 4"""
    sa = peer.establish()
    peer.delete("child")
    request = sa.expect_request(INFORMATIONAL)
    sa.answer(request)
    sa.liveness()
    sa.prove_chance()
    assert not peer.status().installed()


@needs("rekey-by-command")
@requirement("RFC7296-4-07", "RFC7296-4-10")
def test_a_refusal_of_all_further_sas_is_borne(peer):
    """Its rekey of the Child SA is answered by NO_ADDITIONAL_SAS: the old one goes on, or it is deleted and all is begun
    anew. RFC 7296 4"""
    sa = peer.establish()
    peer.rekey("child")
    sa.answer(sa.expect_request(CREATE_CHILD_SA), N("NO_ADDITIONAL_SAS"))
    sa.prove_chance()
    deleted = [one for one in sa.inbox if payloads_of([one], PayloadType.D)]
    if not deleted:
        sa.liveness()
        sa.children[0].ping()


@needs("rekey-by-command")
@requirement("RFC7296-4-07", "RFC7296-4-10")
def test_a_refusal_to_rekey_the_ike_sa_is_borne(peer):
    """Its rekey of the IKE SA is answered by NO_ADDITIONAL_SAS: the old one goes on, or it is deleted. RFC 7296 4"""
    sa = peer.establish()
    peer.rekey("ike")
    sa.answer(sa.expect_request(CREATE_CHILD_SA), N("NO_ADDITIONAL_SAS"))
    sa.prove_chance()
    if not any(one.deletes_ike_sa for one in sa.inbox):
        sa.liveness()


@requirement("RFC7296-4-09")
def test_delete_and_begin_anew(responder):
    """Who does not rekey deletes the IKE SA and sets up another one, at once. RFC 7296 4, 2.8"""
    first = responder.establish()
    first.delete()
    second = responder.establish()
    second.children[0].ping()
    assert len(responder.status().established()) == 1


@requirement("RFC7296-4-08")
def test_an_ike_sa_is_renewed_by_create_child_sa(peer):
    """And its Child SA as well, on the new one. RFC 7296 4, 2.8"""
    new = peer.establish().rekey()
    new.rekey_child().ping()
