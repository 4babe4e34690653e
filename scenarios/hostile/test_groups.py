"""Hostile peers: each group of ikelab.hostile against the implementation under test, in both roles. docs/HOSTILE.md"""

from ikelab.conformance import configuration
from ikelab.hostile.play import play

# Many cases leave something half-open; that is not what they are about.
FORGIVING = {"half_open_timeout_ms": 10_000}


@configuration(**FORGIVING)
def test_header(peer, budget):
    """Headers that lie about version, length, SPIs, flags, exchange and what follows; octets that are no message."""
    play("header", peer, budget)


@configuration(**FORGIVING)
def test_chain(peer, budget):
    """Payloads missing, doubled, out of place, out of number, of the wrong length; plaintext that is no chain."""
    play("chain", peer, budget)


@configuration(**FORGIVING)
def test_proposals(peer, budget):
    """SA, KE, nonce, SPIs, REKEY_SA: what is negotiated, at and beyond its limits."""
    play("proposals", peer, budget)


@configuration(**FORGIVING)
def test_identity(peer, budget):
    """Identities and proofs that are not ours, or are none."""
    play("identity", peer, budget)


@configuration(certificate={"key": "p256"}, **FORGIVING)
def test_certificates(peer, budget):
    """Certificates and signatures that are not what they say, and many of them."""
    play("certificates", peer, budget)


@configuration(**FORGIVING)
def test_order(peer, budget):
    """Messages each of which would be right, in an order that is not."""
    play("order", peer, budget)


@configuration(**FORGIVING)
def test_fragments(peer, budget):
    """Fragments that lie about their number, contradict each other, or never make a whole."""
    play("fragments", peer, budget)


@configuration(**FORGIVING)
def test_selectors(peer, budget):
    """Traffic selectors, configuration attributes and EAP inside SK that lie about their lengths and themselves."""
    play("selectors", peer, budget)


@configuration(**FORGIVING)
def test_floods(peer, budget):
    """Much of one kind: first messages, decryptions, failures, rekeys."""
    play("floods", peer, budget)


@configuration(**FORGIVING, cookie_threshold=3)
def test_cookies(responder, budget):
    """Many first messages and no second ones; cookies that are none."""
    play("cookies", responder, budget)


@configuration(**FORGIVING)
def test_esp(peer, budget):
    """ESP that is cut, forged, replayed, ahead, or true outside and lying within."""
    play("esp", peer, budget)
