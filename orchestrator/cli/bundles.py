"""export, import."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click

from orchestrator.cli.context import Context

_FORMATS = click.Choice(["mlflow", "csv", "parquet"])


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("-o", "--output", metavar="FILE", help="The bundle to write; - for stdout.")
@click.option(
    "--to",
    type=(_FORMATS, str),
    metavar="FORMAT PLACE",
    help="For others: `mlflow URI` (a server), `csv FILE` or `parquet FILE` (the metrics' points); - for stdout.",
)
@click.option(
    "--experiment", metavar="NAME", help="With --to mlflow: which one at the server. [default: the run's name]"
)
@click.option("--with-data", is_flag=True, help="The inputs too; otherwise the file says which are needed.")
@click.option("--with-replays", is_flag=True, help="The replays of these runs too.")
@click.option("--no-layers", is_flag=True, help="Smaller: the first replay builds the image from its lock.")
@click.pass_obj
def export(
    context: Context,
    runs: tuple[str, ...],
    output: str | None,
    to: tuple[str, str] | None,
    experiment: str | None,
    with_data: bool,
    with_replays: bool,
    no_layers: bool,
) -> None:
    """Write each RUN, with all that a replay on another machine needs, into one file (-o).

    The same runs, the same bytes. Or write each for other programs (--to), which cannot replay it.
    """
    if (output is None) == (to is None):
        raise click.UsageError("say where to: `-o FILE` for a bundle, or `--to FORMAT PLACE` for other programs")
    if experiment is not None and (to is None or to[0] != "mlflow"):
        raise click.UsageError("--experiment is for --to mlflow")
    if output is not None:
        _bundle(context, runs, output, with_data=with_data, with_layers=not no_layers, with_replays=with_replays)
    elif with_data or with_replays or no_layers:
        raise click.UsageError("--with-data, --with-replays and --no-layers are for a bundle (-o)")
    elif to is not None and to[0] == "mlflow":
        _to_mlflow(context, runs, to[1], experiment)
    elif to is not None:
        _tabulate(context, runs, "csv" if to[0] == "csv" else "parquet", to[1])


def _bundle(
    context: Context, runs: tuple[str, ...], output: str, *, with_data: bool, with_layers: bool, with_replays: bool
) -> None:
    from orchestrator.cli.render import bundles
    from orchestrator.operations.bundling import export as operation

    _check_stdout(context, output)
    to = sys.stdout.buffer if output == "-" else Path(output)
    how = {"with_data": with_data, "with_layers": with_layers, "with_replays": with_replays}
    done = operation(context.workspace(), runs, to, **how)
    if output == "-":
        sys.stdout.buffer.flush()
        context.talk.note(bundles.exported(done, "stdout"))
    else:
        context.result("export", bundles.exported_data(done, output), lambda: bundles.exported(done, output))


def _to_mlflow(context: Context, runs: tuple[str, ...], uri: str, experiment: str | None) -> None:
    from orchestrator.cli.render import bundles
    from orchestrator.operations.mlflow_export import export_to_mlflow as operation

    done = operation(context.workspace(), runs, uri, experiment=experiment)
    context.result("export", bundles.sent_data(done, uri), lambda: bundles.sent(done))


def _tabulate(context: Context, runs: tuple[str, ...], kind: Literal["csv", "parquet"], output: str) -> None:
    from orchestrator.cli.render import bundles
    from orchestrator.operations.table_export import export_table as operation

    if kind == "parquet" or context.as_json:
        _check_stdout(context, output)
    done = operation(context.workspace(), runs, kind, sys.stdout.buffer if output == "-" else Path(output))
    if output == "-":
        sys.stdout.buffer.flush()
    else:
        context.result("export", bundles.tabulated_data(done, output), lambda: bundles.tabulated(done, output))


def _check_stdout(context: Context, output: str) -> None:
    if output == "-" and (context.as_json or sys.stdout.isatty()):
        raise click.UsageError("what is written to stdout goes into a file or a pipe, and leaves no room for --json")


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
