"""What an image stands on: a recipe of Debian packages, an image by digest, or a Dockerfile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from orchestrator.digest import Digest
from orchestrator.engine.port import ContainerEngine, ImageEngine, ImageSource
from orchestrator.errors import NotReplayable, UsageError
from orchestrator.image import debian
from orchestrator.image.debian_recipe import parse_recipe
from orchestrator.image.imported import import_archive, probe
from orchestrator.image.layers import BUILDER
from orchestrator.lock.model import Asked, BasePin, DebianBase, Lock
from orchestrator.runspec.model import ImageSpec
from orchestrator.store.port import BlobStore
from orchestrator.store.streams import put_bytes

IMAGES = "images"


class Engine(ContainerEngine, ImageEngine, ImageSource, Protocol):
    """What bringing in a foreign image needs."""


def asked(spec: ImageSpec, requirements: tuple[str, ...], folder: Path, blobs: BlobStore) -> Asked:
    """What a spec in ``folder`` asks for, without building anything. What a person keeps of the base is stored.

    Raises:
        UsageError: no such folder under images/, no such Dockerfile, or a reference without a digest.
    """
    kind, base, origin = _identify(spec, folder, blobs)
    return Asked(kind=kind, base=base, origin=origin, python=spec.python, requirements=requirements, builder=BUILDER)


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


def _identify(spec: ImageSpec, folder: Path, blobs: BlobStore) -> tuple[str, str, Digest | None]:
    if spec.dockerfile:
        text = _read(folder / spec.dockerfile, "no such Dockerfile")
        return "dockerfile", spec.dockerfile, put_bytes(blobs, text)
    base = spec.base or ""
    if "@sha256:" in base:
        return "reference", base, None
    recipe = _find(base, folder)
    locked = debian.read_lock(recipe)
    put_bytes(blobs, (recipe / "recipe.yaml").read_bytes())
    return "debian", base, put_bytes(blobs, locked.to_bytes())


def _find(name: str, folder: Path) -> Path:
    """``images/NAME`` beside the spec or above it, then the ones that come with this program."""
    package = Path(__file__).resolve().parent.parent
    places = [parent / IMAGES for parent in (folder, *folder.parents)] + [
        package / "_images",
        package.parent / IMAGES,
    ]
    if "/" not in name and name.strip("."):
        for place in places:
            if (place / name / "recipe.yaml").is_file():
                return place / name
    known = sorted({found.parent.name for place in places for found in place.glob("*/recipe.yaml")})
    raise UsageError(
        f"no base image {name!r}: neither a folder under {IMAGES}/ nor a reference by digest",
        hint=f"known bases: {', '.join(known) or 'none'}; a reference reads NAME@sha256:…",
    )


def _debian(origin: Digest, blobs: BlobStore) -> DebianBase:
    with blobs.get(origin) as stream:
        return DebianBase.from_bytes(stream.read())


def _read(file: Path, complaint: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {complaint} ({error.strerror})") from error
