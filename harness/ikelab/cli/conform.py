from __future__ import annotations

import ipaddress
import os
import time
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest

from ..catalogue import load, marks
from ..catalogue.model import Catalogue
from ..conformance.merge import MergeError, merged
from ..conformance.outside import Outside, own_addresses
from ..conformance.plugin import FOLDER, REFERENCE, test_name
from ..interop import junit
from ..interop.crew import workers_for
from ..interop.matrix import matrix
from ..peers import table
from ..process import ProcessError
from ..report.conformance import write_conformance
from .common import EXIT_NOT_EXPECTED, PlayOrMerge, environment, json_option, usage
from .run import INTERRUPTED, NO_TESTS_COLLECTED, ROOT, Watcher, check_environment, finish, prepare, use_build

TIERS_IN_GUESTS = ("uml-kernel",)


def outputs(function: Any) -> Any:
    """--out, --html, --junit, --json."""
    for option in (
        click.option("--junit", "junit_file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
                     help="Also write the results as JUnit XML."),
        click.option("--html", "html_file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
                     help="The page, elsewhere than in the run's directory."),
        click.option("--out", type=click.Path(path_type=Path), metavar="DIR",
                     help="Where everything goes (default: build/results/<time>, and `latest` points to it)."),
    ):
        function = option(function)
    return json_option(function)


@click.group(cls=PlayOrMerge, invoke_without_command=False)
def conform() -> None:
    """Hold implementations to the RFCs, clause by clause, against the scripted peer.

    \b
    ikelab conform [FILTER]... [OPTIONS]     what `conform play --help` names
    ikelab conform merge DIR...              one table from several runs

    \b
    Example:
      ikelab conform --peer strongswan-6.0.1 RFC7296-2.6
      ikelab conform merge run1 run2 --html table.html
    """


@conform.command("play")
@click.argument("filters", nargs=-1, metavar="[FILTER]...")
@click.option("--peer", "peers", multiple=True, metavar="PEER",
              help="The implementation under test; may be given again (default: the reference).")
@click.option("--driver", "drivers", multiple=True, type=click.Path(path_type=Path, dir_okay=False), metavar="EXE",
              help="An implementation of yours, by an executable that drives it (docs/ADD_A_PEER.md).")
@click.option("--manual", is_flag=True, help="A box that only you can drive: you are told what to do, and waited for.")
@click.option("--interface", metavar="NAME", help="The box is outside, behind this interface; needs --address.")
@click.option("--address", metavar="ADDRESS", help="Where the box is; needs --interface.")
@click.option("--role", type=click.Choice(["initiator", "responder"]), help="Only tests of it in this role.")
@click.option("--strict", is_flag=True, help="A SHOULD that is not met is a failure, not a note.")
@click.option("--seed", default="1", show_default=True, metavar="SEED", help="Of all that the scripted peer draws.")
@click.option("--workers", default=0, metavar="N", help="Tests at a time (default: by cores and memory).")
@outputs
@click.option("--ikeref", type=click.Path(path_type=Path, dir_okay=False), metavar="PATH",
              help="Play with this build of the reference, say one under a sanitizer.")
@click.option("--list", "list_only", is_flag=True, help="Only list the tests that match.")
def play_tests(filters: tuple[str, ...], peers: tuple[str, ...], drivers: tuple[Path, ...], manual: bool,
            interface: str | None, address: str | None, role: str | None, strict: bool, seed: str, workers: int,
            out: Path | None, html_file: Path | None, junit_file: Path | None, ikeref: Path | None, list_only: bool,
            json_file: Path | None) -> None:
    """Hold an implementation to the RFCs, clause by clause, against the scripted peer.

    A FILTER is part of a test's name or of a requirement's id, or a pattern with * and ?. Peers are those of
    `ikelab peers list`. What the verdicts mean: docs/CONFORMANCE.md.

    \b
    Example:
      ikelab conform --peer strongswan-6.0.1 RFC7296-2.6 --json out.json
    """
    names = (*peers, *(f"{table.DRIVER}{one.resolve()}" for one in drivers), *((table.MANUAL,) if manual else ()))
    names = names or (REFERENCE,)
    more = [f"--conform-seed={seed}", *(f"--conform-filter={one}" for one in filters)]
    more += [f"--conform-peer={name}" for name in names] + ([f"--conform-role={role}"] if role else [])
    if list_only:
        for name in test_names(more):
            click.echo(name)
        return
    use_build(ikeref)
    check_environment(names, names)
    more += outside_options(interface, address, peers, manual)
    started = time.time()
    directory = prepare(out, started)
    watcher = Watcher(name_of=test_name)
    workers = 1 if manual or interface else workers or workers_for(any(table.kind(name).tier in TIERS_IN_GUESTS for name in names))
    more += [f"--conform-out={directory}", *(["--conform-strict"] if strict else [])]
    more += ["-n", str(workers)] if workers > 1 else ["-p", "no:xdist"]
    status = play(watcher, more)
    if status == NO_TESTS_COLLECTED or not (watcher.results or watcher.problems):
        if status == INTERRUPTED:
            raise SystemExit(EXIT_NOT_EXPECTED)
        raise usage(f"no test matches {' '.join(filters) or 'that'}; `ikelab conform --list` names them all")
    finish(watcher, directory, started, json_file,
           lambda where, results: write_conformance(html_file or where / "conformance.html", where, results, catalogue()))
    conclude(watcher, status, junit_file, "ikelab conform")


@conform.command("merge")
@click.argument("directories", nargs=-1, required=True, metavar="DIR...", type=click.Path(path_type=Path))
@outputs
def merge(directories: tuple[Path, ...], out: Path | None, html_file: Path | None, junit_file: Path | None,
          json_file: Path | None) -> None:
    """One table from DIRs that `ikelab conform` wrote, on this machine or on others: requirements down, implementations
    across.

    \b
    Example:
      ikelab conform merge reference strongswan libreswan --html table.html
    """
    started = time.time()
    watcher = Watcher(name_of=test_name)
    try:
        watcher.results += merged(directories)
    except MergeError as error:
        raise usage(str(error)) from error
    directory = prepare(out, started).resolve()
    for one in watcher.results:
        one.artefacts = os.path.relpath(one.artefacts, directory) if one.artefacts else ""
    finish(watcher, directory, started, json_file,
           lambda where, results: write_conformance(html_file or where / "conformance.html", where, results, catalogue()))
    conclude(watcher, 0, junit_file, "ikelab conform")


def conclude(watcher: Watcher, status: int, junit_file: Path | None, suite: str) -> None:
    """JUnit, and the exit status."""
    if junit_file is not None:
        try:
            junit.write(junit_file, matrix(watcher.results), suite)
        except OSError as error:
            raise environment(f"cannot write {junit_file}: {error.strerror}; give another --junit FILE") from error
    if status == INTERRUPTED:
        click.echo("interrupted: the rest was not played")
    if not all(one.verdict.as_expected for one in watcher.results) or watcher.problems or status == INTERRUPTED:
        raise SystemExit(EXIT_NOT_EXPECTED)


def outside_options(interface: str | None, address: str | None, peers: tuple[str, ...], manual: bool) -> list[str]:
    """Where the box is, when it is none of our namespaces."""
    if bool(interface) != bool(address):
        raise usage("--interface and --address belong together: where the box is, and how it is reached")
    if not interface:
        if manual:
            raise usage("--manual needs --interface and --address: no namespace of ours holds your box")
        return []
    if peers:
        raise usage(f"{peers[0]} runs in a namespace of ours; --interface is for --driver and --manual")
    try:
        if not own_addresses(interface):
            raise usage(f"{interface} has no address of its own; give it one that {address} can answer to")
        ipaddress.ip_address(address or "")
    except ProcessError as error:
        raise usage(f"there is no interface {interface}: {error}") from error
    except ValueError as error:
        raise usage(f"--address: {error}") from error
    return [f"--conform-outside={Outside(interface, address or '')}"]


def catalogue() -> Catalogue:
    """With the tests that name its rows."""
    rules = tomllib.loads((ROOT / "ci" / "trace.toml").read_text())
    return marks.with_tests(load.load(), marks.marks(ROOT, rules["tests"]))


def arguments(*more: str, folder: Path = FOLDER) -> list[str]:
    return [str(folder), f"--rootdir={ROOT}", "--import-mode=importlib", "-p", "ikelab.plugin", "-p",
            "ikelab.conformance.plugin", "-p", "ikelab.hostile.options", "-p", "no:cacheprovider", "-qq", "--tb=short", "--no-header", "--no-summary",
            "-o", "console_output_style=classic", *more]


def play(watcher: Watcher, more: list[str], folder: Path = FOLDER) -> int:
    """pytest's exit status."""
    try:
        return int(pytest.main(arguments(*more, folder=folder), plugins=[watcher]))
    except KeyboardInterrupt:
        return INTERRUPTED


def test_names(more: list[str]) -> list[str]:
    watcher = Watcher(name_of=test_name, echo=lambda _: None)
    pytest.main(arguments("--collect-only", "-p", "no:xdist", *more), plugins=[watcher])
    if watcher.problems:
        raise usage("\n".join(watcher.problems))
    return watcher.names
