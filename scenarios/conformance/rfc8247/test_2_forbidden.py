"""Algorithms that are not to be had for IKE, or should not. RFC 8247 2"""

from ikelab.conformance import *

pytestmark = configuration(proposals=ITS_OWN, child={"proposals": ITS_OWN})


@requirement("RFC8247-2.1-06")
def test_des_is_refused(peer):
    """ENCR_DES is not proposed, and a proposal with nothing else is refused. RFC 8247 2.1"""
    refuses_for_ike(peer, Transform(TransformType.ENCR, 2))


@requirement("RFC8247-2.1-07")
def test_null_encryption_is_refused(peer):
    """The same of ENCR_NULL. RFC 8247 2.1"""
    refuses_for_ike(peer, Transform(TransformType.ENCR, 11))


@requirement("RFC8247-2.2-05")
def test_the_prf_of_md5_is_refused(peer):
    """The same of PRF_HMAC_MD5. RFC 8247 2.2"""
    refuses_for_ike(peer, Transform(TransformType.PRF, 1))


@requirement("RFC8247-2.3-05")
def test_integrity_by_md5_is_refused(peer):
    """The same of AUTH_HMAC_MD5_96. RFC 8247 2.3"""
    refuses_for_ike(peer, Transform(TransformType.INTEG, 1))


@requirement("RFC8247-2.3-06")
def test_integrity_by_des_is_refused(peer):
    """The same of AUTH_DES_MAC. RFC 8247 2.3"""
    refuses_for_ike(peer, Transform(TransformType.INTEG, 3))


@requirement("RFC8247-2.3-07")
def test_integrity_by_kpdk_is_refused(peer):
    """The same of AUTH_KPDK_MD5. RFC 8247 2.3"""
    refuses_for_ike(peer, Transform(TransformType.INTEG, 4))


@requirement("RFC8247-2.4-03")
def test_1536_bits_are_refused(peer):
    """The same of group 5. RFC 8247 2.4"""
    refuses_for_ike(peer, Transform(TransformType.KE, 5))


@requirement("RFC8247-2.4-04")
def test_1024_bits_are_refused(peer):
    """The same of group 2. RFC 8247 2.4"""
    refuses_for_ike(peer, Transform(TransformType.KE, 2))


@requirement("RFC8247-2.4-05")
def test_768_bits_are_refused(peer):
    """The same of group 1. RFC 8247 2.4"""
    refuses_for_ike(peer, Transform(TransformType.KE, 1))


@requirement("RFC8247-2.4-06")
def test_a_subgroup_of_160_bits_is_refused(peer):
    """The same of group 22. RFC 8247 2.4"""
    refuses_for_ike(peer, Transform(TransformType.KE, 22))


@requirement("RFC8247-2.4-07")
def test_a_subgroup_of_224_bits_is_refused(peer):
    """The same of group 23. RFC 8247 2.4"""
    refuses_for_ike(peer, Transform(TransformType.KE, 23))


@requirement("RFC8247-2.4-08")
def test_a_subgroup_of_256_bits_is_refused(peer):
    """The same of group 24. RFC 8247 2.4"""
    refuses_for_ike(peer, Transform(TransformType.KE, 24))
