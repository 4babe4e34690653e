"""Exchanges between two implementations that are not ours, as vectors. strongSwan's log tells every value that
it has derived; what is derived here from the same messages must be what it tells.

    PYTHONPATH=harness python3 -m ikelab.vectors.recorded NAME ARTEFACTS...

writes vectors/recorded/NAME.json from the artefacts of plays with strongSwan as initiator, with a shared
key, say those of `ikelab run connect.connect --initiator strongswan-6.0.1 --responder openiked-7.4`."""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..wire import capture, ike, packet
from ..wire.octets import Malformed
from .exchange import Derivation, Values, compared
from .model import Failed, Kind, Vector
from .sources import ROOT

SECRET = "key exchange secret"  # g^ir
NOTES = [
    "Neither side is this project's reference. The messages are those of a capture.",
    "strongSwan, the initiator, has told in its log: g^ir, SKEYSEED, SK_*, what AUTH is computed over, AUTH of both"
    " sides, and the keys of Child SAs. Each value here that has such a name was compared with it.",
    "Private numbers are in no log: ikeSas and childSas begin with g^ir.",
    "docs/VECTORS.md says how every other value follows.",
]


class RecordedDerivation(Derivation):
    """From g^ir on, for the private numbers are not known; what was configured is not either."""

    def __init__(self, test: Values, secret_of: Callable[[str], str]):
        """`secret_of` says the g^ir of "IKE SA 1", "Child SA 2"."""
        super().__init__(test)
        self.secret_of = secret_of

    def _private(self, *_: Any) -> bytes:
        return b""

    def _key_exchange(self, request: ike.Message, response: ike.Message, sides: tuple[str, str],
                      owner: str) -> Values:
        return {"g^ir": bytes.fromhex(self.secret_of(owner))}

    def _nat(self, *_: Any) -> None:
        """strongSwan sends another hash on purpose where it wants ESP in UDP."""

    def _hashes(self, *_: Any) -> None:
        return

    def _certificates_asked(self, *_: Any) -> None:
        return

    def _fragment_size(self, side: str) -> int:
        return 65_535


def check(v: Vector) -> Kind:
    def secret_of(owner: str) -> str:
        kind, number = owner.rsplit(" ", 1)
        return v.test["ikeSas" if kind == "IKE SA" else "childSas"][int(number) - 1]["g^ir"]

    compared(v, RecordedDerivation(v.test, secret_of))
    return v.judge(True)


# ---- writing ----

_DUMP = re.compile(r"^(\d+)\[[A-Z]+\] (?:<[^>]*> )?([A-Za-z].*) => \d+ bytes @ ")
_OCTETS = re.compile(r"^(\d+)\[[A-Z]+\] (?:<[^>]*> )? *\d+: ((?:[0-9A-F]{2} ){1,16})")
_PROVEN = re.compile(r"authentication of '([^']*)' (\(myself\) )?with pre-shared key")

def told(log: str) -> dict[str, list[bytes]]:
    """All octets that charon shows, by what it says they are, in order. Threads write between each other."""
    found: dict[str, list[bytearray]] = defaultdict(list)
    open_dumps: dict[str, bytearray] = {}
    for line in log.splitlines():
        if octets := _OCTETS.match(line):
            if octets[1] in open_dumps:
                open_dumps[octets[1]] += bytes.fromhex(octets[2])
        elif dump := _DUMP.match(line):
            open_dumps[dump[1]] = bytearray()
            found[dump[2]].append(open_dumps[dump[1]])
    return {name: [bytes(one) for one in all_of_it] for name, all_of_it in found.items()}


WITNESSED = {"SKEYSEED": "SKEYSEED", **{f"SK_{k}": f"Sk_{k} secret" for k in ("d", "ai", "ar", "ei", "er", "pi", "pr")},
             "encryption_i": "encryption initiator key", "encryption_r": "encryption responder key",
             "integrity_i": "integrity initiator key", "integrity_r": "integrity responder key",
             "SignedOctets": "octets = message + nonce + prf(Sk_px, IDx') + IntAuth",
             "prf(Shared Secret, Key Pad)": "prf(secret, keypad)",
             "AUTH": "AUTH = prf(prf(secret, keypad), octets)"}


def compare(derived: list[Values], witness: dict[str, list[bytes]]) -> int:
    """The number of values that the witness has, too."""
    count = 0
    for holder in derived:
        for name in WITNESSED.keys() & holder.keys():
            value = bytes.fromhex(holder[name])
            if value and value not in witness.get(WITNESSED[name], []):
                raise Failed(f"the witness has another {name}")
            count += bool(value)
    return count


def messages(artefacts: Path) -> list[Values]:
    """Every IKE message once: a repetition has the same octets."""
    seen: dict[bytes, Values] = {}
    sides: dict[str, str] = {}
    for datagram in packet.datagrams(capture.read_capture(artefacts / "wire.pcap")):
        if datagram.kind != "ike":
            continue
        side = sides.setdefault(datagram.src, "initiator" if not sides else "responder")
        octets = datagram.ike_octets
        seen.setdefault(octets, {"from": side, "source": f"{datagram.src}:{datagram.sport}",
                                 "destination": f"{datagram.dst}:{datagram.dport}",
                                 "nonEspMarker": packet.NATT_PORT in (datagram.sport, datagram.dport),
                                 "octets": octets.hex()})
    return list(seen.values())


def from_artefacts(number: int, artefacts: Path) -> Values:
    verdict = json.loads((artefacts / "verdict.json").read_text())
    log = (artefacts / "client" / "keys.log").read_text()
    witness, steps = told(log), messages(artefacts)
    sides = {"responder" if not own else "initiator": {"identity": name} for name, own in _PROVEN.findall(log)}
    secrets = (one.hex() for one in witness[SECRET])
    base = {"setup": {"psk": witness["secret"][0].hex(), **sides}, "steps": steps}
    derived = RecordedDerivation(base, lambda _: next(secrets)).run()
    count = compare([*derived.ike_sas, *derived.child_sas, *derived.auth], witness)
    names = [f"{verdict[side]} ({verdict[side + '_version']})" for side in ("initiator", "responder")]
    print(f"{names[0]} and {names[1]}: {count} values as the witness has them")
    complete = [{"message": m["message"], "payloads": m["payloads"], **step,
                 **{k: w for k, w in m.items() if k not in ("message", "payloads")}}
                for step, m in zip(steps, derived.messages, strict=True)]
    return {"tcId": number, "comment": f"{verdict['scenario']}: {names[0]} with {names[1]}", "result": "valid",
            "flags": [], "setup": base["setup"], "ikeSas": derived.ike_sas, "childSas": derived.child_sas,
            "auth": derived.auth, "steps": complete}


def main() -> None:
    if len(sys.argv) < 3:
        sys.exit("usage: python3 -m ikelab.vectors.recorded NAME ARTEFACTS...\n"
                 "ARTEFACTS are folders with wire.pcap and client/keys.log, as `ikelab run` leaves them")
    name, *folders = sys.argv[1:]
    tests = []
    for number, folder in enumerate(folders, 1):
        try:
            tests.append(from_artefacts(number, Path(folder)))
        except (OSError, ValueError, KeyError, StopIteration, Failed, Malformed, capture.CaptureError) as error:
            sys.exit(f"{folder} cannot be recorded ({type(error).__name__}: {error}); play with strongSwan as "
                     "initiator and a shared key, and give the folder of that play's artefacts")
    document = {"algorithm": name, "source": "ikelab, recorded between other implementations", "licence": "Apache-2.0",
                "notes": NOTES, "numberOfTests": len(tests),
                "testGroups": [{"type": "RecordedExchangeTest", "tests": tests}]}
    target = ROOT / "recorded" / f"{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
