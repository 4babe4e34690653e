"""Algorithms that are numbered and nowhere described. RFC 7296 3"""

from ikelab.conformance import *

pytestmark = configuration(proposals=ITS_OWN, child={"proposals": ITS_OWN})

ENCR = {"ENCR_DES_IV64": (TransformType.ENCR, 1), "ENCR_3IDEA": (TransformType.ENCR, 8), "ENCR_DES_IV32": (TransformType.ENCR, 9)}
INTEG = {"AUTH_DES_MAC": (TransformType.INTEG, 3), "AUTH_KPDK_MD5": (TransformType.INTEG, 4)}
UNSPECIFIED = {**ENCR, **INTEG, "PRF_HMAC_TIGER": (TransformType.PRF, 3)}


@each("name", *UNSPECIFIED)
@requirement("RFC7296-3-01")
def test_what_is_unspecified_is_not_used_for_ike(peer, name):
    """It is not proposed, and a proposal with nothing else of its type is refused. RFC 7296 3"""
    refuses_for_ike(peer, Transform(*UNSPECIFIED[name]))


@each("name", *ENCR, *INTEG)
@requirement("RFC7296-3-01")
def test_what_is_unspecified_is_not_used_for_esp(peer, name):
    """The same of ESP. RFC 7296 3"""
    refuses_for_esp(peer, Transform(*UNSPECIFIED[name]))
