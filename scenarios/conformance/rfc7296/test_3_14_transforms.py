from ikelab.conformance import *

pytestmark = configuration(proposals=ITS_OWN, child={"proposals": ITS_OWN})

# Of ESP alone, or of nobody: no RFC says how SK is protected by them.
WITHOUT_SK = {"ENCR_NULL_AUTH_AES_GMAC": Transform(TransformType.ENCR, 21, 256), "unassigned": Transform(TransformType.ENCR, 1023)}


@each("name", *WITHOUT_SK)
@requirement("RFC7296-3.14-02")
def test_no_cipher_without_a_way_to_protect_sk(peer, name):
    """ENCR_NULL_AUTH_AES_GMAC, which is for ESP, and a number that nobody has are not proposed, and refused. RFC 7296
    3.14"""
    refuses_for_ike(peer, WITHOUT_SK[name])
