"""export-model."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.context import Context


@click.command("export-model")
@click.argument("run")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", help="Which model, where RUN has several: its name, or its path among the artifacts.")
@click.pass_obj
def export_model(context: Context, run: str, folder: Path, name: str | None) -> None:
    """Write the MLflow model of RUN into the new FOLDER, for mlflow.<flavour>.load_model(FOLDER)."""
    from orchestrator.compare.values import printable
    from orchestrator.operations.loading import export_model as operation

    done = operation(context.workspace(), run, folder, name=name)
    data = {"run": done.run, "path": done.path, "folder": str(done.folder), "files": done.files}
    context.result(
        "export-model", data, lambda: printable(f"{done.folder}: {done.path} of {done.run}, {done.files} files")
    )
