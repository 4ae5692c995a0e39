"""Run images in a registry: pushed as they are, pulled only where they are of the kind that this program builds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from orchestrator.digest import Digest
from orchestrator.errors import Corruption, OrchestratorError
from orchestrator.image.oci import Image
from orchestrator.image.stored import MAX_CONFIG, read_image
from orchestrator.registry import manifest as manifests
from orchestrator.registry.reference import parse
from orchestrator.registry.repository import Repository, connect
from orchestrator.registry.transfer import Moved, pull, pull_blob
from orchestrator.store.port import BlobStore


def pull_image(tag_or_digest: str, repository: Repository, blobs: BlobStore) -> tuple[Image, Moved]:
    """Bring an image into the store: its manifest and config are looked at before anything large comes.

    Raises:
        Absent: the registry has none of this name.
        Corruption: it is no image of ours, or the registry sent other bytes than a digest says.
        RegistryProblem: the registry refused, or is broken.
    """
    data = repository.manifest(tag_or_digest)
    manifest = manifests.parse(data, f"{repository.name}: {tag_or_digest}")
    if manifest.config.size > MAX_CONFIG:
        raise Corruption(f"{repository.name}: {tag_or_digest}: the image's config has {manifest.config.size} bytes")
    config = pull_blob(repository, blobs, manifest.config)
    with blobs.get(manifest.config.digest) as stream:
        image = read_image(data, stream.read())
    moved = pull(data, repository, blobs)
    return image, moved if config is None else replace(moved, sent=moved.sent + 1, bytes=moved.bytes + config)


def bring(place: str, manifest: Digest, blobs: BlobStore, report: Callable[[str], None]) -> Image | None:
    """The image with this digest from the repository ``place``; where that cannot be, why is reported, and None."""
    try:
        found = parse(place)
        image, moved = pull_image(manifest, connect(found.host, found.repository, write=False), blobs)
    except OrchestratorError as error:
        report(f"the registry does not help: {error.message}")
        return None
    report(f"the image came from {found}: {moved.sent} blobs")
    return image
