from ikelab.conformance import *
from ikelab.vectors.derivation import SUBGROUPS

P, _, Q = SUBGROUPS["modp2048s256"]
VALUES = {"0": 0, "1": 1, "p-1": P - 1, "p": P}
OUTSIDE = 2  # of the subgroup: 2^q is not 1
assert pow(OUTSIDE, Q, P) != 1

pytestmark = [configuration(proposals=("aes256-sha256-modp2048s256",)), needs("ke-modp-subgroup", "ike-aes-cbc")]


def value_of(number):
    return KE(24, number.to_bytes(256, "big"))


@each("value", *VALUES)
@requirement("RFC8247-2.4-09")
def test_public_values_are_looked_at(peer, value):
    """With group 24 a public value out of range makes no keys. RFC 8247 2.4, RFC 6989 2.2"""
    ke = value_of(VALUES[value])
    if peer.role == "responder":
        sa = peer.ike_sa()
        sa.expect_no_success(sa.send_init(*replaced(sa.init_payloads(), ke)), "the public value is none")
    else:
        sa = peer.call()
        sa.accept_init(*replaced(sa.init_response_payloads(), ke))
        sa.expect_nothing("the public value is none")


@requirement("RFC8247-2.4-09")
def test_who_takes_values_outside_of_the_subgroup_uses_its_own_once(responder):
    """Either they are refused, or each exchange has a public value of its own. RFC 8247 2.4, RFC 6989 2.2"""
    found = []
    for _ in range(2):
        sa = responder.ike_sa()
        sa.send_init(*replaced(sa.init_payloads(), value_of(OUTSIDE)))
        sa.prove_chance()
        found += [one.first(PayloadType.KE).data for one in sa.inbox if one.first(PayloadType.KE) is not None]
    assert len(set(found)) == len(found)
