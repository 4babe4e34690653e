"""Conformance tests: one implementation at a time against the scripted peer (docs/CONFORMANCE.md).

    from ikelab.conformance import *

is all that a file of tests needs: the names below, and the fixtures `responder`, `initiator` and `peer` of the plugin.

    stage        an implementation that stays up for many tests      under_test    what a test says to it
    judge        from what a test did to a verdict and artefacts     plugin        pytest
    proof        IKE_AUTH with signatures of a test's choice
    algorithms   those that it is to have, and those that it is not to have
    as_written   reserved fields and the like, for tests of senders  life          a life with every exchange in it
    library      what it may fetch by HTTP                           broken_off    that an initiator breaks IKE_AUTH off
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..peers.neutral import ITS_OWN, Eap
from ..scenario import each, needs, requirement, topology
from ..scripted import eap, ip, tcp
from ..scripted.channel import Received, Sent
from ..scripted.child_sa import ChildSa, Opened
from ..scripted.errors import NotReady, Unmet
from ..scripted.identifiers import algorithm
from ..scripted.ike_sa import IkeSa
from ..scripted.payloads import (AUTH, CERT, CERTREQ, CP, EAP, KE, SA, TSi, TSr, D, IDi, IDr, N, Nonce, Payload, Proposal,
                                 Raw, Transform, TransformWith, V, chain, critical, known, odd, replaced, selector,
                                 without)
from ..scripted.puzzle import puzzle_solution, zero_bits
from ..scripted.short_secret import short_secret
from ..scripted.signature import algorithm_of, hash_algorithms
from ..scripted.suites import proposal, transform
from ..vectors.derivation import prf, public_value
from ..wire.registry import Exchange, PayloadType, Protocol, TransformType
from .algorithms import refuses_for_esp, refuses_for_ike, takes_for_esp, takes_for_ike
from .as_written import (generic_headers, payloads_of, proposal_sub, transform_sub, written_attributes,
                         written_proposals)
from .broken_off import breaks_off
from .life import life
from .proof import both_prove_by, is_believed, proof_for, prove_by

IKE_SA_INIT, IKE_AUTH = Exchange.IKE_SA_INIT, Exchange.IKE_AUTH
CREATE_CHILD_SA, INFORMATIONAL = Exchange.CREATE_CHILD_SA, Exchange.INFORMATIONAL
IKE, ESP = Protocol.IKE, Protocol.ESP


def configuration(**fields: Any) -> Callable[[Any], Any]:
    """How the implementation under test is configured, and the scripted peer to match it: what `lab.configure` takes
    (docs/ADD_A_SCENARIO.md). Tests of one configuration share a stage, so do not vary it without need."""
    return pytest.mark.configuration(**fields)


__all__ = ["AUTH", "CERT", "CERTREQ", "CP", "CREATE_CHILD_SA", "ChildSa", "D", "EAP", "ESP", "Eap", "Exchange", "IDi",
           "IDr", "IKE", "IKE_AUTH", "IKE_SA_INIT", "INFORMATIONAL", "ITS_OWN", "IkeSa", "KE", "N", "Nonce", "NotReady",
           "Opened", "Payload", "PayloadType", "Proposal", "Protocol", "Raw", "Received", "SA", "Sent", "TSi", "TSr",
           "Transform", "TransformType", "TransformWith", "Unmet", "V", "algorithm", "algorithm_of", "both_prove_by",
           "breaks_off", "chain", "configuration", "critical", "each", "eap", "generic_headers", "hash_algorithms",
           "ip", "is_believed", "known", "life", "needs", "odd", "payloads_of", "prf", "proof_for", "proposal",
           "proposal_sub", "prove_by", "public_value", "puzzle_solution", "refuses_for_esp", "refuses_for_ike",
           "replaced", "requirement", "selector", "short_secret", "topology", "takes_for_esp", "takes_for_ike", "tcp",
           "transform", "transform_sub", "without", "written_attributes", "written_proposals", "zero_bits"]
