from __future__ import annotations

import textwrap
import time
from pathlib import Path
from typing import Any

import click

from ..peers import build as builder
from ..peers import table
from ..peers.contract import CAPABILITIES
from ..result import document
from .common import environment, json_option, usage, write_json

WIDTH = 80  # columns of a terminal that everybody has


@click.group()
def peers() -> None:
    """The IKE implementations the lab can play with.

    \b
    Example:
      ikelab peers list
      ikelab peers build strongswan-6.0.1
    """


@peers.command("list")
@click.option("--default", "only_default", is_flag=True, help="Only those that are played with when nobody names peers.")
@click.option("--capabilities", is_flag=True, help="Also what each of them declares that it cannot do, with the reason.")
@json_option
def list_peers(only_default: bool, capabilities: bool, json_file: Path | None) -> None:
    """All peers, with versions, and how to get those that are missing.

    \b
    Example:
      ikelab peers list --json peers.json
    """
    rows = []
    for kind in (kind for kind in table.TABLE if kind.by_default or not only_default):
        missing = kind.available()
        row = {"peer": kind.name, "suite": kind.suite, "tier": kind.tier, "version": "", "available": not missing,
               "remedy": missing}
        if not missing:
            peer = kind.create(builder.peers_directory())
            row |= {"version": peer.version(), "capabilities": sorted(peer.capabilities()), "lacks": dict(peer.missing())}
        rows.append(row)
        line = f"{kind.name:<20} {kind.suite or '-':<10} {kind.tier:<12} "
        says = row["version"] or missing
        click.echo(line + (says if len(line + says) <= WIDTH else "not here"))
        if len(line + says) > WIDTH:
            click.echo(textwrap.indent(textwrap.fill(says, WIDTH - 4, break_long_words=False, break_on_hyphens=False), "    "))
        if capabilities and not missing:
            _tell_capabilities(row)
    found = document([], time.time())
    found["results"] = rows
    write_json(json_file, found)


def _tell_capabilities(row: dict[str, Any]) -> None:
    click.echo(f"    {len(row['capabilities'])} of {len(CAPABILITIES)} capabilities; it lacks:")
    for name, reason in sorted(row["lacks"].items()):
        for line in textwrap.wrap(f"{name}: {CAPABILITIES[name]}; {reason}", 74, subsequent_indent="  "):
            click.echo(f"    {line}")


@peers.command("build")
@click.argument("names", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All peers of the table.")
@click.option("--mirror", metavar="URI", help="The archive to take packages from (default: this machine's own).")
@json_option
def build_peers(names: tuple[str, ...], everything: bool, mirror: str | None, json_file: Path | None) -> None:
    """Unpack the root directories of peers (default: those that are played with by default). Needs root and the
    network.

    \b
    Example:
      ikelab peers build strongswan-5.9.8 strongswan-6.0.1
    """
    try:
        kinds = [table.kind(name) for name in names] or [
            kind for kind in table.TABLE if kind.by_default or everything]
    except KeyError as error:
        raise usage(str(error.args[0])) from error
    roots = list(dict.fromkeys(root for kind in kinds for root in kind.roots()))
    try:
        builder.build(roots, mirror, click.echo)
    except builder.BuildFailed as error:
        raise environment(str(error)) from error
    found = document([], time.time())
    found["results"] = [{"peer": root.name, "suite": root.suite, "tier": "", "version": root.version(),
                         "available": True, "remedy": ""} for root in roots]
    write_json(json_file, found)
