"""Artifacts of a recorded run back as files: any path, or a whole model. Nothing is unpickled here."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import NotFound, UsageError
from orchestrator.operations import execute, runs
from orchestrator.store import checkout
from orchestrator.store.tree import FileEntry, Tree
from orchestrator.workspace import Workspace

MODEL_FILE = "MLmodel"
"""What makes a folder an MLflow model."""


@dataclass(frozen=True)
class ExportedModel:
    """A model that was written."""

    run: str
    path: str
    """Among the run's artifacts."""
    folder: Path
    files: int


def load_artifact(run: str, path: str, *, to: str | Path | None = None, workspace: Workspace | None = None) -> Path:
    """Write an artifact, a file or a folder, and return where it lies. Every byte is verified on the way.

    Args:
        run: an id, a unique prefix, ``last``.
        path: as ``orchestrator show`` lists it: ``outputs/model.pt``, ``models/model``.
        to: the new file or folder; by default in a new temporary folder, which is the caller's to remove.
        workspace: by default that of the environment.

    Raises:
        NotFound: there is no such run, or no such artifact.
        UsageError: ``to`` is there already.
    """
    where = workspace or Workspace()
    found = _at(runs.artifacts_of(where, runs.find(where, run)), path)
    target = Path(to) if to else Path(tempfile.mkdtemp(prefix="orchestrator-")) / Path(path).name
    _write(where, found, target)
    return target


def export_model(workspace: Workspace, run: str, folder: Path, *, name: str | None = None) -> ExportedModel:
    """Write a run's MLflow model into a new folder, for ``mlflow.<flavour>.load_model(folder)``.

    Args:
        workspace: where.
        run: an id, a unique prefix, ``last``.
        folder: must not be there yet.
        name: which one, where there are several: its name, or its path among the artifacts.

    Raises:
        NotFound: there is no such run, or it has no such model.
        UsageError: it has several, or the folder is there already.
    """
    found = runs.find(workspace, run)
    artifacts = runs.artifacts_of(workspace, found)
    models = _models(artifacts)
    if not models and (within := _with_models(workspace, found.id)):
        raise NotFound(f"run {found.id} has no model itself", hint=f"runs within it have: {', '.join(within)}")
    path = _choose(found.id, models, name)
    return ExportedModel(found.id, path, folder, _write(workspace, _at(artifacts, path), folder))


def _models(artifacts: Tree) -> list[str]:
    """The folders of models, where one is not part of another."""
    folders = sorted(path.rpartition("/")[0] for path in artifacts.files if path.rpartition("/")[2] == MODEL_FILE)
    return [one for one in folders if not any(one.startswith(f"{other}/") for other in folders)]


def _with_models(workspace: Workspace, run_id: str) -> list[str]:
    """The runs within a run that have models."""
    children = execute.children(workspace, run_id)
    return [child.id for child in children if _models(runs.artifacts_of(workspace, child))]


def _choose(run_id: str, models: list[str], name: str | None) -> str:
    wanted = [path for path in models if name in (None, path, path.rpartition("/")[2])]
    if len(wanted) == 1:
        return wanted[0]
    if wanted:
        raise UsageError(f"run {run_id} has several models: {', '.join(models)}", hint="choose one by --name")
    if models:
        raise NotFound(f"run {run_id} has no model {name!r}", hint=f"it has: {', '.join(models)}")
    raise NotFound(f"run {run_id} has no MLflow model", hint="`orchestrator checkout` writes all artifacts of a run")


def _at(artifacts: Tree, path: str) -> FileEntry | Tree:
    """The file, or all that is in the folder, at a path."""
    clean = path.strip("/")
    if file := artifacts.files.get(clean):
        return file
    below = [one for one in artifacts.entries if clean and one.path.startswith(f"{clean}/")]
    if not below:
        raise NotFound(f"no artifact {path!r}", hint="`orchestrator show RUN` lists them")
    return Tree.of([one.model_copy(update={"path": one.path[len(clean) + 1 :]}) for one in below])


def _write(workspace: Workspace, found: FileEntry | Tree, target: Path) -> int:
    """Returns the number of files."""
    if target.exists():
        raise UsageError(f"{target} is there already", hint="name one that is not")
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(found, FileEntry):
        checkout.file_to_write(found, target, workspace.blobs)
        return 1
    checkout.to_write(found, target, workspace.blobs, owner=None)
    return len(found.files)
