from __future__ import annotations

import time
from pathlib import Path

import click

from ..conformance.plugin import HOSTILE, REFERENCE, test_name
from ..hostile.case import GROUPS
from ..hostile.options import DEFAULT, numbers
from ..interop.crew import workers_for
from ..peers import table
from .common import json_option, usage
from .conform import TIERS_IN_GUESTS, conclude, outside_options, play
from .run import INTERRUPTED, Watcher, check_environment, finish, prepare, use_build


@click.command()
@click.argument("groups", nargs=-1, metavar="[GROUP]...")
@click.option("--peer", "peers", multiple=True, metavar="PEER",
              help="The implementation under test; may be given again (default: the reference).")
@click.option("--driver", "drivers", multiple=True, type=click.Path(path_type=Path, dir_okay=False), metavar="EXE",
              help="An implementation of yours, by an executable that drives it (docs/ADD_A_PEER.md).")
@click.option("--interface", metavar="NAME", help="The box is outside, behind this interface; needs --address.")
@click.option("--address", metavar="ADDRESS", help="Where the box is; needs --interface.")
@click.option("--role", type=click.Choice(["initiator", "responder"]), help="Only in this role.")
@click.option("--seed", default="1", show_default=True, metavar="SEED", help="What cases are drawn from.")
@click.option("--cases", default=DEFAULT.count, show_default=True, type=click.IntRange(1), metavar="N",
              help="So many of each group.")
@click.option("--case", "only", default="", metavar="M", help="Only this one of each group, or M-N.")
@click.option("--workers", default=0, metavar="N", help="Groups at a time (default: by cores and memory).")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR",
              help="Where everything goes (default: build/results/<time>, and `latest` points to it).")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Also write the results as JUnit XML.")
@click.option("--ikeref", type=click.Path(path_type=Path, dir_okay=False), metavar="PATH",
              help="Play with this build of the reference, say one under a sanitizer.")
@json_option
def hostile(groups: tuple[str, ...], peers: tuple[str, ...], drivers: tuple[Path, ...], interface: str | None,
            address: str | None, role: str | None, seed: str, cases: int, only: str, workers: int, out: Path | None,
            junit_file: Path | None, ikeref: Path | None, json_file: Path | None) -> None:
    """Be a hostile peer to an implementation, with the keys in hand, and see what comes of it.

    GROUP is one of: header chain proposals identity certificates order fragments selectors floods cookies
    esp. What counts as a failure, and how it is repeated: docs/HOSTILE.md.

    \b
    Example:
      ikelab hostile fragments --peer strongswan-6.0.1 --cases 1000 --seed 7
    """
    if unknown := [one for one in groups if one not in GROUPS]:
        raise usage(f"there is no group {unknown[0]}; there are: {' '.join(GROUPS)}")
    try:
        numbers(only or "0")
    except ValueError as error:
        raise usage(f"--case {only}: give a number, or two as in 32-47") from error
    names = (*peers, *(f"{table.DRIVER}{one.resolve()}" for one in drivers)) or (REFERENCE,)
    use_build(ikeref)
    check_environment(names, names)
    more = outside_options(interface, address, peers, False)
    started = time.time()
    directory = prepare(out, started)
    watcher = Watcher(name_of=test_name)
    guests = any(table.kind(name).tier in TIERS_IN_GUESTS for name in names)
    workers = 1 if interface else workers or workers_for(guests)
    more += [f"--conform-out={directory}", f"--conform-seed={seed}", f"--hostile-cases={cases}", f"--hostile-case={only}",
             *(f"--conform-filter=*.{one}" for one in groups), *(f"--conform-peer={name}" for name in names),
             *([f"--conform-role={role}"] if role else []),
             *(["-n", str(workers)] if workers > 1 else ["-p", "no:xdist"])]
    status = play(watcher, more, HOSTILE)
    if not (watcher.results or watcher.problems) and status != INTERRUPTED:
        raise usage(f"{' '.join(groups)}: not in the role of {role}")
    finish(watcher, directory, started, json_file)
    conclude(watcher, status, junit_file, "ikelab hostile")
