"""Push runs to a registry whole, as bundles, and take them in from there: no file in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import IO

from orchestrator.bundle.artifact import Artifact
from orchestrator.bundle.model import Descriptor
from orchestrator.operations import registries
from orchestrator.operations.bundling import artifact_of
from orchestrator.operations.importing import Imported, take_in
from orchestrator.registry import transfer
from orchestrator.registry.reference import Reference
from orchestrator.registry.repository import Repository
from orchestrator.registry.transfer import Moved
from orchestrator.workspace import Workspace


@dataclass(frozen=True)
class Shared:
    """A bundle that was pushed."""

    reference: Reference
    runs: tuple[str, ...]
    moved: Moved


def push_bundle(
    workspace: Workspace,
    words: Sequence[str],
    *,
    with_data: bool = False,
    with_layers: bool = True,
    with_replays: bool = False,
    insecure: bool = False,
) -> Shared:
    """Push runs with all they need, as one artifact; their images, where they are in it, by their own digests too.

    ``words`` as :func:`registries.push` has them, the other arguments as :func:`bundling.export`.

    Raises:
        NotFound, Corruption: the store lacks something that is to go in, or it is damaged.
        UsageError: there is no place to push to.
        RegistryProblem: the registry refused, or is broken.
    """
    names, place = registries.split(workspace, words)
    with workspace.claims.shared():
        made = artifact_of(workspace, names, with_data=with_data, with_layers=with_layers, with_replays=with_replays)
        place = registries.agreed(place, [made.digest])
        repository = registries.repository(workspace, place, insecure=insecure, write=True)
        tag = place.tag or f"bundle-{made.digest.short}"
        workspace.report(f"pushing {', '.join(made.document.runs)} to {place.host}/{place.repository}:{tag}")
        moved = transfer.push(made.manifest, made.blobs, repository, tag)
        _push_images(made, repository)
    return Shared(replace(place, tag=tag, digest=made.digest), made.document.runs, moved)


def pull_bundle(workspace: Workspace, text: str, *, insecure: bool = False) -> Imported:
    """Take in the runs of a bundle from a registry, with the same checks as from a file: all of them, or none.

    Raises:
        UsageError: it names no bundle, or one of its runs is here with another content.
        Absent: the registry does not have it.
        Corruption: the registry sent other bytes than a digest says.
        RegistryProblem: the registry refused, or is broken.
    """
    place, name = registries.located(text)
    repository = registries.repository(workspace, place, insecure=insecure, write=False)

    def open_blob(blob: Descriptor) -> IO[bytes]:
        if transfer.is_intact(workspace.blobs, blob.digest):
            return workspace.blobs.get(blob.digest)
        return repository.open(blob.digest, blob.size)

    return take_in(workspace, repository.manifest(name), open_blob, source=str(place))


def _push_images(made: Artifact, repository: Repository) -> None:
    """Their blobs are there already, as the bundle's."""
    for image in made.images:
        with made.blobs.get(image) as stream:
            transfer.push(stream.read(), made.blobs, repository, image.short)
