from __future__ import annotations

import time
from pathlib import Path

import click

from ..result import document
from .common import EXIT_ENVIRONMENT, json_option, write_json


@click.command()
@json_option
def doctor(json_file: Path | None) -> None:
    """What this machine can and cannot do, and how to get the rest.

    \b
    Example:
      ikelab doctor --json doctor.json
    """
    from .. import doctor as examination

    checks = examination.examine()
    for line in examination.as_table(checks):
        click.echo(line)
    found = document([], time.time())
    found["results"] = examination.as_json(checks)
    write_json(json_file, found)
    if not examination.able(checks):
        raise SystemExit(EXIT_ENVIRONMENT)
