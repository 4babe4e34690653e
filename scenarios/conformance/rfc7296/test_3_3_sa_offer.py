"""What an implementation writes into SA payloads. RFC 7296 3.3"""

from ikelab.conformance import *

SEVERAL = ("aes256gcm16-aes128gcm16-prfsha256-prfsha384-x25519-ecp256", "aes256-aes128-sha256-sha512-x25519-ecp256")
TWO_ESP = ("aes256gcm16-aes128gcm16", "aes256-sha256")
FIXED_KEY = (28,)  # ENCR_CHACHA20_POLY1305
VARIABLE_KEY = (12, 20)  # ENCR_AES_CBC, ENCR_AES_GCM_16
COMBINED = (18, 19, 20, 14, 15, 16, 28)
KEY_LENGTH = 14


def offers(initiator):
    """The proposals of IKE_SA_INIT, IKE_AUTH, and of the rekeys of both kinds."""
    return [proposal for payload in payloads_of(life(initiator), PayloadType.SA) for proposal in written_proposals(payload)]


@requirement("RFC7296-3.3.1-01", "RFC7296-3.3.2-01", "RFC7296-3.3.1-08", "RFC7296-3.3.2-04")
def test_reserved_octets_and_last_markers(peer):
    """Reserved octets are zero; Last Substruc is 2 or 3 where another one follows, and 0 in the last. RFC 7296 3.3.1,
    3.3.2"""
    for payload in payloads_of(life(peer), PayloadType.SA):
        found = written_proposals(payload)
        assert [one.last for one in found] == [2] * (len(found) - 1) + [0]
        for one in found:
            assert one.reserved == 0 and one.count == len(one.transforms)
            assert [t.last for t in one.transforms] == [3] * (one.count - 1) + [0]
            assert all(t.reserved == (0, 0) for t in one.transforms)


@configuration(proposals=SEVERAL, child={"proposals": TWO_ESP})
@requirement("RFC7296-3.3-06", "RFC7296-3.3-07", "RFC7296-3.3.1-03", "RFC7296-3.3.1-04")
def test_proposals_are_numbered_from_one(initiator):
    """The first proposal is number 1, each further one is one more, in both SA payloads. RFC 7296 3.3, 3.3.1"""
    sa = initiator.initialised()
    for message in (sa.init_request, sa.auth_request):
        numbers = [one.number for one in message.proposals]
        assert len(numbers) >= 2 and numbers == list(range(1, len(numbers) + 1))


@configuration(proposals=SEVERAL, child={"proposals": TWO_ESP})
@requirement("RFC7296-3.3-02")
def test_proposals_are_in_the_configured_order(initiator):
    """What is configured first is proposed first: combined mode before CBC. RFC 7296 3.3"""
    sa = initiator.initialised()
    for message in (sa.init_request, sa.auth_request):
        ciphers = [t.number for one in message.proposals for t in one.transforms if t.kind == TransformType.ENCR]
        assert ciphers == sorted(ciphers, key=[20, 12].index)


@configuration(proposals=SEVERAL, child={"proposals": TWO_ESP})
@requirement("RFC7296-3.3-11", "RFC7296-3.3-10", "RFC7296-3.3.5-01", "RFC7296-3.3.5-03", "RFC7296-3.3.5-05")
def test_each_key_length_is_a_transform_of_its_own(initiator):
    """128 and 256 bits of a cipher are two transforms with one Key Length attribute each, of fixed length, in bits. RFC
    7296 3.3, 3.3.5"""
    sa = initiator.initialised()
    for message in (sa.init_request, sa.auth_request):
        found = [t for one in written_proposals(message.first(PayloadType.SA)) for t in one.transforms]
        aes = [t.attributes for t in found if t.kind == TransformType.ENCR and t.number in VARIABLE_KEY]
        assert len(aes) >= 3
        for attributes in aes:
            assert [(one.fixed, one.kind) for one in attributes] == [(True, KEY_LENGTH)]
        assert {int.from_bytes(one[0].value, "big") for one in aes} == {128, 256}


@needs("ike-chacha20poly1305", "esp-chacha20poly1305")
@configuration(proposals=("chacha20poly1305-prfsha256-x25519",), child={"proposals": ("chacha20poly1305",)})
@requirement("RFC7296-3.3.5-04")
def test_a_cipher_of_fixed_key_length_has_no_key_length(initiator):
    """ChaCha20-Poly1305 is proposed without the Key Length attribute. RFC 7296 3.3.5, RFC 7634"""
    sa = initiator.initialised()
    for message in (sa.init_request, sa.auth_request):
        ciphers = [t for one in written_proposals(message.first(PayloadType.SA)) for t in one.transforms
                   if t.kind == TransformType.ENCR and t.number in FIXED_KEY]
        assert ciphers and all(t.attributes == () for t in ciphers)


@configuration(proposals=SEVERAL, child={"proposals": TWO_ESP})
@requirement("RFC7296-3.3-08")
def test_combined_mode_ciphers_stand_apart_from_integrity(initiator):
    """A proposal with a combined-mode cipher has no integrity transform but NONE. RFC 7296 3.3"""
    for one in offers(initiator):
        if any(t.kind == TransformType.ENCR and t.number in COMBINED for t in one.transforms):
            assert {t.number for t in one.transforms if t.kind == TransformType.INTEG} <= {0}


@requirement("RFC7296-3.3-09")
def test_combined_mode_ciphers_have_no_integrity_at_all(initiator):
    """Beside a combined-mode cipher the type is left out, rather than NONE being proposed. RFC 7296 3.3"""
    sa = initiator.initialised()
    for message in (sa.init_request, sa.auth_request):
        assert not [t for one in message.proposals for t in one.transforms if t.kind == TransformType.INTEG]


@configuration(proposals=SEVERAL, child={"proposals": TWO_ESP})
@requirement("RFC7296-3.3.3-03")
def test_mandatory_transform_types_are_proposed(initiator):
    """For IKE cipher, PRF, integrity where the cipher has none of its own, and group; for ESP cipher and ESN. RFC 7296
    3.3.3"""
    for one in offers(initiator):
        kinds = {t.kind for t in one.transforms}
        combined = any(t.kind == TransformType.ENCR and t.number in COMBINED for t in one.transforms)
        wanted = {IKE: {TransformType.ENCR, TransformType.PRF, TransformType.KE} | ({TransformType.INTEG} - {
            TransformType.INTEG if combined else None}), ESP: {TransformType.ENCR, TransformType.ESN}}[one.protocol]
        assert wanted <= kinds, f"proposal {one.number} of protocol {one.protocol} has types {sorted(kinds)}"


@requirement("RFC7296-3.3.1-06", "RFC7296-3.3.1-07")
def test_spi_sizes(peer):
    """None in IKE_SA_INIT; eight octets for IKE later, four for ESP always. RFC 7296 3.3.1"""
    for message in life(peer):
        for one in message.proposals:
            wanted = 4 if one.protocol == ESP else 0 if message.exchange == IKE_SA_INIT else 8
            assert len(one.spi) == wanted, f"{message} has an SPI of {len(one.spi)} octets for protocol {one.protocol}"


@requirement("RFC7296-5-01", "RFC7296-5-02")
@configuration(proposals=SEVERAL, child={"proposals": TWO_ESP})
def test_no_weak_prf_and_nothing_unprotected_is_proposed(initiator):
    """IKE is not proposed with a PRF of less than 128 bits, with ENCR_NULL, or with CBC and no integrity. RFC 7296 5"""
    for one in offers(initiator):
        if one.protocol == IKE:
            numbers = {kind: {t.number for t in one.transforms if t.kind == kind} for kind in (1, 2, 3)}
            assert numbers[2] <= {1, 2, 4, 5, 6, 7, 8} and 11 not in numbers[1]
            assert numbers[1] <= set(COMBINED) or numbers[3] and 0 not in numbers[3]
