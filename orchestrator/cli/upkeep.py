"""fsck, gc, pin, unpin."""

from __future__ import annotations

import click

from orchestrator.cli.context import Context
from orchestrator.errors import ExitCode


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--repair", is_flag=True, help="Set damage aside, and bring back what can be had again.")
@click.option("--quick", is_flag=True, help="Do not read every blob: only look whether it is there.")
@click.pass_obj
def fsck(context: Context, runs: tuple[str, ...], repair: bool, quick: bool) -> None:
    """Check the store, or what each RUN needs of it: every record, every blob, every reference.

    Exits 6 where something is lost or damaged, and with --repair where it still is.
    """
    from orchestrator.cli.render import upkeep as render
    from orchestrator.operations.checking import fsck as operation

    done = operation(context.workspace(), runs, repair=repair, quick=quick)
    if not done.clean:
        context.exit_code = ExitCode.CORRUPT
    context.result("fsck", render.checked_data(done), lambda: render.checked(done))


@click.command()
@click.option("--delete", is_flag=True, help="Do it. Without this, say what would be removed.")
@click.option("--keep-last", type=click.IntRange(min=1), metavar="N", help="Keep the newest N runs.")
@click.option("--keep-newer", metavar="TIME", help="Keep runs that are newer than this: 30d, 12h, 2w.")
@click.option("--keep-tag", multiple=True, metavar="NAME[=VALUE]", help="Keep runs with this tag.")
@click.option(
    "--keep-best", multiple=True, metavar="METRIC:max|min[:N]", help="Keep the N runs with the best last value."
)
@click.option("--per-name", is_flag=True, help="--keep-last and --keep-best count within each name of runs.")
@click.option("--drop", multiple=True, metavar="RUN", help="Remove RUN and its replays, whatever the rules say.")
@click.option("--drop-rebuildable", is_flag=True, help="Remove image layers that can be built again.")
@click.option(
    "--grace", default="1d", show_default=True, metavar="TIME", help="Keep blobs that came or were used since."
)
@click.option("--all", "everything", is_flag=True, help="Go on where a rule keeps nothing; alone: remove all runs.")
@click.pass_obj
def gc(
    context: Context,
    delete: bool,
    keep_last: int | None,
    keep_newer: str | None,
    keep_tag: tuple[str, ...],
    keep_best: tuple[str, ...],
    per_name: bool,
    drop: tuple[str, ...],
    drop_rebuildable: bool,
    grace: str,
    everything: bool,
) -> None:
    """Remove what nothing needs. Says what would go, and does it only with --delete.

    A run stays where any --keep rule or a pin keeps it, or one of its replays. With no rule no run is removed.
    """
    from orchestrator.cli.render import upkeep as render
    from orchestrator.maintenance.policy import Best, Policy
    from orchestrator.maintenance.survey import Wanted
    from orchestrator.maintenance.times import parse
    from orchestrator.operations.collecting_garbage import gc as operation

    policy = Policy(
        last=keep_last,
        newer=parse(keep_newer) if keep_newer else None,
        tags=tuple(
            (name, value if equals else None) for name, equals, value in (tag.partition("=") for tag in keep_tag)
        ),
        best=tuple(map(Best.parse, keep_best)),
        per_name=per_name,
        drop=frozenset(drop),
        all=everything,
    )
    done = operation(context.workspace(), Wanted(policy, parse(grace), drop_rebuildable), delete=delete)
    context.result("gc", render.garbage_data(done), lambda: render.garbage(done))


@click.command()
@click.argument("run")
@click.option("--note", default="", help="Why: `show` prints it.")
@click.pass_obj
def pin(context: Context, run: str, note: str) -> None:
    """Keep RUN, its replays and what they need, whatever `gc` is told."""
    from orchestrator.operations.pins import pin as operation

    done = operation(context.workspace(), run, note)
    context.result("pin", done.model_dump(mode="json"), lambda: f"{done.run} is pinned")


@click.command()
@click.argument("run")
@click.pass_obj
def unpin(context: Context, run: str) -> None:
    """Take the pin of RUN away."""
    from orchestrator.operations.pins import unpin as operation

    run_id = operation(context.workspace(), run)
    context.result("unpin", {"run": run_id}, lambda: f"{run_id} is not pinned")
