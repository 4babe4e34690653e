from ikelab.conformance import *

CBC = ("aes256-sha256-x25519",)


@configuration(proposals=CBC)
@requirement("RFC7296-3.14-03")
def test_every_message_has_an_iv_of_its_own(peer):
    """In CBC mode no IV comes twice in a life, nor is it the end of the ciphertext before. RFC 7296 3.14"""
    sealed = [one for one in life(peer) if one.encrypted is not None]
    ivs = [one.encrypted.body[:16] for one in sealed]
    assert len(ivs) > 5 and len(set(ivs)) == len(ivs)
    ends = {one.encrypted.body[:-16][-16:] for one in sealed}
    assert not ends & set(ivs)


@requirement("RFC7296-3.14-03")
def test_every_message_of_a_combined_mode_cipher_has_an_iv_of_its_own(peer):
    """With AES-GCM an IV that comes twice under one key would give the key away. RFC 7296 3.14, RFC 5282 3.1"""
    seen = set()
    for one in life(peer):
        if one.encrypted is not None:
            mark = (one.header.spi_i, one.header.from_initiator, one.encrypted.body[:8])
            assert mark not in seen, f"{one} has an IV that was there before"
            seen.add(mark)


@requirement("RFC7296-3.14-04")
@each("iv", b"\0", b"\xff")
def test_any_iv_is_accepted(peer, iv):
    """An IV of nothing but zeros, or ones. RFC 7296 3.14"""
    sa = peer.establish()
    assert sa.request(INFORMATIONAL, iv=lambda length: iv * length).payloads == []


@configuration(proposals=CBC)
@requirement("RFC7296-3.14-04")
@each("iv", b"\0", b"\xff")
def test_any_iv_is_accepted_in_cbc_mode(peer, iv):
    """An IV of nothing but zeros, or ones. RFC 7296 3.14"""
    sa = peer.establish()
    assert sa.request(INFORMATIONAL, iv=lambda length: iv * length).payloads == []


@configuration(proposals=CBC)
@requirement("RFC7296-3.14-06", "RFC7296-3.14-07")
def test_padding_fills_the_block(peer):
    """Payloads, Padding and Pad Length fill whole blocks, with no more Padding than needed. RFC 7296 3.14"""
    for one in life(peer):
        if one.encrypted is not None:
            assert len(one.text_inside) % 16 == 0 and (len(one.encrypted.body) - 16 - 16) % 16 == 0
            with peer.should("RFC7296-3.14-07"):
                assert one.text_inside[-1] < 16, f"{one} has {one.text_inside[-1]} octets of Padding"


@requirement("RFC7296-3.14-07")
def test_without_blocks_there_is_no_padding(peer):
    """AES-GCM needs none. RFC 7296 3.14"""
    assert [one.text_inside[-1] for one in life(peer) if one.encrypted is not None] != []
    assert all(one.text_inside[-1] == 0 for one in life(peer) if one.encrypted is not None)


@configuration(proposals=CBC)
@requirement("RFC7296-3.14-05", "RFC7296-3.14-08")
@each("blocks", 1, 15)
def test_padding_of_whole_blocks_more_is_accepted_in_cbc_mode(peer, blocks):
    """Up to 255 octets of any value, when they end with the block. RFC 7296 3.14"""
    sa = peer.establish()
    assert sa.request(INFORMATIONAL, padding=bytes(range(1, 16)) + 16 * blocks * b"\xa5").payloads == []


@configuration(proposals=CBC)
@requirement("RFC7296-3.14-06", "RFC7296-2.21.3-01")
@each("pad_length", 255, 16)
def test_a_pad_length_beyond_the_payload_is_refused(peer, pad_length):
    """An INFORMATIONAL request with more Padding than there are octets does nothing but be refused. RFC 7296 3.14"""
    sa = peer.establish()
    sa.send(INFORMATIONAL, pad_length=pad_length)
    sa.prove_chance()
    assert not [one for one in sa.inbox if not one.notifies() or one.encrypted is None]


@configuration(proposals=CBC)
@requirement("RFC7296-3.14-09")
def test_the_checksum_covers_the_message_up_to_pad_length(peer):
    """Opened with that rule, every message of a life is authentic. RFC 7296 3.14"""
    assert len([one for one in life(peer) if one.encrypted is not None]) > 5


def dropped_with_one_bit_changed(peer, part, at):
    bit = {"exchange": 36 ^ 37, "flags": 0x40, "message id": 1, "critical bit": 0x80}.get(part, 1)

    def change(octets):
        changed = bytearray(octets)
        changed[at] ^= bit
        return bytes(changed)

    sa = peer.establish()
    sa.send(INFORMATIONAL, D(), after_sealing=change)
    sa.expect_nothing("a message whose checksum is wrong is dropped")
    sa.liveness()


@configuration(proposals=CBC)
@requirement("RFC7296-3.14-09", "RFC7296-3.14-10")
@each("part", "exchange", "flags", "message id", "critical bit", "iv", "ciphertext", "checksum")
def test_every_part_of_a_message_is_protected(peer, part):
    """One bit changed after sealing, from the IKE header to the checksum: the message has no effect and no response. RFC
    7296 3.14"""
    at = {"exchange": 18, "flags": 19, "message id": 23, "critical bit": 29, "iv": 40, "ciphertext": 50, "checksum": -1}[part]
    dropped_with_one_bit_changed(peer, part, at)


@requirement("RFC7296-3.14-09", "RFC7296-3.14-10")
@each("part", "exchange", "flags", "message id", "critical bit", "iv", "ciphertext", "checksum")
def test_every_part_of_a_message_is_protected_by_a_combined_mode_cipher(peer, part):
    """The same where the cipher protects integrity itself: header and generic header are its associated data. RFC 7296
    3.14, RFC 5282 5.1"""
    at = {"exchange": 18, "flags": 19, "message id": 23, "critical bit": 29, "iv": 35, "ciphertext": 41, "checksum": -1}[part]
    dropped_with_one_bit_changed(peer, part, at)


@requirement("RFC7296-3.14-10")
@each("cut", 1, 16, 17, 24)
def test_a_message_cut_short_is_dropped(peer, cut):
    """With Length and the length of SK made to fit, what is left is not authentic. RFC 7296 3.14"""
    def change(octets):
        short = bytearray(octets[:-cut])
        short[24:28] = len(short).to_bytes(4, "big")
        short[30:32] = (len(short) - 28).to_bytes(2, "big")
        return bytes(short)

    sa = peer.establish()
    sa.send(INFORMATIONAL, D(), after_sealing=change)
    sa.expect_nothing("what is left of the message is not authentic")
    sa.liveness()


@requirement("RFC7296-3.14-10")
def test_what_we_sealed_is_not_taken_back(peer):
    """A message of the peer's own, returned to it, is dropped: each direction has its own keys. RFC 7296 3.14, 2.14"""
    sa = peer.establish()
    answer = sa.liveness()
    sa.carrier.send_ike(answer.octets, sa.port, sa.to)
    swapped = bytearray(answer.octets)
    swapped[19] ^= 0x28  # as if it were a request of the other side
    sa.carrier.send_ike(bytes(swapped), sa.port, sa.to)
    sa.expect_nothing("it is sealed with the keys of the other direction")
    sa.liveness()


@requirement("RFC7296-3.1-01", "RFC7296-3.14-01")
def test_a_payload_behind_sk_is_not_obeyed(peer):
    """Octets of a Delete behind the Encrypted payload, not protected by it, delete nothing. RFC 7296 3.1"""
    sa = peer.establish()
    farewell = bytes.fromhex("00000008") + D().body

    def append(octets):
        long = bytearray(octets + farewell)
        long[24:28] = len(long).to_bytes(4, "big")
        return bytes(long)

    sa.send(INFORMATIONAL, after_sealing=append)
    sa.prove_chance()
    assert not [one for one in sa.inbox if payloads_of([one], PayloadType.D)]
    sa.inbox.clear()
    sa.liveness()


@requirement("RFC7296-3.14-10", "RFC7296-2.21.4-11")
def test_a_payload_before_sk_in_the_clear_is_not_obeyed(peer):
    """A Delete in front of the Encrypted payload deletes nothing; the message is dropped, refused, or taken without it.
    INVALID_SYNTAX in a sealed response ends the IKE SA, whatever else the message has. RFC 7296 3.14, 2.5, 2.21.3"""
    sa = peer.establish()
    sa.send(INFORMATIONAL, outer=[D()])
    sa.prove_chance()
    if any(one.encrypted is not None and "INVALID_SYNTAX" in one.notifies() for one in sa.inbox):
        return
    sa.inbox.clear()
    assert peer.status().established()
