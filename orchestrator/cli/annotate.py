"""tag, note, archive, unarchive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.cli.context import Context
from orchestrator.cli.options import RUNS, pairs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.maintenance.annotation import Annotations


@click.command()
@RUNS
@click.option(
    "--set", "given", metavar="NAME=VALUE", multiple=True, callback=pairs, help="Give it this tag; may be repeated."
)
@click.option("--remove", metavar="NAME", multiple=True, help="Take this tag away; may be repeated.")
@click.pass_obj
def tag(context: Context, runs: tuple[str, ...], given: list[tuple[str, str]], remove: tuple[str, ...]) -> None:
    """Give RUNs tags. What a run logged stays in its record; lists and searches go by the tags of now."""
    if not (given or remove):
        raise click.UsageError("nothing to do: --set NAME=VALUE or --remove NAME")
    from orchestrator.operations.annotating import tag as operation

    _result(context, "tag", operation(context.workspace(), runs, {**dict(given), **dict.fromkeys(remove)}))


@click.command()
@RUNS
@click.option("-m", "--text", required=True, help="The note, in place of the one before; an empty one takes it away.")
@click.pass_obj
def note(context: Context, runs: tuple[str, ...], text: str) -> None:
    """Write a note to RUNs. `show` and the web page show it; it is searched as `note`."""
    from orchestrator.operations.annotating import note as operation

    _result(context, "note", operation(context.workspace(), runs, text))


@click.command()
@RUNS
@click.pass_obj
def archive(context: Context, runs: tuple[str, ...]) -> None:
    """Put RUNs away: `ls` and `best` leave them out. Nothing is removed; they are shown and replayed as before."""
    from orchestrator.operations.annotating import archive as operation

    _result(context, "archive", operation(context.workspace(), runs))


@click.command()
@RUNS
@click.pass_obj
def unarchive(context: Context, runs: tuple[str, ...]) -> None:
    """Bring RUNs back that were put away."""
    from orchestrator.operations.annotating import archive as operation

    _result(context, "unarchive", operation(context.workspace(), runs, undo=True))


def _result(context: Context, verb: str, said: Mapping[str, Annotations]) -> None:
    data = [
        {"run": run_id, "tags": dict(one.tags), "note": one.note, "archived": one.archived}
        for run_id, one in said.items()
    ]
    context.result(verb, {"runs": data}, lambda: "\n".join(said))
