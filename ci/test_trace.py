"""trace.py as it is run: on this tree, and on small ones with one thing wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TRACE = Path(__file__).resolve().parent / "trace.py"
CATALOGUE = """
rfc = 9999
title = "Invented"
[sections]
"1" = 2

[[requirement]]
id = "RFC9999-1-01"
section = "1"
level = "MUST NOT"
role = "both"
testable = "wire"
keywords = 1
text = "Nobody does what is forbidden."

[[requirement]]
id = "RFC9999-1-02"
section = "1"
level = "MUST"
role = "both"
testable = "no"
reason = "invented"
keywords = 1
text = "Everybody thinks what is demanded."
"""
TEST = '@requirement("RFC9999-1-01")\ndef test_it(): ...\n'


def trace(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, TRACE, *arguments], capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in {"vectors/requirements/rfc9999.toml": CATALOGUE, "scenarios/conformance/test_one.py": TEST,
                       "vectors/requirements/ids.txt": "RFC9999-1-01\nRFC9999-1-02\n",
                       "ci/trace.toml": 'tests = ["scenarios"]\nuntested_fails = false\n'}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def replace(tree: Path, name: str, old: str, new: str) -> None:
    path = tree / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_this_tree_is_in_order() -> None:
    done = trace()
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_small_tree_is_in_order(tree: Path) -> None:
    done = trace("--root", tree)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 with a test; of   1 testable MUSTs   1" in done.stdout
    assert trace("--root", tree, "--quiet").stdout == ""


@pytest.mark.parametrize(("name", "old", "new", "status", "said"), [
    ("scenarios/conformance/test_one.py", "1-01", "1-07", 1, "test_it names RFC9999-1-07, which is in no file"),
    ("scenarios/conformance/test_one.py", "1-01", "1-02", 1, "says that it cannot be tested (invented)"),
    ("vectors/requirements/ids.txt", "RFC9999-1-01\n", "RFC9999-1-01\nRFC9999-4-04\n", 1, "RFC9999-4-04: the catalogue had"),
    ("vectors/requirements/ids.txt", "RFC9999-1-01\n", "", 1, "1 ids are not in the list of ids (RFC9999-1-01)"),
    ("vectors/requirements/rfc9999.toml", '"1" = 2', '"1" = 3', 1, "section 1 has 3 keywords"),
    ("scenarios/conformance/test_one.py", "def", "dex", 2, "SyntaxError"),
    ("scenarios/conformance/test_one.py", '"RFC9999-1-01"', "NAME", 2, "write the ids"),
    ("scenarios/conformance/test_one.py", "def test_it(): ...",
     'def test_it():\n    should("RFC9999-1-01")\n\n\ndef test_two(peer):\n    peer.should("RFC9999-1-01")', 1, "does not name it"),
    ("ci/trace.toml", "tests", "text", 2, "nothing was compared"),
])
def test_what_is_wrong_is_seen(tree: Path, name: str, old: str, new: str, status: int, said: str) -> None:
    replace(tree, name, old, new)
    done = trace("--root", tree)
    assert (done.returncode, said in done.stdout + done.stderr) == (status, True), done.stdout + done.stderr


@pytest.mark.parametrize("level", ["MUST NOT", "SHOULD NOT"])
def test_who_wants_a_test_and_has_none_fails_once_the_file_says_so(tree: Path, level: str) -> None:
    replace(tree, "vectors/requirements/rfc9999.toml", "MUST NOT", level)
    replace(tree, "scenarios/conformance/test_one.py", "@requirement", "@other")
    assert trace("--root", tree).returncode == 0
    assert f"RFC9999-1-01: {level}, both, and no test" in trace("--root", tree, "--untested").stdout
    replace(tree, "ci/trace.toml", "false", "true")
    done = trace("--root", tree)
    assert done.returncode == 1
    assert f"RFC9999-1-01: {level}" in done.stdout


REASON = 'level = "SHOULD NOT"\nuntested = "it would take hours"'


def test_a_should_may_say_why_it_has_no_test(tree: Path) -> None:
    replace(tree, "vectors/requirements/rfc9999.toml", 'level = "MUST NOT"', REASON)
    replace(tree, "ci/trace.toml", "false", "true")
    done = trace("--root", tree)
    assert (done.returncode, "take `untested` out of the row" in done.stdout) == (1, True), "it has a test all the same"
    replace(tree, "scenarios/conformance/test_one.py", "@requirement", "@other")
    assert trace("--root", tree).returncode == 0


def test_a_must_may_not(tree: Path) -> None:
    replace(tree, "vectors/requirements/rfc9999.toml", 'level = "MUST NOT"', REASON.replace("SHOULD", "MUST"))
    done = trace("--root", tree)
    assert (done.returncode, "a MUST wants one" in done.stderr) == (1, True), done.stdout + done.stderr


def test_update_adds_what_is_new(tree: Path) -> None:
    ids = tree / "vectors/requirements/ids.txt"
    ids.unlink()
    assert trace("--root", tree).returncode == 1
    assert trace("--root", tree, "--update").returncode == 0
    assert "RFC9999-1-02" in ids.read_text()
