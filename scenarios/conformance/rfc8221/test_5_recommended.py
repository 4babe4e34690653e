"""Algorithms that are to be had for ESP: each is the only one that we propose. RFC 8221 5, 6"""

from ikelab.conformance import *


@configuration(proposals=("chacha20poly1305-prfsha256-x25519",), child={"proposals": ("chacha20poly1305",)})
@needs("ike-chacha20poly1305", "esp-chacha20poly1305", "ke-x25519")
@requirement("RFC8221-5-11")
def test_chacha20_poly1305(peer):
    """ENCR_CHACHA20_POLY1305: packets pass. RFC 8221 5"""
    takes_for_esp(peer, "chacha20poly1305")


@configuration(proposals=("aes128ccm8-prfsha256-x25519",), child={"proposals": ("aes128ccm8",)})
@needs("ike-aes-ccm", "esp-aes-ccm", "ke-x25519")
@requirement("RFC8221-5-09")
def test_aes_ccm(peer):
    """ENCR_AES_CCM_8 with keys of 128 bits: packets pass. RFC 8221 5"""
    takes_for_esp(peer, "aes128ccm8")


@configuration(proposals=("aes128-aesxcbc-prfsha256-x25519",), child={"proposals": ("aes128-aesxcbc",)})
@needs("integrity-aes-xcbc", "ke-x25519")
@requirement("RFC8221-6-08")
def test_integrity_by_aes_xcbc(peer):
    """AES-CBC with AUTH_AES_XCBC_96: packets pass. RFC 8221 6"""
    takes_for_esp(peer, "aes128-aesxcbc")


@configuration(proposals=("aes128gcm16-aes256gcm16-prfsha256-prfsha512-ecp256-x25519",
                          "aes256-sha512-prfsha512-ecp256-x25519"), child={"proposals": ("aes256-sha512",)})
@needs("esp-aes-cbc")
@requirement("RFC8221-6-10")
def test_integrity_by_sha512(peer):
    """AES-CBC with AUTH_HMAC_SHA2_512_256: packets pass. RFC 8221 6"""
    takes_for_esp(peer, "aes256-sha512")
