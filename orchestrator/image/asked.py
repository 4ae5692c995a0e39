"""What a spec asks of its image: cheap to say, so that every submit can hold it against the lock."""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.digest import Digest
from orchestrator.errors import UsageError
from orchestrator.image.debian_recipe import RECIPE, read_lock
from orchestrator.lock.model import BUILDER, Asked
from orchestrator.runspec.model import ImageSpec
from orchestrator.store.port import BlobStore
from orchestrator.store.streams import put_bytes

IMAGES = "images"
_REFERENCE = r"[a-z0-9][A-Za-z0-9._:/-]*@sha256:[0-9a-f]{64}"


def asked(spec: ImageSpec, requirements: tuple[str, ...], folder: Path, blobs: BlobStore) -> Asked:
    """What a spec in ``folder`` asks for, without building anything. What a person keeps of the base is stored.

    Raises:
        UsageError: no such folder under images/, no such Dockerfile, or a reference without a digest.
    """
    kind, base, origin = _identify(spec, folder, blobs)
    return Asked(kind=kind, base=base, origin=origin, python=spec.python, requirements=requirements, builder=BUILDER)


def _identify(spec: ImageSpec, folder: Path, blobs: BlobStore) -> tuple[str, str, Digest | None]:
    if spec.dockerfile:
        text = _read(folder / spec.dockerfile, "no such Dockerfile")
        return "dockerfile", spec.dockerfile, put_bytes(blobs, text)
    base = spec.base or ""
    if re.fullmatch(_REFERENCE, base):
        return "reference", base, None
    recipe = _find(base, folder)
    locked = read_lock(recipe)
    put_bytes(blobs, (recipe / RECIPE).read_bytes())
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
            if (place / name / RECIPE).is_file():
                return place / name
    known = sorted({found.parent.name for place in places for found in place.glob("*/recipe.yaml")})
    raise UsageError(
        f"no base image {name!r}: neither a folder under {IMAGES}/ nor a reference by digest",
        hint=f"known bases: {', '.join(known) or 'none'}; a reference reads NAME@sha256:…",
    )


def _read(file: Path, complaint: str) -> bytes:
    try:
        if file.exists() and not file.is_file():
            raise UsageError(f"{file}: {complaint} (no regular file)")
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {complaint} ({error.strerror})") from error
