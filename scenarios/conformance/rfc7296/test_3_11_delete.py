from ikelab.conformance import *


@requirement("RFC7296-3.11-03", "RFC7296-3.11-04", "RFC7296-3.11-01", "RFC7296-3.11-02")
def test_deletes_of_a_life(peer):
    """For IKE SPI Size and number are zero; for ESP the size is four; one protocol a payload. RFC 7296 3.11"""
    found = payloads_of(life(peer), PayloadType.D)
    assert {one.protocol for one in found} == {IKE, ESP}
    for one in found:
        if one.protocol == IKE:
            assert one.body == bytes([IKE, 0, 0, 0])
        else:
            assert one.body[:2] == bytes([ESP, 4]) and len(one.spis) == (len(one.body) - 4) // 4 > 0


@requirement("RFC7296-3.11-03", "RFC7296-3.11-04")
def test_the_delete_that_the_peer_is_told_to_send(peer):
    """Of the IKE SA: protocol 1, no SPIs. RFC 7296 3.11"""
    sa = peer.establish()
    peer.delete("ike")
    request = sa.expect_request(INFORMATIONAL)
    assert [one.body for one in request.payloads if one.kind == PayloadType.D] == [bytes([1, 0, 0, 0])]
    sa.accept_delete(request)


@requirement("RFC7296-3.11-03", "RFC7296-3.11-01")
def test_the_delete_of_a_child_sa_that_the_peer_is_told_to_send(peer):
    """Of its Child SA: protocol 3 and the SPI that it receives by. RFC 7296 3.11, 1.4.1"""
    sa = peer.establish()
    child = sa.children[0]
    peer.delete("child")
    request = sa.expect_request(INFORMATIONAL)
    assert D(ESP, child.spi_out) in request.payloads
    sa.accept_delete(request)


@requirement("RFC7296-3.11-01", "RFC7296-3.11-03", "RFC7296-4-05")
def test_several_child_sas_go_by_one_delete(peer):
    """Two SPIs in one payload: both pairs go, and the response names both other halves. RFC 7296 3.11, 1.4.1"""
    peer.require("several-children")
    sa = peer.establish()
    first, second = sa.children[0], sa.create_child()
    answer = sa.request(INFORMATIONAL, D(ESP, first.spi_in, second.spi_in))
    gone = {spi for one in answer.payloads if one.kind == PayloadType.D for spi in one.spis}
    assert gone == {first.spi_out, second.spi_out}
    sa.children.clear()
    sa.liveness()


@requirement("RFC7296-2.25.1-07")
def test_a_delete_of_an_unknown_spi_is_answered_without_a_delete(peer):
    """And the Child SA that there is stays. RFC 7296 2.25.1"""
    sa = peer.establish()
    answer = sa.request(INFORMATIONAL, D(ESP, b"\xde\xad\xbe\xef"))
    sa.children[0].ping()
    assert not payloads_of([answer], PayloadType.D)


@requirement("RFC7296-2.21.3-01", "RFC7296-2.21-02")
@each("body", b"", b"\x03\x04", b"\x03\x04\x00\x02abcd", b"\x03\x04\x00\x00abcd", b"\x03\x05\x00\x01abcde",
      b"\x01\x08\x00\x01abcdefgh")
def test_a_malformed_delete_deletes_nothing(peer, body):
    """Fields that do not agree with each other or with the protocol: an error, or at the least no effect. RFC 7296
    2.21.3, 3.11"""
    sa = peer.establish()
    answer = sa.request(INFORMATIONAL, Raw(PayloadType.D, body))
    assert not payloads_of([answer], PayloadType.D)
    assert [one for one in answer.notifies().values() if one.is_error], f"{answer} is no error"
