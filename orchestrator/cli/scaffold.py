"""init, schema."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.context import Context


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option("--name", help="The run's name; default: the folder's.")
@click.pass_obj
def init(context: Context, folder: Path, name: str | None) -> None:
    """Write runspec.yaml, its JSON Schema and train.py into FOLDER."""
    from orchestrator.operations.scaffolding import init as operation

    done = operation(folder, name)
    files = [str(file) for file in done.files]
    context.result("init", {"files": files}, lambda: "\n".join(files))


@click.command()
@click.pass_obj
def schema(context: Context) -> None:
    """Print the JSON Schema of a runspec, for editors."""
    from orchestrator.runspec.schema import json_schema, schema_text

    context.result("schema", json_schema(), lambda: schema_text().rstrip("\n"))
