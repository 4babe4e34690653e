from ikelab.conformance import *

HOST, ANOTHER = "10.1.0.1", "10.2.0.77"  # the second policy is the first for these two
TWO_POLICIES = [{"name": "hosts", "local_ts": ("10.1.0.1",), "remote_ts": ("10.2.0.1",)},
                {"name": "networks", "local_ts": ("10.1.0.0/24",), "remote_ts": ("10.2.0.0/24",), "start": "traffic"}]


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


@needs("reauthentication", "several-children", "acquire")
@configuration(children=TWO_POLICIES)
@requirement("RFC7296-2.8.3-01")
def test_reauthentication_brings_every_child_sa_anew(initiator):
    """With two Child SAs of two policies: the new IKE SA has both, of which none rekeys another, before or after the old one is
    deleted. RFC 7296 2.8.3"""
    old = initiator.establish()
    with initiator.host_socket_to(HOST, ANOTHER, 6040) as talk:
        talk.send(b"wants the second Child SA")
    old.accept_child(old.expect_request(CREATE_CHILD_SA))
    old.liveness()
    initiator.reauthenticate()
    new = initiator.expect_call()
    new.accept_init()
    new.accept_auth(new.expect_request(IKE_AUTH))
    request = new.expect_request(CREATE_CHILD_SA)
    assert "REKEY_SA" not in request.notifies()
    new.accept_child(request)
    old.accept_delete(old.expect_request(INFORMATIONAL))
    new.liveness()
    assert old.deleted and len(new.children) == 2
    new.children[0].ping()
