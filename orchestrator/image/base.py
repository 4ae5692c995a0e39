"""What an image stands on: a recipe of Debian packages, an image by digest, or a Dockerfile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from orchestrator.digest import Digest
from orchestrator.engine.port import ContainerEngine, ImageEngine, ImageSource
from orchestrator.errors import NotReplayable
from orchestrator.image import debian
from orchestrator.image.debian_recipe import parse_recipe
from orchestrator.image.imported import import_archive, probe
from orchestrator.lock.model import Asked, BasePin, DebianBase, Lock
from orchestrator.store.port import BlobStore
from orchestrator.store.streams import read_document


class Engine(ContainerEngine, ImageEngine, ImageSource, Protocol):
    """What bringing in a foreign image needs."""


def pin(wanted: Asked, folder: Path, engine: Callable[[], Engine], blobs: BlobStore, scratch: Path) -> BasePin:
    """The base by content. A recipe is pinned by its lock; other images are brought into the store."""
    if wanted.kind == "debian":
        assert wanted.origin is not None  # noqa: S101  (a recipe always has one)
        locked = _debian(wanted.origin, blobs)
        return BasePin(
            kind="debian",
            name=wanted.base,
            origin=wanted.origin,
            layers=(locked.rootfs,),
            interpreter=locked.interpreter,
            python=locked.python,
            glibc=locked.glibc,
        )
    there = engine()
    image = there.build(folder / wanted.base) if wanted.kind == "dockerfile" else wanted.base
    content = import_archive(there.export(image), blobs)
    python = probe(image, there, scratch)
    return BasePin(
        kind=wanted.kind,
        name=wanted.base,
        origin=wanted.origin,
        layers=content.layers,
        env=content.env,
        **python.model_dump(),
    )


def ensure(lock: Lock, blobs: BlobStore, scratch: Path, report: Callable[[str], None]) -> None:
    """Have the base's layers in the store.

    Raises:
        NotReplayable: they are gone and cannot be made again.
    """
    base = lock.base
    if base.kind == "debian" and base.origin is not None:
        locked = _debian(base.origin, blobs)
        with blobs.get(locked.recipe) as stream:
            recipe = parse_recipe(stream.read(), base.name)
        debian.build(recipe, locked, blobs, scratch, report)
    missing = [layer.diff_id for layer in base.layers if not blobs.has(layer.diff_id)]
    if missing:
        raise NotReplayable(
            f"the store has lost {len(missing)} layers of {base.name}, which cannot be built again bit for bit"
        )


def _debian(origin: Digest, blobs: BlobStore) -> DebianBase:
    return read_document(blobs, DebianBase, origin)
