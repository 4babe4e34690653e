"""The `ikelab` command. Exit status: 0 all as expected, 1 some not, 2 usage, 3 the environment cannot."""

from __future__ import annotations

import signal

import click

from .. import __version__
from .bench import bench
from .conform import conform
from .demo import demo
from .doctor import doctor
from .explain import explain
from .hostile import hostile
from .interop import interop
from .peers import peers
from .report import report
from .run import run
from .vectors import vectors


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="ikelab")
def ikelab() -> None:
    """A conformance and interop lab for IKEv2 and ESP.

    \b
    Exit status of every command:
      0  all as expected
      1  some not as expected
      2  wrong usage or unreadable input
      3  this machine cannot: what is missing and how to get it is said

    \b
    Example:
      ikelab demo
      ikelab run roaming --json out.json
    """


for command in (doctor, demo, run, interop, conform, hostile, report, explain, peers, vectors, bench):
    ikelab.add_command(command)


def main() -> None:
    # Told to end, a command ends as at Ctrl-C: what plays is taken down, and what was played is reported.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ikelab(prog_name="ikelab")


__all__ = ["ikelab", "main"]
