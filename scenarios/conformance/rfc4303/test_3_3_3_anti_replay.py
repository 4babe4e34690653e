"""Who wants no anti-replay. RFC 4303 3.3.3"""

from ikelab.conformance import *

WITH_ESN, WITHOUT_ESN = Transform(TransformType.ESN, 1), Transform(TransformType.ESN, 0)

pytestmark = [configuration(child={"replay_window": 0, "proposals": ITS_OWN}), needs("esn", "replay-window")]


@requirement("RFC4303-3.3.3-05")
def test_who_wants_no_anti_replay_proposes_no_esn(initiator):
    """Its window is switched off, and what it proposes by itself is without extended sequence numbers. RFC 4303 3.3.3"""
    request = initiator.initialised().auth_request
    assert not any(WITH_ESN in one.transforms for one in request.proposals)


@requirement("RFC4303-3.3.3-05")
def test_who_wants_no_anti_replay_chooses_no_esn(responder):
    """Its window is switched off, and of both that we propose it takes no extended sequence numbers. RFC 4303 3.3.3"""
    sa = responder.initialised()
    both = SA(Proposal(1, ESP, sa.child_spi, [transform("aes256gcm16"), WITH_ESN, WITHOUT_ESN]))
    child = sa.auth(*replaced(sa.auth_payloads(), both))
    assert child is not None, "the Child SA was refused"
    assert not child.choice.esn
    child.ping()
