"""Which Debian archive this machine's own apt uses, so that peers come from where everything else does.

No host name stands here: apt's configuration is asked, first apt itself, then its files.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

SOURCES = Path("/etc/apt")
_KEYRINGS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_RELEASES = frozenset(
    "oldoldstable oldstable stable testing unstable sid bullseye bookworm trixie forky".split()
)
# Settings that decide how an archive is reached; a fresh root must reach it the same way.
_PASSED_ON = re.compile(r'^(Acquire::(?:https?|ftp|Retries|ForceIPv[46])[^ ]*) "([^"]+)";$')


def archive(sources: Path = SOURCES) -> str | None:
    """The URI of the main Debian archive; None when apt names none."""
    return from_targets(_ask_apt()) or from_sources(sources)


def from_targets(text: str) -> str | None:
    """From lines `URI|origin|label|suite` as indextargets prints them."""
    for line in text.splitlines():
        uri, _, rest = line.partition("|")
        origin, _, rest = rest.partition("|")
        label = rest.partition("|")[0]
        if origin == "Debian" and label == "Debian":
            return uri.rstrip("/")
    return None


def from_sources(directory: Path) -> str | None:
    """From sources.list and sources.list.d in both formats: for a machine that never ran apt update."""
    candidates: list[str] = []
    for file in [directory / "sources.list", *sorted((directory / "sources.list.d").glob("*"))]:
        if file.suffix == ".sources" and file.is_file():
            candidates += _deb822(file.read_text(errors="replace"))
        elif file.suffix == ".list" and file.is_file():
            candidates += _one_line(file.read_text(errors="replace"))
    # Third parties name their suites after Debian's too; an archive that is called so comes first.
    candidates.sort(key=lambda uri: not uri.rstrip("/").endswith("/debian"))
    return candidates[0].rstrip("/") if candidates else None


def source_line(uri: str, suite: str) -> str:
    """The one line of sources.list that mmdebstrap gets."""
    signed = f"[signed-by={_KEYRINGS}] " if _KEYRINGS.exists() else ""
    return f"deb {signed}{uri} {suite} main"


def apt_options(configuration: str | None = None) -> list[str]:
    """mmdebstrap's --aptopt for this machine's proxy, retries and certificates. Files that they name must be
    readable; inside the new root's apt they are used from outside, by mmdebstrap's own run of apt."""
    if configuration is None:
        configuration = _output(["apt-config", "dump"])
    found = (_PASSED_ON.match(line) for line in configuration.splitlines())
    return [f'--aptopt={m[1]} "{m[2]}"' for m in found if m]


def _ask_apt() -> str:
    return _output(["apt-get", "indextargets", "--format", "$(REPO_URI)|$(ORIGIN)|$(LABEL)|$(SUITE)"])


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""


def _is_main_archive(uri: str, suite: str, components: list[str]) -> bool:
    """The archive proper: a release's own suite with "main"; security and third parties differ in one of them."""
    return (
        re.match(r"(https?|file|copy|ftp|tor\+https?):/", uri) is not None
        and "main" in components
        and suite in _RELEASES
    )


def _one_line(text: str) -> list[str]:
    found = []
    for line in text.splitlines():
        match = re.match(r"deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)", line.split("#")[0].strip())
        if match and _is_main_archive(match[1], match[2], match[3].split()):
            found.append(match[1])
    return found


def _deb822(text: str) -> list[str]:
    found = []
    for paragraph in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        key = ""
        for line in paragraph.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in (" ", "\t") and key:
                fields[key] += " " + line.strip()
            elif ":" in line:
                key, value = line.split(":", 1)
                key = key.lower()
                fields[key] = value.strip()
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() == "no":
            continue
        suites, components = fields.get("suites", "").split(), fields.get("components", "").split()
        found += [uri for uri in fields.get("uris", "").split()
                  if any(_is_main_archive(uri, suite, components) for suite in suites)]
    return found
