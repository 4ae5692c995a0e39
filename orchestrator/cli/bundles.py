"""export, import."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from orchestrator.cli.context import Context


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("-o", "--output", required=True, metavar="FILE", help="The file to write; - for stdout.")
@click.option("--with-data", is_flag=True, help="The inputs too; otherwise the file says which are needed.")
@click.option("--with-replays", is_flag=True, help="The replays of these runs too.")
@click.option("--no-layers", is_flag=True, help="Smaller: the first replay builds the image from its lock.")
@click.pass_obj
def export(
    context: Context, runs: tuple[str, ...], output: str, with_data: bool, with_replays: bool, no_layers: bool
) -> None:
    """Write each RUN, with all that a replay on another machine needs, into one file. The same runs, the same bytes."""
    from orchestrator.cli.render import bundles
    from orchestrator.operations.bundling import export as operation

    if output == "-" and (context.as_json or sys.stdout.isatty()):
        raise click.UsageError("a bundle on stdout goes into a file or a pipe, and leaves no room for --json")
    done = operation(
        context.workspace(),
        runs,
        sys.stdout.buffer if output == "-" else Path(output),
        with_data=with_data,
        with_layers=not no_layers,
        with_replays=with_replays,
    )
    if output == "-":
        sys.stdout.buffer.flush()
        context.talk.note(bundles.exported(done, "stdout"))
    else:
        context.result("export", bundles.exported_data(done, output), lambda: bundles.exported(done, output))


@click.command("import")
@click.argument("file")
@click.option("--dry-run", is_flag=True, help="Check all of it and tell what is in; keep nothing.")
@click.pass_obj
def import_(context: Context, file: str, dry_run: bool) -> None:
    """Take in the runs of FILE, which `export` wrote; - reads stdin. All of them, or none."""
    from orchestrator.cli.render import bundles
    from orchestrator.operations.importing import import_ as operation

    source = sys.stdin.buffer if file == "-" else Path(file)
    done = operation(context.workspace(), source, dry_run=dry_run)
    data = bundles.imported_data(done, dry_run=dry_run)
    context.result("import", data, lambda: bundles.imported(done, dry_run=dry_run))
