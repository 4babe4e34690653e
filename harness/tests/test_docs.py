"""What the documents say is so: files exist, links lead somewhere, examples are accepted, the tutorial runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest
from ikelab.cleanup import build_directory

ROOT = Path(__file__).resolve().parents[2]
BUILD = build_directory().resolve()
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
built = pytest.mark.skipif(os.geteuid() != 0 or not (BUILD / "ikeref").exists(), reason="needs root and `make`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_named_exists(document):
    text = document.read_text()
    rooms = "base|crypto|wire|protect|sa|exchange|esp|endpoint|host|test"
    named = {f"ref/{name}" for name in re.findall(rf"(?<![\w/])((?:{rooms})/[a-z_0-9/]+\.[ch])\b", text)}
    named |= set(re.findall(r"(?<![\w/])((?:docs|ci|harness|ref|scenarios)/[\w./]+\.(?:md|py|sh|c|h|json|toml|example))", text))
    named |= {os.path.relpath((document.parent / link).resolve(), ROOT)
              for link in re.findall(r"\]\(([^)#:]+)\)", text)}
    missing = [name for name in named if not (ROOT / name).exists() and name != "scenarios/mine/test_mine.py"]
    assert not missing


@pytest.mark.parametrize("document", [one for one in DOCUMENTS if one.parent.name == "docs"], ids=lambda path: path.name)
def test_every_document_is_linked(document):
    others = [one.read_text() for one in DOCUMENTS if one != document]
    assert any(f"docs/{document.name}" in text for text in others)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_make_targets_and_commands_exist(document):
    text = document.read_text()
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^    (?:\$ )?make ([a-z-]+)", text, re.M):
        assert re.search(rf"^{target}:", makefile, re.M), target
    for command in re.findall(r"build/ikelab ([a-z]+)", text):
        assert (ROOT / "harness/ikelab/cli" / f"{command}.py").exists(), command


@built
def test_the_example_of_the_readme_is_a_configuration(tmp_path):
    text = (ROOT / "README.md").read_text()
    block = re.search(r'^    peer "gateway" \{\n.*?^    \}\n', text, re.M | re.S).group()
    file = tmp_path / "ikeref.conf"
    file.write_text(textwrap.dedent(block))
    done = subprocess.run([BUILD / "ikeref", "--config", file, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@built
def test_the_example_configuration_is_good_and_has_every_key():
    example = ROOT / "docs/ikeref.conf.example"
    done = subprocess.run([BUILD / "ikeref", "--config", example, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    keys = re.findall(r'^    \{"([a-z-]+)", VALUE_', (ROOT / "ref/host/config_keys.c").read_text(), re.M)
    assert len(keys) > 40
    text = example.read_text()
    assert [key for key in keys if not re.search(rf"\b{key} = ", text)] == []


@built
def test_every_peer_stands_in_the_readme():
    from ikelab.peers import table

    text = (ROOT / "README.md").read_text()
    names = [kind.name for kind in table.TABLE if getattr(kind, "by_default", True)]
    assert [name for name in names if f"`{name}`" not in text] == []


@built
def test_the_tutorial_runs(tmp_path):
    """In a copy of the tree that plays with the reference alone."""
    tree = tmp_path / "tree"
    for name in ("harness", "scenarios"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "build").mkdir()
    for name in ("ikeref", "capture", "relay"):
        shutil.copy(BUILD / name, tree / "build" / name)
    script = (ROOT / "harness/ikelab.sh.in").read_text()
    command = tree / "build/ikelab"
    command.write_text(script.replace("@PYTHON@", "/usr/bin/python3").replace("@ROOT@", str(tree)))
    command.chmod(0o755)
    text = (ROOT / "docs/TUTORIAL.md").read_text()
    scenario = textwrap.dedent(re.search(r'^    """My first.*?(?=^\w)', text, re.M | re.S).group())
    (tree / "scenarios/mine").mkdir()
    (tree / "scenarios/mine/test_mine.py").write_text(scenario)
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("IKELAB_BUILD", "PYTHONPATH") and not name.startswith("PYTEST")}
    said = []
    for line in re.findall(r"^    \$ (.*)$", text, re.M):
        done = subprocess.run(["sh", "-ec", line], cwd=tree, env=environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, check=False)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        said.append(done.stdout)
    assert "connect.connect" in said[0] and "1 pass" in said[1]
    assert "IKE_AUTH" in said[3] and "1 pass" in said[4]
    assert "1 fail" in said[6] and "exit status 1" in said[6]
