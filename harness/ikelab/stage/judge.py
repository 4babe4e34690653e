"""Plays one scenario from the opening of the lab to its verdict and artefacts.

The verdict comes from what the scenario asserted, from SA state, and from the decoded captures; never from
a log. What the lab itself could not do makes it `inconclusive`.
"""

from __future__ import annotations

import errno
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from .. import keys, workplace
from ..capture import CaptureError
from ..link import RelayError
from ..peers.build import PeerMissing
from ..peers.contract import PeerError, PeerNotRunning, PeerSilent, PeerTimeout, PeerUnsupported
from ..process import ProcessError
from ..report.ladder import draw
from ..result import Result
from ..trace import Trace, annotate, scene_file
from ..trace.cause import cause
from ..trace.hang import hang
from ..trace.leak import Leak, Policy, find_leaks
from ..trace.render import lines
from ..traffic import TrafficError
from ..verdict import Expected, Verdict, apply_expected
from ..wire import capture as capture_file
from . import on_the_wire
from .lab import Lab, Play
from .side import Side

LAB_ERRORS = (ProcessError, RelayError, CaptureError, PeerMissing, capture_file.CaptureError, keys.KeyFileError)
# What `pytest.raises` says of a refusal that did not come: no Exception, so that nobody catches it by chance.
DID_NOT_RAISE = pytest.fail.Exception
SKIPPED = pytest.skip.Exception  # nothing a scenario may do: whoever lacks something declares it
Judgement = tuple[Verdict, str]


def play(lab: Lab, scenario: Callable[[], object], expected: list[Expected]) -> Result:
    """Never raises but for an interrupt: every failure becomes a verdict with its reason."""
    watch = _Watch()
    judgement: Judgement = (Verdict.PASS, "")
    leaks: list[Leak] = []
    silent = False  # who is asked at its control, and does not answer: the packets may say why
    try:
        try:
            lab.open()
            watch.passed("set_up")
            scenario()
        except (Exception, DID_NOT_RAISE, SKIPPED) as error:
            judgement = classify(error, lab)
            silent = judgement[0] is Verdict.INCONCLUSIVE and isinstance(error, PeerSilent)
        watch.passed("playing" if lab.capture is not None else "set_up")
        judgement = _worse(judgement, _end(lab))
        watch.passed("ending")
        if lab.capture is not None:
            leaks = _decode(lab)
            if judgement[0] is Verdict.PASS:
                lab.check_afterwards(lab.trace)
                judgement = _prove_spis(lab, lab.trace)
            elif silent and not lab.capture.stop().dropped and (words := hang(lab.trace)):
                judgement = (Verdict.FAIL, f"{words}; {judgement[1]}")
    except Exception as error:
        judgement = _worse(judgement, classify(error, lab))
    finally:
        watch.passed("judging")
        lab.close()
        watch.passed("ending")
    judgement = _worse(judgement, _leak_judgement(lab, leaks))
    if lab.dead_guests:
        judgement = (Verdict.INCONCLUSIVE, "; ".join(lab.dead_guests))
    one = lab.play
    listed = [line for line in expected if line.matches(one.scenario, one.initiator, one.responder,
                                                                one.authentication)]
    verdict, reason = apply_expected(*judgement, listed)
    reason = reason.replace(str(lab.directory), str(one.directory))  # who reads it finds things at home
    result = _result(lab, verdict, reason, watch.seconds())
    if verdict not in (Verdict.PASS, Verdict.UNSUPPORTED) and lab.trace is not None:
        result.cause = str(leaks[0]) if leaks else cause(lab.trace)
    try:
        _write(lab, result, leaks, watch)
    except OSError as error:
        # Half a directory would look like evidence; without room there is none.
        shutil.rmtree(one.directory, ignore_errors=True)
        before = "" if verdict is Verdict.INCONCLUSIVE else f" (it was {verdict}{': ' * bool(reason)}{reason})"
        result.verdict, result.artefacts = Verdict.INCONCLUSIVE, ""
        result.reason = (f"cannot write artefacts to {one.directory}: {error.strerror}; make room or give "
                         f"another --out{before}")
    return result


class _Watch:
    """Where the seconds went."""

    def __init__(self) -> None:
        self.started = self.last = time.monotonic()
        self.spent: dict[str, float] = {}

    def passed(self, what: str) -> None:
        """All since the last call was for this."""
        now = time.monotonic()
        self.spent[what] = self.spent.get(what, 0.0) + now - self.last
        self.last = now

    def seconds(self) -> float:
        return time.monotonic() - self.started

    def told(self, boot_s: float) -> dict[str, float]:
        found = {"booting": boot_s, **self.spent}
        found["set_up"] = max(found.get("set_up", 0.0) - boot_s, 0.0)
        return {name: round(seconds, 3) for name, seconds in found.items()}


def _prove_spis(lab: Lab, trace: Trace) -> Judgement:
    """SPIs that an adapter has from aside are worth what the capture shows of them."""
    for side in lab.sides:
        if side.peer is not None and (missing := on_the_wire.unproven(side.peer.spis_to_prove, trace)):
            return Verdict.FAIL, f"the {side.name} told of an IKE SA that no packet shows: {missing[0]}"
    return Verdict.PASS, ""


def classify(error: BaseException, lab: Lab) -> Judgement:
    """What an exception says about the peers, the lab, or the scenario."""
    words = words_of(error)
    if isinstance(error, PeerUnsupported):
        return Verdict.UNSUPPORTED, words
    crashed = [side for side in lab.sides if _crashed(side)]
    if crashed:
        who = " and the ".join(side.name for side in crashed)
        return Verdict.FAIL, f"the daemon of the {who} ended in mid-scenario ({_ends(crashed)}): {words}"
    if isinstance(error, (PeerNotRunning, *LAB_ERRORS)):
        return Verdict.INCONCLUSIVE, words
    if isinstance(error, (AssertionError, DID_NOT_RAISE)):
        return Verdict.FAIL, words or "an assertion failed"
    if isinstance(error, (PeerError, PeerTimeout, TrafficError)):
        return Verdict.FAIL, words
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return Verdict.INCONCLUSIVE, f"the disk is full: {words}; make room or give another --out"
    return Verdict.INCONCLUSIVE, f"the scenario itself broke: {type(error).__name__}: {words}"


def words_of(error: BaseException) -> str:
    """The message, and where in the scenario it happened."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if file.name.startswith("test_"):
            place = f" ({file.name}:{trace.tb_lineno})"
        trace = trace.tb_next
    text = str(error).strip()
    if isinstance(error, AssertionError):
        text = "\n".join(line for line in text.splitlines() if "= <" not in line)
    return (text[:600] + place).strip()


def _crashed(side: Side) -> bool:
    try:
        return side.should_run and not side.daemon.running()
    except Exception:
        return True


def _ends(crashed: list[Side]) -> str:
    """How they ended, for people: signal or status, and the last words of their logs."""
    found = []
    for side in crashed:
        try:
            found.append(side.daemon.how_it_ended())
        except Exception as error:
            found.append(f"how is not known: {error}")
    return "; ".join(found)


def _worse(one: Judgement, other: Judgement) -> Judgement:
    """The first reason stays, unless what follows weighs more: a leak or a crash beats a pass."""
    if one[0] is Verdict.PASS:
        return other
    if other[0] is Verdict.FAIL and one[0] is not Verdict.FAIL:
        return other
    return one


def _end(lab: Lab) -> Judgement:
    """Ends daemons, then the capture, so that their farewell is seen as well."""
    judgement: Judgement = (Verdict.PASS, "")
    for side in lab.sides:
        if side.peer is None:
            continue
        if _crashed(side):
            judgement = (Verdict.FAIL, f"the daemon of the {side.name} ended in mid-scenario ({_ends([side])})")
        side.should_run = False
        side.policies_end()
        try:
            side.peer.stop()
        except Exception as error:
            judgement = _worse(judgement, (Verdict.INCONCLUSIVE, f"{side.name} did not end: {error}"))
    if lab.capture is not None:
        dropped = lab.capture.stop().dropped
        if dropped:
            judgement = _worse(judgement, (Verdict.INCONCLUSIVE, f"the capture dropped {dropped} packets"))
    return judgement


def _decode(lab: Lab) -> list[Leak]:
    """Fills lab.trace and returns what leaked."""
    assert lab.capture is not None
    seen, store = lab.evidence()
    keys.write(lab.directory / "keys", store)
    scene = lab.scene()
    scene_file.write(lab.directory, scene, lab.marks, lab.outer_links())
    lab.trace = annotate(seen, store, scene, lab.marks)
    return find_leaks(seen, policies(lab))


def policies(lab: Lab) -> list[Policy]:
    """What each side had to protect, and when: from its start until it ended in good order. Who is killed
    still has its policies (RFC 4301 5.1: nothing leaves in the clear because nobody is there to seal it)."""
    found = []
    for side in lab.sides:
        spec = side.peer.spec if side.peer is not None else None
        for peer in spec.peers if spec is not None else ():
            others = tuple(a for other in lab.sides if other is not side for a in lab.addresses_of(other.name))
            for child in peer.children:
                local = child.local_ts or lab.addresses_of(side.name)
                remote = child.remote_ts or peer.remote_addresses or others
                found += [Policy(local, remote, child.name, side.name, since, until)
                          for since, until in side.policy_times]
    return found


def _leak_judgement(lab: Lab, leaks: list[Leak]) -> Judgement:
    """A peer whose adapter declares that it does not fail closed is not judged by it here."""
    for leak in leaks:
        owner = next((side for side in lab.sides if side.name == leak.policy.owner), None)
        if owner is None or "fail-closed" not in owner.daemon.missing():
            more = f" (and {len(leaks) - 1} more)" if len(leaks) > 1 else ""
            return Verdict.FAIL, f"{leak}{more}"
    return Verdict.PASS, ""


def _result(lab: Lab, verdict: Verdict, reason: str, seconds: float) -> Result:
    one = lab.play
    result = Result(one.scenario, one.initiator, one.responder, verdict, reason, seconds=round(seconds, 3),
                    requirements=one.requirements, title=one.title, authentication=one.authentication)
    for side, field in ((lab.client, "initiator_version"), (lab.gateway, "responder_version")):
        if side.peer is not None:
            setattr(result, field, side.peer.version())
    tiers = {side.peer.tier for side in lab.sides if side.peer is not None}
    result.tier = "+".join(sorted(tiers))
    _measure(result, lab)
    return result


def _measure(result: Result, lab: Lab) -> None:
    def values(name: str, of: list[Any]) -> list[Any]:
        found = [getattr(one, name, None) for one in of]
        return [value for value in found if value is not None]

    if outages := values("outage_ms", lab.traffic):
        result.outage_ms = round(max(outages), 3)
    for field, name in (("packets_sent", "sent"), ("packets_lost", "lost"),
                        ("packets_duplicated", "duplicated"), ("packets_reordered", "reordered")):
        # A TCP flow counts octets.
        if counted := values(name, [one for one in lab.traffic if hasattr(one, "reordered")]):
            setattr(result, field, sum(counted))
    if lab.trace is not None:
        cost = lab.trace.cost
        result.ike_messages, result.ike_octets = cost.ike_messages, cost.ike_octets
        result.esp_packets, result.esp_octets = cost.esp_packets, cost.esp_octets
        result.handshake_ms = _handshake_ms(lab.trace)


def _handshake_ms(trace: Trace) -> float | None:
    """From the first IKE_SA_INIT to the first answer to IKE_AUTH, by the capture's clock."""
    for event in trace.exchanges("IKE_AUTH"):
        if event.message and event.message.header.response:
            spi_i = event.message.header.spi_i
            asked = [e for e in trace.exchanges("IKE_SA_INIT") if e.message and e.message.header.spi_i == spi_i]
            return round((event.end_ns - asked[0].time_ns) / 1e6, 3) if asked else None
    return None


def _write(lab: Lab, result: Result, leaks: list[Leak], watch: _Watch) -> None:
    """Carries home what the play has left. verdict.json last: its presence says that the directory is whole."""
    directory = lab.play.directory
    workplace.carry(lab.directory, directory)
    if lab.trace is not None:
        (directory / "trace.txt").write_text("".join(line + "\n" for line in lines(lab.trace)))
        (directory / "ladder.svg").write_text(draw(lab.trace))
    if leaks:
        (directory / "leaks.txt").write_text("".join(f"{leak}\n" for leak in leaks))
    watch.passed("judging")
    result.spent = watch.told(lab.boot_s)
    result.artefacts = str(Path("scenarios") / directory.parent.name / directory.name)
    (directory / "verdict.json").write_text(json.dumps(asdict(result), indent=1) + "\n")


__all__ = ["Play", "Trace", "classify", "play"]
