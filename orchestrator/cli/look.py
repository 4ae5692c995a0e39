"""logs, ls, show, diff."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.context import Context


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


@click.command()
@click.option("--name", help="Only runs of this name.")
@click.option("--status", type=click.Choice(["running", "finished", "failed", "killed", "lost"]), help="Only these.")
@click.option("--parent", metavar="RUN", help="The runs within RUN: nested ones of MLflow, and each of several.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@click.pass_obj
def ls(context: Context, name: str | None, status: str | None, parent: str | None, limit: int) -> None:
    """List runs, the newest first."""
    from dataclasses import asdict

    from orchestrator.cli.render import runs
    from orchestrator.operations.runs import ls as operation

    rows = operation(context.workspace(), name=name, status=status, parent=parent, limit=limit)
    if len(rows) in (0, limit):
        context.talk.say("no runs" if not rows else f"the newest {limit}; --limit shows more")
    context.result("ls", {"runs": [asdict(row) for row in rows]}, lambda: runs.listing(rows))


@click.command()
@click.argument("run")
@click.option("--requirements", is_flag=True, help="Print its packages as requirements.txt.")
@click.option("--conda", is_flag=True, help="Print its packages as a Conda environment.yml.")
@click.option("--spec", is_flag=True, help="Print the runspec as it was.")
@click.pass_obj
def show(context: Context, run: str, requirements: bool, conda: bool, spec: bool) -> None:
    """Show RUN: plan, parameters, metrics, artifacts, environment, replays."""
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
