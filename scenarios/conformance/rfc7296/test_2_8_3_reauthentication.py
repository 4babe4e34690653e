from ikelab.conformance import *


@needs("reauthentication")
@requirement("RFC7296-2.8.3-01")
def test_reauthentication_begins_from_scratch(initiator):
    """A new IKE SA by IKE_SA_INIT and IKE_AUTH, with a Child SA that rekeys none; then the old one is deleted, and nothing
    else is asked for. RFC 7296 2.8.3"""
    old = initiator.establish()
    initiator.reauthenticate()
    new = initiator.expect_call()
    new.accept_init()
    request = new.expect_request(IKE_AUTH)
    assert "REKEY_SA" not in request.notifies() and "INITIAL_CONTACT" not in request.notifies()
    new.accept_auth(request)
    farewell = old.expect_request(INFORMATIONAL)
    assert farewell.payloads == [D()]
    old.accept_delete(farewell)
    new.liveness()
    new.children[0].ping()
    assert not [one for one in new.inbox if one.exchange == CREATE_CHILD_SA]
