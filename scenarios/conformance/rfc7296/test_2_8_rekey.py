from ikelab.conformance import *


@requirement("RFC7296-2.8-12", "RFC7296-2.8-16")
def test_both_child_sas_carry_packets_until_the_old_one_is_deleted(peer):
    """The new Child SA takes packets at once, and the old one until its Delete. RFC 7296 2.8"""
    sa = peer.establish()
    old = sa.children[0]
    new = sa.create_child(rekey=old)
    new.ping()
    old.ping()
    sa.delete_child(old)
    new.ping()


@requirement("RFC7296-1.3.3-01", "RFC7296-1.3.3-02", "RFC7296-2.8-09")
def test_a_rekey_names_the_sa_and_deletes_it(peer):
    """Who rekeys a Child SA names it by its own inbound SPI, and deletes it afterwards. RFC 7296 1.3.3, 2.8"""
    sa = peer.establish()
    old = sa.children[0]
    peer.rekey("child")
    request = sa.expect_request(CREATE_CHILD_SA)
    named = request.notified("REKEY_SA")
    assert (named.protocol, named.spi) == (ESP, old.spi_out)
    sa.accept_child(request)
    deleted = sa.expect_request(INFORMATIONAL)
    assert deleted.payloads == [D(ESP, old.spi_out)]
    sa.accept_delete(deleted)


@requirement("RFC7296-2.8-08", "RFC7296-2.8-07", "RFC7296-2.18-01")
def test_child_sas_live_on_under_the_new_ike_sa(peer):
    """After a rekey of the IKE SA its Child SAs are those of the new one. RFC 7296 2.8"""
    sa = peer.establish()
    peer.rekey("ike")
    new = sa.accept_rekey(sa.expect_request(CREATE_CHILD_SA))
    farewell = sa.expect_request(INFORMATIONAL)
    assert farewell.payloads == [D()]
    sa.accept_delete(farewell)
    new.children[0].ping()
    new.delete_child(new.children[0])
