"""What `bench tunnel --profile` and `bench contest --profile` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from ..bench.profile import Profile

SHOWN = 12  # functions; --json and --page have more
profile_option = click.option("--profile", "with_profile", is_flag=True,
                              help="Also in which functions the daemons' time goes, of a stream that gives no figure (by perf).")


def show_profile(title: str, profile: Profile | None, reason: str) -> None:
    """`reason`: why there is none."""
    click.echo()
    click.secho(f"{title}: where the time goes", bold=True)
    if profile is None:
        click.echo(f"no profile: {reason}")
        return
    click.echo(", ".join(f"{share:.0%} {part}" for part, share in profile.parts.items() if share >= 0.005)
               + f"; {profile.samples:,} samples")
    for one in profile.functions[:SHOWN]:
        click.echo(f"{one.share:>7.1%}  {one.part[:20]:<20}  {one.name[:48]}")


def profile_row(profile: Profile | None, reason: str) -> dict[str, Any]:
    """For --json."""
    return {"reason": reason} if profile is None else {"reason": "", **profile.to_json()}


def or_sentence(take: Callable[[], Profile], faults: tuple[type[Exception], ...]) -> tuple[Profile | None, str]:
    """A profile, or why there is none: nothing else is lost by that."""
    try:
        return take(), ""
    except faults as error:
        return None, str(error)
