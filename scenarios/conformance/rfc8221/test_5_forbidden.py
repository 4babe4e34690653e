"""Algorithms that are not to be had for ESP and AH, or should not. RFC 8221 5, 6"""

from ikelab.conformance import *

pytestmark = [configuration(proposals=ITS_OWN, child={"proposals": ITS_OWN}), needs("esp-aes-cbc")]


@requirement("RFC8221-5-01")
def test_des_with_an_iv_of_64_bits_is_refused(peer):
    """ENCR_DES_IV64 is not proposed, and a proposal with nothing else is refused. RFC 8221 5"""
    refuses_for_esp(peer, Transform(TransformType.ENCR, 1))


@requirement("RFC8221-5-02")
def test_des_is_refused(peer):
    """The same of ENCR_DES. RFC 8221 5"""
    refuses_for_esp(peer, Transform(TransformType.ENCR, 2))


@requirement("RFC8221-5-03")
def test_triple_des_is_refused(peer):
    """The same of ENCR_3DES. RFC 8221 5"""
    refuses_for_esp(peer, Transform(TransformType.ENCR, 3))


@requirement("RFC8221-5-04")
@each("bits", 0, 128)
def test_blowfish_is_refused(peer, bits):
    """The same of ENCR_BLOWFISH. RFC 8221 5"""
    refuses_for_esp(peer, Transform(TransformType.ENCR, 7, bits))


@requirement("RFC8221-5-05")
def test_triple_idea_is_refused(peer):
    """The same of ENCR_3IDEA. RFC 8221 5"""
    refuses_for_esp(peer, Transform(TransformType.ENCR, 8))


@requirement("RFC8221-5-06")
def test_des_with_an_iv_of_32_bits_is_refused(peer):
    """The same of ENCR_DES_IV32. RFC 8221 5"""
    refuses_for_esp(peer, Transform(TransformType.ENCR, 9))


@requirement("RFC8221-6-04")
def test_integrity_by_md5_is_refused(peer):
    """The same of AUTH_HMAC_MD5_96, for AH as well. RFC 8221 6"""
    refuses_for_esp(peer, Transform(TransformType.INTEG, 1))


@requirement("RFC8221-6-06")
def test_integrity_by_des_is_refused(peer):
    """The same of AUTH_DES_MAC. RFC 8221 6"""
    refuses_for_esp(peer, Transform(TransformType.INTEG, 3))


@requirement("RFC8221-6-07")
def test_integrity_by_kpdk_is_refused(peer):
    """The same of AUTH_KPDK_MD5. RFC 8221 6"""
    refuses_for_esp(peer, Transform(TransformType.INTEG, 4))
