"""Links to a run's artifacts, for whoever has no keys to the store."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.digest import Digest
from orchestrator.errors import EnvironmentProblem
from orchestrator.operations import runs
from orchestrator.store.port import Linkable
from orchestrator.workspace import Workspace


@dataclass(frozen=True)
class Link:
    """An artifact, and where it can be had for a time."""

    path: str
    digest: Digest
    size: int
    """In bytes."""
    url: str
    """Whoever has it can read the file until it expires."""


def links(workspace: Workspace, text: str, *, seconds: int = 3600) -> list[Link]:
    """A link to each file that a run left, in the order of their paths. Each is good for so many seconds.

    Raises:
        NotFound: there is no such run.
        EnvironmentProblem: the store makes no links: it is a folder on this machine.
        UsageError: no link lasts that long.
    """
    store = workspace.blobs
    if workspace.settings.store is None or not isinstance(store, Linkable):
        raise EnvironmentProblem(
            "the store is a folder on this machine: nobody else can be sent there",
            hint="a store in S3 makes links (docs/stores.md); `orchestrator checkout` writes the files into a folder",
        )
    files = runs.artifacts_of(workspace, runs.find(workspace, text)).files
    return [
        Link(path, file.digest, file.size, store.link(file.digest, seconds, path.rsplit("/", 1)[-1]))
        for path, file in sorted(files.items())
    ]
