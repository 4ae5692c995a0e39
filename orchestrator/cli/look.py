"""logs, ls, best, show, diff."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.context import Context
from orchestrator.cli.options import RUNS, pairs

if TYPE_CHECKING:
    from orchestrator.index.query import Field


@click.command()
@click.argument("run")
@click.option("-f", "--follow", is_flag=True, help="Wait for more until the run ends.")
@click.pass_obj
def logs(context: Context, run: str, follow: bool) -> None:
    """Print the console of RUN: what the job wrote to stdout and stderr, each on its own stream here."""
    from orchestrator.cli.streams import Streams
    from orchestrator.operations.console import logs as operation

    streams = Streams()
    pieces = operation(context.workspace(), run, follow=follow, tails=streams.tails)
    if context.as_json:
        texts = ({"stream": piece.stream, "text": piece.data.decode(errors="replace")} for piece in pieces)
        context.listing("logs", "pieces", texts)
        return
    try:
        for piece in pieces:
            streams.write(piece)
    finally:
        streams.end()


def _fields(ctx: click.Context, param: click.Parameter, given: str | None) -> tuple[Field, ...]:
    from orchestrator.index.filter import names

    return names.parse_many(given) if given else ()


@click.command()
@click.option("--name", help="Only runs of this name.")
@click.option("--status", type=click.Choice(["running", "finished", "failed", "killed", "lost"]), help="Only these.")
@click.option("--tag", "tags", metavar="KEY=VALUE", multiple=True, callback=pairs, help="Only runs with all of these.")
@click.option("--parent", metavar="RUN", help="The runs within RUN: nested ones of MLflow, and each of several.")
@click.option(
    "--where", metavar="FILTER", help="Only runs of which it holds: \"metrics.acc > 0.9 and tags.team = 'x'\"."
)
@click.option("--sort", metavar="[-]FIELD", help="By metrics.NAME, params.NAME, tags.NAME, duration, name, …; -: down.")
@click.option("--columns", metavar="FIELDS", callback=_fields, help="What to show: id,metrics.acc,params.lr,duration.")
@click.option("--archived", is_flag=True, help="Also runs that were put away.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True)
@click.pass_obj
def ls(
    context: Context,
    where: str | None,
    columns: tuple[Field, ...],
    archived: bool,
    name: str | None,
    status: str | None,
    tags: list[tuple[str, str]],
    parent: str | None,
    sort: str | None,
    limit: int,
) -> None:
    """List runs, the newest first, or by --sort; runs without such a value come last.

    A FILTER compares what runs have: metrics.NAME, params.NAME, tags.NAME, data.NAME, packages.NAME, status, name,
    created, plan, image, commit, …, joined by and, or, not. Filter strings of MLflow work too. docs/search.md.
    """
    from orchestrator.cli.render import listing
    from orchestrator.operations.listing import doubts, with_packages
    from orchestrator.operations.listing import ls as operation

    workspace = context.workspace()
    rows = operation(
        workspace,
        where=where,
        name=name,
        status=status,
        parent=parent,
        tags=tags,
        sort=sort,
        limit=limit,
        archived=archived,
    )
    if len(rows) in (0, limit):
        context.talk.say("no runs" if not rows else f"the {'first' if sort else 'newest'} {limit}; --limit shows more")
    if any(field.group == "packages" for field in columns):
        rows = with_packages(workspace, rows)
    for line in doubts(workspace, rows, where=where, sort=sort, columns=columns, parent=parent):
        context.talk.note(line)
    if columns:
        data = [listing.chosen_data(row, columns) for row in rows]
        context.result("ls", {"runs": data}, partial(listing.chosen, rows, columns))
        return
    first = (sort or "").removeprefix("-").removeprefix("metrics.")
    context.result("ls", {"runs": [listing.listed_data(row) for row in rows]}, partial(listing.listing, rows, first))


@click.command()
@click.option("--metric", required=True, help="By its last value.")
@click.option("--max", "greatest", is_flag=True, help="The greatest; so it is where nothing is said.")
@click.option("--min", "least", is_flag=True, help="The least.")
@click.option("--where", metavar="FILTER", help="Only among these; as of `ls`.")
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000), default=1, show_default=True, help="So many, the best first."
)
@click.pass_obj
def best(context: Context, metric: str, greatest: bool, least: bool, where: str | None, limit: int) -> None:
    """The finished run with the best value of a metric, and what it was run with."""
    from orchestrator.cli.render import listing
    from orchestrator.operations.listing import best as operation

    if greatest and least:
        raise click.UsageError("--max and --min: one of them")
    done = operation(context.workspace(), metric, direction="min" if least else "max", where=where, limit=limit)
    if not (greatest or least):
        context.talk.note(f"by the greatest {done.metric}; --min: by the least")
    data = {"metric": done.metric, "direction": done.direction, "runs": [listing.listed_data(row) for row in done.rows]}
    context.result("best", data, lambda: listing.best(done))


def _seconds(ctx: click.Context, param: click.Parameter, given: str) -> int:
    from orchestrator.runspec.fields import parse_duration

    try:
        return parse_duration(given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@click.argument("run")
@click.option("--requirements", is_flag=True, help="Print its packages as requirements.txt.")
@click.option("--conda", is_flag=True, help="Print its packages as a Conda environment.yml.")
@click.option("--spec", is_flag=True, help="Print the runspec as it was.")
@click.option("--links", is_flag=True, help="Print a link to each artifact: whoever has it can read the file.")
@click.option("--for", "seconds", default="1h", show_default=True, callback=_seconds, help="How long links are good.")
@click.pass_obj
def show(context: Context, run: str, requirements: bool, conda: bool, spec: bool, links: bool, seconds: int) -> None:
    """Show RUN: plan, parameters, metrics, artifacts, environment, replays."""
    if links:
        _show_links(context, run, seconds)
        return
    from orchestrator.cli.render import runs
    from orchestrator.operations.runs import show as operation

    workspace = context.workspace()
    shown = operation(workspace, run)
    origin = shown.run.origin
    wanted = (
        (origin.requirements if requirements else None)
        or (origin.conda if conda else None)
        or (origin.spec if spec else None)
    )
    if wanted is not None:
        with workspace.blobs.get(wanted) as stream:
            content = stream.read().decode()
        context.result("show", {"text": content}, lambda: content.rstrip("\n"))
        return
    context.result("show", runs.shown_data(shown), lambda: runs.shown(shown))


def _show_links(context: Context, run: str, seconds: int) -> None:
    from dataclasses import asdict

    from orchestrator.cli.render import links
    from orchestrator.operations.linking import links as operation

    made = operation(context.workspace(), run, seconds=seconds)
    context.result("show", {"links": [asdict(link) for link in made], "seconds": seconds}, lambda: links.listing(made))


@click.command()
@click.argument("run")
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_obj
def checkout(context: Context, run: str, folder: Path) -> None:
    """Write RUN into the new FOLDER: artifacts/, code/, runspec.yaml, requirements.txt, environment.yml."""
    from orchestrator.operations.restoring import checkout as operation

    done = operation(context.workspace(), run, folder)
    data = {"folder": str(done.folder), "files": done.files}
    context.result("checkout", data, lambda: f"{done.folder}: {done.files} files")


@click.command()
@RUNS
@click.pass_obj
def compare(context: Context, runs: tuple[str, ...]) -> None:
    """Lay RUNs side by side in a table: what differs in spec, packages, code, data, parameters and metrics.

    What is the same for all of them is left out. Code is shown as a diff to that of the first RUN.
    """
    from orchestrator.cli.render import comparisons
    from orchestrator.operations.comparing import compare as operation

    done = operation(context.workspace(), runs)
    context.result("compare", comparisons.data(done), lambda: comparisons.compared(done))


@click.command()
@RUNS
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=Path("report.html"), show_default=True, metavar="FILE"
)
@click.pass_obj
def report(context: Context, runs: tuple[str, ...], output: Path) -> None:
    """Write one HTML file about RUNs, to mail to a reviewer: it needs no network and nothing of ours."""
    from orchestrator.cli.render.basics import size
    from orchestrator.operations.reporting import report as operation

    done = operation(context.workspace(), runs, output)
    data = {"file": str(done.file), "runs": list(done.runs), "size": done.size}
    context.result("report", data, lambda: f"{done.file}: {size(done.size)}")


@click.command()
@click.argument("left")
@click.argument("right")
@click.pass_obj
def diff(context: Context, left: str, right: str) -> None:
    """Lay two runs side by side: plans, outcomes and facts, as a tree of what differs."""
    from orchestrator.cli.render import verdicts
    from orchestrator.compare.render.text import difference_lines
    from orchestrator.operations.differences import diff as operation

    difference = operation(context.workspace(), left, right)
    context.result("diff", difference.model_dump(mode="json"), lambda: verdicts.painted(difference_lines(difference)))
