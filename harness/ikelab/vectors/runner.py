"""Runs vector files on either side and counts what became of each test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from . import exchange, primitives, protocol, recorded, reference, signatures
from .model import Failed, Kind, NotApplicable, Outcome, Vector, VectorFile

TYPES: dict[str, Callable[[Vector], Kind]] = {
    "MacTest": primitives.mac, "DigestTest": primitives.digest, "MacWithIvTest": primitives.gmac,
    "AeadTest": primitives.aead, "IndCpaTest": primitives.cbc, "CtrTest": primitives.ctr,
    "XdhComp": primitives.xdh, "XdhAsnComp": primitives.xdh_asn, "XdhPemComp": primitives.xdh_pem,
    "EcdhTest": primitives.ecp, "EcdhEcpointTest": primitives.ecp, "EcdhPemTest": primitives.ecdh_pem,
    "ModpTest": primitives.xdh, "PrfTest": primitives.prf, "PrfPlusTest": primitives.prf_plus,
    "KeymatTest": primitives.keymat, "EcdsaVerify": signatures.ecdsa,
    "EcdsaP1363Verify": signatures.ecdsa_p1363, "EddsaVerify": signatures.eddsa,
    "RsassaPkcs1Verify": signatures.rsa_pkcs1, "RsassaPkcs1Generate": signatures.rsa_pkcs1,
    "RsassaPssVerify": signatures.rsa_pss, "AlgorithmIdentifierTest": protocol.algorithm_identifier,
    "AuthPayloadTest": signatures.auth_payload,
    "EspPacketTest": protocol.esp_packet, "SkMessageTest": protocol.sk_message,
    "ExchangeTest": exchange.check, "RecordedExchangeTest": recorded.check,
}


def python(files: Iterable[VectorFile]) -> Iterator[Outcome]:
    for file in files:
        for group, vector in file.vectors():
            kind, reason = check(vector)
            yield Outcome("python", file.source, file.name, vector.algorithm, group,
                          vector.test["tcId"], kind, reason)
        file.forget()


def check(vector: Vector) -> tuple[Kind, str]:
    how = TYPES.get(vector.group["type"])
    if how is None:
        return Kind.NOT_APPLICABLE, f"no way to run tests of type {vector.group['type']} here"
    try:
        return how(vector), ""
    except NotApplicable as reason:
        return Kind.NOT_APPLICABLE, str(reason)
    except Failed as reason:
        return Kind.FAILED, str(reason)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        return Kind.FAILED, f"a malformed test ({type(error).__name__}: {error})"


@dataclass(slots=True)
class Tally:
    """What the table shows of one source, algorithm and side."""

    counts: Counter[Kind] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)  # of those not applicable

    def add(self, outcome: Outcome) -> None:
        self.counts[outcome.kind] += 1
        if outcome.kind is Kind.NOT_APPLICABLE:
            self.reasons[outcome.reason] += 1

    @property
    def run(self) -> int:
        return sum(self.counts.values()) - self.counts[Kind.NOT_APPLICABLE]


Key = tuple[str, str, str]  # source, algorithm, side


def outcomes(files: list[VectorFile], sides: Iterable[str]) -> list[Outcome]:
    """Both sides at once: the reference is another process."""
    runs = {"ref": reference.run, "python": python}
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(lambda run=runs[side]: list(run(files))) for side in sides]
        return [outcome for one in waiting for outcome in one.result()]


def tally(found: Iterable[Outcome]) -> dict[Key, Tally]:
    table: dict[Key, Tally] = {}
    for outcome in found:
        table.setdefault((outcome.source, outcome.algorithm, outcome.implementation), Tally()).add(outcome)
    return table
