from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from ..cleanup import build_directory, sweep
from ..interop.crew import workers_for
from ..peers import table
from ..report import ReportError, write_report
from ..result import Result, document, write_document
from ..stage.proof import METHODS
from .common import (EXIT_NOT_EXPECTED, environment, json_option, require_root, result_line, shown, summary_line,
                     usage, version_lines, write_json)

ROOT = Path(__file__).resolve().parents[3]
NO_TESTS_COLLECTED, INTERRUPTED = 5, 2


class Watcher:
    """Sits in pytest's controlling process: collects results, and prints each as its scenario ends."""

    def __init__(self, echo: Any = click.echo, name_of: Callable[[Any], str] | None = None):
        self.results: list[Result] = []
        self.problems: list[str] = []
        self.names: list[str] = []
        self._echo = echo
        self._name_of = name_of

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: Any) -> None:
        """pytest's reporter must stay (others ask it for options), but its words go nowhere."""
        reporter = session.config.pluginmanager.getplugin("terminalreporter")
        if reporter is not None:
            reporter._tw._file = Path(os.devnull).open("w")

    def pytest_internalerror(self, excrepr: Any) -> bool:
        self.problems.append(f"the runner itself broke: {str(excrepr)[-3000:]}")
        return True

    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, str]:
        return "", "", ""  # our lines are enough

    def pytest_runtest_logreport(self, report: Any) -> None:
        from ..plugin import result_of

        result = result_of(report)
        if result is not None:
            self.results.append(result)
            self._echo(result_line(result))
        elif report.failed:
            self.problems.append(f"{report.nodeid}: {report.longreprtext.strip()[-2000:]}")

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.problems.append(f"{report.nodeid}: {report.longreprtext.strip()[-2000:]}")

    def pytest_collection_finish(self, session: Any) -> None:
        from ..plugin import scenario_name

        self.names = sorted({(self._name_of or scenario_name)(item) for item in session.items})


@click.command()
@click.argument("filters", nargs=-1, metavar="[FILTER]...")
@click.option("--initiator", multiple=True, metavar="PEER", help="Only with this initiator; may be given again.")
@click.option("--responder", multiple=True, metavar="PEER", help="Only with this responder; may be given again.")
@click.option("--authentication", type=click.Choice(METHODS), default=METHODS[0], show_default=True,
              help="How the sides prove themselves where the scenario does not say.")
@click.option("--workers", default=0, metavar="N", help="Scenarios at a time (default: by cores and memory).")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR",
              help="Where everything goes (default: build/results/<time>, and `latest` points to it).")
@click.option("--ikeref", type=click.Path(path_type=Path, dir_okay=False), metavar="PATH",
              help="Play with this build of the reference, say one under a sanitizer.")
@click.option("--offload", type=click.Choice(("auto", "off")),
              help="Play with this setting of the reference's (docs/DATA_PLANES.md); else its default, or IKELAB_OFFLOAD.")
@click.option("--list", "list_only", is_flag=True, help="Only list the scenarios that match.")
@json_option
def run(filters: tuple[str, ...], initiator: tuple[str, ...], responder: tuple[str, ...], authentication: str,
        workers: int, out: Path | None, ikeref: Path | None, offload: str | None, list_only: bool,
        json_file: Path | None) -> None:
    """Play the scenarios whose name contains a FILTER (all without one) between all pairs of peers.

    A FILTER is part of a name, or a pattern with * and ?. Peers are those of `ikelab peers list`.

    \b
    Example:
      ikelab run connect roaming --initiator reference --json out.json
    """
    if list_only:
        for name in scenario_names(filters):
            click.echo(name)
        return
    use_build(ikeref)
    if offload is not None:
        os.environ["IKELAB_OFFLOAD"] = offload
    check_environment(initiator, responder)
    started = time.time()
    directory = prepare(out, started)
    watcher = Watcher()
    workers = workers or workers_for(any(table.kind(name).tier == "uml-kernel" for name in (*initiator, *responder)))
    status = play(watcher, directory, filters, initiator, responder, workers, authentication)
    if status == NO_TESTS_COLLECTED or not (watcher.results or watcher.problems):
        if status == INTERRUPTED:
            raise SystemExit(EXIT_NOT_EXPECTED)
        raise usage(no_match(filters, initiator, responder))
    finish(watcher, directory, started, json_file)
    if status == INTERRUPTED:
        click.echo("interrupted: the rest was not played")
    good = all(one.verdict.as_expected for one in watcher.results) and not watcher.problems
    if not good or status == INTERRUPTED:
        raise SystemExit(EXIT_NOT_EXPECTED)


def use_build(ikeref: Path | None) -> None:
    """The program of --ikeref, where one was given, plays as the reference."""
    if ikeref is not None:
        if not os.access(ikeref, os.X_OK):
            raise usage(f"--ikeref {ikeref} is no program; build it with `make`, or leave the option out")
        os.environ["IKELAB_IKEREF"] = str(ikeref.resolve())


def check_environment(initiators: tuple[str, ...], responders: tuple[str, ...]) -> None:
    """Raises what a run would stumble over anyway, with the remedy."""
    for name in (*initiators, *responders):
        try:
            missing = table.kind(name).available()
        except KeyError as error:
            raise usage(str(error.args[0])) from error
        if missing:
            raise environment(missing)
    require_root()
    missing = [name for name in ("capture", "relay") if not (build_directory() / name).exists()]
    if missing:
        raise environment(f"{build_directory() / missing[0]} is not built; run `make`")
    if not (initiators and responders) and (missing_reference := table.kind("reference").available()):
        raise environment(missing_reference)
    for name in sweep():
        click.echo(f"cleaned up after a dead run: {name}")


def prepare(out: Path | None, started: float) -> Path:
    """The run's directory, empty; `latest` points to it when it is one of ours."""
    results = build_directory() / "results"
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(started))
    directory = (out or results / f"{stamp}-{os.getpid()}").resolve()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if out is None:
            link = results / f".latest.{os.getpid()}"
            link.unlink(missing_ok=True)
            link.symlink_to(directory.name)
            link.replace(results / "latest")
    except OSError as error:
        raise environment(f"cannot make {directory}: {error.strerror}; give another --out DIR") from error
    return directory


def arguments(filters: tuple[str, ...], *more: str) -> list[str]:
    chosen = [word for one in filters for word in ("--ikelab-filter", one)]
    others = [f"--ignore={ROOT / 'scenarios' / name}" for name in ("conformance", "hostile")]  # `ikelab conform`, `hostile`
    return [str(ROOT / "scenarios"), *others, f"--rootdir={ROOT}", "-p", "ikelab.plugin", "-p", "no:cacheprovider", "-qq",
            "--tb=short", "--no-header", "--no-summary", "-o", "console_output_style=classic", *chosen, *more]


def play(watcher: Watcher, directory: Path, filters: tuple[str, ...], initiators: tuple[str, ...],
         responders: tuple[str, ...], workers: int, authentication: str = METHODS[0]) -> int:
    """pytest's exit status."""
    more = [f"--ikelab-out={directory}", f"--authentication={authentication}"]
    more += [f"--initiator={name}" for name in initiators] + [f"--responder={name}" for name in responders]
    if workers > 1:
        more += ["-n", str(workers)]
    try:
        return int(pytest.main(arguments(filters, *more), plugins=[watcher]))
    except KeyboardInterrupt:
        return INTERRUPTED


def matching(names: list[str], filters: tuple[str, ...]) -> list[str]:
    """Those that one of the filters names; all without a filter."""
    from ..plugin import matches

    return [name for name in names if not filters or any(matches(name, one) for one in filters)]


def scenario_names(filters: tuple[str, ...]) -> list[str]:
    watcher = Watcher()
    more = ["--collect-only", "-p", "no:terminal", "-p", "no:xdist", "--initiator=reference", "--responder=reference"]
    keep = [word for word in arguments(filters, *more) if word not in ("-qq", "--no-header", "--no-summary")
            and not word.startswith(("--tb", "console_")) and word != "-o"]
    pytest.main(keep, plugins=[watcher])
    if watcher.problems:
        raise environment("\n".join(watcher.problems))
    return watcher.names


def no_match(filters: tuple[str, ...], initiators: tuple[str, ...], responders: tuple[str, ...]) -> str:
    if not filters:
        return f"nothing to play between {initiators or 'any'} and {responders or 'any'}; see `ikelab peers list`"
    return (f"no scenario matches {' '.join(filters)}; `ikelab run --list` names them all")


def finish(watcher: Watcher, directory: Path, started: float, json_file: Path | None,
           page: Callable[[Path, list[Result]], Path] = write_report) -> None:
    """Prints what is left to say, and writes results.json and the report, which `page` writes."""
    for problem in watcher.problems:
        click.secho(problem, fg="red")
    if not watcher.results:
        return
    found = document(watcher.results, started)
    for line in version_lines(watcher.results):
        click.echo(f"  {line}")
    try:
        write_document(directory / "results.json", found)
        report = page(directory, watcher.results)
    except ReportError as error:
        raise environment(str(error)) from error
    except OSError as error:
        raise environment(f"cannot write {directory}: {error.strerror}; make room or give another --out DIR") from error
    if json_file is not None:
        write_json(json_file, relocated(found, directory, json_file))
    lost = click.style(f", {len(watcher.problems)} without a verdict", fg="red") if watcher.problems else ""
    click.echo(f"{summary_line(watcher.results)}{lost} in {time.time() - started:.1f} s; report: {shown(report)}")


def relocated(found: dict[str, Any], directory: Path, json_file: Path) -> dict[str, Any]:
    """Paths of artefacts as seen from the JSON file."""
    base = json_file.resolve().parent
    results = [{**one, "artefacts": os.path.relpath(directory / one["artefacts"], base)} for one in found["results"]]
    return {**found, "results": results}
