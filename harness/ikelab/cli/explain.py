from __future__ import annotations

import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from ..keys import KeyFileError, KeyStore, load
from ..result import document
from ..trace import Trace, annotate, scene_file
from ..trace.leak import Leak, Policy, find_leaks
from ..trace.render import terminal
from ..wire import packet
from ..wire.capture import CaptureError, read_captures
from .common import EXIT_NOT_EXPECTED, columns, json_option, usage, write_json


@click.command()
@click.argument("captures", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--keys", "key_directories", multiple=True, type=click.Path(path_type=Path), metavar="DIR",
              help="Where ikev2_decryption_table and esp_sa are (default: keys/ beside the capture).")
@click.option("--protected", multiple=True, metavar="NET=NET",
              help="Report packets between these networks that cross in the clear; then exit 1.")
@click.option("--ladder", "ladder_file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Also draw the ladder diagram as SVG.")
@click.option("--width", default=0, help="Columns (default: the terminal's, or 80).")
@json_option
def explain(captures: tuple[Path, ...], key_directories: tuple[Path, ...], protected: tuple[str, ...],
            ladder_file: Path | None, width: int, json_file: Path | None) -> None:
    """Tell what happened in CAPTURES: pcap or pcapng files, or the directory of a scenario.

    \b
    Example:
      ikelab explain office.pcapng --keys ~/.config/wireshark
      ikelab explain build/results/latest/scenarios/connect.connect/reference+reference
    """
    trace, leaks = decode(captures, key_directories, policies(protected))
    for line in terminal(trace, width or min(columns(), 120), sys.stdout.isatty()):
        click.echo(line)
    cost = trace.cost
    click.echo(f"{cost.ike_messages} IKE messages, {cost.ike_octets} octets; "
               f"{cost.esp_packets} ESP packets, {cost.esp_octets} octets; {cost.keepalives} NAT keepalives")
    for leak in leaks:
        click.secho(str(leak), fg="red")
    if ladder_file:
        from ..report.ladder import draw

        try:
            ladder_file.write_text(draw(trace))
        except OSError as error:
            raise usage(f"cannot write {ladder_file}: {error.strerror}; give another --ladder FILE") from error
    found = document([], time.time())
    found["results"] = [event_dict(trace, event) for event in trace.events]
    write_json(json_file, found)
    if leaks:
        raise SystemExit(EXIT_NOT_EXPECTED)


def decode(captures: tuple[Path, ...], key_directories: tuple[Path, ...],
           protected: list[Policy]) -> tuple[Trace, list[Leak]]:
    files, directory = _files(captures)
    scene, marks, outer = scene_file.read(directory)
    try:
        beside = [directory / "keys"] if (directory / "keys").is_dir() else []
        store = load(key_directories or beside) if key_directories or beside else KeyStore()
        datagrams = list(packet.datagrams(read_captures(files)))
    except (CaptureError, KeyFileError) as error:
        raise usage(str(error)) from error
    if outer is not None:
        datagrams = [datagram for datagram in datagrams if datagram.link in outer]
    if not any(datagram.kind != "clear" for datagram in datagrams) and not protected:
        raise usage(f"no IKE and no ESP in {', '.join(map(str, files))}; "
                    f"IKE is looked for on UDP ports 500 and 4500, ESP there and as protocol 50")
    return annotate(datagrams, store, scene, marks), find_leaks(datagrams, protected)


def _files(captures: tuple[Path, ...]) -> tuple[list[Path], Path]:
    files: list[Path] = []
    for path in captures:
        found = sorted([*path.glob("*.pcap"), *path.glob("*.pcapng")]) if path.is_dir() else [path]
        if not found:
            raise usage(f"{path} holds no .pcap and no .pcapng; give a capture file or a scenario's directory")
        files += found
    first = captures[0]
    return files, first if first.is_dir() else first.parent


def policies(protected: tuple[str, ...]) -> list[Policy]:
    found = []
    for text in protected:
        local, _, remote = text.partition("=")
        policy = Policy((local,), (remote,), text)
        try:
            find_leaks([packet.Datagram(0, "", "192.0.2.1", "192.0.2.1", 17, b"")], [policy])
        except ValueError as error:
            raise usage(f"--protected {text}: {error}; write it as 10.1.0.0/24=10.2.0.0/24") from error
        found.append(policy)
    return found


def event_dict(trace: Trace, event: Any) -> dict[str, Any]:
    """An event without its message and datagrams, which are octets."""
    octets = ("message", "sent", "arrived")
    found = {one.name: getattr(event, one.name) for one in fields(event) if one.name not in octets}
    found["seconds"] = round((event.time_ns - trace.started_ns) / 1e9, 9)
    return found
