"""Arguments that several verbs take."""

from __future__ import annotations

import click

RUNS = click.argument("runs", nargs=-1, required=True, metavar="RUN...")


def pairs(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> list[tuple[str, str]]:
    """``NAME=VALUE``, each time it is given."""
    found = [text.partition("=") for text in given]
    if wrong := [key for key, equals, _ in found if not equals]:
        raise click.BadParameter(f"{wrong[0]!r} has no '='")
    return [(key, value) for key, _, value in found]
