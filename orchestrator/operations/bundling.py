"""Export: recorded runs, with all they need, into one file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from orchestrator.bundle import artifact, file, gather
from orchestrator.bundle.artifact import Artifact
from orchestrator.bundle.model import LeftOut
from orchestrator.digest import Digest
from orchestrator.errors import UsageError
from orchestrator.operations import runs
from orchestrator.run import Run
from orchestrator.store import durable
from orchestrator.workspace import Workspace


@dataclass(frozen=True)
class Exported:
    """A bundle that was written."""

    bundle: Digest
    """Its name: the digest of the artifact's manifest."""
    runs: tuple[str, ...]
    size: int
    """Bytes."""
    left_out: tuple[LeftOut, ...]


def export(
    workspace: Workspace,
    names: Sequence[str],
    to: Path | IO[bytes],
    *,
    with_data: bool = False,
    with_layers: bool = True,
    with_replays: bool = False,
) -> Exported:
    """Write a bundle of these runs. The same runs give the same bytes.

    Args:
        workspace: where they are recorded.
        names: ids, prefixes, ``last``; a run within another stands for that one.
        to: a file, which is replaced whole once all is written; or a stream.
        with_data: the inputs too.
        with_layers: the images as built; otherwise only what they are made from, and the first replay builds them.
        with_replays: the replays of these runs too.

    Raises:
        NotFound: there is no such run, or the store lacks something that is to go in.
        Corruption: something in the store is damaged; nothing is left in the file's place.
    """
    with workspace.claims.shared():
        made = artifact_of(workspace, names, with_data=with_data, with_layers=with_layers, with_replays=with_replays)
        size = _write(file.stream(made), to)
    return Exported(made.digest, made.document.runs, size, made.document.left_out)


def artifact_of(
    workspace: Workspace, names: Sequence[str], *, with_data: bool, with_layers: bool, with_replays: bool
) -> Artifact:
    """The bundle of these runs, ready for a file or a registry. Raises as :func:`export` does."""
    chosen = {run.id: run for name in names if (run := _top(workspace, runs.find(workspace, name)))}
    if with_replays:
        for run_id in list(chosen):
            for replay in _replays(workspace, run_id):
                chosen.setdefault(replay.id, replay)
    contents = gather.gather(
        list(chosen.values()), workspace.blobs, workspace.records, with_data=with_data, with_layers=with_layers
    )
    return artifact.make(contents, workspace.blobs)


def _top(workspace: Workspace, run: Run) -> Run:
    return runs.find(workspace, run.origin.parent) if run.origin.parent else run


def _replays(workspace: Workspace, run_id: str) -> Iterator[Run]:
    """The recorded replays of a run: each has its verdict under it."""
    for key in workspace.records.list(f"verdicts/{run_id}/"):
        record = workspace.records.read(f"runs/{key.rpartition('/')[2]}")
        if record is not None:
            yield Run.from_bytes(record)


def _write(chunks: Iterator[bytes], to: Path | IO[bytes]) -> int:
    if not isinstance(to, Path):
        return _all(chunks, to)
    if not to.parent.is_dir():
        raise UsageError(f"{to.parent} is no folder")
    if to.is_dir():
        raise UsageError(f"{to} is a folder", hint="name a file")
    try:
        with durable.aside(to.parent) as (written, sink):
            size = _all(chunks, sink)
        durable.rename(written, to)
    except OSError as error:
        raise UsageError(f"{to} cannot be written: {error.strerror}", hint="name another file") from error
    return size


def _all(chunks: Iterator[bytes], sink: IO[bytes]) -> int:
    size = 0
    for chunk in chunks:
        sink.write(chunk)
        size += len(chunk)
    return size
