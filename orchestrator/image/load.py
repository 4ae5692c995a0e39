"""A built image into the engine: only the layers it lacks, then everything where that failed."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.engine.port import ImageEngine
from orchestrator.errors import EngineError
from orchestrator.failpoint import reached
from orchestrator.image.archive import archive
from orchestrator.image.oci import Image
from orchestrator.store.port import BlobStore


def load(image: Image, engine: ImageEngine, blobs: BlobStore) -> str:
    """Have the image in the engine; returns the name to make containers by.

    Raises:
        EngineError: the engine refused it, or holds something else under its digest.
        NotFound: the store lacks a layer.
    """
    if name := engine.find(image.config, image.manifest):
        return name
    tag = f"orchestrator:{image.config.short}"
    reached("load.asked")
    present = _present_prefix(image, engine.layer_chains())
    if present:
        try:
            engine.load(archive(image, tag, blobs, omit=present))
        except EngineError:
            present = 0  # a layer went away meanwhile, or the engine takes whole archives only (Podman)
    if not present:
        engine.load(archive(image, tag, blobs))
    reached("load.taken")
    name = engine.find(image.config, image.manifest)
    if name is None:
        raise EngineError(f"the engine took {tag}, but has no image {image.config}")
    return name


def _present_prefix(image: Image, chains: Iterable[tuple[str, ...]]) -> int:
    """How many of the image's lowest layers the engine has as a chain."""
    wanted = [str(layer.diff_id) for layer in image.layers]
    longest = 0
    for chain in chains:
        common = 0
        for ours, theirs in zip(wanted, chain, strict=False):
            if ours != theirs:
                break
            common += 1
        longest = max(longest, common)
    return longest
