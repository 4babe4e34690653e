"""ci/prove.py: its table is that of the files, its mutants fit, and what CBMC says is read rightly."""

from __future__ import annotations

import json
from pathlib import Path

import prove
import pytest

PROOF = prove.Proof(file="base/prove_x.c", function="prove_x", bound="", anything=("granted",))


def said(*results: tuple[str, str]) -> str:
    return json.dumps([{"program": "CBMC"}, {"result": [
        {"property": name, "status": status, "description": "why", "sourceLocation": {"file": "x.c", "line": "3"}}
        for name, status in results]}, {"cProverStatus": "success"}])


def test_the_table_and_the_files_say_the_same() -> None:
    prove.check_table(prove.load())


def test_a_proof_that_is_not_listed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "written", lambda: {("base/prove_x.c", "prove_y")})
    with pytest.raises(prove.TableError, match="prove_y stands only in its file"):
        prove.check_table(())


def test_a_proof_needs_a_mutant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "written", lambda: {(PROOF.file, PROOF.function)})
    with pytest.raises(prove.TableError, match="nothing shows that it can fail"):
        prove.check_table((PROOF,))


def test_a_mutant_must_fit_once() -> None:
    with pytest.raises(prove.TableError, match="0 times"):
        prove.mutate(prove.Mutant("base/bytes.c", "what does not stand there", ""))


def test_all_proved() -> None:
    assert prove.judge(PROOF, said(("a", "SUCCESS"), ("b", "SUCCESS")), 1.0) == prove.Outcome("proved", 2, 1.0)


def test_a_failure_says_where_and_why() -> None:
    outcome = prove.judge(PROOF, said(("a", "SUCCESS"), ("x.unwind.0", "FAILURE")), 1.0)
    assert outcome.verdict == "FAILED" and outcome.problems == ("x.c:3: why (x.unwind.0)",)


def test_only_what_is_granted_may_lack_a_body() -> None:
    assert prove.judge(PROOF, said(("a", "SUCCESS"), ("f.no-body.granted", "FAILURE")), 1.0).verdict == "proved"
    assert prove.judge(PROOF, said(("a", "SUCCESS"), ("f.no-body.other", "FAILURE")), 1.0).verdict == "FAILED"


@pytest.mark.parametrize("text", ["", "not JSON", "[]", json.dumps([{"messageText": "syntax error"}]), said()])
def test_no_result_is_no_proof(text: str) -> None:
    assert prove.judge(PROOF, text, 1.0).verdict == "no answer"


def test_a_proof_that_takes_too_long_says_so(tmp_path: Path) -> None:
    tool = tmp_path / "cbmc"
    tool.write_text("#!/bin/sh\nwhile :; do :; done\n")
    tool.chmod(0o755)
    quick = prove.Proof(file="base/prove_x.c", function="prove_x", bound="", cpu_s=1)
    assert prove.run(quick, [str(tool)]).verdict == "over its 1 s"
