"""index rebuild, index status."""

from __future__ import annotations

import click

from orchestrator.cli.context import Context


@click.group()
def index() -> None:
    """The index that `ls` asks: a cache of the store."""


@index.command()
@click.option("--force", is_flag=True, help="Even where the index seems to be another store's.")
@click.pass_obj
def rebuild(context: Context, force: bool) -> None:
    """Fill the index from the store. What is damaged is told and left out; `fsck` says more."""
    from orchestrator.cli.render import listing
    from orchestrator.operations.indexing import rebuild_index as operation

    done = operation(context.workspace(), force=force)
    data = {"index": done.where, "runs": done.runs, "left_out": dict(done.left_out)}
    context.result("index rebuild", data, lambda: listing.rebuilt(done))


@index.command()
@click.pass_obj
def status(context: Context) -> None:
    """Show how the index stands beside the store."""
    from orchestrator.cli.render import listing
    from orchestrator.operations.indexing import index_status as operation

    found = operation(context.workspace())
    data = {
        "index": found.index.where,
        "runs": found.index.runs,
        "recorded": found.recorded,
        "complete": found.index.complete,
    }
    context.result("index status", data, lambda: listing.status(found))
