"""The table of peers, their roots, and whose archive they come from."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from ikelab.peers import build, mirror, table

STATUS = """Package: strongswan-charon
Status: install ok installed
Version: 9.9.9-1
Description: daemon
 Version: not this one

Package: gone
Status: deinstall ok config-files
Version: 1
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> build.Root:
    monkeypatch.setenv("IKELAB_BUILD", str(tmp_path))
    return build.Root("strongswan-9.9.9", "trixie", ("strongswan-charon",), "strongswan-charon")


@pytest.fixture
def unpack(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Stands in for mmdebstrap; returns where it was asked to unpack."""
    calls: list[Path] = []

    def fake(root: build.Root, source: str, fresh: Path) -> None:
        calls.append(fresh)
        assert root.manifest() is None
        database = fresh / "root" / "var/lib/dpkg/status"
        database.parent.mkdir(parents=True)
        database.write_text(STATUS)

    monkeypatch.setattr(build, "_debootstrap", fake)
    monkeypatch.setattr(build, "_check_tools", lambda root: None)
    return calls


def quiet(_: str) -> None:
    pass


def test_a_root_is_built_once(root: build.Root, unpack: list[Path]) -> None:
    assert "is not built" in root.missing()
    assert build.build([root], "http://archive.example/debian", quiet) == [root]
    assert (root.missing(), root.version()) == ("", "9.9.9-1")
    assert build.build([root], "http://archive.example/debian", quiet) == []
    assert len(unpack) == 1
    assert [path.name for path in build.peers_directory().iterdir() if path.is_dir()] == [root.name]


def test_a_half_built_root_is_seen_and_built_again(root: build.Root, unpack: list[Path]) -> None:
    (root.path / "usr").mkdir(parents=True)
    leftover = build.peers_directory() / f".{root.name}.abc"
    leftover.mkdir()
    assert "half-built" in root.missing()
    with pytest.raises(build.PeerMissing, match="peers build strongswan-9.9.9"):
        root.require()
    build.build([root], "http://archive.example/debian", quiet)
    assert root.missing() == "" and not leftover.exists() and not (root.path / "usr").exists()


def test_a_root_is_made_with_extras_and_may_do_without(root: build.Root, unpack: list[Path]) -> None:
    build.build([root], "http://archive.example/debian", quiet)
    wants_more = replace(root, extras=("nobody-has-this",))
    assert wants_more.missing() == ""
    assert "out of date" in replace(root, packages=(*root.packages, "nobody-has-this")).missing()
    build.remove_leftovers(root)
    with pytest.raises(build.BuildFailed, match="nobody-has-this"):
        build.build([wants_more], "http://archive.example/debian", quiet)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"suite": "trixie"}', '{"suite": "sid", "packages": ["strongswan-charon"]}'])
def test_a_manifest_of_something_else_counts_for_nothing(root: build.Root, text: str) -> None:
    root.path.mkdir(parents=True)
    root.manifest_file.write_text(text)
    assert root.manifest() is None


def test_a_failed_build_leaves_nothing(root: build.Root, unpack: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(root: build.Root, source: str, fresh: Path) -> None:
        (fresh / "root").mkdir()
        raise build.BuildFailed("no network")

    monkeypatch.setattr(build, "_debootstrap", fail)
    with pytest.raises(build.BuildFailed, match="no network"):
        build.build([root], "http://archive.example/debian", quiet)
    assert not any(path.is_dir() for path in build.peers_directory().iterdir())


def test_mmdebstrap_failure_names_its_reason(root: build.Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("mmdebstrap", "unshare"):
        (tools / name).write_text("#!/bin/sh\necho 'E: unable to reach the archive'\nexit 1\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    with pytest.raises(build.BuildFailed, match="unable to reach the archive.*network"):
        build.build([root], "http://archive.example/debian", quiet)


def test_no_archive_is_a_sentence(root: build.Root, unpack: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "archive", lambda: None)
    with pytest.raises(build.BuildFailed, match="--mirror"):
        build.build([root], None, quiet)


def test_manifest_in_the_directory_is_whole(root: build.Root, unpack: list[Path]) -> None:
    build.build([root], "http://archive.example/debian", quiet)
    manifest = json.loads(root.manifest_file.read_text())
    assert manifest["versions"] == {"strongswan-charon": "9.9.9-1"}


TARGETS = """http://security.example/debian-security/|Debian|Debian-Security|stable-security
http://third.example/apt/|Third|Debian|nodistro
http://archive.example/debian/|Debian|Debian|stable
"""
ONE_LINE = """# deb http://old.example/debian bookworm main
deb http://security.example/debian-security bookworm-security main
deb http://third.example/php/ bookworm main
deb-src http://source.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] http://archive.example/debian bookworm main contrib
"""
DEB822 = """Types: deb
# a comment
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main

Types: deb deb-src
URIs: http://archive.example/debian/
Suites: bookworm
 bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/x.gpg
"""
DISABLED = "Enabled: no\nTypes: deb\nURIs: http://archive.example/debian\nSuites: sid\nComponents: main\n"


def test_archive_from_apt() -> None:
    assert mirror.from_targets(TARGETS) == "http://archive.example/debian"
    assert mirror.from_targets("") is None


@pytest.mark.parametrize(("name", "text", "found"), [
    ("sources.list", ONE_LINE, "http://archive.example/debian"),
    ("sources.list.d/debian.sources", DEB822, "http://archive.example/debian"),
    ("sources.list.d/debian.sources", DISABLED, None),
    ("sources.list.d/debian.sources.bak", DEB822, None),
    ("sources.list.d/other.list", "deb cdrom:[Debian]/ bookworm main\n", None),
    ("sources.list.d/local.list", "deb file:/srv/mirror trixie main\n", "file:/srv/mirror"),
])
def test_archive_from_files(tmp_path: Path, name: str, text: str, found: str | None) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    assert mirror.from_sources(tmp_path) == found


def test_the_way_to_the_archive_is_passed_on() -> None:
    dump = 'Acquire "";\nAcquire::http::Proxy "http://proxy.example:3128";\nAcquire::Retries "3";\nDir "/";\n'
    assert mirror.apt_options(dump) == [
        '--aptopt=Acquire::http::Proxy "http://proxy.example:3128"', '--aptopt=Acquire::Retries "3"']


def test_the_table_is_sound() -> None:
    assert len(set(table.names())) == len(table.TABLE)
    assert table.kind("reference").suite == ""
    for line in table.TABLE:
        assert not line.suite or line.main_package in line.packages
    with pytest.raises(KeyError, match="strongswan-6.0.1"):
        table.kind("strongswan-1")


def test_the_repository_names_no_host_of_an_archive() -> None:
    source = Path(build.__file__).parent
    words = [".".join(("deb", "debian", "org")), ".".join(("archive", "ubuntu", "com"))]
    texts = [file.read_text() for file in [*source.glob("*.py"), build.REPOSITORY / "ci/install.sh"]]
    assert not [word for word in words for text in texts if word in text]


def test_install_script_lists_and_refuses_the_unknown() -> None:
    script = build.REPOSITORY / "ci/install.sh"
    listed = subprocess.run(["sh", script, "--list"], capture_output=True, text=True, check=True).stdout.split()
    assert {"mmdebstrap", "python3-pytest", "libcmocka-dev"} <= set(listed)
    assert subprocess.run(["sh", script, "--nonsense"], capture_output=True).returncode == 2


def test_install_script_names_what_it_cannot_get(tmp_path: Path) -> None:
    """On a machine where nothing is installed and apt fails: one sentence, exit 3."""
    for name, body in {"dpkg-query": "exit 1", "apt-get": "echo 'E: no route'; exit 100", "id": "echo 0"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", build.REPOSITORY / "ci/install.sh"], capture_output=True, text=True,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert done.returncode == 3 and "apt-get update failed" in done.stderr
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    done = subprocess.run(
        ["/bin/sh", build.REPOSITORY / "ci/install.sh"], capture_output=True, text=True,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert done.returncode == 3 and "needs root" in done.stderr


def test_what_is_not_here_has_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IKELAB_BUILD", str(tmp_path))
    assert table.available() == ()
    assert all("run `" in line.available() for line in table.TABLE)
