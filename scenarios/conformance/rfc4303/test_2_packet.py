from ikelab.conformance import *

SUITES = ("aes256gcm16", "aes128gcm16", "chacha20poly1305", "aes256-sha256", "aes128-sha384", "aes256-sha512")
NULL, NO_INTEGRITY = Transform(TransformType.ENCR, 11), Transform(TransformType.INTEG, 0)


def echo(child, octets):
    """The peer's reply to an echo request with so much data in it."""
    child.send(child.echo_request(data=octets * b"d", sequence=octets + 1))
    return child.expect(child.reply_to(octets + 1))


def send_padded(child, padding):
    """The echo request 9, with so much data that it ends on a whole block with that padding."""
    bare = len(child.echo_request(data=b"", sequence=9)) + len(padding) + 2
    fitting = bytes(-bare % max(4, child.choice.suite.block))
    child.send(child.echo_request(data=fitting, sequence=9), padding=padding)


def child_of(sa, *proposals):
    """One more Child SA, of these transforms."""
    offer = sa.offer_child(group=0)
    offer.payloads = replaced(offer.payloads, SA(*(
        proposal(words, ESP, number, offer.spi) for number, words in enumerate(proposals, 1))))
    return offer.take(sa.request(CREATE_CHILD_SA, *offer.payloads))


@needs("esp-bare")
@requirement("RFC4303-2-01")
def test_esp_is_ip_protocol_50(peer):
    """Where there is no NAT, ESP comes in IP itself, with the protocol 50. RFC 4303 2"""
    reply = peer.establish().children[0].ping()
    assert reply.arrived.port == 0


@requirement("RFC4303-2.1-01", "RFC4301-4.1-01", "RFC4301-4.1-02")
def test_packets_find_their_sa_by_its_spi(peer):
    """Of two Child SAs with the same selectors each takes its packets, whichever of them come first. RFC 4303 2.1"""
    sa = peer.establish()
    first, second = sa.children[0], sa.create_child()
    for child in (second, first, second, first):
        child.ping()


@requirement("RFC4303-2.1-05", "RFC4303-2.1-06", "RFC3948-1-02", "RFC3948-2.1-04")
def test_no_spi_is_of_those_that_are_reserved(peer):
    """The SPIs that the peer chooses are above 255. RFC 4303 2.1"""
    sa = peer.establish()
    assert all(int.from_bytes(child.spi_out, "big") > 255 for child in (sa.children[0], sa.create_child()))


@requirement("RFC4303-2.1-05", "RFC3948-1-02", "RFC3948-2.1-04")
def test_nothing_is_sent_to_the_spi_zero(peer):
    """A Child SA for which we name the SPI 0 is not made: no packet may have it. RFC 4303 2.1"""
    sa = peer.establish()
    offer = sa.offer_child()
    offered = next(one for one in offer.payloads if one.kind == PayloadType.SA).proposals[0]
    zero = SA(Proposal(1, ESP, bytes(4), offered.transforms))
    assert sa.request(CREATE_CHILD_SA, *replaced(offer.payloads, zero)).first(PayloadType.SA) is None


@requirement("RFC4303-2.2-01", "RFC4303-2.2-02", "RFC4303-2.2-04", "RFC4303-2.2-06")
def test_sequence_numbers_begin_at_one_and_go_up_by_one(peer):
    """The first packet has 1, the next 2 and so on. RFC 4303 2.2, 3.3.3"""
    child = peer.establish().children[0]
    assert [child.ping().sequence for _ in range(4)] == [1, 2, 3, 4]


@requirement("RFC4303-2.2-06", "RFC4303-3.4.3-04")
def test_a_new_sa_begins_to_count_anew(peer):
    """After a rekey both directions begin at 1, however far the old SA had come. RFC 4303 2.2, 3.4.3"""
    sa = peer.establish()
    old = sa.children[0]
    old.ping(sequence=500)
    new = sa.rekey_child(old)
    reply = new.ping()
    assert (new.sequence, reply.sequence) == (1, 1)


@requirement("RFC4303-2.2.1-02")
def test_without_negotiation_there_is_no_extended_sequence_number(peer):
    """Where ESN was not chosen its upper half is in no ICV: packets without it are taken and sent. RFC 4303 2.2.1"""
    child = peer.establish().children[0]
    assert not child.choice.esn
    child.ping()


@each("suite", *SUITES)
@configuration(child={"proposals": SUITES})
@needs("esp-aes-gcm", "esp-aes-cbc", "esp-chacha20poly1305")
@requirement("RFC4303-1-05", "RFC4303-2.3-01", "RFC4303-2.3-02", "RFC4303-2.8-01", "RFC4303-3.3.2-01", "RFC4301-3.2-01",
             "RFC4301-4.5.2-01", "RFC4301-4.5.2-02")
def test_packets_are_as_their_algorithms_have_them(peer, suite):
    """Keys, IV, ciphertext and ICV are where the algorithm's RFC puts them, both ways. RFC 4303 2.3, 2.8, 3.3.2"""
    sa = peer.establish()
    child = child_of(sa, suite)
    for octets in (0, 1, 17, 600):
        assert ip.parse_echo(echo(child, octets).payload).data == octets * b"d"


@each("suite", *SUITES)
@configuration(child={"proposals": SUITES})
@needs("esp-aes-gcm", "esp-aes-cbc", "esp-chacha20poly1305")
@requirement("RFC4303-2.4-02", "RFC4303-2.4-03", "RFC4303-2.4-05", "RFC4303-2.3-03")
def test_padding_counts_from_one_to_the_end_of_a_block(peer, suite):
    """Padding octets are 1, 2, 3 ..., and the trailer ends on four octets and a whole block. RFC 4303 2.4"""
    sa = peer.establish()
    child = child_of(sa, suite)
    block = max(4, child.choice.suite.block)
    for octets in range(5):
        reply = echo(child, octets)
        assert reply.padding == bytes(range(1, len(reply.padding) + 1))
        assert (len(reply.payload) + len(reply.padding) + 2) % block == 0


@each("length", 0, 4, 100, 252)
@requirement("RFC4303-2.4-01", "RFC4303-2.4-02")
def test_any_amount_of_padding_is_taken(peer, length):
    """More padding than the algorithm needs is taken off. RFC 4303 2.4"""
    child = peer.establish().children[0]
    send_padded(child, bytes(range(1, length + 1)))
    child.expect(child.reply_to(9))


@requirement("RFC4303-2.4-01", "RFC4303-2.4-02")
def test_255_octets_of_padding_are_taken(peer):
    """The most that Pad Length can say. RFC 4303 2.4, 2.5"""
    child = peer.establish().children[0]
    send_padded(child, bytes(range(1, 256)))
    child.expect(child.reply_to(9))


@requirement("RFC4303-2.4-04", "RFC4303-3.4.4.1-03")
def test_padding_of_other_octets_is_noticed(peer):
    """Where padding should be 1, 2, 3 and is not, the packet is dropped. RFC 4303 2.4, 3.4.4.1"""
    child = peer.establish().children[0]
    send_padded(child, b"\x01\x02\x03\x05")
    child.expect_no_reply(9, "the receiver checks default padding")


@each("content", "nothing", "noise", "a_packet", "much")
@requirement("RFC4303-2.6-03")
def test_dummy_packets_of_any_content_are_dropped(peer, content):
    """Next Header 59, whatever is inside: no reply, no error, and the SA goes on. RFC 4303 2.6"""
    sa = peer.establish()
    child = sa.children[0]
    inside = {"nothing": b"", "noise": 77 * b"\xe7", "a_packet": child.echo_request(sequence=70), "much": bytes(1200)}
    child.send(inside[content], ip.NO_NEXT_HEADER)
    child.expect_no_reply(70, "a dummy packet is dropped")
    assert sa.children[0].ping().sequence <= 3
    sa.expect_nothing("a dummy packet is no error")


@each("next_header", 41, 6, 0, 50, 255)
@requirement("RFC4303-2.6-07", "RFC4301-5.2-04")
def test_a_payload_of_another_kind_than_it_says_is_dropped(peer, next_header):
    """In tunnel mode IPv4 has the Next Header 4; behind any other number an IPv4 packet is dropped. RFC 4303 2.6"""
    child = peer.establish().children[0]
    child.expect_no_reply(child_number(child, next_header), "Next Header says that this is no IPv4 packet")


def child_number(child, next_header):
    child.send(child.echo_request(sequence=80), next_header)
    return 80


@each("inner", b"", b"\x45", 19 * b"\x45", b"\x65" + 40 * b"\x00")
@requirement("RFC4303-2.6-07")
def test_what_is_no_ip_packet_is_dropped(peer, inner):
    """Nothing, too little, or another version behind the Next Header 4: dropped, and the SA goes on. RFC 4303 2.6"""
    child = peer.establish().children[0]
    child.send(inner, ip.IPV4)
    child.ping()


@each("length", 1, 50, 1000)
@requirement("RFC4303-2.7-05")
def test_what_follows_the_inner_packet_is_dropped(peer, length):
    """TFC padding: the inner packet ends where its header says. RFC 4303 2.7"""
    child = peer.establish().children[0]
    reply = child.ping(tfc=length * b"\x99")
    assert ip.parse_echo(reply.payload[: int.from_bytes(reply.payload[2:4], "big")]).data == b"ikelab"


@requirement("RFC4303-2.7-02", "RFC4303-2.7-03")
def test_without_consent_no_tfc_padding_is_sent(peer):
    """After ESP_TFC_PADDING_NOT_SUPPORTED the peer's payload is the inner packet and no octet more. RFC 4303 2.7, RFC 7296
    1.3.1"""
    sa = peer.establish()
    offer = sa.offer_child()
    child = offer.take(sa.request(CREATE_CHILD_SA, N("ESP_TFC_PADDING_NOT_SUPPORTED"), *offer.payloads))
    for octets in (0, 100):
        reply = echo(child, octets)
        assert len(reply.payload) == int.from_bytes(reply.payload[2:4], "big") == 28 + octets


@requirement("RFC4303-3.2-02", "RFC4303-3.2-03", "RFC4303-5-06", "RFC4301-4.2-01")
def test_an_sa_without_any_protection_is_refused(peer):
    """NULL encryption without integrity is never chosen. RFC 4303 3.2, RFC 4301 4.2"""
    sa = peer.establish()
    offer = sa.offer_child(group=0)
    esn = Transform(TransformType.ESN, 0)
    bare = SA(Proposal(1, ESP, offer.spi, [NULL, esn]), Proposal(2, ESP, offer.spi, [NULL, NO_INTEGRITY, esn]))
    sa.request(CREATE_CHILD_SA, *replaced(offer.payloads, bare)).notified("NO_PROPOSAL_CHOSEN")


@requirement("RFC4303-3.2-02", "RFC4303-3.2-03", "RFC4303-5-06", "RFC4301-4.2-01")
def test_an_sa_without_any_protection_is_not_offered(initiator):
    """No proposal has NULL encryption and no integrity. RFC 4303 3.2"""
    sa = initiator.initialised()
    for one in sa.auth_request.proposals:
        integrity = [t for t in one.transforms if t.kind == TransformType.INTEG and t.number != 0]
        assert integrity or not any(t.kind == TransformType.ENCR and t.number in (0, 11) for t in one.transforms)


@requirement("RFC4301-3.2-02")
def test_encryption_without_integrity_is_refused(peer):
    """AES-CBC alone, which ESP allows and should not be used, is not chosen. RFC 4301 3.2, RFC 8221 4"""
    sa = peer.establish()
    offer = sa.offer_child(group=0)
    bare = SA(Proposal(1, ESP, offer.spi, [Transform(TransformType.ENCR, 12, 256), Transform(TransformType.ESN, 0)]))
    sa.request(CREATE_CHILD_SA, *replaced(offer.payloads, bare)).notified("NO_PROPOSAL_CHOSEN")
