"""Algorithms that are to be had for IKE: each is the only one that we propose. RFC 8247 2"""

from ikelab.conformance import *

WORDS = ("aes128gcm16-aes256gcm16-prfsha256-prfsha512-ecp256-x25519", "aes256-sha512-prfsha512-ecp256-x25519")
CHOICE = configuration(proposals=WORDS, child={"proposals": ("aes256-sha512",)})


@CHOICE
@needs("ike-aes-gcm", "ke-ecp")
@requirement("RFC8247-2.1-04")
@each("bits", 128, 256)
def test_aes_gcm(peer, bits):
    """ENCR_AES_GCM_16 with keys of both lengths. RFC 8247 2.1"""
    sa = takes_for_ike(peer, f"aes{bits}gcm16-prfsha256-ecp256")
    assert (sa.choice.suite.encryption, sa.choice.key_octets * 8) == ("ENCR_AES_GCM_16", bits)


@configuration(proposals=("chacha20poly1305-prfsha256-x25519",), child={"proposals": ("chacha20poly1305",)})
@needs("ike-chacha20poly1305", "esp-chacha20poly1305", "ke-x25519")
@requirement("RFC8247-2.1-03")
def test_chacha20_poly1305(peer):
    """ENCR_CHACHA20_POLY1305. RFC 8247 2.1"""
    takes_for_ike(peer, "chacha20poly1305-prfsha256-x25519")


@configuration(proposals=("aes128ccm8-prfsha256-x25519",), child={"proposals": ("aes128ccm8",)})
@needs("ike-aes-ccm", "esp-aes-ccm", "ke-x25519")
@requirement("RFC8247-2.1-05")
def test_aes_ccm(peer):
    """ENCR_AES_CCM_8 with keys of 128 bits. RFC 8247 2.1"""
    takes_for_ike(peer, "aes128ccm8-prfsha256-x25519")


@CHOICE
@needs("ike-aes-gcm", "ke-ecp")
@requirement("RFC8247-2.2-02")
def test_the_prf_of_sha512(peer):
    """PRF_HMAC_SHA2_512. RFC 8247 2.2"""
    assert takes_for_ike(peer, "aes256gcm16-prfsha512-ecp256").choice.prf == "PRF_HMAC_SHA2_512"


@configuration(proposals=("aes256-sha256-x25519", "aes256-sha256-prfaesxcbc-x25519", "aes256-sha256-prfaescmac-x25519"))
@needs("prf-aes", "ike-aes-cbc", "ke-x25519")
@requirement("RFC8247-2.2-04")
def test_the_prf_of_aes(peer):
    """PRF_AES128_XCBC. RFC 8247 2.2"""
    assert takes_for_ike(peer, "aes256-sha256-prfaesxcbc-x25519").choice.prf == "PRF_AES128_XCBC"


@CHOICE
@needs("ike-aes-cbc", "ke-ecp")
@requirement("RFC8247-2.3-02")
def test_integrity_by_sha512(peer):
    """AUTH_HMAC_SHA2_512_256. RFC 8247 2.3"""
    sa = takes_for_ike(peer, "aes256-sha512-prfsha512-ecp256")
    assert sa.choice.suite.integrity == "AUTH_HMAC_SHA2_512_256"


@configuration(proposals=("aes128-aesxcbc-prfsha256-x25519",), child={"proposals": ("aes128-aesxcbc",)})
@needs("integrity-aes-xcbc", "ke-x25519")
@requirement("RFC8247-2.3-04")
def test_integrity_by_aes_xcbc(peer):
    """AUTH_AES_XCBC_96. RFC 8247 2.3"""
    takes_for_ike(peer, "aes128-aesxcbc-prfsha256-x25519")


@CHOICE
@needs("ike-aes-gcm", "ke-ecp")
@requirement("RFC8247-2.4-02")
def test_group_19(peer):
    """Of two groups that it is configured with, the 256-bit random ECP group. RFC 8247 2.4"""
    assert takes_for_ike(peer, "aes128gcm16-prfsha256-ecp256").choice.ke == "secp256r1"
